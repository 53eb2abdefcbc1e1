/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Config + HostFacts -> Plan: everything that a start will do, as data, before anything is touched. All
 * policy is here. Pure: no system calls, no clock, no environment. `fcjail check` prints it, the steps carry
 * it out.
 */

#include <stdint.h>
#include <sys/types.h>

#include "config.h"
#include "diagnostics.h"
#include "layout.h"
#include "macro.h"
#include "vmm-files.h"

/* Names in the jail, besides the VMM's, that have a meaning beyond the tables of the plan. */
#define JAIL_DEV    "dev"
#define JAIL_RUN    "run"
#define JAIL_SYS    "sys"
#define JAIL_CONFIG "fcjail.json"

/* Of root/ and the directories in it, where they are the VM's. */
#define VM_DIR_MODE 0700

#define DEFAULT_CHROOT_DIR "/srv/jailer"
#define DEFAULT_VMM        "/usr/local/bin/firecracker"
#define DEFAULT_VMM_NAME   "firecracker"
#define DEFAULT_API        "/run/firecracker.socket" /* Firecracker's own as well */
#define DEFAULT_STOP       20                        /* seconds */
#define DEFAULT_POOL_TEXTS 8                         /* copies of each VMM, made ahead */

/* What a plan needs to know about the host and the process, asked before (host/host.h). */
typedef struct HostFacts {
        uid_t unit_uid; /* User= and Group= of the unit; UID_INVALID, GID_INVALID: they are root's */
        gid_t unit_gid;
        bool unit_uid_later; /* DynamicUser= of the unit: systemd chooses both at the start */
        Tristate
                own_netns; /* the VM is started in another network namespace than PID 1's; TRISTATE_UNSET: unknown */
        bool supervised;           /* systemd waits for our notification and will clean up */
        dev_t userfaultfd;         /* 0: the host has no /dev/userfaultfd */
        bool ctrl_alt_del;         /* its VMs have the i8042 keyboard controller of a PC */
        bool cpu_files;            /* Firecracker reads from its /sys what the CPU is */
        const VmmFiles *vmm_files; /* what FCJAIL_CONFIG= names; NULL: there is none, or it cannot be read */
        gid_t api_gid;             /* of FCJAIL_API_GROUP, or of /run/fcjail; GID_INVALID: nobody but root */
} HostFacts;

typedef struct NodePlan {
        const char *path; /* in the jail, relative to dev/ */
        mode_t mode;      /* with its type; the node is root:<vm gid> */
        dev_t rdev;
} NodePlan;

#define NODES_MAX 8

typedef enum MountSource {
        MOUNT_ROOT, /* the VM's root/ on the host */
        MOUNT_RUN,  /* its run/ */
        MOUNT_VMM,  /* the VMM's text */
        MOUNT_DISKS, /* each regular file in root/ that belongs to the VM's uid and that its mode lets it write */
        MOUNT_BELOW, /* each mount that others have made below root/ */
        MOUNT_BINDS, /* each source of `binds` that is neither a block nor a loop device */
        MOUNT_DEV,   /* a tmpfs with the device nodes */
        MOUNT_LOOPS, /* the node of each loop device outside of dev/ */
        MOUNT_SYS,   /* a tmpfs with what the host says of its CPU */
} MountSource;

/* One mount of the jail; MOUNT_DISKS, MOUNT_BELOW, MOUNT_BINDS and MOUNT_LOOPS stand for any number of them. The first row is
 * the root. */
typedef struct MountPlan {
        const char *path; /* in the jail, relative to its root; "": the root itself */
        MountSource source;
        unsigned long flags; /* MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC: these and no others are set */
} MountPlan;

#define MOUNT_PLANS_MAX 8

/* How deep MOUNT_DISKS looks into an operator's directories. */
#define DISK_DEPTH_MAX 4

typedef enum BindKind {
        BIND_ANY,        /* of FCJAIL_BIND=: a file, directory, block device or socket, which exists */
        BIND_FILE,       /* a file or block device that the VMM opens */
        BIND_CREATED,    /* a regular file or FIFO that the VMM writes; a start makes a missing one */
        BIND_SOCKET_DIR, /* the directory in which the VMM makes a socket */
        BIND_SOCKET,     /* a socket that the VMM connects to */
} BindKind;

/* What `check` has found for a bind; a start does not need it. */
typedef enum BindFound {
        BIND_FOUND_UNKNOWN, /* what is there is bound, or nobody has looked */
        BIND_FOUND_DEVICE,  /* a block device: a node */
        BIND_FOUND_MISSING, /* nothing: a start makes the file */
        BIND_FOUND_IN_ROOT, /* what an operator has put into root/ is taken instead */
} BindFound;

/* What the VM gets from elsewhere on the host. */
typedef struct BindPlan {
        BindKind kind;
        char *source; /* absolute path on the host */
        char *path;   /* in the jail, relative to its root */
        bool read_only;
        bool not_empty; /* the VMM refuses an empty file */
        bool yields;    /* to what an operator has put into root/ under this name */
        BindIds ids;
        uid_t uid;                /* of BIND_IDS_UID */
        bool loop, shared;        /* as in BindConfig */
        const char *read_only_by; /* the member in FCJAIL_CONFIG= that would make it read_only; NULL: none */
        /* For messages: "FCJAIL_BIND=", and the places in FCJAIL_CONFIG= that name it or what is in it, such as
         * "/drives/0/path_on_host"; with ", " between them. */
        char *named_by;
        BindFound found;
        dev_t rdev; /* of BIND_FOUND_DEVICE */
} BindPlan;

#define BIND_PLANS_MAX 40

typedef enum FileKind {
        FILE_VMM,    /* the VMM, or a place to mount its shared text on; root:root */
        FILE_PLACE,  /* a directory to mount on */
        FILE_RUN,    /* all that the VM may write besides its disks; root:<vm gid> */
        FILE_CONFIG, /* the copy of FCJAIL_CONFIG=; root:<vm gid> */
        FILE_VM_DIR, /* a directory of the VM's, which may be there already; <vm uid>:<vm gid> */
        FILE_PID,    /* the VMM's process id; root:root */
        _FILE_KIND_MAX,
} FileKind;

/* What fcjail makes in the VM's root/ on the host. All other names there belong to somebody else. */
typedef struct FilePlan {
        const char *path; /* a name in root/ */
        FileKind kind;
        mode_t mode; /* with its type */
} FilePlan;

#define FILE_PLANS_MAX 8

/* A resource limit of the VMM, soft and hard. */
typedef struct LimitPlan {
        int resource; /* RLIMIT_… */
        const char *name;
        uint64_t value;
} LimitPlan;

#define LIMITS_MAX 2

/* Where the VMM goes. */
typedef struct CgroupPlan {
        uint32_t
                version; /* 1: where a hierarchy of cgroup v1 has the controller, otherwise as 2; 0: it stays where it is */
        char *parent; /* relative to the root of the hierarchy */
        CgroupAttribute attributes[CGROUP_ATTRIBUTES_MAX];
        size_t n_attributes; /* 0: into `parent` itself, if that is there */
} CgroupPlan;

/* The VM's end of its uplink, and what the plugins of CNI make. */
#define UPLINK_PEER "eth0"

/* The network namespace that they make it in: the VM's id follows. */
#define CNI_NETNS_DIR    "/run/netns"
#define CNI_NETNS_PREFIX "fcjail-"

#define UPLINK_ALTNAME_MAX (sizeof("fcjail-") + ID_LEN_MAX)

typedef struct Plan {
        char *id;

        uid_t uid;                 /* UID_INVALID: one of uid_range */
        gid_t gid;                 /* GID_INVALID: the same number as the uid */
        UidRange uid_range;        /* both included */
        bool uid_range_by_default; /* FCJAIL_UID_RANGE= is unset */
        uid_t uid_first; /* of uid_range: the one to try first, then those behind it, around the end */
        bool uid_later;  /* uid is UID_INVALID: not one of uid_range, but what systemd chooses */
        bool uid_shared;
        bool uid_shared_by_alias; /* nobody has said so, but metald's settings mean it */

        char *chroot_dir;
        char *vmm;      /* path on the host */
        char *vmm_name; /* in the jail, and of the directory that all its jails are in */
        VmmText vmm_text;
        uint32_t pool_texts; /* how many copies of the VMM `fcjail fill` makes */
        char **vmm_args;     /* further arguments, may be NULL */
        char *vmm_log; /* the file in the jail that it writes its log to, relative to its root; NULL: none */
        char *config;  /* path on the host; NULL: none */
        bool config_bind;        /* the jail also gets what it names */
        char *api;               /* path in the jail; NULL: --no-api */
        gid_t api_gid;           /* GID_INVALID: only root may use it */
        bool api_group_required; /* it was asked for by name */
        Ready ready;
        uint64_t ready_timeout_usec; /* of step `ready` */

        int new_namespaces; /* CLONE_NEW…, the mount and PID namespaces among them */
        NetnsKind netns;
        char *netns_path;
        TapConfig taps[TAPS_MAX];
        size_t n_taps;
        bool taps_by_default; /* FCJAIL_TAP= is unset */
        CniConfig cni;        /* a start finds the network namespace that `fcjail cni add` has made */
        bool cni_guest_mac;   /* cni.mac is what the guest has, whatever eth0 has */
        bool guest_boot_arg; /* the VM's copy of its configuration gets ip= for the eth0 of one of these two */
        UplinkConfig uplink;
        InAddrPrefix gateways
                [2]; /* of a routed uplink, one for each family of the guest's addresses: on the host's end */
        size_t n_gateways;
        char uplink_name[IFNAMSIZ];              /* of its end on the host */
        char uplink_altname[UPLINK_ALTNAME_MAX]; /* the same, with the whole id */

        NodePlan nodes[NODES_MAX];
        size_t n_nodes;
        MountPlan mounts[MOUNT_PLANS_MAX];
        size_t n_mounts;
        FilePlan files[FILE_PLANS_MAX];
        size_t n_files;
        BindPlan binds[BIND_PLANS_MAX]; /* sorted by path, so that a directory comes before what is in it */
        size_t n_binds;

        SeccompKind seccomp;
        char *seccomp_path;
        char *apparmor; /* at most one of the two; NULL: none */
        char *selinux;

        LimitPlan limits[LIMITS_MAX];
        size_t n_limits;
        CgroupPlan cgroup;

        bool keyring_required; /* neither a filter nor the unit protects the starter's keys from the VMM */

        bool adopted;       /* by systemd: from its birth the VMM is a child of whoever started fcjail */
        bool starter_stays; /* until the VMM ends, and then cleans up; if the starter dies, so does the VMM */
        bool unit_cleans_up; /* systemd does, and ends the VMM in any case */
        bool starter_leaves; /* before the VMM is executed; nobody waits for it, or cleans up after it */
        bool vm_is_root;     /* its uid or gid is 0, so that on the host only root may reach what it makes */
        bool watched;        /* a process of its own waits until the VM has ended, and then cleans up */
        bool starter_becomes_vmm; /* and leaves the rest to a child of its own */
        bool own_session;         /* the VMM is the leader of its session */
        bool stdio_is_null;       /* its standard input, output and error are /dev/null */
        bool tree_marked;  /* the VM's directory is marked as fcjail's, for `fcjail gc` after a boot */
        bool takes_mounts; /* what is mounted below root/ before the start is in the jail */
        bool vm_owns_root; /* root/ on the host belongs to the VM, which may write to all of it; what is there stays */
        bool mounts_live;      /* what is mounted below root/ while the VM runs comes into its jail */
        bool args_as_given;    /* the VMM gets its id, its times, and vmm_args */
        char *pid_file;        /* a name in root/; NULL: none */
        char *api_socket;      /* its path in the jail, relative; that of an earlier life goes. NULL: none */
        uint32_t stop_seconds; /* wait this long after ctrl-alt-del; 0: kill at once */
        bool keep;
} Plan;

void plan_done(Plan *p);
#define _cleanup_plan_ _cleanup_(plan_done)

/* Where the jail is on the host. */
Layout plan_layout(const Plan *p) _pure_;

/* The row of this kind, or NULL. */
const FilePlan *plan_file(const Plan *p, FileKind kind) _pure_;
const MountPlan *plan_mount(const Plan *p, MountSource source) _pure_;

/* The namespaces that the VM does not share with the host, one after the other: the name of one, as in /proc/PID/ns, or NULL
 * after the last. *i begins with 0. */
const char *plan_next_namespace(const Plan *p, size_t *i);

/* The path in the jail, in buf; of MOUNT_DISKS, MOUNT_BELOW, MOUNT_BINDS and MOUNT_LOOPS what they are. */
const char *plan_mount_text(const MountPlan *m, char buf[NAME_MAX + 2]);

/* As in fstab(5): "ro,nosuid,nodev". */
#define MOUNT_FLAGS_TEXT_MAX 32
const char *plan_mount_flags(const MountPlan *m, char buf[MOUNT_FLAGS_TEXT_MAX]);

/* Whether the path is below the jail's dev/, where there are only devices. */
bool bind_is_in_dev(const BindPlan *b) _pure_;

/* The first bind that brings the directory that this one's place is in, or NULL. */
const BindPlan *plan_bind_above(const Plan *p, const BindPlan *bind) _pure_;

/* Of the node in the jail, if the source is a device. */
mode_t bind_node_mode(const BindPlan *b) _pure_;

/* Who the VM is at the source of a bind, maybe in buf. */
#define BIND_IDS_TEXT_MAX 32
const char *plan_bind_ids(const BindPlan *b, char buf[BIND_IDS_TEXT_MAX]);

/* FCJAIL_NETNS= as it was set, or the path that a name stands for. */
const char *plan_netns_text(const Plan *p) _pure_;

/* FCJAIL_VMM_TEXT=, or its default. */
const char *plan_vmm_text(const Plan *p) _pure_;

/* FCJAIL_SECCOMP= as it was said. */
const char *plan_seccomp_text(const Plan *p) _pure_;

/* The filter is fcjail's own, which refuses to make a file setuid or setgid, keyrings, and requests to loop devices. What an
 * operator's refuses is unknown. */
bool plan_filter_is_ours(const Plan *p) _pure_;

/* It also refuses io_uring, which makes new files with any mode, past the filter. */
bool plan_filter_forbids_io_uring(const Plan *p) _pure_;

/* 0 and *ret, to be freed with plan_done(); -EBADMSG: `d` says what contradicts what; -ENOMEM. */
int plan_make(const char *id, const Config *c, const HostFacts *host, Diagnostics *d, Plan *ret)
        _must_check_;

/* Only which VMM it is, where its jails are, and what is made ahead: chroot_dir, vmm, vmm_name, vmm_text, pool_texts. 0 or
 * -ENOMEM; to be freed as a whole plan after both. */
int plan_program(const Config *c, Plan *p) _must_check_;

/* The plan as stable text, one "key: value" per line, to be freed. -ENOMEM. */
int plan_dump(const Plan *p, char **ret) _must_check_;

/* Adds the same as members to a JSON object. 0 or -ENOMEM. */
struct json_object;
int plan_json(const Plan *p, struct json_object *o) _must_check_;

/* Arguments of the VMM that only the moment of the exec knows, in µs. */
typedef struct VmmTimes {
        uint64_t start_usec;      /* CLOCK_MONOTONIC when the helper began */
        uint64_t start_cpu_usec;  /* CPU time of the process at its exec */
        uint64_t parent_cpu_usec; /* CPU time spent on this start before the exec */
} VmmTimes;

/* The VMM's argv, NULL terminated, to be freed with strv_free(). -ENOMEM. */
int plan_argv(const Plan *p, const VmmTimes *times, char ***ret) _must_check_;

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
#include "macro.h"

/* The names that fcjail makes in the jail directory; all others there belong to somebody else. */
#define JAIL_DEV    "dev"
#define JAIL_RUN    "run"
#define JAIL_SYS    "sys" /* on aarch64 only */
#define JAIL_VMM    "firecracker"
#define JAIL_CONFIG "fcjail.json"

#define DEFAULT_CHROOT_DIR "/srv/jailer"

/* <base>/firecracker/<id>/root, the layout of Firecracker's own jailer. */
#define JAIL_VMM_DIR "firecracker"
#define JAIL_ROOT    "root"

/* What a plan needs to know about the host and the process, asked before (host/host.h). */
typedef struct HostFacts {
        uid_t unit_uid; /* User= and Group= of the unit; UID_INVALID, GID_INVALID: they are root's */
        gid_t unit_gid;
        bool unit_uid_later; /* DynamicUser= of the unit: systemd chooses both at the start */
        Tristate
                own_netns; /* the VM is started in another network namespace than PID 1's; TRISTATE_UNSET: unknown */
        bool supervised;   /* systemd waits for our notification and will clean up */
        dev_t userfaultfd; /* 0: the host has no /dev/userfaultfd */
        bool ctrl_alt_del; /* its VMs have the i8042 keyboard controller of a PC */
        bool cpu_files;    /* Firecracker reads from its /sys what the CPU is */
        gid_t api_gid;     /* of FCJAIL_API_GROUP, or of /run/fcjail; GID_INVALID: nobody but root */
} HostFacts;

typedef struct NodePlan {
        const char *path; /* in the jail, relative to dev/ */
        mode_t mode;      /* permissions; the node is root:<vm gid> */
        dev_t rdev;
} NodePlan;

#define NODES_MAX 8

typedef enum MountSource {
        MOUNT_ROOT, /* the VM's root/ on the host */
        MOUNT_RUN,  /* its run/ */
        MOUNT_VMM,  /* the VMM's text */
        MOUNT_DISKS, /* each regular file in root/ that belongs to the VM's uid and that its mode lets it write */
        MOUNT_DEV, /* a tmpfs with the device nodes */
        MOUNT_SYS, /* a tmpfs with what the host says of its CPU */
} MountSource;

/* One mount of the jail; MOUNT_DISKS stands for any number of them. The first row is the root. */
typedef struct MountPlan {
        const char *path; /* in the jail, relative to its root; "": the root itself */
        MountSource source;
        unsigned long flags; /* MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC: these and no others are set */
} MountPlan;

#define MOUNT_PLANS_MAX 8

typedef struct Plan {
        char *id;

        uid_t uid;          /* UID_INVALID: one of uid_range */
        gid_t gid;          /* GID_INVALID: the same number as the uid */
        UidRange uid_range; /* both included */
        bool uid_later;     /* uid is UID_INVALID: not one of uid_range, but what systemd chooses */
        bool uid_shared;
        bool uid_shared_by_alias; /* nobody has said so, but metald's settings mean it */

        char *chroot_dir;
        char *vmm; /* path on the host */
        bool vmm_text_shared;
        char **vmm_args;         /* further arguments, may be NULL */
        char *config;            /* path on the host; NULL: none */
        char *api;               /* path in the jail; NULL: --no-api */
        gid_t api_gid;           /* GID_INVALID: only root may use it */
        bool api_group_required; /* it was asked for by name */
        Ready ready;

        int new_namespaces; /* CLONE_NEW…: those that step `netns` makes */
        NetnsKind netns;
        char *netns_path;
        TapConfig taps[TAPS_MAX];
        size_t n_taps;

        NodePlan nodes[NODES_MAX];
        size_t n_nodes;
        MountPlan mounts[MOUNT_PLANS_MAX];
        size_t n_mounts;
        bool cpu_files; /* copies of the host's, on a tmpfs at /sys */

        SeccompKind seccomp;
        char *seccomp_path;
        char *apparmor; /* at most one of the two; NULL: none */
        char *selinux;

        bool supervised;
        uint32_t stop_seconds; /* wait this long after ctrl-alt-del; 0: kill at once */
        bool keep;
} Plan;

void plan_done(Plan *p);
#define _cleanup_plan_ _cleanup_(plan_done)

/* FCJAIL_NETNS= as it was said, or the path that a name stands for. */
const char *plan_netns_text(const Plan *p) _pure_;

/* FCJAIL_SECCOMP= as it was said. */
const char *plan_seccomp_text(const Plan *p) _pure_;

/* 0 and *ret, to be freed with plan_done(); -EBADMSG: `d` says what contradicts what; -ENOMEM. */
int plan_make(const char *id, const Config *c, const HostFacts *facts, Diagnostics *d, Plan *ret)
        _must_check_;

/* The plan as stable text, one "key: value" per line, to be freed. -ENOMEM. */
int plan_dump(const Plan *p, char **ret) _must_check_;

/* The same as one JSON object, on one line, to be freed. -ENOMEM. */
int plan_dump_json(const Plan *p, char **ret) _must_check_;

/* Arguments of the VMM that only the moment of the exec knows, in µs. */
typedef struct VmmTimes {
        uint64_t start_usec;      /* CLOCK_MONOTONIC when the helper began */
        uint64_t start_cpu_usec;  /* CPU time of the process at its exec */
        uint64_t parent_cpu_usec; /* CPU time spent on this start before the exec */
} VmmTimes;

/* The VMM's argv, NULL terminated, to be freed with strv_free(). -ENOMEM. */
int plan_argv(const Plan *p, const VmmTimes *times, char ***ret) _must_check_;

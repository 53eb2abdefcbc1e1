/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What the operator said, in env files and environments, read strictly into one structure (config-loader.h). No
 * policy: a key that nobody set is unset here, and the plan decides what that means. The keys are described in
 * fcjail.env(5); one row of the table in config-table.c each.
 */

#include <net/ethernet.h>
#include <net/if.h>
#include <stdint.h>

#include "diagnostics.h"
#include "macro.h"
#include "parse.h"

typedef enum Tristate {
        TRISTATE_UNSET = 0,
        TRISTATE_NO,
        TRISTATE_YES,
} Tristate;

typedef enum VmmText {
        VMM_TEXT_UNSET = 0,
        VMM_TEXT_RECYCLED, /* a private copy, from an earlier VM if there is one */
        VMM_TEXT_PRIVATE,
        VMM_TEXT_SHARED,
} VmmText;

typedef enum JailerMounts {
        JAILER_MOUNTS_UNSET = 0,
        JAILER_MOUNTS_NO,
        JAILER_MOUNTS_START, /* what is mounted below root/ when the VM starts is in its jail */
        JAILER_MOUNTS_LIVE,  /* and what is mounted there later as well */
} JailerMounts;

typedef enum Ready {
        READY_UNSET = 0,
        READY_API,
        READY_EXEC,
} Ready;

typedef enum NetnsKind {
        NETNS_UNSET = 0,
        NETNS_PRIVATE,
        NETNS_INHERIT,
        NETNS_HOST,
        NETNS_PATH, /* a name becomes /run/netns/<name> */
} NetnsKind;

typedef enum StopKind {
        STOP_UNSET = 0,
        STOP_CTRL_ALT_DEL,
        STOP_KILL,
} StopKind;

typedef enum SeccompKind {
        SECCOMP_UNSET = 0,
        SECCOMP_DEFAULT,
        SECCOMP_IO_URING, /* the default with io_uring allowed */
        SECCOMP_OFF,
        SECCOMP_PATH, /* a compiled filter */
} SeccompKind;

typedef struct UidRange {
        uint32_t first, last; /* both included */
} UidRange;

#define TAP_ADDRESSES_MAX 8
#define TAPS_MAX          8

typedef struct TapConfig {
        char name[IFNAMSIZ];
        uint32_t mtu; /* bytes, 68 to 65521 (what the tun driver takes); 0: unset */
        bool has_mac;
        struct ether_addr mac; /* of the host's side of the TAP, not the guest's */
        InAddrPrefix addresses[TAP_ADDRESSES_MAX];
        size_t n_addresses;
        uint32_t txqueuelen;     /* packets; 0: unset */
        char bridge[IFNAMSIZ];   /* that it is a port of; "": none */
        char redirect[IFNAMSIZ]; /* the interface that it takes over; "": none */
} TapConfig;

typedef enum UplinkKind {
        UPLINK_NONE = 0,
        UPLINK_BRIDGE, /* the host's end is a port of a bridge */
        UPLINK_ROUTE,  /* the host routes to the guest's addresses */
} UplinkKind;

/* Name servers in the argument ip= of Linux. */
#define GUEST_DNS_MAX 2

/* The VM's eth0, whose other end is on the host. */
typedef struct UplinkConfig {
        UplinkKind kind;
        char bridge[IFNAMSIZ]; /* of UPLINK_BRIDGE */
        uint32_t mtu;          /* bytes, as of a TAP; 0: unset */
        bool has_mac;
        struct ether_addr mac;                     /* the guest's */
        InAddrPrefix addresses[TAP_ADDRESSES_MAX]; /* the guest's, each a whole address */
        size_t n_addresses;
        uint8_t prefix_lens[TAP_ADDRESSES_MAX]; /* of the network that each is in; 0: unset */
        char gateway[INET_ADDRSTRLEN]; /* the guest's, in that of its first address of IPv4; "": unset */
        char dns[GUEST_DNS_MAX][INET_ADDRSTRLEN]; /* name servers for the guest */
        size_t n_dns;
        uint16_t vlan;                              /* of the port, 1 to 4094; 0: unset */
        bool isolated, neigh_suppress, no_learning; /* flags of the port, see bridge(8) */
        bool no_antispoof;
} UplinkConfig;

#define CNI_NETWORK_MAX 64
#define CNI_PORTS_MAX   16

typedef struct CniPort {
        uint16_t host, guest;
        const char *protocol; /* "tcp", "udp" or "sctp" */
} CniPort;

/* What the plugins of CNI get: by convention ips, mac, portMappings and bandwidth. */
typedef struct CniConfig {
        char network[CNI_NETWORK_MAX]; /* "": none */
        InAddrPrefix addresses[TAP_ADDRESSES_MAX];
        size_t n_addresses;
        bool has_mac;
        struct ether_addr mac;
        CniPort ports[CNI_PORTS_MAX];
        size_t n_ports;
        uint64_t ingress, egress; /* bits per second, to the guest and from it; 0: unset */
        bool no_antispoof;
} CniConfig;

/* How a start tells the guest what it has to know of its eth0. */
typedef enum GuestNetwork {
        GUEST_NETWORK_UNSET = 0,
        GUEST_NETWORK_NONE,
        GUEST_NETWORK_BOOT_ARG, /* ip= among the boot arguments of Linux */
        _GUEST_NETWORK_MAX,
} GuestNetwork;

/* Which uid and gid of the host become the VM's in what is bound. */
typedef enum BindIds {
        BIND_IDS_OWNER = 0, /* those that own the source */
        BIND_IDS_UID,       /* idmap=UID: that uid, and the group of the source */
        BIND_IDS_NONE,      /* noidmap: all ids stay what they are */
} BindIds;

#define BINDS_MAX 24 /* of FCJAIL_BIND= and FCJAIL_BIND_RO= together */

/* One of FCJAIL_BIND= or FCJAIL_BIND_RO=. */
typedef struct BindConfig {
        char *source;      /* path on the host */
        char *destination; /* path in the jail */
        bool read_only;
        BindIds ids;
        uid_t uid;   /* of BIND_IDS_UID */
        bool loop;   /* the data of a regular file as a block device */
        bool shared; /* other running VMs may also write it */
        Place place; /* where it was set */
} BindConfig;

void bind_config_done(BindConfig *b);

#define CGROUP_ATTRIBUTES_MAX 32

/* One of --cgroup: a file of the VM's cgroup, and what is written into it. */
typedef struct CgroupAttribute {
        char *file;
        char *value;
} CgroupAttribute;

/* What the command line of Firecracker's jailer says besides what env files can say. */
typedef struct JailerConfig {
        bool on;
        bool daemonize, new_pid_ns;
        uint32_t cgroup_version; /* 1 or 2 */
        char *parent_cgroup;     /* relative; NULL: unset */
        CgroupAttribute cgroups[CGROUP_ATTRIBUTES_MAX];
        size_t n_cgroups;
        bool has_fsize;
        uint64_t fsize;   /* RLIMIT_FSIZE, bytes */
        uint64_t no_file; /* RLIMIT_NOFILE, descriptors */
} JailerConfig;

void jailer_config_done(JailerConfig *j);

/* How long `stop` may wait for the guest at most; TimeoutStopSec= of the unit must be longer. Seconds. */
#define STOP_SECONDS_MAX 600

/* What the pool has at most, whatever is asked for: TEXTS_MAX. */
#define POOL_TEXTS_MAX 32

/* One row of config-table.c each. */
#define CONFIG_KEYS_MAX 34

typedef struct Config {
        Tristate any_id;
        uid_t uid; /* UID_INVALID, GID_INVALID: unset */
        gid_t gid;
        UidRange uid_range; /* first = 0: unset */
        Tristate shared_uid;
        char *chroot_dir; /* all strings: NULL if unset */
        char *vmm;
        char **vmm_args; /* NULL if unset */
        VmmText vmm_text;
        char *config;
        Tristate config_bind;
        BindConfig binds[BINDS_MAX]; /* of all files together, in their order */
        size_t n_binds;
        char *api;
        bool api_off; /* FCJAIL_API=no */
        char *api_group;
        Ready ready;
        NetnsKind netns;
        char *netns_path; /* of NETNS_PATH */
        TapConfig taps[TAPS_MAX];
        size_t n_taps;
        bool taps_set; /* otherwise n_taps means nothing: "none" is no TAPs, unset is the default one */
        UplinkConfig uplink;
        CniConfig cni;
        GuestNetwork guest_network;
        StopKind stop;
        uint32_t stop_seconds; /* 0: unset */
        Tristate keep;
        SeccompKind seccomp;
        char *seccomp_path; /* of SECCOMP_PATH */
        char *apparmor;     /* a profile */
        char *selinux;      /* a label */
        Tristate jailer_cleanup;
        Tristate jailer_root;
        uint32_t pool_texts; /* how many `fcjail fill` makes of each VMM; 0: unset */
        JailerMounts jailer_mounts;
        Tristate jailer_read_only;
        JailerConfig jailer; /* of no key */

        Place places[CONFIG_KEYS_MAX]; /* where each key, by row of the table, was set */
        char **names;                  /* of these places */
} Config;

/* What nobody has set. */
#define CONFIG_UNSET                                                                                        \
        {                                                                                                   \
                .uid = UID_INVALID, .gid = GID_INVALID                                                      \
        }

void config_done(Config *c);

/* Copies the name of a place, which lives as long as the Config. 0 or -ENOMEM. */
int config_keep_name(Config *c, const char *name, const char **ret) _must_check_;

/* The key was set, and only by its alias (UNKEY_METALD_…). */
bool config_set_by_alias(const Config *c, const char *key) _pure_;

/* Adds a DIAGNOSTIC_CONFLICT: "<place>: FCJAIL_X=<format>", with the place and the name, maybe an alias, that set the
 * key: a sentence begins with a blank, a value does not. Returns as diagnostics_add(). */
int config_conflict(const Config *c, Diagnostics *d, const char *key, const char *format, ...)
        _printf_(4, 5);

#define _cleanup_config_ _cleanup_(config_done)

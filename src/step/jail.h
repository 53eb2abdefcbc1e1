/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What one start has in its hands. OUTSIDE fills it in; INSIDE is born with a copy of it. Descriptors are
 * -EBADF until a step opens them; jail_done() closes what is left.
 */

#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "namespaces.h"
#include "netlink.h"
#include "objects.h"
#include "plan.h"
#include "state.h"

/* The failure of a step, in a form that fits into one message of the channel. */
typedef struct Failure {
        int step;        /* index into the table of steps; -1: nothing failed */
        int error;       /* -errno */
        int exit_status; /* sysexits(3); 0: the step's own from the table */
        char object[512];
        char reason[512]; /* instead of the errno's text; may be empty */
} Failure;

/* The reason, or the errno's text. */
const char *failure_text(const Failure *f);

/* A mount of the jail as it really is. */
typedef struct JailMount {
        char *path; /* in the jail, relative to its root; "": the root itself */
        unsigned long flags;
        uid_t uid;      /* whom it must belong to, as the jail sees it; UID_INVALID: anybody */
        int tree_fd;    /* attached nowhere until `mounts` */
        struct stat st; /* the directory or file that is mounted */
} JailMount;

#define JAIL_MOUNTS_MAX (32 + BIND_PLANS_MAX)

/* Those of the plan, and the block devices among what is bound. */
#define JAIL_NODES_MAX (NODES_MAX + BIND_PLANS_MAX)

/* At least as many as step.c has. */
#define STEPS_MAX 28

typedef struct Jail {
        const Plan *plan;

        uint64_t start_usec;  /* CLOCK_MONOTONIC when main() began */
        uint64_t config_usec; /* how long it took from then to the plan */
        int notify_fd;        /* to systemd, if it waits until the VM is ready; OUTSIDE only */

        HostObjects host;  /* paths: opened and verified; the configuration even before */
        Findings findings; /* what is wrong with it, for `paths` to report */

        /* state, uid */
        StateRoot state_root;
        int state_fd; /* locked: whoever has it owns the id */
        State state;
        uid_t uid;
        gid_t gid;

        dev_t loops[BIND_PLANS_MAX]; /* loop: the device of each bind, 0: none */

        /* tree: the jail's root directory on the host */
        int root_fd;
        bool root_is_new;    /* this start has made it, so nobody has mounted anything below it */
        bool root_was_roots; /* only root could change it until this start */
        struct stat vmm_st;  /* of the file for the VMM, by which it is known again */
        bool vmm_is_whole;   /* that file is a copy already */

        /* clone */
        pid_t pid;         /* of INSIDE, as OUTSIDE sees it */
        pid_t outside_pid; /* in INSIDE: OUTSIDE, if that is its child; 0: it is not */
        int pid_fd;
        bool inside_has_failed; /* in OUTSIDE, who has heard it */
        int channel_fd;         /* this side's end of the channel between the two */
        uint64_t cpu_usec;      /* CPU time of OUTSIDE before the clone */

        Netlink uplink_nl; /* netns, in INSIDE: in the namespace that it comes from, if there is to be an uplink */

        int run_fd; /* files, in INSIDE; OUTSIDE has it from `ready` on */

        /* INSIDE only: what is mounted in the jail, in the order in which it is attached. `files` and `nodes` add to it,
         * `root` gives the mounts their flags, `audit` reads them back. NULL: none yet, so that their 12 KiB are not
         * cleared before the clone, nor copied by it. */
        JailMount *mounts;
        size_t n_mounts;
        int sys_fd; /* the host's /sys, if something of it is to be copied; opened while it can be reached */
        int stage_fd; /* the tmpfs that becomes the root for a moment */
        int jail_fd;  /* the jail's root on it */

        uint32_t step_usec[STEPS_MAX]; /* how long each step took, by its index in the table */
        Failure failure;
} Jail;

/* Every descriptor unset. */
Jail jail_new(const Plan *plan, uint64_t start_usec);
void jail_done(Jail *jail);
#define _cleanup_jail_ _cleanup_(jail_done)

/*
 * Adds a mount whose tree is still detached, and always takes the descriptor. 0, -E2BIG (the table is full),
 * or another -errno.
 */
int jail_add_mount(Jail *jail, const char *path, unsigned long flags, int tree_fd, uid_t uid) _must_check_;

/* The device nodes of dev/, of whatever they come: `nodes` makes them, `audit` reads them back. Returns how many. */
size_t jail_list_nodes(const Jail *jail, NodePlan ret[JAIL_NODES_MAX]);

/* Records the failure of a step: r is the -errno, the rest names the object. Returns r. */
int step_fail(Jail *jail, int r, const char *format, ...) _printf_(3, 4);

/* The same with an exit status of its own (0: that of the step) and a reason in words, which says what to do. */
int step_fail_because(Jail *jail, int r, int exit_status, const char *object, const char *format, ...)
        _printf_(5, 6);

/* The same when a read back finds another state than the step has set. */
#define step_differs(jail, object, ...)                                                                     \
        step_fail_because(jail, -EBADE, /* exit_status= */ 0, object, __VA_ARGS__)

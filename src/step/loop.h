/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The nodes of loop devices outside of the jail's dev/, for step `nodes` and the audit; and what loop devices of VMs there are. */

#include "jail.h"
#include "macro.h"

/* That of plan->binds[i]; its path is relative to the jail's root. false: it has none, or one in dev/. */
bool loop_node(const Jail *jail, size_t i, NodePlan *ret);

/* Mounts each on its place. */
int loop_mount_nodes(Jail *jail, const MountPlan *m) _must_check_;

/* A loop device that is bound, and has the mark of a start. */
typedef struct LoopFound {
        unsigned number;
        dev_t rdev;
        const char *invocation; /* of that start */
        uint64_t pid_ns;        /* and its PID namespace */
        int fd;
} LoopFound;

/* Calls `each` with all of them, until it returns more than 0, and returns that; otherwise 0, or the first -errno: a device that
 * cannot be looked at hides no other. */
int loop_each(int (*each)(const LoopFound *found, void *userdata), void *userdata) _must_check_;

/* Unbinds it. -EBUSY: it is mounted. */
int loop_let_go(const LoopFound *found) _must_check_;

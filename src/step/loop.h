/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The nodes of loop devices outside of the jail's dev/, for step `nodes` and the audit. */

#include "jail.h"
#include "macro.h"

/* That of plan->binds[i]; its path is relative to the jail's root. false: it has none, or one in dev/. */
bool loop_node(const Jail *jail, size_t i, NodePlan *ret);

/* Mounts each on its place. */
int loop_mount_nodes(Jail *jail, const MountPlan *m) _must_check_;

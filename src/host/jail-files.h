/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What Firecracker's configuration names: whether the VMM could open, make or reach it in the jail of a start that happened
 * now. */

#include "objects.h"

/*
 * Checks each file, socket and TAP that the configuration in `o` names, and makes nothing. While it looks the process has the VM's
 * file-system uid and gid, if it is root's. Not for a start: it costs time, and what is found may have changed when the
 * VMM opens it. 0, also with findings; -ENOMEM; or -EPERM (the process could not take its own uid again).
 */
int jail_files_check(const Plan *plan, const HostObjects *o, Findings *f) _must_check_;

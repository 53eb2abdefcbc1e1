/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What `check` and `doctor` say of a VM. */

#include "common.h"
#include "systemd.h"

/* Everything that a start would find. 0, also with findings, or -errno. */
int look_at_vm(const SystemdUnit *u, const Caller *caller, const Plan *p, HostObjects *o, Findings *f)
        _must_check_;

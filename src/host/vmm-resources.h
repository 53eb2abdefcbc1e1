/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Whether the host, the unit and the settings give the VMM what its configuration demands besides files: io_uring, memory,
 * threads, time. */

#include "findings.h"
#include "plan.h"
#include "systemd.h"
#include "vmm-files.h"

/*
 * Checks the configuration of the VMM against the host's sysctls and huge pages, the unit's limits and the settings. A unit that
 * was not asked for is all zero. Not for a start: the VMM itself ends if it does not get what it needs. 0, also with findings, or
 * -ENOMEM.
 */
int vmm_resources_check(const Plan *plan, const SystemdUnit *unit, const VmmFiles *files, Findings *f)
        _must_check_;

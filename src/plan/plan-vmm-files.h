/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the VM gets because FCJAIL_CONFIG= names it: a part of plan_make(). */

#include "plan.h"

/* Adds binds to those of FCJAIL_BIND=, and TAPs unless FCJAIL_TAP= is set. The tables of the jail are there already, but
 * its mounts. 0, with what is wrong in d, or -ENOMEM. */
int plan_vmm_files(const Config *c, const HostFacts *facts, Diagnostics *d, Plan *p) _must_check_;

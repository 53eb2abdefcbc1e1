/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What is different in a start in the place of Firecracker's jailer: a part of plan_make(). */

#include "plan.h"

/* What counts of the host: it does not matter who starts the caller, and no group gets access to the API unless it is named. */
HostFacts plan_jailer_facts(const Config *c, const HostFacts *facts);

/* The rest of the plan but its jail is there already. 0, -ENOMEM, or -EBADMSG: `d` says what is wrong. */
int plan_jailer(const Config *c, const HostFacts *facts, Diagnostics *d, Plan *p) _must_check_;
void plan_jailer_done(Plan *p);

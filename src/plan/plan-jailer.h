/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What is different in a start in the place of Firecracker's jailer: a part of plan_make(). */

#include "plan.h"

/* The rest of the plan but its jail is there already. 0 or -ENOMEM. */
int plan_jailer(const Config *c, const HostFacts *facts, Plan *p) _must_check_;
void plan_jailer_done(Plan *p);

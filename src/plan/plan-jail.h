/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The tables of the jail: a part of plan_make(). */

#include "plan.h"

/* Fills in nodes, mounts and files. The rest of the plan is there already. */
void plan_jail(const HostFacts *facts, Plan *p);

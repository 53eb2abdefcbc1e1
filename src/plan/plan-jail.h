/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The tables of the jail: a part of plan_make(). */

#include "plan.h"

/* Fills in nodes and files. The rest of the plan but its binds is there already. */
void plan_jail(const HostFacts *facts, Plan *p);

/* Fills in the mounts. The binds are there already. */
void plan_jail_mounts(const HostFacts *facts, Plan *p);

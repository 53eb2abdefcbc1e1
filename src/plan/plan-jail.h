/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The tables of the jail: a part of plan_make(). */

#include <sys/stat.h>

#include "plan.h"

/* A private copy of the VMM. Not readable: a program that its process cannot read is not dumpable and cannot be traced by
 * another one of its uid. */
#define VMM_MODE (S_IFREG | 0511)

/* Fills in nodes and files. The rest of the plan but its binds is there already. */
void plan_jail(const HostFacts *facts, Plan *p);

/* Fills in the mounts. The binds are there already. */
void plan_jail_mounts(const HostFacts *facts, Plan *p);

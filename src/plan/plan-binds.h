/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the VM gets from elsewhere on the host: a part of plan_make(). */

#include "plan.h"

/* Fills in the binds. The tables of the jail and the API are there already. 0; -EBADMSG: `d` says what contradicts what;
 * -ENOMEM. */
int plan_binds(const Config *c, Diagnostics *d, Plan *p) _must_check_;

/* A directory before what is in it. */
void plan_binds_sort(Plan *p);

/* One of the jail's device nodes is at the path in the jail, above it or below it. */
bool plan_has_node(const Plan *p, const char *path) _pure_;

/* Frees them. */
void plan_binds_done(Plan *p);

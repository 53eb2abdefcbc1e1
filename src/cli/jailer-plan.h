/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* From a command line of Firecracker's jailer to a plan: for a start, and for `fcjail check -- jailer`. */

#include "diagnostics.h"
#include "jailer-args.h"
#include "plan.h"

/* The paths of the command line become whole ones without links. An exit status; errors are logged. */
int jailer_resolve_paths(Config *c) _must_check_;

/* With what jailer.env says. 0 and *ret, -EBADMSG: `d` says what is wrong, or -ENOMEM. */
int jailer_plan(JailerArgs *a, Diagnostics *d, Plan *ret) _must_check_;

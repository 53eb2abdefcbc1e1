/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "common.h"
#include "findings.h"
#include "systemd.h"

/*
 * For a verb that is called by hand: what the process would be like in the unit of that VM. Fills in *ret, which
 * borrows from *u; notes what of it comes from the unit, or that the unit was not seen. An exit status: that it was
 * not seen is an error, on stderr, for root where systemd runs, as a start would see it.
 */
int unit_caller(const char *id, SystemdUnit *u, Caller *ret, Findings *f);

/* What in the unit makes a start or a stop fail, as findings. 0, also with findings, or -ENOMEM. */
int unit_check(const SystemdUnit *u, const Plan *p, Findings *f) _must_check_;

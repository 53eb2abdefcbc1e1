/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "common.h"
#include "systemd.h"

/*
 * For a verb that is called by hand: what the process would be like in the unit of that VM. Fills in *ret, which
 * borrows from *u; says on stderr what of it comes from the unit, or that the unit was not seen.
 */
void unit_caller(const char *id, SystemdUnit *u, Caller *ret);

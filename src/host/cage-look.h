/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "findings.h"
#include "objects.h"
#include "plan.h"

/* Opens the cage (pool/cage.h), if there is one. Without it a start takes longer; one in which somebody has planted something is
 * refused, and not passed over. Returns the error of a finding, or 0. */
int cage_look(const Plan *p, HostObjects *o, Findings *f);

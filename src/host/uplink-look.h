/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the uplink of a plan is connected to on the host. */

#include "findings.h"
#include "plan.h"

/* For `check`; a start finds what is wrong when it makes the uplink. 0, also with findings, or -ENOMEM. */
int uplink_check(const Plan *p, Findings *f) _must_check_;

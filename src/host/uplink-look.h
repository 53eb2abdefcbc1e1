/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the uplink of a plan is connected to on the host. */

#include "findings.h"
#include "plan.h"

/* Why a gateway= of a routed uplink is refused. */
#define UPLINK_GATEWAY_ON_LINK                                                                              \
        "is gateway= in FCJAIL_UPLINK=, but it belongs to a network that the host is in, where another machine may have it; choose one that nobody has"

/* For `check`; a start finds what is wrong when it makes the uplink. 0, also with findings, or -ENOMEM. */
int uplink_check(const Plan *p, Findings *f) _must_check_;

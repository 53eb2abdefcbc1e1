/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "plan.h"

/* Fills in the network of the plan. 0, -EBADMSG (`d` says what contradicts what), or -ENOMEM. */
int plan_net(const Config *c, const HostFacts *facts, Diagnostics *d, Plan *p) _must_check_;

/* The uplink, when all TAPs are planned: the first one takes over eth0. Returns as above. */
int plan_uplink(const Config *c, const HostFacts *facts, Diagnostics *d, Plan *p) _must_check_;

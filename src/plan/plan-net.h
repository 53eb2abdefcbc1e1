/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "guest-net.h"
#include "plan.h"

/* Fills in the network of the plan. 0, -EBADMSG (`d` says what contradicts what), or -ENOMEM. */
int plan_net(const Config *c, const HostFacts *facts, Diagnostics *d, Plan *p) _must_check_;

/* The uplink, when all TAPs are planned: the first one takes over eth0. Returns as above. */
int plan_uplink(const Config *c, const HostFacts *facts, Diagnostics *d, Plan *p) _must_check_;

/* Whether the guest is told of it, when the configuration is planned. Returns as above. */
int plan_guest_network(const Config *c, Diagnostics *d, Plan *p) _must_check_;

/* What the settings say of the eth0 of an uplink. */
void plan_guest_net(const Plan *p, GuestNet *ret);

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Whether the network of FCJAIL_CNI= and its plugins are there. */

#include "findings.h"
#include "objects.h"
#include "plan.h"

/* For `check`. 0, also with findings, or -ENOMEM. */
int cni_look(const Plan *p, Findings *f) _must_check_;

/* What `fcjail cni add` has written about the network, for a start. Returns the error of a finding, or 0. */
int cni_facts_open(const Plan *p, HostObjects *o, Findings *f);

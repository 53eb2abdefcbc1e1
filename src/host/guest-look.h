/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "findings.h"
#include "objects.h"

/* Adds to the VM's copy of its configuration what FCJAIL_GUEST_NETWORK= asks for. Returns the error of a finding, or 0. */
int guest_network_add(const Plan *p, HostObjects *o, Findings *f);

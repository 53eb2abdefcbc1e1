/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "jail.h"
#include "macro.h"

/*
 * Private copies of the VMM for the next VMs. The jail's plan is one of plan_program(), and the jail has no state yet. Afterwards the
 * pool has as many copies as the plan says, or *ret_full is set: there was no room for more. *ret_made: how many were made, also
 * by a call that failed. 0, or -errno after step_fail(). One process at a time may call it.
 */
int fill_texts(Jail *jail, unsigned *ret_made, bool *ret_full) _must_check_;

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "jail.h"
#include "macro.h"

/*
 * Private copies of the VMM for the next VMs. The jail's plan says which VMM, and where the jails are; it has no state yet. Afterwards
 * the pool has n copies of it, or *ret_full is set: there was no room for more. *ret_made: how many were made, also by a call that
 * failed. 0, or -errno after step_fail(). One process at a time may call it.
 */
int fill_texts(Jail *jail, unsigned n, unsigned *ret_made, bool *ret_full) _must_check_;

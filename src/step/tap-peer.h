/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What a TAP is connected to in its network namespace, for step `tap`. */

#include "jail.h"
#include "netlink.h"
#include "tap.h"

/* Finds the bridge, or the interface to take over, and completes the spec. *ret_interface is the index of the latter; 0: none.
 * The text is not "" if it says what is wrong. 0 or -errno. */
int tap_peer_find(Netlink *nl, const TapConfig *tap, TapSpec *spec, int *ret_interface,
                  char why[TAP_WHY_MAX]) _must_check_;

/* Takes the interface over, with a filter for what the guest sends if CNI has made it, and reads that back. */
int tap_peer_redirect(const Jail *jail, Netlink *nl, const TapConfig *tap, int interface,
                      char why[TAP_WHY_MAX]) _must_check_;

/* By which the queues of a redirection are known as those of the start with this invocation. */
uint32_t tap_peer_mark(const char *invocation) _pure_;

/* Gives back the interfaces that the start has taken over. 0 or the first -errno. */
int tap_peers_release(Netlink *nl, const State *s) _must_check_;

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A TAP takes over another interface of its network namespace: whatever arrives at one leaves by the other, before the
 * kernel's own stack sees it. The interface keeps its addresses, but no longer answers for them: the guest does.
 *
 * Each of the two gets an ingress queue with a block of its own, in which there is one filter; in that of the TAP, which is what
 * the guest sends, there may be another one before it. The index of the block follows from a mark, by which a cleanup knows
 * whose the queue is.
 */

#include <linux/filter.h>

#include "netlink.h"
#include "tap.h"

typedef struct Redirect {
        int tap; /* indexes */
        int interface;
        uint32_t mark; /* a random number, which nobody else has */
        /* What may arrive at the TAP, and then is redirected: a program whose result is TC_ACT_UNSPEC or TC_ACT_SHOT. NULL:
         * everything. */
        const struct sock_filter *guard;
        size_t n_guard;
} Redirect;

/* 0; -EEXIST: the interface has an ingress queue already, which is somebody else's; or another -errno. What is wrong, in words,
 * is in why. What it has made until then, redirect_remove() removes. */
int redirect_make(Netlink *nl, const Redirect *r, char why[TAP_WHY_MAX]) _must_check_;

/* 0: both directions and the guard are as they were made, and there is no other filter. -EBADE: the first difference is in why. */
int redirect_verify(Netlink *nl, const Redirect *r, char why[TAP_WHY_MAX]) _must_check_;

/* Removes the queue of an interface if it has the mark. 0, also if it has none or somebody else's; -ENODEV: there is no such
 * interface; or another -errno. */
int redirect_remove(Netlink *nl, int ifindex, uint32_t mark) _must_check_;

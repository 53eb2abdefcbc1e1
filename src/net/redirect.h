/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A TAP takes over another interface of its network namespace: whatever arrives at one leaves by the other, before the
 * kernel's own stack sees it. The interface keeps its addresses, but no longer answers for them: the guest does.
 *
 * Each of the two gets an ingress queue with one filter. The filter carries a cookie of 16 bytes, by which a cleanup knows
 * whose it is.
 */

#include "netlink.h"

#define REDIRECT_COOKIE_SIZE 16

typedef struct Redirect {
        int tap; /* indexes */
        int interface;
        uint8_t cookie[REDIRECT_COOKIE_SIZE];
} Redirect;

/* What is wrong, in words, where a function knows more than its errno says; untouched otherwise. */
#define REDIRECT_WHY_MAX 256

/* 0; -EEXIST: the interface has an ingress queue already, which is somebody else's; or another -errno. If it fails, nothing
 * is left. */
int redirect_make(Netlink *nl, const Redirect *r, char why[REDIRECT_WHY_MAX]) _must_check_;

/* 0: both directions are as they were made, and there is no other filter. -EBADE: the first difference is in why. */
int redirect_verify(Netlink *nl, const Redirect *r, char why[REDIRECT_WHY_MAX]) _must_check_;

/* Removes the queue of the interface if the filter has the cookie; that of a TAP goes with it. 1: it was there, 0: it was not,
 * or it is somebody else's; -ENODEV: there is no such interface; or another -errno. */
int redirect_remove(Netlink *nl, int interface, const uint8_t cookie[REDIRECT_COOKIE_SIZE]) _must_check_;

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Routes in the namespace of a socket. */

#include "netlink.h"
#include "parse.h"

typedef struct Route {
        int ifindex;   /* of the device; 0: none */
        bool is_local; /* the address is one of the host's own */
        bool on_link;  /* it is in a network that the host is in: somebody there may have it */
} Route;

/* Where the host sends what is for the address. 0, -ENETUNREACH or another -errno. */
int route_look_up(Netlink *nl, const InAddrPrefix *to, Route *ret) _must_check_;

/* Adds a request to the batch: what is for the address is behind the device. 0 or -ENOMEM. */
int route_add(Netlink *nl, int ifindex, const InAddrPrefix *to) _must_check_;

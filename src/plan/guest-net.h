/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the guest has to know of its eth0, which is known by the start. */

#include "config.h"

typedef struct GuestNet {
        struct ether_addr mac;
        InAddrPrefix addresses[TAP_ADDRESSES_MAX];
        size_t n_addresses;
} GuestNet;

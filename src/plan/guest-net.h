/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the guest has to know of its eth0, and how Linux takes it from its boot arguments. Pure. */

#include "config.h"

typedef struct GuestNet {
        struct ether_addr mac;
        InAddrPrefix addresses[TAP_ADDRESSES_MAX];
        size_t n_addresses;
        char gateway[INET_ADDRSTRLEN]; /* "": none; as the name servers of IPv4, because ip= is */
        char dns[GUEST_DNS_MAX][INET_ADDRSTRLEN];
        size_t n_dns;
} GuestNet;

/* The first address of IPv4, or NULL. */
const InAddrPrefix *guest_net_in4(const GuestNet *net) _pure_;

/* Linux takes a gateway only if it is in the network of the address, and 255.255.255.255 for no netmask at all. */
bool guest_net_is_in(const InAddrPrefix *network, const char *address);
bool guest_net_fits_linux(const GuestNet *net);

/*
 * "ip=192.0.2.2::192.0.2.1:255.255.255.0::eth0:off", with the name servers behind it, as in the kernel's
 * Documentation/admin-guide/nfs/nfsroot.rst. `interface` is the guest's number of it. false: there is no address of IPv4.
 */
#define BOOT_ARGUMENT_MAX 128
bool guest_net_boot_argument(const GuestNet *net, unsigned interface, char ret[BOOT_ARGUMENT_MAX]);

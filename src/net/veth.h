/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A pair of virtual Ethernet devices: one end in the namespace of the socket, the other one born in another namespace.
 * The pair is gone with either end, and with either namespace.
 *
 *   veth_make()       both ends, down
 *   veth_configure()  the end here gets its mark and, last of all, is up, without an IPv6 address of its own making
 */

#include <linux/filter.h>

#include "link.h"

typedef struct VethSpec {
        const char *name; /* of the end here */
        struct ether_addr mac;
        int master;                              /* index of the bridge that it is a port of; 0: none */
        uint32_t mtu;                            /* bytes, of both ends; 0: the kernel's default */
        const char *alias;                       /* the mark */
        const char *altname;                     /* a longer name */
        bool isolated, neigh_suppress, learning; /* as a port */
        uint16_t vlan;                    /* of the port, which has no other; 0: what the bridge gives it */
        uint16_t default_vlan;            /* what the bridge gives it; 0: none */
        const struct sock_filter *filter; /* what may come out of it, as a direct action; NULL: all */
        size_t n_filter;
        const InAddrPrefix *addresses; /* of the end here */
        size_t n_addresses;
        const InAddrPrefix *routes; /* destinations behind it */
        size_t n_routes;

        const char *peer;
        const struct ether_addr *peer_mac; /* NULL: the kernel's choice */
        int peer_netns_fd;
} VethSpec;

/* What is wrong, in words, where a function knows more than its errno says; untouched otherwise. */
#define VETH_WHY_MAX 256

/* The index of the end here, -EEXIST (there is a device of its name), or another -errno. */
int veth_make(Netlink *nl, const VethSpec *spec) _must_check_;

int veth_configure(Netlink *nl, const VethSpec *spec, int ifindex, char why[VETH_WHY_MAX]) _must_check_;

/* 0: the end here is as specified. -EBADE: the first difference is in why. */
int veth_verify(Netlink *nl, const VethSpec *spec, int ifindex, char why[VETH_WHY_MAX]) _must_check_;

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Network devices in the namespace of a socket: looked up, read, removed. */

#include <net/ethernet.h>
#include <net/if.h> /* before the kernel's headers, which then leave out what it has */
#include <stdint.h>

#include "netlink.h"
#include "parse.h"

#define LINK_ALIAS_MAX 256

typedef struct Link {
        int ifindex;
        char name[IFNAMSIZ];
        bool up;
        bool carrier; /* a TAP has one only while somebody is attached */
        uint32_t mtu;
        struct ether_addr mac;
        int master;                              /* index of the bridge that it is a port of; 0: none */
        bool isolated, neigh_suppress, learning; /* as a port */
        uint32_t txqueuelen;                     /* packets */
        char alias[LINK_ALIAS_MAX];              /* "": none */

        int peer_nsid; /* of the veth at the other end: what this network namespace calls the one that it is in; -1: it is in this one */
        bool is_bridge, is_veth;
        bool vlan_filtering;   /* of a bridge … */
        uint16_t default_vlan; /* … which gives it to new ports; 0: none */
        bool is_tun;           /* TUN or TAP; the rest is of these only */
        int64_t owner, group;  /* -1: none */
        uint8_t type, pi, vnet_hdr, persist, multi_queue;
} Link;

/* 0, -ENODEV or another -errno. A name may also be an alternative one of the device: ret->name is its own. */
int link_by_name(Netlink *nl, const char *name, Link *ret) _must_check_;
int link_by_index(Netlink *nl, int ifindex, Link *ret) _must_check_;

/* All that are wanted, in the namespace of nl: *ret is to be freed with free(). 0 or -errno. */
int link_list(Netlink *nl, bool (*wanted)(const Link *l), Link **ret, size_t *ret_n) _must_check_;

/* What the namespace of nl calls that of a process, as in Link.peer_nsid; -1: nothing, so that no link of it leads there. 0,
 * -ESRCH (the process has ended) or another -errno. */
int link_nsid_of(Netlink *nl, pid_t pid, int *ret) _must_check_;

/* Of a device that has this name, in the namespace of nl. The index, -ENODEV or another -errno. */
int link_index(const Netlink *nl, const char *name) _must_check_;

/* Adds a request to the batch that sets these flags (IFF_UP) and what the caller adds to it. Of the device with the index or,
 * if that is 0, with the name, so that no index has to be asked for first. NULL: out of memory. */
struct nl_msg *link_change(Netlink *nl, int ifindex, const char *name, unsigned flags);

/* Adds a request that adds an address, with flags such as IFA_F_NODAD. 0 or -ENOMEM. */
int link_add_address(Netlink *nl, int ifindex, const InAddrPrefix *a, uint8_t flags) _must_check_;
int link_address_size(const InAddrPrefix *a) _pure_;

/* While it is down: when it comes up it makes no IPv6 address of its own, and so sends nothing. 0 or -errno. */
int link_silence(Netlink *nl, const char *name) _must_check_;

/* By index: a name may be another device's by now. 0, -ENODEV or another -errno. */
int link_remove(Netlink *nl, int ifindex) _must_check_;

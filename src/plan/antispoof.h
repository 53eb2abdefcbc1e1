/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What a guest may send, as a program of the classic BPF (Documentation/networking/filter.rst) over an Ethernet frame. Pure: it
 * is made here, loaded in net/guard.c, and tested by the kernel.
 *
 *   - Its own MAC address as the source, no VLAN tag, and nothing but ARP, IPv4 and IPv6.
 *   - With addresses: these as the sender of ARP and as the source of IPv4 and IPv6, and as the target of neighbor
 *     advertisements. In addition the link-local address that follows from the MAC, and what a host sends before it has an
 *     address: DHCP, and ARP probes and duplicate address detection for an address of its own.
 *   - Without any: every source address.
 *   - Never what only a router or a server sends: DHCP and DHCPv6 replies, router advertisements, redirects, queries of IGMP and MLD.
 *   - In IPv6 no extension headers that could hide these: fragments of TCP, UDP and SCTP, and the hop-by-hop options of MLD.
 */

#include <linux/filter.h>
#include <net/ethernet.h>

#include "config.h"

/* What a program returns, as the kernel's direct action of a classifier takes it (linux/pkt_cls.h). */
#define ANTISPOOF_PASS 0          /* TC_ACT_OK */
#define ANTISPOOF_DROP 2          /* TC_ACT_SHOT */
#define ANTISPOOF_NEXT UINT32_MAX /* TC_ACT_UNSPEC: the next filter decides what becomes of it */

#define ANTISPOOF_OPS_MAX 512

typedef struct AntispoofProgram {
        struct sock_filter ops[ANTISPOOF_OPS_MAX];
        size_t n_ops;
        uint32_t pass;
} AntispoofProgram;

/* `pass` is what it returns for a frame that may be sent: ANTISPOOF_PASS or ANTISPOOF_NEXT. */
void antispoof_program(uint32_t pass, const struct ether_addr *mac, const InAddrPrefix *addresses,
                       size_t n_addresses, AntispoofProgram *ret);

/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A load beyond the end of a frame ends a program with 0, which is ANTISPOOF_PASS.
 *
 * Mustn't: load anything before the length has been compared with what the loads need.
 */

#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <string.h>

#include "antispoof.h"
#include "macro.h"

/* Offsets in a frame. */
#define ETH_SOURCE   ETH_ALEN
#define ETH_PROTOCOL (2 * ETH_ALEN)
#define NET          ETH_HLEN
#define ARP_KIND     NET       /* Ethernet and IPv4 */
#define ARP_SIZES    (NET + 4) /* of their addresses */
#define ARP_OP       (NET + 6)
#define ARP_MAC      (NET + 8)
#define ARP_ADDRESS  (NET + 14)
#define ARP_TARGET   (NET + 24)
#define ARP_END      (NET + 28)
#define IP4_VERSION  NET
#define IP4_FRAGMENT (NET + 6)
#define IP4_PROTOCOL (NET + 9)
#define IP4_SOURCE   (NET + 12)
#define IP4_END      (NET + 20)
#define IP6_VERSION  NET
#define IP6_NEXT     (NET + 6)
#define IP6_SOURCE   (NET + 8)
#define IP6_END      (NET + 40)
#define PORTS_SIZE   4

/* Of ICMPv6 without extension headers. */
#define ND_TARGET     (IP6_END + 8)
#define ND_TARGET_END (ND_TARGET + 16)
#define OPTIONS_SIZE                                                                                        \
        8 /* of the hop-by-hop options that MLD has (RFC 3810, section 5), and of a fragment header */

#define ARP_KIND_VALUE  0x00010800U
#define ARP_SIZES_VALUE 0x0604U
#define ARP_REQUEST     1U
#define ARP_REPLY       2U
#define FRAGMENT_OFFSET 0x1fffU
#define DHCP_SERVER     67U
#define DHCP_CLIENT     68U
#define DHCP6_SERVER    547U
#define MLD_V2_REPORT   143U
#define IGMP_QUERY      0x11U

typedef AntispoofProgram Program;

static void add(Program *p, unsigned code, unsigned jt, unsigned jf, uint32_t k)
{
        assert(p->n_ops < ANTISPOOF_OPS_MAX);
        p->ops[p->n_ops++] = (struct sock_filter){
                .code = (uint16_t) code, .jt = (uint8_t) jt, .jf = (uint8_t) jf, .k = k
        };
}

static void end(Program *p, uint32_t verdict)
{
        add(p, BPF_RET | BPF_K, 0, 0, verdict);
}

/* A register is compared with a number; if it is not so, the frame is dropped. */
static void demand(Program *p, unsigned comparison, uint32_t k)
{
        add(p, BPF_JMP | BPF_K | comparison, 1, 0, k);
        end(p, ANTISPOOF_DROP);
}

static void demand_one_of(Program *p, const uint8_t *values, unsigned n)
{
        /* Behind the last comparison, and the end. */
        for (unsigned i = 0; i < n; i++)
                add(p, BPF_JMP | BPF_K | BPF_JEQ, n - i, 0, values[i]);
        end(p, ANTISPOOF_DROP);
}

static void refuse(Program *p, uint32_t k)
{
        add(p, BPF_JMP | BPF_K | BPF_JEQ, 0, 1, k);
        end(p, ANTISPOOF_DROP);
}

static void load(Program *p, unsigned size, uint32_t offset)
{
        add(p, BPF_LD | BPF_ABS | size, 0, 0, offset);
}

static void demand_length(Program *p, uint32_t length)
{
        add(p, BPF_LD | BPF_W | BPF_LEN, 0, 0, 0);
        demand(p, BPF_JGE, length);
}

/* A jump to a place that is not known yet; here() makes it known. */
static size_t jump(Program *p)
{
        add(p, BPF_JMP | BPF_JA, 0, 0, 0);
        return p->n_ops - 1;
}

static void here(Program *p, size_t from)
{
        p->ops[from].k = (uint32_t) (p->n_ops - from - 1);
}

/* Opens a block that is entered if the register has the value, and passed otherwise. */
static size_t block(Program *p, uint32_t value)
{
        add(p, BPF_JMP | BPF_K | BPF_JEQ, 1, 0, value);
        return jump(p);
}

static void demand_mac(Program *p, uint32_t offset, const struct ether_addr *mac)
{
        const uint8_t *o = mac->ether_addr_octet;

        load(p, BPF_W, offset);
        demand(p, BPF_JEQ, (uint32_t) o[0] << 24 | (uint32_t) o[1] << 16 | (uint32_t) o[2] << 8 | o[3]);
        load(p, BPF_H, offset + 4);
        demand(p, BPF_JEQ, (uint32_t) o[4] << 8 | o[5]);
}

typedef struct Guest {
        const struct ether_addr *mac;
        const InAddrPrefix *addresses;
        size_t n_addresses;
        struct in6_addr link_local;
} Guest;

/* The word is one of the IPv4 addresses. */
static void demand_in4(Program *p, const Guest *g, uint32_t offset)
{
        size_t out[TAP_ADDRESSES_MAX], n = 0;

        if (g->n_addresses == 0)
                return;
        load(p, BPF_W, offset);
        FOREACH_ARRAY (a, g->addresses, g->n_addresses) {
                if (a->family != AF_INET)
                        continue;
                add(p, BPF_JMP | BPF_K | BPF_JEQ, 0, 1, ntohl(a->in.s_addr));
                out[n++] = jump(p);
        }
        end(p, ANTISPOOF_DROP);
        for (size_t i = 0; i < n; i++)
                here(p, out[i]);
}

/* Returns the jump that is taken if it is this address. */
static size_t jump_if_in6(Program *p, uint32_t offset, const struct in6_addr *a)
{
        const unsigned n_words = 4;

        for (unsigned i = 0; i < n_words; i++) {
                const uint8_t *o = &a->s6_addr[4 * i];
                /* To the end: two for each word that is left, and the jump. */
                const unsigned left = 2 * (n_words - 1 - i) + 1;

                load(p, BPF_W, offset + 4 * i);
                add(p, BPF_JMP | BPF_K | BPF_JEQ, 0, left,
                    (uint32_t) o[0] << 24 | (uint32_t) o[1] << 16 | (uint32_t) o[2] << 8 | o[3]);
        }
        return jump(p);
}

static void demand_in6(Program *p, const Guest *g, uint32_t offset)
{
        size_t out[TAP_ADDRESSES_MAX + 1], n = 0;

        if (g->n_addresses == 0)
                return;
        out[n++] = jump_if_in6(p, offset, &g->link_local);
        FOREACH_ARRAY (a, g->addresses, g->n_addresses)
                if (a->family == AF_INET6)
                        out[n++] = jump_if_in6(p, offset, &a->in6);
        end(p, ANTISPOOF_DROP);
        for (size_t i = 0; i < n; i++)
                here(p, out[i]);
}

static void arp(Program *p, const Guest *g)
{
        demand_length(p, ARP_END);
        load(p, BPF_W, ARP_KIND);
        demand(p, BPF_JEQ, ARP_KIND_VALUE);
        load(p, BPF_H, ARP_SIZES);
        demand(p, BPF_JEQ, ARP_SIZES_VALUE);
        demand_mac(p, ARP_MAC, g->mac);

        load(p, BPF_H, ARP_OP);
        size_t other = block(p, ARP_REQUEST);
        load(p, BPF_W, ARP_ADDRESS); /* a probe has none (RFC 5227) */
        size_t no_probe = block(p, 0);
        demand_in4(p, g, ARP_TARGET);
        end(p, p->pass);
        here(p, no_probe);
        demand_in4(p, g, ARP_ADDRESS);
        end(p, p->pass);

        here(p, other);
        demand(p, BPF_JEQ, ARP_REPLY);
        demand_in4(p, g, ARP_ADDRESS);
        end(p, p->pass);
}

/* Sets X to the length of the IPv4 header, and sees to it that 4 bytes behind it can be loaded: ports, for one. */
static void find_ports(Program *p)
{
        add(p, BPF_LDX | BPF_B | BPF_MSH, 0, 0, NET);
        add(p, BPF_MISC | BPF_TXA, 0, 0, 0);
        add(p, BPF_ALU | BPF_ADD, 0, 0, NET + PORTS_SIZE);
        add(p, BPF_MISC | BPF_TAX, 0, 0, 0);
        add(p, BPF_LD | BPF_W | BPF_LEN, 0, 0, 0);
        add(p, BPF_JMP | BPF_X | BPF_JGE, 1, 0, 0);
        end(p, ANTISPOOF_DROP);
        add(p, BPF_LDX | BPF_B | BPF_MSH, 0, 0, NET);
}

/* UDP, of which no server of DHCP may be the source. A fragment behind the first one has no ports. */
static void udp4(Program *p)
{
        load(p, BPF_H, IP4_FRAGMENT);
        add(p, BPF_JMP | BPF_K | BPF_JSET, 0, 1, FRAGMENT_OFFSET);
        size_t fragment = jump(p);
        find_ports(p);
        add(p, BPF_LD | BPF_H | BPF_IND, 0, 0, NET);
        refuse(p, DHCP_SERVER);
        here(p, fragment);
}

/* All messages of IGMP are longer than that. */
static void igmp(Program *p)
{
        find_ports(p);
        add(p, BPF_LD | BPF_B | BPF_IND, 0, 0, NET);
        refuse(p, IGMP_QUERY);
}

/* From 0.0.0.0 only to a server of DHCP. */
static void dhcp4(Program *p)
{
        load(p, BPF_B, IP4_PROTOCOL);
        demand(p, BPF_JEQ, IPPROTO_UDP);
        load(p, BPF_H, IP4_FRAGMENT);
        add(p, BPF_JMP | BPF_K | BPF_JSET, 0, 1, FRAGMENT_OFFSET);
        end(p, ANTISPOOF_DROP);
        find_ports(p);
        add(p, BPF_LD | BPF_W | BPF_IND, 0, 0, NET);
        demand(p, BPF_JEQ, DHCP_CLIENT << 16 | DHCP_SERVER);
        end(p, p->pass);
}

static void ip4(Program *p, const Guest *g)
{
        demand_length(p, IP4_END);
        load(p, BPF_B, IP4_VERSION);
        add(p, BPF_ALU | BPF_AND | BPF_K, 0, 0, 0xf0);
        demand(p, BPF_JEQ, 0x40);

        load(p, BPF_W, IP4_SOURCE);
        size_t has_address = block(p, 0);
        dhcp4(p);
        here(p, has_address);
        demand_in4(p, g, IP4_SOURCE);

        load(p, BPF_B, IP4_PROTOCOL);
        size_t no_udp = block(p, IPPROTO_UDP);
        udp4(p);
        end(p, p->pass);
        here(p, no_udp);
        size_t other = block(p, IPPROTO_IGMP);
        igmp(p);
        here(p, other);
        end(p, p->pass);
}

/* The type is in the register. What goes on, or jumps at *ret_source, is right if its source is. */
static void icmp6(Program *p, const Guest *g, size_t *ret_source)
{
        refuse(p, ND_ROUTER_ADVERT);
        refuse(p, ND_REDIRECT);
        refuse(p, MLD_LISTENER_QUERY);

        size_t no_advert = block(p, ND_NEIGHBOR_ADVERT);
        demand_length(p, ND_TARGET_END);
        demand_in6(p, g, ND_TARGET);
        *ret_source = jump(p);
        here(p, no_advert);

        /* From no address: duplicate address detection, and a router is asked for. */
        size_t from_none = jump_if_in6(p, IP6_SOURCE, &in6addr_any);
        size_t source = jump(p);
        here(p, from_none);
        load(p, BPF_B, IP6_END);
        size_t no_solicit = block(p, ND_NEIGHBOR_SOLICIT);
        demand_length(p, ND_TARGET_END);
        demand_in6(p, g, ND_TARGET);
        end(p, p->pass);
        here(p, no_solicit);
        demand(p, BPF_JEQ, ND_ROUTER_SOLICIT);
        end(p, p->pass);
        here(p, source);
}

/* Hop-by-hop options: those of a report of MLD, which may come from no address. What goes on is right if its source is. */
static void mld(Program *p)
{
        static const uint8_t reports[] = { MLD_LISTENER_REPORT, MLD_LISTENER_REDUCTION, MLD_V2_REPORT };

        demand_length(p, IP6_END + OPTIONS_SIZE + 1);
        load(p, BPF_H, IP6_END); /* the next header, and the length behind the first 8 bytes */
        demand(p, BPF_JEQ, IPPROTO_ICMPV6 << 8);
        load(p, BPF_B, IP6_END + OPTIONS_SIZE);
        demand_one_of(p, reports, ELEMENTSOF(reports));
        size_t from_none = jump_if_in6(p, IP6_SOURCE, &in6addr_any);
        size_t source = jump(p);
        here(p, from_none);
        end(p, p->pass);
        here(p, source);
}

/* UDP at the offset, of which no server of DHCPv6 may be the source. */
static void udp6(Program *p, uint32_t offset)
{
        demand_length(p, offset + PORTS_SIZE);
        load(p, BPF_H, offset);
        refuse(p, DHCP6_SERVER);
}

static void fragment6(Program *p)
{
        static const uint8_t in_fragments[] = { IPPROTO_TCP, IPPROTO_UDP, IPPROTO_SCTP };

        demand_length(p, IP6_END + OPTIONS_SIZE);
        load(p, BPF_H, IP6_END + 2);
        add(p, BPF_ALU | BPF_RSH | BPF_K, 0, 0, 3);
        size_t later = block(p, 0); /* the first one */
        load(p, BPF_B, IP6_END);
        size_t other = block(p, IPPROTO_UDP);
        udp6(p, IP6_END + OPTIONS_SIZE);
        here(p, other);
        here(p, later);
        load(p, BPF_B, IP6_END);
        demand_one_of(p, in_fragments, ELEMENTSOF(in_fragments));
}

static void ip6(Program *p, const Guest *g)
{
        static const uint8_t plain[] = { IPPROTO_TCP, IPPROTO_SCTP, IPPROTO_ESP, IPPROTO_GRE };
        size_t source[ELEMENTSOF(plain) + 4], n = 0;

        demand_length(p, IP6_END);
        load(p, BPF_B, IP6_VERSION);
        add(p, BPF_ALU | BPF_AND | BPF_K, 0, 0, 0xf0);
        demand(p, BPF_JEQ, 0x60);

        load(p, BPF_B, IP6_NEXT);
        FOREACH_ARRAY (next, plain, ELEMENTSOF(plain)) {
                add(p, BPF_JMP | BPF_K | BPF_JEQ, 0, 1, *next);
                source[n++] = jump(p);
        }
        size_t no_udp = block(p, IPPROTO_UDP);
        udp6(p, IP6_END);
        source[n++] = jump(p);
        here(p, no_udp);
        size_t no_fragment = block(p, IPPROTO_FRAGMENT);
        fragment6(p);
        source[n++] = jump(p);
        here(p, no_fragment);
        size_t no_options = block(p, IPPROTO_HOPOPTS);
        mld(p);
        source[n++] = jump(p);
        here(p, no_options);
        demand(p, BPF_JEQ, IPPROTO_ICMPV6);
        demand_length(p, IP6_END + 1);
        load(p, BPF_B, IP6_END);
        icmp6(p, g, &source[n++]);

        for (size_t i = 0; i < n; i++)
                here(p, source[i]);
        demand_in6(p, g, IP6_SOURCE);
        end(p, p->pass);
}

/* What hosts make of their MAC (RFC 4291, appendix A). */
static struct in6_addr link_local(const struct ether_addr *mac)
{
        const uint8_t *o = mac->ether_addr_octet;

        return (struct in6_addr){ .s6_addr = { 0xfe, 0x80, 0, 0, 0, 0, 0, 0, o[0] ^ 0x02, o[1], o[2], 0xff,
                                               0xfe, o[3], o[4], o[5] } };
}

void antispoof_program(uint32_t pass, const struct ether_addr *mac, const InAddrPrefix *addresses,
                       size_t n_addresses, AntispoofProgram *ret)
{
        static const struct {
                uint16_t protocol;
                void (*filter)(Program *p, const Guest *g);
        } protocols[] = {
                { ETHERTYPE_ARP, arp },
                { ETHERTYPE_IP, ip4 },
                { ETHERTYPE_IPV6, ip6 },
        };
        const Guest g = {
                .mac = mac,
                .addresses = addresses,
                .n_addresses = n_addresses,
                .link_local = link_local(mac),
        };

        *ret = (Program){ .pass = pass };
        demand_length(ret, ETH_HLEN);
        /* The kernel has taken a tag out of the frame. */
        load(ret, BPF_B, (uint32_t) (SKF_AD_OFF + SKF_AD_VLAN_TAG_PRESENT));
        demand(ret, BPF_JEQ, 0);
        demand_mac(ret, ETH_SOURCE, mac);
        FOREACH_ARRAY (protocol, protocols, ELEMENTSOF(protocols)) {
                load(ret, BPF_H, ETH_PROTOCOL);
                size_t other = block(ret, protocol->protocol);
                protocol->filter(ret, &g);
                here(ret, other);
        }
        end(ret, ANTISPOOF_DROP);
}

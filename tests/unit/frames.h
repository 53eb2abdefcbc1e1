/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What a guest may send and what it may not, for test-antispoof.c and for the gate that sends it all from a guest. */

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "macro.h"

/* The guest's addresses. */
#define GUEST_IN4 "192.0.2.2"
#define GUEST_IN6 "2001:db8::2"

#define OURS   "\x06\x00\xac\x10\x00\x02"
#define THEIRS "\x06\x00\xac\x10\x00\x03"
#define ALL    "\xff\xff\xff\xff\xff\xff"

typedef struct Frame {
        uint8_t bytes[256];
        size_t n;
} Frame;

static void put(Frame *f, const void *bytes, size_t n)
{
        memcpy(f->bytes + f->n, bytes, n);
        f->n += n;
}

static void put8(Frame *f, unsigned value)
{
        put(f, &(uint8_t){ (uint8_t) value }, 1);
}

static void put16(Frame *f, unsigned value)
{
        put8(f, value >> 8);
        put8(f, value & 0xff);
}

static void put_zeros(Frame *f, size_t n)
{
        f->n += n;
}

static void put4(Frame *f, const char *address)
{
        struct in_addr a;

        if (inet_pton(AF_INET, address, &a) != 1)
                abort();
        put(f, &a, sizeof(a));
}

static void put6(Frame *f, const char *address)
{
        struct in6_addr a;

        if (inet_pton(AF_INET6, address, &a) != 1)
                abort();
        put(f, &a, sizeof(a));
}

static Frame ether(const char *source, unsigned protocol)
{
        Frame f = {};

        put(&f, ALL, 6);
        put(&f, source, 6);
        put16(&f, protocol);
        return f;
}

static Frame arp(unsigned op, const char *mac, const char *sender, const char *target)
{
        Frame f = ether(OURS, 0x0806);

        put16(&f, 1);
        put16(&f, 0x0800);
        put8(&f, 6);
        put8(&f, 4);
        put16(&f, op);
        put(&f, mac, 6);
        put4(&f, sender);
        put_zeros(&f, 6);
        put4(&f, target);
        return f;
}

/* With so many words of options. */
static Frame ip4_with(unsigned options, const char *source, unsigned fragment, unsigned protocol,
                      unsigned from, unsigned to)
{
        Frame f = ether(OURS, 0x0800);

        put8(&f, 0x45 + options);
        put_zeros(&f, 5);
        put16(&f, fragment);
        put8(&f, 64);
        put8(&f, protocol);
        put16(&f, 0);
        put4(&f, source);
        put4(&f, "192.0.2.9");
        put_zeros(&f, (size_t) options * 4);
        put16(&f, from);
        put16(&f, to);
        put_zeros(&f, 4);
        return f;
}

static Frame ip4(const char *source, unsigned protocol, unsigned from, unsigned to)
{
        return ip4_with(0, source, 0, protocol, from, to);
}

static Frame ip6(const char *source, unsigned next)
{
        Frame f = ether(OURS, 0x86dd);

        put8(&f, 0x60);
        put_zeros(&f, 5);
        put8(&f, next);
        put8(&f, 255);
        put6(&f, source);
        put6(&f, "ff02::1");
        return f;
}

static Frame udp6(const char *source, unsigned from)
{
        Frame f = ip6(source, 17);

        put16(&f, from);
        put16(&f, 1000);
        put_zeros(&f, 4);
        return f;
}

static Frame icmp6(const char *source, unsigned type, const char *target)
{
        Frame f = ip6(source, 58);

        put8(&f, type);
        put_zeros(&f, 7);
        put6(&f, target);
        return f;
}

/* Behind 8 bytes of another header. */
static Frame behind(unsigned header, unsigned next, unsigned second, unsigned offset_and_flags,
                    unsigned type)
{
        Frame f = ip6("2001:db8::2", header);

        put8(&f, next);
        put8(&f, second);
        put16(&f, offset_and_flags);
        put_zeros(&f, 4);
        put16(&f, type);
        put_zeros(&f, 30);
        return f;
}

typedef struct Case {
        const char *what;
        Frame frame;
        bool with, without; /* an address of the guest is known, it passes */
} Case;

#define CASES_MAX 128

static size_t cases_of_macs_and_protocols(Case *ret)
{
        Frame vlan = ether(OURS, 0x8100), bridges = ether(OURS, 0x0026), theirs = ip4("192.0.2.2", 6, 1, 2);

        put_zeros(&vlan, 60);
        put_zeros(&bridges, 60);
        memcpy(theirs.bytes + 6, THEIRS, 6);
        const Case cases[] = { { "another MAC", theirs, false, false },
                               { "a VLAN tag", vlan, false, false },
                               { "spanning tree", bridges, false, false } };

        memcpy(ret, cases, sizeof(cases));
        return ELEMENTSOF(cases);
}

static size_t cases_of_arp(Case *ret)
{
        Frame strange = arp(1, OURS, "192.0.2.2", "192.0.2.1");

        strange.bytes[14 + 4] = 8;
        const Case cases[] = {
                { "a request", arp(1, OURS, "192.0.2.2", "192.0.2.1"), true, true },
                { "a reply", arp(2, OURS, "192.0.2.2", "192.0.2.1"), true, true },
                { "a probe", arp(1, OURS, "0.0.0.0", "192.0.2.2"), true, true },
                { "a probe for another address", arp(1, OURS, "0.0.0.0", "192.0.2.1"), false, true },
                { "a request of another address", arp(1, OURS, "192.0.2.1", "192.0.2.9"), false, true },
                { "a reply of another address", arp(2, OURS, "192.0.2.1", "192.0.2.9"), false, true },
                { "a reply of another MAC", arp(2, THEIRS, "192.0.2.2", "192.0.2.9"), false, false },
                { "a reply of none", arp(2, OURS, "0.0.0.0", "192.0.2.9"), false, true },
                { "a reverse request", arp(3, OURS, "192.0.2.2", "192.0.2.1"), false, false },
                { "other sizes", strange, false, false }
        };

        memcpy(ret, cases, sizeof(cases));
        return ELEMENTSOF(cases);
}

static size_t cases_of_ipv4(Case *ret)
{
        Frame version6 = ip4("192.0.2.2", 6, 1, 2);

        version6.bytes[14] = 0x65;
        const Case cases[] = {
                { "TCP", ip4("192.0.2.2", 6, 1, 2), true, true },
                { "TCP of another address", ip4("192.0.2.1", 6, 1, 2), false, true },
                { "another version", version6, false, false },
                { "UDP", ip4("192.0.2.2", 17, 1, 2), true, true },
                { "a DHCP reply", ip4("192.0.2.2", 17, 67, 68), false, false },
                { "a DHCP reply behind options", ip4_with(10, "192.0.2.2", 0, 17, 67, 68), false, false },
                { "UDP behind options", ip4_with(10, "192.0.2.2", 0, 17, 1, 2), true, true },
                { "a fragment", ip4_with(0, "192.0.2.2", 1, 17, 67, 68), true, true },
                { "a DHCP request", ip4("0.0.0.0", 17, 68, 67), true, true },
                { "a fragment of none", ip4_with(0, "0.0.0.0", 1, 17, 68, 67), false, false },
                { "UDP of none", ip4("0.0.0.0", 17, 68, 53), false, false },
                { "TCP of none", ip4("0.0.0.0", 6, 68, 67), false, false },
                { "a report of IGMP", ip4_with(1, "192.0.2.2", 0, 2, 0x2200, 0), true, true },
                { "a query of IGMP", ip4_with(1, "192.0.2.2", 0, 2, 0x1100, 0), false, false }
        };

        memcpy(ret, cases, sizeof(cases));
        return ELEMENTSOF(cases);
}

static size_t cases_of_ipv6(Case *ret)
{
        const Case cases[] = { { "TCP", ip6("2001:db8::2", 6), true, true },
                               { "TCP of the link-local address", ip6("fe80::400:acff:fe10:2", 6), true,
                                 true },
                               { "TCP of another address", ip6("2001:db8::1", 6), false, true },
                               { "TCP of another link-local address", ip6("fe80::1", 6), false, true },
                               { "UDP", udp6("2001:db8::2", 1000), true, true },
                               { "a DHCPv6 reply", udp6("2001:db8::2", 547), false, false },
                               { "a destination option", behind(60, 6, 0, 0, 0), false, false },
                               { "a routing header", behind(43, 6, 0, 0, 0), false, false },
                               { "a fragment of TCP", behind(44, 6, 0, 1, 0), true, true },
                               { "a fragment of UDP", behind(44, 17, 0, 1, 1000), true, true },
                               { "a fragment of a DHCPv6 reply", behind(44, 17, 0, 1, 547), false, false },
                               { "a later fragment of UDP", behind(44, 17, 0, 8, 547), true, true },
                               { "a fragment of ICMPv6", behind(44, 58, 0, 0, 0x8600), false, false } };

        memcpy(ret, cases, sizeof(cases));
        return ELEMENTSOF(cases);
}

static size_t cases_of_neighbors(Case *ret)
{
        const Case cases[] = {
                { "an echo", icmp6("2001:db8::2", 128, "::"), true, true },
                { "a router advertisement", icmp6("fe80::400:acff:fe10:2", 134, "::"), false, false },
                { "a redirect", icmp6("fe80::400:acff:fe10:2", 137, "::"), false, false },
                { "a solicitation", icmp6("2001:db8::2", 135, "2001:db8::1"), true, true },
                { "a router solicitation", icmp6("fe80::400:acff:fe10:2", 133, "::"), true, true },
                { "a router solicitation of none", icmp6("::", 133, "::"), true, true },
                { "an advertisement", icmp6("2001:db8::2", 136, "2001:db8::2"), true, true },
                { "an advertisement of the link-local address",
                  icmp6("fe80::400:acff:fe10:2", 136, "fe80::400:acff:fe10:2"), true, true },
                { "an advertisement of another address", icmp6("2001:db8::2", 136, "2001:db8::1"), false,
                  true },
                { "an advertisement by another address", icmp6("2001:db8::1", 136, "2001:db8::2"), false,
                  true },
                { "duplicate address detection", icmp6("::", 135, "2001:db8::2"), true, true },
                { "duplicate address detection for another", icmp6("::", 135, "2001:db8::1"), false, true },
                { "an echo of none", icmp6("::", 128, "::"), false, false }
        };

        memcpy(ret, cases, sizeof(cases));
        return ELEMENTSOF(cases);
}

static size_t cases_of_multicast_listeners(Case *ret)
{
        Frame from_none = behind(0, 58, 0, 0x0502, 0x8f00);

        memset(from_none.bytes + 14 + 8, 0, 16);
        const Case cases[] = {
                { "a report", behind(0, 58, 0, 0x0502, 0x8f00), true, true },
                { "a report of version 1", behind(0, 58, 0, 0x0502, 0x8300), true, true },
                { "a report of none", from_none, true, true },
                { "a query", behind(0, 58, 0, 0x0502, 0x8200), false, false },
                { "a query without options", icmp6("fe80::400:acff:fe10:2", 130, "::"), false, false },
                { "a router advertisement behind options", behind(0, 58, 0, 0x0502, 0x8600), false, false },
                { "behind longer options", behind(0, 58, 1, 0x0502, 0x8f00), false, false },
                { "TCP behind options", behind(0, 6, 0, 0x0502, 0), false, false }
        };

        memcpy(ret, cases, sizeof(cases));
        return ELEMENTSOF(cases);
}

static size_t all_cases(Case ret[CASES_MAX])
{
        size_t n = 0;

        n += cases_of_macs_and_protocols(ret + n);
        n += cases_of_arp(ret + n);
        n += cases_of_ipv4(ret + n);
        n += cases_of_ipv6(ret + n);
        n += cases_of_neighbors(ret + n);
        n += cases_of_multicast_listeners(ret + n);
        return n;
}

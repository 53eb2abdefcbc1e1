/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A virtual Ethernet pair, made and read back, for the tests of what belongs to one. */

#include "child.h"
#include "namespaces.h"
#include "veth.h"

static const struct sock_filter pass[] = { { 0x06, 0, 0, 0 } };

static char why[VETH_WHY_MAX];

static inline Netlink *rtnetlink(void)
{
        static Netlink nl;

        if (!nl.sock)
                CHECK_IS(netlink_open(&nl), 0);
        return &nl;
}

static inline void sh(const char *command)
{
        CHECK_IS(system(command), 0);
}

/* A namespace for the other end; the process stays where it is. */
static inline int other_netns(void)
{
        int home = netns_open_current();

        CHECK(home >= 0 && unshare(CLONE_NEWNET) >= 0);
        int fd = netns_open_current();
        CHECK(fd >= 0);
        CHECK_IS(netns_enter(home), 0);
        safe_close(home);
        return fd;
}

/* A port of br0. */
static inline VethSpec spec(void)
{
        sh("ip link add br0 up type bridge");
        return (VethSpec){
                .name = "fc-web1",
                .mac = { { 0xfe, 0, 0, 0, 0, 7 } },
                .master = link_index(rtnetlink(), "br0"),
                .mtu = 1400,
                .alias = "fcjail web1 abc",
                .altname = "fcjail-web1",
                .isolated = true,
                .filter = pass,
                .n_filter = 1,
                .peer = "eth0",
                .peer_netns_fd = other_netns(),
        };
}

static inline int make(const VethSpec *s)
{
        int ifindex = veth_make(rtnetlink(), s);

        CHECK(ifindex > 0);
        CHECK_IS(veth_configure(rtnetlink(), s, ifindex, why), 0);
        return ifindex;
}

/* NULL: no difference. */
static inline const char *verify(const VethSpec *s, int ifindex)
{
        int r;

        why[0] = '\0';
        r = veth_verify(rtnetlink(), s, ifindex, why);
        return r == 0 ? NULL : why[0] ? why : strerror(-r);
}

#define CHECK_DIFFERS(got, want)                                                                            \
        do {                                                                                                \
                const char *_got = got;                                                                     \
                CHECK(_got &&strcmp(_got, want) == 0);                                                      \
        } while (0)

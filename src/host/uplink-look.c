/* SPDX-License-Identifier: Apache-2.0 */

#include <inttypes.h>
#include <string.h>
#include <sysexits.h>

#include "link.h"
#include "proc.h"
#include "route.h"
#include "uplink-look.h"

typedef struct Look {
        const Plan *plan;
        Netlink *nl;
        Findings *findings;
} Look;

#define BRIDGE_NF "net.bridge.bridge-nf-call-iptables"

/* Many hosts drop by a rule for forwarding what they do not know. */
static int check_bridge_nf(const Look *l)
{
        uint64_t on;

        if (proc_number("/proc/sys/net/bridge/bridge-nf-call-iptables", &on) < 0 || on == 0)
                return 0;
        return findings_add(
                l->findings, SEVERITY_NOTE, 0, EX_OK, BRIDGE_NF,
                "run `sysctl -w " BRIDGE_NF "=0` if guests do not reach each other",
                "is 1, so iptables also has a say in what goes from one port of a bridge to another");
}

static int check_bridge(const Look *l)
{
        const UplinkConfig *u = &l->plan->uplink;
        Link bridge;
        int r;

        r = link_by_name(l->nl, u->bridge, &bridge);
        if (r == -ENODEV)
                return findings_add(l->findings, SEVERITY_ERROR, r, EX_NOINPUT, u->bridge,
                                    "make it, or set another one",
                                    "does not exist; FCJAIL_UPLINK= has it as its bridge");
        if (r < 0)
                return findings_add(l->findings, SEVERITY_NOTE, 0, EX_OK, u->bridge, NULL,
                                    "cannot be looked at: %s", strerror(-r));
        if (!bridge.is_bridge)
                return findings_add(l->findings, SEVERITY_ERROR, -EINVAL, EX_NOINPUT, u->bridge,
                                    "set another one in FCJAIL_UPLINK=", "is not a bridge");
        if (u->vlan != 0 && !bridge.vlan_filtering &&
            findings_add(l->findings, SEVERITY_ERROR, -EINVAL, EX_NOINPUT, u->bridge,
                         "run `ip link set BRIDGE type bridge vlan_filtering 1`",
                         "does not filter VLANs, which vlan= in FCJAIL_UPLINK= needs") == -ENOMEM)
                return -ENOMEM;
        if (!bridge.up && findings_add(l->findings, SEVERITY_WARNING, -ENETDOWN, EX_OK, u->bridge,
                                       "bring it up with `ip link set BRIDGE up`", "is down") == -ENOMEM)
                return -ENOMEM;
        if (u->mtu > bridge.mtu &&
            findings_add(l->findings, SEVERITY_WARNING, -EMSGSIZE, EX_OK, u->bridge, "set the same for both",
                         "has an MTU of %" PRIu32 ", so larger frames of the guest, with mtu=%" PRIu32
                         ", are lost",
                         bridge.mtu, u->mtu) == -ENOMEM)
                return -ENOMEM;
        return check_bridge_nf(l);
}

static int check_forwarding(const Look *l, const char *name, const char *path)
{
        uint64_t on;

        if (proc_number(path, &on) < 0 || on != 0)
                return 0;
        return findings_add(l->findings, SEVERITY_WARNING, -EHOSTUNREACH, EX_OK, name,
                            "set it to 1 with sysctl, and write it into /etc/sysctl.d",
                            "is 0, so a routed guest reaches nothing but the host");
}

static int check_address(const Look *l, const InAddrPrefix *a)
{
        char text[ADDRESS_STR_MAX];
        Route route;

        if (route_look_up(l->nl, a, &route) < 0 || !route.is_local)
                return 0;
        return findings_add(l->findings, SEVERITY_ERROR, -EADDRINUSE, EX_CONFIG,
                            host_address_to_string(a, text),
                            "give the guest another one in FCJAIL_UPLINK=", "is an address of this host");
}

static int check_gateway(const Look *l)
{
        const Plan *p = l->plan;
        Route route;

        if (p->uplink.kind != UPLINK_ROUTE || !p->uplink.gateway[0] ||
            route_look_up(l->nl, &p->gateways[0], &route) < 0 || !route.on_link)
                return 0;
        return findings_add(l->findings, SEVERITY_ERROR, -EADDRINUSE, EX_CONFIG, p->uplink.gateway, NULL,
                            UPLINK_GATEWAY_ON_LINK);
}

static int check_addresses(const Look *l)
{
        const UplinkConfig *u = &l->plan->uplink;
        int r = 0;

        FOREACH_ARRAY (a, u->addresses, u->n_addresses)
                if (r != -ENOMEM)
                        r = check_address(l, a);
        if (r != -ENOMEM)
                r = check_gateway(l);
        if (r == -ENOMEM || u->no_antispoof || u->n_addresses > 0)
                return r;
        return findings_add(l->findings, SEVERITY_NOTE, 0, EX_OK,
                            "FCJAIL_UPLINK=", "add address= for each of them",
                            "does not say which addresses the guest has, so it may send from any");
}

/* For each family that the guest has. */
static int check_routing(const Look *l)
{
        int r = 0;

        FOREACH_ARRAY (g, l->plan->gateways, l->plan->n_gateways)
                if (r != -ENOMEM)
                        r = g->family == AF_INET
                                    ? check_forwarding(l, "net.ipv4.ip_forward",
                                                       "/proc/sys/net/ipv4/ip_forward")
                                    : check_forwarding(l, "net.ipv6.conf.all.forwarding",
                                                       "/proc/sys/net/ipv6/conf/all/forwarding");
        return r;
}

int uplink_check(const Plan *p, Findings *f)
{
        _cleanup_netlink_ Netlink nl = {};
        const Look l = { p, &nl, f };
        int r;

        if (p->uplink.kind == UPLINK_NONE)
                return 0;
        r = netlink_open(&nl);
        if (r < 0)
                r = findings_add(f, SEVERITY_NOTE, 0, EX_OK, "rtnetlink", NULL, "cannot be asked: %s",
                                 strerror(-r));
        else
                r = p->uplink.kind == UPLINK_BRIDGE ? check_bridge(&l) : check_routing(&l);
        if (r != -ENOMEM && nl.sock)
                r = check_addresses(&l);
        return r == -ENOMEM ? r : 0;
}

/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Step `uplink`: a virtual Ethernet pair, the VM's eth0 and its end in the network namespace of the starter, which is a port of
 * a bridge there or what the host routes to. What the guest sends is filtered where it arrives at the host.
 *
 * The pair is gone with the VM's network namespace, a moment later. A cleanup does not leave it to that, so that the next
 * start finds the name free.
 *
 * Mustn't: touch a device of this name that has another mark.
 */

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "antispoof.h"
#include "fd-util.h"
#include "namespaces.h"
#include "route.h"
#include "step.h"
#include "time-util.h"
#include "uplink-look.h"
#include "veth.h"

/* How long the kernel may take to remove the pair of an earlier start, whose network namespace has ended. 27 ms were the
 * median with an idle host. */
#define GONE_USEC (2U * 1000000U)
#define POLL_USEC 5000U

typedef struct Uplink {
        Jail *jail;
        VethSpec spec;
        AntispoofProgram program;
        char mark[STATE_MARK_MAX];
        int netns_fd;
} Uplink;

static int uplink_failed(Uplink *u, int r, const char *why)
{
        const char *name = u->jail->plan->uplink_name;

        if (why[0])
                return step_fail_because(u->jail, r, EX_OSERR, name, "%s", why);
        return step_fail(u->jail, r, "%s", name);
}

static int find_bridge(Uplink *u)
{
        const char *name = u->jail->plan->uplink.bridge;
        Link l;
        int r;

        r = link_by_name(&u->jail->uplink_nl, name, &l);
        if (r == -ENODEV)
                return step_fail_because(
                        u->jail, r, EX_NOINPUT, name,
                        "the bridge of FCJAIL_UPLINK= does not exist; make it, or set another one");
        if (r < 0)
                return step_fail(u->jail, r, "%s", name);
        if (!l.is_bridge)
                return step_fail_because(u->jail, -EINVAL, EX_NOINPUT, name,
                                         "is not a bridge; set another one in FCJAIL_UPLINK=");
        if (u->spec.vlan != 0 && !l.vlan_filtering)
                return step_fail_because(
                        u->jail, -EINVAL, EX_NOINPUT, name,
                        "does not filter VLANs, which vlan= in FCJAIL_UPLINK= needs; run `ip link set %s type bridge vlan_filtering 1`",
                        name);
        u->spec.default_vlan = l.default_vlan;
        u->spec.master = l.ifindex;
        if (u->spec.mtu == 0)
                u->spec.mtu = l.mtu;
        return 0;
}

/* From the invocation, which no two starts have in common: a mark that the end has from its birth. A bridge takes the smallest
 * MAC of its ports for its own, and should not change it when VMs come and go. */
static struct ether_addr mac_of(const State *s)
{
        struct ether_addr mac = { { 0xfe } }; /* unicast, locally administered, and as large as can be */
        char digits[3] = "";

        for (size_t i = 1; i < ETH_ALEN && strlen(s->invocation) >= 2 * i; i++) {
                memcpy(digits, s->invocation + 2 * (i - 1), 2);
                mac.ether_addr_octet[i] = (uint8_t) strtoul(digits, NULL, 16);
        }
        return mac;
}

/* The end on the host gets it: what the host sends to a neighbor of this address would stay here. */
static int check_gateway(Uplink *u)
{
        const Plan *p = u->jail->plan;
        Route route;
        int r;

        if (!p->uplink.gateway[0])
                return 0;
        r = route_look_up(&u->jail->uplink_nl, &p->gateways[0], &route);
        if (r < 0)
                return r == -ENETUNREACH ? 0 : uplink_failed(u, r, u->jail->uplink_nl.why);
        if (!route.on_link)
                return 0;
        return step_fail_because(u->jail, -EADDRINUSE, EX_CONFIG, p->uplink.gateway, UPLINK_GATEWAY_ON_LINK);
}

static int specify(Uplink *u)
{
        const Plan *p = u->jail->plan;
        const UplinkConfig *c = &p->uplink;

        u->spec = (VethSpec){
                .name = p->uplink_name,
                .mac = mac_of(&u->jail->state),
                .mtu = c->mtu,
                .alias = state_mark(&u->jail->state, u->mark),
                .altname = p->uplink_altname,
                .vlan = c->vlan,
                .isolated = c->isolated,
                .neigh_suppress = c->neigh_suppress,
                .learning = !c->no_learning,
                .addresses = p->gateways,
                .n_addresses = p->n_gateways,
                .peer = UPLINK_PEER,
                .peer_mac = c->has_mac ? &c->mac : NULL,
                .peer_netns_fd = u->netns_fd,
        };
        if (!c->no_antispoof) {
                antispoof_program(ANTISPOOF_PASS, &c->mac, c->addresses, c->n_addresses, &u->program);
                u->spec.filter = u->program.ops;
                u->spec.n_filter = u->program.n_ops;
        }
        if (c->kind == UPLINK_BRIDGE)
                return find_bridge(u);
        u->spec.routes = c->addresses;
        u->spec.n_routes = c->n_addresses;
        return check_gateway(u);
}

static int name_is_taken(Uplink *u, const Link *l)
{
        const char *name = u->spec.name;
        char id[ID_LEN_MAX + 1];

        if (state_id_of_mark(l->alias, id) && strcmp(id, u->jail->plan->id) != 0)
                return step_fail_because(u->jail, -EEXIST, EX_TEMPFAIL, name, "VM '%s' uses this device",
                                         id);
        return step_fail_because(
                u->jail, -EEXIST, EX_TEMPFAIL, name,
                "a device that fcjail did not make has this name; remove it with `ip link del %s`", name);
}

/* One that the kernel is about to remove: of an earlier start of this id, which may have been killed before it had a mark. */
static bool is_of_earlier_start(const Uplink *u, const Link *l)
{
        char id[ID_LEN_MAX + 1];

        return l->is_veth &&
               (!l->alias[0] || (state_id_of_mark(l->alias, id) && strcmp(id, u->jail->plan->id) == 0));
}

static int make_pair(Uplink *u, int *ret_ifindex)
{
        Netlink *nl = &u->jail->uplink_nl;
        const uint64_t begin = now_usec();
        Link l;
        int r, k;

        for (;;) {
                r = veth_make(nl, &u->spec);
                if (r != -EEXIST)
                        break;
                k = link_by_name(nl, u->spec.name, &l);
                if (k == -ENODEV)
                        continue;
                if (k < 0)
                        return uplink_failed(u, k, "");
                if (!is_of_earlier_start(u, &l) || now_usec() - begin > GONE_USEC)
                        return name_is_taken(u, &l);
                (void) usleep(POLL_USEC);
        }
        if (r < 0)
                return uplink_failed(u, r, nl->why);
        *ret_ifindex = r;
        return 0;
}

/* The end here: up, and without an address, so that it says nothing. */
static int bring_up_peer(Uplink *u)
{
        _cleanup_netlink_ Netlink nl = {};
        Link l;
        int r;

        r = netlink_open(&nl);
        if (r < 0)
                return step_fail(u->jail, r, "rtnetlink");
        r = link_silence(&nl, UPLINK_PEER);
        if (r >= 0)
                r = link_change(&nl, 0, UPLINK_PEER, IFF_UP) ? netlink_commit(&nl) : -ENOMEM;
        if (r >= 0)
                r = link_by_name(&nl, UPLINK_PEER, &l);
        if (r < 0)
                return step_fail(u->jail, r, UPLINK_PEER);
        if (!l.is_veth || !l.up || (u->spec.mtu != 0 && l.mtu != u->spec.mtu) ||
            (u->spec.peer_mac && memcmp(&l.mac, u->spec.peer_mac, sizeof(l.mac)) != 0))
                return step_differs(u->jail, UPLINK_PEER, "is not as it was made");
        return 0;
}

static int make_uplink(Uplink *u)
{
        Netlink *nl = &u->jail->uplink_nl;
        char why[VETH_WHY_MAX] = "";
        int r, ifindex = 0;

        r = specify(u);
        if (r >= 0)
                r = make_pair(u, &ifindex);
        if (r < 0)
                return r;
        r = veth_configure(nl, &u->spec, ifindex, why);
        if (r >= 0)
                r = veth_verify(nl, &u->spec, ifindex, why);
        if (r < 0)
                return uplink_failed(u, r, why);
        return bring_up_peer(u);
}

int step_uplink(Jail *jail)
{
        int r;

        if (jail->plan->uplink.kind == UPLINK_NONE)
                return 0;
        _cleanup_close_ int netns_fd = netns_open_current();
        if (netns_fd < 0)
                return step_fail(jail, netns_fd, "/proc/self/ns/net");
        Uplink u = { .jail = jail, .netns_fd = netns_fd };
        r = make_uplink(&u);
        netlink_done(&jail->uplink_nl);
        return r;
}

static bool is_ours(const State *s, const Link *l)
{
        const struct ether_addr mac = mac_of(s);
        char mark[STATE_MARK_MAX];

        return l->is_veth && (strcmp(l->alias, state_mark(s, mark)) == 0 ||
                              (!l->alias[0] && memcmp(&l->mac, &mac, sizeof(mac)) == 0));
}

/* In the namespace that the process is in: from another one the pair is gone when the kernel has removed the VM's. */
int undo_uplink(Undo *undo)
{
        const State *s = undo->state;
        _cleanup_netlink_ Netlink nl = {};
        Link l;
        int r;

        if (!s->uplink)
                return 0;
        r = netlink_open(&nl);
        if (r >= 0)
                r = link_by_name(&nl, s->uplink, &l);
        if (r >= 0 && is_ours(s, &l))
                r = link_remove(&nl, l.ifindex);
        return r == -ENODEV ? 0 : r;
}

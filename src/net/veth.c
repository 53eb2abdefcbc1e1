/* SPDX-License-Identifier: Apache-2.0 */

/* Should:  make both ends by one request, the other one in its namespace: the kernel would refuse one that is born up. */

#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/veth.h>
#include <stdio.h>
#include <string.h>

#include "guard.h"
#include "port-vlan.h"
#include "route.h"
#include "veth.h"

static int put_ends(struct nl_msg *m, uint32_t mtu, const struct ether_addr *mac)
{
        if (mtu != 0 && nla_put_u32(m, IFLA_MTU, mtu) < 0)
                return -ENOMEM;
        return mac && nla_put(m, IFLA_ADDRESS, ETH_ALEN, mac) < 0 ? -ENOMEM : 0;
}

static int put_peer(struct nl_msg *m, const VethSpec *spec)
{
        const struct ifinfomsg info = {};
        struct nlattr *link = nla_nest_start(m, IFLA_LINKINFO);

        if (!link || nla_put_string(m, IFLA_INFO_KIND, "veth") < 0)
                return -ENOMEM;
        struct nlattr *data = nla_nest_start(m, IFLA_INFO_DATA);
        struct nlattr *peer = data ? nla_nest_start(m, VETH_INFO_PEER) : NULL;
        if (!peer || nlmsg_append(m, (void *) &info, sizeof(info), NLMSG_ALIGNTO) < 0 ||
            nla_put_string(m, IFLA_IFNAME, spec->peer) < 0 || put_ends(m, spec->mtu, spec->peer_mac) < 0 ||
            nla_put_u32(m, IFLA_NET_NS_FD, (uint32_t) spec->peer_netns_fd) < 0)
                return -ENOMEM;
        (void) nla_nest_end(m, peer);
        (void) nla_nest_end(m, data);
        (void) nla_nest_end(m, link);
        return 0;
}

int veth_make(Netlink *nl, const VethSpec *spec)
{
        const struct ifinfomsg info = {};
        int r;

        struct nl_msg *m = netlink_request(nl, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &info, sizeof(info));
        if (!m || nla_put_string(m, IFLA_IFNAME, spec->name) < 0 || put_ends(m, spec->mtu, &spec->mac) < 0 ||
            (spec->master != 0 && nla_put_u32(m, IFLA_MASTER, (uint32_t) spec->master) < 0) ||
            put_peer(m, spec) < 0)
                return -ENOMEM;
        r = netlink_commit(nl);
        return r < 0 ? r : link_index(nl, spec->name);
}

static int add_mark(Netlink *nl, const VethSpec *spec, int ifindex)
{
        struct nl_msg *m = link_change(nl, ifindex, NULL, /* flags= */ 0);

        return m && nla_put_string(m, IFLA_IFALIAS, spec->alias) >= 0 ? 0 : -ENOMEM;
}

static int add_altname(Netlink *nl, const VethSpec *spec, int ifindex)
{
        const struct ifinfomsg info = { .ifi_index = ifindex };
        struct nl_msg *m = netlink_request(nl, RTM_NEWLINKPROP, NLM_F_CREATE | NLM_F_EXCL | NLM_F_APPEND,
                                           &info, sizeof(info));
        struct nlattr *list = m ? nla_nest_start(m, IFLA_PROP_LIST) : NULL;

        if (!list || nla_put_string(m, IFLA_ALT_IFNAME, spec->altname) < 0)
                return -ENOMEM;
        (void) nla_nest_end(m, list);
        return 0;
}

static int add_port(Netlink *nl, const VethSpec *spec, int ifindex)
{
        if (spec->master == 0)
                return 0;
        struct nl_msg *m = link_change(nl, ifindex, NULL, /* flags= */ 0);
        struct nlattr *link = m ? nla_nest_start(m, IFLA_LINKINFO) : NULL;
        if (!link || nla_put_string(m, IFLA_INFO_SLAVE_KIND, "bridge") < 0)
                return -ENOMEM;
        struct nlattr *data = nla_nest_start(m, IFLA_INFO_SLAVE_DATA);
        if (!data || nla_put_u8(m, IFLA_BRPORT_ISOLATED, spec->isolated) < 0 ||
            nla_put_u8(m, IFLA_BRPORT_NEIGH_SUPPRESS, spec->neigh_suppress) < 0 ||
            nla_put_u8(m, IFLA_BRPORT_LEARNING, spec->learning) < 0)
                return -ENOMEM;
        (void) nla_nest_end(m, data);
        (void) nla_nest_end(m, link);
        return 0;
}

static int add_vlan(Netlink *nl, const VethSpec *spec, int ifindex)
{
        return spec->vlan != 0 ? port_vlan_set(nl, ifindex, spec->vlan, spec->default_vlan) : 0;
}

static int add_guard(Netlink *nl, const VethSpec *spec, int ifindex)
{
        return spec->filter ? guard_add(nl, ifindex, spec->filter, spec->n_filter) : 0;
}

/* Nobody else has them there: they can be used at once. */
static int add_addresses(Netlink *nl, const VethSpec *spec, int ifindex)
{
        int r = 0;

        for (size_t i = 0; r >= 0 && i < spec->n_addresses; i++)
                r = link_add_address(nl, ifindex, &spec->addresses[i], IFA_F_NODAD);
        return r;
}

static int bring_up(Netlink *nl, const VethSpec *spec, int ifindex)
{
        (void) spec;
        return link_change(nl, ifindex, NULL, IFF_UP) ? 0 : -ENOMEM;
}

static int add_routes(Netlink *nl, const VethSpec *spec, int ifindex)
{
        int r = 0;

        for (size_t i = 0; r >= 0 && i < spec->n_routes; i++)
                r = route_add(nl, ifindex, &spec->routes[i]);
        return r;
}

/* In this order: a port has its filter before it is up, and only a device that is up has routes. */
static const struct {
        int (*add)(Netlink *nl, const VethSpec *spec, int ifindex);
        const char *failure;
} parts[] = {
        { add_mark, "cannot have its alias" },
        { add_altname, "cannot have its alternative name" },
        { add_port, "cannot have the options of its port of the bridge" },
        { add_vlan, "cannot have its VLAN" },
        { add_guard,
          "cannot have a filter for what the guest sends, which needs CONFIG_NET_CLS_BPF and CONFIG_NET_SCH_INGRESS in the kernel, or antispoof=no" },
        { add_addresses, "cannot have its address" },
        { bring_up, "cannot be brought up" },
        { add_routes, "cannot have a route to the guest" },
};

int veth_configure(Netlink *nl, const VethSpec *spec, int ifindex, char why[VETH_WHY_MAX])
{
        size_t part_of[BATCH_MAX], n = 0;
        int r;

        r = link_silence(nl, spec->name);
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(parts); i++) {
                r = parts[i].add(nl, spec, ifindex);
                while (n < nl->n_requests)
                        part_of[n++] = i;
        }
        if (r < 0)
                return r;
        r = netlink_commit(nl);
        if (r < 0 && nl->failed < n)
                (void) snprintf(why, VETH_WHY_MAX, "%s: %s", parts[part_of[nl->failed]].failure,
                                nl->why[0] ? nl->why : strerror(-r));
        return r;
}

static bool differs(const VethSpec *spec, int ifindex, const Link *l, char why[VETH_WHY_MAX])
{
        const bool is_port = spec->master != 0;
        const struct {
                bool right;
                const char *text;
        } rows[] = {
                { l->ifindex == ifindex, "has lost its alternative name" },
                { l->is_veth, "is not a virtual Ethernet device" },
                { strcmp(l->name, spec->name) == 0, "was renamed" },
                { strcmp(l->alias, spec->alias) == 0, "has another alias" },
                { l->master == spec->master, "is not a port of its bridge" },
                { spec->mtu == 0 || l->mtu == spec->mtu, "has another MTU" },
                { memcmp(&l->mac, &spec->mac, sizeof(spec->mac)) == 0, "has another MAC address" },
                { !is_port || l->isolated == spec->isolated, "has another setting of isolated" },
                { !is_port || l->neigh_suppress == spec->neigh_suppress,
                  "has another setting of neigh_suppress" },
                { !is_port || l->learning == spec->learning, "has another setting of learning" },
                { l->up, "is down" },
        };

        FOREACH_ARRAY (row, rows, ELEMENTSOF(rows)) {
                if (row->right)
                        continue;
                (void) snprintf(why, VETH_WHY_MAX, "%s", row->text);
                return true;
        }
        return false;
}

static int verify_route(Netlink *nl, const InAddrPrefix *to, int ifindex, char why[VETH_WHY_MAX])
{
        char address[ADDRESS_STR_MAX];
        Route route;
        int r;

        r = route_look_up(nl, to, &route);
        if (r < 0 || route.ifindex == ifindex)
                return r;
        (void) snprintf(why, VETH_WHY_MAX, "is not where the host sends what is for %s",
                        host_address_to_string(to, address));
        return -EBADE;
}

int veth_verify(Netlink *nl, const VethSpec *spec, int ifindex, char why[VETH_WHY_MAX])
{
        Link l;
        int r;

        r = link_by_name(nl, spec->altname, &l);
        if (r < 0)
                return r;
        if (differs(spec, ifindex, &l, why))
                return -EBADE;
        if (spec->filter) {
                r = guard_verify(nl, ifindex, spec->filter, spec->n_filter);
                if (r == -EBADE)
                        (void) snprintf(why, VETH_WHY_MAX,
                                        "does not filter what the guest sends as it should");
        }
        if (r >= 0 && spec->vlan != 0) {
                r = port_vlan_verify(nl, ifindex, spec->vlan);
                if (r == -EBADE)
                        (void) snprintf(why, VETH_WHY_MAX, "has another VLAN than %u", spec->vlan);
        }
        for (size_t i = 0; r >= 0 && i < spec->n_routes; i++)
                r = verify_route(nl, &spec->routes[i], ifindex, why);
        return r;
}

/* SPDX-License-Identifier: Apache-2.0 */

#include <linux/if_bridge.h>

#include "port-vlan.h"

#define UNTAGGED (BRIDGE_VLAN_INFO_PVID | BRIDGE_VLAN_INFO_UNTAGGED)

static int put_vlan(Netlink *nl, int type, int ifindex, uint16_t vlan, uint16_t flags)
{
        const struct ifinfomsg info = { .ifi_family = AF_BRIDGE, .ifi_index = ifindex };
        const struct bridge_vlan_info v = { .flags = flags, .vid = vlan };

        struct nl_msg *m = netlink_request(nl, type, /* flags= */ 0, &info, sizeof(info));
        struct nlattr *spec = m ? nla_nest_start(m, IFLA_AF_SPEC) : NULL;
        if (!spec || nla_put(m, IFLA_BRIDGE_VLAN_INFO, sizeof(v), &v) < 0)
                return -ENOMEM;
        (void) nla_nest_end(m, spec);
        return 0;
}

int port_vlan_set(Netlink *nl, int ifindex, uint16_t vlan, uint16_t default_vlan)
{
        int r;

        r = put_vlan(nl, RTM_SETLINK, ifindex, vlan, UNTAGGED);
        if (r < 0 || default_vlan == 0 || default_vlan == vlan)
                return r;
        return put_vlan(nl, RTM_DELLINK, ifindex, default_vlan, /* flags= */ 0);
}

typedef struct Look {
        uint16_t vlan;
        bool found, other;
} Look;

static int read_entry(struct nlattr *entry, Look *l)
{
        struct nlattr *tb[BRIDGE_VLANDB_ENTRY_MAX + 1];
        struct bridge_vlan_info v;

        if (nla_parse_nested(tb, BRIDGE_VLANDB_ENTRY_MAX, entry, NULL) < 0 ||
            !tb[BRIDGE_VLANDB_ENTRY_INFO] || nla_len(tb[BRIDGE_VLANDB_ENTRY_INFO]) < (int) sizeof(v))
                return -EBADMSG;
        (void) nla_memcpy(&v, tb[BRIDGE_VLANDB_ENTRY_INFO], sizeof(v));
        if (v.vid == l->vlan && v.flags == UNTAGGED && !tb[BRIDGE_VLANDB_ENTRY_RANGE])
                l->found = true;
        else
                l->other = true;
        return 0;
}

static int read_vlans(const struct nlmsghdr *h, void *userdata)
{
        struct nlattr *a;
        int rest, r = 0;

        if (h->nlmsg_type != RTM_NEWVLAN)
                return -EBADMSG;
        nlmsg_for_each_attr (a, (struct nlmsghdr *) h, sizeof(struct br_vlan_msg), rest)
                if (r >= 0 && nla_type(a) == BRIDGE_VLANDB_ENTRY)
                        r = read_entry(a, userdata);
        return r;
}

/* Of this device only: the kernel looks at no other. */
int port_vlan_verify(Netlink *nl, int ifindex, uint16_t vlan)
{
        const struct br_vlan_msg msg = { .family = AF_BRIDGE, .ifindex = (uint32_t) ifindex };
        Look l = { .vlan = vlan };
        int r;

        if (!netlink_request(nl, RTM_GETVLAN, NLM_F_DUMP, &msg, sizeof(msg)))
                return -ENOMEM;
        r = netlink_query(nl, read_vlans, &l);
        return r < 0 ? r : l.found && !l.other ? 0 : -EBADE;
}

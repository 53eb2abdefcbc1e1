/* SPDX-License-Identifier: Apache-2.0 */

#include <linux/if_link.h>
#include <linux/net_namespace.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "link.h"

static void read_tun(const struct nlattr *nest, Link *l)
{
        struct nlattr *tb[IFLA_TUN_MAX + 1];

        if (nla_parse_nested(tb, IFLA_TUN_MAX, (struct nlattr *) nest, NULL) < 0)
                return;
        l->owner = tb[IFLA_TUN_OWNER] ? (int64_t) nla_get_u32(tb[IFLA_TUN_OWNER]) : -1;
        l->group = tb[IFLA_TUN_GROUP] ? (int64_t) nla_get_u32(tb[IFLA_TUN_GROUP]) : -1;

        const struct {
                int attribute;
                uint8_t *value;
        } bytes[] = {
                { IFLA_TUN_TYPE, &l->type },
                { IFLA_TUN_PI, &l->pi },
                { IFLA_TUN_VNET_HDR, &l->vnet_hdr },
                { IFLA_TUN_PERSIST, &l->persist },
                { IFLA_TUN_MULTI_QUEUE, &l->multi_queue },
        };
        FOREACH_ARRAY (b, bytes, ELEMENTSOF(bytes))
                if (tb[b->attribute])
                        *b->value = nla_get_u8(tb[b->attribute]);
}

static void read_port(const struct nlattr *nest, Link *l)
{
        struct nlattr *tb[IFLA_BRPORT_MAX + 1];

        if (nla_parse_nested(tb, IFLA_BRPORT_MAX, (struct nlattr *) nest, NULL) < 0)
                return;
        const struct {
                int attribute;
                bool *value;
        } flags[] = {
                { IFLA_BRPORT_ISOLATED, &l->isolated },
                { IFLA_BRPORT_NEIGH_SUPPRESS, &l->neigh_suppress },
                { IFLA_BRPORT_LEARNING, &l->learning },
        };
        FOREACH_ARRAY (f, flags, ELEMENTSOF(flags))
                *f->value = tb[f->attribute] && nla_get_u8(tb[f->attribute]) != 0;
}

static void read_bridge(const struct nlattr *nest, Link *l)
{
        struct nlattr *tb[IFLA_BR_MAX + 1];

        if (nla_parse_nested(tb, IFLA_BR_MAX, (struct nlattr *) nest, NULL) < 0)
                return;
        l->vlan_filtering = tb[IFLA_BR_VLAN_FILTERING] && nla_get_u8(tb[IFLA_BR_VLAN_FILTERING]) != 0;
        l->default_vlan = tb[IFLA_BR_VLAN_DEFAULT_PVID] ? nla_get_u16(tb[IFLA_BR_VLAN_DEFAULT_PVID]) : 0;
}

static void read_info(const struct nlattr *nest, Link *l)
{
        struct nlattr *tb[IFLA_INFO_MAX + 1];

        if (nla_parse_nested(tb, IFLA_INFO_MAX, (struct nlattr *) nest, NULL) < 0 || !tb[IFLA_INFO_KIND])
                return;
        l->is_bridge = strcmp(nla_get_string(tb[IFLA_INFO_KIND]), "bridge") == 0;
        l->is_veth = strcmp(nla_get_string(tb[IFLA_INFO_KIND]), "veth") == 0;
        l->is_tun = strcmp(nla_get_string(tb[IFLA_INFO_KIND]), "tun") == 0;
        if (l->is_bridge && tb[IFLA_INFO_DATA])
                read_bridge(tb[IFLA_INFO_DATA], l);
        if (l->is_tun && tb[IFLA_INFO_DATA])
                read_tun(tb[IFLA_INFO_DATA], l);
        if (tb[IFLA_INFO_SLAVE_KIND] && tb[IFLA_INFO_SLAVE_DATA] &&
            strcmp(nla_get_string(tb[IFLA_INFO_SLAVE_KIND]), "bridge") == 0)
                read_port(tb[IFLA_INFO_SLAVE_DATA], l);
}

static int read_link(const struct nlmsghdr *h, void *userdata)
{
        const struct ifinfomsg *info = nlmsg_data(h);
        struct nlattr *tb[IFLA_MAX + 1];
        Link *l = userdata;

        if (nlmsg_parse((struct nlmsghdr *) h, sizeof(*info), tb, IFLA_MAX, NULL) < 0 || !tb[IFLA_IFNAME])
                return -EBADMSG;

        *l = (Link){
                .ifindex = info->ifi_index,
                .up = info->ifi_flags & IFF_UP,
                .owner = -1,
                .group = -1,
                .peer_nsid = tb[IFLA_LINK_NETNSID] ? (int) nla_get_u32(tb[IFLA_LINK_NETNSID]) : -1,
                .mtu = tb[IFLA_MTU] ? nla_get_u32(tb[IFLA_MTU]) : 0,
                .master = tb[IFLA_MASTER] ? (int) nla_get_u32(tb[IFLA_MASTER]) : 0,
                .txqueuelen = tb[IFLA_TXQLEN] ? nla_get_u32(tb[IFLA_TXQLEN]) : 0,
                .carrier = tb[IFLA_CARRIER] && nla_get_u8(tb[IFLA_CARRIER]) != 0,
        };
        (void) nla_strlcpy(l->name, tb[IFLA_IFNAME], sizeof(l->name));
        if (tb[IFLA_ADDRESS])
                (void) nla_memcpy(&l->mac, tb[IFLA_ADDRESS], sizeof(l->mac));
        if (tb[IFLA_IFALIAS])
                (void) nla_strlcpy(l->alias, tb[IFLA_IFALIAS], sizeof(l->alias));
        if (tb[IFLA_LINKINFO])
                read_info(tb[IFLA_LINKINFO], l);
        return 0;
}

static int look_up(Netlink *nl, int ifindex, const char *name, Link *ret)
{
        const struct ifinfomsg info = { .ifi_index = ifindex };
        Link l = {};
        int r;

        struct nl_msg *m = netlink_request(nl, RTM_GETLINK, /* flags= */ 0, &info, sizeof(info));
        /* The kernel finds a short one in either way. */
        if (!m ||
            (name && nla_put_string(m, strlen(name) < IFNAMSIZ ? IFLA_IFNAME : IFLA_ALT_IFNAME, name) < 0))
                return -ENOMEM;
        r = netlink_query(nl, read_link, &l);
        if (r < 0)
                return r;
        if (l.ifindex <= 0)
                return -EBADMSG;

        *ret = l;
        return 0;
}

int link_by_name(Netlink *nl, const char *name, Link *ret)
{
        return look_up(nl, /* ifindex= */ 0, name, ret);
}

int link_by_index(Netlink *nl, int ifindex, Link *ret)
{
        return look_up(nl, ifindex, /* name= */ NULL, ret);
}

typedef struct LinkList {
        bool (*wanted)(const Link *l);
        Link *items;
        size_t n_items;
} LinkList;

static int add_to_list(const struct nlmsghdr *h, void *userdata)
{
        LinkList *list = userdata;
        Link l = {};
        int r;

        r = read_link(h, &l);
        if (r < 0 || !list->wanted(&l))
                return r;
        Link *items = reallocarray(list->items, list->n_items + 1, sizeof(*items));
        if (!items)
                return -ENOMEM;
        list->items = items;
        items[list->n_items++] = l;
        return 0;
}

int link_list(Netlink *nl, bool (*wanted)(const Link *l), Link **ret, size_t *ret_n)
{
        const struct ifinfomsg info = {};
        LinkList list = { .wanted = wanted };
        int r = -ENOMEM;

        if (netlink_request(nl, RTM_GETLINK, NLM_F_DUMP, &info, sizeof(info)))
                r = netlink_query(nl, add_to_list, &list);
        if (r < 0) {
                free(list.items);
                return r;
        }
        *ret = list.items;
        *ret_n = list.n_items;
        return 0;
}

static int read_nsid(const struct nlmsghdr *h, void *userdata)
{
        struct nlattr *tb[NETNSA_MAX + 1];

        if (nlmsg_parse((struct nlmsghdr *) h, sizeof(struct rtgenmsg), tb, NETNSA_MAX, NULL) < 0 ||
            !tb[NETNSA_NSID])
                return -EBADMSG;
        *(int *) userdata = (int) nla_get_u32(tb[NETNSA_NSID]);
        return 0;
}

int link_nsid_of(Netlink *nl, pid_t pid, int *ret)
{
        const struct rtgenmsg header = {};
        int r, nsid = -1;

        struct nl_msg *m = netlink_request(nl, RTM_GETNSID, /* flags= */ 0, &header, sizeof(header));
        if (!m || nla_put_u32(m, NETNSA_PID, (uint32_t) pid) < 0)
                return -ENOMEM;
        r = netlink_query(nl, read_nsid, &nsid);
        if (r >= 0)
                *ret = nsid;
        return r;
}

/* SIOCGIFINDEX works on any socket. */
int link_index(const Netlink *nl, const char *name)
{
        struct ifreq ifr = {};

        if (!ifname_valid(name))
                return -EINVAL;
        memcpy(ifr.ifr_name, name, strlen(name) + 1);
        if (ioctl(nl_socket_get_fd(nl->sock), SIOCGIFINDEX, &ifr) < 0)
                return -errno;
        return ifr.ifr_ifindex > 0 ? ifr.ifr_ifindex : -EBADMSG;
}

struct nl_msg *link_change(Netlink *nl, int ifindex, const char *name, unsigned flags)
{
        const struct ifinfomsg info = { .ifi_index = ifindex, .ifi_flags = flags, .ifi_change = flags };
        struct nl_msg *m = netlink_request(nl, RTM_NEWLINK, /* flags= */ 0, &info, sizeof(info));

        return m && (ifindex > 0 || nla_put_string(m, IFLA_IFNAME, name) >= 0) ? m : NULL;
}

int link_address_size(const InAddrPrefix *a)
{
        return a->family == AF_INET ? (int) sizeof(a->in) : (int) sizeof(a->in6);
}

int link_add_address(Netlink *nl, int ifindex, const InAddrPrefix *a, uint8_t flags)
{
        const struct ifaddrmsg info = {
                .ifa_family = (uint8_t) a->family,
                .ifa_prefixlen = a->prefix_len,
                .ifa_flags = flags,
                .ifa_index = (unsigned) ifindex,
        };

        struct nl_msg *m =
                netlink_request(nl, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, &info, sizeof(info));
        if (!m || nla_put(m, IFA_LOCAL, link_address_size(a), &a->in6) < 0 ||
            nla_put(m, IFA_ADDRESS, link_address_size(a), &a->in6) < 0)
                return -ENOMEM;
        return 0;
}

/* The kernel makes the address when it comes up. A kernel without IPv6 makes none. */
int link_silence(Netlink *nl, const char *name)
{
        int r;

        struct nl_msg *m = link_change(nl, /* ifindex= */ 0, name, /* flags= */ 0);
        struct nlattr *families = m ? nla_nest_start(m, IFLA_AF_SPEC) : NULL;
        struct nlattr *inet6 = families ? nla_nest_start(m, AF_INET6) : NULL;
        if (!inet6 || nla_put_u8(m, IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE) < 0)
                return -ENOMEM;
        (void) nla_nest_end(m, inet6);
        (void) nla_nest_end(m, families);
        r = netlink_commit(nl);
        return r == -EAFNOSUPPORT ? 0 : r;
}

int link_remove(Netlink *nl, int ifindex)
{
        const struct ifinfomsg info = { .ifi_index = ifindex };

        return netlink_request(nl, RTM_DELLINK, /* flags= */ 0, &info, sizeof(info)) ? netlink_commit(nl)
                                                                                     : -ENOMEM;
}

/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The order of tap_create():
 *
 *   open /dev/net/tun   after the namespace was entered: the kernel fixes it here
 *   TUNSETIFF           IFF_TUN_EXCL: never one that is there already
 *   TUNSETOWNER, TUNSETGROUP
 *   one netlink batch   mark, MTU, MAC, up; addresses
 *   TUNSETPERSIST       last: until here the device goes away with us, so a kill leaves nothing, and there is at
 *                       no time a persistent device without an owner, which anybody who can open the node could
 *                       use (CVE-2026-99281)
 *   close               or the VMM would find it busy
 *
 * The kernel refuses to make a TAP through rtnetlink. tap_verify() looks at it only through rtnetlink, so
 * that the interface that made it is not asked about itself.
 */

#include <fcntl.h>
#include <net/if.h> /* before the kernel's headers, which then leave out what it has */

#include <linux/if_link.h>
#include <linux/if_tun.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "fd-util.h"
#include "netlink.h"
#include "tap.h"

#define TAP_FLAGS (IFF_TAP | IFF_NO_PI | IFF_VNET_HDR) /* what Firecracker attaches with */

static int set_name(struct ifreq *ifr, const char *name)
{
        if (!ifname_valid(name))
                return -EINVAL;
        memcpy(ifr->ifr_name, name, strlen(name) + 1);
        return 0;
}

static int open_tap(const TapSpec *spec, int *ret_fd)
{
        struct ifreq ifr = { .ifr_flags = (short) (TAP_FLAGS | IFF_TUN_EXCL) };
        int r;

        r = set_name(&ifr, spec->name);
        if (r < 0)
                return r;
        _cleanup_close_ int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
        if (fd < 0)
                return -errno;

        if (ioctl(fd, TUNSETIFF, &ifr) < 0)
                return -errno;
        if (strncmp(ifr.ifr_name, spec->name, IFNAMSIZ) != 0)
                return -EBADE;
        if (ioctl(fd, TUNSETOWNER, (unsigned long) spec->owner) < 0)
                return -errno;
        if (ioctl(fd, TUNSETGROUP, (unsigned long) spec->group) < 0)
                return -errno;

        *ret_fd = TAKE_FD(fd);
        return 0;
}

/* By name, so that no index has to be asked for first. */
static int add_link(Netlink *nl, const TapSpec *spec)
{
        const struct ifinfomsg info = { .ifi_flags = IFF_UP, .ifi_change = IFF_UP };

        struct nl_msg *m = netlink_request(nl, RTM_NEWLINK, /* flags= */ 0, &info, sizeof(info));
        if (!m || nla_put_string(m, IFLA_IFNAME, spec->name) < 0 ||
            nla_put_string(m, IFLA_IFALIAS, spec->alias) < 0)
                return -ENOMEM;
        if (spec->mtu != 0 && nla_put_u32(m, IFLA_MTU, spec->mtu) < 0)
                return -ENOMEM;
        if (spec->mac && nla_put(m, IFLA_ADDRESS, ETH_ALEN, spec->mac) < 0)
                return -ENOMEM;
        return 0;
}

static int address_size(const InAddrPrefix *a)
{
        return a->family == AF_INET ? (int) sizeof(a->in) : (int) sizeof(a->in6);
}

static int add_address(Netlink *nl, int ifindex, const InAddrPrefix *a)
{
        const struct ifaddrmsg info = {
                .ifa_family = (uint8_t) a->family,
                .ifa_prefixlen = a->prefix_len,
                .ifa_index = (unsigned) ifindex,
        };

        struct nl_msg *m = netlink_request(nl, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, &info, sizeof(info));
        if (!m || nla_put(m, IFA_LOCAL, address_size(a), &a->in6) < 0 ||
            nla_put(m, IFA_ADDRESS, address_size(a), &a->in6) < 0)
                return -ENOMEM;
        return 0;
}

/* The index, which addresses need. SIOCGIFINDEX works on any socket. */
static int find_index(Netlink *nl, const char *name)
{
        struct ifreq ifr = {};
        int r;

        r = set_name(&ifr, name);
        if (r < 0)
                return r;
        if (ioctl(nl_socket_get_fd(nl->sock), SIOCGIFINDEX, &ifr) < 0)
                return -errno;
        return ifr.ifr_ifindex;
}

static int configure(Netlink *nl, const TapSpec *spec)
{
        int r, ifindex = 0;

        r = add_link(nl, spec);
        if (r >= 0 && spec->n_addresses > 0)
                r = ifindex = find_index(nl, spec->name);
        for (size_t i = 0; r >= 0 && i < spec->n_addresses; i++)
                r = add_address(nl, ifindex, &spec->addresses[i]);
        return r < 0 ? r : netlink_commit(nl);
}

int tap_create(const TapSpec *spec)
{
        _cleanup_netlink_ Netlink nl = {};
        _cleanup_close_ int fd = -EBADF;
        int r;

        r = open_tap(spec, &fd);
        if (r >= 0)
                r = netlink_open(&nl);
        if (r >= 0)
                r = configure(&nl, spec);
        if (r < 0)
                return r;

        return RET_NERRNO(ioctl(fd, TUNSETPERSIST, 1UL));
}

typedef struct TapLink {
        bool found;
        int ifindex;
        bool up;
        uint32_t mtu;
        struct ether_addr mac;
        char alias[TAP_ALIAS_MAX];
        bool is_tun;
        int64_t owner, group; /* -1: none */
        uint8_t type, pi, vnet_hdr, persist, multi_queue;
        bool carrier;
} TapLink;

static void read_tun(const struct nlattr *nest, TapLink *l)
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

static void read_info(const struct nlattr *nest, TapLink *l)
{
        struct nlattr *tb[IFLA_INFO_MAX + 1];

        if (nla_parse_nested(tb, IFLA_INFO_MAX, (struct nlattr *) nest, NULL) < 0 || !tb[IFLA_INFO_KIND])
                return;
        l->is_tun = strcmp(nla_get_string(tb[IFLA_INFO_KIND]), "tun") == 0;
        if (l->is_tun && tb[IFLA_INFO_DATA])
                read_tun(tb[IFLA_INFO_DATA], l);
}

static int read_link(const struct nlmsghdr *h, void *userdata)
{
        const struct ifinfomsg *info = nlmsg_data(h);
        struct nlattr *tb[IFLA_MAX + 1];
        TapLink *l = userdata;

        if (nlmsg_parse((struct nlmsghdr *) h, sizeof(*info), tb, IFLA_MAX, NULL) < 0)
                return -EBADMSG;

        *l = (TapLink){
                .found = true,
                .ifindex = info->ifi_index,
                .up = info->ifi_flags & IFF_UP,
                .owner = -1,
                .group = -1,
                .mtu = tb[IFLA_MTU] ? nla_get_u32(tb[IFLA_MTU]) : 0,
                .carrier = tb[IFLA_CARRIER] && nla_get_u8(tb[IFLA_CARRIER]) != 0,
        };
        if (tb[IFLA_ADDRESS])
                (void) nla_memcpy(&l->mac, tb[IFLA_ADDRESS], sizeof(l->mac));
        if (tb[IFLA_IFALIAS])
                (void) nla_strlcpy(l->alias, tb[IFLA_IFALIAS], sizeof(l->alias));
        if (tb[IFLA_LINKINFO])
                read_info(tb[IFLA_LINKINFO], l);
        return 0;
}

/* -ENODEV: there is none. */
static int query_link(Netlink *nl, const char *name, TapLink *ret)
{
        const struct ifinfomsg info = {};

        struct nl_msg *m = netlink_request(nl, RTM_GETLINK, /* flags= */ 0, &info, sizeof(info));
        if (!m || nla_put_string(m, IFLA_IFNAME, name) < 0)
                return -ENOMEM;
        return netlink_query(nl, read_link, ret);
}

/* The same with a socket that stays open for more. */
static int open_link(Netlink *nl, const char *name, TapLink *ret)
{
        int r = netlink_open(nl);

        return r < 0 ? r : query_link(nl, name, ret);
}

typedef struct AddressCount {
        const TapSpec *spec;
        int ifindex;
        size_t n_matching;
} AddressCount;

static int count_address(const struct nlmsghdr *h, void *userdata)
{
        const struct ifaddrmsg *info = nlmsg_data(h);
        struct nlattr *tb[IFA_MAX + 1];
        AddressCount *c = userdata;

        if (nlmsg_parse((struct nlmsghdr *) h, sizeof(*info), tb, IFA_MAX, NULL) < 0)
                return -EBADMSG;
        /* IPv6 has IFA_ADDRESS only, IPv4 both. */
        struct nlattr *local = tb[IFA_LOCAL] ? tb[IFA_LOCAL] : tb[IFA_ADDRESS];
        if (!local || (int) info->ifa_index != c->ifindex)
                return 0;

        FOREACH_ARRAY (a, c->spec->addresses, c->spec->n_addresses)
                if (a->family == info->ifa_family && a->prefix_len == info->ifa_prefixlen &&
                    nla_len(local) == address_size(a) &&
                    memcmp(nla_data(local), &a->in6, (size_t) nla_len(local)) == 0)
                        c->n_matching++;
        return 0;
}

static int verify_addresses(Netlink *nl, const TapSpec *spec, int ifindex)
{
        AddressCount c = { .spec = spec, .ifindex = ifindex };
        const struct ifaddrmsg info = { .ifa_index = (unsigned) ifindex };
        int r;

        if (spec->n_addresses == 0)
                return 0;
        if (!netlink_request(nl, RTM_GETADDR, NLM_F_DUMP, &info, sizeof(info)))
                return -ENOMEM;
        r = netlink_query(nl, count_address, &c);
        if (r < 0)
                return r;
        return c.n_matching == spec->n_addresses ? 0 : -EBADE;
}

/* The first property that differs, or NULL. */
static const char *difference(const TapSpec *spec, const TapLink *l)
{
        const struct {
                const char *what;
                bool right;
        } properties[] = {
                { "kind", l->is_tun && l->type == (IFF_TAP & 0xff) },
                { "owner", l->owner == (int64_t) spec->owner },
                { "group", l->group == (int64_t) spec->group },
                { "packet information", l->pi == 0 },
                { "virtio-net header", l->vnet_hdr == 1 },
                { "persistence", l->persist == 1 },
                { "number of queues", l->multi_queue == 0 },
                { "mark", strcmp(l->alias, spec->alias) == 0 },
                { "state (up)", l->up },
                { "MTU", spec->mtu == 0 || l->mtu == spec->mtu },
                { "MAC address", !spec->mac || memcmp(&l->mac, spec->mac, ETH_ALEN) == 0 },
                /* A TAP has a carrier only while somebody is attached. */
                { "user", !l->carrier },
        };

        FOREACH_ARRAY (p, properties, ELEMENTSOF(properties))
                if (!p->right)
                        return p->what;
        return NULL;
}

int tap_verify(const TapSpec *spec, const char **ret_what)
{
        _cleanup_netlink_ Netlink nl = {};
        TapLink l = {};
        int r;

        r = open_link(&nl, spec->name, &l);
        if (r < 0)
                return r;

        const char *what = difference(spec, &l);
        if (what) {
                *ret_what = what;
                return -EBADE;
        }

        r = verify_addresses(&nl, spec, l.ifindex);
        if (r == -EBADE)
                *ret_what = "addresses";
        return r;
}

int tap_read_alias(const char *name, char ret[TAP_ALIAS_MAX])
{
        _cleanup_netlink_ Netlink nl = {};
        TapLink l = {};
        int r;

        r = open_link(&nl, name, &l);
        if (r >= 0)
                memcpy(ret, l.alias, sizeof(l.alias));
        return r;
}

int tap_remove(const char *name, const char *alias)
{
        _cleanup_netlink_ Netlink nl = {};
        TapLink l = {};
        int r;

        r = open_link(&nl, name, &l);
        if (r == -ENODEV)
                return 0;
        if (r < 0)
                return r;
        if (!l.is_tun || strcmp(l.alias, alias) != 0)
                return 0;

        /* By index: the name may be another device's by now. */
        const struct ifinfomsg info = { .ifi_index = l.ifindex };
        if (!netlink_request(&nl, RTM_DELLINK, /* flags= */ 0, &info, sizeof(info)))
                return -ENOMEM;
        r = netlink_commit(&nl);
        return r < 0 ? r : 1;
}

/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The order in which a TAP is made (tap.h), and why:
 *
 *   open /dev/net/tun   the kernel fixes the network namespace here
 *   TUNSETIFF           IFF_TUN_EXCL: never one that is there already
 *   TUNSETOWNER, TUNSETGROUP
 *   one netlink batch   mark, MTU, MAC, up; addresses
 *   TUNSETPERSIST       last: until here the device goes away with us, so a kill leaves nothing, and there is at
 *                       no time a persistent device without an owner, which anybody who can open the node could
 *                       use (CVE-2026-99281)
 *
 * The kernel refuses to make a TAP through rtnetlink, and TUNSETIFF makes one with a random MAC, which udev by its default
 * policy replaces at leisure. One whose MAC was set before udev sees it keeps that (NET_ADDR_SET): hence tap_move().
 *
 * tap_verify() looks at it only through rtnetlink, so that the interface that made it is not asked about itself.
 */

#include <fcntl.h>
#include <inttypes.h>
#include <net/if.h> /* before the kernel's headers, which then leave out what it has */

#include <linux/if_link.h>
#include <linux/if_tun.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "fd-util.h"
#include "link.h"
#include "tap.h"

#define TAP_FLAGS (IFF_TAP | IFF_NO_PI | IFF_VNET_HDR) /* what Firecracker attaches with */

/* What IPv6 demands of a device (RFC 8200). */
#define IPV6_MTU_MIN 1280

static int set_name(struct ifreq *ifr, const char *name)
{
        if (!ifname_valid(name))
                return -EINVAL;
        memcpy(ifr->ifr_name, name, strlen(name) + 1);
        return 0;
}

int tap_open(const TapSpec *spec)
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

        return TAKE_FD(fd);
}

static struct nl_msg *change_link(Netlink *nl, const TapSpec *spec, unsigned flags)
{
        return link_change(nl, /* ifindex= */ 0, spec->name, flags);
}

static int add_properties(Netlink *nl, const TapSpec *spec, unsigned flags)
{
        struct nl_msg *m = change_link(nl, spec, flags);

        if (!m || nla_put_string(m, IFLA_IFALIAS, spec->alias) < 0)
                return -ENOMEM;
        if (spec->mtu != 0 && nla_put_u32(m, IFLA_MTU, spec->mtu) < 0)
                return -ENOMEM;
        if (spec->mac && nla_put(m, IFLA_ADDRESS, ETH_ALEN, spec->mac) < 0)
                return -ENOMEM;
        if (spec->txqueuelen != 0 && nla_put_u32(m, IFLA_TXQLEN, spec->txqueuelen) < 0)
                return -ENOMEM;
        return 0;
}

/* In the namespace that the TAP is for, which is that of the bridge. */
static int enslave(Netlink *nl, const TapSpec *spec)
{
        if (spec->master == 0)
                return 0;
        struct nl_msg *m = change_link(nl, spec, /* flags= */ 0);
        return m && nla_put_u32(m, IFLA_MASTER, (uint32_t) spec->master) >= 0 ? 0 : -ENOMEM;
}

/* What the kernel says of the request that it refused, in its own words if it has any. */
static const char *refusal(const Netlink *nl, int r)
{
        return nl->why[0] ? nl->why : strerror(-r);
}

static void explain_address(const Netlink *nl, const TapSpec *spec, const InAddrPrefix *a, int r,
                            char why[TAP_WHY_MAX])
{
        const bool is_v6 = a->family == AF_INET6;
        char text[ADDRESS_STR_MAX];

        (void) address_to_string(a, text);
        if (is_v6 && spec->mtu != 0 && spec->mtu < IPV6_MTU_MIN)
                (void) snprintf(why, TAP_WHY_MAX,
                                "cannot have the address %s with mtu=%u: IPv6 needs at least %i", text,
                                spec->mtu, IPV6_MTU_MIN);
        else if (is_v6 && r == -EACCES)
                (void) snprintf(
                        why, TAP_WHY_MAX,
                        "cannot have the address %s: the sysctl net.ipv6.conf.default.disable_ipv6 is 1 there",
                        text);
        else if (is_v6 && (r == -EOPNOTSUPP || r == -EAFNOSUPPORT))
                (void) snprintf(why, TAP_WHY_MAX, "cannot have the address %s: the kernel runs without IPv6",
                                text);
        else
                (void) snprintf(why, TAP_WHY_MAX, "cannot have the address %s: %s", text, refusal(nl, r));
}

/* The first request is that for the properties. */
static void explain(const Netlink *nl, const TapSpec *spec, int r, char why[TAP_WHY_MAX])
{
        const char *what = "cannot have its MTU, MAC address, queue length or alias";

        if (nl->failed == 0)
                (void) snprintf(why, TAP_WHY_MAX, "%s: %s", what, refusal(nl, r));
        else if (nl->failed <= spec->n_addresses)
                explain_address(nl, spec, &spec->addresses[nl->failed - 1], r, why);
        else if (nl->failed == spec->n_addresses + 1)
                (void) snprintf(why, TAP_WHY_MAX, "cannot become a port of its bridge: %s", refusal(nl, r));
}

int tap_move(Netlink *nl, const TapSpec *spec, int netns_fd, char why[TAP_WHY_MAX])
{
        int r = add_properties(nl, spec, /* flags= */ 0);

        if (r < 0)
                return r;
        struct nl_msg *m = change_link(nl, spec, /* flags= */ 0);
        if (!m || nla_put_u32(m, IFLA_NET_NS_FD, (uint32_t) netns_fd) < 0)
                return -ENOMEM;
        r = netlink_commit(nl);
        if (r < 0 && nl->failed == 0)
                explain(nl, spec, r, why);
        return r;
}

int tap_configure(Netlink *nl, const TapSpec *spec, char why[TAP_WHY_MAX])
{
        int r = 0, ifindex = 0;

        if (spec->n_addresses > 0)
                r = ifindex = link_index(nl, spec->name);
        if (r >= 0 && spec->silent)
                r = link_silence(nl, spec->name);
        if (r >= 0)
                r = add_properties(nl, spec, IFF_UP);
        for (size_t i = 0; r >= 0 && i < spec->n_addresses; i++)
                r = link_add_address(nl, ifindex, &spec->addresses[i], /* flags= */ 0);
        if (r >= 0)
                r = enslave(nl, spec);
        if (r < 0)
                return r;

        r = netlink_commit(nl);
        if (r < 0)
                explain(nl, spec, r, why);
        return r;
}

int tap_keep(int fd)
{
        return RET_NERRNO(ioctl(fd, TUNSETPERSIST, 1UL));
}

/* What differs in a number. */
static bool differs_in_number(const TapSpec *spec, const Link *l, char why[TAP_WHY_MAX])
{
        const struct {
                const char *what;
                int64_t want, got; /* -1: none */
        } numbers[] = {
                { "owner", spec->owner, l->owner },
                { "group", spec->group, l->group },
                { "queue length", spec->txqueuelen != 0 ? spec->txqueuelen : l->txqueuelen, l->txqueuelen },
                { "MTU", spec->mtu != 0 ? spec->mtu : l->mtu, l->mtu },
        };

        FOREACH_ARRAY (n, numbers, ELEMENTSOF(numbers)) {
                if (n->got == n->want)
                        continue;
                (void) snprintf(why, TAP_WHY_MAX, "has %s %" PRIi64 " instead of %" PRIi64, n->what, n->got,
                                n->want);
                return true;
        }
        return false;
}

static bool differs_in_kind(const Link *l, char why[TAP_WHY_MAX])
{
        const struct {
                bool right;
                const char *text;
        } rows[] = {
                { l->is_tun && l->type == (IFF_TAP & 0xff), "is not a TAP device" },
                { l->pi == 0, "puts packet information before each frame" },
                { l->vnet_hdr == 1, "has no virtio-net header" },
                { l->persist == 1, "is not persistent" },
                { l->multi_queue == 0, "has more than one queue" },
        };

        FOREACH_ARRAY (row, rows, ELEMENTSOF(rows)) {
                if (row->right)
                        continue;
                (void) snprintf(why, TAP_WHY_MAX, "%s", row->text);
                return true;
        }
        return false;
}

/* What others can change from outside as soon as they see the device. */
static bool was_changed(const TapSpec *spec, const Link *l, char why[TAP_WHY_MAX])
{
        char got[MAC_STR_MAX], want[MAC_STR_MAX];

        if (strcmp(l->name, spec->name) != 0)
                (void) snprintf(why, TAP_WHY_MAX, "is now an alternative name of '%s'", l->name);
        else if (strcmp(l->alias, spec->alias) != 0)
                (void) snprintf(why, TAP_WHY_MAX, "has the alias '%.64s' instead of '%.128s'", l->alias,
                                spec->alias);
        else if (spec->mac && memcmp(&l->mac, spec->mac, ETH_ALEN) != 0)
                (void) snprintf(why, TAP_WHY_MAX, "has the MAC address %s instead of %s",
                                mac_to_string(&l->mac, got), mac_to_string(spec->mac, want));
        else if (spec->master != 0 && l->master != spec->master)
                (void) snprintf(why, TAP_WHY_MAX, "is not a port of its bridge");
        else if (!l->up)
                (void) snprintf(why, TAP_WHY_MAX, "is down");
        else if (l->carrier)
                (void) snprintf(why, TAP_WHY_MAX, "is already attached to another process");
        else
                return false;
        return true;
}

typedef struct AddressSearch {
        const TapSpec *spec;
        int ifindex;
        bool found[BATCH_MAX];
} AddressSearch;

static int find_address(const struct nlmsghdr *h, void *userdata)
{
        const struct ifaddrmsg *info = nlmsg_data(h);
        struct nlattr *tb[IFA_MAX + 1];
        AddressSearch *s = userdata;

        if (nlmsg_parse((struct nlmsghdr *) h, sizeof(*info), tb, IFA_MAX, NULL) < 0)
                return -EBADMSG;
        /* IPv6 has IFA_ADDRESS only, IPv4 both. */
        struct nlattr *local = tb[IFA_LOCAL] ? tb[IFA_LOCAL] : tb[IFA_ADDRESS];
        if (!local || (int) info->ifa_index != s->ifindex)
                return 0;

        for (size_t i = 0; i < s->spec->n_addresses; i++) {
                const InAddrPrefix *a = &s->spec->addresses[i];

                if (a->family == info->ifa_family && a->prefix_len == info->ifa_prefixlen &&
                    nla_len(local) == link_address_size(a) &&
                    memcmp(nla_data(local), &a->in6, (size_t) nla_len(local)) == 0)
                        s->found[i] = true;
        }
        return 0;
}

static int verify_addresses(Netlink *nl, const TapSpec *spec, int ifindex, char why[TAP_WHY_MAX])
{
        AddressSearch s = { .spec = spec, .ifindex = ifindex };
        const struct ifaddrmsg info = { .ifa_index = (unsigned) ifindex };
        char text[ADDRESS_STR_MAX];
        int r;

        if (spec->n_addresses == 0)
                return 0;
        if (!netlink_request(nl, RTM_GETADDR, NLM_F_DUMP, &info, sizeof(info)))
                return -ENOMEM;
        r = netlink_query(nl, find_address, &s);
        if (r < 0)
                return r;

        for (size_t i = 0; i < spec->n_addresses; i++) {
                if (s.found[i])
                        continue;
                (void) snprintf(why, TAP_WHY_MAX, "does not have the address %s",
                                address_to_string(&spec->addresses[i], text));
                return -EBADE;
        }
        return 0;
}

int tap_verify(Netlink *nl, const TapSpec *spec, char why[TAP_WHY_MAX])
{
        Link l;
        int r;

        r = link_by_name(nl, spec->name, &l);
        if (r < 0)
                return r;
        if (differs_in_kind(&l, why) || differs_in_number(spec, &l, why) || was_changed(spec, &l, why))
                return -EBADE;
        return verify_addresses(nl, spec, l.ifindex, why);
}

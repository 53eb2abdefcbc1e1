/* SPDX-License-Identifier: Apache-2.0 */

#include <linux/if_addr.h>
#include <linux/if_tun.h>
#include <sys/ioctl.h>

#include "child.h"
#include "link.h"
#include "namespaces.h"
#include "tap.h"

static TapSpec spec(void)
{
        return (TapSpec){ .name = "tap0", .owner = 4711, .group = 4712, .alias = "fcjail web1 abc" };
}

static char why[TAP_WHY_MAX];

static Netlink *rtnetlink(void)
{
        static Netlink nl;

        if (!nl.sock)
                CHECK_IS(netlink_open(&nl), 0);
        return &nl;
}

/* In one namespace, as where nobody else is. */
static int create(const TapSpec *s)
{
        _cleanup_close_ int fd = tap_open(s);
        int r = fd < 0 ? fd : tap_configure(rtnetlink(), s, why);

        return r < 0 ? r : tap_keep(fd);
}

/* NULL: no difference. */
static const char *verify(const TapSpec *s)
{
        int r;

        why[0] = '\0';
        r = tap_verify(rtnetlink(), s, why);
        return r == 0 ? NULL : why[0] ? why : strerror(-r);
}

static Link link_of(const char *name)
{
        Link l;

        CHECK_IS(link_by_name(rtnetlink(), name, &l), 0);
        return l;
}

/* Words of a test's own. */
static void ip(const char *command)
{
        CHECK_IS(system(command), 0);
}

#define CHECK_DIFFERS(s, what)                                                                              \
        do {                                                                                                \
                const char *_got = verify(s);                                                               \
                CHECK(_got &&strcmp(_got, what) == 0);                                                      \
        } while (0)

/* How a process of that uid and gid attaches, as Firecracker does. */
static int attach_as(uid_t uid, gid_t gid)
{
        int status;

        pid_t pid = fork();
        if (pid == 0) {
                struct ifreq ifr = { .ifr_name = "tap0", .ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR };
                int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
                CHECK(fd >= 0);
                CHECK(setgid(gid) >= 0 && setuid(uid) >= 0);
                _exit(ioctl(fd, TUNSETIFF, &ifr) >= 0 ? 0 : errno);
        }
        CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
        return WEXITSTATUS(status);
}

CHILD_TEST(tap, is_made_as_it_should_be)
{
        TapSpec s = spec();

        CHECK_IS(create(&s), 0);
        CHECK(verify(&s) == NULL);
}

CHILD_TEST(tap, has_mtu_mac_and_addresses)
{
        InAddrPrefix addresses[2];
        struct ether_addr mac = { { 2, 0, 0, 0, 0, 7 } };
        TapSpec s = spec();

        CHECK_IS(parse_address("172.16.0.1/24", &addresses[0]), 0);
        CHECK_IS(parse_address("fd00::1/64", &addresses[1]), 0);
        s.mtu = 1400;
        s.mac = &mac;
        s.addresses = addresses;
        s.n_addresses = ELEMENTSOF(addresses);
        CHECK_IS(create(&s), 0);
        CHECK(verify(&s) == NULL);

        /* And what is not so is found. */
        s.mtu = 1401;
        CHECK_DIFFERS(&s, "has MTU 1400 instead of 1401");
        s.mtu = 1400;
        mac.ether_addr_octet[5] = 8;
        CHECK_DIFFERS(&s, "has the MAC address 02:00:00:00:00:07 instead of 02:00:00:00:00:08");
        mac.ether_addr_octet[5] = 7;
        addresses[0].prefix_len = 25;
        CHECK_DIFFERS(&s, "does not have the address 172.16.0.1/25");
}

CHILD_TEST(tap, each_difference_is_found)
{
        TapSpec s = spec(), wrong;

        CHECK_IS(create(&s), 0);
        wrong = s;
        wrong.owner++;
        CHECK_DIFFERS(&wrong, "has owner 4711 instead of 4712");
        wrong = s;
        wrong.group++;
        CHECK_DIFFERS(&wrong, "has group 4712 instead of 4713");
        wrong = s;
        wrong.alias = "fcjail web1 abd";
        CHECK_DIFFERS(&wrong, "has the alias 'fcjail web1 abc' instead of 'fcjail web1 abd'");
        wrong = s;
        wrong.name = "tap1";
        CHECK_DIFFERS(&wrong, strerror(ENODEV));
        wrong.name = "lo";
        CHECK_DIFFERS(&wrong, "is not a TAP device");
}

/* One that somebody else has made; its owner is right. */
static void make(const char *name, int flags, bool persist)
{
        struct ifreq ifr = { .ifr_flags = (short) flags };

        (void) snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
        int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
        CHECK(fd >= 0 && ioctl(fd, TUNSETIFF, &ifr) >= 0);
        CHECK(ioctl(fd, TUNSETOWNER, 4711UL) >= 0 && ioctl(fd, TUNSETGROUP, 4712UL) >= 0);
        CHECK(ioctl(fd, TUNSETPERSIST, (unsigned long) persist) >= 0);
        if (persist)
                (void) close(fd);
}

CHILD_TEST(tap, other_flags_are_found)
{
        static const struct {
                const char *name;
                int flags;
                bool persist;
                const char *what;
        } others[] = {
                { "tun0", IFF_TUN | IFF_NO_PI | IFF_VNET_HDR, true, "is not a TAP device" },
                { "tap1", IFF_TAP | IFF_VNET_HDR, true, "puts packet information before each frame" },
                { "tap2", IFF_TAP | IFF_NO_PI, true, "has no virtio-net header" },
                { "tap3", IFF_TAP | IFF_NO_PI | IFF_VNET_HDR, false, "is not persistent" },
                { "tap4", IFF_TAP | IFF_NO_PI | IFF_VNET_HDR | IFF_MULTI_QUEUE, true,
                  "has more than one queue" },
                { "tap5", IFF_TAP | IFF_NO_PI | IFF_VNET_HDR, true,
                  "has the alias '' instead of 'fcjail web1 abc'" },
        };
        TapSpec s = spec();

        FOREACH_ARRAY (o, others, ELEMENTSOF(others)) {
                s.name = o->name;
                make(o->name, o->flags, o->persist);
                CHECK_DIFFERS(&s, o->what);
        }
}

CHILD_TEST(tap, a_user_is_found)
{
        struct ifreq ifr = { .ifr_name = "tap0", .ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR };
        TapSpec s = spec();

        CHECK_IS(create(&s), 0);
        int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
        CHECK(fd >= 0 && ioctl(fd, TUNSETIFF, &ifr) >= 0);
        CHECK_DIFFERS(&s, "is already attached to another process");
}

CHILD_TEST(tap, belongs_to_its_owner_and_its_group)
{
        TapSpec s = spec();

        CHECK_IS(create(&s), 0);
        CHECK_IS(attach_as(4711, 4712), 0);
        CHECK_IS(attach_as(4711, 4711), EPERM);
        CHECK_IS(attach_as(4712, 4712), EPERM);
}

CHILD_TEST(tap, never_takes_one_that_is_there)
{
        TapSpec s = spec(), other = spec();

        CHECK_IS(create(&s), 0);
        other.owner = 5000;
        CHECK_IS(create(&other), -EBUSY);
        CHECK(verify(&s) == NULL);
}

CHILD_TEST(tap, takes_no_name_that_the_kernel_would_change)
{
        TapSpec s = spec();

        s.name = "tap%d";
        CHECK_IS(create(&s), -EINVAL);
        s.name = "a-name-too-long-for-it";
        CHECK_IS(create(&s), -EINVAL);
}

CHILD_TEST(tap, nothing_is_left_of_a_failure)
{
        InAddrPrefix address;
        TapSpec s = spec();

        CHECK_IS(parse_address("172.16.0.1/24", &address), 0);
        address.prefix_len = 77; /* the kernel will not have it */
        s.addresses = &address;
        s.n_addresses = 1;
        CHECK(create(&s) < 0);
        CHECK_DIFFERS(&s, strerror(ENODEV));
}

CHILD_TEST(tap, is_down_or_has_another_name)
{
        TapSpec s = spec();

        CHECK_IS(create(&s), 0);
        ip("ip link set tap0 down");
        CHECK_DIFFERS(&s, "is down");
        ip("ip link set tap0 name other && ip link set other up && ip link property add dev other altname tap0");
        CHECK_DIFFERS(&s, "is now an alternative name of 'other'");
}

/* From a namespace aside, with all that udev and others look at. */
CHILD_TEST(tap, moves_when_it_is_complete)
{
        const struct ether_addr mac = { { 2, 0, 0, 0, 0, 7 } };
        _cleanup_netlink_ Netlink aside = {};
        InAddrPrefix address;
        TapSpec s = spec();

        CHECK_IS(parse_address("172.16.0.1/24", &address), 0);
        s.mtu = 1400;
        s.mac = &mac;
        s.addresses = &address;
        s.n_addresses = 1;
        (void) rtnetlink();
        int home = netns_open_current();
        CHECK(home >= 0 && unshare(CLONE_NEWNET) >= 0);
        CHECK_IS(netns_is_current(home), 0);
        CHECK_IS(netlink_open(&aside), 0);
        int fd = tap_open(&s);
        CHECK(fd >= 0);
        CHECK_IS(tap_move(&aside, &s, home, why), 0);
        CHECK_IS(netns_enter(home), 0);
        CHECK_IS(netns_is_current(home), 1);

        Link l = link_of("tap0");
        CHECK(l.mtu == 1400 && memcmp(&l.mac, &mac, ETH_ALEN) == 0 && strcmp(l.alias, s.alias) == 0);
        CHECK(l.owner == 4711 && l.group == 4712);
        CHECK_IS(tap_configure(rtnetlink(), &s, why), 0);
        CHECK_IS(tap_keep(fd), 0);
        (void) close(fd);
        CHECK(verify(&s) == NULL);
        CHECK_IS(attach_as(4711, 4712), 0);

        /* To a name that is taken it does not. */
        CHECK(unshare(CLONE_NEWNET) >= 0);
        netlink_done(&aside);
        CHECK_IS(netlink_open(&aside), 0);
        fd = tap_open(&s);
        CHECK(fd >= 0);
        CHECK_IS(tap_move(&aside, &s, home, why), -EEXIST);
        CHECK(verify(&s) == NULL);
}

/* As after a change by another program. */
CHILD_TEST(tap, is_configured_once_more)
{
        const struct ether_addr mac = { { 2, 0, 0, 0, 0, 7 } };
        InAddrPrefix addresses[2];
        TapSpec s = spec();

        CHECK_IS(parse_address("172.16.0.1/24", &addresses[0]), 0);
        CHECK_IS(parse_address("fd00::1/64", &addresses[1]), 0);
        s.mac = &mac;
        s.addresses = addresses;
        s.n_addresses = ELEMENTSOF(addresses);
        CHECK_IS(create(&s), 0);
        ip("ip address flush dev tap0 && ip link set tap0 down && ip link set tap0 address 02:00:00:00:00:09 alias x");
        CHECK(verify(&s));
        CHECK_IS(tap_configure(rtnetlink(), &s, why), 0);
        CHECK(verify(&s) == NULL);
        CHECK_IS(tap_configure(rtnetlink(), &s, why), 0);
        CHECK(verify(&s) == NULL);
}

CHILD_TEST(tap, a_refused_address_is_named)
{
        InAddrPrefix addresses[2];
        TapSpec s = spec();

        CHECK_IS(parse_address("172.16.0.1/24", &addresses[0]), 0);
        CHECK_IS(parse_address("fd00::1/64", &addresses[1]), 0);
        s.addresses = addresses;
        s.n_addresses = ELEMENTSOF(addresses);

        s.mtu = 1000;
        CHECK(create(&s) < 0);
        CHECK(strcmp(why, "cannot have the address fd00::1/64 with mtu=1000: IPv6 needs at least 1280") ==
              0);
        s.mtu = 0;
        addresses[0].prefix_len = 77;
        CHECK(create(&s) < 0);
        CHECK(strstr(why, "cannot have the address 172.16.0.1/77: "));
        addresses[0].prefix_len = 24;

        CHECK(mount("proc", "/proc", "proc", 0, NULL) >= 0);
        int fd = open("/proc/sys/net/ipv6/conf/default/disable_ipv6", O_WRONLY | O_CLOEXEC);
        CHECK(fd >= 0 && write(fd, "1", 1) == 1);
        CHECK_IS(create(&s), -EACCES);
        CHECK(strstr(why, "fd00::1/64: the sysctl net.ipv6.conf.default.disable_ipv6 is 1 there"));
}

CHILD_TEST(link, is_found_by_name_index_and_alternative_name)
{
        TapSpec s = spec();
        Link l;

        CHECK_IS(create(&s), 0);
        CHECK_IS(link_by_index(rtnetlink(), link_index(rtnetlink(), "tap0"), &l), 0);
        CHECK(strcmp(l.name, "tap0") == 0 && l.is_tun && l.owner == 4711);
        ip("ip link property add dev tap0 altname another");
        CHECK(strcmp(link_of("another").name, "tap0") == 0);
        CHECK_IS(link_remove(rtnetlink(), l.ifindex), 0);
        CHECK_IS(link_remove(rtnetlink(), l.ifindex), -ENODEV);
        CHECK_IS(link_by_index(rtnetlink(), l.ifindex, &l), -ENODEV);
        CHECK_IS(link_by_name(rtnetlink(), "tap0", &l), -ENODEV);
        CHECK_IS(link_index(rtnetlink(), "tap0"), -ENODEV);
}

CHILD_TEST(netlink, an_error_of_any_request_is_told_and_all_are_done)
{
        const struct ifinfomsg up = { .ifi_index = 1, .ifi_flags = IFF_UP, .ifi_change = IFF_UP };
        const struct ifinfomsg none = { .ifi_index = 4242 };
        _cleanup_netlink_ Netlink nl = {};
        struct ifreq ifr = { .ifr_name = "lo" };

        CHECK_IS(netlink_open(&nl), 0);
        CHECK(netlink_request(&nl, RTM_NEWLINK, 0, &none, sizeof(none)));
        CHECK(netlink_request(&nl, RTM_NEWLINK, 0, &up, sizeof(up)));
        CHECK_IS(netlink_commit(&nl), -ENODEV);
        CHECK_IS(nl.failed, 0);
        CHECK(ioctl(nl_socket_get_fd(nl.sock), SIOCGIFFLAGS, &ifr) >= 0);
        CHECK(ifr.ifr_flags & IFF_UP);
        CHECK_IS(netlink_commit(&nl), 0);
}

CHILD_TEST(netlink, an_error_comes_with_its_place_and_the_words_of_the_kernel)
{
        const struct ifinfomsg lo = { .ifi_index = 1 };
        _cleanup_netlink_ Netlink nl = {};

        CHECK_IS(netlink_open(&nl), 0);
        CHECK(netlink_request(&nl, RTM_NEWLINK, 0, &lo, sizeof(lo)));
        struct nl_msg *m = netlink_request(&nl, RTM_NEWLINK, 0, &lo, sizeof(lo));
        CHECK(m && nla_put_u8(m, IFLA_MTU, 1) >= 0); /* of the wrong size */
        CHECK(netlink_commit(&nl) < 0);
        CHECK_IS(nl.failed, 1);
        CHECK(nl.why[0]);
        CHECK(netlink_request(&nl, RTM_NEWLINK, 0, &lo, sizeof(lo)));
        CHECK_IS(netlink_commit(&nl), 0);
        CHECK(nl.failed == BATCH_MAX && !nl.why[0]);
}

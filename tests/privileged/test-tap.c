/* SPDX-License-Identifier: Apache-2.0 */

#include <linux/if_tun.h>
#include <net/if.h>
#include <sys/ioctl.h>

#include "child.h"
#include "netlink.h"
#include "tap.h"

static TapSpec spec(void)
{
        return (TapSpec){ .name = "tap0", .owner = 4711, .group = 4712, .alias = "fcjail web1 abc" };
}

static const char *verify(const TapSpec *s)
{
        const char *what = NULL;
        int r = tap_verify(s, &what);

        return r == 0 ? NULL : what ? what : strerror(-r);
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

        CHECK_IS(tap_create(&s), 0);
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
        CHECK_IS(tap_create(&s), 0);
        CHECK(verify(&s) == NULL);

        /* And what is not so is found. */
        s.mtu = 1401;
        CHECK_DIFFERS(&s, "MTU");
        s.mtu = 1400;
        mac.ether_addr_octet[5] = 8;
        CHECK_DIFFERS(&s, "MAC address");
        mac.ether_addr_octet[5] = 7;
        addresses[0].prefix_len = 25;
        CHECK_DIFFERS(&s, "addresses");
}

CHILD_TEST(tap, each_difference_is_found)
{
        TapSpec s = spec(), wrong;

        CHECK_IS(tap_create(&s), 0);
        wrong = s;
        wrong.owner++;
        CHECK_DIFFERS(&wrong, "owner");
        wrong = s;
        wrong.group++;
        CHECK_DIFFERS(&wrong, "group");
        wrong = s;
        wrong.alias = "fcjail web1 abd";
        CHECK_DIFFERS(&wrong, "mark");
        wrong = s;
        wrong.name = "tap1";
        CHECK_DIFFERS(&wrong, strerror(ENODEV));
        wrong.name = "lo";
        CHECK_DIFFERS(&wrong, "kind");
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
                { "tun0", IFF_TUN | IFF_NO_PI | IFF_VNET_HDR, true, "kind" },
                { "tap1", IFF_TAP | IFF_VNET_HDR, true, "packet information" },
                { "tap2", IFF_TAP | IFF_NO_PI, true, "virtio-net header" },
                { "tap3", IFF_TAP | IFF_NO_PI | IFF_VNET_HDR, false, "persistence" },
                { "tap4", IFF_TAP | IFF_NO_PI | IFF_VNET_HDR | IFF_MULTI_QUEUE, true, "number of queues" },
                { "tap5", IFF_TAP | IFF_NO_PI | IFF_VNET_HDR, true, "mark" },
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

        CHECK_IS(tap_create(&s), 0);
        int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
        CHECK(fd >= 0 && ioctl(fd, TUNSETIFF, &ifr) >= 0);
        CHECK_DIFFERS(&s, "user");
}

CHILD_TEST(tap, belongs_to_its_owner_and_its_group)
{
        TapSpec s = spec();

        CHECK_IS(tap_create(&s), 0);
        CHECK_IS(attach_as(4711, 4712), 0);
        CHECK_IS(attach_as(4711, 4711), EPERM);
        CHECK_IS(attach_as(4712, 4712), EPERM);
}

CHILD_TEST(tap, never_takes_one_that_is_there)
{
        TapSpec s = spec(), other = spec();

        CHECK_IS(tap_create(&s), 0);
        other.owner = 5000;
        CHECK_IS(tap_create(&other), -EBUSY);
        CHECK(verify(&s) == NULL);
}

CHILD_TEST(tap, takes_no_name_that_the_kernel_would_change)
{
        TapSpec s = spec();

        s.name = "tap%d";
        CHECK_IS(tap_create(&s), -EINVAL);
        s.name = "a-name-too-long-for-it";
        CHECK_IS(tap_create(&s), -EINVAL);
}

CHILD_TEST(tap, nothing_is_left_of_a_failure)
{
        InAddrPrefix address;
        TapSpec s = spec();

        CHECK_IS(parse_address("172.16.0.1/24", &address), 0);
        address.prefix_len = 77; /* the kernel will not have it */
        s.addresses = &address;
        s.n_addresses = 1;
        CHECK(tap_create(&s) < 0);
        CHECK_DIFFERS(&s, strerror(ENODEV));
}

CHILD_TEST(tap, is_removed_by_its_mark_only)
{
        TapSpec s = spec();

        CHECK_IS(tap_create(&s), 0);
        CHECK_IS(tap_remove("tap0", "fcjail web1 other"), 0);
        CHECK(verify(&s) == NULL);
        CHECK_IS(tap_remove("tap0", s.alias), 1);
        CHECK_IS(tap_remove("tap0", s.alias), 0);
        CHECK_IS(tap_remove("lo", s.alias), 0);
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
        CHECK(ioctl(nl_socket_get_fd(nl.sock), SIOCGIFFLAGS, &ifr) >= 0);
        CHECK(ifr.ifr_flags & IFF_UP);
        CHECK_IS(netlink_commit(&nl), 0);
}

/* SPDX-License-Identifier: Apache-2.0 */

#include <criterion/criterion.h>
#include <stdio.h>

#include "guest-net.h"

static GuestNet net_of(const char *address, const char *gateway)
{
        GuestNet net = { .n_addresses = 1 };

        cr_assert(parse_address(address, &net.addresses[0]) >= 0);
        (void) snprintf(net.gateway, sizeof(net.gateway), "%s", gateway);
        return net;
}

static bool fits(const char *address, const char *gateway)
{
        const GuestNet net = net_of(address, gateway);

        return guest_net_fits_linux(&net);
}

Test(guest_net, linux_takes_a_gateway_of_the_same_network_only)
{
        cr_expect(fits("192.0.2.2/24", "192.0.2.1"));
        cr_expect(fits("192.0.2.2/24", ""));
        cr_expect(fits("192.0.2.2/30", "192.0.2.1"));
        cr_expect_not(fits("192.0.2.2/30", "192.0.2.5"));
        cr_expect_not(fits("192.0.2.2/24", "169.254.1.1"));
        cr_expect_not(fits("192.0.2.2/32", "169.254.1.1"));
        cr_expect_not(fits("192.0.2.2/32", ""));
        cr_expect_not(fits("2001:db8::2/64", ""));
}

Test(guest_net, the_argument_of_linux)
{
        GuestNet net = net_of("192.0.2.2/24", "192.0.2.1");
        char text[BOOT_ARGUMENT_MAX];

        cr_assert(guest_net_boot_argument(&net, 1, text));
        cr_expect_str_eq(text, "ip=192.0.2.2::192.0.2.1:255.255.255.0::eth1:off");
        net = net_of("2001:db8::2/64", "");
        cr_expect_not(guest_net_boot_argument(&net, 0, text));
}

/* SPDX-License-Identifier: Apache-2.0 */

#include <arpa/inet.h>
#include <stdio.h>

#include "guest-net.h"

const InAddrPrefix *guest_net_in4(const GuestNet *net)
{
        FOREACH_ARRAY (a, net->addresses, net->n_addresses)
                if (a->family == AF_INET)
                        return a;
        return NULL;
}

bool guest_net_is_in(const InAddrPrefix *network, const char *address)
{
        const uint32_t mask = (uint32_t) (0xffffffffULL << (32 - network->prefix_len));
        InAddrPrefix a;

        return parse_host_address(address, &a) >= 0 &&
               ((ntohl(a.in.s_addr) ^ ntohl(network->in.s_addr)) & mask) == 0;
}

bool guest_net_fits_linux(const GuestNet *net)
{
        const InAddrPrefix *a = guest_net_in4(net);

        return a && a->prefix_len < 32 && (!net->gateway[0] || guest_net_is_in(a, net->gateway));
}

bool guest_net_boot_argument(const GuestNet *net, unsigned interface, char ret[BOOT_ARGUMENT_MAX])
{
        const InAddrPrefix *a = guest_net_in4(net);
        char address[ADDRESS_STR_MAX], text[INET_ADDRSTRLEN];

        if (!a)
                return false;
        const struct in_addr mask = { htonl((uint32_t) (0xffffffffULL << (32 - a->prefix_len))) };
        int n = snprintf(ret, BOOT_ARGUMENT_MAX, "ip=%s::%s:%s::eth%u:off",
                         host_address_to_string(a, address), net->gateway,
                         inet_ntop(AF_INET, &mask, text, sizeof(text)), interface);
        for (size_t i = 0; i < net->n_dns; i++)
                n += snprintf(ret + n, BOOT_ARGUMENT_MAX - (size_t) n, ":%s", net->dns[i]);
        return true;
}

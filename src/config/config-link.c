/* SPDX-License-Identifier: Apache-2.0 */

#include <string.h>

#include "config-link.h"
#include "config-value.h"
#include "text.h"

/* What the tun driver takes: ETH_MIN_MTU to 65535 less the Ethernet header (drivers/net/tun.c). */
#define MTU_MIN 68
#define MTU_MAX 65521

int config_link_mtu(const char *value, const char *of, uint32_t *mtu, char **ret_why)
{
        CutText cut;

        if (*mtu > 0)
                return config_why(ret_why, "has mtu= twice for %s", of);
        if (parse_u32(value, MTU_MIN, MTU_MAX, mtu) < 0)
                return config_why(ret_why, "has an invalid mtu= for %s: '%s' is not a number from %i to %i",
                                  of, text_cut(&cut, value), MTU_MIN, MTU_MAX);
        return 0;
}

int config_link_mac(const char *value, const char *of, bool *has_mac, struct ether_addr *mac, char **ret_why)
{
        CutText cut;

        if (*has_mac)
                return config_why(ret_why, "has mac= twice for %s", of);
        if (parse_mac(value, mac) < 0)
                return config_why(
                        ret_why,
                        "has an invalid mac= for %s: '%s' is not a unicast address such as 06:00:ac:10:00:01",
                        of, text_cut(&cut, value));
        *has_mac = true;
        return 0;
}

bool config_is_host_address(const InAddrPrefix *a)
{
        if (a->family == AF_INET) {
                uint32_t v = ntohl(a->in.s_addr);

                return v >> 24 != 0 && v >> 28 < 0xe;
        }

        return !IN6_IS_ADDR_UNSPECIFIED(&a->in6) && !IN6_IS_ADDR_MULTICAST(&a->in6) &&
               !IN6_IS_ADDR_LOOPBACK(&a->in6);
}

static bool same_address(const InAddrPrefix *a, const InAddrPrefix *b)
{
        if (a->family != b->family)
                return false;
        return a->family == AF_INET ? a->in.s_addr == b->in.s_addr : IN6_ARE_ADDR_EQUAL(&a->in6, &b->in6);
}

int config_link_address(const InAddrPrefix *a, const char *value, const char *of,
                        InAddrPrefix addresses[TAP_ADDRESSES_MAX], size_t *n, char **ret_why)
{
        FOREACH_ARRAY (i, addresses, *n)
                if (same_address(i, a))
                        return config_why(ret_why, "has the address %s twice for %s", value, of);
        if (*n >= TAP_ADDRESSES_MAX)
                return config_why(ret_why, "has more than %i addresses for %s", TAP_ADDRESSES_MAX, of);

        addresses[(*n)++] = *a;
        return 0;
}

int config_link_no(const char *value, const char *option, bool *ret, char **ret_why)
{
        bool yes;
        CutText cut;

        if (parse_yes_no(value, &yes) < 0)
                return config_why(ret_why, "has an invalid %s=: '%s' is neither yes nor no", option,
                                  text_cut(&cut, value));
        *ret = !yes;
        return 0;
}

int config_link_interface(const char *value, const char *option, const char *of, char ret[IFNAMSIZ],
                          char **ret_why)
{
        CutText cut;

        if (ret[0])
                return config_why(ret_why, "has %s= twice for %s", option, of);
        if (!ifname_valid(value) || strcmp(value, "lo") == 0 || strcmp(value, of) == 0)
                return config_why(ret_why, "has an invalid %s= for %s: '%s' is no name of another interface",
                                  option, of, text_cut(&cut, value));
        memcpy(ret, value, strlen(value) + 1);
        return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */

/* FCJAIL_UPLINK=: "bridge=NAME[,option…]", "route[,option…]" or "none". */

#include <stdio.h>
#include <string.h>

#include "config-link.h"
#include "config-value.h"
#include "text.h"

/* In messages: what the VM calls it. */
#define ETH0 "eth0"

/* IEEE 802.1Q reserves 0 and 4095. */
#define VLAN_MIN 1
#define VLAN_MAX 4094

static int set_kind(UplinkKind kind, UplinkConfig *u, char **ret_why)
{
        if (u->kind != UPLINK_NONE)
                return config_why(ret_why, "has bridge= or route twice");
        u->kind = kind;
        return 0;
}

static int parse_bridge(const char *value, UplinkConfig *u, char **ret_why)
{
        int r = set_kind(UPLINK_BRIDGE, u, ret_why);

        return r < 0 ? r : config_link_interface(value, "bridge", ETH0, u->bridge, ret_why);
}

static int parse_route(const char *value, UplinkConfig *u, char **ret_why)
{
        (void) value;
        return set_kind(UPLINK_ROUTE, u, ret_why);
}

static int parse_mtu(const char *value, UplinkConfig *u, char **ret_why)
{
        return config_link_mtu(value, ETH0, &u->mtu, ret_why);
}

static int parse_uplink_mac(const char *value, UplinkConfig *u, char **ret_why)
{
        return config_link_mac(value, ETH0, &u->has_mac, &u->mac, ret_why);
}

static int parse_uplink_address(const char *value, UplinkConfig *u, char **ret_why)
{
        const bool has_prefix = strchr(value, '/');
        uint8_t prefix_len = 0;
        InAddrPrefix a;
        CutText cut;
        int r;

        r = has_prefix ? parse_address(value, &a) : parse_host_address(value, &a);
        if (r < 0 || !config_is_host_address(&a))
                return config_why(
                        ret_why,
                        "has an invalid address= for " ETH0
                        ": '%s' is not an address of a host, such as 192.0.2.2, 192.0.2.2/24 or 2001:db8::2",
                        text_cut(&cut, value));
        if (has_prefix) {
                prefix_len = a.prefix_len;
                a.prefix_len = a.family == AF_INET ? 32 : 128;
        }
        r = config_link_address(&a, value, ETH0, u->addresses, &u->n_addresses, ret_why);
        if (r >= 0)
                u->prefix_lens[u->n_addresses - 1] = prefix_len;
        return r;
}

/* Of IPv4, without a prefix length. */
static int parse_in4(const char *value, const char *option, char ret[INET_ADDRSTRLEN], char **ret_why)
{
        InAddrPrefix a;
        CutText cut;

        if (parse_host_address(value, &a) < 0 || a.family != AF_INET || !config_is_host_address(&a))
                return config_why(ret_why,
                                  "has an invalid %s=: '%s' is not an IPv4 address, such as 192.0.2.1",
                                  option, text_cut(&cut, value));
        (void) snprintf(ret, INET_ADDRSTRLEN, "%s", value);
        return 0;
}

static int parse_gateway(const char *value, UplinkConfig *u, char **ret_why)
{
        if (u->gateway[0])
                return config_why(ret_why, "has gateway= twice");
        return parse_in4(value, "gateway", u->gateway, ret_why);
}

static int parse_dns(const char *value, UplinkConfig *u, char **ret_why)
{
        int r;

        if (u->n_dns == GUEST_DNS_MAX)
                return config_why(ret_why, "has dns= more than %i times", GUEST_DNS_MAX);
        r = parse_in4(value, "dns", u->dns[u->n_dns], ret_why);
        u->n_dns += r >= 0;
        return r;
}

static int parse_vlan(const char *value, UplinkConfig *u, char **ret_why)
{
        uint32_t vlan;
        CutText cut;

        if (u->vlan > 0)
                return config_why(ret_why, "has vlan= twice");
        if (parse_u32(value, VLAN_MIN, VLAN_MAX, &vlan) < 0)
                return config_why(ret_why, "has an invalid vlan=: '%s' is not a number from %i to %i",
                                  text_cut(&cut, value), VLAN_MIN, VLAN_MAX);
        u->vlan = (uint16_t) vlan;
        return 0;
}

static int parse_isolated(const char *value, UplinkConfig *u, char **ret_why)
{
        (void) value;
        (void) ret_why;
        u->isolated = true;
        return 0;
}

static int parse_neigh_suppress(const char *value, UplinkConfig *u, char **ret_why)
{
        (void) value;
        (void) ret_why;
        u->neigh_suppress = true;
        return 0;
}

static int parse_learning(const char *value, UplinkConfig *u, char **ret_why)
{
        return config_link_no(value, "learning", &u->no_learning, ret_why);
}

static int parse_antispoof(const char *value, UplinkConfig *u, char **ret_why)
{
        return config_link_no(value, "antispoof", &u->no_antispoof, ret_why);
}

/* A name without '=' is the whole option. */
static const struct {
        const char *name;
        int (*parse)(const char *value, UplinkConfig *u, char **ret_why);
} uplink_options[] = {
        { "bridge=", parse_bridge },
        { "route", parse_route },
        { "mtu=", parse_mtu },
        { "mac=", parse_uplink_mac },
        { "address=", parse_uplink_address },
        { "gateway=", parse_gateway },
        { "dns=", parse_dns },
        { "vlan=", parse_vlan },
        { "isolated", parse_isolated },
        { "neigh_suppress", parse_neigh_suppress },
        { "learning=", parse_learning },
        { "antispoof=", parse_antispoof },
};

static int parse_option(const char *option, UplinkConfig *u, char **ret_why)
{
        CutText cut;

        FOREACH_ARRAY (o, uplink_options, ELEMENTSOF(uplink_options)) {
                size_t n = strlen(o->name);

                if (strncmp(option, o->name, n) == 0 && (o->name[n - 1] == '=' || !option[n]))
                        return o->parse(option + n, u, ret_why);
        }
        return config_why(
                ret_why,
                "has an unknown option '%s'; use bridge= or route, mtu=, mac=, address=, gateway=, dns=, vlan=, isolated, neigh_suppress, learning= and antispoof=",
                text_cut(&cut, option));
}

static int check(const UplinkConfig *u, char **ret_why)
{
        const char *of_port = u->vlan > 0         ? "vlan="
                              : u->isolated       ? "isolated"
                              : u->neigh_suppress ? "neigh_suppress"
                              : u->no_learning    ? "learning="
                                                  : NULL;

        if (u->kind == UPLINK_NONE)
                return config_why(ret_why, "has neither bridge= nor route");
        if (u->kind == UPLINK_ROUTE && of_port)
                return config_why(ret_why, "has %s, which only a port of a bridge can have", of_port);
        if (u->kind == UPLINK_ROUTE && u->n_addresses == 0)
                return config_why(ret_why,
                                  "has route, but no address= of the guest that the host could route to");
        return 0;
}

/* Cuts the text at each comma. */
static int parse_options(char *options, UplinkConfig *u, char **ret_why)
{
        char *option;
        int r = 0;

        while (r >= 0 && (option = strsep(&options, ",")))
                r = parse_option(option, u, ret_why);
        return r < 0 ? r : check(u, ret_why);
}

int config_parse_uplink(const char *value, void *field, char **ret_why)
{
        Config *c = field;
        UplinkConfig u = {};
        int r = 0;

        _cleanup_free_ char *copy = strdup(value);
        if (!copy)
                return -ENOMEM;
        if (strcmp(value, "none") != 0)
                r = parse_options(copy, &u, ret_why);
        if (r >= 0)
                c->uplink = u;
        return r;
}

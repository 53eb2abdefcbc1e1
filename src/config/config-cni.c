/* SPDX-License-Identifier: Apache-2.0 */

/* FCJAIL_CNI=: "network[,option…]" or "none". */

#include <string.h>

#include "config-link.h"
#include "config-value.h"
#include "text.h"

/* In messages: what the VM calls it. */
#define ETH0 "eth0"

#define ALNUM "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

/* What the plugin bandwidth takes at least and at most, in bits per second. */
#define RATE_MIN 8ULL
#define RATE_MAX 1000000000000ULL

/* As the specification has it: a letter or digit, and then also '_', '.' and '-'. */
static int parse_network(const char *value, CniConfig *c, char **ret_why)
{
        const size_t n = strlen(value);
        CutText cut;

        if (n == 0 || n >= CNI_NETWORK_MAX || strspn(value, ALNUM "_.-") != n || !strchr(ALNUM, value[0]))
                return config_why(ret_why, "has an invalid name of a network: '%s'", text_cut(&cut, value));
        memcpy(c->network, value, n + 1);
        return 0;
}

static int parse_ip(const char *value, CniConfig *c, char **ret_why)
{
        InAddrPrefix a;
        CutText cut;

        if (parse_address(value, &a) < 0 || !config_is_host_address(&a))
                return config_why(
                        ret_why,
                        "has an invalid ip=: '%s' is not a host address with a prefix length, such as 192.0.2.2/24 or 2001:db8::2/64",
                        text_cut(&cut, value));
        return config_link_address(&a, value, ETH0, c->addresses, &c->n_addresses, ret_why);
}

static int parse_cni_mac(const char *value, CniConfig *c, char **ret_why)
{
        return config_link_mac(value, ETH0, &c->has_mac, &c->mac, ret_why);
}

static const char *find_protocol(const char *name)
{
        static const char *const protocols[] = { "tcp", "udp", "sctp" };

        FOREACH_ARRAY (p, protocols, ELEMENTSOF(protocols))
                if (strcmp(*p, name) == 0)
                        return *p;
        return NULL;
}

/* "8080:80" or "5353:53/udp". Cuts the text. */
static bool read_port(char *text, CniPort *ret)
{
        char *guest = strchr(text, ':'), *protocol = strchr(text, '/');
        uint32_t from, to;

        if (!guest || (protocol && protocol < guest))
                return false;
        *guest++ = '\0';
        if (protocol)
                *protocol++ = '\0';
        ret->protocol = find_protocol(protocol ? protocol : "tcp");
        if (!ret->protocol || parse_u32(text, 1, UINT16_MAX, &from) < 0 ||
            parse_u32(guest, 1, UINT16_MAX, &to) < 0)
                return false;
        ret->host = (uint16_t) from;
        ret->guest = (uint16_t) to;
        return true;
}

static int parse_port(const char *value, CniConfig *c, char **ret_why)
{
        CniPort port;
        CutText cut;

        _cleanup_free_ char *copy = strdup(value);
        if (!copy)
                return -ENOMEM;
        if (!read_port(copy, &port))
                return config_why(
                        ret_why,
                        "has an invalid port=: '%s' is not the host's port, ':', the guest's port and maybe /tcp, /udp or /sctp, such as 8080:80",
                        text_cut(&cut, value));
        FOREACH_ARRAY (p, c->ports, c->n_ports)
                if (p->host == port.host && p->protocol == port.protocol)
                        return config_why(ret_why, "has port %u/%s of the host twice", port.host,
                                          port.protocol);
        if (c->n_ports == CNI_PORTS_MAX)
                return config_why(ret_why, "has more than %i ports", CNI_PORTS_MAX);
        c->ports[c->n_ports++] = port;
        return 0;
}

/* Bits per second: "500M". */
static int parse_rate(const char *value, const char *option, uint64_t *ret, char **ret_why)
{
        static const struct {
                char suffix;
                uint64_t factor;
        } units[] = { { 'K', 1000 }, { 'M', 1000000 }, { 'G', 1000000000 } };
        const size_t n = strlen(value);
        uint64_t factor = 1, number;
        CutText cut;

        _cleanup_free_ char *copy = strdup(value);
        if (!copy)
                return -ENOMEM;
        if (*ret != 0)
                return config_why(ret_why, "has %s= twice", option);
        FOREACH_ARRAY (u, units, ELEMENTSOF(units)) {
                if (n == 0 || value[n - 1] != u->suffix)
                        continue;
                factor = u->factor;
                copy[n - 1] = '\0';
        }
        if (parse_u64(copy, 1, RATE_MAX / factor, &number) < 0 || number * factor < RATE_MIN)
                return config_why(
                        ret_why,
                        "has an invalid %s=: '%s' is not a number of bits per second from 8 to 1000G, such as 500M",
                        option, text_cut(&cut, value));
        *ret = number * factor;
        return 0;
}

static int parse_ingress(const char *value, CniConfig *c, char **ret_why)
{
        return parse_rate(value, "ingress", &c->ingress, ret_why);
}

static int parse_egress(const char *value, CniConfig *c, char **ret_why)
{
        return parse_rate(value, "egress", &c->egress, ret_why);
}

static int parse_antispoof(const char *value, CniConfig *c, char **ret_why)
{
        return config_link_no(value, "antispoof", &c->no_antispoof, ret_why);
}

static const struct {
        const char *name;
        int (*parse)(const char *value, CniConfig *c, char **ret_why);
} cni_options[] = {
        { "ip=", parse_ip },           { "mac=", parse_cni_mac },   { "port=", parse_port },
        { "ingress=", parse_ingress }, { "egress=", parse_egress }, { "antispoof=", parse_antispoof },
};

static int parse_option(const char *option, CniConfig *c, char **ret_why)
{
        CutText cut;

        FOREACH_ARRAY (o, cni_options, ELEMENTSOF(cni_options)) {
                size_t n = strlen(o->name);

                if (strncmp(option, o->name, n) == 0)
                        return o->parse(option + n, c, ret_why);
        }
        return config_why(
                ret_why,
                "has an unknown option '%s'; use ip=, mac=, port=, ingress=, egress= and antispoof=",
                text_cut(&cut, option));
}

/* Cuts the text at each comma. */
static int parse_words(char *words, CniConfig *c, char **ret_why)
{
        char *option;
        int r;

        r = parse_network(strsep(&words, ","), c, ret_why);
        while (r >= 0 && (option = strsep(&words, ",")))
                r = parse_option(option, c, ret_why);
        return r;
}

int config_parse_cni(const char *value, void *field, char **ret_why)
{
        Config *config = field;
        CniConfig c = {};
        int r = 0;

        _cleanup_free_ char *copy = strdup(value);
        if (!copy)
                return -ENOMEM;
        if (strcmp(value, "none") != 0)
                r = parse_words(copy, &c, ret_why);
        if (r >= 0)
                config->cni = c;
        return r;
}

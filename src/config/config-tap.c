/* SPDX-License-Identifier: Apache-2.0 */

/* FCJAIL_TAP=: the one value with a grammar of its own, "name[,option…]" separated by blanks. */

#include <string.h>

#include "config-link.h"
#include "config-value.h"
#include "config.h"
#include "text.h"

/* What a TAP may queue for its VM. The kernel's default is 1000. */
#define TXQUEUELEN_MAX 1000000

typedef struct Taps {
        TapConfig items[TAPS_MAX];
        size_t n_items;
} Taps;

static int parse_mtu(const char *value, TapConfig *t, char **ret_why)
{
        return config_link_mtu(value, t->name, &t->mtu, ret_why);
}

static int parse_tap_mac(const char *value, TapConfig *t, char **ret_why)
{
        return config_link_mac(value, t->name, &t->has_mac, &t->mac, ret_why);
}

static int parse_tap_address(const char *value, TapConfig *t, char **ret_why)
{
        InAddrPrefix a;
        CutText cut;

        if (parse_address(value, &a) < 0 || !config_is_host_address(&a))
                return config_why(
                        ret_why,
                        "has an invalid address= for %s: '%s' is not a host address with a prefix length, such as 192.0.2.1/30 or 2001:db8::1/64",
                        t->name, text_cut(&cut, value));
        return config_link_address(&a, value, t->name, t->addresses, &t->n_addresses, ret_why);
}

static int parse_bridge(const char *value, TapConfig *t, char **ret_why)
{
        return config_link_interface(value, "bridge", t->name, t->bridge, ret_why);
}

static int parse_redirect(const char *value, TapConfig *t, char **ret_why)
{
        return config_link_interface(value, "redirect", t->name, t->redirect, ret_why);
}

static int parse_txqueuelen(const char *value, TapConfig *t, char **ret_why)
{
        CutText cut;

        if (t->txqueuelen > 0)
                return config_why(ret_why, "has txqueuelen= twice for %s", t->name);
        if (parse_u32(value, 1, TXQUEUELEN_MAX, &t->txqueuelen) < 0)
                return config_why(ret_why,
                                  "has an invalid txqueuelen= for %s: '%s' is not a number from 1 to %i",
                                  t->name, text_cut(&cut, value), TXQUEUELEN_MAX);
        return 0;
}

static const struct {
        const char *name;
        int (*parse)(const char *value, TapConfig *t, char **ret_why);
} tap_options[] = {
        { "mtu=", parse_mtu },       { "mac=", parse_tap_mac },       { "address=", parse_tap_address },
        { "bridge=", parse_bridge }, { "redirect=", parse_redirect }, { "txqueuelen=", parse_txqueuelen },
};

static int parse_option(const char *option, TapConfig *t, char **ret_why)
{
        CutText cut;

        for (size_t i = 0; i < ELEMENTSOF(tap_options); i++) {
                size_t n = strlen(tap_options[i].name);

                if (strncmp(option, tap_options[i].name, n) == 0)
                        return tap_options[i].parse(option + n, t, ret_why);
        }

        return config_why(
                ret_why,
                "has an unknown option '%s' for %s; use mtu=, mac=, address=, bridge=, redirect= or txqueuelen=",
                text_cut(&cut, option), t->name);
}

/* The kernel has no IPv6 on a device with a smaller MTU (RFC 8200, section 5). */
#define MTU_IPV6_MIN 1280

static int check_mtu(const TapConfig *t, char **ret_why)
{
        char text[ADDRESS_STR_MAX];

        FOREACH_ARRAY (a, t->addresses, t->n_addresses)
                if (a->family == AF_INET6 && t->mtu > 0 && t->mtu < MTU_IPV6_MIN)
                        return config_why(ret_why,
                                          "has mtu=%u for %s, but its IPv6 address %s needs at least %i",
                                          t->mtu, t->name, address_to_string(a, text), MTU_IPV6_MIN);
        return 0;
}

/* What a TAP that takes over an interface has, it has from that. */
static int check_redirect(const TapConfig *t, char **ret_why)
{
        const char *other = t->bridge[0]         ? "bridge="
                            : t->n_addresses > 0 ? "address="
                            : t->mtu > 0         ? "mtu="
                                                 : NULL;

        if (!t->redirect[0] || !other)
                return 0;
        return config_why(ret_why, "has redirect=%s for %s, so that it cannot have %s", t->redirect, t->name,
                          other);
}

/* Two would take what arrives from each other. */
static int check_taken(const Taps *taps, const TapConfig *t, char **ret_why)
{
        FOREACH_ARRAY (i, taps->items, taps->n_items)
                if (t->redirect[0] && strcmp(i->redirect, t->redirect) == 0)
                        return config_why(ret_why, "has redirect=%s for %s and for %s", t->redirect, i->name,
                                          t->name);
        return 0;
}

/* The kernel makes "lo" itself, and "none" would read like no TAP. */
static int parse_name(const char *name, const Taps *taps, TapConfig *t, char **ret_why)
{
        CutText cut;

        if (!ifname_valid(name) || strcmp(name, "lo") == 0 || strcmp(name, "none") == 0)
                return config_why(ret_why, "has an invalid TAP name '%s'", text_cut(&cut, name));
        FOREACH_ARRAY (i, taps->items, taps->n_items)
                if (strcmp(i->name, name) == 0)
                        return config_why(ret_why, "has the TAP %s twice", name);

        memcpy(t->name, name, strlen(name) + 1);
        return 0;
}

/* Cuts the text at each comma, in place. */
static int parse_tap(char *word, Taps *taps, char **ret_why)
{
        TapConfig t = {};
        char *option = word, *name;
        int r;

        if (taps->n_items >= TAPS_MAX)
                return config_why(ret_why, "has more than %i TAPs", TAPS_MAX);

        name = strsep(&option, ",");
        r = parse_name(name, taps, &t, ret_why);
        while (r >= 0 && option) {
                char *one = strsep(&option, ",");

                r = parse_option(one, &t, ret_why);
        }
        if (r >= 0)
                r = check_mtu(&t, ret_why);
        if (r >= 0)
                r = check_redirect(&t, ret_why);
        if (r >= 0)
                r = check_taken(taps, &t, ret_why);
        if (r < 0)
                return r;

        taps->items[taps->n_items++] = t;
        return 0;
}

static int parse_taps(const char *value, Taps *taps, char **ret_why)
{
        char *save = NULL;
        int r = 0;

        _cleanup_free_ char *copy = strdup(value);
        if (!copy)
                return -ENOMEM;

        for (char *word = strtok_r(copy, " \t", &save); word && r >= 0; word = strtok_r(NULL, " \t", &save))
                r = parse_tap(word, taps, ret_why);

        if (r >= 0 && taps->n_items == 0)
                return -EINVAL; /* nothing but blanks */
        return r;
}

int config_parse_tap(const char *value, void *field, char **ret_why)
{
        Config *c = field;
        Taps taps = {};
        int r = 0;

        if (strcmp(value, "none") != 0)
                r = parse_taps(value, &taps, ret_why);
        if (r < 0)
                return r;

        memcpy(c->taps, taps.items, sizeof(c->taps));
        c->n_taps = taps.n_items;
        c->taps_set = true;
        return 0;
}

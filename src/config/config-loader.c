/* SPDX-License-Identifier: Apache-2.0 */

#include <string.h>

#include "config-loader.h"
#include "config-table.h"
#include "text.h"

void config_loader_init(ConfigLoader *l, const char *id, Diagnostics *d)
{
        assert(jailer_id_valid(id));

        *l = (ConfigLoader){ .id = id, .d = d, .n_before = d->n_items, .config = CONFIG_UNSET };
}

void config_loader_done(ConfigLoader *l)
{
        config_done(&l->config);
        FOREACH_ARRAY (k, l->keys, CONFIG_KEYS_MAX)
                free(k->text);
}

#define complain(loader, kind, place, key, ...)                                                             \
        diagnostics_go_on(diagnostics_add((loader)->d, kind, place, key, __VA_ARGS__))

int config_loader_begin(ConfigLoader *l, PlaceKind kind, const char *name, EnvScope scope)
{
        l->source = (Place){ .kind = kind };
        l->scope = scope;
        l->n_sources++;
        return name ? config_keep_name(&l->config, name, &l->source.name) : 0;
}

static int complain_unknown(ConfigLoader *l, const Place *p, const char *key)
{
        const ConfigKey *guess = config_key_guess(key);
        CutText cut;

        if (guess)
                return complain(l, DIAGNOSTIC_UNKNOWN_KEY, p, key, "unknown setting %s=, did you mean %s=?",
                                text_cut(&cut, key), guess->name);
        return complain(l, DIAGNOSTIC_UNKNOWN_KEY, p, key, "unknown setting %s=", text_cut(&cut, key));
}

static int complain_duplicate(ConfigLoader *l, const Place *p, const ConfigKey *k)
{
        unsigned line = l->config.places[k - config_keys].line;

        if (line == 0)
                return complain(l, DIAGNOSTIC_DUPLICATE, p, k->name, "%s= is set twice", k->name);
        return complain(l, DIAGNOSTIC_DUPLICATE, p, k->name, "%s= is already set in line %u", k->name, line);
}

/* Returns 1 if the value is valid, 0 after an error. */
static int read_value(ConfigLoader *l, const Place *p, const ConfigKey *k, const char *value)
{
        _cleanup_free_ char *why = NULL;
        CutText cut;
        int r;

        if (k->default_only && l->scope != ENV_SCOPE_DEFAULT)
                return complain(l, DIAGNOSTIC_VALUE, p, k->name,
                                "%s= is allowed only in default.env and default.env.d/", k->name);
        if (!k->by_jailer && l->scope == ENV_SCOPE_JAILER)
                return complain(l, DIAGNOSTIC_VALUE, p, k->name,
                                "%s= is not for VMs in the place of the jailer, see fcjail-jailer(1)",
                                k->name);
        if (k->only_by_jailer && l->scope != ENV_SCOPE_JAILER)
                return complain(l, DIAGNOSTIC_VALUE, p, k->name,
                                "%s= is allowed only in jailer.env and jailer.env.d/, see fcjail-jailer(1)",
                                k->name);
        if (value[0] == '\0')
                return complain(l, DIAGNOSTIC_VALUE, p, k->name, "%s= must be %s, not empty", k->name,
                                k->takes);
        if (!utf8_valid(value))
                return complain(l, DIAGNOSTIC_VALUE, p, k->name, "%s= is not valid UTF-8", k->name);

        r = k->parse(value, (char *) &l->config + k->offset, &why);
        if (r >= 0)
                return 1;
        if (r == -ENOMEM)
                return r;
        if (why)
                return complain(l, DIAGNOSTIC_VALUE, p, k->name, "%s= %s", k->name, why);
        return complain(l, DIAGNOSTIC_VALUE, p, k->name, "%s= must be %s, not '%s'", k->name, k->takes,
                        text_cut(&cut, value));
}

static int set(ConfigLoader *l, const Place *p, const ConfigKey *k, const char *value)
{
        size_t row = (size_t) (k - config_keys);
        char **text = &l->keys[row].text;
        size_t n_binds = l->config.n_binds;
        int r;

        if (l->keys[row].source == l->n_sources)
                return complain_duplicate(l, p, k);
        l->keys[row].source = l->n_sources;
        l->config.places[row] = *p;
        free(*text);
        *text = NULL;

        r = read_value(l, p, k, value);
        if (r <= 0)
                return r;
        FOREACH_ARRAY (b, l->config.binds + n_binds, l->config.n_binds - n_binds)
                b->place = *p;
        *text = strdup(value);
        return *text ? 0 : -ENOMEM;
}

int config_loader_add(ConfigLoader *l, unsigned line, const char *key, const char *value)
{
        const Place p = { l->source.kind, l->source.name, line };
        const ConfigKey *k = config_key_find(key);
        int r;

        if (!k && strncmp(key, "FCJAIL_", strlen("FCJAIL_")) != 0)
                return 0;
        r = k ? set(l, &p, k, value) : complain_unknown(l, &p, key);
        return r < 0 ? r : 1;
}

/* A key and its alias may both be set, but only to one value: both are read into the same member of Config. */
static int compare_alias(ConfigLoader *l, const ConfigKey *alias, const ConfigKey *k)
{
        const size_t from = (size_t) (alias - config_keys), to = (size_t) (k - config_keys);
        const char *a = l->keys[from].text, *b = l->keys[to].text;
        CutText cut_a, cut_b;

        if (!a || !b || strcmp(a, b) == 0)
                return 0;

        _cleanup_free_ char *where = place_to_string(&l->config.places[from]);
        if (!where)
                return -ENOMEM;
        return complain(l, DIAGNOSTIC_DUPLICATE, &l->config.places[to], k->name,
                        "%s= is '%s', but its alias %s= is '%s' in %s", k->name, text_cut(&cut_b, b),
                        alias->name, text_cut(&cut_a, a), where);
}

static int compare_aliases(ConfigLoader *l)
{
        int r = 0;

        FOREACH_ARRAY (k, config_keys, CONFIG_KEYS_MAX)
                if (k->alias_of && r >= 0)
                        r = compare_alias(l, k, config_key_find(k->alias_of));
        return r;
}

/* A typo must not start an empty VMM. */
static int check_id_known(ConfigLoader *l)
{
        if (l->configured || l->config.any_id == TRISTATE_YES)
                return 0;

        return complain(
                l, DIAGNOSTIC_UNKNOWN_ID, NULL, NULL,
                "no settings found for VM '%s'; create /etc/fcjail/%s.env, which may be empty, or set FCJAIL_ANY_ID=yes in /etc/fcjail/default.env",
                l->id, l->id);
}

int config_loader_finish(ConfigLoader *l, Config *ret)
{
        int r;

        r = check_id_known(l);
        if (r >= 0)
                r = compare_aliases(l);
        if (r < 0)
                return r;
        if (l->d->n_items > l->n_before)
                return -EBADMSG;

        *ret = l->config;
        l->config = (Config) CONFIG_UNSET;
        return 0;
}

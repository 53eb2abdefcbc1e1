/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Two rounds. The first reads every source in order, weakest first, checks each value by itself, also one
 * that a later source replaces, and notes for each key the last place that set it. The second, if nothing
 * was wrong, joins aliases with their keys and reads the values that are left into a Config.
 *
 * One Slot per row of the table is all the state there is: a key that comes again finds its former place
 * there.
 */

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "config-table.h"
#include "config.h"
#include "env-dir.h"
#include "env-file.h"
#include "text.h"

typedef struct Slot {
        char *value;      /* NULL: nobody set the key, or with an error */
        const char *file; /* NULL: the environment */
        unsigned line;
        unsigned source; /* number of the source, from 1 on; 0: none has the key */
} Slot;

/* Where an assignment stands. */
typedef struct Place {
        const char *file; /* NULL: the environment */
        unsigned line;
        bool is_default; /* default.env or a file of default.env.d */
} Place;

typedef struct Loader {
        const char *id;
        Diagnostics *d;
        Slot slots[CONFIG_KEYS_MAX];
        unsigned source; /* the one being read */
        bool configured; /* something was meant for this very VM */
} Loader;

static void loader_done(Loader *l)
{
        FOREACH_ARRAY (s, l->slots, CONFIG_KEYS_MAX)
                free(s->value);
}

/* An error is told, and we go on; only the lack of memory ends the work. */
static int told(int r)
{
        return r == -EBADMSG ? 0 : r;
}

#define complain(loader, kind, place, key, ...)                                                             \
        told(diagnostics_add((loader)->d, kind, (place)->file, (place)->line, key, __VA_ARGS__))

static Slot *slot_of(Loader *l, const ConfigKey *k)
{
        return l->slots + (k - config_keys);
}

static int complain_unknown(Loader *l, const Place *p, const char *key)
{
        const ConfigKey *guess = config_key_guess(key);
        CutText cut;

        if (guess)
                return complain(l, DIAGNOSTIC_UNKNOWN_KEY, p, key, "%s= is not known, did you mean %s=?",
                                text_cut(&cut, key), guess->name);
        return complain(l, DIAGNOSTIC_UNKNOWN_KEY, p, key, "%s= is not known", text_cut(&cut, key));
}

static int complain_duplicate(Loader *l, const Place *p, const ConfigKey *k)
{
        if (!p->file)
                return complain(l, DIAGNOSTIC_DUPLICATE, p, k->name, "%s= is set twice", k->name);
        return complain(l, DIAGNOSTIC_DUPLICATE, p, k->name, "%s= is set in line %u already", k->name,
                        slot_of(l, k)->line);
}

/* Returns 1 if the value is good, 0 if it was told that it is not. */
static int check_value(Loader *l, const Place *p, const ConfigKey *k, const char *value)
{
        _cleanup_config_ Config scratch = CONFIG_UNSET;
        _cleanup_free_ char *why = NULL;
        CutText cut;
        int r;

        if (k->default_only && !p->is_default)
                return complain(l, DIAGNOSTIC_VALUE, p, k->name,
                                "%s= is for default.env and default.env.d/ only", k->name);
        if (value[0] == '\0')
                return complain(l, DIAGNOSTIC_VALUE, p, k->name, "%s= must be %s, not empty", k->name,
                                k->takes);
        if (!utf8_valid(value))
                return complain(l, DIAGNOSTIC_VALUE, p, k->name, "%s= is not valid UTF-8", k->name);

        r = k->parse(value, (char *) &scratch + k->offset, &why);
        if (r >= 0)
                return 1;
        if (r == -ENOMEM)
                return r;
        if (why)
                return complain(l, DIAGNOSTIC_VALUE, p, k->name, "%s= %s", k->name, why);
        return complain(l, DIAGNOSTIC_VALUE, p, k->name, "%s= must be %s, not '%s'", k->name, k->takes,
                        text_cut(&cut, value));
}

static int note(Loader *l, const Place *p, const ConfigKey *k, const char *value)
{
        Slot *s = slot_of(l, k);
        int r;

        if (s->source == l->source)
                return complain_duplicate(l, p, k);

        free(s->value);
        *s = (Slot){ .file = p->file, .line = p->line, .source = l->source };

        r = check_value(l, p, k, value);
        if (r <= 0)
                return r;

        s->value = strdup(value);
        return s->value ? 0 : -ENOMEM;
}

/* One assignment of any source. Returns 1 if the key is one of ours. */
static int read_assignment(Loader *l, const Place *p, const char *key, const char *value)
{
        const ConfigKey *k = config_key_find(key);
        int r;

        if (!k && strncmp(key, "FCJAIL_", strlen("FCJAIL_")) != 0)
                return 0;

        r = k ? note(l, p, k, value) : complain_unknown(l, p, key);
        return r < 0 ? r : 1;
}

static int read_file(Loader *l, const EnvPath *path)
{
        Place place = { .file = path->path, .is_default = path->scope == ENV_SCOPE_DEFAULT };
        _cleanup_env_file_ EnvFile file = {};
        _cleanup_free_ char *data = NULL;
        size_t size, n_before = l->d->n_items;
        int r;

        l->source++;
        r = env_dir_read(path->path, l->d, &data, &size);
        /* A file that is there but cannot be read was meant for this VM too. Masked, it is not there. */
        if (path->scope == ENV_SCOPE_VM && r != 0)
                l->configured = true;
        if (r <= 0)
                return told(r);

        r = env_file_parse(data, size, path->path, l->d, &file);
        FOREACH_ARRAY (e, file.entries, file.n_entries) {
                place.line = e->line;
                r = read_assignment(l, &place, e->key, e->value);
                if (r < 0)
                        break;
        }

        diagnostics_sort_lines(l->d, n_before);
        return r < 0 ? r : 0;
}

static int read_environment(Loader *l, char *const *environment)
{
        static const Place place = {};
        int r;

        l->source++;
        for (char *const *e = environment; e && *e; e++) {
                const char *equals = strchr(*e, '=');
                if (!equals)
                        continue;

                _cleanup_free_ char *key = strndup(*e, (size_t) (equals - *e));
                if (!key)
                        return -ENOMEM;
                r = read_assignment(l, &place, key, equals + 1);
                if (r < 0)
                        return r;
                if (r > 0)
                        l->configured = true;
        }

        return 0;
}

static int read_files(Loader *l, const EnvPaths *paths)
{
        int r;

        FOREACH_ARRAY (p, paths->items, paths->n_items) {
                r = read_file(l, p);
                if (r < 0)
                        return r;
        }

        return 0;
}

/* "/etc/fcjail/web1.env:3" */
static int describe_place(const Slot *s, char **ret)
{
        int k = s->file ? ASPRINTF(ret, "%s:%u", s->file, s->line) : ASPRINTF(ret, "the environment");

        return k < 0 ? -ENOMEM : 0;
}

/* Both names are set: with one value, or it is told. */
static int compare_alias(Loader *l, const ConfigKey *alias, const Slot *from, const ConfigKey *k,
                         const Slot *to)
{
        const Place place = { .file = to->file, .line = to->line };
        _cleanup_free_ char *where = NULL;
        CutText a, b;
        int r;

        if (strcmp(from->value, to->value) == 0)
                return 0;

        r = describe_place(from, &where);
        if (r < 0)
                return r;
        return complain(l, DIAGNOSTIC_DUPLICATE, &place, k->name,
                        "%s= is '%s', but its alias %s= is '%s' in %s", k->name, text_cut(&a, to->value),
                        alias->name, text_cut(&b, from->value), where);
}

/* Moves the value of each alias to its key. */
static int join_aliases(Loader *l, bool *ret_uid_from_alias)
{
        bool uid_from_alias = false;
        int r;

        FOREACH_ARRAY (alias, config_keys, CONFIG_KEYS_MAX) {
                const ConfigKey *k = alias->alias_of ? config_key_find(alias->alias_of) : NULL;
                Slot *from = slot_of(l, alias), *to = k ? slot_of(l, k) : NULL;

                if (!k || !from->value)
                        continue;
                if (to->value) {
                        r = compare_alias(l, alias, from, k, to);
                        if (r < 0)
                                return r;
                        continue;
                }
                if (k->offset == offsetof(Config, uid))
                        uid_from_alias = true;
                *to = *from;
                from->value = NULL;
        }

        *ret_uid_from_alias = uid_from_alias;
        return 0;
}

/* A typo must not start an empty VMM. */
static int check_id_known(Loader *l)
{
        const Slot *any_id = slot_of(l, config_key_find("FCJAIL_ANY_ID"));

        if (l->configured || (any_id->value && strcmp(any_id->value, "yes") == 0))
                return 0;

        return told(diagnostics_add(
                l->d, DIAGNOSTIC_UNKNOWN_ID, NULL, 0, NULL,
                "nothing is configured for '%s': create /etc/fcjail/%s.env, which may be empty, or "
                "set FCJAIL_ANY_ID=yes in /etc/fcjail/default.env",
                l->id, l->id));
}

static int keep_place(const Slot *s, ConfigPlace *ret)
{
        char *file = s->file ? strdup(s->file) : NULL;

        if (s->file && !file)
                return -ENOMEM;
        *ret = (ConfigPlace){ .is_set = true, .file = file, .line = s->line };
        return 0;
}

/* All values were checked, so only memory can be missing. */
static int make_config(Loader *l, Config *ret)
{
        _cleanup_config_ Config c = CONFIG_UNSET;
        _cleanup_free_ char *why = NULL;
        int r;

        r = join_aliases(l, &c.uid_from_alias);
        if (r < 0)
                return r;

        FOREACH_ARRAY (k, config_keys, CONFIG_KEYS_MAX) {
                const Slot *s = slot_of(l, k);

                if (k->alias_of || !s->value)
                        continue;
                r = k->parse(s->value, (char *) &c + k->offset, &why);
                assert(r != -EINVAL);
                if (r >= 0)
                        r = keep_place(s, &c.places[k - config_keys]);
                if (r < 0)
                        return r;
        }

        *ret = c;
        c = (Config){};
        return 0;
}

static int load(Loader *l, char *const *environment, Config *ret)
{
        size_t n_before = l->d->n_items;
        _cleanup_env_paths_ EnvPaths paths = {};
        _cleanup_config_ Config c = {};
        int r;

        r = env_dir_list(l->id, l->d, &paths);
        if (r >= 0 && l->d->n_items > n_before)
                l->configured = true; /* what an unreadable directory has for this VM is not known */
        if (r >= 0)
                r = read_files(l, &paths);
        if (r >= 0)
                r = read_environment(l, environment);
        if (r >= 0)
                r = check_id_known(l);
        if (r >= 0)
                r = make_config(l, &c);
        if (r < 0)
                return r;
        if (l->d->n_items > n_before)
                return -EBADMSG;

        *ret = c;
        c = (Config){};
        return 0;
}

int config_load(const char *id, char *const *environment, Diagnostics *d, Config *ret)
{
        _cleanup_(loader_done) Loader l = { .id = id, .d = d };

        assert(id_valid(id));

        return load(&l, environment, ret);
}

void config_done(Config *c)
{
        free(c->chroot_dir);
        free(c->vmm);
        strv_free(c->vmm_args);
        free(c->config);
        free(c->api);
        free(c->api_group);
        free(c->netns_path);
        free(c->seccomp_path);
        free(c->apparmor);
        free(c->selinux);
        FOREACH_ARRAY (p, c->places, CONFIG_KEYS_MAX)
                free(p->file);
        *c = (Config) CONFIG_UNSET;
}

int config_conflict(const Config *c, Diagnostics *d, const char *key, const char *format, ...)
{
        const ConfigPlace *p = &c->places[config_key_find(key) - config_keys];
        _cleanup_free_ char *text = NULL;
        va_list ap;
        int n;

        va_start(ap, format);
        n = vasprintf(&text, format, ap);
        va_end(ap);
        if (n < 0) {
                text = NULL;
                return -ENOMEM;
        }

        return diagnostics_add(d, DIAGNOSTIC_CONFLICT, p->file, p->line, p->is_set ? key : NULL, "%s=%s",
                               key, text);
}

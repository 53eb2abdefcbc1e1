/* SPDX-License-Identifier: Apache-2.0 */

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "config-table.h"
#include "config.h"

void bind_config_done(BindConfig *b)
{
        free(b->source);
        free(b->destination);
        *b = (BindConfig){};
}

void jailer_config_done(JailerConfig *j)
{
        free(j->parent_cgroup);
        FOREACH_ARRAY (a, j->cgroups, j->n_cgroups) {
                free(a->file);
                free(a->value);
        }
        *j = (JailerConfig){};
}

void config_done(Config *c)
{
        free(c->chroot_dir);
        free(c->vmm);
        strv_free(c->vmm_args);
        free(c->config);
        FOREACH_ARRAY (b, c->binds, c->n_binds)
                bind_config_done(b);
        free(c->api);
        free(c->api_group);
        free(c->netns_path);
        free(c->seccomp_path);
        free(c->apparmor);
        free(c->selinux);
        jailer_config_done(&c->jailer);
        strv_free(c->names);
        *c = (Config) CONFIG_UNSET;
}

int config_keep_name(Config *c, const char *name, const char **ret)
{
        size_t n = strv_length(c->names);

        char **names = reallocarray(c->names, n + 2, sizeof(char *));
        if (!names)
                return -ENOMEM;
        c->names = names;
        names[n + 1] = NULL;
        names[n] = strdup(name);
        if (!names[n])
                return -ENOMEM;

        *ret = names[n];
        return 0;
}

/* The row of the name with which the key was set: its own, or that of its alias. */
static const ConfigKey *written_as(const Config *c, const char *key)
{
        const ConfigKey *k = config_key_find(key);

        if (c->places[k - config_keys].kind != PLACE_NONE)
                return k;
        FOREACH_ARRAY (alias, config_keys, CONFIG_KEYS_MAX)
                if (alias->alias_of && strcmp(alias->alias_of, key) == 0 &&
                    c->places[alias - config_keys].kind != PLACE_NONE)
                        return alias;
        return k;
}

bool config_set_by_alias(const Config *c, const char *key)
{
        return written_as(c, key)->alias_of;
}

int config_conflict(const Config *c, Diagnostics *d, const char *key, const char *format, ...)
{
        const ConfigKey *k = written_as(c, key);
        const Place *p = &c->places[k - config_keys];
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

        return diagnostics_add(d, DIAGNOSTIC_CONFLICT, p, p->kind != PLACE_NONE ? k->name : NULL, "%s=%s",
                               k->name, text);
}

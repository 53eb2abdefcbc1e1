/* SPDX-License-Identifier: Apache-2.0 */

/* `fcjail-systemd unit NAME` writes strings, PROPERTY=value, each with its NUL: Environment= once for each variable,
 * booleans as 0 or 1. `fcjail-systemd units PATTERN` writes two for each unit: its name and its state. Both programs are of one
 * build, so there are no versions. */

#include <string.h>

#include "parse.h"
#include "systemd-query.h"
#include "systemd.h"

/* More than any unit can have; and more than 100 bytes for each of 64,000 units. */
#define TEXT_MAX  (1024U * 1024U)
#define UNITS_MAX (8 * TEXT_MAX)

/* A list goes without a systemd that is so busy. */
#define LIST_USEC (5U * 1000000U)

/* The value, if s is KEY=value. */
static char *value_of(char *s, const char *key)
{
        size_t n = strlen(key);

        return strncmp(s, key, n) == 0 && s[n] == '=' ? s + n + 1 : NULL;
}

static int take_property(SystemdUnit *u, char *s, size_t *n_environment)
{
        const struct {
                const char *key;
                const char **string;
                bool *boolean;
                uint64_t *number;
        } properties[] = {
                { "User", .string = &u->user },
                { "Group", .string = &u->group },
                { "NetworkNamespacePath", .string = &u->netns_path },
                { "DynamicUser", .boolean = &u->dynamic_user },
                { "PrivateNetwork", .boolean = &u->private_network },
                { "PrivateUsers", .boolean = &u->private_users },
                { "PrivateDevices", .boolean = &u->private_devices },
                { "ProcSubset", .string = &u->proc_subset },
                { "RootDirectory", .string = &u->root_directory },
                { "Version", .string = &u->version },
                { "TimeoutStopUSec", .number = &u->timeout_stop_usec },
                { "MemoryHigh", .number = &u->memory_high },
                { "MemoryMax", .number = &u->memory_max },
                { "TasksMax", .number = &u->tasks_max },
        };
        char *value;

        if ((value = value_of(s, "Environment"))) {
                u->environment[(*n_environment)++] = value;
                return 0;
        }
        FOREACH_ARRAY (p, properties, ELEMENTSOF(properties)) {
                if (!(value = value_of(s, p->key)))
                        continue;
                if (p->number)
                        return parse_u64(value, 0, UINT64_MAX, p->number);
                if (p->string)
                        *p->string = value;
                else
                        *p->boolean = strcmp(value, "1") == 0;
        }
        return 0;
}

static size_t count_strings(const char *text, size_t size)
{
        size_t n = 0;

        for (size_t i = 0; i < size; i++)
                n += text[i] == '\0';
        return n;
}

int systemd_unit_query(const char *name, SystemdUnit *ret)
{
        _cleanup_systemd_unit_ SystemdUnit u = {
                .user = "",
                .group = "",
                .netns_path = "",
                .proc_subset = "",
                .root_directory = "",
                .version = "",
        };
        const char *const arguments[] = { "unit", name, NULL };
        size_t size = 0, n = 0, n_environment = 0;
        int r;

        u.text = malloc(TEXT_MAX);
        if (!u.text)
                return -ENOMEM;
        r = systemd_query(arguments, SYSTEMD_QUERY_NO_TIMEOUT, u.text, TEXT_MAX, &size);
        if (r < 0)
                return r;

        n = count_strings(u.text, size);
        u.environment = calloc(n + 1, sizeof(char *));
        if (!u.environment)
                return -ENOMEM;
        char *s = u.text;
        for (size_t i = 0; i < n && r >= 0; i++) {
                char *next = s + strlen(s) + 1;
                r = take_property(&u, s, &n_environment);
                s = next;
        }
        if (r < 0)
                return r;

        *ret = u;
        u = (SystemdUnit){};
        return 0;
}

bool systemd_unit_has_netns(const SystemdUnit *u)
{
        return u->private_network || u->netns_path[0];
}

void systemd_unit_done(SystemdUnit *u)
{
        free(u->environment);
        free(u->text);
        *u = (SystemdUnit){};
}

int systemd_units_ask(const char *pattern, SystemdQuestion *ret)
{
        return systemd_ask((const char *const[]){ "units", pattern, NULL }, ret);
}

int systemd_units_answer(SystemdQuestion *q, SystemdUnits *ret)
{
        _cleanup_systemd_units_ SystemdUnits u = {};
        size_t size = 0;
        int r;

        u.text = malloc(UNITS_MAX);
        if (!u.text)
                return -ENOMEM;
        r = systemd_hear(q, LIST_USEC, u.text, UNITS_MAX, &size);
        if (r < 0)
                return r;

        u.n_items = count_strings(u.text, size) / 2;
        u.items = calloc(u.n_items + 1, sizeof(*u.items));
        if (!u.items)
                return -ENOMEM;
        const char *s = u.text;
        FOREACH_ARRAY (i, u.items, u.n_items) {
                i->name = s;
                i->active = s + strlen(s) + 1;
                s = i->active + strlen(i->active) + 1;
        }

        *ret = u;
        u = (SystemdUnits){};
        return 0;
}

void systemd_units_done(SystemdUnits *u)
{
        free(u->items);
        free(u->text);
        *u = (SystemdUnits){};
}

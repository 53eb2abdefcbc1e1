/* SPDX-License-Identifier: Apache-2.0 */

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "fd-util.h"
#include "uid-owners.h"

#define PASSWD "/etc/passwd"
#define SUBUID "/etc/subuid"

void uid_owners_done(UidOwners *o)
{
        FOREACH_ARRAY (i, o->items, o->n)
                free(i->name);
        free(o->items);
        *o = (UidOwners){};
}

static int add(UidOwners *o, UidRange range, const char *file, const char *name)
{
        UidOwner *items = reallocarray(o->items, o->n + 1, sizeof(UidOwner));

        if (!items)
                return -ENOMEM;
        o->items = items;
        items[o->n] = (UidOwner){ range, file, strdup(name) };
        return items[o->n].name ? (o->n++, 0) : -ENOMEM;
}

/* "name:password:uid:…" or "name:first:count". */
static bool read_line(char *line, const char *file, const char **ret_name, UidRange *ret)
{
        const bool is_passwd = strcmp(file, PASSWD) == 0;
        uint32_t count = 1;

        char *rest = line + strcspn(line, "\n");
        *rest = '\0';
        rest = line;
        *ret_name = strsep(&rest, ":");
        if (is_passwd)
                (void) strsep(&rest, ":");
        const char *first = strsep(&rest, ":"), *last = strsep(&rest, ":");
        if (!first || !last || parse_u32(first, 0, UINT32_MAX, &ret->first) < 0 ||
            (!is_passwd && parse_u32(last, 1, UINT32_MAX, &count) < 0))
                return false;
        ret->last = count - 1 > UINT32_MAX - ret->first ? UINT32_MAX : ret->first + (count - 1);
        return true;
}

static int read_file(const char *path, const UidRange *range, UidOwners *o)
{
        _cleanup_fclose_ FILE *f = fopen(path, "re");
        _cleanup_free_ char *line = NULL;
        const char *name;
        size_t size = 0;
        UidRange his;
        int r = 0;

        if (!f)
                return errno == ENOENT ? 0 : -errno;
        while (r >= 0) {
                errno = 0;
                if (getline(&line, &size, f) < 0)
                        return feof(f) ? 0 : errno != 0 ? -errno : -EIO;
                if (read_line(line, path, &name, &his) && his.first <= range->last &&
                    his.last >= range->first)
                        r = add(o, his, path, name);
        }
        return r;
}

int uid_owners_read(const UidRange *range, UidOwners *ret, const char **ret_culprit)
{
        static const char *const files[] = { PASSWD, SUBUID };
        _cleanup_uid_owners_ UidOwners o = {};
        int r;

        FOREACH_ARRAY (file, files, ELEMENTSOF(files)) {
                r = read_file(*file, range, &o);
                if (r < 0) {
                        *ret_culprit = *file;
                        return r;
                }
        }

        *ret = o;
        o = (UidOwners){};
        return 0;
}

const UidOwner *uid_owners_find(const UidOwners *o, uid_t uid)
{
        FOREACH_ARRAY (i, o->items, o->n)
                if (uid >= i->range.first && uid <= i->range.last)
                        return i;
        return NULL;
}

#define NOTE(f, object, remedy, ...)                                                                        \
        findings_add(f, SEVERITY_NOTE, -EADDRINUSE, EX_CONFIG, object, remedy, __VA_ARGS__)

int uid_owners_check(const Plan *plan, uid_t own_uid, Findings *f)
{
        const bool fixed = plan->uid != UID_INVALID;
        const UidRange range = fixed ? (UidRange){ plan->uid, plan->uid } : plan->uid_range;
        _cleanup_uid_owners_ UidOwners o = {};
        const char *culprit;
        char object[32];
        int r;

        if (plan->uid_later || (fixed && plan->uid == own_uid))
                return 0;
        r = uid_owners_read(&range, &o, &culprit);
        if (r < 0)
                r = NOTE(f, culprit, NULL, "cannot be read: %s", strerror(-r));
        if (r < 0 || o.n == 0)
                return r == -ENOMEM ? r : 0;

        (void) snprintf(object, sizeof(object), fixed ? "uid %u" : "uids %u-%u", range.first, range.last);
        if (fixed)
                r = NOTE(f, object, "set another FCJAIL_UID= unless that is intended",
                         "belongs to '%s' in %s", o.items[0].name, o.items[0].file);
        else if (plan->uid_range_by_default)
                r = NOTE(f, object, "set FCJAIL_UID_RANGE= to a range that is nobody else's",
                         "contain uids of '%s' in %s, which the VM may get", o.items[0].name,
                         o.items[0].file);
        else
                r = NOTE(f, object, NULL, "contain uids of '%s' in %s, which no VM gets", o.items[0].name,
                         o.items[0].file);
        return r == -ENOMEM ? r : 0;
}

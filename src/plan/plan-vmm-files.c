/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What the VM gets because FCJAIL_CONFIG= names it: a TAP for each network interface, and each file at the path that it has
 * on the host, so that a configuration works in the jail as it does without one.
 *
 *   opened     the file is bound
 *   created    a start makes the file if it is missing, and binds that alone, never its directory
 *   bound      a socket: the VMM makes it in a directory that it may write, as it can its log; what is directly in run/
 *              needs nothing
 *   connected  the socket is bound, not its directory: nothing else in there is the VM's affair
 *
 * What the jail has itself under that name, such as run/, and relative paths, which are the jail's, stay as they are.
 */

#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "parse.h"
#include "plan-binds.h"
#include "plan-vmm-files.h"
#include "text.h"

#define KEY "FCJAIL_CONFIG"

static int conflict(const Config *c, Diagnostics *d, const VmmFile *file, const char *why)
{
        CutText cut;

        return config_conflict(c, d, KEY, "%s has '%s' at %s, which %s", c->config,
                               text_cut(&cut, file->path), file->pointer, why);
}

/* The first name of the path is one of the jail's own. /sys is reserved even where the VMM does not read it. */
static bool is_own(const Plan *p, const char *path)
{
        FOREACH_ARRAY (f, p->files, p->n_files)
                if (path_is_at_or_below(path, f->path))
                        return true;
        return path_is_at_or_below(path, JAIL_SYS);
}

/* Of the names that the jail has itself only those below dev/ can be added: block devices. */
static bool has_itself(const Plan *p, const VmmFile *file)
{
        const char *path = file->path + 1;
        const bool below_dev = strncmp(path, JAIL_DEV "/", strlen(JAIL_DEV "/")) == 0;

        if (!is_own(p, path))
                return false;
        return !below_dev || file->access != VMM_OPENS || plan_has_node(p, path);
}

/* Of a socket that the VMM makes: the directory. */
static char *source_of(const VmmFile *file)
{
        if (file->access != VMM_BINDS)
                return strdup(file->path);
        return strndup(file->path, (size_t) (strrchr(file->path, '/') - file->path));
}

static BindKind kind_of(VmmAccess access)
{
        static const BindKind kinds[] = {
                [VMM_OPENS] = BIND_FILE,
                [VMM_CREATES] = BIND_CREATED,
                [VMM_BINDS] = BIND_SOCKET_DIR,
                [VMM_CONNECTS] = BIND_SOCKET,
        };

        return kinds[access];
}

/* So many names that a message with them can be read. */
#define NAMED_BY_MAX 200

static int name_too(BindPlan *b, const char *pointer)
{
        char *both;

        if (strlen(b->named_by) >= NAMED_BY_MAX)
                return 0;
        if (ASPRINTF(&both, "%s, %s", b->named_by, pointer) < 0)
                return -ENOMEM;
        free(b->named_by);
        b->named_by = both;
        return 0;
}

/*
 * What the VM gets there without a bind of its own. Somebody who binds a directory, or the file itself, has said more about it;
 * and in the directory of a socket the VMM can make other sockets, and its log.
 */
static BindPlan *find_above(Plan *p, const char *path, VmmAccess access)
{
        const bool makes = access == VMM_CREATES || access == VMM_BINDS;

        FOREACH_ARRAY (b, p->binds, p->n_binds)
                if ((!b->yields || (b->kind == BIND_SOCKET_DIR && makes)) &&
                    path_is_at_or_below(path, b->path))
                        return b;
        return NULL;
}

static BindPlan *find_same(Plan *p, const char *path)
{
        FOREACH_ARRAY (b, p->binds, p->n_binds)
                if (strcmp(b->path, path) == 0)
                        return b;
        return NULL;
}

/* Two places that name one file: bound once, and writable if it is for one of them. */
static int merge(const Config *c, Diagnostics *d, BindPlan *b, const VmmFile *file, bool read_only)
{
        const BindKind kind = kind_of(file->access);
        char why[NAMED_BY_MAX * 2];

        /* A file that must exist also serves as one that a start would make. */
        if (b->kind != kind && !(b->kind == BIND_FILE && kind == BIND_CREATED)) {
                (void) snprintf(why, sizeof(why), "is something else at %.*s; correct one of the two",
                                NAMED_BY_MAX, b->named_by);
                return conflict(c, d, file, why);
        }
        b->read_only = b->read_only && read_only;
        b->not_empty = b->not_empty || file->not_empty;
        return name_too(b, file->pointer);
}

static bool is_loop_in_vain(const Plan *p, const VmmFile *file)
{
        if (file->may_be_loop)
                return false;
        FOREACH_ARRAY (b, p->binds, p->n_binds)
                if (b->loop && strcmp(b->path, file->path + 1) == 0)
                        return true;
        return false;
}

static int new_bind(const Config *c, Diagnostics *d, Plan *p, const VmmFile *file, char *source,
                    bool read_only)
{
        if (p->n_binds == BIND_PLANS_MAX)
                return conflict(c, d, file, "is one file too many; bind a directory with FCJAIL_BIND=");

        BindPlan *b = &p->binds[p->n_binds++];
        *b = (BindPlan){
                .kind = kind_of(file->access),
                .source = strdup(source),
                .path = strdup(source + 1),
                .read_only = read_only,
                .read_only_by = file->read_only_by,
                .not_empty = file->not_empty,
                .yields = true,
                .named_by = strdup(file->pointer),
        };
        return b->source && b->path && b->named_by ? 0 : -ENOMEM;
}

static int add_bind(const Config *c, Diagnostics *d, Plan *p, const VmmFile *file)
{
        const bool read_only = file->access == VMM_CONNECTS || file->read_only;
        _cleanup_free_ char *source = source_of(file);

        if (!source)
                return -ENOMEM;
        if (!source[0])
                return conflict(c, d, file,
                                "is a socket in the root directory, which is read-only; set /run/NAME");
        if (is_loop_in_vain(p, file))
                return conflict(c, d, file,
                                "must be a regular file; remove the option loop from FCJAIL_BIND=");

        BindPlan *above = find_above(p, source + 1, file->access), *same = find_same(p, source + 1);
        if (above)
                return name_too(above, file->pointer);
        return same ? merge(c, d, same, file, read_only) : new_bind(c, d, p, file, source, read_only);
}

static int plan_file_of_vmm(const Config *c, Diagnostics *d, Plan *p, const VmmFile *file)
{
        if (file->path[0] != '/')
                return 0;
        if (!path_valid(file->path) || !file->path[1])
                return conflict(
                        c, d, file,
                        "is invalid; use an absolute path without '//', '.', '..', control characters or a '/' at its end");
        return has_itself(p, file) ? 0 : add_bind(c, d, p, file);
}

static int plan_tap_of_vmm(const Config *c, Diagnostics *d, Plan *p, const VmmFile *file)
{
        if (!ifname_valid(file->path) || strcmp(file->path, "lo") == 0)
                return conflict(c, d, file, "is an invalid TAP name");
        FOREACH_ARRAY (t, p->taps, p->n_taps)
                if (strcmp(t->name, file->path) == 0)
                        return conflict(c, d, file,
                                        "another network interface has already; give each its own TAP");
        if (p->n_taps == TAPS_MAX)
                return conflict(c, d, file, "is one TAP too many; at most 8 are allowed");
        (void) snprintf(p->taps[p->n_taps++].name, IFNAMSIZ, "%s", file->path);
        return 0;
}

/* The last one counts, and what the configuration says comes after the arguments. Relative paths are the jail's. */
static const char *find_log(const VmmFiles *files, char *const *args)
{
        const char *log = NULL;

        for (char *const *a = args; a && a[0] && a[1]; a++)
                if (strcmp(a[0], "--log-path") == 0)
                        log = a[1];
        if (!files)
                return log;
        FOREACH_ARRAY (f, files->items, files->n_items)
                if (f->access == VMM_CREATES && strcmp(f->role, "log") == 0)
                        log = f->path;
        return log;
}

/* Not one with "..": it is read at the end, and only for people. */
static int plan_log(const VmmFiles *files, Plan *p)
{
        const char *log = find_log(files, p->vmm_args);
        _cleanup_free_ char *path = NULL;

        if (!log)
                return 0;
        if (ASPRINTF(&path, "%s%s", log[0] == '/' ? "" : "/", log) < 0)
                return -ENOMEM;
        if (!path_valid(path) || !path[1])
                return 0;
        p->vmm_log = strdup(path + 1);
        return p->vmm_log ? 0 : -ENOMEM;
}

int plan_vmm_files(const Config *c, const HostFacts *facts, Diagnostics *d, Plan *p)
{
        const VmmFiles *files = facts->vmm_files;
        int r;

        r = plan_log(files, p);
        if (r < 0 || !files)
                return r;
        if (p->taps_by_default)
                p->n_taps = 0;
        FOREACH_ARRAY (f, files->items, files->n_items) {
                if (r >= 0 && f->access == VMM_ATTACHES && p->taps_by_default)
                        r = plan_tap_of_vmm(c, d, p, f);
                else if (r >= 0 && f->access != VMM_ATTACHES && p->config_bind)
                        r = plan_file_of_vmm(c, d, p, f);
                if (r == -EBADMSG) /* all of them are told at once */
                        r = 0;
        }
        return r;
}

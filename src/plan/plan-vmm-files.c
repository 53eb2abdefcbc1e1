/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What the VM gets because FCJAIL_CONFIG= names it: a TAP for each network interface, and each file at the path that it has
 * on the host, so that a configuration works in the jail as it does without one.
 *
 *   opened     the file is bound
 *   created    a start makes the file if it is missing, and binds that alone, never its directory
 *   bound      a socket: the VMM makes it in a directory that it may write; what is directly in run/ needs nothing
 *   connected  the socket is bound, not its directory: nothing else in there is the VM's affair
 *
 * What the jail has itself under that name, such as run/, and relative paths, which are the jail's, stay as they are.
 */

#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "parse.h"
#include "plan-vmm-files.h"
#include "text.h"

#define KEY "FCJAIL_CONFIG"

static int conflict(const Config *c, Diagnostics *d, const VmmFile *file, const char *why)
{
        CutText cut;

        return config_conflict(c, d, KEY, " has '%s' at %s, which %s", text_cut(&cut, file->path),
                               file->pointer, why);
}

/* The name of the jail's own that the path begins with, or NULL. */
static const FilePlan *own_name(const Plan *p, const char *path)
{
        const size_t n = strcspn(path, "/");

        FOREACH_ARRAY (f, p->files, p->n_files)
                if (strlen(f->path) == n && strncmp(f->path, path, n) == 0)
                        return f;
        return NULL;
}

static bool is_node(const Plan *p, const char *path)
{
        FOREACH_ARRAY (n, p->nodes, p->n_nodes)
                if (strcmp(path + strlen(JAIL_DEV "/"), n->path) == 0)
                        return true;
        return false;
}

/* Of the names that the jail has itself only those below dev/ can be added: block devices. */
static bool has_itself(const Plan *p, const VmmFile *file)
{
        const char *path = file->path + 1;
        const FilePlan *own = own_name(p, path);

        if (!own)
                return false;
        if (strcmp(own->path, JAIL_DEV) != 0 || file->access != VMM_OPENS)
                return true;
        return path[strlen(JAIL_DEV)] == '\0' || is_node(p, path);
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

static BindPlan *find_bind(Plan *p, const char *path)
{
        FOREACH_ARRAY (b, p->binds, p->n_binds)
                if (strcmp(b->path, path) == 0)
                        return b;
        return NULL;
}

/* Somebody who binds a directory, or the file itself, has said more about it. */
static bool is_said(const Plan *p, const char *path)
{
        FOREACH_ARRAY (b, p->binds, p->n_binds) {
                size_t n = strlen(b->path);

                if (!b->yields && strncmp(b->path, path, n) == 0 && (path[n] == '\0' || path[n] == '/'))
                        return true;
        }
        return false;
}

/* Two places that name one file: bound once, and writable if it is for one of them. */
static bool merge(Plan *p, const VmmFile *file, const char *source, bool read_only)
{
        BindPlan *b = find_bind(p, source + 1);

        if (!b)
                return false;
        if (b->kind == kind_of(file->access)) {
                b->read_only = b->read_only && read_only;
                b->not_empty = b->not_empty || file->not_empty;
        }
        return true;
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
        if (is_said(p, source + 1) || merge(p, file, source, read_only))
                return 0;

        if (p->n_binds == BIND_PLANS_MAX)
                return conflict(c, d, file, "is one file too many; bind a directory with FCJAIL_BIND=");
        BindPlan *b = &p->binds[p->n_binds++];
        *b = (BindPlan){
                .kind = kind_of(file->access),
                .path = strdup(source + 1),
                .read_only = read_only,
                .not_empty = file->not_empty,
                .yields = true,
                .named_by = strdup(file->pointer),
        };
        b->source = TAKE_PTR(source);
        return b->path && b->named_by ? 0 : -ENOMEM;
}

static int plan_file_of_vmm(const Config *c, Diagnostics *d, Plan *p, const VmmFile *file)
{
        if (file->path[0] != '/')
                return 0;
        if (!path_valid(file->path))
                return conflict(c, d, file, "is no path without '//', '.' and '..'");
        return has_itself(p, file) ? 0 : add_bind(c, d, p, file);
}

static int plan_tap_of_vmm(const Config *c, Diagnostics *d, Plan *p, const VmmFile *file)
{
        if (!ifname_valid(file->path) || strcmp(file->path, "lo") == 0)
                return conflict(c, d, file, "is no name for a TAP");
        FOREACH_ARRAY (t, p->taps, p->n_taps)
                if (strcmp(t->name, file->path) == 0)
                        return conflict(c, d, file, "another network interface has");
        if (p->n_taps == TAPS_MAX)
                return conflict(c, d, file, "is one TAP too many");
        (void) snprintf(p->taps[p->n_taps++].name, IFNAMSIZ, "%s", file->path);
        return 0;
}

int plan_vmm_files(const Config *c, const HostFacts *facts, Diagnostics *d, Plan *p)
{
        const VmmFiles *files = facts->vmm_files;
        int r = 0;

        if (!files)
                return 0;
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

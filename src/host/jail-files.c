/* SPDX-License-Identifier: Apache-2.0 */

/* Should: look at each file with the VM's uid and gid, so that it is the kernel that knows about links, modes and ACLs. */

#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "fd-util.h"
#include "jail-files.h"
#include "jail-look.h"

static const JailClass classes[] = {
        [VMM_OPENS] = { jail_check_opened, "open", "put it there with ln or cp",
                        "copy the file into root/" },
        [VMM_CREATES] = { jail_check_created, "make",
                          "set /run/NAME, or create it and `chown` it to the VM's uid",
                          "create the file in root/" },
        [VMM_BINDS] = { jail_check_bound, "make" },
        [VMM_CONNECTS] = { jail_check_connected, "connect to",
                           "start its back end first, and let it listen there",
                           "let its back end listen in root/" },
};

/* The bind that brings it, or NULL. The last one is the deepest. */
static const BindPlan *find_bind(const Look *l, const VmmFile *file)
{
        const BindPlan *found = NULL;

        FOREACH_ARRAY (b, l->plan->binds, file->path[0] == '/' ? l->plan->n_binds : 0)
                if (!l->binds[b - l->plan->binds].taken && path_is_at_or_below(file->path + 1, b->path))
                        found = b;
        return found;
}

/* host_binds_open() has looked at what is bound for the file itself. */
static bool is_its_own(const BindPlan *b, const VmmFile *file)
{
        return b->yields && (b->kind != BIND_SOCKET_DIR || file->access == VMM_BINDS);
}

static int check_in_bind(Look *l, const BindPlan *bind)
{
        int r;

        (void) snprintf(l->path, sizeof(l->path), "%s", l->file->path);
        r = look_length(l);
        if (r < 0 || is_its_own(bind, l->file))
                return r;
        return jail_check_in_bind(l, bind, &l->binds[bind - l->plan->binds]);
}

static int check_file(Look *l, const VmmFile *file)
{
        const BindPlan *bind = find_bind(l, file);
        int r;

        if (file->access == VMM_ATTACHES)
                return 0;
        if (ASPRINTF(&l->role, file->label ? "%s '%s'" : "%s", file->role, file->label) < 0)
                return -ENOMEM;
        l->file = file;
        l->class = &classes[file->access];
        if (bind)
                r = check_in_bind(l, bind);
        else {
                look_at(l, file->path);
                r = l->class->check(l);
        }
        l->fd = safe_close(l->fd);
        free(TAKE_PTR(l->role));
        return r;
}

static int check_files(Look *l, const VmmFiles *files)
{
        FOREACH_ARRAY (f, files->items, files->n_items)
                if (check_file(l, f) == -ENOMEM)
                        return -ENOMEM;
        return 0;
}

/* Checks without any group of ours, such as root's, and takes all of them back afterwards. */
static int check_files_as_vm(Look *l, const VmmFiles *files)
{
        const FsIds mine = fs_ids_get();
        int n = getgroups(0, NULL), r = 0;

        _cleanup_free_ gid_t *groups = calloc((size_t) n + 1, sizeof(gid_t));
        if (!groups)
                return -ENOMEM;
        n = getgroups(n, groups);
        l->as_vm = n >= 0 && geteuid() == 0 && setgroups(0, NULL) >= 0;
        if (l->as_vm)
                r = fs_ids_set(l->vm);
        if (l->as_vm && r >= 0)
                r = check_files(l, files);
        if (l->as_vm && (fs_ids_set(mine) < 0 || setgroups((size_t) n, groups) < 0))
                return -EPERM;
        return l->as_vm ? r : check_files(l, files);
}

int jail_files_check(const Plan *plan, const HostObjects *o, Findings *f)
{
        const VmmFiles *files = &o->vmm_files;
        int r;

        if (!o->config)
                return 0;
        r = jail_check_sections(plan, files, f);
        if (r >= 0)
                r = jail_check_taps(plan, files, f);
        if (r < 0 || o->base_fd < 0)
                return r;

        _cleanup_close_ int root_fd = host_hold_root(plan, o->base_fd);
        const uid_t uid = plan->uid != UID_INVALID ? plan->uid : plan->uid_first;
        Look look = {
                .plan = plan,
                .findings = f,
                .vm = { uid, plan->gid != GID_INVALID ? plan->gid : uid },
                .binds = o->binds,
                .root_fd = root_fd,
                .fd = -EBADF,
        };
        return check_files_as_vm(&look, files);
}

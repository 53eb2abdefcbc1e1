/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Should:  find out before anything is made whether a source may be bound, and hold it from then on: what is bound is what
 *          was judged.
 * Mustn't: give a VM a directory of root's to write. As the owner of what it makes there, by the idmap, it could make
 *          setuid files of root's on the host, and links that others would take for root's.
 * Mustn't: give it a file of root's to write, unless the filter keeps it from making that setuid.
 */

#include <fcntl.h>
#include <unistd.h>

#include "at.h"
#include "bind-source.h"
#include "binds.h"
#include "fd-util.h"

void host_binds_free(HostBind *binds, size_t n)
{
        FOREACH_ARRAY (b, binds, binds ? n : 0) {
                b->fd = safe_close(b->fd);
                b->dir_fd = safe_close(b->dir_fd);
        }
        free(binds);
}

uid_t host_bind_from(const BindPlan *plan, const HostBind *bind)
{
        switch (plan->ids) {
        case BIND_IDS_NONE:
                return UID_INVALID;
        case BIND_IDS_UID:
                return plan->uid;
        default:
                return bind->st.st_uid;
        }
}

int host_hold_root(const Plan *plan, int base_fd)
{
        const Layout layout = plan_layout(plan);
        _cleanup_close_ int fd = RET_NERRNO(fcntl(base_fd, F_DUPFD_CLOEXEC, 3));

        for (LayoutLevel i = 0; fd >= 0 && i < _LAYOUT_LEVEL_MAX; i++) {
                int below = at_hold_dir(fd, layout_name(&layout, i));
                (void) safe_close(fd);
                fd = below;
        }
        return TAKE_FD(fd);
}

/* Whether the directory with this number is one that this very VM may write. */
static const BindPlan *written_dir(const Plan *p, const HostBind *binds, dev_t dev, ino_t ino)
{
        for (size_t i = 0; i < p->n_binds; i++)
                if (binds[i].fd >= 0 && S_ISDIR(binds[i].st.st_mode) && !p->binds[i].read_only &&
                    binds[i].st.st_dev == dev && binds[i].st.st_ino == ino)
                        return &p->binds[i];
        return NULL;
}

/* What the VM may exchange must not decide what is bound at its next start. */
static int check_way(const Source *s, const HostBind *binds)
{
        FOREACH_ARRAY (dir, s->host->dirs.items, s->host->dirs.n_items) {
                const BindPlan *by = written_dir(s->plan, binds, dir->dev, dir->ino);
                if (by)
                        return WRONG(s, -EPERM, EX_NOPERM, "move it out of there",
                                     "is in a directory that %.*s lets this VM write", bind_name(by),
                                     by->named_by);
        }
        return 0;
}

/* Ends with the first error of this source: the checks that follow need what the one before them found. */
static int look_at(Source *s, int root_fd)
{
        int r = 0;

        s->host->fd = s->host->dir_fd = -EBADF;
        if (s->bind->yields && !bind_is_in_dev(s->bind))
                r = source_is_taken(s, root_fd);
        s->host->taken = r > 0;
        if (r != 0)
                return r > 0 ? source_note_taken(s) : r;
        r = source_hold(s);
        return r < 0 ? r : source_check_place(s, root_fd);
}

int host_binds_open(const Plan *plan, int base_fd, Findings *f, HostBind **ret)
{
        HostBind *binds;
        int r = 0;

        if (plan->n_binds == 0)
                return 0;
        *ret = binds = calloc(plan->n_binds, sizeof(HostBind));
        if (!binds)
                return -ENOMEM;

        _cleanup_close_ int root_fd = base_fd >= 0 ? host_hold_root(plan, base_fd) : -ENOENT;
        for (size_t i = 0; i < plan->n_binds && r != -ENOMEM; i++)
                r = look_at(&(Source){ plan, &plan->binds[i], f, &binds[i] }, root_fd);
        for (size_t i = 0; i < plan->n_binds && r != -ENOMEM; i++) {
                const Source s = { plan, &plan->binds[i], f, &binds[i] };

                r = check_way(&s, binds);
                if (r >= 0)
                        r = source_check_covered(&s, binds);
        }
        return r == -ENOMEM ? r : 0;
}

void host_binds_tell(const HostBind *binds, Plan *plan)
{
        for (size_t i = 0; binds && i < plan->n_binds; i++) {
                const HostBind *host = &binds[i];
                BindPlan *b = &plan->binds[i];

                if (host->taken)
                        b->found = BIND_FOUND_IN_ROOT;
                else if (host->fd < 0 && host->dir_fd >= 0)
                        b->found = BIND_FOUND_MISSING;
                else if (host->fd >= 0 && S_ISBLK(host->st.st_mode)) {
                        b->found = BIND_FOUND_DEVICE;
                        b->rdev = host->st.st_rdev;
                }
        }
}

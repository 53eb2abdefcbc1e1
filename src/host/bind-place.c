/* SPDX-License-Identifier: Apache-2.0 */

/* Where a source is mounted: a place in root/, or in the source of another bind that covers it. */

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "at.h"
#include "bind-source.h"
#include "fd-util.h"

/* How far a name could be followed. */
typedef struct Way {
        struct stat st; /* of what has the name */
        bool there;
        bool cut;   /* a link or a file is on the way */
        size_t bad; /* the length of the path of the directory in which a start makes nothing; 0: none */
        struct stat bad_st; /* of that */
} Way;

/* Nothing of that name, or something that leads no further. */
static bool is_absent(int error)
{
        return error == -ENOENT || error == -ENOTDIR || error == -ELOOP;
}

/* 0 or -errno. What cannot be looked at does not count as missing: the VM would get another file than its operator meant. */
static int follow(int root_fd, const char *path, Way *ret)
{
        char buf[PATH_MAX], *rest = buf;
        _cleanup_close_ int held = -EBADF;
        int fd = root_fd;

        *ret = (Way){};
        if (root_fd < 0)
                return is_absent(root_fd) ? 0 : root_fd;
        (void) snprintf(buf, sizeof(buf), "%s", path);
        for (;;) {
                char *name = strsep(&rest, "/");

                if (fstatat(fd, name, &ret->st, AT_SYMLINK_NOFOLLOW) < 0)
                        return errno == ENOENT ? 0 : -errno;
                ret->there = !rest;
                if (ret->there)
                        return 0;
                int below = at_hold_dir(fd, name);
                ret->cut = is_absent(below);
                if (below < 0)
                        return ret->cut ? 0 : below;
                if (ret->bad == 0 && (!only_root_can_change(&ret->st) || ret->st.st_mode & S_ISGID)) {
                        ret->bad = (size_t) (name - buf) + strlen(name);
                        ret->bad_st = ret->st;
                }
                (void) safe_close(held);
                fd = held = below;
        }
}

static const char *path_in_root(const Source *s, size_t length, char ret[PATH_MAX])
{
        const Layout layout = plan_layout(s->plan);
        char path[PATH_MAX];

        (void) snprintf(path, sizeof(path), "%.*s", (int) length, s->bind->path);
        return layout_path(&layout, LAYOUT_ROOT, path, ret);
}

/* Only root need be able to look. */
static int cannot_look(const Source *s, int error)
{
        char path[PATH_MAX];

        if (geteuid() != 0 && (error == -EACCES || error == -EPERM))
                return 0;
        return WRONG_OBJECT(s, error, EX_NOINPUT, path_in_root(s, strlen(s->bind->path), path), NULL,
                            "cannot be inspected: %s", strerror(-error));
}

/* A place that a start has made for an earlier life does not count. Behind a link the VMM may find something. */
int source_is_taken(const Source *s, int root_fd)
{
        Way way;
        int r = follow(root_fd, s->bind->path, &way);

        return r < 0 ? cannot_look(s, r) : way.cut || (way.there && !at_is_place(&way.st));
}

int source_note_taken(const Source *s)
{
        char path[PATH_MAX];

        if (access(s->bind->source, F_OK) < 0)
                return 0;
        return findings_add(
                s->findings, SEVERITY_NOTE, 0, EX_OK, path_in_root(s, strlen(s->bind->path), path), NULL,
                "is what the VM gets, not %s of the host (%s)", s->bind->source, s->bind->named_by);
}

/* In dev/ each has a node instead. */
static bool has_no_place(const BindPlan *b)
{
        return bind_is_in_dev(b) || strncmp(b->path, JAIL_RUN "/", strlen(JAIL_RUN "/")) == 0;
}

int source_check_place(const Source *s, int root_fd)
{
        char path[PATH_MAX];
        Way way;
        int r;

        if (has_no_place(s->bind) || plan_bind_above(s->plan, s->bind))
                return 0;
        r = follow(root_fd, s->bind->path, &way);
        if (r < 0)
                return cannot_look(s, r);
        if (way.cut || (way.there && !at_is_place(&way.st)))
                return WRONG_OBJECT(s, -EEXIST, EX_CANTCREAT, path_in_root(s, strlen(s->bind->path), path),
                                    "remove it, or choose another destination",
                                    "is there already, so %s cannot be bound there", s->bind->source);
        if (way.bad > 0)
                return WRONG_OBJECT(s, -EPERM, EX_NOPERM, path_in_root(s, way.bad, path),
                                    "`chown root:root` and `chmod go-w,g-s` it",
                                    "belongs to uid %u with mode %04o, so fcjail makes nothing in it",
                                    way.bad_st.st_uid, way.bad_st.st_mode & 07777U);
        return 0;
}

int source_check_covered(const Source *s, const HostBind *binds)
{
        const BindPlan *by = plan_bind_above(s->plan, s->bind);
        const HostBind *host = by ? &binds[by - s->plan->binds] : NULL;
        Way way;
        int r;

        if (!by || host->fd < 0 || s->host->fd < 0 || has_no_place(s->bind))
                return 0;
        r = follow(host->fd, s->bind->path + strlen(by->path) + 1, &way);
        if (r < 0)
                return cannot_look(s, r);
        if (way.there && S_ISDIR(way.st.st_mode) == S_ISDIR(s->host->st.st_mode))
                return 0;
        return WRONG(s, -ENOENT, EX_NOINPUT, "create it there, or choose another destination",
                     "cannot be bound to /%s, because %s, which %.*s binds above it, has no %s of that name",
                     s->bind->path, by->source, bind_name(by), by->named_by,
                     S_ISDIR(s->host->st.st_mode) ? "directory" : "file");
}

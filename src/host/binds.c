/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Should:  find out before anything is made whether a source may be bound, and hold it from then on: what is bound is what
 *          was judged.
 * Mustn't: give a VM a directory of root's to write. As the owner of what it makes there, by the idmap, it could make
 *          setuid files of root's on the host, and links that others would take for root's.
 * Mustn't: give it a file of root's to write, unless the filter keeps it from making that setuid.
 */

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sysexits.h>
#include <unistd.h>

#include "at.h"
#include "binds.h"
#include "block.h"
#include "fd-util.h"

/* One source that is being looked at. */
typedef struct Source {
        const Plan *plan;
        const BindPlan *bind;
        Findings *findings;
        HostBind *host;
} Source;

/* Each returns the error of its finding: about the source, with what names it. */
#define WRONG(s, error, exit_status, remedy, format, ...)                                                   \
        findings_add((s)->findings, SEVERITY_ERROR, error, exit_status, (s)->bind->source, remedy,          \
                     format " (%s)" __VA_OPT__(, ) __VA_ARGS__, (s)->bind->named_by)

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

static int cannot_open(const Source *s, int error, const char *culprit)
{
        const BindPlan *b = s->bind;
        char what[PATH_MAX + 1] = "";

        if (culprit && strcmp(culprit, b->source) != 0)
                (void) snprintf(what, sizeof(what), "%s ", culprit);
        if (error == -ENOENT)
                return WRONG(s, error, EX_NOINPUT, "create it, or correct its path", "%sdoes not exist",
                             what);
        if (geteuid() != 0 && (error == -EACCES || error == -EPERM))
                return findings_add(s->findings, SEVERITY_NOTE, error, EX_NOPERM, b->source, NULL,
                                    "%scannot be checked by uid %u; check it as root (%s)", what, geteuid(),
                                    b->named_by);
        return WRONG(s, error, chase_is_unsafe(error) ? EX_NOPERM : EX_NOINPUT, NULL, "%s%s", what,
                     chase_strerror(error));
}

/* Only these filters keep the owner of a file from making it setuid; io_uring has no operation for that. Through a loop
 * device a VM has its data alone. */
static int check_filter(const Source *s, uid_t owner)
{
        const SeccompKind filter = s->plan->seccomp;

        if (owner != 0 || s->bind->loop || filter == SECCOMP_DEFAULT || filter == SECCOMP_IO_URING)
                return 0;
        return WRONG(s, -EPERM, EX_NOPERM,
                     "set FCJAIL_SECCOMP= to default or io_uring, or `chown` it to another user",
                     "would be root's, and without fcjail's filter a VM could make it setuid");
}

/* The directory of the path, in which a start makes the file. With the dot it is one that the path leads through, and so
 * among those that this VM must not write. */
static int hold_directory(Source *s)
{
        _cleanup_free_ char *culprit = NULL, *dir = strdup(s->bind->source);
        int fd;

        if (!dir)
                return -ENOMEM;
        memcpy(strrchr(dir, '/'), "/.", sizeof("/."));
        fd = chase_source(dir, &s->host->dirs, &s->host->st, &culprit);
        if (fd < 0)
                return cannot_open(s, fd, culprit);
        s->host->dir_fd = fd;
        return check_filter(s, s->host->st.st_uid);
}

static int hold(Source *s)
{
        _cleanup_free_ char *culprit = NULL;
        int fd = chase_source(s->bind->source, &s->host->dirs, &s->host->st, &culprit);

        if (fd == -ENOENT && s->bind->kind == BIND_CREATED &&
            (!culprit || strcmp(culprit, s->bind->source) == 0))
                return hold_directory(s);
        if (fd < 0)
                return cannot_open(s, fd, culprit);
        s->host->fd = fd;
        return 0;
}

static bool is_below_dev(const BindPlan *b)
{
        return strncmp(b->path, JAIL_DEV "/", strlen(JAIL_DEV "/")) == 0;
}

/* What may be bound for each kind, and how to say that. */
static const struct {
        const char *kinds;
        mode_t types[4];
} expected[] = {
        [BIND_ANY] = { "a file, directory, socket or block device",
                       { S_IFREG, S_IFDIR, S_IFSOCK, S_IFBLK } },
        [BIND_FILE] = { "a regular file or a block device", { S_IFREG, S_IFBLK } },
        [BIND_CREATED] = { "a regular file or a FIFO", { S_IFREG, S_IFIFO } },
        [BIND_SOCKET_DIR] = { "a directory for a socket; set /run/NAME, or create one", { S_IFDIR } },
        [BIND_SOCKET] = { "a socket", { S_IFSOCK } },
};

static int check_kind(const Source *s)
{
        const BindPlan *b = s->bind;
        const mode_t type = s->host->st.st_mode & S_IFMT;
        bool right = false;

        FOREACH_ARRAY (t, expected[b->kind].types, ELEMENTSOF(expected[b->kind].types))
                right = right || type == *t;
        if (!right)
                return WRONG(s, -EBADFD, EX_NOINPUT, NULL, "is %s, not %s", file_kind(type),
                             expected[b->kind].kinds);
        if (type == S_IFBLK && b->not_empty)
                return WRONG(s, -EBADFD, EX_NOINPUT, NULL, "is a block device, not a regular file");
        if (type == S_IFBLK && !is_below_dev(b))
                return WRONG(s, -EBADFD, EX_NOINPUT, "name it by its path in /dev",
                             "is a block device, for which the jail has no place outside /dev");
        if (type != S_IFBLK && is_below_dev(b))
                return WRONG(s, -EBADFD, EX_NOINPUT,
                             "move it out of /dev, or give it another place with FCJAIL_BIND=",
                             "is %s, but below /dev the jail has only devices", file_kind(type));
        if (b->not_empty && s->host->st.st_size == 0)
                return WRONG(s, -ENODATA, EX_NOINPUT, "give it a size with truncate", "is empty");
        return 0;
}

static int check_owner(const Source *s)
{
        const struct stat *st = &s->host->st;
        const uid_t from = host_bind_from(s->bind, s->host);

        if (S_ISDIR(st->st_mode) && (st->st_uid == 0 || from == 0))
                return WRONG(s, -EPERM, EX_NOPERM,
                             "give the VM a directory of its own: create one and `chown` it to a user",
                             "is a directory of root's, in which a VM could make setuid files of root's");
        if (st->st_mode & (S_ISUID | S_ISGID) && S_ISREG(st->st_mode))
                return WRONG(s, -EPERM, EX_NOPERM, "`chmod ug-s` it", "is setuid or setgid");
        return S_ISREG(st->st_mode) ? check_filter(s, from) : 0;
}

static int check_writable(const Source *s)
{
        const struct stat *st = &s->host->st;
        struct statvfs sv;
        int r;

        if (S_ISBLK(st->st_mode))
                return 0;
        r = check_owner(s);
        if (r < 0)
                return r;
        if (fstatvfs(s->host->fd, &sv) < 0)
                return cannot_open(s, -errno, NULL);
        if (sv.f_flag & ST_RDONLY)
                return WRONG(
                        s, -EROFS, EX_NOINPUT,
                        "bind it read-only: set is_read_only, or FCJAIL_BIND_RO=; if the unit has ProtectSystem=, set ReadWritePaths=",
                        "is on a file system that is read-only for fcjail");
        if (S_ISREG(st->st_mode) && host_bind_from(s->bind, s->host) == st->st_uid &&
            !(st->st_mode & S_IWUSR))
                return WRONG(s, -EACCES, EX_NOINPUT,
                             "`chmod u+w` it, or bind it read-only: set is_read_only, or FCJAIL_BIND_RO=",
                             "has mode %04o, so that its owner may not write it", st->st_mode & 07777U);
        return 0;
}

static int check(const Source *s)
{
        const struct stat *st = &s->host->st;
        int r = check_kind(s);

        if (r >= 0 && S_ISBLK(st->st_mode) && !s->bind->shared)
                r = block_check(s->bind->source, s->host->fd, s->findings);
        if (r >= 0 && !s->bind->read_only)
                r = check_writable(s);
        if (r >= 0 && S_ISREG(st->st_mode) && host_bind_from(s->bind, s->host) == st->st_uid &&
            !(st->st_mode & S_IRUSR))
                r = WRONG(s, -EACCES, EX_NOINPUT, "`chmod u+r` it",
                          "has mode %04o, so that its owner may not read it", st->st_mode & 07777U);
        return r;
}

/* A place that a start has made for an earlier life does not count. */
static bool is_in_root(int root_fd, const char *path)
{
        char buf[PATH_MAX], *rest = buf;
        struct stat st;
        int fd = root_fd;

        (void) snprintf(buf, sizeof(buf), "%s", path);
        while (fd >= 0) {
                char *name = strsep(&rest, "/");
                bool there = fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) >= 0;
                int below = there && rest ? at_hold_dir(fd, name) : -EBADF;

                if (fd != root_fd)
                        (void) safe_close(fd);
                if (!there || !rest)
                        return there && !at_is_place(&st);
                if (below < 0) /* a link, or a file: the VMM may find something behind it */
                        return true;
                fd = below;
        }
        return false;
}

static int note_taken(const Source *s)
{
        const Layout layout = plan_layout(s->plan);
        char path[PATH_MAX];

        if (access(s->bind->source, F_OK) < 0) /* nobody could mean that */
                return 0;
        return findings_add(
                s->findings, SEVERITY_NOTE, 0, EX_OK, layout_path(&layout, LAYOUT_ROOT, s->bind->path, path),
                NULL, "is what the VM gets, not %s of the host (%s)", s->bind->source, s->bind->named_by);
}

static int open_root(const Plan *p, int base_fd)
{
        const Layout layout = plan_layout(p);
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
                        return WRONG(s, -EPERM, EX_NOPERM, "bind one of the two only, or move the file",
                                     "is in a directory that this VM may write (%s)", by->named_by);
        }
        return 0;
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

        _cleanup_close_ int root_fd = base_fd >= 0 ? open_root(plan, base_fd) : -EBADF;
        for (size_t i = 0; i < plan->n_binds && r != -ENOMEM; i++) {
                Source s = { plan, &plan->binds[i], f, &binds[i] };

                binds[i].fd = binds[i].dir_fd = -EBADF;
                binds[i].taken =
                        s.bind->yields && !is_below_dev(s.bind) && is_in_root(root_fd, s.bind->path);
                r = binds[i].taken ? note_taken(&s) : hold(&s);
                if (r >= 0 && binds[i].fd >= 0)
                        r = check(&s);
        }
        for (size_t i = 0; i < plan->n_binds && r != -ENOMEM; i++)
                r = check_way(&(Source){ plan, &plan->binds[i], f, &binds[i] }, binds);
        return r == -ENOMEM ? r : 0;
}

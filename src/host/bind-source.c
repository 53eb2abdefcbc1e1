/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Should:  say the same of a source to `check` and to a start.
 * Should:  name a remedy that whoever has set the path can use: a configuration has no FCJAIL_BIND_RO=.
 */

#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "at.h"
#include "bind-source.h"
#include "block.h"

#define REMEDY_MAX  256
#define SECTOR_SIZE 512

/* The remedy, or that the VM shall only read it. */
static const char *or_read_only(const BindPlan *b, const char *remedy, char buf[REMEDY_MAX])
{
        if (b->kind == BIND_ANY)
                (void) snprintf(buf, REMEDY_MAX, "%s, or use FCJAIL_BIND_RO=", remedy);
        else if (b->read_only_by)
                (void) snprintf(buf, REMEDY_MAX, "%s, or set %s", remedy, b->read_only_by);
        else
                (void) snprintf(buf, REMEDY_MAX, "%s", remedy);
        return buf;
}

/* What there is for each kind: what may be bound, how to say that, and what to do about anything else. */
static const struct {
        const char *kinds, *remedy, *missing;
        mode_t types[4];
} expected[] = {
        [BIND_ANY] = { "a file, directory, socket or block device",
                       NULL,
                       "create it, or correct its path",
                       { S_IFREG, S_IFDIR, S_IFSOCK, S_IFBLK } },
        [BIND_FILE] = { "a regular file or a block device",
                        NULL,
                        "create it, or correct its path",
                        { S_IFREG, S_IFBLK } },
        [BIND_CREATED] = { "a regular file or a FIFO",
                           NULL,
                           "create it, or correct its path",
                           { S_IFREG, S_IFIFO } },
        [BIND_SOCKET_DIR] = { "a directory for a socket",
                              "set /run/NAME",
                              "set /run/NAME, or create it and `chown` it to a user",
                              { S_IFDIR } },
        [BIND_SOCKET] = { "a socket",
                          NULL,
                          "start its back end first, and let it listen there",
                          { S_IFSOCK } },
};

static int is_missing(const Source *s, const char *what, bool itself)
{
        /* A back end makes its socket, and no directory. */
        const BindKind kind = s->bind->kind == BIND_SOCKET && !itself ? BIND_ANY : s->bind->kind;

        return WRONG(s, -ENOENT, EX_NOINPUT, expected[kind].missing, "%sdoes not exist", what);
}

/* Whose another directory has to be depends on who shall write to it. */
static int is_unsafe(const Source *s, int error, const char *what)
{
        const char *remedy = chase_remedy(error);

        if (error == -EUSERS)
                remedy = s->bind->kind == BIND_SOCKET_DIR ? "set /run/NAME, or use a user's directory in it"
                                                          : "use a directory in it";
        return WRONG(s, error, EX_NOPERM, remedy, "%s%s", what, chase_text(error));
}

static int cannot_open(const Source *s, int error, const char *culprit)
{
        const bool itself = !culprit || strcmp(culprit, s->bind->source) == 0;
        char what[PATH_MAX + 1] = "";

        if (!itself)
                (void) snprintf(what, sizeof(what), "%s ", culprit);
        if (error == -ENOENT)
                return is_missing(s, what, itself);
        if (chase_is_unsafe(error) && (geteuid() == 0 || error != -EPERM))
                return is_unsafe(s, error, what);
        if (geteuid() != 0 && (error == -EACCES || error == -EPERM))
                return findings_add(s->findings, SEVERITY_NOTE, error, EX_NOPERM, s->bind->source,
                                    "check it as root", "%scannot be checked by uid %u (%s)", what,
                                    geteuid(), s->bind->named_by);
        if (error == -ENOTDIR)
                return WRONG(s, error, EX_NOINPUT, "correct the path", "%sis not a directory", what);
        return WRONG(s, error, EX_NOINPUT, NULL, "%scannot be opened: %s", what, strerror(-error));
}

/* Only these filters keep the owner of a file from making it setuid; io_uring has no operation for that. */
static int check_filter(const Source *s, uid_t owner)
{
        char remedy[REMEDY_MAX];

        if (owner != 0 || plan_filter_is_ours(s->plan))
                return 0;
        return WRONG(
                s, -EPERM, EX_NOPERM,
                or_read_only(s->bind,
                             s->host->fd >= 0
                                     ? "set FCJAIL_SECCOMP= to default or io_uring, or `chown` it to a user"
                                     : "set FCJAIL_SECCOMP= to default or io_uring, or create it for a user",
                             remedy),
                "%s to root, and without fcjail's filter a VM could make it setuid",
                s->host->fd >= 0 ? "belongs" : "would belong");
}

/* A start makes a missing log as the owner of its directory. */
static int check_directory(const Source *s, const char *dir)
{
        const struct stat *st = &s->host->st;
        struct statvfs sv;

        if ((st->st_mode & (S_IWUSR | S_IXUSR)) != (S_IWUSR | S_IXUSR))
                return WRONG(s, -EACCES, EX_NOINPUT, "create the file, or `chmod u+wx` the directory",
                             "does not exist, and %s has mode %04o, so that its owner may not create it",
                             dir, st->st_mode & 07777U);
        if (fstatvfs(s->host->dir_fd, &sv) < 0)
                return cannot_open(s, -errno, dir);
        if (sv.f_flag & ST_RDONLY)
                return WRONG(s, -EROFS, EX_NOINPUT,
                             "remount it, or set ReadWritePaths= if the unit has ProtectSystem=",
                             "does not exist, and %s is on a file system that is read-only for fcjail", dir);
        return check_filter(s, st->st_uid);
}

/* The directory of the path, in which a start makes the file. With the dot it is one that the path leads through, and so
 * among those that this VM must not write. */
static int hold_directory(Source *s)
{
        _cleanup_free_ char *culprit = NULL, *dir = strdup(s->bind->source);
        int fd;

        if (!dir)
                return -ENOMEM;
        char *slash = strrchr(dir, '/');
        memcpy(slash, "/.", sizeof("/."));
        fd = chase_source(dir, &s->host->dirs, &s->host->st, &culprit);
        if (fd < 0)
                return cannot_open(s, fd, culprit);
        s->host->dir_fd = fd;
        slash[slash == dir] = '\0';
        return check_directory(s, dir);
}

static int check_kind(const Source *s)
{
        const BindPlan *b = s->bind;
        const mode_t type = s->host->st.st_mode & S_IFMT;
        bool right = false;

        FOREACH_ARRAY (t, expected[b->kind].types, ELEMENTSOF(expected[b->kind].types))
                right = right || type == *t;
        if (!right)
                return WRONG(s, -EBADFD, EX_NOINPUT, expected[b->kind].remedy, "is %s, not %s",
                             file_kind(type), expected[b->kind].kinds);
        if (type == S_IFBLK && b->not_empty)
                return WRONG(s, -EBADFD, EX_NOINPUT, "name it in /drives",
                             "is a block device, not a regular file");
        if (type == S_IFBLK && !bind_is_in_dev(s->bind))
                return WRONG(s, -EBADFD, EX_NOINPUT, "name it by its path in /dev",
                             "is a block device, for which the jail has no place outside /dev");
        if (type != S_IFBLK && bind_is_in_dev(s->bind))
                return WRONG(s, -EBADFD, EX_NOINPUT,
                             b->kind == BIND_ANY ? "choose a destination outside /dev"
                                                 : "move it out of /dev",
                             "is %s, but below /dev the jail has only devices", file_kind(type));
        if (b->not_empty && s->host->st.st_size == 0)
                return WRONG(s, -ENODATA, EX_NOINPUT, "give it a size with truncate", "is empty");
        return 0;
}

static int check_loop(const Source *s)
{
        const struct stat *st = &s->host->st;

        if (!S_ISREG(st->st_mode))
                return WRONG(s, -EBADFD, EX_NOINPUT, "remove the option loop", "is %s, not a regular file",
                             file_kind(st->st_mode));
        if (st->st_size < SECTOR_SIZE)
                return WRONG(s, -ENODATA, EX_NOINPUT, "give it a size with truncate",
                             "is smaller than a sector, %i bytes", SECTOR_SIZE);
        return 0;
}

static int check_owner(const Source *s)
{
        const struct stat *st = &s->host->st;
        const uid_t from = host_bind_from(s->bind, s->host);
        char remedy[REMEDY_MAX];

        if (S_ISDIR(st->st_mode) && (st->st_uid == 0 || from == 0))
                return WRONG(
                        s, -EPERM, EX_NOPERM,
                        s->bind->kind == BIND_SOCKET_DIR
                                ? "set /run/NAME, or create a directory for the socket and `chown` it to a user"
                                : or_read_only(s->bind,
                                               "create a directory for the VM and `chown` it to a user",
                                               remedy),
                        "is a directory of root's, in which a VM could make setuid files of root's");
        if (st->st_mode & (S_ISUID | S_ISGID) && S_ISREG(st->st_mode))
                return WRONG(s, -EPERM, EX_NOPERM, "`chmod ug-s` it", "is setuid or setgid");
        return S_ISREG(st->st_mode) ? check_filter(s, from) : 0;
}

/* The VM is its owner, and the mode does not let that do what the VMM will do. Of a directory it may be enough to pass. */
static bool owner_lacks(const Source *s, mode_t mode)
{
        const struct stat *st = &s->host->st;

        if (S_ISDIR(st->st_mode) && (s->bind->kind != BIND_SOCKET_DIR || mode != S_IWUSR))
                return false;
        return host_bind_from(s->bind, s->host) == st->st_uid && !(st->st_mode & mode);
}

static int check_writable(const Source *s)
{
        const struct stat *st = &s->host->st;
        char remedy[REMEDY_MAX];
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
                        or_read_only(
                                s->bind,
                                "remount it, or set ReadWritePaths= if the unit has ProtectSystem=", remedy),
                        "is on a file system that is read-only for fcjail");
        if (owner_lacks(s, S_IWUSR))
                return WRONG(s, -EACCES, EX_NOINPUT, or_read_only(s->bind, "`chmod u+w` it", remedy),
                             "has mode %04o, so that its owner may not write to it", st->st_mode & 07777U);
        return 0;
}

static int check(const Source *s)
{
        const mode_t mode = s->host->st.st_mode, needed = S_ISSOCK(mode) ? S_IWUSR : S_IRUSR;
        int r = s->bind->loop ? check_loop(s) : check_kind(s);

        if (r >= 0 && S_ISBLK(mode) && !s->bind->shared)
                r = block_check(s->bind->source, s->host->fd, s->findings);
        if (r >= 0 && !s->bind->read_only)
                r = check_writable(s);
        if (r < 0 || S_ISBLK(mode) || !owner_lacks(s, needed))
                return r;
        return S_ISSOCK(mode)
                       ? WRONG(s, -EACCES, EX_NOINPUT, "`chmod u+w` it",
                               "has mode %04o, so that its owner may not connect to it", mode & 07777U)
                       : WRONG(s, -EACCES, EX_NOINPUT, "`chmod u+r` it",
                               "has mode %04o, so that its owner may not read it", mode & 07777U);
}

int source_hold(Source *s)
{
        _cleanup_free_ char *culprit = NULL;
        int fd = chase_source(s->bind->source, &s->host->dirs, &s->host->st, &culprit);

        if (fd == -ENOENT && s->bind->kind == BIND_CREATED &&
            (!culprit || strcmp(culprit, s->bind->source) == 0))
                return hold_directory(s);
        if (fd < 0)
                return cannot_open(s, fd, culprit);
        s->host->fd = fd;
        return check(s);
}

/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Files that the VMM opens, and those that it also makes.
 *
 * Should:  leave it to the kernel, with the VM's uid and gid, what links, modes and ACLs mean.
 * Mustn't: open anything but regular files: the open of a device or a FIFO does something.
 */

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "at.h"
#include "fd-util.h"
#include "jail-look.h"

/* A VM that gets one of several uids can write the file only by chance. */
static int check_owner_by_chance(Look *l, const struct stat *st)
{
        const UidRange *range = &l->plan->uid_range;

        if (st->st_uid == 0 ||
            (!l->plan->uid_later && (st->st_uid < range->first || st->st_uid > range->last)))
                return CANNOT(l, -EROFS, "set FCJAIL_UID= and give it to that uid with chown",
                              "belongs to uid %u, so the VMM cannot write its %s", st->st_uid, l->role);
        return findings_add(
                l->findings, SEVERITY_NOTE, -EROFS, EX_NOINPUT, l->path, "set FCJAIL_UID= to that uid",
                "belongs to uid %u, and the VMM can write its %s only if the next start gets that uid",
                st->st_uid, l->role);
}

/* How to say that the VMM shall not write it. */
static const char *or_set(const VmmFile *file)
{
        return file->read_only_by ? ", or set " : "";
}

static int check_owner(Look *l, const struct stat *st)
{
        const char *read_only = l->file->read_only_by ? l->file->read_only_by : "";
        uid_t uid = l->plan->uid;

        if (uid == UID_INVALID)
                return check_owner_by_chance(l, st);
        if (st->st_uid != uid)
                return CANNOT(l, -EROFS, NULL,
                              "belongs to uid %u, so the VMM cannot write its %s; `chown %u %s`%s%s",
                              st->st_uid, l->role, uid, l->path, or_set(l->file), read_only);
        if (!(st->st_mode & S_IWUSR))
                return CANNOT(l, -EROFS, NULL,
                              "has mode %04o, so the VMM cannot write its %s; `chmod u+w %s`%s%s",
                              st->st_mode & 07777U, l->role, l->path, or_set(l->file), read_only);
        return 0;
}

/* Step `files` takes no disk out of a directory that others can change, or from far down. */
static int check_directories(Look *l)
{
        struct stat st;
        int depth = 0;

        for (char *p = l->name; (p = strchr(p, '/')); p++) {
                *p = '\0';
                int r = RET_NERRNO(fstatat(l->root_fd, l->name, &st, AT_SYMLINK_NOFOLLOW));
                *p = '/';
                if (r < 0)
                        return look_not_found(l, r);
                if (++depth > DISK_DEPTH_MAX)
                        return CANNOT(l, -EROFS, "move it up",
                                      "is more than %i directories down, so the VMM cannot write its %s",
                                      DISK_DEPTH_MAX, l->role);
                if (!only_root_can_change(&st))
                        return CANNOT(
                                l, -EROFS, "`chown root` and `chmod go-w` that",
                                "is below a directory that others than root can change, so the VMM cannot write its %s",
                                l->role);
        }
        return 0;
}

int look_writable(Look *l, const struct stat *st)
{
        int r = check_owner(l, st);

        return r < 0 ? r : check_directories(l);
}

int look_readable(Look *l, const struct stat *st)
{
        char link[FD_PATH_MAX];

        if (!l->as_vm)
                return 0;
        _cleanup_close_ int file_fd =
                RET_NERRNO(open(fd_path(link, l->fd), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
        if (file_fd == -EACCES)
                return CANNOT(l, file_fd,
                              st->st_uid == l->vm.uid ? "`chmod u+r` it"
                                                      : "`chgrp` it to that gid and `chmod g+r` it",
                              "cannot be read by uid %u and gid %u, so the VMM cannot open its %s",
                              l->vm.uid, l->vm.gid, l->role);
        return file_fd < 0 ? look_not_found(l, file_fd) : 0;
}

static int check_found(Look *l)
{
        struct stat st;
        int r = 0;

        if (fstat(l->fd, &st) < 0)
                return look_not_found(l, -errno);
        if (!S_ISREG(st.st_mode))
                return CANNOT(l, -EBADFD, NULL, "is %s, not a regular file, so the VMM cannot open its %s",
                              file_kind(st.st_mode), l->role);
        if (l->file->not_empty && st.st_size == 0)
                return CANNOT(l, -ENODATA, "give it a size with truncate",
                              "is empty, so the VMM cannot open its %s", l->role);
        if (!l->file->read_only)
                r = look_writable(l, &st);
        return r < 0 ? r : look_readable(l, &st);
}

int jail_check_opened(Look *l)
{
        if (l->made)
                return look_not_kept(l);
        return l->fd < 0 ? look_not_found(l, l->fd) : check_found(l);
}

static int check_fifo(Look *l)
{
        if (look_may(l, R_OK | W_OK))
                return 0;
        return CANNOT(l, -EACCES, "`chgrp` it to that gid and `chmod g+rw` it",
                      "cannot be written by uid %u and gid %u, so the VMM cannot open its %s", l->vm.uid,
                      l->vm.gid, l->role);
}

static int check_made_before(Look *l)
{
        struct stat st;
        int r;

        if (fstat(l->fd, &st) < 0)
                return look_not_found(l, -errno);
        if (S_ISFIFO(st.st_mode))
                return check_fifo(l);
        if (!S_ISREG(st.st_mode))
                return CANNOT(l, -EBADFD, NULL,
                              "is %s, neither a regular file nor a FIFO, so the VMM cannot open its %s",
                              file_kind(st.st_mode), l->role);
        r = look_writable(l, &st);
        if (r >= 0)
                r = look_readable(l, &st);
        if (r < 0 || st.st_size == 0)
                return r;
        return NOTE(l, "rename or empty it before a start to keep the old text apart",
                    "is not empty, and the VMM writes its %s over it from the first byte on", l->role);
}

static bool is_node(const Look *l)
{
        FOREACH_ARRAY (n, l->plan->nodes, l->plan->n_nodes)
                if (strncmp(l->name, JAIL_DEV "/", strlen(JAIL_DEV "/")) == 0 &&
                    strcmp(l->name + strlen(JAIL_DEV "/"), n->path) == 0)
                        return true;
        return false;
}

int jail_check_created(Look *l)
{
        if (look_name_in_run(l))
                return NOTE(l, "to keep it, set a path of the host outside /run",
                            "is in run/, so %s removes the VMM's %s",
                            l->plan->keep ? "the next start" : "the end of the VM", l->role);
        if (is_node(l))
                return 0;
        if (l->made)
                return look_not_kept(l);
        return l->fd < 0 ? look_not_found(l, l->fd) : check_made_before(l);
}

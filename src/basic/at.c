/* SPDX-License-Identifier: Apache-2.0 */

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include "at.h"
#include "fd-util.h"
#include "fs-ids.h"

bool only_root_can_change(const struct stat *st)
{
        return st->st_uid == 0 && (st->st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

int at_open_dir(int dir_fd, const char *name)
{
        return RET_NERRNO(openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

int at_hold_dir(int dir_fd, const char *name)
{
        return RET_NERRNO(openat(dir_fd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

int at_make_dir(int dir_fd, const char *name, mode_t mode)
{
        /* With its mode from birth, or a kill would leave one that nobody ever changes again. */
        mode_t saved = umask(0);
        int r = RET_NERRNO(mkdirat(dir_fd, name, mode));
        bool made = r >= 0;

        (void) umask(saved);
        if (!made && r != -EEXIST)
                return r;

        _cleanup_close_ int fd = at_open_dir(dir_fd, name);
        if (fd < 0)
                return fd;

        /* A default ACL of the parent had a say in it, too. */
        if (made && fchmod(fd, mode) < 0)
                return -errno;

        return TAKE_FD(fd);
}

int at_make_node(int dir_fd, const char *name, mode_t mode, dev_t rdev)
{
        mode_t saved = umask(0);
        int r = RET_NERRNO(mknodat(dir_fd, name, mode, rdev));

        (void) umask(saved);
        return r;
}

static int new_file(int dir_fd, const char *name)
{
        return RET_NERRNO(openat(dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0));
}

/* r is how the filling went. The mode comes last, so that the file is of no use before it is whole. */
static int finish_file(int dir_fd, const char *name, int fd, mode_t mode, int r)
{
        if (r >= 0)
                r = RET_NERRNO(fchmod(fd, mode));
        if (r < 0)
                (void) unlinkat(dir_fd, name, /* flags= */ 0);
        return r;
}

static int write_all(int fd, const void *data, size_t size)
{
        for (const char *p = data; size > 0;) {
                ssize_t n = write(fd, p, size);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                p += n;
                size -= (size_t) n;
        }

        return 0;
}

/* What sendfile(2) moves at most per call. */
#define COPY_CHUNK 0x7ffff000U

static int copy_all(int fd, int source_fd)
{
        off_t offset = 0;

        for (;;) {
                ssize_t n = sendfile(fd, source_fd, &offset, COPY_CHUNK);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n <= 0)
                        return n < 0 ? -errno : 0;
        }
}

int at_write_file(int dir_fd, const char *name, mode_t mode, const void *data, size_t size)
{
        _cleanup_close_ int fd = new_file(dir_fd, name);

        return fd < 0 ? fd : finish_file(dir_fd, name, fd, mode, write_all(fd, data, size));
}

int at_copy_file(int dir_fd, const char *name, mode_t mode, int source_fd)
{
        _cleanup_close_ int fd = new_file(dir_fd, name);

        return fd < 0 ? fd : finish_file(dir_fd, name, fd, mode, copy_all(fd, source_fd));
}

int at_read_file(int dir_fd, const char *name, size_t max, char **ret, size_t *ret_size)
{
        struct stat st;
        size_t size;
        int r;

        /* O_NONBLOCK: a FIFO in the place of the file must not hold us up. */
        _cleanup_close_ int fd = openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        if (fd < 0 || fstat(fd, &st) < 0)
                return -errno;
        if (!S_ISREG(st.st_mode))
                return -EBADFD;

        _cleanup_free_ char *buf = malloc(max + 1);
        if (!buf)
                return -ENOMEM;
        r = fd_read(fd, buf, max + 1, &size);
        if (r < 0)
                return r;
        if (size > max)
                return -EFBIG;

        buf[size] = '\0';
        *ret = TAKE_PTR(buf);
        if (ret_size)
                *ret_size = size;
        return 0;
}

int at_remove(int dir_fd, const char *name)
{
        if (unlinkat(dir_fd, name, /* flags= */ 0) >= 0 || errno == ENOENT)
                return 0;
        /* EPERM is what POSIX says for a directory, EISDIR what Linux says. */
        if (errno != EISDIR && errno != EPERM)
                return -errno;
        if (unlinkat(dir_fd, name, AT_REMOVEDIR) >= 0 || errno == ENOENT)
                return 0;
        return errno == ENOTDIR ? -EPERM : -errno;
}

/*
 * at_empty_dir() recurses over at most EMPTY_DEPTH_MAX directories. What lies deeper is moved up to the top
 * and met there again, so that depth alone is no way to make a cleanup fail; only the number of entries is.
 */
typedef struct Emptying {
        int top_fd;
        uint64_t secret; /* in the names of what is moved up, or who made it would take them all before */
        unsigned n_entries;
        unsigned n_moved;
} Emptying;

/* By its attribute: a bind mount of the same file system has the same st_dev. 0, or -EBUSY: it is one. */
static int check_no_mount(int fd)
{
        struct statx sx;

        if (statx(fd, "", AT_EMPTY_PATH, 0, &sx) < 0)
                return -errno;
        if (!(sx.stx_attributes_mask & STATX_ATTR_MOUNT_ROOT))
                return -EOPNOTSUPP;
        return sx.stx_attributes & STATX_ATTR_MOUNT_ROOT ? -EBUSY : 0;
}

static int unlock_dir(int path_fd, const struct stat *st)
{
        char path[FD_PATH_MAX];

        if ((st->st_mode & S_IRWXU) == S_IRWXU)
                return 0;
        /* fchmod(2) does not take an O_PATH descriptor; its magic link is the same object. */
        return RET_NERRNO(fchmodat(AT_FDCWD, fd_path(path, path_fd), 0700, /* flags= */ 0));
}

static int move_up(Emptying *e, int dir_fd, const char *name)
{
        char up[48];

        if (e->secret == 0 && getrandom(&e->secret, sizeof(e->secret), /* flags= */ 0) != sizeof(e->secret))
                return -errno;
        (void) snprintf(up, sizeof(up), ".fcjail-%" PRIx64 "-%u", e->secret, ++e->n_moved);
        return RET_NERRNO(renameat(dir_fd, name, e->top_fd, up));
}

static int empty(Emptying *e, int dir_fd, unsigned depth);

static int empty_subdir(Emptying *e, int dir_fd, const char *name, unsigned depth)
{
        char path[FD_PATH_MAX];
        struct stat parent, st;
        int r;

        if (depth >= EMPTY_DEPTH_MAX)
                return move_up(e, dir_fd, name);

        _cleanup_close_ int path_fd = at_hold_dir(dir_fd, name);
        if (path_fd == -ENOTDIR) /* a file that may not be removed, such as an immutable one */
                return -EPERM;
        if (path_fd < 0)
                return path_fd;
        if (fstat(path_fd, &st) < 0 || fstat(dir_fd, &parent) < 0)
                return -errno;

        r = check_no_mount(path_fd);
        if (r < 0)
                return r;
        r = fs_ids_set((FsIds){ st.st_uid, st.st_gid });
        if (r >= 0)
                r = unlock_dir(path_fd, &st);
        if (r >= 0) {
                _cleanup_close_ int fd = open(fd_path(path, path_fd), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
                r = fd < 0 ? -errno : empty(e, fd, depth + 1);
        }

        int k = fs_ids_set((FsIds){ parent.st_uid, parent.st_gid });
        if (r < 0 || k < 0)
                return r < 0 ? r : k;
        return RET_NERRNO(unlinkat(dir_fd, name, AT_REMOVEDIR));
}

static int empty_entry(Emptying *e, int dir_fd, const char *name, unsigned depth)
{
        if (++e->n_entries > EMPTY_ENTRIES_MAX)
                return -E2BIG;

        if (unlinkat(dir_fd, name, /* flags= */ 0) >= 0 || errno == ENOENT)
                return 0;
        if (errno != EISDIR && errno != EPERM)
                return -errno;
        return empty_subdir(e, dir_fd, name, depth);
}

static int empty(Emptying *e, int dir_fd, unsigned depth)
{
        int r;

        _cleanup_close_ int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        _cleanup_closedir_ DIR *d = fdopendir(fd);
        if (!d)
                return -errno;
        TAKE_FD(fd);

        for (;;) {
                errno = 0;
                struct dirent *de = readdir(d);
                if (!de)
                        return errno != 0 ? -errno : 0;
                if (strcmp(de->d_name, ".") == 0 || strcmp(de->d_name, "..") == 0)
                        continue;
                r = empty_entry(e, dir_fd, de->d_name, depth);
                if (r < 0)
                        return r;
        }
}

int at_empty_dir(int dir_fd)
{
        FsIds mine = fs_ids_get();
        Emptying e = { .top_fd = dir_fd };
        unsigned n_moved;
        struct stat st;
        int r;

        if (fstat(dir_fd, &st) < 0)
                return -errno;
        r = check_no_mount(dir_fd);
        if (r < 0)
                return r;

        r = fs_ids_set((FsIds){ st.st_uid, st.st_gid });
        if (r >= 0)
                r = unlock_dir(dir_fd, &st);
        do {
                n_moved = e.n_moved;
                if (r >= 0)
                        r = empty(&e, dir_fd, 0);
        } while (r >= 0 && e.n_moved > n_moved);

        int k = fs_ids_set(mine);
        return r < 0 ? r : k;
}

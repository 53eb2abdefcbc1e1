/* SPDX-License-Identifier: Apache-2.0 */

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include "at.h"
#include "fd-util.h"

bool only_root_can_change(const struct stat *st)
{
        return st->st_uid == 0 && (st->st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

bool same_object(const struct stat *a, const struct stat *b)
{
        return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

const char *file_kind(mode_t mode)
{
        switch (mode & S_IFMT) {
        case S_IFREG:
                return "a regular file";
        case S_IFDIR:
                return "a directory";
        case S_IFCHR:
                return "a character device";
        case S_IFBLK:
                return "a block device";
        case S_IFIFO:
                return "a FIFO";
        case S_IFSOCK:
                return "a socket";
        default:
                return "something else";
        }
}

bool at_is_dot(const char *name)
{
        return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

int at_open_dir(int dir_fd, const char *name)
{
        return RET_NERRNO(openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

int at_list_dir(int dir_fd, const char *name, DIR **ret)
{
        _cleanup_close_ int fd = at_open_dir(dir_fd, name);

        if (fd < 0)
                return fd;
        DIR *d = fdopendir(fd);
        if (!d)
                return -errno;
        TAKE_FD(fd);
        *ret = d;
        return 0;
}

int at_next(DIR *d, const char **ret)
{
        for (struct dirent *de; (void) (errno = 0), (de = readdir(d));) {
                if (at_is_dot(de->d_name))
                        continue;
                *ret = de->d_name;
                return 1;
        }
        return -errno;
}

int at_hold_dir(int dir_fd, const char *name)
{
        return RET_NERRNO(openat(dir_fd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

int at_hold_parent(int dir_fd, const char *path, const char **ret_name)
{
        _cleanup_close_ int above = -EBADF;
        char name[NAME_MAX + 1];

        for (const char *slash; (slash = strchr(path, '/')); path = slash + 1) {
                const size_t n = (size_t) (slash - path);

                if (n >= sizeof(name))
                        return -ENAMETOOLONG;
                (void) snprintf(name, sizeof(name), "%.*s", (int) n, path);
                int fd = at_hold_dir(above < 0 ? dir_fd : above, name);
                if (fd < 0)
                        return fd;
                (void) safe_close(above);
                above = fd;
        }
        *ret_name = path;
        return above < 0 ? at_hold_dir(dir_fd, ".") : TAKE_FD(above);
}

int at_make_or_take_dir(int dir_fd, const char *name, mode_t mode, bool *ret_made)
{
        /* With its mode from birth: otherwise a kill would leave a directory that nobody corrects. */
        mode_t saved = umask(0);
        int r = RET_NERRNO(mkdirat(dir_fd, name, mode));
        bool made = r >= 0;

        (void) umask(saved);
        if (!made && r != -EEXIST)
                return r;

        _cleanup_close_ int fd = at_open_dir(dir_fd, name);
        if (fd < 0)
                return fd;

        /* A default ACL of the parent also had a say in it. */
        if (made && fchmod(fd, mode) < 0)
                return -errno;

        *ret_made = made;
        return TAKE_FD(fd);
}

int at_make_dir(int dir_fd, const char *name, mode_t mode)
{
        bool made;

        return at_make_or_take_dir(dir_fd, name, mode, &made);
}

/* Nobody else makes a file that nobody may use, or a sticky directory that nobody may write. */
bool at_is_place(const struct stat *st)
{
        if (st->st_uid != 0)
                return false;
        if (S_ISDIR(st->st_mode))
                return (st->st_mode & 07777) == PLACE_DIR_MODE;
        return S_ISREG(st->st_mode) && st->st_size == 0 && (st->st_mode & 07777) == 0 && st->st_nlink == 1;
}

int at_make_place(int dir_fd, const char *name, bool directory)
{
        struct stat st;
        int r;

        if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) >= 0)
                return at_is_place(&st) && S_ISDIR(st.st_mode) == directory ? 0 : -EEXIST;
        if (errno != ENOENT)
                return -errno;
        if (!directory)
                return at_write_file(dir_fd, name, 0, "", 0);
        r = at_make_dir(dir_fd, name, PLACE_DIR_MODE);
        if (r < 0)
                return r;
        (void) safe_close(r);
        return 0;
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

int at_make_file(int dir_fd, const char *name, mode_t mode)
{
        const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
        mode_t saved = umask(0);
        _cleanup_close_ int fd = RET_NERRNO(openat(dir_fd, name, flags, mode));

        (void) umask(saved);
        /* A default ACL of the directory also had a say in it. */
        if (fd >= 0 && fchmod(fd, mode) < 0)
                return -errno;
        return TAKE_FD(fd);
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

int at_read_link(int dir_fd, const char *name, char *buf, size_t size)
{
        struct stat st;

        ssize_t n = readlinkat(dir_fd, name, buf, size);
        if (n < 0) {
                int r = -errno;
                bool other = r == -EINVAL && fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) >= 0 &&
                             !S_ISLNK(st.st_mode);
                return other ? -EBADFD : r;
        }
        if ((size_t) n == size)
                return -ENAMETOOLONG;
        buf[n] = '\0';
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

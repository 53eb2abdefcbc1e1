/* SPDX-License-Identifier: Apache-2.0 */

/*
 * As src/config/env-dir.c does: a directory is chased once, and its regular files of root are opened from there. Everything
 * else, and every error, goes the long way.
 */

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "at.h"
#include "chase.h"
#include "config-reader.h"
#include "fd-util.h"

void config_reader_done(ConfigReader *r)
{
        r->dir_fd = safe_close(r->dir_fd);
        free(TAKE_PTR(r->dir));
        free(TAKE_PTR(r->text));
}

/* Holds the directory of the path. In one that others may write to, with the sticky bit, a file needs another look. */
static int hold_dir(ConfigReader *r, const char *path, size_t n)
{
        struct stat st;

        if (r->dir && strlen(r->dir) == n && strncmp(r->dir, path, n) == 0)
                return r->dir_fd;

        r->dir_fd = safe_close(r->dir_fd);
        free(r->dir);
        r->dir = strndup(path, n);
        if (!r->dir)
                return -ENOMEM;
        r->dir_fd = chase_open(r->dir, O_PATH | O_DIRECTORY, CHASE_DEFAULT, NULL);
        if (r->dir_fd >= 0 && (fstat(r->dir_fd, &st) < 0 || !only_root_can_change(&st)))
                r->dir_fd = safe_close(r->dir_fd);
        return r->dir_fd;
}

/* A descriptor or a negative number: the long way finds out why. Opening a regular file is no action. */
static int open_quickly(ConfigReader *r, const char *path, struct stat *ret_st)
{
        const char *name = strrchr(path, '/') + 1;
        struct stat st;

        int dir_fd = hold_dir(r, path, (size_t) (name - path));
        if (dir_fd < 0 || fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(st.st_mode))
                return -EBADF;
        _cleanup_close_ int fd = openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        if (fd < 0 || fstat(fd, ret_st) < 0 || !S_ISREG(ret_st->st_mode) || !only_root_can_change(ret_st))
                return -EBADF;
        return TAKE_FD(fd);
}

static int open_config(ConfigReader *r, const char *path, struct stat *ret_st)
{
        _cleanup_close_ int fd = open_quickly(r, path, ret_st);

        if (fd >= 0)
                return TAKE_FD(fd);
        fd = chase_open(path, O_RDONLY, CHASE_DEFAULT, NULL);
        if (fd < 0)
                return fd;
        if (fstat(fd, ret_st) < 0)
                return -errno;
        return S_ISREG(ret_st->st_mode) ? TAKE_FD(fd) : -EBADFD;
}

/* No more than there was: to ask for the end is one call more. vmm_files_read() refuses what is too large. */
static int read_config(ConfigReader *r, int fd, const struct stat *st, size_t *ret_size)
{
        const size_t most = VMM_CONFIG_SIZE_MAX + 1;

        if (!r->text)
                r->text = malloc(most);
        if (!r->text)
                return -ENOMEM;
        return fd_read(fd, r->text, st->st_size < (off_t) most ? (size_t) st->st_size : most, ret_size);
}

int config_reader_read(ConfigReader *r, const char *path, VmmFiles *ret, char **ret_why)
{
        struct stat st;
        size_t size;
        int k;

        _cleanup_close_ int fd = open_config(r, path, &st);
        k = fd < 0 ? fd : read_config(r, fd, &st, &size);
        if (k < 0)
                return k == -ENOMEM || ASPRINTF(ret_why, "%s", chase_strerror(k)) < 0 ? -ENOMEM : k;
        return vmm_files_read(r->text, size, ret, ret_why);
}

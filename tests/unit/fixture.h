/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A world of its own for tests that read /etc, /run and /usr/lib: empty tmpfs over each, in a mount
 * namespace of the test process. Skips the test where that cannot be had.
 *
 * Paths end in the content of a C string, so that one line makes one file: file("/etc/fcjail/a.env",
 * "X=1\n").
 */

#include <criterion/criterion.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "macro.h"

static inline void fixture_enter(void)
{
        static const char *const places[] = { "/etc", "/run", "/usr/lib" };

        if (geteuid() != 0 || unshare(CLONE_NEWNS) < 0)
                cr_skip_test("needs a mount namespace");
        cr_assert(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) >= 0);
        for (size_t i = 0; i < ELEMENTSOF(places); i++)
                cr_assert(mount("test", places[i], "tmpfs", 0, "mode=0755") >= 0);
        (void) umask(0022);
}

/* Makes the directories above the last component. */
static inline void parents(const char *path)
{
        char buf[4096];

        cr_assert(strlen(path) < sizeof(buf));
        memcpy(buf, path, strlen(path) + 1);
        for (char *p = buf + 1; (p = strchr(p, '/')); p++) {
                *p = '\0';
                cr_assert(mkdir(buf, 0755) >= 0 || errno == EEXIST, "%s", buf);
                *p = '/';
        }
}

static inline void file_bytes(const char *path, const char *data, size_t size)
{
        parents(path);

        int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
        cr_assert(fd >= 0, "%s", path);
        cr_assert(write(fd, data, size) == (ssize_t) size);
        cr_assert(close(fd) == 0);
}

static inline void file(const char *path, const char *text)
{
        file_bytes(path, text, strlen(text));
}

static inline void dir(const char *path)
{
        parents(path);
        cr_assert(mkdir(path, 0755) >= 0, "%s", path);
}

static inline void link_to(const char *path, const char *target)
{
        parents(path);
        cr_assert(symlink(target, path) >= 0, "%s", path);
}

static inline void mode(const char *path, mode_t m)
{
        cr_assert(chmod(path, m) >= 0, "%s", path);
}

static inline void owner(const char *path, uid_t uid)
{
        cr_assert(lchown(path, uid, uid) >= 0, "%s", path);
}

/* SPDX-License-Identifier: Apache-2.0 */

/*
 * open(2) with O_EXCL claims a block device, if nobody has a claim on it: a mount, a swap, device-mapper and md have one. A
 * claim on a disk and one on a partition of it exclude each other. That is one call, whatever the host has mounted; who it
 * is takes longer, and is asked for the message alone.
 *
 * Should:  let go of the claim at once: no descriptor of ours may reach the VMM, and the VMM's own are no claims.
 */

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sysexits.h>
#include <unistd.h>

#include "at.h"
#include "block.h"
#include "fd-util.h"
#include "parse.h"

/* A claim of nobody that can be named may be that of another start, which lasts some microseconds. */
#define TRIES    20
#define TRY_USEC 2500

/* A directory of what the kernel says of a block device, or -errno. */
static int open_sysfs(dev_t rdev, const char *name)
{
        char path[64];

        _cleanup_close_ int fd = open("/sys/dev/block", O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        (void) snprintf(path, sizeof(path), "%u:%u/%s", major(rdev), minor(rdev), name);
        return RET_NERRNO(openat(fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

static DIR *list_sysfs(dev_t rdev, const char *name)
{
        _cleanup_close_ int fd = open_sysfs(rdev, name);
        DIR *d = fd >= 0 ? fdopendir(fd) : NULL;

        if (d)
                TAKE_FD(fd);
        return d;
}

/* Of "8:1"; 0: it is none. */
static dev_t parse_rdev(char *s)
{
        const char *ma = strsep(&s, ":");
        uint32_t n, m;

        if (!s || parse_u32(ma, 0, UINT32_MAX, &n) < 0 || parse_u32(s, 0, UINT32_MAX, &m) < 0)
                return 0;
        return makedev(n, m);
}

static char *holder_of(dev_t rdev)
{
        _cleanup_closedir_ DIR *d = list_sysfs(rdev, "holders");
        char *text = NULL;

        for (struct dirent *de; d && !text && (de = readdir(d));)
                if (!at_is_dot(de->d_name))
                        (void) ASPRINTF(&text, "a part of %s", de->d_name);
        return text;
}

/* The third field is the device's number, the fifth the place. */
static char *mount_of(dev_t rdev)
{
        _cleanup_fclose_ FILE *f = fopen("/proc/self/mountinfo", "re");
        _cleanup_free_ char *line = NULL;
        char *text = NULL;
        size_t size = 0;

        while (f && !text && getline(&line, &size, f) >= 0) {
                char *fields[5] = {}, *rest = line;

                FOREACH_ARRAY (field, fields, ELEMENTSOF(fields))
                        *field = strsep(&rest, " ");
                if (fields[4] && parse_rdev(fields[2]) == rdev)
                        (void) ASPRINTF(&text, "mounted on %s", fields[4]);
        }
        return text;
}

static char *user_of(dev_t rdev)
{
        char *text = holder_of(rdev);

        return text ? text : mount_of(rdev);
}

/* The device that an entry of the directory of another one is; 0: none. */
static dev_t device_of(int dir_fd, const char *name)
{
        _cleanup_free_ char *text = NULL;

        _cleanup_close_ int fd = at_open_dir(dir_fd, name);
        if (fd < 0 || at_read_file(fd, "dev", 4096, &text, NULL) < 0)
                return 0;
        text[strcspn(text, "\n")] = '\0';
        return parse_rdev(text);
}

/* Of the directories in that of the device, and not of the links to others, partitions have a device number; "." is the
 * device itself, and ".." is the disk that it is a partition of. */
static char *user_of_relative(dev_t rdev)
{
        _cleanup_closedir_ DIR *d = list_sysfs(rdev, "");
        char *text = NULL;

        for (struct dirent *de; d && !text && (de = readdir(d));) {
                dev_t other = strcmp(de->d_name, ".") != 0 ? device_of(dirfd(d), de->d_name) : 0;
                _cleanup_free_ char *user = other != 0 ? user_of(other) : NULL;
                if (user)
                        (void) ASPRINTF(&text, "on one disk with %u:%u, which is %s", major(other),
                                        minor(other), user);
        }
        return text;
}

char *block_user(dev_t rdev)
{
        char *text = user_of(rdev);

        return text ? text : user_of_relative(rdev);
}

static int complain(const char *path, int error, const char *user, Findings *f)
{
        if (error == -EBUSY)
                return findings_add(f, SEVERITY_ERROR, error, EX_TEMPFAIL, path,
                                    "release it, or give the VM another device", "is in use by the host%s%s",
                                    user ? ": it is " : "", user ? user : "");
        if (geteuid() != 0 && (error == -EACCES || error == -EPERM))
                return findings_add(f, SEVERITY_NOTE, error, EX_NOPERM, path, NULL,
                                    "cannot be checked by uid %u; check it as root", geteuid());
        if (error == -EPERM)
                return findings_add(f, SEVERITY_ERROR, error, EX_NOPERM, path,
                                    "run `systemctl daemon-reload`, see fcjail-generator(8)",
                                    "is not among the devices that the unit allows");
        return findings_add(f, SEVERITY_ERROR, error, EX_NOINPUT, path, NULL, "cannot be opened: %s",
                            strerror(-error));
}

static int claim(int fd)
{
        char link[FD_PATH_MAX];

        _cleanup_close_ int claim_fd = open(fd_path(link, fd), O_RDONLY | O_EXCL | O_NONBLOCK | O_CLOEXEC);
        return claim_fd < 0 ? -errno : 0;
}

int block_check(const char *path, int fd, Findings *f)
{
        _cleanup_free_ char *user = NULL;
        struct stat st;
        int r = claim(fd);

        for (unsigned i = 0; r == -EBUSY && i < TRIES; i++) {
                user = fstat(fd, &st) >= 0 ? block_user(st.st_rdev) : NULL;
                if (user)
                        break;
                (void) usleep(TRY_USEC);
                r = claim(fd);
        }
        return r < 0 ? complain(path, r, user, f) : 0;
}

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
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sysexits.h>
#include <unistd.h>

#include "at.h"
#include "block.h"
#include "fd-util.h"

#define SYSFS_PATH_MAX 64

/* The first entry of a directory, or NULL. */
static char *first_name(const char *path)
{
        _cleanup_closedir_ DIR *d = opendir(path);

        for (struct dirent *de; d && (de = readdir(d));)
                if (!at_is_dot(de->d_name))
                        return strdup(de->d_name);
        return NULL;
}

static char *holder_of(dev_t rdev)
{
        char path[SYSFS_PATH_MAX], *text = NULL;

        (void) snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/holders", major(rdev), minor(rdev));
        _cleanup_free_ char *name = first_name(path);
        if (name)
                (void) ASPRINTF(&text, "a part of %s", name);
        return text;
}

static char *mount_of(dev_t rdev)
{
        _cleanup_fclose_ FILE *f = fopen("/proc/self/mountinfo", "re");
        _cleanup_free_ char *line = NULL;
        char place[PATH_MAX], *text = NULL;
        unsigned ma, mi;
        size_t size = 0;

        _Static_assert(PATH_MAX == 4096, "the width below");
        while (f && !text && getline(&line, &size, f) >= 0)
                if (sscanf(line, "%*u %*u %u:%u %*s %4095s", &ma, &mi, place) == 3 &&
                    makedev(ma, mi) == rdev)
                        (void) ASPRINTF(&text, "mounted on %s", place);
        return text;
}

static char *user_of(dev_t rdev)
{
        char *text = holder_of(rdev);

        return text ? text : mount_of(rdev);
}

/* The device that `name` in the device's directory is; 0: none. */
static dev_t related(dev_t rdev, const char *name)
{
        char path[SYSFS_PATH_MAX + NAME_MAX];
        _cleanup_free_ char *text = NULL;
        unsigned ma, mi;

        (void) snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/%s/dev", major(rdev), minor(rdev), name);
        if (at_read_file(AT_FDCWD, path, 4096, &text, NULL) < 0 || sscanf(text, "%u:%u", &ma, &mi) != 2)
                return 0;
        return makedev(ma, mi);
}

/* Of the directories in that of the device, and not of the links to others, partitions have a device number; "." is the
 * device itself, and ".." is the disk that it is a partition of. */
static char *user_of_relative(dev_t rdev)
{
        char path[SYSFS_PATH_MAX], *text = NULL;

        (void) snprintf(path, sizeof(path), "/sys/dev/block/%u:%u", major(rdev), minor(rdev));
        _cleanup_closedir_ DIR *d = opendir(path);
        for (struct dirent *de; d && !text && (de = readdir(d));) {
                bool may_be = de->d_type == DT_DIR && strcmp(de->d_name, ".") != 0;
                dev_t other = may_be ? related(rdev, de->d_name) : 0;
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

static int complain(const char *path, int fd, int error, Findings *f)
{
        _cleanup_free_ char *user = NULL;
        struct stat st;

        if (error == -EBUSY) {
                if (fstat(fd, &st) >= 0)
                        user = block_user(st.st_rdev);
                return findings_add(f, SEVERITY_ERROR, error, EX_TEMPFAIL, path,
                                    "release it, or give the VM another device", "is in use by the host%s%s",
                                    user ? ": it is " : "", user ? user : "");
        }
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

int block_check(const char *path, int fd, Findings *f)
{
        char link[FD_PATH_MAX];

        _cleanup_close_ int claim = open(fd_path(link, fd), O_RDONLY | O_EXCL | O_NONBLOCK | O_CLOEXEC);
        return claim < 0 ? complain(path, fd, -errno, f) : 0;
}

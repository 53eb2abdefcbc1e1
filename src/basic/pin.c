/* SPDX-License-Identifier: Apache-2.0 */

#include <fcntl.h>
#include <linux/magic.h>
#include <linux/nsfs.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "at.h"
#include "fd-util.h"
#include "missing.h"
#include "mount-util.h"
#include "pin.h"

/* pin_make() makes one. Others can only be there if somebody has put them on top. */
#define MOUNTS_ON_A_NAME_MAX 16

/* Whether the user namespace that decides who may enter it is ours. */
static int check_owner(int ns_fd)
{
        struct stat owner, ours;

        _cleanup_close_ int fd = ioctl(ns_fd, NS_GET_USERNS);
        if (fd < 0) /* EPERM: it is not below ours */
                return errno == EPERM ? -EXDEV : -errno;
        if (fstat(fd, &owner) < 0 || stat("/proc/self/ns/user", &ours) < 0)
                return -errno;
        return same_object(&owner, &ours) ? 0 : -EXDEV;
}

int pin_open(int dir_fd, const char *name, int clone_flag)
{
        struct statfs sfs;
        int r;

        /* Not blocking, should it be a FIFO. */
        _cleanup_close_ int fd =
                openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
        if (fd < 0 || fstatfs(fd, &sfs) < 0)
                return -errno;
        if (sfs.f_type != NSFS_MAGIC)
                return -ENOTTY;
        r = RET_NERRNO(ioctl(fd, NS_GET_NSTYPE));
        if (r != clone_flag)
                return r < 0 ? r : -ENXIO;
        r = check_owner(fd);
        return r < 0 ? r : TAKE_FD(fd);
}

static int bind_namespace(int dir_fd, const char *name, int place_fd, int ns_fd)
{
        char from[FD_PATH_MAX], to[FD_PATH_MAX];
        const char *file = fd_path(from, ns_fd);
        struct stat want, st;

        if (mount(file, fd_path(to, place_fd), NULL, MS_BIND, NULL) < 0)
                return -errno;
        if (fstat(ns_fd, &want) < 0 || fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return -errno;
        return same_object(&want, &st) ? 0 : -EBADE;
}

int pin_make(int dir_fd, const char *name, int ns_fd)
{
        int r;

        _cleanup_close_ int place = at_make_file(dir_fd, name, 0400);
        if (place < 0)
                return place;
        r = bind_namespace(dir_fd, name, place, ns_fd);
        if (r < 0)
                (void) !pin_remove(dir_fd, name);
        return r;
}

/* Whatever is mounted on it. */
static int unmount(int dir_fd, const char *name)
{
        char path[FD_PATH_MAX + NAME_MAX + 1], dir[FD_PATH_MAX];
        int r;

        (void) snprintf(path, sizeof(path), "%s/%s", fd_path(dir, dir_fd), name);
        for (unsigned i = 0;; i++) {
                r = mount_is_on(dir_fd, name);
                if (r <= 0)
                        return r == -ENOENT ? 0 : r;
                if (i >= MOUNTS_ON_A_NAME_MAX)
                        return -EBUSY;
                if (umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW) < 0)
                        return -errno;
        }
}

int pin_remove(int dir_fd, const char *name)
{
        int r = unmount(dir_fd, name);

        return r < 0 ? r : at_remove(dir_fd, name);
}

/* A mount of its own, on itself: so it keeps its mode, and everywhere else its files are empty ones. */
static int mount_on_itself(int dir_fd, const char *name)
{
        const unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_SYMLINK_NOFOLLOW;

        _cleanup_close_ int tree_fd = RET_NERRNO((int) syscall(SYS_open_tree, dir_fd, name, flags));
        return tree_fd < 0 ? tree_fd : mount_attach(tree_fd, dir_fd, name);
}

int pin_dir_open(int dir_fd, const char *name)
{
        struct stat st;

        _cleanup_close_ int fd = at_hold_dir(dir_fd, name);
        if (fd < 0)
                return fd;
        if (fstat(fd, &st) < 0)
                return -errno;
        return only_root_can_change(&st) && (st.st_mode & 077) == 0 ? TAKE_FD(fd) : -ENOTUNIQ;
}

int pin_dir_make(int dir_fd, const char *name)
{
        char path[FD_PATH_MAX];
        int r;

        _cleanup_close_ int made = at_make_dir(dir_fd, name, 0700);
        if (made < 0)
                return made;
        _cleanup_close_ int below = pin_dir_open(dir_fd, name);
        if (below < 0)
                return below;
        r = mount_is_on(dir_fd, name);
        if (r == 0)
                r = mount_on_itself(dir_fd, name);
        if (r < 0)
                return r;
        /* Opened anew, to stand on the mount and not below it. */
        _cleanup_close_ int fd = pin_dir_open(dir_fd, name);
        if (fd < 0)
                return fd;
        r = mount_make_private(fd_path(path, fd), path);
        return r < 0 ? r : TAKE_FD(fd);
}

int pin_dir_remove(int dir_fd, const char *name)
{
        return pin_remove(dir_fd, name);
}

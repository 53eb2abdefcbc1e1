/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Step `sock`: /run/fcjail/sock/<id>, a symbolic link to the VM's run/. The address of a socket has room for 107 bytes, and
 * a jail's path can be longer; through the link that of the API always fits, whatever the id and the chroot base.
 *
 * Only root can change the link, and each directory that it leads through, up to run/ itself. What is in run/ is the VM's.
 *
 * Should:  replace whatever an earlier life, whose record is gone, left under the name.
 */

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "at.h"
#include "fd-util.h"
#include "step.h"

/* Its mode is that of vm/: who may not enter /run/fcjail does not come to it. */
static int open_socks(const StateRoot *root)
{
        struct stat st;

        _cleanup_close_ int fd = at_hold_dir(root->fd, LAYOUT_SOCK_DIR);
        if (fd == -ENOENT)
                fd = at_make_dir(root->fd, LAYOUT_SOCK_DIR, 0755);
        if (fd < 0)
                return fd;
        if (fstat(fd, &st) < 0)
                return -errno;
        return only_root_can_change(&st) ? TAKE_FD(fd) : -EPERM;
}

static int make_link(int dir_fd, const char *name, const char *target)
{
        int r = RET_NERRNO(symlinkat(target, dir_fd, name));

        if (r != -EEXIST)
                return r;
        r = at_remove(dir_fd, name);
        return r < 0 ? r : RET_NERRNO(symlinkat(target, dir_fd, name));
}

/* A VM that is ready has the link. */
static int read_back(int dir_fd, const char *name, const char *target)
{
        char found[PATH_MAX];

        ssize_t n = readlinkat(dir_fd, name, found, sizeof(found));
        if (n < 0)
                return -errno;
        return (size_t) n == strlen(target) && memcmp(found, target, (size_t) n) == 0 ? 0 : -EBADE;
}

/* Apart, for its buffer: the first write to a page of the stack after the clone takes a microsecond. */
static int fail_at_link(Jail *jail, int r)
{
        const Layout layout = plan_layout(jail->plan);
        char path[PATH_MAX];

        return step_fail(jail, r, "%s", layout_sock(&layout, "", path));
}

int step_sock(Jail *jail)
{
        const Layout layout = plan_layout(jail->plan);
        char target[PATH_MAX];
        int r;

        _cleanup_close_ int fd = open_socks(&jail->state_root);
        if (fd < 0)
                return step_fail(jail, fd, LAYOUT_SOCKS);
        (void) layout_path(&layout, LAYOUT_ROOT, JAIL_RUN, target);
        r = make_link(fd, jail->state.sock, target);
        if (r >= 0)
                r = read_back(fd, jail->state.sock, target);
        return r < 0 ? fail_at_link(jail, r) : 0;
}

int undo_sock(Undo *undo)
{
        if (!undo->state->sock)
                return 0;

        _cleanup_close_ int fd = at_hold_dir(undo->root->fd, LAYOUT_SOCK_DIR);
        if (fd < 0)
                return fd == -ENOENT ? 0 : fd;
        return at_remove(fd, undo->state->sock);
}

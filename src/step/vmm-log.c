/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The VM has ended, and its processes too. What it has left there is hostile: a FIFO, a link, a file of many terabytes.
 *
 * Should:  look at what has the name before it is opened: that alone could be an action.
 * Should:  go below root/ with the VM's own uid and gid. So a link, a mount or another name of a file gives nothing that
 *          the VM could not have written to its console.
 * Mustn't: read more than the end.
 */

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "at.h"
#include "chase.h"
#include "fd-util.h"
#include "fs-ids.h"
#include "layout.h"
#include "vmm-log.h"

/* From one directory to the next, by plain names. O_PATH descriptor of the last one. */
static int walk(int dir_fd, char *path)
{
        _cleanup_close_ int fd = dir_fd;

        for (char *name; (name = strsep(&path, "/"));) {
                const int flags = O_PATH | O_NOFOLLOW | O_CLOEXEC | (path ? O_DIRECTORY : 0);
                int next = openat(fd, name, flags);
                if (next < 0)
                        return -errno;
                fd = safe_close(fd);
                fd = next;
        }
        return TAKE_FD(fd);
}

static int open_root(const State *s)
{
        const Layout l = { .base = s->chroot_dir, .vmm_name = s->vmm_name, .id = s->id };

        _cleanup_close_ int base_fd = chase_open(l.base, O_PATH | O_DIRECTORY, CHASE_DEFAULT, NULL);
        if (base_fd < 0)
                return base_fd;
        _cleanup_close_ int vmms_fd = at_hold_dir(base_fd, layout_name(&l, LAYOUT_VMMS));
        if (vmms_fd < 0)
                return vmms_fd;
        _cleanup_close_ int vm_fd = at_hold_dir(vmms_fd, layout_name(&l, LAYOUT_VM));
        return vm_fd < 0 ? vm_fd : at_hold_dir(vm_fd, layout_name(&l, LAYOUT_ROOT));
}

static int open_to_read(int fd, struct stat *ret_st)
{
        char link[FD_PATH_MAX];

        if (fstat(fd, ret_st) < 0)
                return -errno;
        if (!S_ISREG(ret_st->st_mode))
                return -EBADFD;
        return RET_NERRNO(open(fd_path(link, fd), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
}

static ssize_t read_end(int found_fd, char buf[VMM_LOG_SIZE_MAX])
{
        struct stat st;

        _cleanup_close_ int fd = open_to_read(found_fd, &st);
        if (fd < 0)
                return fd;
        const off_t begin = st.st_size > VMM_LOG_SIZE_MAX ? st.st_size - VMM_LOG_SIZE_MAX : 0;
        ssize_t n = pread(fd, buf, VMM_LOG_SIZE_MAX, begin);
        if (n < 0)
                return -errno;
        if (begin == 0)
                return n;
        /* The first line is a part of one, unless it is the only one. */
        const char *newline = memchr(buf, '\n', (size_t) n);
        if (!newline || newline == buf + n - 1)
                return n;
        n -= newline + 1 - buf;
        memmove(buf, newline + 1, (size_t) n);
        return n;
}

static ssize_t read_in_jail(const State *s, char buf[VMM_LOG_SIZE_MAX])
{
        const FsIds mine = fs_ids_get();
        char path[PATH_MAX];
        ssize_t n;

        int root_fd = open_root(s);
        if (root_fd < 0)
                return root_fd;
        (void) snprintf(path, sizeof(path), "%s", s->log);
        n = fs_ids_set((FsIds){ s->uid, s->gid });
        _cleanup_close_ int fd = walk(root_fd, path);
        if (n >= 0)
                n = fd < 0 ? fd : read_end(fd, buf);
        int k = fs_ids_set(mine);
        return k < 0 ? k : n;
}

/* A bind of the host's: found as the start has found it, and read with the ids of its owner, as root may lack the capability to do
 * without. */
static ssize_t read_on_host(const State *s, char buf[VMM_LOG_SIZE_MAX])
{
        const FsIds mine = fs_ids_get();
        ChaseDirs dirs;
        struct stat st;
        ssize_t n;

        _cleanup_close_ int fd = chase_source(s->log, &dirs, &st, NULL);
        if (fd < 0)
                return fd;
        n = fs_ids_set((FsIds){ st.st_uid, st.st_gid });
        if (n >= 0)
                n = read_end(fd, buf);
        int k = fs_ids_set(mine);
        return k < 0 ? k : n;
}

ssize_t vmm_log_read(const State *s, char buf[VMM_LOG_SIZE_MAX])
{
        if (!s || !s->log || s->uid == UID_INVALID)
                return 0;
        return s->log[0] == '/' ? read_on_host(s, buf) : read_in_jail(s, buf);
}

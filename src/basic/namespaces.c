/* SPDX-License-Identifier: Apache-2.0 */

#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "fd-util.h"
#include "namespaces.h"

const NamespaceKind namespace_kinds[_NAMESPACE_MAX] = {
        [NAMESPACE_NET] = { "net", CLONE_NEWNET },
        [NAMESPACE_IPC] = { "ipc", CLONE_NEWIPC },
        [NAMESPACE_UTS] = { "uts", CLONE_NEWUTS },
        [NAMESPACE_CGROUP] = { "cgroup", CLONE_NEWCGROUP },
};

int namespaces_read(int flags, ino_t ret[_NAMESPACE_MAX])
{
        _cleanup_close_ int fd = open("/proc/self/ns", O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
                return -errno;

        for (NamespaceId ns = 0; ns < _NAMESPACE_MAX; ns++) {
                struct stat st = {};

                ret[ns] = 0;
                if (!(flags & namespace_kinds[ns].clone_flag))
                        continue;
                if (fstatat(fd, namespace_kinds[ns].name, &st, /* flags= */ 0) < 0)
                        return -errno;
                if (st.st_ino == 0)
                        return -EBADE;
                ret[ns] = st.st_ino;
        }

        return 0;
}

int netns_name(char ret[NETNS_NAME_MAX])
{
        ssize_t n = readlinkat(AT_FDCWD, "/proc/self/ns/net", ret, NETNS_NAME_MAX - 1);

        if (n < 0)
                return -errno;
        ret[n] = '\0';
        return 0;
}

int netns_open_current(void)
{
        return RET_NERRNO(open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC));
}

int netns_is_current(int fd)
{
        ino_t now[_NAMESPACE_MAX] = {};
        struct stat st;
        int r;

        if (fstat(fd, &st) < 0)
                return -errno;
        r = namespaces_read(CLONE_NEWNET, now);
        return r < 0 ? r : st.st_ino == now[NAMESPACE_NET];
}

int netns_enter(int fd)
{
        int r;

        if (setns(fd, CLONE_NEWNET) < 0)
                return -errno;
        r = netns_is_current(fd);
        return r == 0 ? -EBADE : r < 0 ? r : 0;
}

int root_mount_id(uint64_t *ret)
{
        struct statx sx;

        if (statx(AT_FDCWD, "/", /* flags= */ 0, STATX_MNT_ID, &sx) < 0)
                return -errno;
        if (!(sx.stx_mask & STATX_MNT_ID))
                return -EOPNOTSUPP;

        *ret = sx.stx_mnt_id;
        return 0;
}

int mount_namespace_is_pid1s(void)
{
        _cleanup_free_ char *line = NULL;
        size_t size = 0;
        uint64_t id = 0;
        int r;

        r = root_mount_id(&id);
        if (r < 0)
                return r;
        _cleanup_fclose_ FILE *f = fopen("/proc/1/mountinfo", "re");
        if (!f)
                return -errno;
        while (getline(&line, &size, f) >= 0)
                if (strtoull(line, NULL, 10) == id)
                        return 1;
        return ferror(f) ? -EIO : 0;
}

/* The first mount of the tree: first in the list and its own parent, "1 1 0:2 / / ...". Only the list shows that, and the
 * kernel writes a page of it, so it is read only if "/" is a ramfs or tmpfs. */
static int root_is_initramfs(void)
{
        char text[64] = "", *end;
        struct statfs sfs;

        if (statfs("/", &sfs) < 0)
                return -errno;
        if (sfs.f_type != RAMFS_MAGIC && sfs.f_type != TMPFS_MAGIC)
                return 0;

        _cleanup_close_ int fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
        if (fd < 0 || read(fd, text, sizeof(text) - 1) < 0)
                return -errno;
        return strtoul(text, &end, 10) == strtoul(end, NULL, 10);
}

int root_kind(RootKind *ret)
{
        struct statx sx;
        int r;

        if (statx(AT_FDCWD, "/", /* flags= */ 0, /* mask= */ 0, &sx) < 0)
                return -errno;
        r = root_is_initramfs();
        if (r < 0)
                return r;

        *ret = r > 0 ? ROOT_INITRAMFS : sx.stx_attributes & STATX_ATTR_MOUNT_ROOT ? ROOT_MOUNT : ROOT_CHROOT;
        return 0;
}

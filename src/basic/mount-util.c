/* SPDX-License-Identifier: Apache-2.0 */

#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "fd-util.h"
#include "missing.h"
#include "mount-util.h"

/* glibc 2.36 declares these, Debian 11's does not have them. */
static int fs_config(int fd, unsigned cmd, const char *key, const char *value)
{
        return RET_NERRNO(syscall(SYS_fsconfig, fd, cmd, key, value, 0));
}

/* Not through glibc: without statx(2) it falls back to fstatat(2), which does not report mounts. */
int mount_is_on(int dir_fd, const char *name)
{
        struct statx sx;

        if (syscall(SYS_statx, dir_fd, name, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT, /* mask= */ 0, &sx) < 0)
                return -errno;
        return (sx.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
}

/* An option without a value. */
static int fs_set_flag(int fd, const char *key)
{
        return fs_config(fd, FSCONFIG_SET_FLAG, key, NULL);
}

static int make_tmpfs(const char *n_inodes, const char *size, bool read_only, unsigned attributes)
{
        int r;

        _cleanup_close_ int fd = (int) syscall(SYS_fsopen, "tmpfs", FSOPEN_CLOEXEC);
        if (fd < 0)
                return -errno;

        r = fs_config(fd, FSCONFIG_SET_STRING, "mode", "0755");
        if (r >= 0)
                r = fs_config(fd, FSCONFIG_SET_STRING, "size", size);
        if (r >= 0)
                r = fs_config(fd, FSCONFIG_SET_STRING, "nr_inodes", n_inodes);
        if (r >= 0 && read_only)
                r = fs_set_flag(fd, "ro");
        if (r >= 0)
                r = fs_config(fd, FSCONFIG_CMD_CREATE, NULL, NULL);
        if (r < 0)
                return r;

        return RET_NERRNO(syscall(SYS_fsmount, fd, FSMOUNT_CLOEXEC, attributes));
}

int new_tmpfs(const char *n_inodes, const char *size)
{
        return make_tmpfs(n_inodes, size, /* read_only= */ false, MOUNT_ATTR_NOSUID);
}

int new_empty_tmpfs(void)
{
        return make_tmpfs("1", "16k", /* read_only= */ true,
                          MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
}

int root_is_empty_tmpfs(void)
{
        const unsigned long flags = ST_RDONLY | ST_NOSUID | ST_NODEV | ST_NOEXEC;
        struct statvfs sv;
        struct statfs sfs;

        if (statfs("/", &sfs) < 0 || statvfs("/", &sv) < 0)
                return -errno;
        /* Its directory is the one object that it has, so nothing can be mounted below "/", and what is mounted on it would be "/".
         * What "/" itself covers is not seen. */
        return sfs.f_type == TMPFS_MAGIC && (sv.f_flag & flags) == flags && sv.f_files == 1 &&
               sv.f_ffree == 0;
}

static int change_propagation(const char *path, const char *checked, unsigned long flags)
{
        if (mount(NULL, path, NULL, flags, NULL) < 0)
                return -errno;

        /* This call changes nothing. The kernel refuses it with EINVAL if the second mount is shared, and otherwise with EBUSY,
         * because the new root is the old one. Every other query takes longer with each mount of the host. */
        if (syscall(SYS_pivot_root, "/", checked) >= 0 || errno != EBUSY)
                return -EBADE;
        return 0;
}

int mount_make_private(const char *path, const char *checked)
{
        return change_propagation(path, checked, MS_REC | MS_PRIVATE);
}

int mount_make_slave(const char *path, const char *checked)
{
        return change_propagation(path, checked, MS_SLAVE);
}

int mount_attach(int tree_fd, int dir_fd, const char *name)
{
        unsigned flags = MOVE_MOUNT_F_EMPTY_PATH | (name[0] ? 0 : MOVE_MOUNT_T_EMPTY_PATH);

        return RET_NERRNO(syscall(SYS_move_mount, tree_fd, "", dir_fd, name, flags));
}

const char *fs_name(char buf[FS_NAME_MAX], int fd)
{
        /* Not all of them are in the <linux/magic.h> of the oldest system. */
        static const struct {
                unsigned type;
                const char *name;
        } names[] = {
                { 0xef53, "ext4" },        { 0x58465342, "xfs" },      { 0x9123683e, "btrfs" },
                { 0x2fc12fc1, "zfs" },     { 0xf2f52010, "f2fs" },     { 0x01021994, "tmpfs" },
                { 0x794c7630, "overlay" }, { 0x73717368, "squashfs" }, { 0xe0f5e1e2, "erofs" },
                { 0x6969, "nfs" },         { 0xff534d42, "cifs" },     { 0xfe534d42, "cifs" },
                { 0x65735546, "fuse" },    { 0x00c36400, "ceph" },     { 0x01021997, "9p" },
                { 0x4d44, "vfat" },        { 0x2011bab0, "exfat" },    { 0x9660, "iso9660" },
        };
        struct statfs sfs;

        if (fstatfs(fd, &sfs) < 0)
                return "unknown";
        FOREACH_ARRAY (n, names, ELEMENTSOF(names))
                if (n->type == (unsigned) sfs.f_type)
                        return n->name;
        (void) snprintf(buf, FS_NAME_MAX, "0x%x", (unsigned) sfs.f_type);
        return buf;
}

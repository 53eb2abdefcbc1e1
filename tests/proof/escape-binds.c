/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Attempts on what is bound into the jail, of which the VM is the owner by the idmap:
 *
 *   /bound/image   a disk, writable       /bound/dir   a directory of a user, writable
 *   /bound/kernel  read-only              /run/bound   a file, read-only, in the directory that the VM may write
 */

#include "missing.h" /* before <linux/fs.h> */

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/io_uring.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "escape.h"

#define P(x) ((long) (x))

/* Newer than the oldest headers. */
#define OP_RENAMEAT 35
#define OP_UNLINKAT 36
#define OP_LINKAT   39

static struct mount_attr writable = { .attr_clr = MOUNT_ATTR_RDONLY };
static struct mount_attr executable = { .attr_clr = MOUNT_ATTR_NOEXEC | MOUNT_ATTR_NOSUID };
static struct mount_attr not_mapped = { .attr_clr = MOUNT_ATTR_IDMAP };

/* An error that refuses this attempt, but would be an objection to the arguments of others. */
static long refused_by(int error, long r)
{
        if (r < 0 && errno == error)
                errno = EPERM;
        return r;
}

/* What the kernel does not refuse, but leaves undone. */
static long has_bits(int fd, long mode)
{
        struct stat st;

        if (fd < 0 || fstat(fd, &st) < 0)
                return -1;
        if ((st.st_mode & 07000) == (mode & 07000))
                return 0;
        errno = EPERM;
        return -1;
}

static int image(void)
{
        return open("/bound/image", O_RDWR);
}

static long give_image_bits(long mode)
{
        int fd = image();

        return fd < 0 || fchmod(fd, (mode_t) mode) < 0 ? -1 : has_bits(fd, mode);
}

static long open_image_with_bits(long mode)
{
        return open("/bound/image", O_RDWR | O_CREAT, (mode_t) mode);
}

/* Ids that the mount does not map cannot be given. */
static long give_image(long uid)
{
        int fd = image();

        return fd < 0 ? -1 : refused_by(EOVERFLOW, fchown(fd, (uid_t) uid, (gid_t) -1));
}

static long give_image_to_group(long gid)
{
        int fd = image();

        return fd < 0 ? -1 : refused_by(EOVERFLOW, fchown(fd, (uid_t) -1, (gid_t) gid));
}

static long set_attribute_of_image(long name)
{
        static const unsigned capabilities[] = { 0x02000001, ~0U, 0, ~0U, 0 };
        int fd = image();

        return fd < 0 ? -1 : fsetxattr(fd, (const char *) name, capabilities, sizeof(capabilities), 0);
}

static long flag_image(long flags)
{
        int fd = image();

        return fd < 0 ? -1 : ioctl(fd, FS_IOC_SETFLAGS, &flags);
}

/* Whoever opens it then has to wait, such as another VM whose kernel it is. */
static long lease(long path)
{
        int fd = open((const char *) path, O_RDONLY);

        return fd < 0 ? -1 : fcntl(fd, F_SETLEASE, F_WRLCK);
}

static long delegate(long path)
{
        int fd = open((const char *) path, O_RDONLY);

        return fd < 0 ? -1 : fcntl(fd, F_SETLEASE + 16 /* F_SETDELEG */, path);
}

static int kernel(void)
{
        int fd = open("/bound/kernel", O_RDWR);

        return fd >= 0 ? fd : open("/bound/kernel", O_RDONLY);
}

static long map_kernel(long protection)
{
        int fd = kernel();
        void *map = fd < 0 ? MAP_FAILED : mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);

        return map == MAP_FAILED ? -1 : mprotect(map, 4096, (int) protection);
}

static long punch_kernel(long mode)
{
        int fd = kernel();

        return fd < 0 ? -1 : refused_by(EBADF, fallocate(fd, (int) mode, 0, 4096));
}

static long copy_into_kernel(long number)
{
        int fd = kernel(), source = image();

        (void) number;
        if (fd < 0 || source < 0)
                return -1;
        return refused_by(EBADF, syscall(SYS_copy_file_range, source, NULL, fd, NULL, 512L, 0L));
}

static long clone_into_kernel(long request)
{
        int fd = kernel(), source = image();

        return fd < 0 || source < 0 ? -1 : refused_by(EBADF, ioctl(fd, (unsigned long) request, source));
}

static const char *name_of(long mode)
{
        return mode & S_ISUID ? "/bound/dir/setuid" : "/bound/dir/setgid";
}

static long born_in_dir(long mode)
{
        return has_bits(open(name_of(mode), O_WRONLY | O_CREAT | O_EXCL, (mode_t) mode), mode);
}

static long born_without_a_name(long mode)
{
        return has_bits(open("/bound/dir", O_WRONLY | O_TMPFILE, (mode_t) mode), mode);
}

static long directory_with_bits(long mode)
{
        return mkdir("/bound/dir/setgid.d", (mode_t) mode) < 0
                       ? -1
                       : has_bits(open("/bound/dir/setgid.d", O_RDONLY | O_DIRECTORY), mode);
}

static long node_in_dir(long mode)
{
        return mknod("/bound/dir/node", (mode_t) mode | 0600, makedev(1, 11));
}

static long give_away_in_dir(long uid)
{
        int fd = open("/bound/dir/given", O_WRONLY | O_CREAT, 0600);

        return fd < 0 ? -1 : refused_by(EOVERFLOW, fchown(fd, (uid_t) uid, (gid_t) -1));
}

static long give_to_group_in_dir(long gid)
{
        int fd = open("/bound/dir/given", O_WRONLY | O_CREAT, 0600);

        return fd < 0 ? -1 : refused_by(EOVERFLOW, fchown(fd, (uid_t) -1, (gid_t) gid));
}

static long execute_in_dir(long mode)
{
        static char *argv[] = { "program", NULL };
        int fd = open("/bound/dir/program", O_WRONLY | O_CREAT | O_TRUNC, 0700);

        if (fd < 0 ||
            write(fd,
                  "\x7f"
                  "ELF",
                  4) != 4 ||
            fchmod(fd, (mode_t) mode) < 0 || close(fd) < 0)
                return -1;
        return execv("/bound/dir/program", argv);
}

/* The same file system on the host, but another mount. */
static long link_into_dir(long path)
{
        return refused_by(EXDEV, link((const char *) path, "/bound/dir/link"));
}

static long rename_over_the_place(long number)
{
        int fd = open("/run/new", O_WRONLY | O_CREAT, 0600);

        (void) number;
        return fd < 0 ? -1 : refused_by(EBUSY, rename("/run/new", "/run/bound"));
}

static long remove_the_place(long number)
{
        (void) number;
        return refused_by(EBUSY, unlink("/run/bound"));
}

/* One operation by io_uring, where no filter on system calls looks. */
static long submit(const struct io_uring_sqe *operation)
{
        struct io_uring_params p = {};
        int fd = (int) syscall(SYS_io_uring_setup, 1, &p);

        if (fd < 0)
                return -1;
        char *sq = mmap(NULL, p.sq_off.array + sizeof(unsigned), PROT_READ | PROT_WRITE, MAP_SHARED, fd,
                        IORING_OFF_SQ_RING);
        char *cq = mmap(NULL, p.cq_off.cqes + p.cq_entries * sizeof(struct io_uring_cqe),
                        PROT_READ | PROT_WRITE, MAP_SHARED, fd, IORING_OFF_CQ_RING);
        struct io_uring_sqe *sqe =
                mmap(NULL, sizeof(*sqe), PROT_READ | PROT_WRITE, MAP_SHARED, fd, IORING_OFF_SQES);
        if (sq == MAP_FAILED || cq == MAP_FAILED || sqe == MAP_FAILED)
                return -1;

        *sqe = *operation;
        *(unsigned *) (sq + p.sq_off.array) = 0;
        __atomic_store_n((unsigned *) (sq + p.sq_off.tail), 1, __ATOMIC_RELEASE);
        if (syscall(SYS_io_uring_enter, fd, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) != 1)
                return -1;

        int result = ((struct io_uring_cqe *) (cq + p.cq_off.cqes))->res;
        errno = result < 0 ? -result : 0;
        return result < 0 ? -1 : result;
}

static long ring_open(const char *path, int flags, long mode)
{
        return submit(&(struct io_uring_sqe){
                .opcode = IORING_OP_OPENAT,
                .fd = AT_FDCWD,
                .addr = (uintptr_t) path,
                .len = (unsigned) mode,
                .open_flags = (unsigned) flags,
        });
}

static long ring_born_in_dir(long mode)
{
        return has_bits((int) ring_open(name_of(mode), O_WRONLY | O_CREAT | O_EXCL, mode), mode);
}

static long ring_open_image(long mode)
{
        return has_bits((int) ring_open("/bound/image", O_RDWR | O_CREAT, mode), mode);
}

static long ring_write_kernel(long number)
{
        (void) number;
        return ring_open("/bound/kernel", O_WRONLY, 0);
}

static long ring_link(long path)
{
        return refused_by(EXDEV, submit(&(struct io_uring_sqe){
                                         .opcode = OP_LINKAT,
                                         .fd = AT_FDCWD,
                                         .addr = (uintptr_t) path,
                                         .len = (unsigned) AT_FDCWD,
                                         .addr2 = (uintptr_t) "/bound/dir/ring-link",
                                 }));
}

static long ring_rename(long path)
{
        return submit(&(struct io_uring_sqe){
                .opcode = OP_RENAMEAT,
                .fd = AT_FDCWD,
                .addr = (uintptr_t) path,
                .len = (unsigned) AT_FDCWD,
                .addr2 = (uintptr_t) "/bound/kernel",
        });
}

static long ring_remove(long path)
{
        return submit(&(struct io_uring_sqe){
                .opcode = OP_UNLINKAT,
                .fd = AT_FDCWD,
                .addr = (uintptr_t) path,
        });
}

/* clang-format off */
const Attempt on_binds[] = {
        /* The owner of a file may do much with it. */
        { "setuid image",         BY_FILTER, false, give_image_bits, 04755, { 0 } },
        { "setgid image",         BY_KERNEL, false, give_image_bits, 02755, { 0 } },
        { "open image setuid",    BY_FILTER, false, open_image_with_bits, 04755, { 0 } },
        { "fchmodat2 of image",   BY_FILTER_ENOSYS, false, NULL, SYS_fchmodat2, { AT_FDCWD, P("/bound/image"), 04755, 0 } },
        { "give image to root",   BY_KERNEL, false, give_image, 0, { 0 } },
        { "give image to a user", BY_KERNEL, false, give_image, 4712, { 0 } },
        { "give image to a group", BY_KERNEL, false, give_image_to_group, 4712, { 0 } },
        { "capabilities of image", BY_KERNEL, false, set_attribute_of_image, P("security.capability"), { 0 } },
        { "trusted attribute of image", BY_KERNEL, false, set_attribute_of_image, P("trusted.x"), { 0 } },
        { "security attribute of image", BY_KERNEL, false, set_attribute_of_image, P("security.x"), { 0 } },
        { "immutable image",      BY_KERNEL, false, flag_image, FS_IMMUTABLE_FL, { 0 } },
        { "append-only image",    BY_KERNEL, false, flag_image, FS_APPEND_FL, { 0 } },
        { "lease on image",       BY_FILTER, false, lease, P("/bound/image"), { 0 } },
        { "lease on kernel",      BY_FILTER, false, lease, P("/bound/kernel"), { 0 } },
        { "delegation of kernel", BY_FILTER, false, delegate, P("/bound/kernel"), { 0 } },

        /* Read-only */
        { "write kernel",         BY_KERNEL, false, NULL, SYS_openat, { AT_FDCWD, P("/bound/kernel"), O_WRONLY } },
        { "truncate by opening",  BY_KERNEL, false, NULL, SYS_openat, { AT_FDCWD, P("/bound/kernel"), O_RDONLY | O_TRUNC } },
        { "truncate kernel",      BY_KERNEL, false, NULL, SYS_truncate, { P("/bound/kernel"), 0 } },
        { "chmod kernel",         BY_KERNEL, false, NULL, SYS_fchmodat, { AT_FDCWD, P("/bound/kernel"), 0777 } },
        { "date kernel",          BY_KERNEL, false, NULL, SYS_utimensat, { AT_FDCWD, P("/bound/kernel"), 0, 0 } },
        { "map kernel to write",  BY_KERNEL, false, map_kernel, PROT_READ | PROT_WRITE, { 0 } },
        { "map kernel to execute", BY_KERNEL, false, map_kernel, PROT_READ | PROT_EXEC, { 0 } },
        { "punch a hole into kernel", BY_KERNEL, false, punch_kernel, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, { 0 } },
        { "copy into kernel",     BY_KERNEL, false, copy_into_kernel, 0, { 0 } },
        { "clone into kernel",    BY_KERNEL, false, clone_into_kernel, (long) FICLONE, { 0 } },

        /* The mounts */
        { "remove image",         BY_KERNEL, false, NULL, SYS_unlinkat, { AT_FDCWD, P("/bound/image"), 0 } },
        { "rename image over kernel", BY_KERNEL, false, NULL, SYS_renameat2, { AT_FDCWD, P("/bound/image"), AT_FDCWD, P("/bound/kernel"), 0 } },
        { "exchange image and kernel", BY_KERNEL, false, NULL, SYS_renameat2, { AT_FDCWD, P("/bound/image"), AT_FDCWD, P("/bound/kernel"), 2 /* RENAME_EXCHANGE */ } },
        { "rename over a place in /run", BY_KERNEL, false, rename_over_the_place, 0, { 0 } },
        { "remove a place in /run", BY_KERNEL, false, remove_the_place, 0, { 0 } },
        { "umount image",         BY_KERNEL, false, NULL, SYS_umount2, { P("/bound/image"), MNT_DETACH } },
        { "umount a place in /run", BY_KERNEL, false, NULL, SYS_umount2, { P("/run/bound"), MNT_DETACH } },
        { "mount over kernel",    BY_KERNEL, false, NULL, SYS_mount, { P("/bound/image"), P("/bound/kernel"), 0, MS_BIND, 0 } },
        { "remount kernel rw",    BY_KERNEL, false, NULL, SYS_mount, { 0, P("/bound/kernel"), 0, MS_REMOUNT | MS_BIND, 0 } },
        { "open_tree of kernel",  BY_KERNEL, false, NULL, SYS_open_tree, { AT_FDCWD, P("/bound/kernel"), 1 /* OPEN_TREE_CLONE */ } },
        { "move image away",      BY_KERNEL, false, NULL, SYS_move_mount, { AT_FDCWD, P("/bound/image"), AT_FDCWD, P("/run/own"), 0 } },
        { "kernel writable",      BY_KERNEL, false, NULL, SYS_mount_setattr, { AT_FDCWD, P("/bound/kernel"), 0, P(&writable), sizeof(writable) } },
        { "dir executable",       BY_KERNEL, false, NULL, SYS_mount_setattr, { AT_FDCWD, P("/bound/dir"), 0, P(&executable), sizeof(executable) } },
        { "image without idmap",  BY_KERNEL, false, NULL, SYS_mount_setattr, { AT_FDCWD, P("/bound/image"), 0, P(&not_mapped), sizeof(not_mapped) } },

        /* A directory of somebody's */
        { "born setuid in dir",   BY_FILTER, false, born_in_dir, 04755, { 0 } },
        { "born setgid in dir",   BY_FILTER, false, born_in_dir, 02755, { 0 } },
        { "setuid without a name", BY_FILTER, false, born_without_a_name, 04755, { 0 } },
        { "setgid directory",     BY_FILTER, false, directory_with_bits, 02755, { 0 } },
        { "symbolic link in dir", BY_FILTER, false, NULL, SYS_symlinkat, { P("/etc/shadow"), AT_FDCWD, P("/bound/dir/to-shadow") } },
        { "device in dir",        BY_KERNEL, false, node_in_dir, S_IFCHR, { 0 } },
        { "disk in dir",          BY_KERNEL, false, node_in_dir, S_IFBLK, { 0 } },
        { "file of root's in dir", BY_KERNEL, false, give_away_in_dir, 0, { 0 } },
        { "file of root's group",  BY_KERNEL, false, give_to_group_in_dir, 0, { 0 } },
        { "execute in dir",       BY_KERNEL, false, execute_in_dir, 0755, { 0 } },
        { "link of kernel in dir", BY_KERNEL, false, link_into_dir, P("/bound/kernel"), { 0 } },
        { "link of image in dir", BY_KERNEL, false, link_into_dir, P("/bound/image"), { 0 } },

        /* By io_uring, where a filter allows that */
        { "ring: setuid in dir",  BY_FILTER, false, ring_born_in_dir, 04755, { 0 } },
        { "ring: setgid in dir",  BY_FILTER, false, ring_born_in_dir, 02755, { 0 } },
        { "ring: open image setuid", BY_KERNEL, true, ring_open_image, 04755, { 0 } },
        { "ring: write kernel",   BY_KERNEL, false, ring_write_kernel, 0, { 0 } },
        { "ring: link of kernel", BY_KERNEL, false, ring_link, P("/bound/kernel"), { 0 } },
        { "ring: rename over kernel", BY_KERNEL, false, ring_rename, P("/bound/image"), { 0 } },
        { "ring: remove kernel",  BY_KERNEL, false, ring_remove, P("/bound/kernel"), { 0 } },
};
const size_t n_on_binds = sizeof(on_binds) / sizeof(on_binds[0]);

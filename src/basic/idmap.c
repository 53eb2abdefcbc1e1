/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Only a process can make a user namespace, and only from outside can it get maps to ids that are not its own. The process
 * here makes two calls and ends: a namespace lives as long as its descriptor, and the maps of a process that has ended can be
 * written until it is waited for. Thus it never waits for us, and none is left, whoever is killed and when.
 *
 * It works on the memory and the descriptors of the caller, who sleeps meanwhile. A copy of them would double the
 * time (D57). It opens its files itself, because we may know it by another pid than /proc does, and because the kernel
 * refuses the namespace of a process that is not dumpable to all others.
 */

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fd-util.h"
#include "idmap.h"
#include "missing.h"

/* As much as a signal handler's frame takes on any processor, and some. */
#define CHILD_STACK_SIZE (16 * 1024)

/* Two lines of three numbers. */
#define MAP_TEXT_MAX 128

typedef struct Child {
        pid_t pid;
        int proc_fd; /* its directory in /proc */
        int userns_fd;
} Child;

static void child_done(Child *child)
{
        child->proc_fd = safe_close(child->proc_fd);
        child->userns_fd = safe_close(child->userns_fd);
}

/* As after vfork(2), only calls that are async-signal-safe. */
static int child_main(void *arg)
{
        Child *child = arg;

        child->proc_fd = RET_NERRNO(open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC));
        if (child->proc_fd >= 0)
                child->userns_fd = RET_NERRNO(openat(child->proc_fd, "ns/user", O_RDONLY | O_CLOEXEC));
        return 0;
}

/* Not clone3(2), to which RestrictNamespaces= answers with ENOSYS. */
static int child_run(Child *child)
{
        _Alignas(16) char stack[CHILD_STACK_SIZE];
        int flags = CLONE_NEWUSER | CLONE_VM | CLONE_VFORK | CLONE_FILES;

        /* No signal for its end: who ignores SIGCHLD would reap it too early, and a handler would hear of it. */
        child->pid = clone(child_main, stack + sizeof(stack), flags, child);
        return child->pid < 0 ? -errno : 0;
}

/* It has ended, or is about to. */
static int child_reap(const Child *child)
{
        siginfo_t si = {};

        if (waitid(P_PID, (id_t) child->pid, &si, WEXITED | (int) __WCLONE) < 0)
                return -errno;
        return si.si_pid == child->pid ? 0 : -EBADE;
}

/* As the kernel shows it, so that what is read back must be the same text. */
static void print_map(char text[MAP_TEXT_MAX], unsigned from, unsigned to)
{
        const size_t n = strlen(text);

        (void) snprintf(text + n, MAP_TEXT_MAX - n, "%10u %10u %10u\n", from, to, 1U);
}

/* In the same descriptor: the kernel shows the ids of the namespace of whoever opened it. */
static int write_map(int proc_fd, const char *name, const char *text)
{
        const size_t size = strlen(text);
        char back[MAP_TEXT_MAX];
        ssize_t n;

        _cleanup_close_ int fd = openat(proc_fd, name, O_RDWR | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        n = write(fd, text, size); /* one write is all that the kernel allows */
        if (n < 0)
                return -errno;
        if ((size_t) n != size)
                return -EIO;
        n = pread(fd, back, sizeof(back), 0);
        if (n < 0)
                return -errno;
        return (size_t) n == size && memcmp(text, back, size) == 0 ? 0 : -EBADE;
}

static int write_maps(const Child *child, const char *uids, const char *gids)
{
        int r;

        if (child->proc_fd < 0)
                return child->proc_fd;
        if (child->userns_fd < 0)
                return child->userns_fd;

        r = write_map(child->proc_fd, "uid_map", uids);
        if (r >= 0)
                r = write_map(child->proc_fd, "gid_map", gids);
        return r;
}

int idmap_userns(uid_t from_uid, uid_t to_uid, gid_t from_gid, gid_t to_gid, bool keep_gid)
{
        _cleanup_(child_done) Child child = { .proc_fd = -EBADF, .userns_fd = -EBADF };
        char uids[MAP_TEXT_MAX] = "", gids[MAP_TEXT_MAX] = "";
        int r, k;

        print_map(uids, from_uid, to_uid);
        print_map(gids, from_gid, keep_gid ? from_gid : to_gid);
        if (keep_gid && from_gid != to_gid)
                print_map(gids, to_gid, to_gid);

        r = child_run(&child);
        if (r < 0)
                return r;
        r = write_maps(&child, uids, gids);
        k = child_reap(&child);
        if (r < 0 || k < 0)
                return r < 0 ? r : k;
        return TAKE_FD(child.userns_fd);
}

int tree_idmap(int tree_fd, int userns_fd)
{
        const struct mount_attr attr = { .attr_set = MOUNT_ATTR_IDMAP, .userns_fd = (__u64) userns_fd };

        return RET_NERRNO(syscall(SYS_mount_setattr, tree_fd, "", AT_EMPTY_PATH, &attr, sizeof(attr)));
}

/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Should:  look at the cage from within, after the copy was made: only then can nobody change any more what was looked at.
 * Mustn't: put anything into the tmpfs. All copies of the cage share it.
 */

#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cage.h"
#include "fd-util.h"
#include "mount-util.h"
#include "namespaces.h"
#include "pin.h"

#define CAGE_DIR "cage"
#define CAGE_PIN "mnt"

#define ANY_CPU (-1)

int cage_open(int run_fd)
{
        _cleanup_close_ int dir = pin_dir_open(run_fd, CAGE_DIR);

        return dir < 0 ? dir : pin_open(dir, CAGE_PIN, CLONE_NEWNS);
}

bool cage_is_absent(int r)
{
        return r == -ENOENT || r == -ENOTTY;
}

bool cage_is_wrong(int r)
{
        return r == -ENXIO || r == -EXDEV || r == -ELOOP || r == -EBADE || r == -ENOTUNIQ || r == -ENOTDIR;
}

const char *cage_remedy(int r)
{
        if (!cage_is_wrong(r))
                return NULL;
        /* fcjail removes nothing that is in a directory which is not root's alone. */
        if (r == -ENOTUNIQ || r == -ENOTDIR)
                return "find out who has changed it; then run `umount -R " CAGE_PATH "`, `rm -r " CAGE_PATH
                       "` and `systemctl restart fcjail-cage.service`";
        return "run `systemctl restart fcjail-cage.service`";
}

const char *cage_strerror(int r)
{
        switch (r) {
        case -ENOENT:
                return "does not exist";
        case -ENOTTY:
                return "has no mount namespace that can be seen from here";
        case -ENXIO:
                return "has a namespace of another kind";
        case -EXDEV:
                return "has a namespace of another user namespace";
        case -ELOOP:
                return "has a link in the place of a namespace";
        case -ENOTUNIQ:
                return "is not root's alone";
        case -ENOTDIR:
                return "is not a directory";
        case -EBADE:
                return "is not the empty mount namespace that fcjail has made";
        case -EINVAL:
                return "cannot be made in this mount namespace";
        default:
                return strerror(-r);
        }
}

/* The mount that "/" is has another id in each mount namespace. */
static int enter_new(int (*change)(int fd), int fd)
{
        uint64_t before, after;
        int r;

        r = root_mount_id(&before);
        if (r >= 0)
                r = change(fd);
        if (r >= 0)
                r = root_mount_id(&after);
        return r < 0 ? r : before == after ? -EBADE : 0;
}

static int join(int fd)
{
        return RET_NERRNO(setns(fd, CLONE_NEWNS));
}

static int copy(int fd)
{
        (void) fd;
        return RET_NERRNO(unshare(CLONE_NEWNS));
}

int cage_enter(int cage_fd)
{
        int r;

        r = enter_new(join, cage_fd);
        if (r >= 0)
                r = enter_new(copy, cage_fd);
        if (r >= 0)
                r = root_is_empty_tmpfs();
        return r < 0 ? r : r == 0 ? -EBADE : 0;
}

/* What `work` returns in a child with a copy of this process's memory; with the same descriptors. */
static int in_child(int (*work)(int fd, int cpu), int fd, int cpu)
{
        int status = 0;

        /* No signal for its end: who ignores SIGCHLD would never hear how it ended. */
        long pid = syscall(SYS_clone, (unsigned long) CLONE_FILES, NULL, NULL, NULL, 0UL);
        if (pid < 0)
                return -errno;
        if (pid == 0)
                _exit(-work(fd, cpu)); /* no errno is larger than 255 */
        while (waitpid((pid_t) pid, &status, (int) __WALL) < 0)
                if (errno != EINTR)
                        return -errno;
        return WIFEXITED(status) ? -WEXITSTATUS(status) : -ECANCELED;
}

static int enter(int cage_fd, int cpu)
{
        (void) cpu;
        return cage_enter(cage_fd);
}

int cage_check(int run_fd)
{
        _cleanup_close_ int fd = cage_open(run_fd);

        return fd < 0 ? fd : in_child(enter, fd, ANY_CPU);
}

static int stay_on(int cpu)
{
        cpu_set_t set;

        CPU_ZERO(&set);
        CPU_SET((size_t) cpu, &set);
        /* EINVAL: it is offline, or not for this process. So the pin cannot be made there. */
        return RET_NERRNO(sched_setaffinity(0, sizeof(set), &set));
}

/* The tmpfs becomes "/", and everything else goes. ns_fd, which the parent also has, becomes the namespace. */
static int become_cage(int ns_fd, int cpu)
{
        int r;

        r = cpu != ANY_CPU ? stay_on(cpu) : 0;
        if (r >= 0) /* or everybody would lose their mounts */
                r = enter_new(copy, -EBADF);
        if (r >= 0)
                r = mount_make_private("/", "/");
        if (r < 0)
                return r;
        _cleanup_close_ int fd = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
        if (fd < 0 || dup3(fd, ns_fd, O_CLOEXEC) < 0)
                return -errno;

        _cleanup_close_ int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (root < 0)
                return -errno;
        _cleanup_close_ int tree = new_empty_tmpfs();
        r = tree < 0 ? tree : mount_attach(tree, root, "");
        if (r < 0)
                return r;
        if (fchdir(tree) < 0 || syscall(SYS_pivot_root, ".", ".") < 0 || umount2(".", MNT_DETACH) < 0)
                return -errno;
        return 0;
}

static int make_on(int dir_fd, int cpu)
{
        int r;

        _cleanup_close_ int ns_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
        if (ns_fd < 0)
                return -errno;
        r = in_child(become_cage, ns_fd, cpu);
        return r < 0 ? r : pin_make(dir_fd, CAGE_PIN, ns_fd);
}

/* From Linux 6.18 on each CPU gives out numbers of namespaces from a batch of its own. In a mount namespace that is not the first
 * one, as in a container, only some of them may have one that is higher than that of this process, and only that can be pinned. */
static int make_on_any(int dir_fd)
{
        const long n_cpus = sysconf(_SC_NPROCESSORS_CONF);
        int r;

        r = make_on(dir_fd, ANY_CPU);
        for (int cpu = 0; r == -EINVAL && cpu < n_cpus && cpu < CPU_SETSIZE; cpu++)
                r = make_on(dir_fd, cpu);
        return r;
}

int cage_make(int run_fd)
{
        int r;

        r = cage_check(run_fd);
        if (r >= 0)
                return 0;
        if (!cage_is_absent(r) && !cage_is_wrong(r))
                return r;
        r = cage_remove(run_fd);
        if (r < 0)
                return r;
        _cleanup_close_ int dir = pin_dir_make(run_fd, CAGE_DIR);
        r = dir < 0 ? dir : make_on_any(dir);
        if (r >= 0)
                r = cage_check(run_fd);
        if (r >= 0)
                return 1;
        dir = safe_close(dir);
        (void) !cage_remove(run_fd);
        return r;
}

int cage_remove(int run_fd)
{
        int r;

        _cleanup_close_ int dir = pin_dir_open(run_fd, CAGE_DIR);
        if (dir < 0)
                return dir == -ENOENT ? 0 : dir;
        r = pin_remove(dir, CAGE_PIN);
        return r < 0 ? r : pin_dir_remove(run_fd, CAGE_DIR);
}

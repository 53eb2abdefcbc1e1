/* SPDX-License-Identifier: Apache-2.0 */

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "at.h"
#include "cage.h"
#include "child.h"
#include "mount-util.h"
#include "namespaces.h"
#include "pin.h"

static int run(void)
{
        int fd = open("/run", O_PATH | O_DIRECTORY | O_CLOEXEC);

        CHECK(fd >= 0);
        return fd;
}

/* Where none can be pinned, as in a container whose CPUs have only smaller numbers left, there is nothing to test. */
static int make(void)
{
        int fd = run(), r = cage_make(fd);

        if (r == -EINVAL)
                _exit(CHILD_SKIP);
        CHECK_IS(r, 1);
        return fd;
}

static int in_child(int (*body)(void))
{
        int status = 0;

        pid_t pid = fork();
        if (pid == 0)
                _exit(body());
        CHECK(pid > 0 && waitpid(pid, &status, 0) == pid);
        return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

static int count_mounts(int proc_fd)
{
        char text[4096] = "";
        int n = 0;

        _cleanup_close_ int fd = openat(proc_fd, "self/mountinfo", O_RDONLY | O_CLOEXEC);
        CHECK(fd >= 0 && read(fd, text, sizeof(text) - 1) > 0);
        for (const char *p = text; *p; p++)
                n += *p == '\n';
        return n;
}

CHILD_TEST(cage, holds_one_mount_and_nothing_on_it)
{
        int fd = make(), proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC), cage;
        struct stat st, cwd;
        DIR *d = NULL;
        const char *name;

        cage = cage_open(fd);
        CHECK(cage >= 0);
        CHECK(count_mounts(proc) > 1);
        CHECK_IS(cage_enter(cage), 0);
        CHECK_IS(count_mounts(proc), 1);
        CHECK(stat("/", &st) >= 0 && stat(".", &cwd) >= 0 && same_object(&st, &cwd));
        CHECK_IS(at_list_dir(AT_FDCWD, "/", &d), 0);
        CHECK_IS(at_next(d, &name), 0);
        CHECK_IS(mkdir("/new", 0755), -1);
        CHECK_IS(errno, EROFS);
        CHECK_IS(mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND, NULL), 0);
        CHECK_IS(mkdir("/new", 0755), -1);
        CHECK_IS(errno, EROFS); /* not only this mount is */
}

CHILD_TEST(cage, is_made_once)
{
        struct stat before, after;
        int fd;

        CHECK_IS(cage_open(run()), -ENOENT);
        fd = make();
        CHECK(stat("/run/cage/mnt", &before) >= 0);
        CHECK_IS(cage_make(fd), 0);
        CHECK(stat("/run/cage/mnt", &after) >= 0);
        CHECK(same_object(&before, &after));
        CHECK(stat("/run/cage", &after) >= 0);
        CHECK_IS(after.st_mode, S_IFDIR | 0700);
        CHECK_IS(cage_remove(fd), 0);
        CHECK_IS(cage_open(fd), -ENOENT);
        CHECK(stat("/run/cage", &after) < 0);
        CHECK_IS(cage_remove(fd), 0);
}

/* In a copy of it, mounts something; then it counts whether the next one sees that. */
static int mount_in_a_copy(void)
{
        int cage = cage_open(run());

        if (cage < 0 || cage_enter(cage) < 0 || mount("test", "/", "tmpfs", 0, NULL) < 0)
                return 1;
        return 0;
}

CHILD_TEST(cage, each_start_has_its_copy)
{
        int fd = make();

        CHECK_IS(in_child(mount_in_a_copy), 0);
        CHECK_IS(cage_check(fd), 0);
}

static int plant_a_mount(void)
{
        int cage = cage_open(run());

        return cage < 0 || setns(cage, CLONE_NEWNS) < 0 || mount("test", "/", "tmpfs", 0, NULL) < 0;
}

CHILD_TEST(cage, a_foreign_mount_in_it_is_seen)
{
        int fd = make();

        CHECK_IS(in_child(plant_a_mount), 0);
        CHECK_IS(cage_check(fd), -EBADE);
        CHECK_IS(cage_make(fd), 1);
        CHECK_IS(cage_check(fd), 0);
}

/* Read-only, so that only what is in it tells it from the cage's. */
static int plant_a_full_tmpfs(void)
{
        int cage = cage_open(run());

        return cage < 0 || setns(cage, CLONE_NEWNS) < 0 ||
               mount("test", "/", "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0 ||
               chroot("/..") < 0 || mkdir("/planted", 0755) < 0 ||
               mount(NULL, "/", NULL, MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0;
}

CHILD_TEST(cage, a_file_in_it_is_seen)
{
        int fd = make();

        CHECK_IS(in_child(plant_a_full_tmpfs), 0);
        CHECK_IS(cage_check(fd), -EBADE);
}

static int remount(unsigned long flags)
{
        int cage = cage_open(run());

        return cage < 0 || setns(cage, CLONE_NEWNS) < 0 ||
               mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND | flags, NULL) < 0;
}

static int allow_devices(void)
{
        return remount(MS_RDONLY | MS_NOSUID | MS_NOEXEC);
}

static int allow_programs(void)
{
        return remount(MS_RDONLY | MS_NOSUID | MS_NODEV);
}

static int allow_setuid(void)
{
        return remount(MS_RDONLY | MS_NODEV | MS_NOEXEC);
}

CHILD_TEST(cage, other_flags_are_seen)
{
        static int (*const changes[])(void) = { allow_devices, allow_programs, allow_setuid };
        int fd = make();

        FOREACH_ARRAY (change, changes, ELEMENTSOF(changes)) {
                CHECK_IS(in_child(*change), 0);
                CHECK_IS(cage_check(fd), -EBADE);
                CHECK_IS(cage_make(fd), 1);
        }
}

/* The host's own namespace under the name of the cage. */
CHILD_TEST(cage, what_is_not_empty_is_no_cage)
{
        int fd = make(), dir = pin_dir_open(fd, "cage"),
            uts = open("/proc/self/ns/uts", O_RDONLY | O_CLOEXEC);

        CHECK_IS(pin_remove(dir, "mnt"), 0);
        CHECK_IS(cage_open(fd), -ENOENT);
        CHECK_IS(at_write_file(dir, "mnt", 0400, "", 0), 0);
        CHECK_IS(cage_open(fd), -ENOTTY);
        CHECK(cage_is_absent(-ENOENT) && cage_is_absent(-ENOTTY) && !cage_is_absent(-ENXIO));
        CHECK_IS(pin_remove(dir, "mnt"), 0);
        CHECK_IS(pin_make(dir, "mnt", uts), 0);
        CHECK_IS(cage_open(fd), -ENXIO);
        CHECK_IS(cage_make(fd), 1);
        CHECK_IS(cage_check(fd), 0);
        CHECK_IS(fchmodat(fd, "cage", 0755, 0), 0);
        CHECK_IS(cage_open(fd), -ENOTUNIQ);
        CHECK_IS(cage_make(fd), -ENOTUNIQ);
}

static int pin_a_copy_of_the_hosts(void)
{
        int ns;

        if (unshare(CLONE_NEWNS) < 0)
                return 1;
        ns = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
        return ns < 0 || dup2(ns, 99) < 0;
}

CHILD_TEST(cage, a_namespace_with_the_hosts_mounts_is_no_cage)
{
        int fd = make(), dir = pin_dir_open(fd, "cage"), status, null = open("/dev/null", O_RDONLY);

        CHECK(dup2(null, 99) >= 0);
        CHECK_IS(pin_remove(dir, "mnt"), 0);
        long pid = syscall(SYS_clone, (unsigned long) (CLONE_FILES | SIGCHLD), NULL, NULL, NULL, 0UL);
        if (pid == 0)
                _exit(pin_a_copy_of_the_hosts());
        CHECK(waitpid((pid_t) pid, &status, 0) == pid && status == 0);
        if (pin_make(dir, "mnt", 99) == -EINVAL)
                _exit(CHILD_SKIP);
        CHECK_IS(cage_check(fd), -EBADE);
}

/* As a unit has it that systemd gives a mount namespace of its own. */
CHILD_TEST(cage, another_mount_namespace_sees_a_file)
{
        int fd = make();

        (void) close(fd);
        CHECK(unshare(CLONE_NEWNS) >= 0);
        CHECK_IS(cage_open(run()), -ENOTTY);
}

CHILD_TEST(cage, ones_own_mount_namespace_is_no_cage)
{
        CHECK_IS(root_is_empty_tmpfs(), 0);
        CHECK_IS(cage_enter(open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC)), -EBADE);
}

/* From here on that call does nothing, and returns this. */
static void answer(unsigned call, unsigned error)
{
        struct sock_filter filter[] = {
                BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1),
                BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
                BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        };
        const struct sock_fprog program = { .len = ELEMENTSOF(filter), .filter = filter };

        CHECK(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) >= 0);
}

/* A cage that is as it should be, entered from a copy of it: "/" looks the same, whatever the kernel did. */
static void enter_with_a_lie(unsigned call)
{
        int cage = cage_open(make());

        CHECK(cage >= 0);
        CHECK_IS(cage_enter(cage), 0);
        CHECK_IS(cage_enter(cage), 0);
        answer(call, 0);
        CHECK_IS(cage_enter(cage), -EBADE);
}

CHILD_TEST(cage, a_lie_about_setns_is_seen)
{
        enter_with_a_lie(SYS_setns);
}

CHILD_TEST(cage, a_lie_about_unshare_is_seen)
{
        enter_with_a_lie(SYS_unshare);
}

static void ignore_children(void)
{
        CHECK(signal(SIGCHLD, SIG_IGN) != SIG_ERR);
}

CHILD_TEST(cage, who_ignores_sigchld_hears_the_truth)
{
        int fd = make();

        ignore_children();
        CHECK_IS(cage_check(fd), 0);
        CHECK_IS(cage_make(fd), 0);
        (void) signal(SIGCHLD, SIG_DFL);
        CHECK_IS(in_child(plant_a_mount), 0);
        ignore_children();
        CHECK_IS(cage_check(fd), -EBADE);
        CHECK_IS(cage_make(fd), 1);
}

/* Such errors say nothing about the cage, whose name would be gone after them. */
static void fail_to_look(unsigned call, int error)
{
        int fd = make();
        struct stat before, after;

        CHECK(stat("/run/cage/mnt", &before) >= 0);
        answer(call, (unsigned) error);
        CHECK_IS(cage_make(fd), -error);
        CHECK(stat("/run/cage/mnt", &after) >= 0);
        CHECK(same_object(&before, &after));
        CHECK(!cage_is_wrong(-error) && !cage_remedy(-error));
}

CHILD_TEST(cage, one_that_could_not_be_entered_stays)
{
        fail_to_look(SYS_setns, EPERM);
}

CHILD_TEST(cage, one_for_which_no_process_could_be_made_stays)
{
        fail_to_look(SYS_clone, EAGAIN);
}

CHILD_TEST(cage, one_that_could_not_be_opened_stays)
{
        fail_to_look(SYS_openat, EMFILE);
}

CHILD_TEST(cage, what_has_its_name_stays)
{
        int fd = run();

        CHECK(symlinkat("/srv", fd, "cage") >= 0);
        CHECK_IS(cage_open(fd), -ENOTDIR);
        CHECK_IS(cage_make(fd), -ENOTDIR);
        CHECK(cage_is_wrong(-ENOTDIR) && strstr(cage_remedy(-ENOTDIR), "rm -r"));
}

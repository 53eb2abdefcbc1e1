/* SPDX-License-Identifier: Apache-2.0 */

#include <sys/syscall.h>

#include "at.h"
#include "child.h"
#include "mount-util.h"
#include "namespaces.h"
#include "pin.h"

static int srv(void)
{
        int fd = open("/srv", O_PATH | O_DIRECTORY | O_CLOEXEC);

        CHECK(fd >= 0);
        return fd;
}

static int namespace_of_this(const char *path)
{
        int fd = open(path, O_RDONLY | O_CLOEXEC);

        CHECK(fd >= 0);
        return fd;
}

/* A network namespace in which nobody is. */
static int new_netns(void)
{
        int home = netns_open_current(), fd;

        CHECK(unshare(CLONE_NEWNET) >= 0);
        fd = netns_open_current();
        CHECK_IS(netns_enter(home), 0);
        (void) close(home);
        return fd;
}

CHILD_TEST(pin, a_namespace_outlives_its_processes)
{
        int dir = srv(), netns = new_netns(), fd;
        struct stat before, after;

        CHECK(fstat(netns, &before) >= 0);
        CHECK_IS(pin_make(dir, "net", netns), 0);
        (void) close(netns);

        fd = pin_open(dir, "net", CLONE_NEWNET);
        CHECK(fd >= 0);
        CHECK(fstat(fd, &after) >= 0);
        CHECK(same_object(&before, &after));
        CHECK_IS(netns_enter(fd), 0);

        CHECK_IS(pin_remove(dir, "net"), 0);
        CHECK_IS(faccessat(dir, "net", F_OK, AT_SYMLINK_NOFOLLOW), -1);
        CHECK_IS(pin_remove(dir, "net"), 0);
}

CHILD_TEST(pin, what_has_the_name_already_stays)
{
        int dir = srv(), netns = new_netns();

        CHECK_IS(at_write_file(dir, "net", 0600, "mine", 4), 0);
        CHECK_IS(pin_make(dir, "net", netns), -EEXIST);
        CHECK_IS(pin_open(dir, "net", CLONE_NEWNET), -ENOTTY);
        CHECK_IS(pin_open(dir, "other", CLONE_NEWNET), -ENOENT);
}

CHILD_TEST(pin, what_cannot_be_bound_leaves_nothing)
{
        int dir = srv(), fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);

        CHECK(pin_make(dir, "net", fd) < 0);
        CHECK_IS(faccessat(dir, "net", F_OK, AT_SYMLINK_NOFOLLOW), -1);
}

CHILD_TEST(pin, a_namespace_of_another_kind_is_none)
{
        int dir = srv(), uts = namespace_of_this("/proc/self/ns/uts");

        CHECK_IS(pin_make(dir, "uts", uts), 0);
        CHECK_IS(pin_open(dir, "uts", CLONE_NEWNET), -ENXIO);
        CHECK(pin_open(dir, "uts", CLONE_NEWUTS) >= 0);
}

CHILD_TEST(pin, only_namespaces_count)
{
        int dir = srv();

        CHECK(mkfifoat(dir, "fifo", 0600) >= 0);
        CHECK(symlinkat("/proc/self/ns/net", dir, "link") >= 0);
        CHECK(mkdirat(dir, "dir", 0700) >= 0);
        CHECK_IS(pin_open(dir, "fifo", CLONE_NEWNET), -ENOTTY);
        CHECK_IS(pin_open(dir, "link", CLONE_NEWNET), -ELOOP);
        CHECK_IS(pin_open(dir, "dir", CLONE_NEWNET), -ENOTTY);
}

/* Made by a process that has a user namespace of its own. */
static int foreign_netns(void)
{
        int to_child[2], to_parent[2], fd;
        char path[64], c;

        CHECK(pipe(to_child) >= 0 && pipe(to_parent) >= 0);
        pid_t pid = fork();
        if (pid == 0) {
                if (unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0)
                        _exit(EXIT_FAILURE);
                (void) !write(to_parent[1], "x", 1);
                (void) !read(to_child[0], &c, 1);
                _exit(EXIT_SUCCESS);
        }
        (void) close(to_parent[1]);
        if (read(to_parent[0], &c, 1) != 1)
                _exit(CHILD_SKIP);
        (void) snprintf(path, sizeof(path), "/proc/%i/ns/net", pid);
        fd = namespace_of_this(path);
        (void) !write(to_child[1], "x", 1);
        (void) waitpid(pid, NULL, 0);
        return fd;
}

CHILD_TEST(pin, a_namespace_of_another_user_namespace_is_refused)
{
        int dir = srv();

        CHECK_IS(pin_make(dir, "net", foreign_netns()), 0);
        CHECK_IS(pin_open(dir, "net", CLONE_NEWNET), -EXDEV);
}

/* As many as it removes; and one more, which it does not count as removed. */
CHILD_TEST(pin, all_that_is_mounted_on_a_name_goes)
{
        int dir = srv();

        for (unsigned n = 16; n <= 17; n++) {
                CHECK_IS(at_write_file(dir, "net", 0600, "", 0), 0);
                for (unsigned i = 0; i < n; i++)
                        CHECK(mount("/proc/self/ns/net", "/srv/net", NULL, MS_BIND, NULL) >= 0);
                CHECK_IS(pin_remove(dir, "net"), n == 16 ? 0 : -EBUSY);
                CHECK_IS(faccessat(dir, "net", F_OK, AT_SYMLINK_NOFOLLOW), n == 16 ? -1 : 0);
        }
        CHECK_IS(mount_is_on(dir, "net"), 1);
}

/* Of a directory on a shared mount, as /run is. */
static int shared_place(void)
{
        CHECK(mount("test", "/srv", "tmpfs", 0, "mode=0755") >= 0);
        CHECK(mount(NULL, "/srv", NULL, MS_SHARED, NULL) >= 0);
        return srv();
}

CHILD_TEST(pin, a_directory_of_pins_is_a_private_mount)
{
        int place = shared_place(), dir, again;
        struct stat st;

        dir = pin_dir_make(place, "pins");
        CHECK(dir >= 0);
        CHECK(fstat(dir, &st) >= 0);
        CHECK_IS(st.st_mode, S_IFDIR | 0700);
        CHECK_IS(mount_is_on(place, "pins"), 1);
        CHECK_IS(syscall(SYS_pivot_root, "/", "/srv/pins"), -1);
        CHECK_IS(errno, EBUSY); /* EINVAL: it is shared */

        again = pin_dir_make(place, "pins");
        CHECK(again >= 0);
        CHECK_IS(pin_make(again, "net", new_netns()), 0);
        CHECK(pin_open(dir, "net", CLONE_NEWNET) >= 0); /* the same mount */
        CHECK_IS(pin_remove(dir, "net"), 0);
        (void) close(dir);
        (void) close(again);

        CHECK_IS(pin_dir_remove(place, "pins"), 0);
        CHECK_IS(faccessat(place, "pins", F_OK, 0), -1);
        CHECK_IS(pin_dir_remove(place, "pins"), 0);
}

CHILD_TEST(pin, a_directory_that_others_can_enter_is_refused)
{
        int place = srv();

        CHECK(mkdirat(place, "pins", 0700) >= 0);
        CHECK(fchmodat(place, "pins", 0711, 0) >= 0);
        CHECK_IS(pin_dir_make(place, "pins"), -ENOTUNIQ);
        CHECK_IS(pin_dir_open(place, "pins"), -ENOTUNIQ);
        CHECK_IS(pin_dir_open(place, "none"), -ENOENT);
        CHECK_IS(mount_is_on(place, "pins"), 0);
        CHECK(fchmodat(place, "pins", 0700, 0) >= 0);
        CHECK(fchownat(place, "pins", 1000, 0, 0) >= 0);
        CHECK_IS(pin_dir_open(place, "pins"), -ENOTUNIQ);
        CHECK(symlinkat("pins", place, "link") >= 0);
        CHECK_IS(pin_dir_open(place, "link"), -ENOTDIR);
}

/* SPDX-License-Identifier: Apache-2.0 */

#include "missing.h" /* before <linux/fs.h> */

#include <linux/fs.h>
#include <sys/fsuid.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/sysmacros.h>

#include "at.h"
#include "child.h"
#include "fs-ids.h"

static int top;

static void make_top(void)
{
        CHECK(mkdir("/run/top", 0755) >= 0);
        top = open("/run/top", O_PATH | O_DIRECTORY | O_CLOEXEC);
        CHECK(top >= 0);
}

static mode_t mode_of(const char *path)
{
        struct stat st;

        CHECK(lstat(path, &st) >= 0);
        return st.st_mode;
}

static bool is_empty(const char *path)
{
        return rmdir(path) >= 0;
}

CHILD_TEST(at, the_umask_has_no_say)
{
        make_top();
        (void) umask(0777);
        CHECK(at_make_dir(top, "dir", 0755) >= 0);
        CHECK_IS(at_make_node(top, "node", S_IFCHR | 0666, makedev(1, 3)), 0);
        CHECK_IS(at_write_file(top, "file", 0444, "x", 1), 0);
        CHECK_IS(mode_of("/run/top/dir"), S_IFDIR | 0755);
        CHECK_IS(mode_of("/run/top/node"), S_IFCHR | 0666);
        CHECK_IS(mode_of("/run/top/file"), S_IFREG | 0444);
        CHECK_IS(umask(0), 0777);
}

CHILD_TEST(at, a_directory_that_is_there_is_left_as_it_is)
{
        make_top();
        CHECK(mkdirat(top, "dir", 0700) >= 0);
        CHECK(at_make_dir(top, "dir", 0755) >= 0);
        CHECK_IS(mode_of("/run/top/dir"), S_IFDIR | 0700);
}

CHILD_TEST(at, nothing_follows_a_link)
{
        char *text;

        make_top();
        CHECK(mkdir("/run/victim", 0755) >= 0);
        CHECK(symlinkat("/run/victim", top, "link") >= 0);
        CHECK_IS(at_open_dir(top, "link"), -ENOTDIR);
        CHECK_IS(at_hold_dir(top, "link"), -ENOTDIR);
        CHECK_IS(at_make_dir(top, "link", 0755), -ENOTDIR);
        CHECK_IS(at_write_file(top, "link", 0644, "x", 1), -EEXIST);
        CHECK_IS(at_make_node(top, "link", S_IFCHR | 0666, makedev(1, 3)), -EEXIST);
        CHECK_IS(at_read_file(top, "link", 10, &text, NULL), -ELOOP);
        CHECK_IS(at_remove(top, "link"), 0);
        CHECK(is_empty("/run/victim"));
}

CHILD_TEST(at, a_copy_is_whole)
{
        size_t size = 300000;
        char *data = malloc(size), *text;

        make_top();
        for (size_t i = 0; i < size; i++)
                data[i] = (char) (i % 251);
        CHECK_IS(at_write_file(top, "source", 0600, data, size), 0);
        _cleanup_close_ int fd = openat(top, "source", O_RDONLY | O_CLOEXEC);
        CHECK_IS(at_copy_file(top, "copy", 0511, fd), 0);
        CHECK_IS(mode_of("/run/top/copy"), S_IFREG | 0511);
        CHECK_IS(at_read_file(top, "copy", size, &text, &size), 0);
        CHECK(size == 300000 && memcmp(text, data, size) == 0);
        /* From the start again: the offset of the source was not used up. */
        CHECK_IS(at_copy_file(top, "again", 0511, fd), 0);
        CHECK_IS(at_read_file(top, "again", 299999, &text, NULL), -EFBIG);
        free(data);
        free(text);
}

CHILD_TEST(at, nothing_is_left_of_a_file_that_could_not_be_filled)
{
        make_top();
        CHECK(mount("test", "/run/top", "tmpfs", 0, "mode=0755,size=8k") >= 0);
        int dir = open("/run/top", O_PATH | O_DIRECTORY | O_CLOEXEC);
        char data[65536] = {};
        CHECK_IS(at_write_file(dir, "file", 0600, data, sizeof(data)), -ENOSPC);
        CHECK(faccessat(dir, "file", F_OK, 0) < 0);
}

CHILD_TEST(at, reads_links_only)
{
        char target[5];

        make_top();
        CHECK(symlinkat("four", top, "link") >= 0 && symlinkat("longer", top, "long") >= 0);
        CHECK_IS(at_read_link(top, "link", target, sizeof(target)), 0);
        CHECK(strcmp(target, "four") == 0);
        CHECK_IS(at_read_link(top, "long", target, sizeof(target)), -ENAMETOOLONG);
        CHECK_IS(at_read_link(top, "none", target, sizeof(target)), -ENOENT);
        CHECK(mkdirat(top, "dir", 0700) >= 0);
        CHECK_IS(at_read_link(top, "dir", target, sizeof(target)), -EBADFD);
}

CHILD_TEST(at, reads_regular_files_only)
{
        char *text;

        make_top();
        CHECK(mkfifoat(top, "fifo", 0600) >= 0);
        CHECK_IS(at_read_file(top, "fifo", 10, &text, NULL), -EBADFD);
        CHECK(mkdirat(top, "dir", 0700) >= 0);
        CHECK_IS(at_read_file(top, "dir", 10, &text, NULL), -EBADFD);
}

CHILD_TEST(at, empties_a_hostile_directory)
{
        make_top();
        CHECK(mkdir("/run/victim", 0777) >= 0);
        CHECK_IS(at_write_file(top, "keep", 0644, "x", 1), 0);
        CHECK(rename("/run/top/keep", "/run/victim/keep") >= 0);

        CHECK(chown("/run/top", 4711, 4711) >= 0);
        (void) setfsuid(4711);
        (void) setfsgid(4711);
        CHECK(mkdirat(top, "closed", 0700) >= 0);
        CHECK(mkdirat(top, "closed/in", 0700) >= 0);
        CHECK(symlinkat("/run/victim", top, "closed/in/link") >= 0);
        CHECK(symlinkat("/run/victim/keep", top, "link") >= 0);
        CHECK(mkfifoat(top, "fifo", 0) >= 0);
        CHECK(fchmodat(top, "closed/in", 0, 0) >= 0 && fchmodat(top, "closed", 0, 0) >= 0);
        (void) setfsuid(0);
        (void) setfsgid(0);
        CHECK(chmod("/run/top", 0) >= 0);

        CHECK_IS(at_empty_dir(top), 0);
        CHECK_IS(setfsuid((uid_t) -1), 0);
        CHECK_IS(setfsgid((gid_t) -1), 0);
        CHECK(is_empty("/run/top"));
        CHECK_IS(mode_of("/run/victim/keep"), S_IFREG | 0644);
}

#define DEEP 300

/* As deep as only a walk through descriptors gets, and closed on the way. */
static void make_deep(mode_t mode)
{
        int dir = open("/run/top", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        for (int i = 0; i < DEEP; i++) {
                CHECK(mkdirat(dir, "d", 0700) >= 0);
                int next = openat(dir, "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
                CHECK(next >= 0);
                CHECK(i == 0 || fchmod(dir, mode) >= 0);
                (void) close(dir);
                dir = next;
        }
        CHECK(fchmod(dir, mode) >= 0);
        (void) close(dir);
}

CHILD_TEST(at, empties_deep_directories_with_few_descriptors)
{
        const struct rlimit limit = { 32, 32 };

        make_top();
        make_deep(0700);
        CHECK(setrlimit(RLIMIT_NOFILE, &limit) >= 0);
        CHECK_IS(at_empty_dir(top), 0);
        CHECK(is_empty("/run/top"));
}

/* A directory whose owner may not write to it cannot even be moved by that owner. */
CHILD_TEST(at, empties_deep_directories_that_are_closed)
{
        make_top();
        CHECK(chown("/run/top", 0, 4711) >= 0 && chmod("/run/top", 0770) >= 0);
        (void) setfsgid(4711);
        (void) setfsuid(4711);
        make_deep(0);
        (void) setfsuid(0);
        (void) setfsgid(0);
        CHECK_IS(at_empty_dir(top), 0);
        CHECK(is_empty("/run/top"));
}

/* Each is gone into, and the walk goes on behind it, also where it was far below meanwhile. */
CHILD_TEST(at, empties_many_directories_that_are_full)
{
        char name[64];

        make_top();
        for (unsigned i = 0; i < 3000; i++) {
                size_t n = (size_t) snprintf(name, sizeof(name), "%u", i);
                CHECK(mkdirat(top, name, 0700) >= 0);
                for (unsigned depth = i % 20; depth > 0; depth--) {
                        (void) snprintf(name + n, sizeof(name) - n, "/d");
                        n += 2;
                        CHECK(mkdirat(top, name, 0700) >= 0);
                }
                (void) snprintf(name + n, sizeof(name) - n, "/full");
                CHECK(mknodat(top, name, S_IFREG | 0600, 0) >= 0);
        }
        CHECK_IS(at_empty_dir(top), 0);
        CHECK(is_empty("/run/top"));
}

CHILD_TEST(at, does_not_go_into_a_mount)
{
        make_top();
        CHECK(mkdirat(top, "mount", 0700) >= 0);
        CHECK(mount("test", "/run/top/mount", "tmpfs", 0, NULL) >= 0);
        CHECK(mkdir("/run/top/mount/inside", 0700) >= 0);
        CHECK_IS(at_empty_dir(top), -EBUSY);
        CHECK(access("/run/top/mount/inside", F_OK) >= 0);
}

/* One of the same file system, which has the same device number. */
CHILD_TEST(at, does_not_go_into_a_bind_mount)
{
        make_top();
        CHECK(mkdir("/run/data", 0700) >= 0 && mkdir("/run/data/inside", 0700) >= 0);
        CHECK(mkdirat(top, "mount", 0700) >= 0);
        CHECK(mount("/run/data", "/run/top/mount", NULL, MS_BIND, NULL) >= 0);
        CHECK_IS(at_empty_dir(top), -EBUSY);
        CHECK(access("/run/data/inside", F_OK) >= 0);
}

CHILD_TEST(at, does_not_empty_a_mount)
{
        make_top();
        CHECK(mkdir("/run/data", 0700) >= 0 && mkdir("/run/data/inside", 0700) >= 0);
        CHECK(mount("/run/data", "/run/top", NULL, MS_BIND, NULL) >= 0);
        _cleanup_close_ int fd = open("/run/top", O_PATH | O_DIRECTORY | O_CLOEXEC);
        CHECK_IS(at_empty_dir(fd), -EBUSY);
        CHECK(access("/run/data/inside", F_OK) >= 0);
}

/* The owner of a directory may remove what is in it, whoever owns that; but not more than that owner. */
CHILD_TEST(at, removes_no_more_than_the_owner_could)
{
        make_top();
        CHECK(chown("/run/top", 4711, 4711) >= 0);
        CHECK(mkdirat(top, "roots", 0700) >= 0);
        CHECK_IS(at_write_file(top, "file", 0600, "x", 1), 0);
        CHECK_IS(at_empty_dir(top), 0);
        CHECK(is_empty("/run/top"));
}

static void make_many(unsigned n)
{
        char name[16];

        for (unsigned i = 0; i < n; i++) {
                (void) snprintf(name, sizeof(name), "%u", i);
                CHECK(mknodat(top, name, S_IFREG | 0600, 0) >= 0);
        }
}

CHILD_TEST(at, empties_a_hundred_thousand_files)
{
        make_top();
        make_many(100000);
        CHECK_IS(at_empty_dir(top), 0);
        CHECK(is_empty("/run/top"));
}

/* So that no VM can make a cleanup last for hours; the next one goes on where this one has ended. */
CHILD_TEST(at, stops_at_too_many_files)
{
        make_top();
        make_many(EMPTY_ENTRIES_MAX + 1);
        CHECK_IS(at_empty_dir(top), -E2BIG);
        CHECK(!is_empty("/run/top"));
        CHECK_IS(at_empty_dir(top), 0);
        CHECK(is_empty("/run/top"));
}

/* A VM cannot make such a file, but its operator can. */
CHILD_TEST(at, says_what_is_wrong_with_an_immutable_file)
{
        int flags = FS_IMMUTABLE_FL;

        make_top();
        CHECK_IS(at_write_file(top, "file", 0600, "x", 1), 0);
        _cleanup_close_ int fd = openat(top, "file", O_RDONLY | O_CLOEXEC);
        if (ioctl(fd, FS_IOC_SETFLAGS, &flags) < 0)
                _exit(CHILD_SKIP); /* tmpfs before Linux 6.6 */
        CHECK_IS(at_empty_dir(top), -EPERM);
        CHECK_IS(at_remove(top, "file"), -EPERM);
        flags = 0;
        CHECK(ioctl(fd, FS_IOC_SETFLAGS, &flags) >= 0);
        CHECK_IS(at_empty_dir(top), 0);
}

CHILD_TEST(fs_ids, what_is_not_allowed_is_noticed)
{
        const FsIds mine = { 1000, 1000 };

        CHECK(fs_ids_set(mine) == 0);
        CHECK(fs_ids_set((FsIds){ 0, 0 }) == 0);
        CHECK(setresgid(1000, 1000, 1000) >= 0 && setresuid(1000, 1000, 1000) >= 0);
        CHECK(fs_ids_get().uid == 1000 && fs_ids_get().gid == 1000);
        CHECK_IS(fs_ids_set((FsIds){ 1000, 0 }), -EPERM);
        CHECK_IS(fs_ids_set((FsIds){ 0, 1000 }), -EPERM);
        CHECK_IS(fs_ids_set(mine), 0);
}

/* SPDX-License-Identifier: Apache-2.0 */

#include <time.h>

#include "at.h"
#include "child.h"
#include "texts.h"

#define MODE (S_IFREG | 0511)
#define BOOT "0123456789abcdef0123456789abcdef"
#define TEXT BOOT "-1-2-3"

static int vmms, jail;

static void make_dirs(void)
{
        CHECK(mkdir("/srv/firecracker", 0755) >= 0);
        CHECK(mkdir("/srv/firecracker/vm", 0755) >= 0);
        vmms = open("/srv/firecracker", O_PATH | O_DIRECTORY | O_CLOEXEC);
        jail = open("/srv/firecracker/vm", O_PATH | O_DIRECTORY | O_CLOEXEC);
        CHECK(vmms >= 0 && jail >= 0);
}

static struct stat make_copy(const char *content)
{
        struct stat st;

        CHECK_IS(at_write_file(jail, "vmm", MODE & 07777, content, strlen(content)), 0);
        CHECK(fstatat(jail, "vmm", &st, AT_SYMLINK_NOFOLLOW) >= 0);
        return st;
}

static bool exists(int dir_fd, const char *name)
{
        return faccessat(dir_fd, name, F_OK, AT_SYMLINK_NOFOLLOW) >= 0;
}

static size_t count_texts(void)
{
        DIR *d = NULL;
        size_t n = 0;

        CHECK_IS(at_list_dir(vmms, TEXTS_DIR, &d), 0);
        for (struct dirent *de; (de = readdir(d));)
                n += !at_is_dot(de->d_name);
        (void) closedir(d);
        return n;
}

static int take(struct stat *ret)
{
        return texts_take(vmms, TEXT, jail, "vmm", MODE, ret);
}

static int give(void)
{
        return texts_give(vmms, TEXT, jail, "vmm", MODE, /* inode= */ 0);
}

/* The copy of what follows is in the pool, under this name. */
static void put_in_pool(const char *name, mode_t mode)
{
        int pool = at_make_dir(vmms, TEXTS_DIR, 0700);

        CHECK_IS(at_write_file(pool, name, mode, "text", 4), 0);
        (void) close(pool);
}

CHILD_TEST(texts, a_copy_goes_and_comes_back)
{
        struct stat before, after = {};

        make_dirs();
        CHECK_IS(take(&after), 0);
        before = make_copy("text");
        CHECK_IS(give(), 0);
        CHECK(!exists(jail, "vmm"));
        CHECK_IS(count_texts(), 1);
        CHECK_IS(texts_take(vmms, BOOT "-1-2-4", jail, "vmm", MODE, &after), 0);
        CHECK_IS(take(&after), 1);
        CHECK(same_object(&before, &after));
        CHECK_IS(after.st_mode, MODE);
        CHECK_IS(count_texts(), 0);
        CHECK_IS(take(&after), 0);
}

CHILD_TEST(texts, only_a_whole_copy_of_roots_is_kept)
{
        make_dirs();
        (void) make_copy("text");
        CHECK(fchmodat(jail, "vmm", 0200, 0) >= 0); /* it was being made */
        CHECK_IS(give(), 0);
        (void) make_copy("text");
        CHECK(linkat(jail, "vmm", jail, "second", 0) >= 0);
        CHECK_IS(give(), 0);
        (void) make_copy("text");
        CHECK(fchownat(jail, "vmm", 1, 0, 0) >= 0);
        CHECK_IS(give(), 0);
        (void) make_copy("text");
        CHECK(fchownat(jail, "vmm", 0, 1, 0) >= 0);
        CHECK_IS(give(), 0);
        CHECK(symlinkat("/srv", jail, "vmm") >= 0);
        CHECK_IS(give(), 0);
        CHECK(!exists(jail, "vmm"));
        CHECK(!exists(vmms, TEXTS_DIR));
        CHECK_IS(give(), 0); /* there is none */
}

CHILD_TEST(texts, what_is_no_copy_is_not_taken)
{
        struct stat st;

        make_dirs();
        put_in_pool(TEXT ".1", 0511); /* of another inode than it says */
        CHECK_IS(take(&st), -EBADE);
        CHECK_IS(at_remove(jail, "vmm"), 0);

        (void) make_copy("text");
        CHECK_IS(give(), 0);
        int pool = at_open_dir(vmms, TEXTS_DIR);
        struct dirent *de;
        DIR *d = fdopendir(pool);
        while ((de = readdir(d)) && at_is_dot(de->d_name))
                ;
        CHECK(de && fchmodat(pool, de->d_name, 0755, 0) >= 0);
        CHECK_IS(take(&st), -EBADE);
}

CHILD_TEST(texts, a_pool_that_is_not_roots_alone_is_not_used)
{
        struct stat st;

        make_dirs();
        (void) make_copy("text");
        CHECK_IS(give(), 0);
        CHECK(fchmodat(vmms, TEXTS_DIR, 0755, 0) >= 0);
        CHECK_IS(take(&st), -EPERM);
        CHECK(fchmodat(vmms, TEXTS_DIR, 0700, 0) >= 0 && fchownat(vmms, TEXTS_DIR, 1, 0, 0) >= 0);
        CHECK_IS(take(&st), -EPERM);
        (void) make_copy("text");
        CHECK_IS(give(), 0);
        CHECK(!exists(jail, "vmm")); /* removed, not kept there */
        CHECK_IS(count_texts(), 1);
}

CHILD_TEST(texts, a_link_in_the_place_of_the_pool_is_not_followed)
{
        struct stat st;

        make_dirs();
        CHECK(mkdir("/srv/other", 0700) >= 0 && symlinkat("/srv/other", vmms, TEXTS_DIR) >= 0);
        CHECK_IS(take(&st), -EPERM);
        (void) make_copy("text");
        CHECK_IS(give(), 0);
        CHECK(!exists(jail, "vmm"));
        CHECK(rmdir("/srv/other") >= 0);
}

CHILD_TEST(texts, the_number_is_bounded_and_the_oldest_goes)
{
        struct stat first;

        make_dirs();
        first = make_copy("text");
        CHECK_IS(give(), 0);
        for (size_t i = 0; i < TEXTS_MAX; i++) {
                struct timespec tick = { .tv_nsec = 5 * 1000 * 1000 };
                (void) nanosleep(&tick, NULL); /* one of the clock of the file system */
                (void) make_copy("text");
                CHECK_IS(give(), 0);
        }
        CHECK_IS(count_texts(), TEXTS_MAX);
        for (struct stat st; take(&st) > 0;) {
                CHECK(!same_object(&st, &first));
                CHECK_IS(at_remove(jail, "vmm"), 0);
        }
}

CHILD_TEST(texts, the_size_is_bounded)
{
        make_dirs();
        (void) make_copy("text");
        CHECK_IS(give(), 0);
        (void) make_copy("text");
        CHECK(truncate("/srv/firecracker/vm/vmm", TEXTS_SIZE_MAX) >= 0);
        CHECK_IS(give(), 0);
        CHECK_IS(count_texts(), 1);
        (void) make_copy("text");
        CHECK(truncate("/srv/firecracker/vm/vmm", TEXTS_SIZE_MAX + 1) >= 0);
        CHECK_IS(give(), 0);
        CHECK(!exists(jail, "vmm"));
        CHECK_IS(count_texts(), 1);
}

CHILD_TEST(texts, another_boot_leaves_nothing)
{
        make_dirs();
        put_in_pool("fedcba9876543210fedcba9876543210-1-2-3.1", 0511);
        put_in_pool("anything", 0600);
        (void) make_copy("text");
        CHECK_IS(give(), 0);
        CHECK_IS(count_texts(), 1);
}

CHILD_TEST(texts, a_program_that_changes_has_another_name)
{
        char name[NAME_MAX];
        struct stat st;

        make_dirs();
        st = make_copy("text");
        CHECK(!text_name(&st, BOOT, name)); /* a moment ago */
        CHECK(text_is_of(name, &st));
        st.st_ctim.tv_sec -= 10;
        CHECK(!text_is_of(name, &st));
        CHECK(text_name(&st, BOOT, name));
        CHECK(strncmp(name, BOOT "-", 33) == 0);
        CHECK(text_is_of(name, &st));
        st.st_mtim.tv_nsec++;
        CHECK(!text_is_of(name, &st));
}

/* A new one in the pool, with that content. */
static int make_ahead(const char *content, mode_t mode, int *ret_pool)
{
        int fd = texts_begin(vmms, TEXT, (off_t) strlen(content), ret_pool);

        CHECK(fd >= 0);
        CHECK(write(fd, content, strlen(content)) >= 0 && fchmod(fd, mode & 07777) >= 0);
        return fd;
}

CHILD_TEST(texts, one_that_is_made_ahead_is_taken_when_it_is_whole)
{
        struct stat made, st;
        int pool = -EBADF;

        make_dirs();
        CHECK_IS(texts_count(vmms, TEXT), 0);
        int fd = make_ahead("text", MODE, &pool);
        CHECK(fstat(fd, &made) >= 0);
        CHECK_IS(texts_count(vmms, TEXT), 0);
        CHECK_IS(take(&st), 0);
        CHECK_IS(texts_finish(pool, TEXT, fd, MODE), 0);
        CHECK_IS(fcntl(fd, F_GETFD), -1); /* or nobody could execute it */
        CHECK_IS(texts_count(vmms, TEXT), 1);
        CHECK_IS(take(&st), 1);
        CHECK(same_object(&made, &st));
        CHECK_IS(count_texts(), 0);
}

CHILD_TEST(texts, one_that_is_no_whole_copy_is_not_finished)
{
        int pool = -EBADF, other = -EBADF;

        make_dirs();
        int fd = make_ahead("text", 0200, &pool);
        CHECK_IS(texts_finish(pool, TEXT, fd, MODE), -EBADE);
        CHECK_IS(texts_count(vmms, TEXT), 0);
        CHECK_IS(texts_abandon(pool, TEXT), 0);
        CHECK_IS(count_texts(), 0);

        /* What another process has left, or has put in its place. */
        fd = make_ahead("text", 0200, &pool);
        int second = make_ahead("second", MODE, &other);
        CHECK_IS(count_texts(), 1);
        CHECK_IS(texts_finish(pool, TEXT, fd, MODE), -EBADE);
        CHECK_IS(texts_finish(other, TEXT, second, MODE), 0);
        CHECK_IS(texts_count(vmms, TEXT), 1);
}

CHILD_TEST(texts, one_that_is_made_ahead_drives_out_no_other)
{
        int pool = -EBADF;

        make_dirs();
        for (size_t i = 0; i < TEXTS_MAX; i++) {
                int fd = make_ahead("text", MODE, &pool);
                CHECK_IS(texts_finish(pool, TEXT, fd, MODE), 0);
        }
        CHECK_IS(texts_begin(vmms, BOOT "-4-5-6", 4, &pool), -ENOBUFS);
        CHECK_IS(texts_count(vmms, TEXT), TEXTS_MAX);

        /* A cleanup counts one that is being made. */
        struct stat st;
        CHECK_IS(take(&st), 1);
        int fd = make_ahead("text", MODE, &pool);
        CHECK_IS(give(), 0);
        CHECK_IS(count_texts(), TEXTS_MAX);
        CHECK_IS(texts_finish(pool, TEXT, fd, MODE), 0);
}

CHILD_TEST(texts, one_that_is_made_ahead_has_its_size_counted)
{
        int pool = -EBADF;

        make_dirs();
        CHECK_IS(texts_begin(vmms, TEXT, TEXTS_SIZE_MAX + 1, &pool), -ENOBUFS);
        int fd = make_ahead("text", MODE, &pool);
        CHECK_IS(texts_finish(pool, TEXT, fd, MODE), 0);
        CHECK_IS(texts_begin(vmms, TEXT, TEXTS_SIZE_MAX - 3, &pool), -ENOBUFS);
        CHECK(texts_begin(vmms, TEXT, TEXTS_SIZE_MAX - 4, &pool) >= 0);
}

CHILD_TEST(texts, nothing_is_made_ahead_in_a_pool_that_is_not_roots_alone)
{
        int pool = -EBADF;

        make_dirs();
        CHECK(mkdirat(vmms, TEXTS_DIR, 0755) >= 0 && fchmodat(vmms, TEXTS_DIR, 0755, 0) >= 0);
        CHECK_IS(texts_begin(vmms, TEXT, 4, &pool), -EPERM);
        CHECK_IS(texts_count(vmms, TEXT), -EPERM);
        CHECK(unlinkat(vmms, TEXTS_DIR, AT_REMOVEDIR) >= 0 && symlinkat("/srv", vmms, TEXTS_DIR) >= 0);
        CHECK_IS(texts_begin(vmms, TEXT, 4, &pool), -EPERM);
        CHECK_IS(texts_count(vmms, TEXT), -EPERM);
        CHECK_IS(pool, -EBADF);
}

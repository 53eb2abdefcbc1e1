/* SPDX-License-Identifier: Apache-2.0 */

#include "chase.h"
#include "fd-util.h"
#include "fixture.h"

/* Returns the error, or 0 after closing what was opened. */
static int try(const char *path, int flags, ChaseFlags chase_flags, const char *want_culprit)
{
        _cleanup_free_ char *culprit = NULL;

        _cleanup_close_ int fd = chase_open(path, flags, chase_flags, &culprit);
        if (fd >= 0) {
                cr_expect_null(culprit);
                cr_expect(fcntl(fd, F_GETFD) & FD_CLOEXEC);
                return 0;
        }
        if (want_culprit && (!culprit || strcmp(culprit, want_culprit) != 0))
                cr_expect_fail("%s: culprit %s, not %s", path, culprit, want_culprit);
        return fd;
}

static int try_read(const char *path, const char *want_culprit)
{
        return try(path, O_RDONLY, CHASE_DEFAULT, want_culprit);
}

TestSuite(chase, .init = fixture_enter);

Test(chase, opens_a_file_of_root)
{
        char buf[8] = {};

        file("/run/a/b/c", "text");
        _cleanup_close_ int fd = chase_open("/run/a/b/c", O_RDONLY, CHASE_DEFAULT, NULL);
        cr_assert_geq(fd, 0);
        cr_expect_eq(read(fd, buf, sizeof(buf)), 4);
        cr_expect_str_eq(buf, "text");
}

Test(chase, opens_directories_and_the_root)
{
        dir("/run/a");
        cr_expect_eq(try("/run/a", O_RDONLY | O_DIRECTORY, CHASE_DEFAULT, NULL), 0);
        cr_expect_eq(try("/run//a/", O_RDONLY | O_DIRECTORY, CHASE_DEFAULT, NULL), 0);
        cr_expect_eq(try("/run/./a", O_RDONLY | O_DIRECTORY, CHASE_DEFAULT, NULL), 0);
        cr_expect_eq(try("/", O_RDONLY | O_DIRECTORY, CHASE_DEFAULT, NULL), 0);
        cr_expect_eq(try("/", O_PATH | O_DIRECTORY, CHASE_DEFAULT, NULL), 0);
}

Test(chase, refuses_a_relative_path)
{
        cr_expect_eq(try_read("run", NULL), -EINVAL);
        cr_expect_eq(try_read("", NULL), -EINVAL);
}

Test(chase, names_the_component_that_is_missing)
{
        dir("/run/a");
        cr_expect_eq(try_read("/run/a/b", "/run/a/b"), -ENOENT);
        cr_expect_eq(try_read("/run/x/b", "/run/x"), -ENOENT);
}

Test(chase, names_the_component_that_is_no_directory)
{
        file("/run/a", "");
        cr_expect_eq(try_read("/run/a/b", "/run/a"), -ENOTDIR);
        cr_expect_eq(try("/run/a", O_RDONLY | O_DIRECTORY, CHASE_DEFAULT, "/run/a"), -ENOTDIR);
}

Test(chase, refuses_a_file_that_others_may_write)
{
        file("/run/a/b", "");
        mode("/run/a/b", 0646);
        cr_expect_eq(try_read("/run/a/b", "/run/a/b"), -EPERM);
        mode("/run/a/b", 0664);
        cr_expect_eq(try_read("/run/a/b", "/run/a/b"), -EPERM);
        mode("/run/a/b", 0600);
        cr_expect_eq(try_read("/run/a/b", NULL), 0);
}

Test(chase, refuses_a_file_of_somebody_else)
{
        file("/run/a/b", "");
        owner("/run/a/b", 1000);
        cr_expect_eq(try_read("/run/a/b", "/run/a/b"), -EPERM);
}

Test(chase, refuses_a_directory_on_the_way)
{
        file("/run/a/b/c", "");
        mode("/run/a", 0775);
        cr_expect_eq(try_read("/run/a/b/c", "/run/a"), -EPERM);
        mode("/run/a", 0755);
        owner("/run/a/b", 1000);
        cr_expect_eq(try_read("/run/a/b/c", "/run/a/b"), -EPERM);
}

Test(chase, goes_through_a_sticky_directory_of_root)
{
        file("/run/a/b/c", "");
        file("/run/a/file", "");
        link_to("/run/a/link", "b/c");
        link_to("/run/up", "a/b/../file");
        mode("/run/a", 01777);
        cr_expect_eq(try_read("/run/a/b/c", NULL), 0);
        cr_expect_eq(try_read("/run/a/file", NULL), 0);
        cr_expect_eq(try_read("/run/a/link", NULL), 0);
        cr_expect_eq(try_read("/run/up", NULL), 0);
        cr_expect_eq(try("/run/a/new", O_PATH | O_DIRECTORY, CHASE_MKDIR, NULL), 0);
        mode("/run/a", 01775);
        cr_expect_eq(try_read("/run/a/b/c", NULL), 0);
}

Test(chase, takes_nothing_of_others_from_a_sticky_directory)
{
        file("/run/a/b/c", "");
        file("/run/a/file", "");
        link_to("/run/a/link", "b/c");
        mode("/run/a", 01777);
        owner("/run/a/b", 1000);
        owner("/run/a/file", 1000);
        owner("/run/a/link", 1000);
        cr_expect_eq(try_read("/run/a/b/c", "/run/a/b"), -EPERM);
        cr_expect_eq(try_read("/run/a/file", "/run/a/file"), -EPERM);
        cr_expect_eq(try_read("/run/a/link", "/run/a/link"), -ENOLINK);
}

Test(chase, refuses_a_directory_that_is_sticky_and_of_somebody_else)
{
        file("/run/a/b/c", "");
        mode("/run/a", 01777);
        owner("/run/a", 1000);
        cr_expect_eq(try_read("/run/a/b/c", "/run/a"), -EPERM);
        owner("/run/a", 0);
        mode("/run/a/b", 0777);
        cr_expect_eq(try_read("/run/a/b/c", "/run/a/b"), -EPERM);
}

/* Others may make one where the kernel does not forbid it (fs.protected_hardlinks), but only root can do so elsewhere. */
Test(chase, refuses_a_hard_link_in_a_sticky_directory)
{
        file("/run/secret", "");
        link_to("/run/link", "secret");
        dir("/run/a/b");
        mode("/run/a", 01777);
        cr_assert_eq(link("/run/secret", "/run/a/file"), 0);
        cr_assert_eq(link("/run/link", "/run/a/link"), 0);
        cr_assert_eq(link("/run/secret", "/run/a/b/file"), 0);
        cr_expect_eq(try_read("/run/a/file", "/run/a/file"), -EMLINK);
        cr_expect_eq(try_read("/run/a/link", "/run/a/link"), -EMLINK);
        cr_expect_eq(try_read("/run/a/b/file", NULL), 0);
        cr_expect_eq(try_read("/run/secret", NULL), 0);
}

Test(chase, opens_no_sticky_directory_itself)
{
        dir("/run/a/b");
        link_to("/run/up", "a/b/..");
        mode("/run/a", 01777);
        cr_expect_eq(try("/run/a", O_PATH | O_DIRECTORY, CHASE_DEFAULT, "/run/a"), -EUSERS);
        cr_expect_eq(try("/run/a/.", O_PATH | O_DIRECTORY, CHASE_DEFAULT, "/run/a"), -EUSERS);
        cr_expect_eq(try("/run/up", O_PATH | O_DIRECTORY, CHASE_DEFAULT, "/run/a"), -EUSERS);
        mode("/run/a", 01755);
        cr_expect_eq(try("/run/a", O_PATH | O_DIRECTORY, CHASE_DEFAULT, NULL), 0);
}

Test(chase, follows_links_of_root)
{
        file("/run/a/b", "");
        link_to("/run/absolute", "/run/a/b");
        link_to("/run/relative", "a/b");
        link_to("/run/dir", "a");
        link_to("/run/up/down", "../a");
        link_to("/run/twice", "dir/b");
        cr_expect_eq(try_read("/run/absolute", NULL), 0);
        cr_expect_eq(try_read("/run/relative", NULL), 0);
        cr_expect_eq(try_read("/run/dir/b", NULL), 0);
        cr_expect_eq(try_read("/run/up/down/b", NULL), 0);
        cr_expect_eq(try_read("/run/twice", NULL), 0);
}

Test(chase, judges_where_a_link_leads_to)
{
        file("/run/bad/b", "");
        mode("/run/bad", 0777);
        link_to("/run/l", "/run/bad/b");
        cr_expect_eq(try_read("/run/l", "/run/bad"), -EPERM);
}

Test(chase, refuses_a_link_of_somebody_else)
{
        file("/run/a", "");
        link_to("/run/l", "a");
        owner("/run/l", 1000);
        cr_expect_eq(try_read("/run/l", "/run/l"), -ENOLINK);
}

Test(chase, gives_up_in_a_circle)
{
        link_to("/run/a", "b");
        link_to("/run/b", "a");
        cr_expect_eq(try_read("/run/a", "/run/a"), -ELOOP);
        cr_expect_eq(try_read("/run/b", "/run/b"), -ELOOP);
}

Test(chase, takes_forty_links_and_not_one_more)
{
        char name[32], target[32];

        file("/run/0", "");
        for (int i = 1; i <= 41; i++) {
                (void) snprintf(name, sizeof(name), "/run/%i", i);
                (void) snprintf(target, sizeof(target), "%i", i - 1);
                link_to(name, target);
        }
        cr_expect_eq(try_read("/run/40", NULL), 0);
        cr_expect_eq(try_read("/run/41", "/run/1"), -ELOOP);
}

Test(chase, names_where_a_dangling_link_leads_to)
{
        link_to("/run/l", "/run/x/y");
        cr_expect_eq(try_read("/run/l", "/run/x"), -ENOENT);
}

Test(chase, opens_no_fifo_and_no_device)
{
        cr_assert_eq(mkfifo("/run/fifo", 0600), 0);
        cr_expect_eq(try_read("/run/fifo", "/run/fifo"), -EBADFD);
        cr_expect_eq(try_read("/dev/null", "/dev/null"), -EBADFD);
        cr_expect_eq(try("/dev/null", O_PATH, CHASE_DEFAULT, NULL), 0);
}

Test(chase, makes_the_last_directory_only)
{
        struct stat st;

        cr_expect_eq(try("/run/a/b", O_RDONLY | O_DIRECTORY, CHASE_MKDIR, "/run/a"), -ENOENT);
        cr_expect_eq(try("/run/a", O_RDONLY | O_DIRECTORY, CHASE_MKDIR, NULL), 0);
        cr_assert_eq(stat("/run/a", &st), 0);
        cr_expect_eq(st.st_mode, S_IFDIR | 0755);
        cr_expect_eq(try("/run/a/", O_RDONLY | O_DIRECTORY, CHASE_MKDIR, NULL), 0);
}

Test(chase, refuses_what_is_too_long)
{
        char path[8192];

        memset(path, 'a', sizeof(path));
        path[0] = '/';
        path[sizeof(path) - 1] = '\0';
        cr_expect_eq(try_read(path, NULL), -ENAMETOOLONG);
        path[300] = '\0';
        cr_expect_eq(try_read(path, NULL), -ENAMETOOLONG);
}

Test(chase, does_not_need_a_culprit)
{
        cr_expect_eq(chase_open("/run/x", O_RDONLY, CHASE_DEFAULT, NULL), -ENOENT);
}

Test(chase, has_a_sentence_for_each_error)
{
        static const int errors[] = { -EPERM,  -EUSERS, -EMLINK, -ENOLINK,      -ELOOP,
                                      -EBADFD, -ENOENT, -EACCES, CHASE_FOREIGN, CHASE_WRITABLE };

        for (size_t i = 0; i < ELEMENTSOF(errors); i++)
                cr_expect_gt(strlen(chase_strerror(errors[i])), 5);
}

Test(chase, has_a_remedy_for_what_is_unsafe)
{
        for (int error = 1; error < 256; error++) {
                const char *remedy = chase_remedy(-error);
                char sentence[256];

                cr_expect_eq(chase_is_unsafe(-error), remedy != NULL, "%i", error);
                (void) snprintf(sentence, sizeof(sentence), "%s%s%s", chase_text(-error), remedy ? "; " : "",
                                remedy ? remedy : "");
                cr_expect_str_eq(chase_strerror(-error), sentence);
        }
}

/* The same of a source; on success there are so many directories on the way that are not root's. */
static int try_source(const char *path, const char *want_culprit, size_t n_dirs)
{
        _cleanup_free_ char *culprit = NULL;
        struct stat st, real;
        ChaseDirs dirs;

        _cleanup_close_ int fd = chase_source(path, &dirs, &st, &culprit);
        if (fd >= 0) {
                cr_expect_eq(dirs.n_items, n_dirs, "%s: %zu directories", path, dirs.n_items);
                cr_expect(fstat(fd, &real) >= 0 && real.st_dev == st.st_dev && real.st_ino == st.st_ino);
                return 0;
        }
        if (want_culprit && (!culprit || strcmp(culprit, want_culprit) != 0))
                cr_expect_fail("%s: culprit %s, not %s", path, culprit, want_culprit);
        return fd;
}

Test(chase_source, takes_anything_of_anybodys_from_a_directory_of_roots, .init = fixture_enter)
{
        file("/run/a/file", "");
        dir("/run/a/dir");
        cr_assert_eq(mkfifo("/run/a/fifo", 0600), 0);
        owner("/run/a/file", 1000);
        owner("/run/a/dir", 1000);
        mode("/run/a/file", 0666);
        mode("/run/a/dir", 0777);
        cr_expect_eq(try_source("/run/a/file", NULL, 0), 0);
        cr_expect_eq(try_source("/run/a/dir", NULL, 0), 0);
        cr_expect_eq(try_source("/run/a/fifo", NULL, 0), 0);
        cr_expect_eq(try_source("/dev/null", NULL, 0), 0);
}

/* A dot at the end makes the last directory one on the way. */
Test(chase_source, remembers_whose_directories_it_leads_through, .init = fixture_enter)
{
        file("/run/a/b/c/file", "");
        owner("/run/a/b", 1000);
        owner("/run/a/b/c", 1000);
        owner("/run/a/b/c/file", 1000);
        cr_expect_eq(try_source("/run/a/b/c/file", NULL, 2), 0);
        cr_expect_eq(try_source("/run/a/b/c", NULL, 1), 0);
        cr_expect_eq(try_source("/run/a/b/c/.", NULL, 2), 0);
}

Test(chase_source, takes_from_somebodys_directory_only_what_is_his, .init = fixture_enter)
{
        file("/run/a/roots", "");
        file("/run/a/somebodys", "");
        file("/run/a/dir/file", "");
        owner("/run/a", 1000);
        owner("/run/a/somebodys", 1001);
        cr_expect_eq(try_source("/run/a/roots", "/run/a/roots", 0), CHASE_FOREIGN);
        cr_expect_eq(try_source("/run/a/somebodys", "/run/a/somebodys", 0), CHASE_FOREIGN);
        cr_expect_eq(try_source("/run/a/dir/file", "/run/a/dir", 0), CHASE_FOREIGN);
        owner("/run/a/dir", 1000);
        cr_expect_eq(try_source("/run/a/dir/file", "/run/a/dir/file", 0), CHASE_FOREIGN);
}

Test(chase_source, follows_no_link_in_somebodys_directory, .init = fixture_enter)
{
        file("/run/a/file", "");
        file("/run/secret", "");
        link_to("/run/a/roots", "../secret");
        link_to("/run/a/own", "file");
        link_to("/run/a/up", "..");
        link_to("/run/root", "a/file");
        link_to("/run/other", "a/file");
        owner("/run/a", 1000);
        owner("/run/a/file", 1000);
        owner("/run/a/own", 1000);
        owner("/run/a/up", 1000);
        owner("/run/other", 1001);
        cr_expect_eq(try_source("/run/a/roots", NULL, 0), CHASE_LINK);
        cr_expect_eq(try_source("/run/a/own", NULL, 0), CHASE_LINK);
        cr_expect_eq(try_source("/run/a/up/secret", NULL, 0), CHASE_LINK);
        cr_expect_eq(try_source("/run/root", NULL, 1), 0);
        cr_expect_eq(try_source("/run/other", NULL, 0), -ENOLINK);
}

Test(chase_source, goes_through_no_directory_that_others_may_write, .init = fixture_enter)
{
        file("/run/a/file", "");
        mode("/run/a", 0775);
        cr_expect_eq(try_source("/run/a/file", "/run/a", 0), CHASE_WRITABLE);
        mode("/run/a", 0757);
        cr_expect_eq(try_source("/run/a/file", "/run/a", 0), CHASE_WRITABLE);
        owner("/run/a", 1000);
        owner("/run/a/file", 1000);
        cr_expect_eq(try_source("/run/a/file", "/run/a", 0), CHASE_WRITABLE);
        cr_expect_eq(try_source("/run/a/.", "/run/a", 0), CHASE_WRITABLE);
        mode("/run/a", 0755);
        cr_expect_eq(try_source("/run/a/file", NULL, 1), 0);
}

/* Only root's is shared: another owner could exchange all that is in it. */
Test(chase_source, takes_no_hard_link_from_a_sticky_directory, .init = fixture_enter)
{
        file("/run/a/file", "");
        file("/run/secret", "");
        cr_assert_eq(link("/run/secret", "/run/a/link"), 0);
        mode("/run/a", 01777);
        cr_expect_eq(try_source("/run/a/file", NULL, 0), 0);
        cr_expect_eq(try_source("/run/a/link", "/run/a/link", 0), -EMLINK);
        cr_expect_eq(try_source("/run/a", "/run/a", 0), -EUSERS);
        owner("/run/a", 1000);
        owner("/run/a/file", 1000);
        cr_expect_eq(try_source("/run/a/file", "/run/a", 0), CHASE_WRITABLE);
}

Test(chase_source, gives_up_in_too_many_directories, .init = fixture_enter)
{
        char path[256] = "/run/a";

        for (size_t i = 0; i <= CHASE_DIRS_MAX; i++) {
                dir(path);
                owner(path, 1000);
                cr_expect_eq(try_source(path, NULL, i), 0);
                (void) strcat(path, "/a");
        }
        dir(path);
        owner(path, 1000);
        cr_expect_eq(try_source(path, NULL, 0), -ENAMETOOLONG);
}

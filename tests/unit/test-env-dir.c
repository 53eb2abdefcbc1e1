/* SPDX-License-Identifier: Apache-2.0 */

#include <stdio.h>
#include <sys/sysmacros.h>

#include "env-dir.h"
#include "env-file.h"
#include "fixture.h"
#include "parse.h"

TestSuite(env_dir, .init = fixture_enter);

/* The paths for web1 in their order, each on a line, and the texts of errors. */
static void expect_list(const char *want, const char *want_errors)
{
        _cleanup_diagnostics_ Diagnostics d = {};
        _cleanup_env_paths_ EnvPaths paths = {};
        _cleanup_env_dirs_ EnvDirs dirs = ENV_DIRS_NONE;
        char got[4096] = "", errors[4096] = "";
        size_t n = 0;

        cr_assert_eq(env_dirs_open(&d, &dirs), 0);
        cr_assert_eq(env_dir_list(&dirs, "web1", &d, &paths), 0);
        for (size_t i = 0; i < paths.n_items; i++)
                n += (size_t) snprintf(got + n, sizeof(got) - n, "%s\n", paths.items[i].path);
        n = 0;
        for (size_t i = 0; i < d.n_items; i++) {
                n += (size_t) snprintf(errors + n, sizeof(errors) - n, "%s\n", d.items[i].text);
                cr_expect_eq(d.items[i].kind, DIAGNOSTIC_UNSAFE_FILE);
        }
        cr_expect_str_eq(got, want);
        cr_expect_str_eq(errors, want_errors);
}

Test(env_dir, nothing_is_normal)
{
        expect_list("", "");
        dir("/etc/fcjail");
        dir("/run/fcjail");
        dir("/usr/lib/fcjail");
        expect_list("", "");
}

Test(env_dir, defaults_come_before_the_vm_and_files_before_drop_ins)
{
        _cleanup_diagnostics_ Diagnostics d = {};
        _cleanup_env_paths_ EnvPaths paths = {};
        _cleanup_env_dirs_ EnvDirs dirs = ENV_DIRS_NONE;

        file("/etc/fcjail/web1.env.d/a.env", "");
        file("/etc/fcjail/web1.env", "");
        file("/etc/fcjail/default.env.d/a.env", "");
        file("/etc/fcjail/default.env", "");
        expect_list("/etc/fcjail/default.env\n"
                    "/etc/fcjail/default.env.d/a.env\n"
                    "/etc/fcjail/web1.env\n"
                    "/etc/fcjail/web1.env.d/a.env\n",
                    "");

        cr_assert_eq(env_dirs_open(&d, &dirs), 0);
        cr_assert_eq(env_dir_list(&dirs, "web1", &d, &paths), 0);
        cr_assert_eq(paths.n_items, 4);
        cr_expect_eq(paths.items[0].scope, ENV_SCOPE_DEFAULT);
        cr_expect_eq(paths.items[1].scope, ENV_SCOPE_DEFAULT);
        cr_expect_eq(paths.items[2].scope, ENV_SCOPE_VM);
        cr_expect_eq(paths.items[3].scope, ENV_SCOPE_VM);
}

Test(env_dir, a_name_in_etc_hides_the_others)
{
        file("/usr/lib/fcjail/default.env", "");
        expect_list("/usr/lib/fcjail/default.env\n", "");
        file("/run/fcjail/default.env", "");
        expect_list("/run/fcjail/default.env\n", "");
        file("/etc/fcjail/default.env", "");
        expect_list("/etc/fcjail/default.env\n", "");

        file("/run/fcjail/web1.env", "");
        expect_list("/etc/fcjail/default.env\n/run/fcjail/web1.env\n", "");
        file("/etc/fcjail/web1.env", "");
        expect_list("/etc/fcjail/default.env\n/etc/fcjail/web1.env\n", "");
}

Test(env_dir, drop_ins_of_all_directories_are_sorted_together)
{
        file("/usr/lib/fcjail/default.env.d/20-b.env", "");
        file("/usr/lib/fcjail/default.env.d/50-hidden.env", "");
        file("/run/fcjail/default.env.d/10-a.env", "");
        file("/run/fcjail/default.env.d/50-hidden.env", "");
        file("/etc/fcjail/default.env.d/30-c.env", "");
        file("/etc/fcjail/default.env.d/50-hidden.env", "");
        file("/etc/fcjail/default.env.d/9.env", "");
        expect_list("/run/fcjail/default.env.d/10-a.env\n"
                    "/usr/lib/fcjail/default.env.d/20-b.env\n"
                    "/etc/fcjail/default.env.d/30-c.env\n"
                    "/etc/fcjail/default.env.d/50-hidden.env\n"
                    "/etc/fcjail/default.env.d/9.env\n",
                    "");
}

Test(env_dir, a_package_has_no_files_of_one_vm)
{
        file("/usr/lib/fcjail/web1.env", "");
        file("/usr/lib/fcjail/web1.env.d/a.env", "");
        expect_list("", "");
}

Test(env_dir, takes_only_names_that_end_in_env)
{
        file("/etc/fcjail/web1.env.d/a", "");
        file("/etc/fcjail/web1.env.d/a.conf", "");
        file("/etc/fcjail/web1.env.d/a.env~", "");
        file("/etc/fcjail/web1.env.d/a.env.dpkg-old", "");
        file("/etc/fcjail/web1.env.d/.a.env", "");
        file("/etc/fcjail/web1.env.d/.env", "");
        file("/etc/fcjail/web1.env.d/b.env", "");
        file("/etc/fcjail/web2.env", "");
        file("/etc/fcjail/web", "");
        expect_list("/etc/fcjail/web1.env.d/b.env\n", "");
}

Test(env_dir, lists_whatever_has_the_name)
{
        link_to("/etc/fcjail/web1.env", "/nowhere");
        dir("/etc/fcjail/default.env");
        expect_list("/etc/fcjail/default.env\n/etc/fcjail/web1.env\n", "");
}

Test(env_dir, leaves_out_a_directory_that_others_may_write)
{
        file("/etc/fcjail/web1.env", "");
        file("/run/fcjail/web1.env", "");
        mode("/etc/fcjail", 0775);
        expect_list(
                "/run/fcjail/web1.env\n",
                "/etc/fcjail: is not owned by root, or its group or others may write to it; `chown root:root` and `chmod go-w` it\n");
}

Test(env_dir, leaves_out_a_drop_in_directory_of_somebody_else)
{
        file("/etc/fcjail/web1.env", "");
        file("/etc/fcjail/web1.env.d/a.env", "");
        owner("/etc/fcjail/web1.env.d", 1000);
        expect_list(
                "/etc/fcjail/web1.env\n",
                "/etc/fcjail/web1.env.d: is not owned by root, or its group or others may write to it; `chown root:root` and `chmod go-w` it\n");
}

Test(env_dir, tells_of_a_directory_that_is_none)
{
        file("/etc/fcjail/web1.env.d", "");
        link_to("/run/fcjail", "/nowhere");
        expect_list("", "/run/fcjail: cannot be read: /nowhere: No such file or directory\n"
                        "/etc/fcjail/web1.env.d: cannot be read: Not a directory\n");
}

Test(env_dir, follows_a_directory_link_of_root)
{
        file("/etc/there/web1.env", "");
        link_to("/etc/fcjail", "there");
        expect_list("/etc/fcjail/web1.env\n", "");
}

static const EnvPath f_env = { .path = (char *) "/etc/f.env", .dir_fd = -EBADF };

/* What reading /etc/f.env gives: its content, or the error in front of which the path stands. */
static void expect_read(int want, const char *want_text)
{
        _cleanup_diagnostics_ Diagnostics d = {};
        _cleanup_free_ char *data = NULL;
        size_t size = 0;

        cr_expect_eq(env_dir_read(&f_env, &d, &data, &size), want);
        if (want == 1) {
                cr_assert_not_null(data);
                cr_expect_eq(size, strlen(want_text));
                cr_expect_arr_eq(data, want_text, size);
        } else
                cr_expect_null(data);

        cr_assert_eq(d.n_items, want < 0 ? 1 : 0);
        if (want < 0) {
                cr_expect_str_eq(d.items[0].text, want_text);
                cr_expect_str_eq(d.items[0].file, "/etc/f.env");
        }
}

Test(env_dir, reads_a_file)
{
        file("/etc/f.env", "A=1\n");
        expect_read(1, "A=1\n");
        file("/etc/f.env", "");
        expect_read(1, "");
}

Test(env_dir, reads_through_a_link_of_root)
{
        file("/etc/there/x", "A=1\n");
        link_to("/etc/f.env", "there/x");
        expect_read(1, "A=1\n");
}

Test(env_dir, a_link_to_dev_null_masks)
{
        link_to("/etc/f.env", "/dev/null");
        expect_read(0, NULL);
}

Test(env_dir, a_link_to_a_link_to_dev_null_masks)
{
        link_to("/etc/null", "../dev/null");
        link_to("/etc/f.env", "null");
        expect_read(0, NULL);
}

Test(env_dir, another_device_does_not_mask)
{
        link_to("/etc/f.env", "/dev/zero");
        expect_read(-EBADMSG, "/etc/f.env: /dev/zero is not a regular file");
}

Test(env_dir, refuses_what_is_no_file)
{
        dir("/etc/f.env");
        expect_read(-EBADMSG, "/etc/f.env: is not a regular file");
        cr_assert_eq(rmdir("/etc/f.env"), 0);
        cr_assert_eq(mkfifo("/etc/f.env", 0600), 0);
        expect_read(-EBADMSG, "/etc/f.env: is not a regular file");
}

Test(env_dir, refuses_a_file_that_others_may_write)
{
        file("/etc/f.env", "A=1\n");
        mode("/etc/f.env", 0664);
        expect_read(
                -EBADMSG,
                "/etc/f.env: is not owned by root, or its group or others may write to it; `chown root:root` and `chmod go-w` it");
}

Test(env_dir, names_the_directory_at_fault)
{
        file("/etc/there/x", "A=1\n");
        mode("/etc/there", 0777);
        link_to("/etc/f.env", "there/x");
        expect_read(
                -EBADMSG,
                "/etc/f.env: /etc/there is not owned by root, or its group or others may write to it; `chown root:root` and `chmod go-w` it");
}

Test(env_dir, refuses_a_link_into_nowhere)
{
        link_to("/etc/f.env", "/nowhere");
        expect_read(-EBADMSG, "/etc/f.env: cannot be read: /nowhere: No such file or directory");
}

Test(env_dir, refuses_a_link_of_somebody_else)
{
        link_to("/etc/f.env", "/dev/null");
        owner("/etc/f.env", 1000);
        expect_read(-EBADMSG,
                    "/etc/f.env: is a symbolic link that does not belong to root; `chown -h root:root` it");
}

Test(env_dir, names_a_link_of_a_loop)
{
        link_to("/etc/f.env", "/etc/there/x");
        link_to("/etc/there/x", "y");
        link_to("/etc/there/y", "x");
        expect_read(
                -EBADMSG,
                "/etc/f.env: /etc/there/y is part of a loop of symbolic links, or of a chain of more than 40; remove one of them");
}

Test(env_dir, reads_one_byte_more_than_the_parser_takes)
{
        static char data[ENV_FILE_SIZE_MAX + 100];
        _cleanup_diagnostics_ Diagnostics d = {};
        _cleanup_free_ char *read_back = NULL;
        size_t size = 0;

        memset(data, '#', sizeof(data));
        file_bytes("/etc/f.env", data, sizeof(data));
        cr_assert_eq(env_dir_read(&f_env, &d, &read_back, &size), 1);
        cr_expect_eq(size, ENV_FILE_SIZE_MAX + 1);
}

/* As files of /proc always are. */
Test(env_dir, reads_all_of_a_file_that_is_larger_than_its_size)
{
        const EnvPath path = { .path = (char *) "/proc/self/status", .dir_fd = -EBADF };
        _cleanup_diagnostics_ Diagnostics d = {};
        _cleanup_free_ char *data = NULL;
        size_t size = 0;

        cr_assert_eq(env_dir_read(&path, &d, &data, &size), 1, "%s", d.n_items > 0 ? d.items[0].text : "");
        cr_expect_gt(size, 1);
        cr_expect_eq(data[size - 1], '\n', "the last line is whole");
}

/* Whatever happens to a file between the listing and the reading is judged like all else. */
static void expect_read_of_the_only(int want)
{
        _cleanup_env_paths_ EnvPaths paths = {};
        _cleanup_env_dirs_ EnvDirs dirs = ENV_DIRS_NONE;
        _cleanup_diagnostics_ Diagnostics d = {};
        _cleanup_free_ char *data = NULL;
        size_t size = 0;

        cr_assert_eq(env_dirs_open(&d, &dirs), 0);
        cr_assert_eq(env_dir_list(&dirs, "web1", &d, &paths), 0);
        cr_assert_eq(paths.n_items, 1);
        cr_expect_eq(env_dir_read(paths.items, &d, &data, &size), want);
        cr_expect_eq(d.n_items, want < 0 ? 1 : 0);
}

Test(env_dir, judges_what_it_opens_in_a_directory)
{
        file("/etc/fcjail/web1.env", "A=1\n");
        expect_read_of_the_only(1);
        mode("/etc/fcjail/web1.env", 0646);
        expect_read_of_the_only(-EBADMSG);
        mode("/etc/fcjail/web1.env", 0644);
        owner("/etc/fcjail/web1.env", 1000);
        expect_read_of_the_only(-EBADMSG);

        cr_assert_eq(unlink("/etc/fcjail/web1.env"), 0);
        link_to("/etc/fcjail/web1.env", "/dev/null");
        expect_read_of_the_only(0);
        cr_assert_eq(unlink("/etc/fcjail/web1.env"), 0);
        cr_assert_eq(mkfifo("/etc/fcjail/web1.env", 0600), 0);
        expect_read_of_the_only(-EBADMSG);
}

Test(env_dir, follows_no_link_that_a_file_has_become)
{
        _cleanup_env_paths_ EnvPaths paths = {};
        _cleanup_env_dirs_ EnvDirs dirs = ENV_DIRS_NONE;
        _cleanup_diagnostics_ Diagnostics d = {};
        _cleanup_free_ char *data = NULL;
        size_t size = 0;

        file("/etc/fcjail/web1.env", "A=1\n");
        file("/run/other.env", "A=2\n");
        mode("/run/other.env", 0666);
        cr_assert_eq(env_dirs_open(&d, &dirs), 0);
        cr_assert_eq(env_dir_list(&dirs, "web1", &d, &paths), 0);
        cr_assert_eq(unlink("/etc/fcjail/web1.env"), 0);
        link_to("/etc/fcjail/web1.env", "/run/other.env");
        cr_expect_eq(env_dir_read(paths.items, &d, &data, &size), -EBADMSG);
        cr_assert_eq(d.n_items, 1);
        cr_expect_str_eq(
                d.items[0].text,
                "/etc/fcjail/web1.env: /run/other.env is not owned by root, or its group or others may write to it; `chown root:root` and `chmod go-w` it");
}

/* The ids that have files, with a blank behind each. */
static void expect_ids(const char *want)
{
        _cleanup_diagnostics_ Diagnostics d = {};
        _cleanup_env_dirs_ EnvDirs dirs = ENV_DIRS_NONE;
        _cleanup_strv_ char **ids = NULL;
        char got[256] = "";
        size_t n = 0;

        cr_assert_eq(env_dirs_open(&d, &dirs), 0);
        cr_assert_eq(env_dirs_list(&dirs), 0);
        cr_assert_eq(env_dir_ids(&dirs, &ids), 0);
        for (char **id = ids; *id; id++)
                n += (size_t) snprintf(got + n, sizeof(got) - n, "%s ", *id);
        cr_expect_str_eq(got, want);
}

Test(env_dir, has_each_id_once)
{
        expect_ids("");
        dir("/run/fcjail");
        expect_ids("");
        file("/run/fcjail/web2.env", "");
        file("/etc/fcjail/web2.env", "");
        file("/etc/fcjail/web1.env.d/a.env", "");
        link_to("/etc/fcjail/a-3.env", "nowhere");
        expect_ids("a-3 web1 web2 ");
}

Test(env_dir, has_no_ids_of_other_names)
{
        file("/usr/lib/fcjail/package.env", "");
        file("/etc/fcjail/default.env", "");
        file("/etc/fcjail/jailer.env.d/a.env", "");
        file("/etc/fcjail/web1.json", "");
        file("/etc/fcjail/web1.env.bak", "");
        file("/etc/fcjail/.env", "");
        file("/etc/fcjail/web1", "");
        file("/etc/fcjail/web_1.env", "");
        file("/etc/fcjail/a234567890123456789012345678901234567890123456789012345678901234x.env", "");
        expect_ids("");
        file("/etc/fcjail/a234567890123456789012345678901234567890123456789012345678901234.env", "");
        expect_ids("a234567890123456789012345678901234567890123456789012345678901234 ");
}

Test(env_dir, has_all_of_many_ids)
{
        _cleanup_diagnostics_ Diagnostics d = {};
        _cleanup_env_dirs_ EnvDirs dirs = ENV_DIRS_NONE;
        _cleanup_strv_ char **ids = NULL;

        for (unsigned i = 0; i < 100; i++) {
                char path[64];

                (void) snprintf(path, sizeof(path), "/etc/fcjail/web%03u.env", i);
                file(path, "");
        }
        cr_assert_eq(env_dirs_open(&d, &dirs), 0);
        cr_assert_eq(env_dirs_list(&dirs), 0);
        cr_assert_eq(env_dir_ids(&dirs, &ids), 0);
        cr_assert_eq(strv_length(ids), 100);
        cr_expect_str_eq(ids[0], "web000");
        cr_expect_str_eq(ids[99], "web099");
}

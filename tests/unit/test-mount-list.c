/* SPDX-License-Identifier: Apache-2.0 */

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "mount-list.h"

static int parse(const char *line, MountLine *ret)
{
        static char text[512];

        (void) snprintf(text, sizeof(text), "%s", line);
        return mount_line_parse(text, ret);
}

Test(mount_list, reads_a_line)
{
        MountLine m;

        cr_assert_eq(
                parse("36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue\n",
                      &m),
                0);
        cr_expect_eq(m.id, 36);
        cr_expect_str_eq(m.path, "/mnt2");
        cr_expect_str_eq(m.type, "ext3");
        cr_expect_str_eq(m.options, "rw,errors=continue");
}

Test(mount_list, takes_any_number_of_optional_fields)
{
        MountLine m;

        cr_assert_eq(parse("18446744073709551615 1 0:2 / / rw - rootfs none rw", &m), 0);
        cr_expect_eq(m.id, UINT64_MAX);
        cr_expect_str_eq(m.type, "rootfs");
        cr_assert_eq(
                parse("2 1 0:2 / /a rw shared:1 master:2 propagate_from:3 - fuse.sshfs a:/ rw,user_id=0",
                      &m),
                0);
        cr_expect_str_eq(m.type, "fuse.sshfs");
        cr_expect_str_eq(m.options, "rw,user_id=0");
}

Test(mount_list, undoes_what_the_kernel_has_escaped)
{
        MountLine m;

        cr_assert_eq(parse("2 1 0:2 / /a\\040b\\011\\012\\134040 rw - tmpfs - rw", &m), 0);
        cr_expect_str_eq(m.path, "/a b\t\n\\040");
        /* A dash between blanks is one only behind the path. */
        cr_assert_eq(parse("2 1 0:2 / /-\\040-\\040- rw - tmpfs none rw", &m), 0);
        cr_expect_str_eq(m.path, "/- - -");
}

Test(mount_list, refuses_what_is_no_line)
{
        static const char *const bad[] = {
                "",
                "2",
                "2 1 0:2 / /a",
                "2 1 0:2 / /a rw",
                "2 1 0:2 / /a rw tmpfs none rw",
                "2 1 0:2 / /a rw - tmpfs",
                "2 1 0:2 / /a rw - tmpfs none",
                "x 1 0:2 / /a rw - tmpfs none rw",
                "2 1 0:2 / /a\\04 rw - tmpfs none rw",
                "2 1 0:2 / /a\\ rw - tmpfs none rw",
                "2 1 0:2 / /a\\777 rw - tmpfs none rw",
                "2 1 0:2 / /a\\08x rw - tmpfs none rw",
        };
        MountLine m;

        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                cr_expect_eq(parse(bad[i], &m), -EBADMSG, "%s", bad[i]);
}

/* SPDX-License-Identifier: Apache-2.0 */

#include <criterion/criterion.h>
#include <stdlib.h>

#include "jailer-words.h"

Test(jailer_words, names_options)
{
        static const struct {
                const char *from, *to;
        } rows[] = {
                { "", "" },
                { "remount it, or set another FCJAIL_CHROOT_DIR=",
                  "remount it, or give another --chroot-base-dir" },
                { "move FCJAIL_CHROOT_DIR=, or set FCJAIL_VMM_TEXT=shared",
                  "move --chroot-base-dir, or set FCJAIL_VMM_TEXT=shared" },
                { "set FCJAIL_NETNS=host if that is intended", "leave out --netns if that is intended" },
                { "FCJAIL_NETNS=", "--netns" },
                { "FCJAIL_UID=FCJAIL_GID=", "--uid--gid" },
                { "change FCJAIL_VMM_ARGS= or FCJAIL_VMM=",
                  "change the arguments behind -- or --exec-file" },
                { "FCJAIL_API_GROUP= and FCJAIL_UID_RANGE=", "FCJAIL_API_GROUP= and FCJAIL_UID_RANGE=" },
                { "FCJAIL_UI", "FCJAIL_UI" },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                char *said = jailer_words(rows[i].from);

                cr_expect_str_eq(said, rows[i].to);
                free(said);
        }
}

/* SPDX-License-Identifier: Apache-2.0 */

#include <criterion/criterion.h>
#include <string.h>

#include "diagnostics.h"

Test(diagnostics, puts_the_place_in_front)
{
        static const struct {
                const char *file;
                unsigned line;
                const char *key;
                const char *want;
        } rows[] = {
                { "/a.env", 3, "K", "/a.env:3: text 7" },
                { "/a.env", 0, NULL, "/a.env: text 7" },
                { NULL, 0, "K", "environment: text 7" },
                { NULL, 0, NULL, "text 7" },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_diagnostics_ Diagnostics d = {};

                cr_expect_eq(diagnostics_add(&d, DIAGNOSTIC_VALUE, rows[i].file, rows[i].line, rows[i].key,
                                             "text %i", 7),
                             -EBADMSG);
                cr_assert_eq(d.n_items, 1);
                cr_expect_str_eq(d.items[0].text, rows[i].want);
                cr_expect_eq(d.items[0].kind, DIAGNOSTIC_VALUE);
                cr_expect_eq(d.items[0].line, rows[i].line);
                cr_expect_eq(!d.items[0].file, !rows[i].file);
                cr_expect_eq(!d.items[0].key, !rows[i].key);
        }
}

Test(diagnostics, are_one_line_each)
{
        _cleanup_diagnostics_ Diagnostics d = {};

        cr_expect_lt(diagnostics_add(&d, DIAGNOSTIC_VALUE, "/a\nb", 1, "K", "%s", "x\n\x1b"), 0);
        cr_expect_str_eq(d.items[0].text, "/a\\nb:1: x\\n\\x1b");
        cr_expect_str_eq(d.items[0].file, "/a\nb"); /* for programs */
}

Test(diagnostics, are_sorted_by_line_and_keep_their_order_within)
{
        static const unsigned lines[] = { 9, 8, 3, 1, 3, 2 };
        _cleanup_diagnostics_ Diagnostics d = {};

        for (size_t i = 0; i < ELEMENTSOF(lines); i++)
                cr_expect_lt(diagnostics_add(&d, DIAGNOSTIC_VALUE, "f", lines[i], NULL, "%zu", i), 0);
        diagnostics_sort_lines(&d, 2);
        cr_expect_str_eq(d.items[0].text, "f:9: 0");
        cr_expect_str_eq(d.items[1].text, "f:8: 1");
        cr_expect_str_eq(d.items[2].text, "f:1: 3");
        cr_expect_str_eq(d.items[3].text, "f:2: 5");
        cr_expect_str_eq(d.items[4].text, "f:3: 2");
        cr_expect_str_eq(d.items[5].text, "f:3: 4");
}

Test(diagnostics, can_be_freed_twice)
{
        Diagnostics d = {};

        cr_expect_lt(diagnostics_add(&d, DIAGNOSTIC_VALUE, NULL, 0, NULL, "x"), 0);
        diagnostics_done(&d);
        diagnostics_done(&d);
        cr_expect_eq(d.n_items, 0);
}

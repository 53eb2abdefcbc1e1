/* SPDX-License-Identifier: Apache-2.0 */

#include <criterion/criterion.h>
#include <string.h>

#include "diagnostics.h"

Test(diagnostics, puts_the_place_in_front)
{
        static const struct {
                Place place;
                const char *want;
        } rows[] = {
                { { PLACE_FILE, "/a.env", 3 }, "/a.env:3: text 7" },
                { { PLACE_FILE, "/a.env", 0 }, "/a.env: text 7" },
                { { PLACE_UNIT, "fcjail@a.service", 0 }, "Environment= of fcjail@a.service: text 7" },
                { { PLACE_ENVIRONMENT, NULL, 0 }, "the environment: text 7" },
                { { PLACE_NONE, NULL, 0 }, "text 7" },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                const Place *p = &rows[i].place;
                _cleanup_diagnostics_ Diagnostics d = {};

                cr_expect_eq(diagnostics_add(&d, DIAGNOSTIC_VALUE, p, i > 0 ? "K" : NULL, "text %i", 7),
                             -EBADMSG);
                cr_assert_eq(d.n_items, 1);
                cr_expect_str_eq(d.items[0].text, rows[i].want);
                cr_expect_eq(d.items[0].kind, DIAGNOSTIC_VALUE);
                cr_expect_eq(d.items[0].line, p->line);
                cr_expect_eq(!d.items[0].file, p->kind != PLACE_FILE);
                cr_expect_eq(!d.items[0].key, i == 0);
        }
}

Test(diagnostics, need_no_place)
{
        _cleanup_diagnostics_ Diagnostics d = {};

        cr_expect_eq(diagnostics_add(&d, DIAGNOSTIC_VALUE, NULL, NULL, "text"), -EBADMSG);
        cr_expect_str_eq(d.items[0].text, "text");
        cr_expect_null(d.items[0].file);
}

Test(diagnostics, are_one_line_each)
{
        _cleanup_diagnostics_ Diagnostics d = {};

        cr_expect_lt(diagnostics_add(&d, DIAGNOSTIC_VALUE, &(Place){ PLACE_FILE, "/a\nb", 1 }, "K", "%s",
                                     "x\n\x1b"),
                     0);
        cr_expect_str_eq(d.items[0].text, "/a\\nb:1: x\\n\\x1b");
        cr_expect_str_eq(d.items[0].file, "/a\nb"); /* for programs */
}

Test(diagnostics, can_be_freed_twice)
{
        Diagnostics d = {};

        cr_expect_lt(diagnostics_add(&d, DIAGNOSTIC_VALUE, NULL, NULL, "x"), 0);
        diagnostics_done(&d);
        diagnostics_done(&d);
        cr_expect_eq(d.n_items, 0);
}

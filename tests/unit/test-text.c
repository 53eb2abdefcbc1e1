/* SPDX-License-Identifier: Apache-2.0 */

#include <criterion/criterion.h>
#include <string.h>

#include "text.h"

Test(utf8, takes_every_length)
{
        static const struct {
                const char *s;
                int len;
                uint32_t c;
        } good[] = {
                { "", 1, 0 },
                { "a", 1, 'a' },
                { "\x7f", 1, 0x7f },
                { "\xc2\x80", 2, 0x80 },
                { "\xdf\xbf", 2, 0x7ff },
                { "\xe0\xa0\x80", 3, 0x800 },
                { "\xed\x9f\xbf", 3, 0xd7ff },
                { "\xee\x80\x80", 3, 0xe000 },
                { "\xef\xbf\xbd", 3, 0xfffd },
                { "\xf0\x90\x80\x80", 4, 0x10000 },
                { "\xf4\x8f\xbf\xbd", 4, 0x10fffd },
        };

        for (size_t i = 0; i < ELEMENTSOF(good); i++) {
                uint32_t c = 1;

                cr_expect_eq(utf8_decode(good[i].s, strlen(good[i].s) + 1, &c), good[i].len, "row %zu", i);
                cr_expect_eq(c, good[i].c, "row %zu", i);
                cr_expect(utf8_valid(good[i].s), "row %zu", i);
        }
}

Test(utf8, refuses_what_is_none)
{
        static const char *const bad[] = {
                "\x80",
                "\xbf",
                "\xc0\x80",
                "\xc1\xbf",
                "\xc2",
                "\xc2\x41",
                "\xe0\x80\x80",
                "\xe0\x9f\xbf",
                "\xe1\x80",
                "\xed\xa0\x80",
                "\xed\xbf\xbf",
                "\xf0\x80\x80\x80",
                "\xf0\x8f\xbf\xbf",
                "\xf1\x80\x80",
                "\xf4\x90\x80\x80",
                "\xf5\x80\x80\x80",
                "\xf8\x88\x80\x80\x80",
                "\xfe",
                "\xff",
                "a\xff",
                /* noncharacters and the byte order mark */
                "\xef\xb7\x90",
                "\xef\xb7\xaf",
                "\xef\xbf\xbe",
                "\xef\xbf\xbf",
                "\xf0\x9f\xbf\xbe",
                "\xef\xbb\xbf",
        };

        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                cr_expect_not(utf8_valid(bad[i]), "row %zu", i);
}

Test(utf8, reads_no_further_than_told)
{
        uint32_t c;

        cr_expect_eq(utf8_decode("\xe2\x82\xac", 2, &c), -EINVAL);
        cr_expect_eq(utf8_decode("\xe2\x82\xac", 3, &c), 3);
}

Test(escape, shows_what_could_mislead)
{
        static const struct {
                const char *s, *want;
        } rows[] = {
                { "", "" },
                { "plain text \xc3\xa4 \xe2\x82\xac", "plain text \xc3\xa4 \xe2\x82\xac" },
                { "a\nb\tc\rd", "a\\nb\\tc\\rd" },
                { "\x1b[2J", "\\x1b[2J" },
                { "\x01\x7f", "\\x01\\x7f" },
                { "\xc2\x9b"
                  "1m",
                  "\\xc2\\x9b1m" }, /* C1: CSI */
                { "\xe2\x80\xae"
                  "x",
                  "\\xe2\\x80\\xaex" },                /* right-to-left override */
                { "\xe2\x80\xa8", "\\xe2\\x80\\xa8" }, /* line separator */
                { "\xe2\x81\xa6", "\\xe2\\x81\\xa6" }, /* isolate */
                { "\xe2\x80\x8f", "\\xe2\\x80\\x8f" }, /* right-to-left mark */
                { "\xd8\x9c", "\\xd8\\x9c" },          /* Arabic letter mark */
                { "a\xff"
                  "b",
                  "a\\xff"
                  "b" },
                { "\xe2\x82", "\\xe2\\x82" },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_free_ char *s = text_escape(rows[i].s);

                cr_assert_not_null(s);
                cr_expect_str_eq(s, rows[i].want);
        }
}

Test(cut, keeps_what_fits)
{
        char s[TEXT_CUT_MAX + 1] = {};
        CutText cut;

        memset(s, 'x', TEXT_CUT_MAX);
        cr_expect_str_eq(text_cut(&cut, s), s);
        cr_expect_str_eq(text_cut(&cut, ""), "");
}

Test(cut, marks_that_there_was_more)
{
        char s[TEXT_CUT_MAX + 2] = {}, want[TEXT_CUT_MAX + 8] = {};
        CutText cut;

        memset(s, 'x', TEXT_CUT_MAX + 1);
        memset(want, 'x', TEXT_CUT_MAX);
        strcat(want, "…");
        cr_expect_str_eq(text_cut(&cut, s), want);
}

Test(cut, splits_no_character)
{
        char s[TEXT_CUT_MAX + 8] = {};
        CutText cut;

        for (size_t shift = 0; shift < 4; shift++) {
                memset(s, 'x', sizeof(s));
                memcpy(s + TEXT_CUT_MAX - shift, "\xf0\x9f\x98\x80", 5);
                cr_expect(utf8_valid(text_cut(&cut, s)), "shift %zu", shift);
        }
}

Test(cut, survives_bytes_that_are_no_text)
{
        char s[TEXT_CUT_MAX * 2] = {};
        CutText cut;

        memset(s, 0x80, sizeof(s) - 1);
        cr_expect_str_eq(text_cut(&cut, s), "…");
}

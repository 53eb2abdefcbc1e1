/* SPDX-License-Identifier: Apache-2.0 */

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "console-line.h"
#include "macro.h"

static void expect(const char *line, size_t size, const char *expected)
{
        _cleanup_free_ char *text = NULL;
        size_t n;

        FILE *f = open_memstream(&text, &n);
        cr_assert(f);
        cr_assert_eq(console_line_put(line, size, f), 0);
        cr_assert_eq(fclose(f), 0);
        cr_expect_eq(strcmp(text, expected), 0, "'%s' instead of '%s'", text, expected);
}
#define EXPECT(line, expected) expect(line, sizeof(line) - 1, expected)

Test(console_line, is_shown_as_it_is)
{
        EXPECT("", "\n");
        EXPECT("[    0.000000] Linux version", "[    0.000000] Linux version\n");
        EXPECT("a\tb\t", "a\tb\t\n");
        EXPECT("caf\xc3\xa9", "caf\xc3\xa9\n");
        EXPECT("a backslash \\", "a backslash \\\n");
}

Test(console_line, has_no_colors_and_no_carriage_return)
{
        EXPECT("[\033[0;32m  OK  \033[0m] Started\r", "[  OK  ] Started\n");
        EXPECT("\033[m", "\n");
        EXPECT("a\0b", "ab\n");
}

Test(console_line, cannot_do_anything_to_a_terminal)
{
        EXPECT("\033]0;title\007", "\\x1b]0;title\\x07\n");
        EXPECT("\033[2J", "\\x1b[2J\n");
        EXPECT("\033[1;32", "\\x1b[1;32\n");
        EXPECT("a\rb", "a\\rb\n");
        EXPECT("\xff\x9b"
               "31m",
               "\\xff\\x9b31m\n");
        /* What is left when a colour is gone must not be an escape sequence. */
        EXPECT("\033\033[0m[2J", "\\x1b[2J\n");
}

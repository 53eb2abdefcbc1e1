/* SPDX-License-Identifier: Apache-2.0 */

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "env-file.h"

/* One file and what is to come of it, each entry as "line KEY=value" and each error as its text, by '|'. */
static void expect_bytes(const char *data, size_t size, const char *want, const char *want_errors)
{
        _cleanup_diagnostics_ Diagnostics d = {};
        char got[4096] = "", errors[4096] = "";
        size_t n = 0;
        EnvFile f;
        EnvEntry e;

        _cleanup_free_ char *copy = memcpy(malloc(size + 1), data, size);
        cr_assert_eq(env_file_begin(copy, size, "f", &d, &f), 0);
        while (env_file_next(&f, &e) > 0)
                n += (size_t) snprintf(got + n, sizeof(got) - n, "%s%u %s=%s", n > 0 ? "|" : "", e.line,
                                       e.key, e.value);
        n = 0;
        for (size_t i = 0; i < d.n_items; i++) {
                n += (size_t) snprintf(errors + n, sizeof(errors) - n, "%s%s", i > 0 ? "|" : "",
                                       d.items[i].text);
                cr_expect_eq(d.items[i].kind, DIAGNOSTIC_SYNTAX);
        }

        cr_expect_str_eq(got, want, "entries of: %s", data);
        cr_expect_str_eq(errors, want_errors, "errors of: %s", data);
}

static void expect(const char *text, const char *want)
{
        expect_bytes(text, strlen(text), want, "");
}

static void expect_error(const char *text, const char *want, const char *want_errors)
{
        expect_bytes(text, strlen(text), want, want_errors);
}

Test(env_file, may_be_empty)
{
        expect("", "");
        expect("\n", "");
        expect("\n\n \t \n", "");
        expect("   ", "");
}

Test(env_file, takes_assignments)
{
        expect("A=1\n", "1 A=1");
        expect("A=1", "1 A=1");
        expect("A=1\nB=2\n", "1 A=1|2 B=2");
        expect("\n\nA=1\n\nB=2", "3 A=1|5 B=2");
        expect("_a9Z=x=y", "1 _a9Z=x=y");
        expect("A=", "1 A=");
        expect("A=\nB=", "1 A=|2 B=");
        expect("A=1\nA=2\n", "1 A=1|2 A=2");
}

Test(env_file, drops_comments)
{
        expect("# A=1\n; B=2\n  # C=3\n\t;\nD=4", "5 D=4");
        expect("#", "");
        expect("A=1 # no comment\n", "1 A=1 # no comment");
        expect("A=;x\n", "1 A=;x");
        expect("A=#x\n", "1 A=#x");
}

Test(env_file, a_comment_ends_with_its_line)
{
        expect("# x \\\nA=1\n", "2 A=1");
        expect("# don't \"\nA=1\n", "2 A=1");
}

Test(env_file, trims_blanks)
{
        expect(" \tA\t =\t 1 \t\n", "1 A=1");
        expect("A=a  b\tc  \n", "1 A=a  b\tc");
        expect("A=   \nB=1", "1 A=|2 B=1");
}

Test(env_file, takes_windows_line_ends)
{
        expect("A=1\r\nB=2 \r\n\r\n# x\r\nC='3'\r\n", "1 A=1|2 B=2|5 C=3");
}

/* As systemd, which has joined lines at LF alone ever since. */
Test(env_file, joins_no_lines_that_end_as_on_windows)
{
        expect("A=1\\\r\nB=2", "1 A=1|2 B=2");
        expect("A=1 \\\r\n", "1 A=1 ");
        expect("A=\"x\\\r\ny\"\nB=1", "1 A=x\\\r\ny|3 B=1");
        expect("A=\"x\\\ny\"", "1 A=xy");
}

Test(env_file, keeps_what_is_in_single_quotes)
{
        expect("A='a b'", "1 A=a b");
        expect("A=' a '  \n", "1 A= a ");
        expect("A='\\n\\'\n", "1 A=\\n\\");
        expect("A='\"'", "1 A=\"");
        expect("A='#;='", "1 A=#;=");
        expect("A=''", "1 A=");
        expect("A='a\nb'\nC=1", "1 A=a\nb|3 C=1");
}

Test(env_file, unescapes_in_double_quotes_as_a_shell)
{
        expect("A=\"a b\"", "1 A=a b");
        expect("A=\"\\\"\\\\\\`\\$\"", "1 A=\"\\`$");
        expect("A=\"\\n\\t\\x\"", "1 A=\\n\\t\\x");
        expect("A=\"'\"", "1 A='");
        expect("A=\"a\\\nb\"\nC=1", "1 A=ab|3 C=1");
        expect("A=\"a\nb\"\nC=1", "1 A=a\nb|3 C=1");
        expect("A=\"\"", "1 A=");
        expect("A=\"$HOME `x`\"", "1 A=$HOME `x`");
}

Test(env_file, joins_quoted_parts)
{
        expect("A='a'\"b\"", "1 A=ab");
        expect("A='a' \t 'b'", "1 A=ab");
        expect("A='a'b", "1 A=ab");
        expect("A='a' b 'c' ", "1 A=ab 'c'");
}

Test(env_file, keeps_quotes_within_plain_text)
{
        expect("A=a\"b\"", "1 A=a\"b\"");
        expect("A=don't", "1 A=don't");
        expect("A=a'", "1 A=a'");
}

Test(env_file, unescapes_plain_text)
{
        expect("A=a\\b", "1 A=ab");
        expect("A=\\a", "1 A=a");
        expect("A=\\\\", "1 A=\\");
        expect("A=\\\"a\\\"", "1 A=\"a\"");
        expect("A=a\\ ", "1 A=a ");
        expect("A=a\\  ", "1 A=a ");
        expect("A=\\ ", "1 A= ");
        expect("A=\\#", "1 A=#");
}

Test(env_file, joins_lines_at_a_backslash)
{
        expect("A=a\\\nb\nC=1", "1 A=ab|3 C=1");
        expect("A=a \\\n  b\n", "1 A=a   b");
        expect("A=\\\nb", "1 A=b");
        expect("A=\\\n\"b\"", "1 A=\"b\"");
        expect("A=a\\\n\nC=1", "1 A=a|3 C=1");
        expect("A=a\\\n# no comment\n", "1 A=a# no comment");
}

Test(env_file, takes_utf8)
{
        expect("A=\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\n", "1 A=\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80");
        expect("# \xc3\xa4\nA=1", "2 A=1");
}

Test(env_file, rejects_a_line_that_is_no_assignment)
{
        expect_error("x\n", "", "f:1: 'x' is not an assignment (KEY=value)");
        expect_error("A=1\n  foo bar  \nB=2", "1 A=1|3 B=2",
                     "f:2: 'foo bar' is not an assignment (KEY=value)");
        expect_error("[Service]", "", "f:1: '[Service]' is not an assignment (KEY=value)");
        expect_error(
                "A\\\n=1", "",
                "f:1: 'A\\' is not an assignment (KEY=value)|f:2: invalid key ''; use letters, digits and _");
}

Test(env_file, rejects_a_key_that_is_none)
{
        expect_error("=1", "", "f:1: invalid key ''; use letters, digits and _");
        expect_error("1A=1", "", "f:1: invalid key '1A'; use letters, digits and _");
        expect_error("export A=1", "", "f:1: invalid key 'export A'; use letters, digits and _");
        expect_error("A-B=1\nC=2", "2 C=2", "f:1: invalid key 'A-B'; use letters, digits and _");
        expect_error("A.b='\nC=3'\nD=4", "3 D=4", "f:1: invalid key 'A.b'; use letters, digits and _");
        expect_error("\xc3\xa4=1", "", "f:1: invalid key '\xc3\xa4'; use letters, digits and _");
        expect_error("'A'=1", "", "f:1: invalid key ''A''; use letters, digits and _");
}

Test(env_file, rejects_an_unterminated_quote)
{
        expect_error("A='a", "", "f:1: the quoted value has no closing '");
        expect_error("B=1\n\nA=\"a\nC=1\n", "1 B=1", "f:3: the quoted value has no closing \"");
        expect_error("A=\"\\\"", "", "f:1: the quoted value has no closing \"");
        expect_error("A=\"\\", "", "f:1: the quoted value has no closing \"");
        expect_error("A='a'\n\nB=''\"", "1 A=a", "f:3: the quoted value has no closing \"");
}

Test(env_file, rejects_a_backslash_that_joins_nothing)
{
        expect_error("A=a\\", "", "f:1: the file ends with a backslash");
        expect_error("B=1\nA=a\\\n\\", "1 B=1", "f:3: the file ends with a backslash");
}

Test(env_file, rejects_bytes_that_are_no_text)
{
        static const char nul[] = "A=1\nB=\0002\n";

        expect_bytes(nul, sizeof(nul) - 1, "", "f:2: the line contains a NUL byte");
        expect_bytes("\0", 1, "", "f:1: the line contains a NUL byte");
        expect_error("A=1\n\nB=\xff\n", "", "f:3: the line is not valid UTF-8");
        expect_error("# \xc3", "", "f:1: the line is not valid UTF-8");
        expect_error("A=1\rB=2\n", "", "f:1: the line contains a carriage return");
        expect_error("A=1\r", "", "f:1: the line contains a carriage return");
        expect_error("A=1\r\r\n", "", "f:1: the line contains a carriage return");
}

#define BYTE_ORDER_MARK "\xef\xbb\xbf"

/* It is valid UTF-8, and an editor does not show it. */
Test(env_file, names_a_byte_order_mark)
{
        static const char want[] =
                "f:1: the file begins with a byte order mark; save it without one, or run `sed -i '1s/^\\xEF\\xBB\\xBF//'` on it";
        static const char within[] =
                "f:2: the line contains an invalid character (U+FEFF or a noncharacter)";

        expect_error(BYTE_ORDER_MARK, "", want);
        expect_error(BYTE_ORDER_MARK "A=1\n", "", want);
        expect_error("A=1\n" BYTE_ORDER_MARK "B=1\n", "", within);
        expect_error("A=1\nB=\xef\xbf\xbf\n", "", within);
}

Test(env_file, tells_every_error)
{
        expect_error(
                "a b\nA=1\nc d\n-=\n", "2 A=1",
                "f:1: 'a b' is not an assignment (KEY=value)|f:3: 'c d' is not an assignment (KEY=value)|f:4: invalid key '-'; use letters, digits and _");
}

Test(env_file, escapes_what_it_quotes)
{
        expect_error("a\x1b[0m\n", "", "f:1: 'a\\x1b[0m' is not an assignment (KEY=value)");
}

/* How many entries and errors a file has; its text is changed. */
static void expect_counts(char *data, size_t size, size_t n_entries, size_t n_errors)
{
        _cleanup_diagnostics_ Diagnostics d = {};
        EnvFile f;
        EnvEntry e;
        size_t n = 0;

        cr_assert_eq(env_file_begin(data, size, "f", &d, &f), 0);
        while (env_file_next(&f, &e) > 0)
                n++;
        cr_expect_eq(n, n_entries);
        cr_expect_eq(d.n_items, n_errors);
        if (size > ENV_FILE_SIZE_MAX)
                cr_expect_str_eq(d.items[0].text, "f: the file is too large (65536 bytes at most)");
}

Test(env_file, bounds_the_file_and_nothing_else)
{
        static char data[ENV_FILE_SIZE_MAX + 2];

        memset(data, 'x', sizeof(data));
        memcpy(data, "A=", 2);
        expect_counts(data, ENV_FILE_SIZE_MAX + 1, 0, 1);
        expect_counts(data, ENV_FILE_SIZE_MAX, 1, 0);

        for (size_t i = 0; i < sizeof(data); i++)
                data[i] = "A=\n"[i % 3];
        expect_counts(data, ENV_FILE_SIZE_MAX - 1, ENV_FILE_SIZE_MAX / 3, 0);
}

static void read_to_the_end(const char *text, size_t size)
{
        _cleanup_diagnostics_ Diagnostics d = {};
        _cleanup_free_ char *copy = memcpy(malloc(size + 1), text, size);
        EnvFile f;
        EnvEntry e;

        cr_assert_eq(env_file_begin(copy, size, "f", &d, &f), 0);
        while (env_file_next(&f, &e) > 0)
                cr_expect_gt(strlen(e.key), 0);
}

/* Every prefix of a file, and every file with one byte replaced, ends in entries or errors, never in a
 * fault. */
Test(env_file, survives_damage)
{
        static const char text[] = "# c\nA='a\nb' \"c\\\n\\\"\"\r\nB = x\\ \\\ny z \n;\n_1=\xc3\xa4\n";
        static const char bytes[] = { '\0', '\n', '\r', '\\',        '"',        '\'',
                                      '=',  '#',  ' ',  (char) 0x80, (char) 0xff };

        for (size_t i = 0; i < sizeof(text); i++) {
                read_to_the_end(text, i);
                for (size_t k = 0; k < sizeof(bytes); k++) {
                        char damaged[sizeof(text)];

                        memcpy(damaged, text, sizeof(text));
                        damaged[i] = bytes[k];
                        read_to_the_end(damaged, sizeof(text) - 1);
                }
        }
}

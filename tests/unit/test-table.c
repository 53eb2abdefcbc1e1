/* SPDX-License-Identifier: Apache-2.0 */

#include <criterion/criterion.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "fd-util.h"
#include "table.h"
#include "terminal.h"

static const TableColumn columns[] = {
        { "ID" },
        { "STATE" },
        { "PID", .right = true, .rank = 2 },
        { "API", .rank = 1, .min_width = 5 },
};

static char *text;
static Table table;

static void begin(void)
{
        table = (Table){ .columns = columns, .n_columns = ELEMENTSOF(columns) };
}

static void forget(void)
{
        table_done(&table);
        free(text);
        text = NULL;
}

TestSuite(table, .init = begin, .fini = forget);

static void add(const char *id, const char *state, const char *pid, const char *api)
{
        cr_assert_eq(table_add(&table, id, NULL), 0);
        cr_assert_eq(table_add(&table, state, COLOR_ERROR), 0);
        cr_assert_eq(table_add(&table, pid, NULL), 0);
        cr_assert_eq(table_add(&table, api, NULL), 0);
}

static const char *printed(size_t width, bool colors)
{
        size_t size;

        free(text);
        text = NULL;
        FILE *f = open_memstream(&text, &size);
        cr_assert_not_null(f);
        cr_assert_eq(table_print(&table, f, width, colors), 0);
        (void) fclose(f);
        return text;
}

Test(table, columns_are_as_wide_as_their_widest_cell)
{
        add("web1", "running", "7", "/run/a.sock");
        add("db", "failed", "1234", NULL);
        cr_expect_str_eq(printed(0, false), "ID   STATE    PID API\n"
                                            "web1 running    7 /run/a.sock\n"
                                            "db   failed  1234 -\n");
}

Test(table, has_a_header_alone_without_rows)
{
        cr_expect_str_eq(printed(0, false), "ID STATE PID API\n");
        cr_expect_str_eq(printed(1, false), "ID STATE\n");
}

Test(table, leaves_out_a_row_that_is_not_complete)
{
        cr_assert_eq(table_add(&table, "web1", NULL), 0);
        cr_expect_str_eq(printed(0, false), "ID   STATE PID API\n");
}

Test(table, shortens_first)
{
        add("web1", "running", "7", "/run/a.sock");
        cr_expect_str_eq(printed(28, false), "ID   STATE   PID API\n"
                                             "web1 running   7 /run/a.sock\n");
        cr_expect_str_eq(printed(27, false), "ID   STATE   PID API\n"
                                             "web1 running   7 /run/a.so…\n");
        cr_expect_str_eq(printed(22, false), "ID   STATE   PID API\n"
                                             "web1 running   7 /run…\n");
}

Test(table, then_leaves_out_the_least_important)
{
        add("web1", "running", "7", "/run/a.sock");
        cr_expect_str_eq(printed(21, false), "ID   STATE   API\n"
                                             "web1 running /run/a.…\n");
        cr_expect_str_eq(printed(17, false), "ID   STATE\n"
                                             "web1 running\n");
        cr_expect_str_eq(printed(1, false), "ID   STATE\n"
                                            "web1 running\n");
}

Test(table, counts_characters_and_cuts_between_them)
{
        add("wéb1", "läuft", "7", "/ä/ö/ü/é/è");
        add("x", "y", "7", "z");
        cr_expect_str_eq(printed(21, false), "ID   STATE PID API\n"
                                             "wéb1 läuft   7 /ä/ö/…\n"
                                             "x    y       7 z\n");
}

/* A continuation byte at the start, a character that is not complete. */
Test(table, takes_what_is_no_utf8)
{
        add("\xa4", "\xe2\x82", "7", "\xa4\xa4\xa4\xa4\xa4");
        for (size_t width = 0; width < 32; width++)
                cr_expect_not_null(printed(width, false));
}

Test(table, colours_do_not_count)
{
        add("a", "b", "1", NULL);
        cr_expect_str_eq(printed(12, true),
                         COLOR_HEADER "ID" COLOR_OFF " " COLOR_HEADER "STATE" COLOR_OFF " " COLOR_HEADER
                                      "API" COLOR_OFF "\na  " COLOR_ERROR "b" COLOR_OFF "     -\n");
}

Test(table, many_rows)
{
        for (int i = 0; i < 1000; i++)
                add("a", "b", "c", "d");
        cr_expect_eq(strlen(printed(0, false)),
                     strlen("ID STATE PID API\n") + 1000 * strlen("a  b       c d\n"));
}

Test(table, only_a_terminal_has_a_width)
{
        struct winsize size = { .ws_row = 24, .ws_col = 60 };
        _cleanup_close_ int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC),
                            fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);

        cr_assert_eq(setenv("COLUMNS", "40", true), 0);
        cr_expect_eq(table_width(null_fd), 0);
        if (fd < 0)
                cr_skip_test("no terminal can be made here");
        cr_expect_eq(table_width(fd), 40);
        cr_assert_eq(setenv("COLUMNS", "-3", true), 0);
        cr_assert_eq(ioctl(fd, TIOCSWINSZ, &size), 0);
        cr_expect_eq(table_width(fd), 60);
        cr_assert_eq(unsetenv("COLUMNS"), 0);
        cr_expect_eq(table_width(fd), 60);
        size.ws_col = 0;
        cr_assert_eq(ioctl(fd, TIOCSWINSZ, &size), 0);
        cr_expect_eq(table_width(fd), 80);
}

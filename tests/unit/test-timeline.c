/* SPDX-License-Identifier: Apache-2.0 */

#include <criterion/criterion.h>
#include <string.h>

#include "timeline.h"

/* Without the NUL of the C string. */
#define TEXT(s) s, sizeof(s) - 1

static Starts parse(const char *text, size_t size)
{
        _cleanup_free_ char *copy = malloc(size + 1);
        Starts starts = {};

        cr_assert(copy);
        memcpy(copy, text, size);
        cr_assert_eq(starts_parse(copy, size, &starts), 0);
        return starts;
}

static const Phase *phase(const Start *s, const char *name)
{
        FOREACH_ARRAY (p, s->phases, s->n_phases)
                if (strcmp(p->name, name) == 0)
                        return p;
        cr_assert_fail("no phase %s", name);
        return NULL;
}

Test(timeline, the_steps_of_a_process_follow_each_other)
{
        _cleanup_starts_ Starts s = parse(TEXT(
                "REALTIME=5\0FCJAIL_USEC=90\0FCJAIL_PID=7\0FCJAIL_USEC_CONFIG=10\0FCJAIL_USEC_CLONE=5\0"
                "FCJAIL_USEC_COPY=20\0FCJAIL_USEC_NETNS=8\0FCJAIL_USEC_TAP=9\0FCJAIL_USEC_LAUNCH=30\0\0"));

        cr_assert_eq(s.n_items, 1);
        cr_expect_eq(s.items[0].usec, 90);
        cr_expect_eq(s.items[0].pid, 7);
        cr_expect_eq(phase(&s.items[0], "clone")->start_usec, 10);
        cr_expect_eq(phase(&s.items[0], "copy")->start_usec, 15);
        cr_expect_eq(phase(&s.items[0], "netns")->start_usec, 15);
        cr_expect(phase(&s.items[0], "netns")->inside);
        cr_expect_eq(phase(&s.items[0], "tap")->start_usec, 23);
        /* It is over when OUTSIDE sees that. */
        cr_expect_eq(phase(&s.items[0], "exec")->start_usec, 32);
        cr_expect_eq(phase(&s.items[0], "exec")->usec, 65 - 32);
}

Test(timeline, entries_without_times_are_left_out)
{
        _cleanup_starts_ Starts s =
                parse(TEXT("REALTIME=5\0\0REALTIME=4\0FCJAIL_USEC=x\0\0REALTIME=3\0FCJAIL_USEC=1\0\0"
                           "FCJAIL_USEC=1\0\0"));

        cr_assert_eq(s.n_items, 1);
        cr_expect_eq(s.items[0].realtime_usec, 3);
}

Test(timeline, what_is_cut_off_counts_for_nothing)
{
        static const char text[] = "REALTIME=5\0FCJAIL_USEC=1\0\0";

        for (size_t n = 0; n < sizeof(text) - 1; n++) {
                _cleanup_starts_ Starts s = parse(text, n);
                cr_expect_eq(s.n_items, 0, "%zu bytes", n);
        }
}

Test(timeline, impossible_times_make_no_endless_bars)
{
        _cleanup_starts_ Starts s =
                parse(TEXT("REALTIME=5\0FCJAIL_USEC=1\0FCJAIL_USEC_TAP=18446744073709551615\0"
                           "FCJAIL_USEC_COPY=4294967295\0FCJAIL_USEC_READY=4294967295\0\0"));
        _cleanup_free_ char *text = NULL;
        size_t size;

        cr_assert_eq(s.n_items, 1);
        FILE *f = open_memstream(&text, &size);
        cr_assert(f);
        start_print(&s.items[0], "web1", 80, f);
        start_draw(&s.items[0], "web1", f);
        cr_assert_eq(starts_print_percentiles(&s, "web1", f), 0);
        cr_assert_eq(fclose(f), 0);
        cr_expect_lt(size, 16384);
}

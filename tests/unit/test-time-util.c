/* SPDX-License-Identifier: Apache-2.0 */

#include <criterion/criterion.h>

#include "time-util.h"

Test(time_span, has_its_two_largest_units)
{
        static const struct {
                uint64_t usec;
                const char *text;
        } rows[] = {
                { 0, "0ms" },
                { 45999, "45ms" },
                { 999999, "999ms" },
                { 1000000, "1.0s" },
                { 59999999, "59.9s" },
                { 60000000, "1min 0s" },
                { 182500000, "3min 2s" },
                { 3599999999, "59min 59s" },
                { 7500000000, "2h 5min" },
                { 86400000000, "1d 0h" },
                { UINT64_MAX, "213503982d 8h" },
        };
        char buf[TIME_SPAN_STR_MAX];

        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
                cr_expect_str_eq(time_span_to_string(rows[i].usec, buf), rows[i].text, "%s", buf);
}

/* SPDX-License-Identifier: Apache-2.0 */

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "time-util.h"

/* Cannot fail: the clocks exist and the pointer is good. */
static uint64_t usec_of(clockid_t clock)
{
        struct timespec ts;

        (void) clock_gettime(clock, &ts);
        return (uint64_t) ts.tv_sec * 1000000U + (uint64_t) ts.tv_nsec / 1000U;
}

uint64_t now_usec(void)
{
        return usec_of(CLOCK_MONOTONIC);
}

uint64_t boottime_usec(void)
{
        return usec_of(CLOCK_BOOTTIME);
}

uint64_t realtime_usec(void)
{
        return usec_of(CLOCK_REALTIME);
}

uint64_t cpu_usec(void)
{
        return usec_of(CLOCK_PROCESS_CPUTIME_ID);
}

const char *time_span_to_string(uint64_t usec, char buf[TIME_SPAN_STR_MAX])
{
        uint64_t s = usec / 1000000U, min = s / 60, h = min / 60;

        if (s == 0)
                (void) snprintf(buf, TIME_SPAN_STR_MAX, "%ums", (unsigned) (usec / 1000U));
        else if (min == 0)
                (void) snprintf(buf, TIME_SPAN_STR_MAX, "%" PRIu64 ".%us", s,
                                (unsigned) (usec / 100000U % 10));
        else if (h == 0)
                (void) snprintf(buf, TIME_SPAN_STR_MAX, "%" PRIu64 "min %us", min, (unsigned) (s % 60));
        else if (h < 24)
                (void) snprintf(buf, TIME_SPAN_STR_MAX, "%" PRIu64 "h %umin", h, (unsigned) (min % 60));
        else
                (void) snprintf(buf, TIME_SPAN_STR_MAX, "%" PRIu64 "d %uh", h / 24, (unsigned) (h % 24));
        return buf;
}

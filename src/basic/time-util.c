/* SPDX-License-Identifier: Apache-2.0 */

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

uint64_t cpu_usec(void)
{
        return usec_of(CLOCK_PROCESS_CPUTIME_ID);
}

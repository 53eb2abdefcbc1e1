/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdint.h>

/* CLOCK_MONOTONIC, in µs. */
uint64_t now_usec(void);

/* CLOCK_BOOTTIME and CLOCK_REALTIME, in µs. */
uint64_t boottime_usec(void);
uint64_t realtime_usec(void);

/* The CPU time of this process, in µs. */
uint64_t cpu_usec(void);

/* For people: "45ms", "2.3s", "3min 2s", "2h 5min", "1d 4h". */
#define TIME_SPAN_STR_MAX 32
const char *time_span_to_string(uint64_t usec, char buf[TIME_SPAN_STR_MAX]);

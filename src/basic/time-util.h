/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdint.h>

/* CLOCK_MONOTONIC, in µs. */
uint64_t now_usec(void);

/* The CPU time of this process, in µs. */
uint64_t cpu_usec(void);

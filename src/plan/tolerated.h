/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Every error fails a start, except those in one table, tolerated.c, each with the reason why the jail is still as safe.
 */

#include "macro.h"

typedef enum Tolerated {
        TOLERATED_KEYRING,
        TOLERATED_ACL,
        TOLERATED_CLONE,
        TOLERATED_RESERVE,
        TOLERATED_PIPE_SIZE,
        TOLERATED_CPU_FILE,
        TOLERATED_CGROUP,
        TOLERATED_MACHINE_ID,
        TOLERATED_NO_IPV6,
} Tolerated;

/* 0 if the table tolerates this -errno, otherwise r. */
int tolerate(Tolerated what, int r) _must_check_;

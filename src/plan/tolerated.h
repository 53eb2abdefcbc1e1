/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * An error is an error. The exceptions are in one table, tolerated.c, each with the reason why the jail is
 * as safe with it.
 */

#include "macro.h"

typedef enum Tolerated {
        TOLERATED_KEYRING,
        TOLERATED_ACL,
        TOLERATED_RESERVE,
        TOLERATED_PIPE_SIZE,
        TOLERATED_CPU_FILE,
} Tolerated;

/* r as it is, or 0 if the table says that this -errno may be there. */
int tolerate(Tolerated what, int r) _must_check_;

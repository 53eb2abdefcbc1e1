/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A query of fcjail-systemd, which has libsystemd and no capabilities: see systemd.h. */

#include <stddef.h>
#include <stdint.h>

#include "macro.h"

#define SYSTEMD_QUERY_NO_TIMEOUT UINT64_MAX

/* Executes fcjail-systemd with these arguments (NULL terminated, without argv[0]), and reads all that it writes to standard
 * output: *ret bytes, fewer than size. 0, or -errno: it cannot be executed, -E2BIG, -ETIMEDOUT (it is killed then), or
 * -EREMOTEIO: it has failed, and may have said why on standard error. */
int systemd_query(const char *const *arguments, uint64_t timeout_usec, char *buf, size_t size, size_t *ret)
        _must_check_;

/* Executes it in the place of this process. -errno. */
int systemd_become_query(const char *const *arguments) _must_check_;

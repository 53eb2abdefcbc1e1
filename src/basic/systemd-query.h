/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A query of fcjail-systemd, which has libsystemd and no capabilities: see systemd.h. */

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "macro.h"

#define SYSTEMD_QUERY_NO_TIMEOUT UINT64_MAX

/* One that is not answered yet. */
typedef struct SystemdQuestion {
        pid_t pid; /* of fcjail-systemd; 0: there is none */
        int fd;
} SystemdQuestion;

void systemd_question_done(SystemdQuestion *q);
#define _cleanup_systemd_question_ _cleanup_(systemd_question_done)

/* Executes fcjail-systemd with these arguments (NULL terminated, without argv[0]). 0 or -errno. */
int systemd_ask(const char *const *arguments, SystemdQuestion *ret) _must_check_;

/* Reads all that it writes to standard output: *ret bytes, fewer than size. 0, or -errno: -E2BIG, -ETIMEDOUT (it is killed
 * then), or -EREMOTEIO: it has failed, and may have said why on standard error. The question is done. */
int systemd_hear(SystemdQuestion *q, uint64_t timeout_usec, char *buf, size_t size, size_t *ret)
        _must_check_;

/* Both at once. */
int systemd_query(const char *const *arguments, uint64_t timeout_usec, char *buf, size_t size, size_t *ret)
        _must_check_;

/* Executes it in the place of this process. -errno. */
int systemd_become_query(const char *const *arguments) _must_check_;

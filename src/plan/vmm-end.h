/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* How a VM has ended, in words: from what systemd says of its main process (systemd.exec(5)) and from the guest's console. */

#include <stdint.h>

#include "macro.h"

/* The newest lines of a VM's standard output that are looked at. */
#define VMM_END_LINES_MAX 20

/* Firecracker's status after SIGHUP. */
#define VMM_END_HANGUP 156

typedef struct VmmEndFacts {
        const char *result; /* $SERVICE_RESULT; NULL: no unit */
        const char *code;   /* $EXIT_CODE: "exited", "killed" or "dumped" */
        const char *status; /* $EXIT_STATUS: a number, or a signal without "SIG" */
        bool asked;         /* a stop had been asked for */
        const char *lines
                [VMM_END_LINES_MAX]; /* what the VM wrote last, newest first: the guest's console and Firecracker's log */
        size_t n_lines;
        const char *log
                [VMM_END_LINES_MAX]; /* the last ones of the file that Firecracker's log is in, newest first */
        size_t n_log;
} VmmEndFacts;

typedef struct VmmEnd {
        const char *kind;     /* a word for programs */
        int priority;         /* as in syslog(3) */
        const char *sentence; /* for people; the status or signal stands behind it */
} VmmEnd;

VmmEnd vmm_end(const VmmEndFacts *f);

/* What a status of Firecracker other than 0 means; NULL: it has no such status. */
const char *vmm_end_sentence(uint32_t status) _pure_;

/* The last lines of a text that are not empty, newest first. The text, which has room for one byte more, is changed: each line ends
 * with a NUL, and NULs that were in it are gone. Returns how many. */
size_t vmm_end_lines(char *text, size_t size, const char *ret[VMM_END_LINES_MAX]);

/* A line as Firecracker's log has it: "2026-11-27T10:00:00.123456789 [web1:main] …", or as it says at the end why it failed. Guests
 * can also write such lines. */
bool vmm_end_is_log(const char *line) _pure_;

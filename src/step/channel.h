/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What OUTSIDE and INSIDE say to each other: a SOCK_SEQPACKET pair, which has whole messages, and an end that shows when the
 * other side is gone. */

#include "jail.h"

typedef enum TellKind {
        TELL_DONE = 'd',   /* a step is done that a step of the other side waits for */
        TELL_EXEC = 'e',   /* INSIDE: the next thing is the execve */
        TELL_FAILED = 'f', /* INSIDE: a step failed, the execve among them */
} TellKind;

typedef struct Tell {
        char kind;
        int step;                      /* of TELL_DONE: its index in the table */
        Failure failure;               /* of TELL_FAILED */
        uint32_t step_usec[STEPS_MAX]; /* of TELL_EXEC */
} Tell;

/* Never raises SIGPIPE. Failure and times are those of the jail. 0 or -errno; -EPIPE: the other side is gone. */
int channel_tell(const Jail *jail, TellKind kind, int step) _must_check_;

/* Waits for a message. 1: *ret is filled in; 0: the other side is gone; -EBADMSG: not a message. */
int channel_hear(const Jail *jail, Tell *ret) _must_check_;

/* Whether a message or the end can be read, at the latest after so many milliseconds. */
bool channel_has_news(const Jail *jail, int timeout_ms);

/* OUTSIDE: after a failure of its own. When it returns INSIDE makes nothing more, because it has failed as well, or ended. */
void channel_stop_inside(Jail *jail);

/* OUTSIDE: takes over the failure of INSIDE. r is what channel_hear() returned, with *m if it is 1. Returns the -errno. */
int channel_failure(Jail *jail, int r, const Tell *m) _must_check_;

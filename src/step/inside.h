/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What OUTSIDE and INSIDE say to each other over the channel, a SOCK_SEQPACKET pair: whole messages, and an
 * end that shows when the other side is gone. */

#include "jail.h"

typedef enum MessageKind {
        MESSAGE_GO = 'g',     /* OUTSIDE: the VMM's text is whole, INSIDE may execute it */
        MESSAGE_BEGIN = 'b',  /* INSIDE: the next thing is the execve */
        MESSAGE_FAILED = 'f', /* INSIDE: a step failed, the execve among them */
} MessageKind;

typedef struct Message {
        char kind;
        Failure failure;               /* of MESSAGE_FAILED */
        uint32_t step_usec[STEPS_MAX]; /* of MESSAGE_BEGIN */
} Message;

/* Never raises SIGPIPE. Failure and times are those of the jail. 0 or -errno; -EPIPE: the other side is gone. */
int message_send(const Jail *jail, MessageKind kind) _must_check_;

/* Waits for one. 1: *ret is filled in; 0: the other side is gone; -EBADMSG: not a message. */
int message_receive(const Jail *jail, Message *ret) _must_check_;

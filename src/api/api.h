/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A client of the VMM's API that a hostile VMM cannot misuse: the socket is where the VM may write, so a link to another VM's
 * socket, a FIFO or anything else may have replaced it; and the other side may send anything, slowly, for ever.
 */

#include <stdint.h>
#include <sys/types.h>

#include "macro.h"

/* Longest reply that is read, head and body, in bytes. */
#define API_REPLY_MAX (1024 * 1024)

typedef struct ApiReply {
        unsigned status; /* of HTTP */
        char *body;      /* NUL terminated; empty if there is none */
        size_t size;     /* without the NUL */
} ApiReply;

void api_reply_done(ApiReply *reply);
#define _cleanup_api_reply_ _cleanup_(api_reply_done)

/*
 * Connects to the socket `name` in the directory run_fd, as the VM's uid and gid when we are root (the
 * socket is the VM's, and root without CAP_DAC_OVERRIDE may not use it). A path longer than sun_path takes
 * no longer here. Returns a non-blocking descriptor, or -ENOENT, -ECONNREFUSED (nobody listens, still or
 * again), -ENOTSOCK (another kind of file, such as a symbolic link).
 */
int api_connect(int run_fd, const char *name, uid_t uid, gid_t gid) _must_check_;

/*
 * One request, one reply. body may be NULL. deadline_usec is CLOCK_MONOTONIC. pid_fd, if not negative, ends
 * the wait early when that process ends. 0, -ETIMEDOUT, -ESRCH (the process ended), -EBADMSG (no HTTP),
 * -EFBIG, -ECONNRESET.
 */
int api_request(int fd, const char *method, const char *path, const char *body, uint64_t deadline_usec,
                int pid_fd, ApiReply *ret) _must_check_;

/* 1 if the body of GET / says that the guest runs, 0 if it says something else, -EBADMSG. */
int api_says_running(const ApiReply *reply) _must_check_;
int api_says_paused(const ApiReply *reply) _must_check_; /* the same, that it is paused */

/* The fault_message in the body of an error, to be freed; NULL if there is none. */
char *api_fault(const ApiReply *reply);

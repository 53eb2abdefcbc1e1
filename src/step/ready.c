/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Step `ready`: a start is done when the VMM does what its users wait for. A VMM with a bad configuration
 * accepts connections for a moment and then ends, so "the socket is there" is not enough: with
 * FCJAIL_CONFIG= the guest must run, without it the API must answer.
 */

#include <poll.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

#include "api.h"
#include "at.h"
#include "fd-util.h"
#include "step.h"
#include "systemd.h"
#include "time-util.h"

/* Between two polls of a VMM that does not answer yet: a sixteenth of the time so far, so that a fast VMM is not kept waiting
 * and a slow one is not disturbed. During the time that any VMM takes to make its socket, at most 0.2 ms, because such a poll
 * is only a failing openat(2). Not inotify(7): the close of its descriptor waits for a grace period of the kernel, 15 ms. */
#define RETRY_MIN_USEC   100U
#define RETRY_EAGER_USEC 200U
#define RETRY_MAX_USEC   20000U
#define EAGER_USEC       (30U * 1000U)

/* Waits, or returns -ESRCH as soon as the VMM has ended. */
static int wait_a_moment(const Jail *jail, uint64_t waited_usec)
{
        struct pollfd p = { .fd = jail->pid_fd, .events = POLLIN };
        uint64_t usec = waited_usec / 16, max = waited_usec < EAGER_USEC ? RETRY_EAGER_USEC : RETRY_MAX_USEC;

        usec = usec < RETRY_MIN_USEC ? RETRY_MIN_USEC : usec > max ? max : usec;
        int n = ppoll(&p, 1, &(struct timespec){ .tv_nsec = (long) usec * 1000 }, NULL);
        if (n < 0 && errno != EINTR)
                return -errno;
        return n > 0 ? -ESRCH : 0;
}

/* 1: ready. 0: not yet. */
static int ask_api(const Jail *jail, uint64_t deadline)
{
        _cleanup_api_reply_ ApiReply reply = {};
        int r;

        _cleanup_close_ int fd =
                api_connect(jail->run_fd, jail->plan->api + strlen("/" JAIL_RUN "/"), jail->uid, jail->gid);
        if (fd < 0)
                return fd == -ENOENT || fd == -ECONNREFUSED || fd == -EAGAIN ? 0 : fd;
        r = api_request(fd, "GET", "/", NULL, deadline, jail->pid_fd, &reply);
        if (r < 0)
                return r == -ECONNRESET ? 0 : r;
        if (!jail->plan->config)
                return reply.status == 200 ? 1 : -EBADMSG;

        return api_says_running(&reply);
}

static int fail_ready(Jail *jail, int r)
{
        switch (r) {
        case -ESRCH:
                if (start_was_interrupted())
                        return step_fail_because(jail, r, EX_UNAVAILABLE, "the VMM",
                                                 "was killed by a signal before it was ready");
                return step_fail_because(jail, r, EX_UNAVAILABLE, "the VMM",
                                         "ended before it was ready; its last words are above");
        case -ETIMEDOUT:
                return step_fail_because(jail, r, EX_UNAVAILABLE, "the VMM",
                                         jail->plan->config ? "its guest is not running after %u s"
                                                            : "its API does not answer after %u s",
                                         (unsigned) (jail->plan->ready_timeout_usec / 1000000));
        case -ENOTSOCK:
                return step_fail_because(jail, r, EX_UNAVAILABLE, jail->plan->api, "is not a socket");
        case -EBADMSG:
                return step_fail_because(jail, r, EX_UNAVAILABLE, jail->plan->api,
                                         "does not answer as Firecracker's API does");
        default:
                return step_fail(jail, r, "%s", jail->plan->api);
        }
}

int step_ready(Jail *jail)
{
        uint64_t begin = now_usec(), deadline = begin + jail->plan->ready_timeout_usec;
        bool said = false;
        int r;

        if (jail->plan->ready == READY_EXEC)
                return 0;

        jail->run_fd = at_hold_dir(jail->root_fd, JAIL_RUN);
        if (jail->run_fd < 0)
                return step_fail(jail, jail->run_fd, "/" JAIL_RUN);

        for (;;) {
                r = ask_api(jail, deadline);
                if (r != 0)
                        return r < 0 ? fail_ready(jail, r) : 0;
                if (now_usec() >= deadline)
                        return fail_ready(jail, -ETIMEDOUT);

                const uint64_t waited = now_usec() - begin;
                if (!said && waited >= STEP_PATIENCE_MS * 1000U) {
                        systemd_notify_status(jail->notify_fd, "Starting: ready");
                        said = true;
                }
                r = wait_a_moment(jail, waited);
                if (r < 0)
                        return fail_ready(jail, r);
        }
}

/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Step `ready`: a start is done when the VMM does what its users wait for. A VMM with a bad configuration
 * accepts connections for a moment and then ends, so "the socket is there" is not enough: with
 * FCJAIL_CONFIG= the guest must run, without it the API must answer.
 */

#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/inotify.h>
#include <sysexits.h>
#include <unistd.h>

#include "api.h"
#include "fd-util.h"
#include "step.h"

/* Shorter than the unit's TimeoutStartSec=, so that it is we who say what is missing. */
#define READY_TIMEOUT_USEC (10U * 1000000U)

/* Between two questions to a VMM that is not there yet. The kernel tells us when a socket appears in run/;
 * that somebody listens on it, or that the guest runs, it does not. */
#define RETRY_MSEC 1

/* Waits for a change in run/, the end of the VMM (-ESRCH), or the time. */
static int wait_a_moment(const Jail *jail, int watch_fd, int msec)
{
        struct pollfd p[] = { { .fd = jail->pid_fd, .events = POLLIN },
                              { .fd = watch_fd, .events = POLLIN } };
        char events[4096];

        if (poll(p, ELEMENTSOF(p), msec) < 0 && errno != EINTR)
                return -errno;
        if (p[1].revents && read(watch_fd, events, sizeof(events)) < 0 && errno != EAGAIN)
                return -errno;
        return p[0].revents ? -ESRCH : 0;
}

/* 1: ready. 0: not yet. */
static int ask(const Jail *jail, uint64_t deadline)
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

static int fail(Jail *jail, int r)
{
        switch (r) {
        case -ESRCH:
                return step_fail_because(jail, r, EX_UNAVAILABLE, "the VMM",
                                         "ended before it was ready; its last words are above");
        case -ETIMEDOUT:
                return step_fail_because(jail, r, EX_UNAVAILABLE, "the VMM",
                                         jail->plan->config ? "its guest does not run after %u s"
                                                            : "its API does not answer after %u s",
                                         READY_TIMEOUT_USEC / 1000000U);
        case -ENOTSOCK:
                return step_fail_because(jail, r, EX_UNAVAILABLE, jail->plan->api, "it is no socket");
        case -EBADMSG:
                return step_fail_because(jail, r, EX_UNAVAILABLE, jail->plan->api,
                                         "does not answer as Firecracker's API does");
        default:
                return step_fail(jail, r, "%s", jail->plan->api);
        }
}

int step_ready(Jail *jail)
{
        uint64_t deadline = now_usec() + READY_TIMEOUT_USEC;
        char path[FD_PATH_MAX];
        int r;

        if (jail->plan->ready == READY_EXEC)
                return 0;

        _cleanup_close_ int watch_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
        if (watch_fd < 0 ||
            inotify_add_watch(watch_fd, fd_path(path, jail->run_fd), IN_CREATE | IN_MOVED_TO) < 0)
                return step_fail(jail, -errno, "/" JAIL_RUN);

        bool seen = false;
        for (;;) {
                r = ask(jail, deadline);
                if (r != 0)
                        return r < 0 ? fail(jail, r) : 0;
                if (now_usec() >= deadline)
                        return fail(jail, -ETIMEDOUT);

                seen = seen || faccessat(jail->run_fd, jail->plan->api + strlen("/" JAIL_RUN "/"), F_OK,
                                         AT_SYMLINK_NOFOLLOW) >= 0;
                r = wait_a_moment(jail, watch_fd, seen ? RETRY_MSEC : 100);
                if (r < 0)
                        return fail(jail, r);
        }
}

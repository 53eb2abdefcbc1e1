/* SPDX-License-Identifier: Apache-2.0 */

#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sysexits.h>

#include "channel.h"
#include "fd-util.h"

int channel_tell(const Jail *jail, TellKind kind, int step)
{
        Tell m = { .kind = (char) kind, .step = step, .failure = jail->failure };

        memcpy(m.step_usec, jail->step_usec, sizeof(m.step_usec));
        ssize_t n = send(jail->channel_fd, &m, sizeof(m), MSG_NOSIGNAL);
        if (n < 0)
                return -errno;
        return (size_t) n == sizeof(m) ? 0 : -EIO;
}

int channel_hear(const Jail *jail, Tell *ret)
{
        for (;;) {
                ssize_t n = recv(jail->channel_fd, ret, sizeof(*ret), 0);
                /* ECONNRESET: the other side went without having read all that we sent. It is reported once,
                 * and before what the other side has sent itself. */
                if (n < 0 && (errno == EINTR || errno == ECONNRESET))
                        continue;
                if (n < 0)
                        return -errno;
                if (n == 0)
                        return 0;
                return (size_t) n == sizeof(*ret) ? 1 : -EBADMSG;
        }
}

bool channel_has_news(const Jail *jail, int timeout_ms)
{
        struct pollfd p = { .fd = jail->channel_fd, .events = POLLIN };

        return poll(&p, 1, timeout_ms) > 0;
}

/* INSIDE, which waits for OUTSIDE before it executes the VMM, finds that to be gone. */
void channel_stop_inside(Jail *jail)
{
        Tell m;

        if (jail->inside_has_failed || jail->channel_fd < 0)
                return;
        (void) shutdown(jail->channel_fd, SHUT_WR);
        while (channel_hear(jail, &m) > 0)
                if (m.kind == TELL_FAILED)
                        return;
}

int channel_failure(Jail *jail, int r, const Tell *m)
{
        jail->inside_has_failed = r == 0 || (r > 0 && m->kind == TELL_FAILED);
        if (r == 0)
                return step_fail_because(jail, -ESRCH, EX_TEMPFAIL, "the new process",
                                         "was killed before it executed the VMM");
        if (r > 0 && m->kind == TELL_FAILED && m->failure.error < 0) {
                jail->failure = m->failure;
                return m->failure.error;
        }
        return step_fail(jail, r < 0 ? r : -EBADMSG, "channel");
}

/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Step `launch`: OUTSIDE listens to the channel until it ends. The end alone does not distinguish an exec from a death, hence
 * the message right before the execve. OUTSIDE cannot wait for a child made with CLONE_PARENT, hence the pidfd.
 *
 * An OUTSIDE that leaves says so, and INSIDE waits for its end: whoever has started it may take its end for the VMM's.
 *
 * Should:  by hand, let a signal that ends OUTSIDE end INSIDE instead, so that OUTSIDE can clean up.
 */

#include <signal.h>
#include <sys/syscall.h>
#include <sysexits.h>
#include <unistd.h>

#include "channel.h"
#include "log.h"
#include "step.h"
#include "systemd.h"
#include "watcher.h"

static int interrupt_fd = -EBADF; /* the pidfd of INSIDE; never closed, as the signal may always come */
static volatile sig_atomic_t interrupted;

bool start_was_interrupted(void)
{
        return interrupted != 0;
}

static void interrupt_start(int sig)
{
        int saved = errno;

        (void) sig;
        interrupted = 1;
        (void) syscall(SYS_pidfd_send_signal, interrupt_fd, SIGKILL, NULL, 0);
        errno = saved;
}

static int take_signals(const Jail *jail)
{
        struct sigaction sa = { .sa_handler = interrupt_start, .sa_flags = SA_RESTART };

        interrupt_fd = jail->pid_fd;
        if (sigaction(SIGINT, &sa, NULL) < 0 || sigaction(SIGHUP, &sa, NULL) < 0 ||
            sigaction(SIGTERM, &sa, NULL) < 0)
                return -errno;
        return 0;
}

int step_launch(Jail *jail)
{
        bool announced = false;
        Tell m;
        int r;

        if (!jail->plan->starter_becomes_vmm && !jail->plan->unit_cleans_up) {
                r = take_signals(jail);
                if (r < 0)
                        return step_fail(jail, r, "signals");
        }

        /* While INSIDE is busy. */
        log_connect();
        if (jail->plan->watched) {
                r = watcher_start(jail);
                if (r < 0)
                        return step_fail(jail, r, "the process that cleans up");
        }

        if (!channel_has_news(jail, STEP_PATIENCE_MS))
                systemd_notify_status(jail->notify_fd, "Starting: launch");

        /* The end of the channel is the execve, if INSIDE has announced it. */
        while ((r = channel_hear(jail, &m)) > 0 && m.kind == TELL_EXEC) {
                announced = true;
                steps_take_times(jail, m.step_usec);
                if (jail->plan->starter_leaves) {
                        r = channel_tell(jail, TELL_DONE, step_index(step_launch));
                        return r < 0 ? step_fail(jail, r, "channel") : 0;
                }
        }
        if (r != 0 || !announced)
                return channel_failure(jail, r, &m);

        if (proc_has_ended(jail->pid_fd) && interrupted)
                return step_fail_because(jail, -ESRCH, EX_UNAVAILABLE, "the VMM",
                                         "was killed by a signal before it was ready");
        if (proc_has_ended(jail->pid_fd))
                return step_fail_because(jail, -ESRCH, EX_UNAVAILABLE, jail->plan->vmm,
                                         "ended as soon as it was executed; its last words are above");
        return 0;
}

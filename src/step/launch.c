/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Step `launch`: OUTSIDE listens to the channel until it ends. An end alone does not tell an exec from a
 * death, hence the message right before the execve; and a child made with CLONE_PARENT cannot be waited for,
 * hence the pidfd.
 */

#include <sysexits.h>

#include "inside.h"
#include "step.h"

int step_launch(Jail *jail)
{
        bool begun = false;
        Message m;
        int r;

        for (;;) {
                r = message_receive(jail, &m);
                if (r < 0)
                        return step_fail(jail, r, "channel");
                if (r == 0)
                        break;
                if (m.kind == MESSAGE_FAILED) {
                        jail->failure = m.failure; /* step < 0: before the first one of INSIDE; then it is
                                                      this one's */
                        return m.failure.error < 0 ? m.failure.error : -EIO;
                }
                begun = m.kind == MESSAGE_BEGIN;
                if (begun)
                        steps_take_times(jail, m.step_usec);
        }

        if (!begun)
                return step_fail_because(jail, -ESRCH, EX_TEMPFAIL, "the new process",
                                         "was killed before it executed the VMM");
        if (proc_has_ended(jail->pid_fd))
                return step_fail_because(jail, -ESRCH, EX_UNAVAILABLE, jail->plan->vmm,
                                         "ended as soon as it was executed; its last words are above");
        return 0;
}

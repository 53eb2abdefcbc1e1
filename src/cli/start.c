/* SPDX-License-Identifier: Apache-2.0 */

#include <ctype.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>

#include "channel.h"
#include "common.h"
#include "fd-util.h"
#include "log.h"
#include "messages.h"
#include "start.h"
#include "step.h"
#include "systemd.h"
#include "time-util.h"
#include "vmm.h"

static void do_nothing(int sig)
{
        (void) sig;
}

/* All signals do what they do by default, and none is blocked: systemd leaves SIGPIPE ignored, a shell may
 * leave others, and the VMM would inherit that. But with a handler for SIGXFSZ, a file that may not grow is
 * an error, which can be reported and cleaned up; the exec resets the handler. */
static int reset_signals(void)
{
        sigset_t none;

        for (int sig = 1; sig < NSIG; sig++) {
                const struct sigaction sa = { .sa_handler = sig == SIGXFSZ ? do_nothing : SIG_DFL };

                /* EINVAL: SIGKILL, SIGSTOP and those that libc keeps for itself. */
                if (sigaction(sig, &sa, NULL) < 0 && errno != EINVAL)
                        return -errno;
        }

        (void) sigemptyset(&none);
        return RET_NERRNO(sigprocmask(SIG_SETMASK, &none, NULL));
}

int start_sanitize(void)
{
        int r;

        r = fd_fix_stdio();
        if (r == -EISDIR) {
                log_error("Standard input, output or error is a directory");
                return EX_USAGE;
        }
        if (r >= 0)
                r = fd_close_from(3);
        if (r >= 0)
                r = reset_signals();
        if (r < 0) {
                log_error("Failed to reset descriptors and signals: %s", strerror(-r));
                return EX_OSERR;
        }

        (void) umask(0077);
        return EX_OK;
}

int start_reduce_environment(void)
{
        const char *value = getenv("INVOCATION_ID");
        _cleanup_free_ char *invocation = value ? strdup(value) : NULL;

        if ((value && !invocation) || clearenv() != 0)
                return -ENOMEM;
        return invocation ? RET_NERRNO(setenv("INVOCATION_ID", invocation, /* overwrite= */ 1)) : 0;
}

#define USEC_LEN 24

void start_log(const Jail *jail)
{
        char uid[USEC_LEN], pid[USEC_LEN], usec[USEC_LEN], config[USEC_LEN], names[STEPS_MAX][40],
                times[STEPS_MAX][USEC_LEN];
        LogField fields[4 + STEPS_MAX] = {
                { "FCJAIL_UID", uid },
                { "FCJAIL_PID", pid },
                { "FCJAIL_USEC", usec },
                { "FCJAIL_USEC_CONFIG", config },
        };
        const Plan *p = jail->plan;
        size_t n = 4;

        (void) snprintf(uid, sizeof(uid), "%u", jail->uid);
        (void) snprintf(pid, sizeof(pid), "%i", jail->pid);
        (void) snprintf(usec, sizeof(usec), "%" PRIu64, now_usec() - jail->start_usec);
        (void) snprintf(config, sizeof(config), "%" PRIu64, jail->config_usec);
        for (size_t i = 0; i < n_steps; i++) {
                (void) snprintf(names[i], sizeof(names[i]), "FCJAIL_USEC_%s", steps[i].name);
                for (char *c = names[i]; *c; c++)
                        *c = (char) toupper(*c);
                (void) snprintf(times[i], sizeof(times[i]), "%" PRIu32, jail->step_usec[i]);
                fields[n++] = (LogField){ names[i], times[i] };
        }

        log_entry(LOG_INFO, MESSAGE_STARTED, 0, fields, n, "Started VM '%s' as process %i, uid %u, %s",
                  p->id, jail->pid, jail->uid,
                  p->starter_leaves        ? "about to be executed"
                  : p->ready == READY_EXEC ? "executed"
                  : p->config              ? "its guest runs"
                                           : "its API answers");
}

int start_fail(Jail *jail)
{
        const Failure *f = &jail->failure;
        int status = failure_log(jail->plan, f);

        systemd_notify_status(jail->notify_fd, "Failed at step %s: %s: %s\nERRNO=%i", steps[f->step].name,
                              f->object, failure_text(f), -f->error);
        /* Kills a VMM that runs but is not ready; systemd would wait for it. */
        bool gone = jail->pid_fd < 0 || vmm_kill(&(Vmm){ jail->pid_fd, jail->uid, true });
        if (jail->plan->starter_becomes_vmm)
                channel_stop_inside(jail);
        if (!gone)
                log_warning(
                        "Failed to kill the VMM of '%s', process %i; run `fcjail cleanup %s` when it has ended",
                        jail->plan->id, jail->pid, jail->plan->id);

        /* Under systemd ExecStopPost= cleans up. Otherwise it is up to us, if the id is ours at all. */
        if (gone && !jail->plan->unit_cleans_up && jail->state.id) {
                if (clean_up(&jail->state_root, &jail->state) < 0)
                        log_warning("Some of '%s' remains; run `fcjail cleanup %s` to remove it",
                                    jail->plan->id, jail->plan->id);
        }
        return status;
}

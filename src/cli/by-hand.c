/* SPDX-License-Identifier: Apache-2.0 */

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sysexits.h>
#include <unistd.h>

#include "by-hand.h"
#include "common.h"
#include "end.h"
#include "fd-util.h"
#include "log.h"
#include "missing.h"
#include "step.h"
#include "time-util.h"
#include "vmm.h"

/* Says how the VM has ended; asked: we have sent it a signal. */
static int wait_status(const Jail *jail, bool asked)
{
        siginfo_t si = {};

        while (waitid((idtype_t) P_PIDFD, (id_t) jail->pid_fd, &si, WEXITED) < 0)
                if (errno != EINTR)
                        return EX_OSERR;

        log_end_by_hand(&jail->state, &si, asked, now_usec() - jail->start_usec);
        return si.si_code == CLD_EXITED ? si.si_status : 128 + si.si_status;
}

/* Passes a signal on: the first one as a request to the VMM, the second one as SIGKILL. */
static int hand_on_signal(const Jail *jail, int signal_fd, unsigned *n_signals)
{
        struct signalfd_siginfo si;

        if (read(signal_fd, &si, sizeof(si)) != (ssize_t) sizeof(si))
                return 0;
        return vmm_signal(&(Vmm){ jail->pid_fd, jail->uid, true }, ++*n_signals == 1 ? SIGHUP : SIGKILL);
}

static int watch(const Jail *jail, int signal_fd, unsigned *n_signals)
{
        struct pollfd p[] = { { .fd = jail->pid_fd, .events = POLLIN },
                              { .fd = signal_fd, .events = POLLIN } };
        int r;

        for (;;) {
                if (poll(p, ELEMENTSOF(p), -1) < 0 && errno != EINTR)
                        return -errno;
                if (p[0].revents)
                        return 0;
                if (p[1].revents) {
                        r = hand_on_signal(jail, signal_fd, n_signals);
                        if (r < 0 && r != -ESRCH)
                                return r;
                }
        }
}

int receive_signals(void)
{
        sigset_t set;

        (void) sigemptyset(&set);
        (void) sigaddset(&set, SIGHUP);
        (void) sigaddset(&set, SIGINT);
        (void) sigaddset(&set, SIGTERM);
        if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
                return -errno;
        return RET_NERRNO(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
}

int stay_with_vmm(Jail *jail, int signal_fd)
{
        unsigned n_signals = 0;
        int r;

        r = signal_fd < 0 ? signal_fd : watch(jail, signal_fd, &n_signals);
        if (r < 0) {
                log_error("Failed to watch the VMM of '%s': %s", jail->plan->id, strerror(-r));
                (void) vmm_kill(&(Vmm){ jail->pid_fd, jail->uid, true }); /* waited for below */
        }

        int status = wait_status(jail, n_signals > 0);
        r = clean_up(&jail->state_root, &jail->state);
        return r < 0 ? EX_OSERR : status;
}

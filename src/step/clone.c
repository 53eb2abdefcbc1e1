/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Step `clone`: the moment when there are two processes.
 *
 * INSIDE is made with CLONE_PARENT under systemd, so that it is a child of systemd from birth: with a plain
 * fork systemd may take the later main process for a stranger and kill it without waiting. It is the raw
 * clone(2), because RestrictNamespaces= answers clone3(2) with ENOSYS.
 *
 * In the place of Firecracker's jailer the two change places: callers wait for the process that they have started, so it
 * becomes INSIDE, and its child is OUTSIDE.
 *
 * Mustn't: make other namespaces than the PID's, which takes a new process. OUTSIDE would wait for them, and it has the
 *          VMM to copy; a network namespace takes nearly as long as that.
 * Should:  let INSIDE die of SIGHUP and SIGTERM until the execve. As PID 1 of its namespace it would ignore
 *          them, and a stop during the start would last until TimeoutStopSec=.
 * Should:  let INSIDE write itself into the record, as the first thing that it does. It can always look at itself, while
 *          OUTSIDE may not see it: /proc may hide other processes (hidepid=, ProtectProc=).
 */

#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "channel.h"
#include "fd-util.h"
#include "log.h"
#include "step.h"
#include "time-util.h"

static void die_by_signal(int sig)
{
        (void) sig;
        _exit(EX_TEMPFAIL);
}

/* They are blocked since before the clone, so that none is lost in between. */
static int answer_signals(const sigset_t *set)
{
        struct sigaction sa = { .sa_handler = die_by_signal };

        if (sigaction(SIGHUP, &sa, NULL) < 0 || sigaction(SIGTERM, &sa, NULL) < 0)
                return -errno;
        return RET_NERRNO(sigprocmask(SIG_UNBLOCK, set, NULL));
}

static int record(Jail *jail)
{
        int r;

        r = proc_ref_self(&jail->state.vmm);
        if (r < 0)
                return step_fail(jail, r, "/proc/self/stat");
        r = state_append(jail->state_fd, &jail->state, STATE_VMM);
        return r < 0 ? step_fail(jail, r, "/run/fcjail/vm/%s", jail->plan->id) : 0;
}

/* OUTSIDE has cleaned up when it has ended, and said what went wrong. */
static int wait_for_outside(const Jail *jail)
{
        int status = 0;

        while (waitpid(jail->outside_pid, &status, 0) < 0)
                if (errno != EINTR)
                        return EXIT_FAILURE;
        return WIFEXITED(status) && WEXITSTATUS(status) != 0 ? WEXITSTATUS(status) : EXIT_FAILURE;
}

/* set: the signals that are blocked since before the clone; NULL: they stay as they are. */
static _noreturn_ void inside(Jail *jail, int channel_fd, const sigset_t *set)
{
        int r = 0;

        jail->channel_fd = safe_close(jail->channel_fd);
        jail->channel_fd = channel_fd;
        jail->notify_fd = safe_close(jail->notify_fd);
        log_close();

        /* The rest of this step is its own. */
        if (set)
                r = answer_signals(set);
        if (r < 0)
                (void) step_fail(jail, r, "signals");
        else
                r = record(jail);
        if (r < 0)
                jail->failure.step = step_index(step_clone);
        else
                r = steps_run(jail, SIDE_INSIDE);

        /* Only failures come back. If OUTSIDE is also gone, nobody else is left to tell. */
        r = channel_tell(jail, TELL_FAILED, jail->failure.step);
        if (r < 0 && jail->plan->starter_leaves)
                (void) failure_log(jail->plan, &jail->failure);
        if (jail->outside_pid > 0)
                _exit(wait_for_outside(jail));
        _exit(r < 0 ? EX_TEMPFAIL : EX_OSERR);
}

/* What ends the caller is no reason to leave half of a jail. */
static int outlive_signals(void)
{
        const struct sigaction sa = { .sa_handler = SIG_IGN };

        if (sigaction(SIGHUP, &sa, NULL) < 0 || sigaction(SIGINT, &sa, NULL) < 0 ||
            sigaction(SIGTERM, &sa, NULL) < 0)
                return -errno;
        return 0;
}

/* The caller may have made this process a child subreaper, which an execve keeps: the watcher would become a child of the VMM. */
static int adopt_nobody(Jail *jail)
{
        int on = 1;

        if (prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0) < 0 || prctl(PR_GET_CHILD_SUBREAPER, &on, 0, 0, 0) < 0)
                return step_fail(jail, -errno, "child subreaper");
        return on ? step_differs(jail, "child subreaper", "the kernel did not reset it") : 0;
}

/* Returns in the child. */
static int change_places(Jail *jail, int inside_fd)
{
        int r;

        if (jail->plan->watched) {
                r = adopt_nobody(jail);
                if (r < 0)
                        return r;
        }
        jail->pid = getpid();
        long pid = syscall(SYS_clone, (unsigned long) SIGCHLD, NULL, NULL, NULL, 0UL);
        if (pid < 0)
                return step_fail(jail, -errno, "clone");
        if (pid > 0) {
                jail->outside_pid = (pid_t) pid;
                inside(jail, inside_fd, NULL);
        }

        r = outlive_signals();
        return r < 0 ? step_fail(jail, r, "signals") : 0;
}

static int do_clone(Jail *jail, int inside_fd)
{
        unsigned long flags =
                (unsigned long) (jail->plan->new_namespaces & CLONE_NEWPID) | CLONE_PIDFD | SIGCHLD;
        sigset_t set, saved;
        int pid_fd = -EBADF;

        (void) sigemptyset(&set);
        (void) sigaddset(&set, SIGHUP);
        (void) sigaddset(&set, SIGTERM);
        if (sigprocmask(SIG_BLOCK, &set, &saved) < 0)
                return step_fail(jail, -errno, "signals");

        if (jail->plan->adopted)
                flags |= CLONE_PARENT;
        long pid =
                syscall(SYS_clone, flags, /* stack= */ NULL, &pid_fd, /* child_tid= */ NULL, /* tls= */ 0UL);
        if (pid == 0)
                inside(jail, inside_fd, &set);
        int r = pid < 0 ? -errno : 0;

        (void) sigprocmask(SIG_SETMASK, &saved, NULL);
        if (r < 0)
                return step_fail(jail, r, "clone");

        jail->pid = (pid_t) pid;
        jail->pid_fd = pid_fd;
        return 0;
}

/* From now on, the work of OUTSIDE takes long or can wait. A batch process does not preempt others when it wakes up, as OUTSIDE
 * does when the VMM is executed. A policy that the unit sets stays. */
static int give_way(void)
{
        int policy = sched_getscheduler(0);

        if (policy < 0)
                return -errno;
        if (policy != SCHED_OTHER)
                return 0;
        return RET_NERRNO(sched_setscheduler(0, SCHED_BATCH, &(struct sched_param){}));
}

int step_clone(Jail *jail)
{
        int pair[2];
        int r;

        jail->cpu_usec = cpu_usec();
        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
                return step_fail(jail, -errno, "channel");
        jail->channel_fd = pair[0];

        r = jail->plan->starter_becomes_vmm ? change_places(jail, pair[1]) : do_clone(jail, pair[1]);
        (void) safe_close(pair[1]);
        if (r < 0)
                return r;

        r = give_way();
        return r < 0 ? step_fail(jail, r, "scheduling policy") : 0;
}

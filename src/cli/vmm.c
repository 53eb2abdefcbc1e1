/* SPDX-License-Identifier: Apache-2.0 */

#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fd-util.h"
#include "time-util.h"
#include "vmm.h"

#define KILL_USEC (5U * 1000000U)

int vmm_hold(const State *s)
{
        int r = state_is_of_this_boot(s);

        if (r <= 0)
                return r < 0 ? r : -ESRCH;
        return proc_hold(&s->vmm);
}

static int send_signal(int pid_fd, int sig)
{
        return RET_NERRNO(syscall(SYS_pidfd_send_signal, pid_fd, sig, NULL, 0));
}

int vmm_signal(int pid_fd, uid_t uid, int sig)
{
        int r;

        r = send_signal(pid_fd, sig);
        if (r != -EPERM || uid == 0)
                return r;

        if (seteuid(uid) < 0)
                return -errno;
        r = send_signal(pid_fd, sig);
        /* The real and the saved uid are still 0. */
        if (seteuid(0) < 0)
                abort();
        return r;
}

bool vmm_wait(int pid_fd, uint64_t deadline_usec)
{
        struct pollfd p = { .fd = pid_fd, .events = POLLIN };

        for (;;) {
                uint64_t now = now_usec();
                int msec = now < deadline_usec ? (int) ((deadline_usec - now + 999) / 1000) : 0;
                int n = poll(&p, 1, msec);
                if (n > 0)
                        return true;
                if (n <= 0 && msec == 0) /* also if it only ever fails */
                        return false;
        }
}

bool vmm_kill(int pid_fd, uid_t uid)
{
        int r = vmm_signal(pid_fd, uid, SIGKILL);

        return r >= 0 ? vmm_wait(pid_fd, now_usec() + KILL_USEC) : proc_has_ended(pid_fd);
}

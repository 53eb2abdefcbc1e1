/* SPDX-License-Identifier: Apache-2.0 */

#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fd-util.h"
#include "time-util.h"
#include "vmm.h"

#define KILL_USEC (5U * 1000000U)

int vmm_hold(const State *s, Vmm *ret)
{
        bool identified;

        int fd = state_vmm_hold(s, &identified);
        if (fd < 0)
                return fd;

        *ret = (Vmm){ .pid_fd = fd, .uid = s->uid, .identified = identified };
        return 0;
}

static int send_signal(int pid_fd, int sig)
{
        return RET_NERRNO(syscall(SYS_pidfd_send_signal, pid_fd, sig, NULL, 0));
}

int vmm_signal(const Vmm *vmm, int sig)
{
        int r;

        r = vmm->identified ? send_signal(vmm->pid_fd, sig) : -EPERM;
        if (r != -EPERM || !vm_id_valid(vmm->uid))
                return r;

        /* With root's real uid, the kernel would also accept a signal to a process of root. */
        if (setresuid(vmm->uid, vmm->uid, 0) < 0)
                return -errno;
        r = send_signal(vmm->pid_fd, sig);
        if (setresuid(0, 0, 0) < 0)
                abort();
        return r;
}

bool vmm_wait(const Vmm *vmm, uint64_t deadline_usec)
{
        struct pollfd p = { .fd = vmm->pid_fd, .events = POLLIN };

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

bool vmm_kill(const Vmm *vmm)
{
        int r = vmm_signal(vmm, SIGKILL);

        return r >= 0 ? vmm_wait(vmm, now_usec() + KILL_USEC) : proc_has_ended(vmm->pid_fd);
}

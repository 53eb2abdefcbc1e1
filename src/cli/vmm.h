/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The VMM as a process: always by a pidfd, so that no other process that got its pid is meant. */

#include "fd-util.h"
#include "state.h"

typedef struct Vmm {
        int pid_fd;
        uid_t uid;
        bool identified; /* false: it may be another one (state_vmm_hold()) */
} Vmm;

static inline void vmm_done(Vmm *vmm)
{
        vmm->pid_fd = safe_close(vmm->pid_fd);
}
#define _cleanup_vmm_ _cleanup_(vmm_done)

/* Holds the process that the record names. 0, -ESRCH if it is gone, or another -errno. */
int vmm_hold(const State *s, Vmm *ret) _must_check_;

/* Sends a signal: as root, if it is identified, and as the VM's uid, because the unit has no CAP_KILL. 0 or -errno; -ESRCH:
 * it has ended. */
int vmm_signal(const Vmm *vmm, int sig) _must_check_;

/* Waits until it has ended, or until CLOCK_MONOTONIC reaches deadline_usec. true: it has. */
bool vmm_wait(const Vmm *vmm, uint64_t deadline_usec);

/* SIGKILL, and a wait that is long enough for any process that can be killed at all. true: it has ended. */
bool vmm_kill(const Vmm *vmm);

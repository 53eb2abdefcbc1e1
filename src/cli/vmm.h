/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The VMM as a process: always by a pidfd, so that no other process that got its pid is meant. */

#include "state.h"

/* Holds the process that the record names. A descriptor, -ESRCH if it is gone, or another -errno. */
int vmm_hold(const State *s) _must_check_;

/* Sends a signal. The unit has no CAP_KILL, so it is sent as root or, where that is not enough, as the VM's
 * uid. 0 or -errno; -ESRCH: it is gone. */
int vmm_signal(int pid_fd, uid_t uid, int sig) _must_check_;

/* Waits until it has ended, or until CLOCK_MONOTONIC reaches deadline_usec. true: it has. */
bool vmm_wait(int pid_fd, uint64_t deadline_usec);

/* SIGKILL, and a wait that is long enough for any process that can be killed at all. true: it has ended. */
bool vmm_kill(int pid_fd, uid_t uid);

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The entry about the end of a VM: how, after how long, and what the guest and Firecracker said last. */

#include <signal.h>
#include <stdint.h>

#include "state.h"

/* For the ExecStopPost= of a unit, from what systemd says of the main process. s is the record of that start, or NULL if it is
 * missing. Says nothing of a start that failed before its VMM ran, which has an entry of its own. Takes at most a few seconds. */
void log_unit_end(const char *id, const State *s);

/* For a VM by hand, from waitid(2); asked: we have sent it a signal. */
void log_end_by_hand(const State *s, const siginfo_t *si, bool asked, uint64_t uptime_usec);

/* For a VM whose watcher cannot know how it has ended. */
void log_end_unknown(const State *s, uint64_t uptime_usec);

/* Since the process that became the VMM was made. 0: unknown. */
uint64_t vmm_uptime_usec(const State *s);

/* What systemd says of the main process: it was a VMM. A start that fails before it has a record ends with one of sysexits(3),
 * which Firecracker does not use, or by the signal of a stop, which a VMM handles or, as PID 1 of its namespace, ignores. */
bool vmm_had_run(void);

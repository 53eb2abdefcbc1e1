/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "jail.h"

/* Takes SIGINT, SIGTERM and SIGHUP from now on: a descriptor for stay_with_vmm(), or -errno, which that function says. */
int receive_signals(void);

/*
 * Outside systemd OUTSIDE stays as long as the VMM: it hands SIGINT, SIGTERM and SIGHUP on as the SIGHUP
 * that the VMM understands (a second one kills it), cleans up, and returns the VMM's exit status (128 +
 * signal if it was killed).
 */
int stay_with_vmm(Jail *jail, int signal_fd);

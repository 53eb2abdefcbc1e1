/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What all ways to start a VM have in common. */

#include "jail.h"

/* Sets descriptors, umask and signals, whatever the caller left, before anything is read. An exit status. */
int start_sanitize(void);

/* Keeps only what we need of the environment from here on. 0 or -errno. */
int start_reduce_environment(void) _must_check_;

/* One entry about a start that succeeded, with a field for each step's time. */
void start_log(const Jail *jail);

/* After a step that failed: says why, and cleans up unless systemd does. An exit status. */
int start_fail(Jail *jail);

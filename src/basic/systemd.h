/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * libsystemd, loaded when it is first used. With the five libraries that it brings along it costs half a
 * millisecond, and only OUTSIDE uses it, most often when INSIDE is already on its way: linked in the usual way it
 * would delay every VM by that (docs/performance.md).
 */

#include <sys/uio.h>

#include "macro.h"

/* Loads it now, so that nobody has to wait for it later. */
void systemd_load(void);

/* sd_journal_sendv(3), sd_notify(3). -ELIBACC: the library cannot be loaded. */
int systemd_journal_sendv(const struct iovec *iov, int n) _must_check_;
int systemd_notify(const char *state);

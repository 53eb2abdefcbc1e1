/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <errno.h>
#include <sys/syscall.h>

/* Each filter, whoever wrote it, answers this call with this error, which the kernel never does. So it can be
 * seen that the filter is there, among those that systemd may have installed. acct(2) with NULL does nothing
 * without a capability, and nothing that runs in a jail calls it. */
#define FILTER_MARK       SYS_acct
#define FILTER_MARK_ERRNO EBADE

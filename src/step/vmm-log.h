/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The end of Firecracker's own log, if that is a file. */

#include "state.h"

#define VMM_LOG_SIZE_MAX 4096

/*
 * Reads its last bytes, as the VM could have read them, and nothing else than a regular file, whatever the VM has made of it;
 * s may be NULL. How many there are in buf, whole lines but for the last; 0 or -errno: none.
 */
ssize_t vmm_log_read(const State *s, char buf[VMM_LOG_SIZE_MAX]) _must_check_;

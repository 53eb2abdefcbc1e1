/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "jail.h"

/* OUTSIDE: makes the process that cleans up after a VM whose starter leaves. When it returns that process is ready. 0 or
 * -errno. */
int watcher_start(Jail *jail) _must_check_;

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "macro.h"

/* From now on this process may lose its CPU to any other that wakes up, and takes it from none; it has its full share
 * all the same. What a unit says with CPUSchedulingPolicy= stays. 0 or -errno. */
int give_way(void) _must_check_;

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "macro.h"

/* A message for whoever has used the command line of Firecracker's jailer: its options instead of the settings that say the same.
 * To be freed; NULL: no memory. */
char *jailer_words(const char *text) _must_check_;

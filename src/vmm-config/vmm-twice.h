/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Which of the members of one object has the name of another one. */

#include "macro.h"

#define JSON_DEPTH_MAX 128 /* Firecracker's parser takes no more */

/*
 * Of valid JSON that is no deeper than JSON_DEPTH_MAX. 0 and the line of the second one, and its name in the text; -ENOENT: there
 * is none, but for different escapes; or -ENOMEM.
 */
int vmm_find_twice(const char *text, size_t size, size_t *ret_line, const char **ret_name,
                   size_t *ret_length) _must_check_;

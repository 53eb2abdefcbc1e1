/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Whether an unknown word may be a known one with a slip. */

#include "macro.h"

/* More make another word. */
#define SLIPS_MAX 2

/* How many slips lead from a to b: a character too many, too few or wrong, or two of them exchanged (Levenshtein's distance
 * with transpositions). SIZE_MAX if one of them is too long for a name. */
size_t slips(const char *a, const char *b) _pure_;

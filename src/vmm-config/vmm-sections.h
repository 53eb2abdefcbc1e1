/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The members that a configuration of Firecracker's has at its top. */

#include "macro.h"

bool vmm_section_known(const char *name) _pure_;

/* The section whose name is so close to an unknown one that it may be what was meant, or NULL. */
const char *vmm_section_guess(const char *name) _pure_;

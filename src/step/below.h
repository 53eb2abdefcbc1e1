/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What others have mounted below root/, for step `files`. */

#include "step.h"

/* Adds a mount for each of them that is to be seen. */
int below_clone(Jail *jail, const MountPlan *m) _must_check_;

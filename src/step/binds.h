/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What is bound into the jail, for step `files` and the undo of `tree`. */

#include "step.h"

/* Makes the places in root/ to mount on, which the record names already, and adds a mount for each source. Comes after the
 * search for disks, which would look through the places. */
int binds_clone(Jail *jail, const MountPlan *m) _must_check_;

/* Removes the places, and the directories above them that are of no use to anybody else. */
int binds_undo_places(const State *s, int root_fd) _must_check_;

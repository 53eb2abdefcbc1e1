/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What is bound into the jail, for step `files` and the undo of `tree`. */

#include "step.h"

/* Makes the places in root/ to mount on. The record names them already. */
int binds_make_places(Jail *jail) _must_check_;

/* Adds a mount for each source. */
int binds_clone(Jail *jail, const MountPlan *m) _must_check_;

/* Removes the places, and the directories above them that are of no use to anybody else. */
int binds_undo_places(const State *s, int root_fd) _must_check_;

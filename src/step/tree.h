/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the steps `tree` and `files` share: the jail's directory on the host. */

#include "jail.h"
#include "macro.h"

/* step_fail() with a path of the jail's directory as the object. name: in the VM's directory; "": that directory; NULL: the
 * one above it. */
int tree_fail(Jail *jail, int r, const char *name);

/* A directory of the way down, made or found, which only root may be able to change. below: as in tree_fail(). 0 and
 * *ret_fd, or -errno after tree_fail(). */
int tree_open_level(Jail *jail, int dir_fd, const char *name, const char *below, int *ret_fd) _must_check_;

/* Removes run/ with all that is in it. 0, also if there is none, or -errno. */
int tree_remove_run(int root_fd) _must_check_;

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "macro.h"

/* A detached tmpfs for at most n_inodes objects (a decimal number) of this size ("16k") together, nosuid. A descriptor
 * or -errno. */
int new_tmpfs(const char *n_inodes, const char *size) _must_check_;

/* Makes the mount at `path`, and all below it, private, and reads back that the mount which the directory `checked`
 * is on is. -EBADE: it is still shared. Needs a root that is not. */
int mount_make_private(const char *path, const char *checked) _must_check_;

/* Attaches a detached tree at dir_fd/name; "" is dir_fd itself. 0 or -errno. */
int mount_attach(int tree_fd, int dir_fd, const char *name) _must_check_;

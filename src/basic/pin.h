/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A pin: the file of a namespace (nsfs), bound to a name. So the namespace outlives whoever has made it, until the name is
 * removed. For namespaces of every kind; by directory descriptor and plain name, as in at.h.
 */

#include "macro.h"

/*
 * Binds the namespace behind ns_fd to dir_fd/name, an empty file that is made for it, and reads it back. 0; -EEXIST:
 * something has the name; or another -errno, and nothing is left.
 *
 * A mount namespace can only be pinned by a process in an older one: the kernel compares their numbers, and answers -EINVAL.
 * And its directory must be on a private mount (pin_dir_make()).
 */
int pin_make(int dir_fd, const char *name, int ns_fd) _must_check_;

/*
 * Opens what is pinned there, to enter it. clone_flag says what kind it must be: CLONE_NEWNS, CLONE_NEWNET and so on. A
 * descriptor, or
 *
 *   -ENOENT  nothing has the name
 *   -ENOTTY  no namespace has it: a start was killed before the bind, or this mount namespace does not have the pin
 *   -ENXIO   a namespace of another kind
 *   -EXDEV   one of another user namespace than ours
 *   -ELOOP   a link
 *
 * or another -errno, which says nothing about what is there.
 */
int pin_open(int dir_fd, const char *name, int clone_flag) _must_check_;

/* Removes the name, with what is pinned there. 0 also if there is none. Who has the namespace open or is in it keeps it. */
int pin_remove(int dir_fd, const char *name) _must_check_;

/*
 * Opens the directory dir_fd/name, root's alone (0700), and makes it if it is missing, and a private mount of its own: what is
 * pinned in it shows in no other mount namespace. A descriptor (O_PATH) or -errno; -ENOTUNIQ: it is not root's, or others
 * can enter it; -ENOTDIR: it is none.
 */
int pin_dir_make(int dir_fd, const char *name) _must_check_;

/* The same for those that make nothing. -ENOENT: there is none. */
int pin_dir_open(int dir_fd, const char *name) _must_check_;

/* Removes the mount and the directory, which must be empty. 0 also if there is none. */
int pin_dir_remove(int dir_fd, const char *name) _must_check_;

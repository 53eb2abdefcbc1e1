/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the steps `tree` and `files`, and `fcjail fill`, share: the jail's directory on the host. */

#include "jail.h"
#include "macro.h"

/* step_fail() about `name` in the VM's root/, "" for that itself. */
int tree_fail(Jail *jail, int r, const char *name);

/* step_fail() about the pool of texts: r is what one of the functions of texts.h has returned. */
int tree_fail_texts(Jail *jail, int r);

/* The directory of all jails with such a VMM, made or found. A descriptor, or -errno after step_fail(). */
int tree_open_vmms(Jail *jail) _must_check_;

/* Whether the kernel executes what is in that directory. 0, or -errno after step_fail(). */
int tree_check_exec(Jail *jail, int dir_fd) _must_check_;

/* A directory that only root may be able to change, made with that mode or found; path: what messages call it. 0 and *ret_fd, or -errno
 * after step_fail(). */
int tree_open_dir(Jail *jail, int dir_fd, const char *name, mode_t mode, const char *path, int *ret_fd)
        _must_check_;

/* Makes sure that a directory is the VM's, with VM_DIR_MODE. dir_fd: its descriptor, or the -errno of who has opened it. One that
 * only root could change becomes the VM's if may_take. 1: it has become that now, 0: it was that before, or -errno after
 * step_fail(). */
int tree_take_vm_dir(Jail *jail, int dir_fd, const char *path, bool may_take) _must_check_;

/* Whether it is the file for the VMM that step `tree` has made, and has no other name. */
bool tree_is_vmm(const Jail *jail, const struct stat *st) _pure_;

/* Removes a directory with all that is in it. 0, also if there is none, or -errno. */
int tree_remove(int root_fd, const char *name) _must_check_;

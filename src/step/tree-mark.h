/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * <base>/<name of the VMM>/<id>/.fcjail says that fcjail has made this jail directory, and what it has made in it: the lines of
 * the record that are about files, and which host it was. The record is gone after a boot, and the jail is not. Beside root/,
 * where no VM can reach it.
 */

#include "state.h"

#define TREE_MARK ".fcjail"

/* In the directory of the VM, in the place of any earlier one. 0 or -errno. */
int tree_mark_write(int vm_fd, const State *s) _must_check_;

/* 0; -ENOENT: there is none; -EBADMSG: it is none that fcjail has written; or another -errno. */
int tree_mark_read(int vm_fd, State *ret) _must_check_;

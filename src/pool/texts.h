/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Private copies of VMMs that no VM uses any more, for the next VM: half of a start is such a copy.
 *
 *     <base>/firecracker/.texts/                 root:root 0700, so no VM ever sees it
 *     <base>/firecracker/.texts/<text>.<copy>    root:root: a copy that was in a jail, or was made ahead
 *     <base>/firecracker/.texts/<boot>-new       one that is being made ahead
 *
 * A text is known by what it is a copy of: the boot, and the program's device, inode, size and times. So a program that was
 * replaced has other texts. <copy> is the inode, size and time of modification of the copy itself. It belongs to one VM at a
 * time: its name moves into the jail, and back.
 *
 * See D97 and D99 in docs/decisions.md.
 */

#include <limits.h>
#include <stdint.h>
#include <sys/stat.h>

#include "macro.h"

/* What the pool has at most; each cleanup that is under way, and `fcjail fill`, may exceed it by one. */
#define TEXTS_MAX      32
#define TEXTS_SIZE_MAX (256LL * 1024 * 1024)

#define TEXTS_DIR ".texts"

/* boot: 32 hex digits. Writes what copies of the program are called. false: it was changed a moment ago, so that another change
 * may not show in its times. */
bool text_name(const struct stat *program, const char *boot, char ret[NAME_MAX]);

/* Whether that is still the name of the program. */
bool text_is_of(const char *text, const struct stat *program);

/*
 * Moves a copy of the text to `name` in the directory, where nothing is. parent_fd: that of all VMs' jails; mode: of a copy, which
 * gets it when it is whole. 1: *ret is its status, read back there; 0: there is none. -EPERM: the pool is not root's alone;
 * -EBADE: what was there is no such copy, and stays at `name`.
 */
int texts_take(int parent_fd, const char *text, int dir_fd, const char *name, mode_t mode, struct stat *ret)
        _must_check_;

/* Takes the file `name` out of the directory: into the pool, if it is a whole copy and can be kept. inode: that of the copy; 0: only root
 * can change the directory, so it is any. */
int texts_give(int parent_fd, const char *text, int dir_fd, const char *name, mode_t mode, uint64_t inode)
        _must_check_;

/* How many copies of the text the pool has. -EPERM: it is not root's alone. */
int texts_count(int parent_fd, const char *text) _must_check_;

/*
 * A copy that is made ahead, by one process at a time: a new file that is open for writing, and that nobody takes before
 * texts_finish(). size: what it will have. *ret_pool_fd: the pool, for the other two. What an earlier one has left is removed.
 * -ENOBUFS: there is no room, and nothing goes for it; -EPERM: the pool is not root's alone.
 */
int texts_begin(int parent_fd, const char *text, off_t size, int *ret_pool_fd) _must_check_;

/* Closes the file, because nobody could execute it otherwise, and then lets the next start take it. -EBADE: it is no whole copy. */
int texts_finish(int pool_fd, const char *text, int fd, mode_t mode) _must_check_;

/* Removes what was not finished. */
int texts_abandon(int pool_fd, const char *text);

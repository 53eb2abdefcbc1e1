/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "macro.h"

/* A detached tmpfs for at most n_inodes objects (a decimal number) of this size ("16k") together, nosuid. A descriptor
 * or -errno. */
int new_tmpfs(const char *n_inodes, const char *size) _must_check_;

/* A detached tmpfs that is empty and stays so: read-only, with no inode but that of its directory; nosuid, nodev and noexec.
 * A descriptor or -errno. */
int new_empty_tmpfs(void) _must_check_;

/* 1 if "/" is one, and so nothing is mounted on it or below it; 0 if not, or -errno. What it covers itself is not looked at. */
int root_is_empty_tmpfs(void) _must_check_;

/* Makes the mount at `path`, and all below it, private, and reads back that the mount which the directory `checked`
 * is on is. -EBADE: it is still shared. Needs a root that is not. */
int mount_make_private(const char *path, const char *checked) _must_check_;

/* Makes the mount at `path` one that hears of what is mounted and unmounted on its peers, and tells them nothing; those below it
 * stay as they are. Reads back that it is not shared, as above. */
int mount_make_slave(const char *path, const char *checked) _must_check_;

/* Attaches a detached tree at dir_fd/name; "" is dir_fd itself. 0 or -errno. */
int mount_attach(int tree_fd, int dir_fd, const char *name) _must_check_;

/* 1 if something is mounted on dir_fd/name, in this mount namespace, 0 if not, or -errno. Links are not followed. */
int mount_is_on(int dir_fd, const char *name) _must_check_;

/* The name of the file system that fd (O_PATH will do) is on, for a message: "ext4", also of its two forerunners, or
 * "0x5346544e", as statfs(2) numbers one that is not in the table. */
#define FS_NAME_MAX 24
const char *fs_name(char buf[FS_NAME_MAX], int fd);

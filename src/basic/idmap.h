/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Mounts that show another owner: what one id owns on disk, another one owns through the mount. All other ids are those of
 * nobody there. Nothing on disk changes, and files that are made through the mount belong to the id on disk.
 */

#include <stdbool.h>
#include <sys/types.h>

#include "macro.h"

/*
 * A user namespace that says so to tree_idmap(), and that no process is in: a descriptor or -errno. Needs /proc, which may be
 * that of another PID namespace, and CAP_SETUID, CAP_SETGID and CAP_SYS_ADMIN. With keep_gid no group becomes another's: what
 * belongs to from_gid does so through the mount, and what to_gid makes there belongs to to_gid. No line for from_gid would be
 * less, but the kernel lets nobody write a file whose group is not mapped.
 *
 * -ENOSPC: user.max_user_namespaces is 0, or so many are in use. -EUSERS: too many within one another. -EPERM: a capability
 * is missing, a filter (RestrictNamespaces=) forbids it, the process is in a chroot, or one of the ids on the host is 0
 * (CAP_SETFCAP) or does not exist in this user namespace. -EINVAL: the kernel has no user namespaces, or an id is invalid.
 * -ENOENT: /proc is missing. -EBADE: the kernel has other maps than were written.
 */
int idmap_userns(uid_t from_uid, uid_t to_uid, gid_t from_gid, gid_t to_gid, bool keep_gid) _must_check_;

/*
 * Lets the mount show what that namespace says. The tree is detached, open_tree(2) with OPEN_TREE_CLONE, and no other mount is
 * below its first one. 0 or -errno; fstat(2) of the tree then shows the new owner.
 *
 * -EINVAL: the file system cannot (overlayfs, NFS, tmpfs before Linux 6.3). -ENOSYS: Linux before 5.12. -EPERM: the mount
 * that was cloned is itself idmapped, or the file system belongs to another user namespace.
 */
int tree_idmap(int tree_fd, int userns_fd) _must_check_;

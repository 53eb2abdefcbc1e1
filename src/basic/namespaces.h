/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Which namespaces a process is in. Otherwise an unshare(2) that did nothing would go unnoticed. Each lookup in /proc takes
 * 5 µs, so only those that are compared are looked up. */

#include <stdint.h>
#include <sys/types.h>

#include "macro.h"

/* The pid shows whether the PID namespace is new, and root_mount_id() whether the mount namespace is. */
typedef enum NamespaceId {
        NAMESPACE_NET,
        NAMESPACE_IPC,
        NAMESPACE_UTS,
        NAMESPACE_CGROUP,
        _NAMESPACE_MAX,
} NamespaceId;

typedef struct NamespaceKind {
        const char *name;
        int clone_flag;
} NamespaceKind;

extern const NamespaceKind namespace_kinds[_NAMESPACE_MAX];

/* The inodes that stand for this process's namespaces, as /proc/self/ns shows them: of those kinds whose clone flags are in
 * `flags`, and 0 of the others. 0 or -errno. */
int namespaces_read(int flags, ino_t ret[_NAMESPACE_MAX]) _must_check_;

/* "net:[inode]", as /proc/self/ns/net calls the network namespace of this process. 0 or -errno. */
#define NETNS_NAME_MAX 32
int netns_name(char ret[NETNS_NAME_MAX]) _must_check_;

/* Identifies the mount that "/" is, which is another one in each mount namespace. 0 or -errno. statx(2), Linux 5.8. */
int root_mount_id(uint64_t *ret) _must_check_;

/* 1 if this process is in the mount namespace of PID 1, 0 if it is in another, or -errno. By the ids of mounts, each of which is
 * in one namespace only: /proc/1/ns needs CAP_SYS_PTRACE, or all capabilities that PID 1 has. */
int mount_namespace_is_pid1s(void) _must_check_;

/* What "/" is. pivot_root(2) leaves none but a mount that is on another one. */
typedef enum RootKind {
        ROOT_MOUNT,
        ROOT_CHROOT,    /* a directory that nothing is mounted on */
        ROOT_INITRAMFS, /* what the kernel begins with */
} RootKind;

/* 0 or -errno. STATX_ATTR_MOUNT_ROOT, Linux 5.8. */
int root_kind(RootKind *ret) _must_check_;

/* Takes this process into the network namespace behind the descriptor, and reads back that it is there: 0, -EBADE or another
 * -errno. */
int netns_enter(int fd) _must_check_;

/* 1 if this process is in the network namespace behind the descriptor, 0 if it is in another, or -errno. */
int netns_is_current(int fd) _must_check_;

/* That of this process, to come back to: a descriptor or -errno. */
int netns_open_current(void) _must_check_;

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Read-only questions to the host. */

#include "config.h"
#include "diagnostics.h"
#include "plan.h"

/* What depends on the kind of machine. Firecracker describes the host's caches to its guest, and compares the maker of
 * the CPU with that of a snapshot; on x86_64 the CPU itself says both. */
#if defined(__aarch64__)
#define HOST_IS_PC         false
#define HOST_HAS_CPU_FILES true
#else
#define HOST_IS_PC         true
#define HOST_HAS_CPU_FILES false
#endif

/* Whether this process is in PID 1's network namespace: 1 or 0. -ENOENT or -EPERM: PID 1 is hidden (ProtectProc=). */
int in_netns_of_host(void) _must_check_;

/* The network namespace at a path, and nothing is done to what else may be there: a descriptor, or -ENOENT, -ENOTTY (no
 * namespace), -ENXIO (one of another kind), another -errno. */
int netns_open(const char *path) _must_check_;

/* The gid of a group, by reading /etc/group: a name service could block a start, or be answered by somebody else.
 * 0, -ENOENT or another -errno. */
int host_group(const char *name, gid_t *ret) _must_check_;

/*
 * Fills in what a plan needs to know. unit_uid and unit_gid are those that the process was started with.
 * 0, -EBADMSG (FCJAIL_API_GROUP= names no group; `d` says so), or -errno.
 */
int host_facts(const Config *c, uid_t unit_uid, gid_t unit_gid, Diagnostics *d, HostFacts *ret) _must_check_;

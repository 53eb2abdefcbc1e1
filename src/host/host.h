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

/* Whether this process has another network namespace than PID 1. Where PID 1 is hidden systemd is asked for the unit that we
 * are started by, which takes some ms; TRISTATE_UNSET: it cannot be known. */
Tristate own_netns(void) _must_check_;

/* The network namespace at a path, and nothing is done to what else may be there: a descriptor, or -ENOENT, -ENOTTY (no
 * namespace), -ENXIO (one of another kind), another -errno. */
int netns_open(const char *path) _must_check_;

/* The gid of a group, by reading /etc/group: a name service could block a start, or be answered by somebody else.
 * 0, -ENOENT or another -errno. */
int host_group(const char *name, gid_t *ret) _must_check_;

/* Who starts the VM: this process or, for a verb that is called by hand, what it would be in the VM's unit. A unit with
 * User= and AmbientCapabilities= starts us as that user: the user becomes the VM's uid and gid, and the helper goes on
 * as root with the capabilities it was given. */
typedef struct Caller {
        uid_t uid; /* UID_INVALID, GID_INVALID: root's, which means no VM's */
        gid_t gid;
        bool uid_later; /* DynamicUser= of the unit: systemd will choose both */
        Tristate
                own_netns; /* the unit has a network namespace, though the process has not; TRISTATE_UNSET: nobody said so */
        char unit[ID_LEN_MAX + sizeof("fcjail@.service")];
        char **unit_environment; /* its Environment=; NULL if it does not count */
} Caller;

/*
 * Fills in what a plan needs to know. 0, -EBADMSG (a file is missing or cannot be read, or FCJAIL_API_GROUP= names no
 * group; `d` says so), or -errno.
 */
int host_facts(const Config *c, const Caller *caller, Diagnostics *d, HostFacts *ret) _must_check_;

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the kernel shows of a VMM and of its cgroup, to everybody where nothing else is said. */

#include "state.h"

/* Of a file of the kernel's. */
#define VM_TEXT_MAX 16384

typedef struct VmEyes {
        int proc_fd,
                cgroups_fd; /* /proc; the hierarchy of cgroup v2, negative if there is none at its usual place */
        uint64_t pid_ns;        /* 0: unknown */
        uint64_t boot_usec;     /* CLOCK_REALTIME of the boot; rounded, so that it is the same each time */
        char text[VM_TEXT_MAX]; /* of the file that was read last */
} VmEyes;

/* 0 or -errno. */
int vm_eyes_open(VmEyes *ret) _must_check_;
void vm_eyes_done(VmEyes *eyes);
#define _cleanup_vm_eyes_ _cleanup_(vm_eyes_done)

/* As proc_alive(), with fewer calls where it lives. */
int vm_proc_alive(VmEyes *eyes, const ProcRef *ref) _must_check_;

/* Its effective uid. */
bool vm_proc_has_uid(VmEyes *eyes, pid_t pid, uid_t uid);

/* Writes "net:[inode]". 0 or -errno: root only. */
int vm_proc_netns(VmEyes *eyes, pid_t pid, char *buf, size_t size) _must_check_;

typedef struct VmUsage {
        bool has_cpu, has_memory; /* what is not known is not 0 */
        uint64_t cpu_usec, memory_bytes;
} VmUsage;

/* Of its cgroup, if that is the unit's, or one that the start has made: in another, such as that of a terminal, others count
 * too. */
void vm_proc_usage(VmEyes *eyes, const State *s, VmUsage *ret);

/* Of this one, a path in the hierarchy. Without the controller of memory there is no memory, but CPU. */
void vm_cgroup_usage(VmEyes *eyes, const char *path, VmUsage *ret);

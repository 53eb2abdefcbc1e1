/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Who runs, and with what: for things whose record was removed by hand, under a VM that lives. It asks no file system that could
 * hang. */

#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "macro.h"

typedef struct GcProc {
        pid_t pid; /* or a thread, where the first one has ended */
        uid_t uid; /* effective */
        dev_t root_dev;
        ino_t root_ino; /* its "/" */
        ino_t netns;
} GcProc;

typedef struct GcProcs {
        GcProc *items;
        size_t n_items;
        bool complete; /* it was read */
} GcProcs;

void gc_procs_done(GcProcs *p);

/* Reads all processes, but only once. Those that end meanwhile are left out. 0 or -errno: not to know of one is not to know. */
int gc_procs_read(GcProcs *p) _must_check_;

/* For gc_nobody(): whether that directory is its "/"; st is its struct stat. */
bool gc_has_root(const GcProc *p, const void *st) _pure_;

/* Whether a process has the block device open: 1, 0 or -errno. */
int gc_procs_have_open(const GcProcs *p, dev_t rdev) _must_check_;

/* Whether that is the PID namespace of this process, as /proc/self/ns/pid numbers it. What was made in another one has its
 * record, and perhaps its processes, where nobody here sees them. */
bool gc_procs_see(uint64_t pid_ns);

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What `fcjail gc` goes over: VMs that have ended, by their records, and then, kind by kind, what has no record any more. Each kind
 * has a function that finds things by the mark that fcjail made them with, and removes those that nobody has:
 *
 *   mark     no name, no age: what has no mark of fcjail's stays;
 *   record   a thing is left over if there is no record of the start that it is marked with;
 *   lock     and while the id's record is locked, so that a start of the id waits until its turn is over;
 *   nobody   and if no process uses it, for the record may have been removed by hand.
 */

#include <dirent.h>
#include <sys/stat.h>

#include "gc-procs.h"
#include "macro.h"
#include "state.h"

typedef struct Collection {
        const StateRoot *root;
        bool dry_run;
        GcProcs procs;  /* of the moment when somebody first asked */
        unsigned n_vms; /* cleaned up after */
        int status;     /* of the worst failure */
} Collection;

void gc_fail(Collection *c, int status);

/* What cannot be looked at may hide what is left over: logs it. What is gone, or in use just now, hides nothing. */
void gc_cannot_look(Collection *c, const char *where, int r);

/* The name of the next entry. NULL: there are no more, or (logged) nobody knows. */
const char *gc_next(Collection *c, DIR *d, const char *where);

/* A thing that is left over: prints it in a dry run, otherwise logs it, if r of its removal is not negative, and else
 * logs that. id: NULL, nobody knows it. */
void gc_done(Collection *c, int r, const char *id, const char *what, const char *object);

/* The record of an id, while a thing of it is looked at and removed. */
typedef struct GcHold {
        int fd;     /* in a dry run there is no lock */
        bool empty; /* it has no record */
} GcHold;

#define GC_HOLD_NULL ((GcHold){ .fd = -EBADF })

/* 1: there is no record of the id or, with an invocation, none of that. 0: there is one, or somebody has the lock, or nobody
 * knows. -errno: it was logged. With 1 gc_release() is needed. */
int gc_hold(Collection *c, const char *id, const char *invocation, GcHold *ret) _must_check_;
void gc_release(Collection *c, const char *id, GcHold *hold);

/* 1: no process is in the way, as `who` says of each; 0: one is, or (logged) nobody knows. */
int gc_nobody(Collection *c, bool (*who)(const GcProc *p, const void *what), const void *what);

/* Whether a process has the uid that this start has claimed, or nobody knows. For what no process needs to have open. */
bool gc_start_runs(Collection *c, const char *invocation);

/* One for each kind, in the order in which they are called. */
void gc_trees(Collection *c);  /* jail directories */
void gc_socks(Collection *c);  /* links to directories run/ that are gone */
void gc_links(Collection *c);  /* TAPs and the host's ends of uplinks */
void gc_loops(Collection *c);  /* loop devices */
void gc_claims(Collection *c); /* of uids and images */
void gc_cni(Collection *c);    /* attachments to networks of CNI */

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What a start has made, or is about to make, so that a cleanup that knows nothing else can take it away:
 *
 *     /run/fcjail/vm/<id>     one file per VM: lines KEY=value
 *     /run/fcjail/sock/<id>   a symbolic link to its run/ (step/sock.c)
 *     /run/fcjail/uid/<uid>   who has the uid: a symbolic link to "<id>/<invocation>" (claim.h)
 *     /run/fcjail/image/…     who can write a file, directory or block device of the host, in the same way
 *     /run/fcjail/kept/…      which uid a VM had whose jail directory is still there (kept-uid.h)
 *
 * A line is written before the thing it names is made, so a kill at any instruction leaves at most lines of
 * things that are not there. A line without its newline was being written when the writer died: nothing of
 * it was made, and it is ignored.
 *
 * Who is alive? The starter holds a lock (fcntl(2), open file description) on the file from the first
 * moment; INSIDE inherits it, writes its pid and start time into the file, which count from then on, and keeps it until
 * it drops its privileges. A lock cannot outlive its holder, so there is no stale one.
 */

#include <stdint.h>
#include <time.h>

#include "macro.h"
#include "parse.h"
#include "proc.h"

#define STATE_TAPS_MAX 8

typedef struct StateRoot {
        int fd;      /* /run/fcjail */
        int vm_fd;   /* …/vm */
        gid_t group; /* of /run/fcjail: who may use the API sockets. 0: nobody but root */
} StateRoot;

/* Opens /run/fcjail, and makes what is missing there. 0 or -errno; *ret_culprit as chase_open(). */
int state_root_open(StateRoot *ret, char **ret_culprit) _must_check_;

/* The same for those that make nothing. -ENOENT: no VM was ever started. */
int state_root_look(StateRoot *ret) _must_check_;

void state_root_done(StateRoot *root);
#define _cleanup_state_root_ _cleanup_(state_root_done)

/*
 * Raised when a record means something else than before. An added kind of line needs no new version: the reader keeps unknown
 * lines for its callers. In all versions ID, INVOCATION_ID, UID, GID and VMM mean the same, so that every
 * version can tell whether a VM runs.
 */
#define STATE_VERSION 1

typedef struct StateTaps {
        size_t n;
        char *names[STATE_TAPS_MAX];
        int indexes
                [STATE_TAPS_MAX]; /* 0: none yet. Others may give a TAP another name and alias, but no other index */
} StateTaps;

#define STATE_NAMES_MAX 40

typedef struct StateNames {
        size_t n;
        char *names[STATE_NAMES_MAX];
} StateNames;

/* Those that a start has tried to take: in a race some of them have become another's. */
#define STATE_LOOPS_MAX 64

typedef struct StateLoops {
        size_t n;
        uint32_t numbers[STATE_LOOPS_MAX];
} StateLoops;

typedef struct State {
        uint32_t version; /* 0: before there were versions; otherwise the same as 1 */
        char *id;
        char *boot; /* 32 hex digits */
        char *machine; /* the same, of the host; in the mark of a jail directory alone (tree-mark.h). NULL: unknown */
        char *invocation; /* INVOCATION_ID of the start, or a random one */
        bool supervised;  /* started by systemd, which will also clean up */
        bool keep;        /* FCJAIL_KEEP */
        uid_t uid;        /* UID_INVALID: not yet chosen */
        gid_t gid;
        char *chroot_dir;
        char *vmm_name;    /* the jail is <chroot_dir>/<vmm_name>/<id>/root, and in it are: */
        bool vm_owns_root; /* that root/ belongs to the VM */
        char *text; /* what the VMM's text is called in the pool, where a cleanup puts it; NULL: nowhere */
        uint64_t text_inode;     /* of that copy, where root/ is the VM's; 0: unknown */
        StateNames files;        /* files, */
        StateNames places;       /* directories that are removed if nobody has put anything into them, */
        StateNames trees;        /* and directories that are removed with all that is in them */
        StateNames mount_points; /* paths in the jail, on which something from elsewhere is mounted */
        StateNames images;       /* claims of what the VM can write besides its jail (claim.h) */
        char *log;               /* the VMM's: relative to root/, or absolute on the host; NULL: none */
        char *sock;              /* the name in /run/fcjail/sock of the link to its run/; NULL: none */
        StateLoops loops;        /* loop devices, if they have the mark of this start */
        char *api;               /* path in the jail; NULL: no API */
        uint32_t stop_seconds;   /* for ctrl-alt-del; 0: FCJAIL_STOP=kill */
        /* Where TAPs outlive the VM: the path of a namespace, or "net:[inode]" of the one that the start ran in. NULL: there
         * are none. */
        char *netns;
        StateTaps taps;
        StateNames cgroups;   /* directories that the start has made */
        StateNames redirects; /* interfaces there that a TAP takes over */
        char *uplink;         /* the device in the starter's network namespace; NULL: none */
        ProcRef vmm;          /* pid 0: never cloned */
        char *stop_by; /* who has asked the VM of a unit to stop: "systemd" or "fcjail"; NULL or "": nobody */

        char *unknown; /* lines that this version does not know, a newline between two; NULL: none */
} State;

#define STATE_NULL ((State){ .uid = UID_INVALID, .gid = GID_INVALID })

void state_done(State *s);
#define _cleanup_state_ _cleanup_(state_done)

/* The text that marks a TAP as made for this start, as its ifalias. */
#define STATE_MARK_MAX 128
const char *state_mark(const State *s, char buf[STATE_MARK_MAX]);

/* What is in such a text, whatever start it is of. */
typedef struct StateMark {
        char id[ID_LEN_MAX + 1];
        char invocation[33];
        uint64_t
                pid_ns; /* as ProcRef.ns; 0: unknown. What another PID namespace has made has its record elsewhere */
} StateMark;

/* false: it is none. */
bool state_mark_read(const char *mark, StateMark *ret);

/* The same, if only the id counts. */
bool state_id_of_mark(const char *mark, char ret_id[ID_LEN_MAX + 1]);

/*
 * Opens the file of an id and takes its lock. With create, makes the file if there is none.
 * Returns the descriptor to hold, -ENOENT (only without create), or -EBUSY: somebody starts it, runs it by
 * hand, or cleans it up right now. It waits for a collector as long as that needs, so that `fcjail gc` makes no start fail.
 */
int state_lock(const StateRoot *root, const char *id, bool create) _must_check_;

/* The same for what can be left out: waits for nobody, and makes nothing. */
int state_lock_at_once(const StateRoot *root, const char *id) _must_check_;

/* The lock that a collector holds as long as it works: there is one at a time. It tells a collector's lock on a record from that of
 * somebody who may only read it. */
#define STATE_GC_LOCK "gc.lock"

/* Locks such a file of root's in /run/fcjail, for what one process at a time may do; waits, in µs. Closing the descriptor lets go.
 * -EAGAIN: somebody else has it all the time. */
int state_root_lock(const StateRoot *root, const char *name, uint64_t usec) _must_check_;

/* The same for a collector: a lock that all others wait for. They wait for nobody else, so there may be one collector only. */
int state_lock_to_collect(const StateRoot *root, const char *id, bool create) _must_check_;

/* The same, but who has the lock may be about to end: waits for it, in µs. */
int state_lock_wait(const StateRoot *root, const char *id, bool create, uint64_t usec) _must_check_;

/* Reads the file behind fd. 0, -ENODATA: it is empty (nothing was made), -EBADMSG: not one of ours. Unknown lines and newer
 * versions are for the caller to look at, by state_is_understood(). */
int state_read(int fd, State *ret) _must_check_;

/* Whether this version of fcjail knows everything that the record names. */
bool state_is_understood(const State *s) _pure_;

/* Opens and reads without a lock, for those who only look. -ENOENT: no such VM. */
int state_load(const StateRoot *root, const char *id, State *ret) _must_check_;

/* What the file itself tells. */
typedef struct StateGlance {
        bool locked; /* somebody starts the VM, runs it by hand, or cleans it up */
        struct timespec written;
} StateGlance;

/* The same, with that; it is filled in too where there is a file that cannot be read (-ENODATA, -EBADMSG). It needs no
 * permission but to read. */
int state_glance(const StateRoot *root, const char *id, State *ret, StateGlance *ret_glance) _must_check_;

/* Calls `each` with the id of every record until it returns another value than 0, and returns that; otherwise 0 or -errno.
 * The record may be gone when `each` opens it. */
int state_each(const StateRoot *root, int (*each)(const char *id, void *userdata), void *userdata)
        _must_check_;

/*
 * A pidfd of the VMM that the state tells of, -ESRCH if that has provably ended, or another -errno. A process with the
 * recorded pid and start time counts as the VMM, also if /proc hides the start time. *ret_identified says whether it
 * certainly is: with the start time, and in the boot of the record. Two mount namespaces may see different boot ids, so
 * that another one does not prove that the host has booted since.
 */
int state_vmm_hold(const State *s, bool *ret_identified) _must_check_;

/* Why it is not known whether a VM runs: in words, from the -errno of what follows and of state_vmm_hold(). */
const char *state_why_unknown(int r);

/* 1 if the VMM that the state tells of lives, 0 if it provably does not, or -errno. The lock is the caller's
 * affair. */
int state_vmm_alive(const State *s) _must_check_;

/* 1 if this start of this id is under way or its VMM lives, without taking a lock; 0 if provably not. */
int state_invocation_alive(const StateRoot *root, const char *id, const char *invocation) _must_check_;

/* When a line is written: all of one moment together. */
typedef enum StateMoment {
        STATE_BEGIN,  /* step `state`: what will be made */
        STATE_UID,    /* step `uid`, before the uid is claimed */
        STATE_IMAGES, /* step `images`, before they are claimed */
        STATE_LOOPS,  /* step `loop`, before one is bound to a file */
        STATE_VMM,    /* step `clone`, by INSIDE about itself */
        STATE_STOP,   /* `fcjail stop`, before it asks the guest, and after it has failed to */
        STATE_CGROUP, /* step `cgroup`, by INSIDE, before it makes one */
        STATE_TAP, /* step `tap`, by INSIDE, before a TAP is persistent in a namespace that outlives the VM */
        STATE_MOMENT_LAST = STATE_TAP,
} StateMoment;

/* Replaces the content by what is known at the beginning. fd is locked. */
int state_write(int fd, const State *s) _must_check_;

/* Writes all that is known into a new file. */
int state_write_all(int fd, const State *s) _must_check_;

/* Adds what is known at that moment. */
int state_append(int fd, const State *s, StateMoment moment) _must_check_;

/* Removes the file; the caller has its lock. */
int state_remove(const StateRoot *root, const char *id) _must_check_;

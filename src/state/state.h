/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What a start has made, or is about to make, so that a cleanup that knows nothing else can take it away:
 *
 *     /run/fcjail/vm/<id>     one file per VM: lines KEY=value
 *     /run/fcjail/uid/<uid>   who has the uid: a symbolic link to "<id>/<invocation>" (uid-record.h)
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

#include "macro.h"
#include "parse.h"
#include "proc.h"

#define STATE_TAPS_MAX 8

typedef struct StateRoot {
        int fd;      /* /run/fcjail */
        int vm_fd;   /* …/vm */
        gid_t group; /* of /run/fcjail: who may use the API sockets. 0: nobody but root */
} StateRoot;

/* Opens, and makes what is missing of, /run/fcjail. 0 or -errno; *ret_culprit as chase_open(). */
int state_root_open(StateRoot *ret, char **ret_culprit) _must_check_;
void state_root_done(StateRoot *root);
#define _cleanup_state_root_ _cleanup_(state_root_done)

typedef struct State {
        char *id;
        char *boot;        /* 32 hex digits */
        char *invocation;  /* INVOCATION_ID of the start, or a random one */
        bool supervised;   /* started by systemd, which will also clean up */
        bool keep;         /* FCJAIL_KEEP */
        uint32_t uid, gid; /* 0: not yet chosen */
        char *chroot_dir;
        char *api;             /* path in the jail; NULL: no API */
        uint32_t stop_seconds; /* for ctrl-alt-del; 0: FCJAIL_STOP=kill */
        char *netns;           /* where TAPs outlive the VM: the path of a namespace, or "net:[inode]" of the
                                * one that the start ran in; NULL: there are none */
        char *taps[STATE_TAPS_MAX];
        size_t n_taps;
        ProcRef vmm; /* pid 0: never cloned */
} State;

void state_done(State *s);
#define _cleanup_state_ _cleanup_(state_done)

/* The text that marks a TAP as made for this start, as its ifalias. */
#define STATE_MARK_MAX 128
const char *state_mark(const State *s, char buf[STATE_MARK_MAX]);

/* The id in such a text, whatever start it is of. false: it is none. */
bool state_id_of_mark(const char *mark, char ret_id[ID_LEN_MAX + 1]);

/*
 * Opens the file of an id and takes its lock. With create, makes the file if there is none.
 * Returns the descriptor to hold, -ENOENT (only without create), or -EBUSY: somebody starts it, runs it by
 * hand, or cleans it up right now.
 */
int state_lock(const StateRoot *root, const char *id, bool create) _must_check_;

/* Reads the file behind fd. 0, -ENODATA: it is empty (nothing was made), -EBADMSG: not one of ours. */
int state_read(int fd, State *ret) _must_check_;

/* Opens and reads without a lock, for those who only look. -ENOENT: no such VM. */
int state_load(const StateRoot *root, const char *id, State *ret) _must_check_;

/*
 * A pidfd of the VMM that the state tells of, -ESRCH if that has provably ended, or another -errno. A process with the
 * recorded pid and start time counts as the VMM, also if /proc hides the start time. *ret_identified says whether it
 * certainly is: with the start time, and in the boot of the record. Two mount namespaces may see different boot ids, so
 * that another one does not prove that the host has booted since.
 */
int state_vmm_hold(const State *s, bool *ret_identified) _must_check_;

/* 1 if the VMM that the state tells of lives, 0 if it provably does not, or -errno. The lock is the caller's
 * affair. */
int state_vmm_alive(const State *s) _must_check_;

/* 1 if this start of this id is under way or its VMM lives, without taking a lock; 0 if provably not. */
int state_invocation_alive(const StateRoot *root, const char *id, const char *invocation) _must_check_;

/* Replaces the content by everything s holds except uid, gid and vmm, which come later. fd is locked. */
int state_write(int fd, const State *s) _must_check_;
int state_append_uid(int fd, uint32_t uid, uint32_t gid, off_t *ret_offset) _must_check_;
/* It was not to be had: the lines from the offset on are removed, or a long search would make a long file. */
int state_take_back_uid(int fd, off_t offset) _must_check_;
int state_append_vmm(int fd, const ProcRef *vmm) _must_check_;

/* Removes the file; the caller has its lock. */
int state_remove(const StateRoot *root, const char *id) _must_check_;

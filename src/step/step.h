/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The ordered table of steps, and the two ways to go through it: forwards to start, backwards to clean up.
 */

#include "jail.h"
#include "macro.h"

typedef struct Undo {
        const StateRoot *root;
        const State *state;
        char *kept; /* names that others put into the jail directory, for the log; or NULL */
} Undo;

typedef enum StepSide {
        SIDE_OUTSIDE, /* in the host's namespaces */
        SIDE_INSIDE,  /* in the process that becomes the VMM */
} StepSide;

typedef struct Step {
        const char *name;
        StepSide side;
        int (*run)(Jail *jail);
        int (*undo)(Undo *undo); /* NULL: nothing outlives the processes */
        int exit_status;         /* unless the failure says another */
        const char *message_id;
        const char *summary; /* for the man page, which a test compares */
        int (*after)(
                Jail *jail); /* the step of OUTSIDE that has to be done before this one of INSIDE; NULL: none */
} Step;

/* A step that has waited for so long says so in STATUS=. Not before: PID 1 would take a CPU from INSIDE or the VMM to read it, and
 * READY=1 would come later. */
#define STEP_PATIENCE_MS 30

extern const Step steps[];
extern const size_t n_steps;

/* The index in the table of the step that has this function. */
int step_index(int (*run)(Jail *jail)) _pure_;

/* Runs the steps of one side in order; a step of INSIDE waits for that of OUTSIDE which its row names. 0, or the -errno of
 * the first that failed, with jail->failure set. */
int steps_run(Jail *jail, StepSide side) _must_check_;

/* INSIDE's own times, as it reported them right before the exec. That of `exec` itself ends with INSIDE. */
void steps_take_times(Jail *jail, const uint32_t *usec);

/*
 * Undoes what the record names, last step first. Goes on after an error, so that as little as possible remains, and
 * returns the first one; each is logged, as MESSAGE_CLEANUP_FAILED. The record itself stays: the caller removes it on
 * success.
 */
int steps_undo(const StateRoot *root, const State *state) _must_check_;

/* The same, and removes the record. 0 or -errno; errors are logged. */
int clean_up(const StateRoot *root, const State *s) _must_check_;

/* By hand: SIGINT, SIGHUP or SIGTERM came before the VM was ready, and INSIDE or the VMM was killed for that. */
bool start_was_interrupted(void);

/* One journal entry for a failed start; returns the exit status. */
int failure_log(const Plan *plan, const Failure *failure);

/* The steps, in the order of the table. */
int step_paths(Jail *jail) _must_check_;
int step_state(Jail *jail) _must_check_;
int step_uid(Jail *jail) _must_check_;
int undo_uid(Undo *undo) _must_check_;
int step_images(Jail *jail) _must_check_;
int undo_images(Undo *undo) _must_check_;
int step_loop(Jail *jail) _must_check_;
int undo_loop(Undo *undo) _must_check_;
int step_tree(Jail *jail) _must_check_;
int undo_tree(Undo *undo) _must_check_;
int step_clone(Jail *jail) _must_check_;
int step_sock(Jail *jail) _must_check_;
int undo_sock(Undo *undo) _must_check_;
int step_pidfile(Jail *jail) _must_check_;
int step_copy(Jail *jail) _must_check_;
int step_cgroup(Jail *jail) _must_check_;
int undo_cgroup(Undo *undo) _must_check_;
int step_netns(Jail *jail) _must_check_;
int step_uplink(Jail *jail) _must_check_;
int undo_uplink(Undo *undo) _must_check_;
int step_tap(Jail *jail) _must_check_;
int undo_tap(Undo *undo) _must_check_;
int step_files(Jail *jail) _must_check_;
int step_group(Jail *jail) _must_check_;
int step_label(Jail *jail) _must_check_;
int step_mounts(Jail *jail) _must_check_;
int step_nodes(Jail *jail) _must_check_;
int step_root(Jail *jail) _must_check_;
int step_limits(Jail *jail) _must_check_;
int step_drop(Jail *jail) _must_check_;
int step_audit(Jail *jail) _must_check_;
int step_seccomp(Jail *jail) _must_check_;
int step_exec(Jail *jail) _must_check_;
int step_launch(Jail *jail) _must_check_;
int step_ready(Jail *jail) _must_check_;

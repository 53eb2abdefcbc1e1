/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What is known of one VM, for those who only look: from its record, its process, its cgroup, and its unit's state. Takes no
 * lock and changes nothing. A member of the group fcjail gets what the kernel shows to everybody. */

#include "state.h"
#include "vm-proc.h"

typedef enum VmState {
        VM_STARTING,
        VM_RUNNING,
        VM_PAUSED,
        VM_STOPPING,
        VM_FAILED,     /* its unit has, and nothing is left to clean up */
        VM_LEFTOVER,   /* a record of a VMM that has ended, and that nobody cleans up now */
        VM_UNKNOWN,    /* the VMM may be running */
        VM_UNREADABLE, /* the record */
        _VM_STATE_MAX,
        _VM_STATE_INVALID = -EINVAL, /* neither a record nor a unit that runs or has failed */
} VmState;

const char *vm_state_to_string(VmState s);

/* What the state follows from. */
typedef struct VmEvidence {
        int record; /* 0; -ENOENT: there is none; -ENODATA: nothing in it yet; or why it cannot be read */
        bool locked;
        bool was_cloned;  /* the record names the VMM, */
        int alive;        /* which lives (1), does not (0), or nobody knows (-errno) */
        bool is_jailed;   /* and has the VM's uid: its exec is done, or next */
        bool supervised;  /* by a unit */
        const char *unit; /* its ActiveState; NULL: unknown */
} VmEvidence;

VmState vm_state(const VmEvidence *e) _pure_;

typedef struct VmFacts {
        char id[ID_LEN_MAX + 1];
        VmEvidence evidence;
        VmState state;
        int error;    /* why it is unknown or unreadable */
        State record; /* STATE_NULL if there is none */
        pid_t pid;    /* 0: it does not live */
        char *api;    /* path of the socket; NULL: none */
        char *netns;  /* a path, or "net:[inode]"; NULL: hidden, or none */
        VmUsage usage;
        uint64_t since_usec; /* CLOCK_REALTIME: when the VMM, or else the record, was made; 0: unknown */
} VmFacts;

void vm_facts_done(VmFacts *v);

/* Looks at the VM of v->id. 0 or -ENOMEM. */
int vm_facts_look(const StateRoot *root, VmEyes *eyes, VmFacts *v) _must_check_;

/* Sets the state, when all evidence is there. */
void vm_facts_settle(VmFacts *v);

/* Asks the API of a running VM whether it is paused; no longer than that (CLOCK_MONOTONIC). No answer changes nothing. */
void vm_facts_ask(VmFacts *v, uint64_t deadline_usec);

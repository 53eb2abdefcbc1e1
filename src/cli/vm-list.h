/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Which VMs there are: those with a record, and those whose unit fcjail@ID.service runs or has failed. Sorted by id. */

#include "systemd.h"
#include "vm-facts.h"

typedef struct VmName {
        char id[ID_LEN_MAX + 1];
        const char *unit_state; /* borrowed from the units; NULL: unknown */
} VmName;

typedef struct VmList {
        StateRoot root;
        SystemdUnits units;
        bool units_unknown; /* systemd does not answer, or is not the init */
        VmName *names;
        size_t n_names, room;
        VmFacts *vms;
        size_t n_vms;
} VmList;

#define VM_LIST_NULL ((VmList){ .root = { .fd = -EBADF, .vm_fd = -EBADF } })

void vm_list_done(VmList *l);
#define _cleanup_vm_list_ _cleanup_(vm_list_done)

/* Finds the names. 0 or -errno of reading /run/fcjail. */
int vm_list_find(VmList *l) _must_check_;

/* Looks at all of them or, if n_ids is not 0, at those with these ids, whose API is asked too. Calls `missing` for an id that
 * nothing is known of. 0 or -ENOMEM. */
int vm_list_look(VmList *l, char *const *ids, size_t n_ids, void (*missing)(const char *id, void *userdata),
                 void *userdata) _must_check_;

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Which VMs there are: those with a record, and those whose unit fcjail@ID.service runs or has failed. Sorted by id. */

#include "systemd.h"
#include "vm-facts.h"

typedef struct VmList {
        StateRoot root;
        SystemdUnits units;
        bool units_unknown; /* systemd does not answer, or is not the init */
        char *const *ids;   /* only these */
        size_t n_ids;       /* 0: all */
        VmFacts *vms;
        size_t n_vms, room;
} VmList;

#define VM_LIST_NULL ((VmList){ .root = { .fd = -EBADF, .vm_fd = -EBADF } })

void vm_list_done(VmList *l);
#define _cleanup_vm_list_ _cleanup_(vm_list_done)

/* Looks at all of them or, if l->ids are set, at those, whose APIs are asked too. 0 or -errno of reading /run/fcjail. */
int vm_list_make(VmList *l) _must_check_;

/* NULL: nothing is known of it. */
const VmFacts *vm_list_find(const VmList *l, const char *id);

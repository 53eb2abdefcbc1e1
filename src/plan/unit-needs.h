/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What a plan needs of the VM's unit beyond what fcjail@.service has: mounts that have to be there, block devices that it
 * has to allow. fcjail-generator writes it into a drop-in, with a stamp. A start compares the stamp with that of its own
 * plan: another one means that the settings have changed since.
 */

#include "macro.h"
#include "plan.h"

/* In the unit's environment: the stamp. It does not begin with FCJAIL_, so it is no setting. */
#define UNIT_STAMP_VARIABLE "_FCJAIL_UNIT"

typedef struct UnitNeed {
        const char *path; /* on the host; the plan's */
        bool device;      /* a block device; otherwise whatever is on the mounts that lead to the path */
        bool writable;    /* of a device */
} UnitNeed;

typedef struct UnitNeeds {
        UnitNeed items[BIND_PLANS_MAX + 3]; /* sorted by path, each path once */
        size_t n_items;
        bool loop;          /* loop devices, of which a start takes any that is free */
        const char *cni_id; /* the VM, if fcjail-cni@.service makes its network; otherwise NULL */
} UnitNeeds;

void unit_needs(const Plan *p, UnitNeeds *ret);

/* The same for the same needs, and otherwise another. */
#define UNIT_STAMP_MAX 17
const char *unit_stamp(const UnitNeeds *n, char buf[UNIT_STAMP_MAX]);

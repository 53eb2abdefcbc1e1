/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "macro.h"
#include "unit-needs.h"

typedef enum DropInFlags {
        /* systemd has a unit for each block device here: it has none where it cannot write /sys, and would wait for ever. */
        DROP_IN_DEVICE_UNITS = 1 << 0,
        /* These are all needs of the VM, so a start can compare them with its own. */
        DROP_IN_COMPLETE = 1 << 1,
} DropInFlags;

/* The drop-in of a VM's unit, to be freed; "" if the VM needs nothing. 0 or -ENOMEM. */
int drop_in_make(const UnitNeeds *needs, DropInFlags flags, char **ret) _must_check_;

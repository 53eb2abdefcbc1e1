/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The sources of what is bound into the jail: opened, judged and held. */

#include <string.h>

#include "chase.h"
#include "findings.h"
#include "plan.h"

/* One for each BindPlan. */
typedef struct HostBind {
        int fd;     /* the source, O_PATH; -EBADF: see the next two */
        int dir_fd; /* the directory in which a start makes the missing file, O_PATH; -EBADF: it makes none */
        bool taken;     /* what has the name in the VM's root/ is taken instead */
        struct stat st; /* of the source, or of the directory for a missing one */
        ChaseDirs dirs; /* on the way to it */
} HostBind;

/* The VM's root/, O_PATH, by way of directories alone; base_fd is the chroot base. Or -errno. */
int host_hold_root(const Plan *plan, int base_fd) _must_check_;

/* Of n that host_binds_open() has made; NULL will do. */
void host_binds_free(HostBind *binds, size_t n);

/*
 * Opens all sources of the plan; base_fd is the chroot base. 0, also with findings, or -ENOMEM; *ret, to be freed with
 * host_binds_free(), has plan->n_binds elements, or is NULL if that is 0.
 */
int host_binds_open(const Plan *plan, int base_fd, Findings *f, HostBind **ret) _must_check_;

/* Whether a VM with the uid gets it by an idmap. */
bool host_bind_needs_map(const BindPlan *plan, const HostBind *bind, uid_t uid) _pure_;

/* For `check` by root: whether the kernel can make those maps. Whoever may not try says nothing. 0, also with findings, or
 * -ENOMEM. */
int host_binds_check_maps(const Plan *plan, const HostBind *binds, Findings *f) _must_check_;

/* For `check`: what was found becomes a part of the plan. */
void host_binds_tell(const HostBind *binds, Plan *plan);

/* How long the first of the names is that it is named by. */
static inline int bind_name(const BindPlan *b)
{
        return (int) strcspn(b->named_by, ",");
}

/* The uid on the host whose files become the VM's. UID_INVALID: all ids stay what they are. */
uid_t host_bind_from(const BindPlan *plan, const HostBind *bind) _pure_;

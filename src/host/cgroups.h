/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Where the control groups of this host are mounted. */

#include "findings.h"
#include "plan.h"

/* The hierarchy that one attribute of the plan is for. */
typedef struct HostCgroup {
        int fd; /* its root, O_PATH */
        char *path;
        bool unified; /* cgroup v2 */
} HostCgroup;

/* One for each attribute of the plan or, if it has none, one; NULL if it has no cgroup. 0, a finding's error, or -ENOMEM. */
int host_cgroups_open(const Plan *p, Findings *f, HostCgroup **ret, size_t *ret_n) _must_check_;
void host_cgroups_free(HostCgroup *c, size_t n);

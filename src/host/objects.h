/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What a start needs of the host, opened and verified, so that no path of the configuration is used again. */

#include <linux/filter.h>

#include "findings.h"
#include "macro.h"
#include "plan.h"

typedef struct HostObjects {
        int base_fd;                /* the chroot base directory, O_PATH */
        int vmm_fd;                 /* the VMM's binary */
        int config_fd;              /* FCJAIL_CONFIG; -EBADF: none */
        int netns_fd;               /* the namespace to join; -EBADF: none */
        struct sock_filter *filter; /* of FCJAIL_SECCOMP=/path; NULL: none */
        size_t n_filter;
} HostObjects;

/* Nothing is open. */
#define HOST_OBJECTS_NULL                                                                                   \
        (HostObjects)                                                                                       \
        {                                                                                                   \
                .base_fd = -EBADF, .vmm_fd = -EBADF, .config_fd = -EBADF, .netns_fd = -EBADF                \
        }

void host_objects_done(HostObjects *o);
#define _cleanup_host_objects_ _cleanup_(host_objects_done)

/*
 * Opens and checks all that the plan needs, and makes nothing. `o` gets what could be opened; the findings say what is
 * wrong, all of it at once. 0, also with findings, or -ENOMEM.
 */
int host_open(const Plan *plan, HostObjects *o, Findings *f) _must_check_;

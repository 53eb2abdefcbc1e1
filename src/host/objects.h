/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What a start needs of the host, opened and verified, so that no path of the configuration is used again. */

#include <linux/filter.h>

#include "binds.h"
#include "cgroups.h"
#include "findings.h"
#include "guest-net.h"
#include "macro.h"
#include "plan.h"
#include "vmm-files.h"

typedef struct HostObjects {
        char *config; /* FCJAIL_CONFIG=, as it was parsed, and then as the VM gets it; NULL: none, or it cannot be read */
        size_t config_size;
        VmmFiles vmm_files; /* what it names */

        int base_fd;  /* the chroot base directory, O_PATH */
        int vmm_fd;   /* the VMM's binary */
        int netns_fd; /* the namespace to join; -EBADF: none */
        int cage_fd; /* the mount namespace that holds nothing (pool/cage.h); -EBADF: a start does without */
        HostBind *binds; /* one for each of the plan's; NULL: it has none */
        size_t n_binds;
        struct sock_filter *filter; /* of FCJAIL_SECCOMP=/path; NULL: none */
        size_t n_filter;
        HostCgroup *cgroups; /* see cgroups.h; NULL: the VM has none of its own */
        size_t n_cgroups;
        GuestNet guest_net; /* of FCJAIL_CNI= */
        bool by_check;      /* nothing is started: what another unit makes first may be missing */
} HostObjects;

/* Nothing is open. */
#define HOST_OBJECTS_NULL                                                                                   \
        (HostObjects)                                                                                       \
        {                                                                                                   \
                .base_fd = -EBADF, .vmm_fd = -EBADF, .netns_fd = -EBADF, .cage_fd = -EBADF                  \
        }

void host_objects_done(HostObjects *o);
#define _cleanup_host_objects_ _cleanup_(host_objects_done)

/*
 * Reads FCJAIL_CONFIG=, before there is a plan: what it names is a part of that. 0, also with findings, or -ENOMEM.
 */
int host_read_config(const char *path, HostObjects *o, Findings *f) _must_check_;

/*
 * Opens and checks all that the plan needs, and makes nothing. `o` gets what could be opened; the findings say what is
 * wrong, all of it at once. 0, also with findings, or -ENOMEM.
 */
int host_open(const Plan *plan, HostObjects *o, Findings *f) _must_check_;

/* Some of these checks alone. They return the error of a finding, or 0. */
int host_check_user_namespace(const Plan *p, HostObjects *o, Findings *f);
int host_check_proc(const Plan *p, HostObjects *o, Findings *f);
int host_check_root(const Plan *p, HostObjects *o, Findings *f);
int host_check_writable(const Plan *p, HostObjects *o, Findings *f);
int host_check_kvm(const Plan *p, HostObjects *o, Findings *f);
int host_check_suid_dumpable(const Plan *p, HostObjects *o, Findings *f);
int host_check_tun_device(Findings *f);
int host_open_base(const Plan *p, HostObjects *o, Findings *f); /* o->base_fd */
int host_open_vmm(const Plan *p, HostObjects *o, Findings *f);  /* o->vmm_fd */

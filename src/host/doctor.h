/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The checks of `fcjail doctor`: is this host fit for VMs, and does it follow Firecracker's recommendations? Each check looks
 * at one thing and says what it has found.
 *
 * Should:  say something in any case: a file that is missing or cannot be read is also a finding.
 * Mustn't: change anything, load a module, or execute a program; look at a second copy of what a start checks.
 */

#include "findings.h"
#include "objects.h"
#include "plan.h"
#include "systemd.h"

/* Firecracker's docs/prod-host-setup.md: the topic whose rows follow its paragraphs, and the release it was read in. */
#define DOCTOR_DOCUMENT_TOPIC   "hardening"
#define DOCTOR_DOCUMENT_VERSION "1.16.1"

typedef struct DoctorHost {
        int root_fd;             /* of the host's "/", or of a test's copy of it */
        const Plan *plan;        /* of the VM or, without one, that default.env makes */
        const SystemdUnit *unit; /* NULL: systemd does not answer */
        const VmmFiles
                *files; /* what FCJAIL_CONFIG= of the VM names; NULL: there is no VM, or no such file */
} DoctorHost;

typedef struct DoctorCheck {
        const char *topic;
        const char *name;
        int (*look)(const DoctorHost *h, Findings *f);
        int (*start)(const Plan *p, HostObjects *o,
                     Findings *f); /* instead: what step `paths` does, see objects.h */
        const char *object, *fine; /* what is said if that finds nothing */
} DoctorCheck;

/* The checks in the order of their topics, from 0 on; NULL after the last. */
const DoctorCheck *doctor_check(size_t i);

/* Adds at least one finding. 0 or -ENOMEM. */
int doctor_look(const DoctorCheck *check, const DoctorHost *h, Findings *f) _must_check_;

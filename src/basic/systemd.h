/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What is said to systemd, and what it is asked. libsystemd does it in a program of its own, fcjail-systemd
 * (src/systemd/): fcjail is linked statically, because the dynamic linker takes a tenth of a start, and what it would
 * load has no business in a process with capabilities. What is to be said is collected and said at the end, by what this
 * process becomes: systemd listens to the unit's main process only.
 */

#include <stdint.h>
#include <sys/uio.h>

#include "macro.h"

/* The process was started by systemd, and not by something that systemd has started, from which it has INVOCATION_ID,
 * too: a shell in a terminal's scope or service. Reads the environment. */
bool systemd_runs_us(void);

/* Collects an entry for the journal, its fields as sd_journal_sendv(3) takes them but without NUL, or a state for
 * sd_notify(3). 0 or -errno; -ENOBUFS after 1 MiB. */
int systemd_journal(const struct iovec *fields, size_t n) _must_check_;
int systemd_notify(const char *state);

/*
 * Says what was collected: executes fcjail-systemd, without privileges, which ends with this exit status; with EX_OSERR
 * instead of 0 if systemd cannot be notified. Returns the exit status if there is nothing to say; or if that program
 * cannot be executed, after writing the entries to standard error.
 */
int systemd_finish(int status) _must_check_;

/* What a unit says that a start would find in its own process. */
typedef struct SystemdUnit {
        char **environment;     /* Environment=, NULL terminated; not what EnvironmentFile= reads */
        const char *user;       /* User=; empty: none */
        const char *group;      /* Group=; empty: none */
        const char *netns_path; /* NetworkNamespacePath=; empty: none */
        bool dynamic_user;      /* DynamicUser= */
        bool private_network;   /* PrivateNetwork=, also of JoinsNamespaceOf=, which needs it */
        uint64_t timeout_stop_usec;
        char *text; /* where all strings are */
} SystemdUnit;

void systemd_unit_done(SystemdUnit *u);
#define _cleanup_systemd_unit_ _cleanup_(systemd_unit_done)

/* Asks for a unit by D-Bus, as root the manager itself. 0, or -errno: there is no systemd, it does not know such a unit
 * (-EREMOTEIO), or does not tell us. */
int systemd_unit_query(const char *name, SystemdUnit *ret) _must_check_;

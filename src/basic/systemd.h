/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * libsystemd, loaded when it is first used. With the five libraries that it brings along it costs half a
 * millisecond, and only OUTSIDE uses it, most often when INSIDE is already on its way: linked in the usual way it
 * would delay every VM by that (docs/performance.md).
 */

#include <stdint.h>
#include <sys/uio.h>

#include "macro.h"

/* The process was started by systemd, and not by something that systemd has started, from which it has INVOCATION_ID,
 * too: a shell in a terminal's scope or service. Reads the environment. */
bool systemd_runs_us(void);

/* Loads it now, so that nobody has to wait for it later. */
void systemd_load(void);

/* sd_journal_sendv(3), sd_notify(3). -ELIBACC: the library cannot be loaded. */
int systemd_journal_sendv(const struct iovec *iov, int n) _must_check_;
int systemd_notify(const char *state);

/* What a unit says that a start would find in its own process; by D-Bus, from the manager itself for root. */
typedef struct SystemdUnit {
        char **environment;  /* Environment=, NULL terminated; not what EnvironmentFile= reads */
        char *user, *group;  /* User=, Group=; empty: none */
        char *netns_path;    /* NetworkNamespacePath=; empty: none */
        int dynamic_user;    /* booleans */
        int private_network; /* also of JoinsNamespaceOf=, which needs it */
        uint64_t timeout_stop_usec;
} SystemdUnit;

void systemd_unit_done(SystemdUnit *u);
#define _cleanup_systemd_unit_ _cleanup_(systemd_unit_done)

/* 0, or -errno: there is no systemd, or it does not know such a unit, or does not tell us. */
int systemd_unit_query(const char *unit, SystemdUnit *ret) _must_check_;

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Messages to systemd, and queries. A message is a datagram, by two protocols that are documented and stable: sd_notify(3)
 * and https://systemd.io/JOURNAL_NATIVE_PROTOCOL/. A query takes libsystemd, which is in a program of its own,
 * fcjail-systemd: fcjail is linked statically, because the dynamic linker takes a tenth of a start, and libsystemd has no
 * business in a process with capabilities.
 */

#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "macro.h"
#include "systemd-query.h"

/* systemd started this process itself, not through a process that passed INVOCATION_ID on, such as a shell in a terminal's
 * scope or service. Reads the environment. */
bool systemd_runs_us(void);

/* The process has inherited NOTIFY_SOCKET from the one that systemd started, and systemd listens to that one only. */
bool systemd_listens_to_another(void);

/* systemd is the init of this system, as sd_booted(3) has it. */
bool systemd_is_init(void);

/* A socket to the journal, or to the address in NOTIFY_SOCKET. Neither is inherited by an exec. -errno; -EAFNOSUPPORT: the
 * address is neither a path nor '@' and an abstract name. */
int systemd_connect_journal(void) _must_check_;
int systemd_connect_notify(const char *address) _must_check_;

/* Adds a field to the text of an entry. The value may have any characters; errors are those of the stream. */
void systemd_put_field(FILE *entry, const char *name, const char *value);

/* Sends an entry, of any size. 0 or -errno; -ETIMEDOUT after a second in which the journal took nothing, or at once if it
 * may not wait. */
int systemd_send_entry(int fd, const char *entry, size_t size, bool may_wait) _must_check_;

/* Sends a state, such as "READY=1". 0 or -errno; -ETIMEDOUT after 75 s in which systemd took nothing. */
int systemd_notify(int fd, const char *state) _must_check_;

/* Sends STATUS=, for people: it does not wait, and is lost if systemd does not take it at once. Without a socket (-EBADF)
 * it does nothing. */
void systemd_notify_status(int fd, const char *format, ...) _printf_(2, 3);

/* What a unit sets and a start finds in its own process. */
typedef struct SystemdUnit {
        char **environment;     /* Environment=, NULL terminated; not what EnvironmentFile= reads */
        const char *user;       /* User=; empty: none */
        const char *group;      /* Group=; empty: none */
        const char *netns_path; /* NetworkNamespacePath=; empty: none */
        bool dynamic_user;      /* DynamicUser= */
        bool private_network;   /* PrivateNetwork=, also of JoinsNamespaceOf=, which needs it */
        bool private_users, private_devices;
        const char *proc_subset, *root_directory;
        const char *version;        /* of systemd itself: digits, and what distributions add */
        uint64_t timeout_stop_usec; /* 0: unknown, UINT64_MAX: none, as with those below */
        uint64_t memory_high, memory_max, tasks_max; /* bytes, bytes, threads */
        char *text;                                  /* where all strings are */
} SystemdUnit;

void systemd_unit_done(SystemdUnit *u);

/* It does not start in PID 1's network namespace. */
bool systemd_unit_has_netns(const SystemdUnit *u) _pure_;
#define _cleanup_systemd_unit_ _cleanup_(systemd_unit_done)

/* Asks for a unit by D-Bus, as root the manager itself. 0, or -errno: fcjail-systemd cannot be executed, or has said on
 * standard error why there is no answer (-EREMOTEIO). */
int systemd_unit_query(const char *name, SystemdUnit *ret) _must_check_;

/* A loaded unit. */
typedef struct SystemdUnitState {
        const char *name;
        const char *active; /* ActiveState: "active", "failed" … */
} SystemdUnitState;

typedef struct SystemdUnits {
        SystemdUnitState *items;
        size_t n_items;
        char *text; /* where all strings are */
} SystemdUnits;

void systemd_units_done(SystemdUnits *u);
#define _cleanup_systemd_units_ _cleanup_(systemd_units_done)

/* Asks in one call for all loaded units whose names match. 0 or -errno, as above. */
int systemd_units_ask(const char *pattern, SystemdQuestion *ret) _must_check_;

/* Waits for the answer, at most 5 s; it is in no order. */
int systemd_units_answer(SystemdQuestion *q, SystemdUnits *ret) _must_check_;

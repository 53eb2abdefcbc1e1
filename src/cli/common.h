/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What several verbs do in the same way. */

#include <sys/types.h>

#include "config.h"
#include "host.h"
#include "macro.h"
#include "objects.h"
#include "plan.h"
#include "state.h"

/* Returns an exit status (0: go on), after saying what is wrong. */
int check_id(const char *id);

/* Returns an exit status, after saying what is wrong. Refuses a setuid program. */
int become_root(Caller *ret);

/* Opens /run/fcjail, and makes it if it is missing. Returns an exit status, after saying what is wrong. */
int open_state(StateRoot *ret);

/* The lock /run/fcjail/<verb>.lock, of a verb that one process at a time may run: waits so many seconds. A descriptor, or -errno
 * after saying what is wrong. */
int lock_verb(const StateRoot *root, const char *verb, unsigned seconds) _must_check_;

/* Logs that the helper lacks one of the capabilities that a start needs, by a unit or in the place of Firecracker's jailer; an
 * exit status. */
int check_capabilities(bool in_place_of_jailer);

/* One line for each, at its priority. */
void log_diagnostics(const Diagnostics *d);
void log_finding(const Finding *f);

/* Config and plan of an id; *o gets FCJAIL_CONFIG=, *f what is wrong with that, and warnings. 0; -EBADMSG: *d has all
 * errors; or -errno. */
int read_plan(const char *id, const Caller *caller, HostObjects *o, Diagnostics *d, Findings *f, Plan *ret)
        _must_check_;

/* The exit status of that error, after saying what `d` does not. */
int fail_plan(const char *id, int r);

/* The same for a start: all errors and warnings are logged, but for what is wrong with FCJAIL_CONFIG=. An exit status. */
int load_plan(const char *id, const Caller *caller, HostObjects *o, Findings *f, Plan *ret);

/* Logs that a record could not be read, with what mends it; r is the -errno. Returns an exit status. */
int log_bad_record(const char *id, int r);

/* The directory run/ of a VM's jail, from its record. A descriptor or -errno. */
int open_run_dir(const State *s) _must_check_;

/* The name in run/ of the API socket. */
const char *api_name(const char *api);

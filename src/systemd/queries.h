/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The queries of fcjail-systemd that have a file of their own. Each writes its answer to standard output, and returns the exit
 * status. */

/* The entries of the last `max` starts of a VM, the newest first: strings KEY=value, each with its NUL, and an empty one after
 * each entry. REALTIME= is the time of the entry in µs since 1970; FCJAIL_PID= and FCJAIL_USEC…= are as in the journal. */
int query_starts(const char *id, const char *max);

/* The last lines of a VM's console, for people; then, if `stay` is not empty, what follows until somebody kills the process. */
int query_follow(const char *id, const char *lines, const char *stay);

/* The last `max` lines that the service fcjail@ID has written to its standard output in that invocation, newest first, each with
 * its NUL. */
int query_console(const char *id, const char *invocation, const char *max);

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * How fcjail and fcjail-systemd speak with each other. Both are of one build, so there are no versions.
 *
 *   fcjail-systemd send STATUS   Standard input is a file of strings, each with its NUL. A record is a word, what belongs
 *                                to it, and an empty string. After PEER_JOURNAL come the fields of an entry, after
 *                                PEER_NOTIFY one state. Ends with STATUS.
 *   fcjail-systemd unit NAME     Writes such strings, PROPERTY=value, to standard output: Environment= once for each
 *                                variable, booleans as 0 or 1.
 */

#include "macro.h"

#define PEER_JOURNAL "journal"
#define PEER_NOTIFY  "notify"

/* More than any log of a start, and any unit, can have. */
#define PEER_TEXT_MAX (1024U * 1024U)

/* Executes it with these two arguments, without capabilities and the means to get some. -errno: could not. */
int peer_exec(const char *verb, const char *argument);

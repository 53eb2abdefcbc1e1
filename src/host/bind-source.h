/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* One source that is being looked at. Only for binds.c and its parts. */

#include <sysexits.h>

#include "binds.h"

typedef struct Source {
        const Plan *plan;
        const BindPlan *bind;
        Findings *findings;
        HostBind *host;
} Source;

/* Returns the error of its finding about the object, with what names the bind. */
#define WRONG_OBJECT(s, error, exit_status, object, remedy, format, ...)                                    \
        findings_add((s)->findings, SEVERITY_ERROR, error, exit_status, object, remedy, format " (%s)",     \
                     ##__VA_ARGS__, (s)->bind->named_by)

/* The same about the source. */
#define WRONG(s, error, exit_status, remedy, ...)                                                           \
        WRONG_OBJECT(s, error, exit_status, (s)->bind->source, remedy, __VA_ARGS__)

/* Opens and judges it; fills in fd, or dir_fd, st and dirs. 0, or the error of its finding. */
int source_hold(Source *s);

/* Whether an operator has something in root/ (or -errno) under the name: 1, 0, or the error of its finding. */
int source_is_taken(const Source *s, int root_fd);

/* Says so, unless the host has nothing of that name. */
int source_note_taken(const Source *s);

/* Whether a start can make a place in root/ to mount it on. 0, or the error of its finding. */
int source_check_place(const Source *s, int root_fd);

/* Whether the directory that is bound above it has such a place. All sources are held. */
int source_check_covered(const Source *s, const HostBind *binds);

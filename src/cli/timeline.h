/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The starts of a VM, from the journal entries in which they tell how long each step took. */

#include <json-c/json.h>
#include <stdint.h>
#include <stdio.h>

#include "jail.h"
#include "macro.h"

/* The configuration, and the steps. */
#define PHASES_MAX (STEPS_MAX + 1)

typedef struct Phase {
        const char *name;
        bool inside;         /* in the process that becomes the VMM; see architecture.md */
        uint64_t start_usec; /* after the begin of the start */
        uint64_t usec;
} Phase;

typedef struct Start {
        uint64_t realtime_usec; /* when the VM was ready; since 1970 */
        uint64_t usec;          /* how long the start took */
        uint64_t pid;           /* of the VMM */
        Phase phases[PHASES_MAX];
        size_t n_phases;
} Start;

/* The newest first. */
typedef struct Starts {
        Start *items;
        size_t n_items;
} Starts;

void starts_done(Starts *s);
#define _cleanup_starts_ _cleanup_(starts_done)

/* From what `fcjail-systemd starts` writes: see there. The text is changed. An entry without the times of a start is left out.
 * 0 or -ENOMEM. */
int starts_parse(char *text, size_t size, Starts *ret) _must_check_;

/* One start, a line for each phase; at most `columns` wide. */
void start_print(const Start *s, const char *id, unsigned columns, FILE *f);

/* The same as a picture. */
void start_draw(const Start *s, const char *id, FILE *f);

/* A line for each phase, with the median and other percentiles of all starts. 0, -ENOMEM or -EIO. */
int starts_print_percentiles(const Starts *s, const char *id, FILE *f) _must_check_;

/* NULL: no memory. */
struct json_object *starts_json(const Starts *s, const char *id);

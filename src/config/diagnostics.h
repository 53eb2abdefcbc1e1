/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Errors in what an operator wrote, collected so that all of them are reported at once. Each is one sentence
 * that names place, key and remedy: "/etc/fcjail/web1.env:12: FCJAIL_UID= must be a number from 1 to
 * 4294967293, not 'x'".
 */

#include "macro.h"
#include "place.h"

/* Stable order: it is also the index into the table of message ids that main logs them with. */
typedef enum DiagnosticKind {
        DIAGNOSTIC_SYNTAX,      /* not an assignment, an open quote, NUL, not UTF-8, too long */
        DIAGNOSTIC_UNKNOWN_KEY, /* FCJAIL_* that is not in the table */
        DIAGNOSTIC_DUPLICATE,   /* a key twice in one file, or a key and its alias with different values */
        DIAGNOSTIC_VALUE,       /* a value its key does not take */
        DIAGNOSTIC_UNSAFE_FILE, /* a file or directory that others than root can change, or that cannot be read */
        DIAGNOSTIC_UNKNOWN_ID, /* nothing is configured for this id */
        DIAGNOSTIC_CONFLICT,   /* values that contradict each other or the host */
        _DIAGNOSTIC_MAX,
        _DIAGNOSTIC_INVALID = -EINVAL,
} DiagnosticKind;

typedef struct Diagnostic {
        DiagnosticKind kind;
        char *file;    /* NULL: it is not about a file */
        unsigned line; /* 0: none */
        char *key;     /* NULL: none */
        char *text;    /* the whole sentence, with the place in front */
} Diagnostic;

typedef struct Diagnostics {
        Diagnostic *items;
        size_t n_items;
} Diagnostics;

void diagnostics_done(Diagnostics *d);

/* Adds one, with the place in front of its text; NULL: none. Copies everything; control characters in the text are
 * shown escaped. Always returns -EBADMSG (or -ENOMEM), so that the caller can return it. */
int diagnostics_add(Diagnostics *d, DiagnosticKind kind, const Place *place, const char *key,
                    const char *format, ...) _printf_(5, 6);

/* After diagnostics_add(): an error is in the list, and the work goes on; only the lack of memory ends it. 0 or r. */
static inline int diagnostics_go_on(int r)
{
        return r == -EBADMSG ? 0 : r;
}

/* The same about a file as a whole. */
#define diagnostics_add_file(d, kind, path, ...)                                                            \
        diagnostics_add(d, kind, &(const Place){ PLACE_FILE, path, 0 }, NULL, __VA_ARGS__)

#define _cleanup_diagnostics_ _cleanup_(diagnostics_done)

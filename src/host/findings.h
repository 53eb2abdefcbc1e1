/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the checks of the host found, collected so that everything is reported at once: which object, what is wrong with it,
 * and the remedy. */

#include "macro.h"

typedef enum Severity {
        SEVERITY_OK,      /* `doctor` has looked, and all is well; no other verb says so */
        SEVERITY_NOTE,    /* a start works, or this user could not look at it */
        SEVERITY_WARNING, /* a start may fail, or the VM later, or something that was asked for */
        SEVERITY_ERROR,   /* a start fails */
        _SEVERITY_MAX,
} Severity;

typedef struct Finding {
        Severity severity;
        int error;          /* -errno */
        int exit_status;    /* of such a start, sysexits(3) */
        char *object;       /* a path, a label, a sysctl */
        char *text;         /* a sentence whose subject is the object, with the remedy */
        size_t n_sentence;  /* how many bytes of the text the sentence has without the remedy */
        const char *remedy; /* in the text; NULL: there is none */
} Finding;

typedef struct Findings {
        Finding *items;
        size_t n_items;
} Findings;

void findings_done(Findings *f);
#define _cleanup_findings_ _cleanup_(findings_done)

/* Adds one: the format continues a sentence about the object, and remedy, unless it is NULL, follows. Copies everything,
 * with control characters escaped. Always returns the error (or -ENOMEM), so that the caller can return it. */
int findings_add(Findings *f, Severity severity, int error, int exit_status, const char *object,
                 const char *remedy, const char *format, ...) _printf_(7, 8);

/* "ok", "note", "warning" or "error". */
const char *severity_to_string(Severity s) _pure_;

/* The first error, or NULL. */
const Finding *findings_error(const Findings *f) _pure_;

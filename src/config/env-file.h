/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The syntax of an env file: bytes in, assignments out. */

#include "diagnostics.h"
#include "macro.h"

/* The limit of one file, in bytes: generous for what a person writes, small for a parser. */
#define ENV_FILE_SIZE_MAX 65536

/* A file that is being read. */
typedef struct EnvFile {
        char *p, *end; /* what is still to be read */
        unsigned line;
        const char *name;
        Diagnostics *d;
} EnvFile;

typedef struct EnvEntry {
        const char *key, *value; /* in the text of the file */
        unsigned line;           /* the first of the assignment */
} EnvEntry;

/*
 * Begins to read a text. Entries are made in it, so it is changed, and data[size] must also be writable. `name` is for
 * messages only. A file that is not text or too large adds one error to `d`, and has no entries.
 *
 * Returns 0 or -ENOMEM.
 */
int env_file_begin(char *data, size_t size, const char *name, Diagnostics *d, EnvFile *ret) _must_check_;

/*
 * The next good assignment, in the order of the file; a key may be there twice. Everything that is wrong before it
 * goes to `d`. Returns 1, 0 at the end, or -ENOMEM.
 */
int env_file_next(EnvFile *f, EnvEntry *ret) _must_check_;

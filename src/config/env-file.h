/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The syntax of an env file: bytes in, assignments out. */

#include "diagnostics.h"
#include "macro.h"

/* Limits of one file. They are generous for a file that a person writes and small for a parser. */
#define ENV_FILE_SIZE_MAX  65536 /* bytes */
#define ENV_FILE_LINES_MAX 1024

typedef struct EnvEntry {
        char *key;
        char *value;
        unsigned line; /* the first of the assignment */
} EnvEntry;

typedef struct EnvFile {
        EnvEntry *entries; /* in the order of the file; a key may be there twice */
        size_t n_entries;
} EnvFile;

void env_file_done(EnvFile *f);

/*
 * Parses the text of a file. `name` is for messages only. Pure.
 *
 * Returns 0 and the good assignments in *ret, to be freed with env_file_done(), or -ENOMEM. Everything that
 * is wrong goes to `d`, so the caller must look there: 0 does not say that the file is all right. A file
 * that is not text or above a limit has one error and no entries.
 */
int env_file_parse(const char *data, size_t size, const char *name, Diagnostics *d, EnvFile *ret)
        _must_check_;

#define _cleanup_env_file_ _cleanup_(env_file_done)

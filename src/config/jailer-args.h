/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The command line of Firecracker's jailer, v1.16, as a Config. Its options and what they mean are those of its
 * documentation (docs/jailer.md); "--name=value" is taken as well as "--name value".
 */

#include <stdio.h>

#include "config.h"

typedef enum JailerRequest {
        JAILER_START,
        JAILER_HELP,
        JAILER_VERSION,
} JailerRequest;

typedef struct JailerArgs {
        JailerRequest request;
        const char *id; /* borrowed; a valid one */
        Config config;  /* paths are as they were given; vmm_args is what follows "--" */
} JailerArgs;

void jailer_args_done(JailerArgs *a);
#define _cleanup_jailer_args_ _cleanup_(jailer_args_done)

/* argv: what follows the name of the program, NULL terminated. 0; -EINVAL: *ret_why is one line, to be freed, that names
 * the option; -ENOMEM. */
int jailer_args_parse(char *const *argv, JailerArgs *ret, char **ret_why) _must_check_;

/* Puts what the command line says over settings of files, and takes them. */
void jailer_args_over(JailerArgs *a, Config *files);

/* One line for each option. */
void jailer_args_help(FILE *f);

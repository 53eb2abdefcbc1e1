/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What follows the verb on the command line. */

#include <getopt.h>

#include "macro.h"

/* Of one verb, with the end of the list. */
#define OPTIONS_MAX 8

typedef struct CommandLine {
        char **args; /* without the options; NULL terminated */
        int n_args;
        bool help;
        const struct option *options;    /* that the verb takes: from its row in main.c */
        const char *values[OPTIONS_MAX]; /* of each: NULL: not given; empty: given, and has no value */
} CommandLine;

/* argv[0] is the verb; its strings are borrowed and change places. Options of the verb have the value 0 and no flag. Every
 * verb has --help. -EINVAL for an unknown option, which it names on standard error. */
int command_line_parse(int argc, char **argv, const struct option options[OPTIONS_MAX], CommandLine *ret)
        _must_check_;

/* The value of an option that the verb takes; NULL: it was not given. */
const char *option_value(const CommandLine *c, const char *name);

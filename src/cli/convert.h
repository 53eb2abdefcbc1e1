/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What others have said to another program, as settings of fcjail: a shell script that writes them and starts the VM. What
 * has no counterpart is a comment in it.
 */

#include <stdio.h>

#include "jailer-args.h"

/* 0; -EINVAL: *ret_why is one line, to be freed, that says what cannot be in a setting; -ENOMEM. */
int convert_jailer(const JailerArgs *a, FILE *f, char **ret_why) _must_check_;

/* Of NULL terminated "KEY=value" strings those that are metald's. Returns as above. */
int convert_metald(char *const *environment, FILE *f, char **ret_why) _must_check_;

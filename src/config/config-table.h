/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Every key there is: what reads it, what it takes, where it goes. fcjail.env(5) describes the same ones. */

#include "config.h"
#include "macro.h"

/*
 * Reads a value into `field`, which is the member of Config that the row points to, or the Config itself for
 * a value that has several members. What was there before is freed, but for binds, which add up; it is untouched on
 * failure.
 *
 * Returns 0, -EINVAL or -ENOMEM. With -EINVAL *ret_why, if set (to be freed), continues the sentence
 * "FCJAIL_X= …" in place of "must be <takes>, not '<value>'".
 */
typedef int (*ConfigParse)(const char *value, void *field, char **ret_why);

typedef struct ConfigKey {
        const char *name;
        ConfigParse parse;
        size_t offset;        /* of the member in Config */
        const char *takes;    /* "must be …" */
        const char *alias_of; /* NULL: it is a key of its own */
        bool default_only;    /* only default.env and default.env.d may have it */
        bool by_jailer;       /* jailer.env and jailer.env.d may have it, */
        bool only_by_jailer;  /* and nothing else */
} ConfigKey;

extern const ConfigKey config_keys[]; /* CONFIG_KEYS_MAX of them */

/* It looks like a key of fcjail's or of metald's, also if there is no such key. */
bool config_key_is_ours(const char *name) _pure_;

/* The row, or NULL. */
const ConfigKey *config_key_find(const char *name) _pure_;

/* The row whose name is so close to an unknown one that it may be what was meant, or NULL. */
const ConfigKey *config_key_guess(const char *name) _pure_;

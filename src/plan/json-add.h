/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What `fcjail check --json` prints is put together with these: the plan here, the findings in cli/. Each returns 0 or
 * -ENOMEM. */

#include <json-c/json.h>
#include <stdint.h>
#include <stdio.h>

#include "macro.h"

/* Adds a member; -ENOMEM if the value could not be made. Takes the value in any case. */
static inline int add_member(struct json_object *o, const char *name, struct json_object *value)
{
        if (!value)
                return -ENOMEM;
        if (json_object_object_add(o, name, value) < 0) {
                json_object_put(value);
                return -ENOMEM;
        }
        return 0;
}

static inline int add_string(struct json_object *o, const char *name, const char *value)
{
        return value ? add_member(o, name, json_object_new_string(value)) : 0;
}

static inline int add_number(struct json_object *o, const char *name, uint32_t value)
{
        return value != 0 ? add_member(o, name, json_object_new_int64(value)) : 0;
}

/* Also if it is 0. JSON's readers know numbers up to 2^63 - 1. */
static inline int add_u64(struct json_object *o, const char *name, uint64_t value)
{
        return add_member(o, name, json_object_new_int64((int64_t) value));
}

static inline int add_bool(struct json_object *o, const char *name, bool value)
{
        return add_member(o, name, json_object_new_boolean(value));
}

static inline int add_value(struct json_object *array, struct json_object *value)
{
        if (!value)
                return -ENOMEM;
        if (json_object_array_add(array, value) < 0) {
                json_object_put(value);
                return -ENOMEM;
        }
        return 0;
}

/* Several results: the first that is bad. */
static inline int first_error(const int *results, size_t n)
{
        FOREACH_ARRAY (r, results, n)
                if (*r < 0)
                        return *r;
        return 0;
}

#define ALL(...)                                                                                            \
        first_error((const int[]){ __VA_ARGS__ }, sizeof((const int[]){ __VA_ARGS__ }) / sizeof(int))

/* The object on one line, to be freed. */
static inline int json_line(struct json_object *o, char **ret)
{
        const char *text =
                json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);

        return text && ASPRINTF(ret, "%s\n", text) >= 0 ? 0 : -ENOMEM;
}

static inline void json_putp(struct json_object **o)
{
        json_object_put(*o);
}
#define _cleanup_json_ _cleanup_(json_putp)

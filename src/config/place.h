/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Where a setting was written. A new source of settings is a kind here, and a line in place.c. */

#include "macro.h"

typedef enum PlaceKind {
        PLACE_NONE = 0,    /* nobody has written it */
        PLACE_FILE,        /* `name` is its path */
        PLACE_UNIT,        /* Environment= of the unit `name` */
        PLACE_ENVIRONMENT, /* of the process */
} PlaceKind;

typedef struct Place {
        PlaceKind kind;
        const char *name;
        unsigned line; /* 0: all of it */
} Place;

/* As a message names it: "/etc/fcjail/web1.env:12", "Environment= of fcjail@web1.service", "the environment"; "" for
 * none. To be freed. NULL: no memory. */
char *place_to_string(const Place *p);

/* SPDX-License-Identifier: Apache-2.0 */

#include <stdio.h>
#include <string.h>

#include "place.h"

char *place_to_string(const Place *p)
{
        char *s;
        int k = -1;

        switch (p->kind) {
        case PLACE_NONE:
                return strdup("");
        case PLACE_FILE:
                k = p->line > 0 ? asprintf(&s, "%s:%u", p->name, p->line) : asprintf(&s, "%s", p->name);
                break;
        case PLACE_UNIT:
                k = asprintf(&s, "Environment= of %s", p->name);
                break;
        case PLACE_ENVIRONMENT:
                return strdup("the environment");
        }

        return k < 0 ? NULL : s;
}

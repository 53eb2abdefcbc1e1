/* SPDX-License-Identifier: Apache-2.0 */

#include <stdio.h>
#include <string.h>

#include "device-unit.h"

#define SUFFIX ".device"

/* In a unit's name it stands for itself. A "-" is a "/", and a dot in front would hide the unit's file. */
static bool is_plain(const char *path, const char *p)
{
        return (*p >= '0' && *p <= '9') || (*p >= 'A' && *p <= 'Z') || (*p >= 'a' && *p <= 'z') ||
               *p == ':' || *p == '_' || (*p == '.' && p > path);
}

int device_unit_name(const char *path, char ret[UNIT_NAME_SIZE])
{
        char name[UNIT_NAME_SIZE] = "";
        size_t n = 0;

        path++; /* without the first '/' */
        for (const char *p = path; *p; p++) {
                const bool plain = *p == '/' || is_plain(path, p);

                if (n + (plain ? 1 : strlen("\\x2d")) + sizeof(SUFFIX) > sizeof(name))
                        return -ENAMETOOLONG;
                if (plain)
                        name[n++] = (char) (*p == '/' ? '-' : *p);
                else
                        n += (size_t) snprintf(name + n, sizeof(name) - n, "\\x%02x", (unsigned char) *p);
        }

        (void) snprintf(ret, UNIT_NAME_SIZE, "%.*s" SUFFIX, (int) n, name);
        return 0;
}

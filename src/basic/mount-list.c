/* SPDX-License-Identifier: Apache-2.0 */

#include <string.h>

#include "mount-list.h"
#include "parse.h"

static int octal(const char *s)
{
        int n = 0;

        for (size_t i = 0; i < 3; i++) {
                if (s[i] < '0' || s[i] > '7')
                        return -EBADMSG;
                n = n * 8 + (s[i] - '0');
        }
        return n <= 0xff ? n : -EBADMSG;
}

/* The kernel writes a blank, a tab, a newline and a backslash as "\040" and so on. */
static int unescape(char *s)
{
        char *to = s;

        for (; *s; s++) {
                int c = *s == '\\' ? octal(s + 1) : (unsigned char) *s;

                if (c < 0)
                        return c;
                if (*s == '\\')
                        s += 3;
                *to++ = (char) c;
        }
        *to = '\0';
        return 0;
}

/* "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue": how many there are before the dash is
 * open. */
int mount_line_parse(char *line, MountLine *ret)
{
        char *fields[5] = {}, *rest = line, *type, *path;

        line[strcspn(line, "\n")] = '\0';
        FOREACH_ARRAY (field, fields, ELEMENTSOF(fields)) {
                *field = strsep(&rest, " ");
                if (!*field)
                        return -EBADMSG;
        }
        path = fields[4];
        rest = rest ? strstr(rest, " - ") : NULL;
        if (!rest || parse_u64(fields[0], 0, UINT64_MAX, &ret->id) < 0 || unescape(path) < 0)
                return -EBADMSG;
        rest += strlen(" - ");
        type = strsep(&rest, " ");
        (void) strsep(&rest, " "); /* the source */
        if (!rest)
                return -EBADMSG;
        ret->path = path;
        ret->type = type;
        ret->options = rest;
        return 0;
}

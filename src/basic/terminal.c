/* SPDX-License-Identifier: Apache-2.0 */

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "terminal.h"

static bool is_false(const char *s)
{
        static const char *const words[] = { "0", "no", "n", "false", "f", "off" };

        FOREACH_ARRAY (w, words, ELEMENTSOF(words))
                if (strcasecmp(s, *w) == 0)
                        return true;
        return false;
}

bool terminal_colors(int fd)
{
        const char *colors = getenv("SYSTEMD_COLORS"), *term = getenv("TERM");

        if (colors)
                return !is_false(colors);
        return !getenv("NO_COLOR") && term && strcmp(term, "dumb") != 0 && isatty(fd);
}

/* SPDX-License-Identifier: Apache-2.0 */

#include <stdlib.h>
#include <string.h>

#include "console-line.h"
#include "text.h"

/* The length of "\033[1;32m", if s begins so; 0: it does not. */
static size_t color_length(const char *s, const char *end)
{
        const char *p = s + 2;

        if (end - s < 3 || s[0] != '\033' || s[1] != '[')
                return 0;
        while (p < end && ((*p >= '0' && *p <= '9') || *p == ';'))
                p++;
        return p < end && *p == 'm' ? (size_t) (p - s) + 1 : 0;
}

/* A string: without NULs. */
static char *without_colors(const char *line, size_t size)
{
        const char *end = line + size;
        char *copy = malloc(size + 1), *to = copy;
        size_t n;

        if (!copy)
                return NULL;
        for (const char *s = line; s < end; s += n) {
                n = color_length(s, end);
                if (n == 0 && *s)
                        *to++ = *s;
                n = n > 0 ? n : 1;
        }
        *to = '\0';
        return copy;
}

static int put_escaped(const char *s, FILE *f)
{
        _cleanup_free_ char *escaped = text_escape(s);

        if (!escaped)
                return -ENOMEM;
        (void) fputs(escaped, f);
        return 0;
}

int console_line_put(const char *line, size_t size, FILE *f)
{
        _cleanup_free_ char *copy =
                without_colors(line, size > 0 && line[size - 1] == '\r' ? size - 1 : size);
        char *rest = copy, *piece;
        int r = 0;

        if (!copy)
                return -ENOMEM;
        while (r >= 0 && (piece = strsep(&rest, "\t"))) {
                r = put_escaped(piece, f);
                (void) fputc(rest ? '\t' : '\n', f);
        }
        return r;
}

/* SPDX-License-Identifier: Apache-2.0 */

#include <stdio.h>
#include <string.h>

#include "text.h"

static bool is_noncharacter(uint32_t c)
{
        return (c >= 0xfdd0 && c <= 0xfdef) || (c & 0xfffe) == 0xfffe;
}

/* The length of a character that starts with this byte, and the least value that it may have then. */
static int first_byte(unsigned char b, uint32_t *ret_bits, uint32_t *ret_min)
{
        static const struct {
                unsigned char mask, value;
                uint32_t min;
        } forms[] = {
                { 0x80, 0x00, 0 },
                { 0xe0, 0xc0, 0x80 },
                { 0xf0, 0xe0, 0x800 },
                { 0xf8, 0xf0, 0x10000 },
        };

        for (size_t i = 0; i < ELEMENTSOF(forms); i++)
                if ((b & forms[i].mask) == forms[i].value) {
                        *ret_bits = b & (unsigned char) ~forms[i].mask;
                        *ret_min = forms[i].min;
                        return (int) i + 1;
                }

        return -EINVAL;
}

int utf8_decode(const char *s, size_t n, uint32_t *ret)
{
        uint32_t c, min;
        int len;

        assert(n > 0);

        len = first_byte((unsigned char) s[0], &c, &min);
        if (len < 0 || (size_t) len > n)
                return -EINVAL;

        for (int i = 1; i < len; i++) {
                unsigned char b = (unsigned char) s[i];

                if ((b & 0xc0) != 0x80)
                        return -EINVAL;
                c = c << 6 | (b & 0x3f);
        }
        if (c < min || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
                return -EINVAL;
        if (is_noncharacter(c) || c == 0xfeff)
                return -ERANGE;

        *ret = c;
        return len;
}

bool utf8_valid(const char *s)
{
        size_t n = strlen(s);
        uint32_t c;

        while (n > 0) {
                int len = utf8_decode(s, n, &c);
                if (len < 0)
                        return false;
                s += len;
                n -= (size_t) len;
        }

        return true;
}

static bool is_harmless(uint32_t c)
{
        return c >= 0x20 && !(c >= 0x7f && c <= 0x9f) && /* C0, DEL, C1 */
               !(c >= 0x2028 && c <= 0x202e) &&
               !(c >= 0x2066 && c <= 0x2069) &&           /* line ends, bidirectional */
               c != 0x061c && c != 0x200e && c != 0x200f; /* marks of the direction */
}

static size_t escape_byte(char *p, unsigned char b)
{
        static const char hex[] = "0123456789abcdef";
        const char *short_form = b == '\n' ? "\\n" : b == '\t' ? "\\t" : b == '\r' ? "\\r" : NULL;

        if (short_form) {
                memcpy(p, short_form, 2);
                return 2;
        }

        p[0] = '\\';
        p[1] = 'x';
        p[2] = hex[b >> 4];
        p[3] = hex[b & 0xf];
        return 4;
}

char *text_escape(const char *s)
{
        size_t n = strlen(s);
        uint32_t c;

        char *escaped = malloc(4 * n + 1), *p = escaped;
        if (!escaped)
                return NULL;

        while (n > 0) {
                int decoded = utf8_decode(s, n, &c);
                size_t len = decoded > 0 ? (size_t) decoded : 1;

                if (decoded > 0 && is_harmless(c))
                        p = mempcpy(p, s, len);
                else
                        for (size_t i = 0; i < len; i++)
                                p += escape_byte(p, (unsigned char) s[i]);
                s += len;
                n -= len;
        }

        *p = '\0';
        return escaped;
}

const char *text_cut(CutText *buf, const char *s)
{
        size_t n = strnlen(s, TEXT_CUT_MAX);

        /* Does not cut within a character: the first byte left out never continues one. */
        while (n > 0 && ((unsigned char) s[n] & 0xc0) == 0x80)
                n--;

        (void) snprintf(buf->s, sizeof(buf->s), "%.*s%s", (int) n, s, s[n] ? "…" : "");
        return buf->s;
}

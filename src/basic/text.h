/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Text from outside: whether it is text at all, and how it is shown in a message. */

#include <stdint.h>

#include "macro.h"

/* Decodes the first character of the n bytes at s, NUL included. Returns its length in bytes, -EINVAL if it is not
 * UTF-8 (RFC 3629: no overlong forms, no surrogates), or -ERANGE if it is one that systemd.exec(5) refuses in an
 * environment file, a noncharacter or a byte order mark. n must not be 0. */
int utf8_decode(const char *s, size_t n, uint32_t *ret) _must_check_;

/* The whole string is such text. */
bool utf8_valid(const char *s) _pure_;

/* A copy that cannot end the line, move the cursor or change the direction of writing: C0, C1 and bidirectional control
 * characters, and bytes that are not UTF-8, become \n, \t, \r or \xNN. NULL: no memory. */
char *text_escape(const char *s);

/* Copies at most TEXT_CUT_MAX bytes of s, whole characters, and ends the copy with "…" if there were more.
 */
#define TEXT_CUT_MAX 64
typedef struct CutText {
        char s[TEXT_CUT_MAX + sizeof("…")];
} CutText;
const char *text_cut(CutText *buf, const char *s);

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdio.h>

/* Writes a line of a guest's console to a terminal, with a newline. Colours (escape sequences that end with 'm'), a '\r' at the
 * end and NULs are left out; other control characters but '\t' are escaped, so that a guest cannot do anything to a terminal.
 * 0 or -ENOMEM. */
int console_line_put(const char *line, size_t size, FILE *f);

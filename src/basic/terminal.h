/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What may be sent to a terminal, by the rules of systemd's tools. */

#include "macro.h"

#define COLOR_ERROR     "\033[0;1;31m"
#define COLOR_WARNING   "\033[0;1;33m"
#define COLOR_GREY      "\033[0;90m"
#define COLOR_SUCCESS   "\033[0;1;32m"
#define COLOR_HIGHLIGHT "\033[0;1;39m"
#define COLOR_HEADER    "\033[0;4;39m" /* underlined: of a table */
#define COLOR_OFF       "\033[0m"
#define CLEAR_SCREEN    "\033[H\033[J"

/* $SYSTEMD_COLORS decides. Otherwise colours are for a terminal that is not dumb, unless $NO_COLOR is set. */
bool terminal_colors(int fd);

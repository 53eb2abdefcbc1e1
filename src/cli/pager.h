/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "macro.h"

/*
 * Writes a text to standard output; to a terminal through less(1), which ends by itself if one screen is enough.
 * $SYSTEMD_PAGER, or else $PAGER, switches that off by being empty or "cat". A program that they name is not executed:
 * fcjail runs as root, and systemd's tools do not do it then either, but take less(1) with LESSSECURE=1.
 * 0 or -errno.
 */
int pager_print(const char *text) _must_check_;

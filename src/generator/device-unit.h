/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "macro.h"

/* Of systemd's unit names, with the NUL. */
#define UNIT_NAME_SIZE 256

/*
 * The unit that systemd has for a device node, as `systemd-escape --path --suffix=device` names it: "/dev/vg/lv-1" is
 * "dev-vg-lv\x2d1.device". The path is absolute and has no "//", "." or "..". -ENAMETOOLONG: there is no such unit.
 */
int device_unit_name(const char *path, char ret[UNIT_NAME_SIZE]) _must_check_;

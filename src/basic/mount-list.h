/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A line of /proc/PID/mountinfo, see proc_pid_mountinfo(5). */

#include <stdint.h>

#include "macro.h"

typedef struct MountLine {
        uint64_t id;
        const char *path;    /* where it is mounted; all three point into the line */
        const char *type;    /* of the file system, "fuse.sshfs" */
        const char *options; /* of the file system, "rw,user_id=1000" */
} MountLine;

/* Changes the line, which ends with a newline or not. 0 or -EBADMSG. */
int mount_line_parse(char *line, MountLine *ret) _must_check_;

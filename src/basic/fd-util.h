/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* File descriptors: an unset one is -EBADF, an owned one is closed by _cleanup_close_. */

#include <dirent.h>
#include <stdio.h>

#include "macro.h"

/* Closes fd if it is one; never fails visibly, errno is kept. Returns -EBADF, to be assigned back. */
int safe_close(int fd);

static inline void closep(int *fd)
{
        *fd = safe_close(*fd);
}

static inline void fclosep(FILE **f)
{
        if (*f)
                fclose(*f);
}

static inline void closedirp(DIR **d)
{
        if (*d)
                closedir(*d);
}

#define _cleanup_close_    _cleanup_(closep)
#define _cleanup_fclose_   _cleanup_(fclosep)
#define _cleanup_closedir_ _cleanup_(closedirp)

/* Reads up to the end of the file, but no more than size bytes; *ret is how many. 0 or -errno. */
int fd_read(int fd, char *buf, size_t size, size_t *ret) _must_check_;

/* Closes every descriptor from first to the last possible one. 0 or -errno. close_range(2), Linux 5.9. */
int fd_close_from(unsigned first) _must_check_;

/* Makes 0, 1 and 2 open (on /dev/null where they are not). -EISDIR when one of them is a directory: it
 * would be a way out of the jail (CVE-2024-21626). Changes nothing else. */
int fd_fix_stdio(void) _must_check_;

/* "/proc/self/fd/<fd>": the path under which interfaces that know only paths can use a held object. */
#define FD_PATH_MAX (sizeof("/proc/self/fd/") + 10)
const char *fd_path(char buf[FD_PATH_MAX], int fd);

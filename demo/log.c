/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "vmm.h"

const char *vm_id = "anonymous-instance";

static FILE *log_file;
static char reason[1024];

int log_open(const char *path)
{
        FILE *f = stdout;

        if (path) {
                int fd = open(path, O_RDWR | O_CREAT | O_NONBLOCK | O_CLOEXEC, 0666);
                f = fd < 0 ? NULL : fdopen(fd, "w");
        }
        if (!f)
                return -errno;
        log_file = f;
        return 0;
}

void log_line(const char *format, ...)
{
        va_list ap;

        va_start(ap, format);
        fprintf(log_file, "demo-vmm: ");
        vfprintf(log_file, format, ap);
        fputc('\n', log_file);
        fflush(log_file);
        va_end(ap);
}

int fail(int r, const char *format, ...)
{
        char text[sizeof(reason)]; /* the old one may be in the new one */
        va_list ap;

        va_start(ap, format);
        (void) vsnprintf(text, sizeof(text), format, ap);
        va_end(ap);
        memcpy(reason, text, sizeof(reason));
        return r;
}

const char *failure(void)
{
        return reason;
}

/* SPDX-License-Identifier: Apache-2.0 */

#include <stdarg.h>
#include <stdio.h>

#include "vmm.h"

const char *vm_id = "anonymous-instance";

static FILE *log_file;

bool log_open(const char *path)
{
        log_file = path ? fopen(path, "ae") : stdout;
        return log_file;
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

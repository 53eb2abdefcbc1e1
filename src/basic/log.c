/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Fields of our entries: MESSAGE, PRIORITY, SYSLOG_IDENTIFIER=fcjail, MESSAGE_ID, ERRNO, FCJAIL_VM_ID,
 * OBJECT_SYSTEMD_UNIT, and what the caller adds (FCJAIL_STEP, FCJAIL_OBJECT, …: see fcjail(1)).
 */

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "systemd.h"
#include "terminal.h"

#define FIELDS_MAX 40
#define FIELD_LEN  2048

static struct {
        bool to_journal;
        bool colors;
        char vm_id[80];
} log_target;

void log_open(const char *vm_id)
{
        log_target.to_journal = systemd_runs_us() && access("/run/systemd/journal/socket", F_OK) == 0;
        log_target.colors = terminal_colors(STDERR_FILENO);
        (void) snprintf(log_target.vm_id, sizeof(log_target.vm_id), "%s", vm_id ? vm_id : "");
}

typedef struct Entry {
        char text[FIELDS_MAX][FIELD_LEN];
        struct iovec iov[FIELDS_MAX];
        int n;
} Entry;

static _printf_(2, 3) void add(Entry *e, const char *format, ...)
{
        va_list ap;

        if (e->n == FIELDS_MAX)
                return;

        va_start(ap, format);
        (void) vsnprintf(e->text[e->n], FIELD_LEN, format, ap);
        va_end(ap);

        e->iov[e->n] = (struct iovec){ e->text[e->n], strlen(e->text[e->n]) };
        e->n++;
}

static int to_journal(int priority, const char *message_id, int errnum, const LogField *fields,
                      size_t n_fields, const char *message)
{
        static Entry e; /* large, and there is one thread */

        e.n = 0;
        add(&e, "MESSAGE=%s", message);
        add(&e, "PRIORITY=%i", priority);
        add(&e, "SYSLOG_IDENTIFIER=fcjail");
        if (message_id)
                add(&e, "MESSAGE_ID=%s", message_id);
        if (errnum != 0)
                add(&e, "ERRNO=%i", -errnum);
        if (log_target.vm_id[0]) {
                add(&e, "FCJAIL_VM_ID=%s", log_target.vm_id);
                add(&e, "OBJECT_SYSTEMD_UNIT=fcjail@%s.service", log_target.vm_id);
        }
        FOREACH_ARRAY (f, fields, n_fields)
                if (f->value)
                        add(&e, "%s=%s", f->name, f->value);

        return systemd_journal(e.iov, (size_t) e.n);
}

void log_entry(int priority, const char *message_id, int errnum, const LogField *fields, size_t n_fields,
               const char *format, ...)
{
        char message[FIELD_LEN - 16];
        va_list ap;

        va_start(ap, format);
        (void) vsnprintf(message, sizeof(message), format, ap);
        va_end(ap);

        if (log_target.to_journal &&
            to_journal(priority, message_id, errnum, fields, n_fields, message) >= 0)
                return;
        /* Of a unit, this is in the journal as well, without the fields. */
        const char *color = !log_target.colors        ? ""
                            : priority <= LOG_ERR     ? COLOR_ERROR
                            : priority <= LOG_WARNING ? COLOR_WARNING
                                                      : "";
        (void) dprintf(STDERR_FILENO, "%sfcjail: %s%s\n", color, message, color[0] ? COLOR_OFF : "");
}

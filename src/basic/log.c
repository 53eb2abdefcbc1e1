/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Fields of our entries: MESSAGE, PRIORITY, SYSLOG_IDENTIFIER=fcjail, MESSAGE_ID, ERRNO, FCJAIL_VM_ID,
 * OBJECT_SYSTEMD_UNIT, and what the caller adds (FCJAIL_STEP, FCJAIL_OBJECT, …: see fcjail(1)).
 */

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "fd-util.h"
#include "log.h"
#include "systemd.h"
#include "terminal.h"

static struct {
        bool to_journal;
        bool beside;    /* what the journal gets is on stderr as well */
        int journal_fd; /* negative: not connected */
        int spare_fd;   /* gives way to that one, should the descriptors be used up by then */
        bool colors;
        char vm_id[80];
} log_target = { .journal_fd = -EBADF, .spare_fd = -EBADF };

static void set_target(const char *vm_id, bool to_journal)
{
        log_close();
        log_target.to_journal = to_journal;
        if (to_journal)
                log_target.spare_fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
        log_target.colors = !to_journal && terminal_colors(STDERR_FILENO);
        (void) snprintf(log_target.vm_id, sizeof(log_target.vm_id), "%s", vm_id ? vm_id : "");
}

void log_open(const char *vm_id)
{
        set_target(vm_id, systemd_runs_us());
}

void log_open_journal(const char *vm_id)
{
        set_target(vm_id, /* to_journal= */ true);
}

void log_open_beside(const char *vm_id)
{
        set_target(vm_id, /* to_journal= */ true);
        log_target.beside = true;
        log_target.colors = terminal_colors(STDERR_FILENO);
}

void log_connect(void)
{
        if (!log_target.to_journal || log_target.journal_fd >= 0)
                return;
        log_target.spare_fd = safe_close(log_target.spare_fd);
        log_target.journal_fd = systemd_connect_journal();
        log_target.to_journal = log_target.journal_fd >= 0;
}

void log_close(void)
{
        log_target.journal_fd = safe_close(log_target.journal_fd);
        log_target.spare_fd = safe_close(log_target.spare_fd);
        log_target.to_journal = log_target.beside = false;
}

/* The exec waits for the end of this process, so the entry about a start may not. What is also on stderr may. */
static bool may_wait(int priority)
{
        return !log_target.beside || priority <= LOG_NOTICE;
}

static int to_journal(int priority, const char *message_id, int errnum, const LogField *fields,
                      size_t n_fields, const char *message)
{
        _cleanup_free_ char *text = NULL;
        size_t size;

        FILE *f = open_memstream(&text, &size);
        if (!f)
                return -errno;
        systemd_put_field(f, "MESSAGE", message);
        (void) fprintf(f, "PRIORITY=%i\nSYSLOG_IDENTIFIER=fcjail\n", priority);
        if (message_id)
                systemd_put_field(f, "MESSAGE_ID", message_id);
        if (errnum != 0)
                (void) fprintf(f, "ERRNO=%i\n", -errnum);
        if (log_target.vm_id[0])
                (void) fprintf(f, "FCJAIL_VM_ID=%s\nOBJECT_SYSTEMD_UNIT=fcjail@%s.service\n",
                               log_target.vm_id, log_target.vm_id);
        FOREACH_ARRAY (field, fields, n_fields)
                if (field->value)
                        systemd_put_field(f, field->name, field->value);

        bool failed = ferror(f) != 0;
        if (fclose(f) != 0 || failed)
                return -ENOMEM;
        return systemd_send_entry(log_target.journal_fd, text, size, may_wait(priority));
}

/* In a unit, this also goes to the journal, without the fields. */
static void to_stderr(int priority, const char *message)
{
        const char *color = !log_target.colors        ? ""
                            : priority <= LOG_ERR     ? COLOR_ERROR
                            : priority <= LOG_WARNING ? COLOR_WARNING
                                                      : "";

        (void) dprintf(STDERR_FILENO, "%sfcjail: %s%s\n", color, message, color[0] ? COLOR_OFF : "");
}

void log_entry(int priority, const char *message_id, int errnum, const LogField *fields, size_t n_fields,
               const char *format, ...)
{
        _cleanup_free_ char *text = NULL;
        va_list ap;

        va_start(ap, format);
        if (vasprintf(&text, format, ap) < 0)
                text = NULL;
        va_end(ap);
        const char *message = text ? text : format; /* better than nothing */

        if (log_target.beside) {
                if (message_id)
                        log_connect();
                if (message_id && log_target.journal_fd >= 0)
                        (void) to_journal(priority, message_id, errnum, fields, n_fields, message);
                if (priority <= LOG_NOTICE)
                        to_stderr(priority, message);
                return;
        }
        log_connect();
        if (log_target.journal_fd >= 0 &&
            to_journal(priority, message_id, errnum, fields, n_fields, message) >= 0)
                return;
        log_close();
        to_stderr(priority, message);
}

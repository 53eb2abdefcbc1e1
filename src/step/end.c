/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What the guest has said is in the journal: fcjail-systemd reads it, without capabilities and not for long. Without an answer
 * the entry goes without that. Firecracker's log is also there, unless it is a file (vmm-log.h). All of it is hostile text.
 */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "end.h"
#include "log.h"
#include "messages.h"
#include "parse.h"
#include "systemd-query.h"
#include "systemd.h"
#include "text.h"
#include "time-util.h"
#include "vmm-end.h"
#include "vmm-log.h"

#define CONSOLE_USEC     (2U * 1000000U)
#define CONSOLE_SIZE_MAX 16384U

#define LINE_SHOWN_MAX 200

typedef struct ShownLine {
        char s[LINE_SHOWN_MAX + sizeof("…")];
} ShownLine;

/* Escaped, and cut between two characters. */
static const char *show_line(ShownLine *buf, const char *line)
{
        _cleanup_free_ char *escaped = text_escape(line);

        if (!escaped)
                return NULL;
        size_t n = strnlen(escaped, LINE_SHOWN_MAX);
        while (n > 0 && ((unsigned char) escaped[n] & 0xc0) == 0x80)
                n--;
        (void) snprintf(buf->s, sizeof(buf->s), "%.*s%s", (int) n, escaped, escaped[n] ? "…" : "");
        return buf->s;
}

/* The newest line of that kind. NULL: there is none. */
static const char *newest_line(const VmmEndFacts *f, bool of_log, ShownLine *buf)
{
        for (size_t i = 0; i < f->n_lines; i++)
                if (f->lines[i][0] && vmm_end_is_log(f->lines[i]) == of_log)
                        return show_line(buf, f->lines[i]);
        return NULL;
}

static bool is_any(const char *line)
{
        return line[0] != '\0';
}

/* Those of the lines, newest first, that are wanted, in their order. NULL: there is none, or no memory. */
static char *join(const char *const *lines, size_t n, bool (*wanted)(const char *line))
{
        char *text = NULL;
        size_t size = 0;
        ShownLine line;

        FILE *m = open_memstream(&text, &size);
        if (!m)
                return NULL;
        for (size_t i = n; i-- > 0;) {
                const char *shown = wanted(lines[i]) ? show_line(&line, lines[i]) : NULL;
                if (shown)
                        (void) fprintf(m, "%s%s", ftell(m) > 0 ? "\n" : "", shown);
        }
        if (fclose(m) == 0 && size > 0)
                return text;
        free(text);
        return NULL;
}

/* The last word of Firecracker's log, wherever that is. */
static const char *last_word(const VmmEndFacts *f, ShownLine *buf)
{
        return f->n_log > 0 ? show_line(buf, f->log[0]) : newest_line(f, /* of_log= */ true, buf);
}

/* uptime_usec 0: unknown. */
static void log_end(const char *id, const VmmEndFacts *f, const char *stop_by, uint64_t uptime_usec)
{
        const VmmEnd end = vmm_end(f);
        _cleanup_free_ char *log = join(f->lines, f->n_lines, vmm_end_is_log),
                            *file = join(f->log, f->n_log, is_any);
        char span[TIME_SPAN_STR_MAX], usec[24];
        ShownLine console_line, log_line;
        const char *console = newest_line(f, /* of_log= */ false, &console_line);
        const char *word = end.priority <= LOG_ERR ? last_word(f, &log_line) : NULL;
        const LogField fields[] = {
                { "FCJAIL_END", end.kind },
                { "EXIT_CODE", f->code },
                { "EXIT_STATUS", f->status },
                { "FCJAIL_ASKED_BY", stop_by },
                { "FCJAIL_UPTIME_USEC", uptime_usec > 0 ? usec : NULL },
                { "FCJAIL_CONSOLE", console },
                { "FCJAIL_LOG", log },
                { "FCJAIL_VMM_LOG", file },
        };

        (void) snprintf(usec, sizeof(usec), "%" PRIu64, uptime_usec);
        log_entry(end.priority, MESSAGE_ENDED, 0, fields, ELEMENTSOF(fields),
                  "VM '%s' has ended%s%s: %s (%s%s)%s%s%s%s%s%s", id, uptime_usec > 0 ? " after " : "",
                  uptime_usec > 0 ? time_span_to_string(uptime_usec, span) : "", end.sentence,
                  strcmp(f->code, "exited") == 0 ? "status " : "signal ", f->status,
                  console ? "; the last line of its console is '" : "", console ? console : "",
                  console ? "'" : "", word ? "; Firecracker's log ends with '" : "", word ? word : "",
                  word ? "'" : "");
}

/* The facts have pointers into buf. */
static void read_console(const char *id, const char *invocation, char buf[CONSOLE_SIZE_MAX], VmmEndFacts *f)
{
        char max[16];
        const char *const arguments[] = { "console", id, invocation, max, NULL };
        size_t size;

        (void) snprintf(max, sizeof(max), "%i", VMM_END_LINES_MAX);
        if (systemd_query(arguments, CONSOLE_USEC, buf, CONSOLE_SIZE_MAX, &size) < 0)
                return;
        for (const char *s = buf, *nul; f->n_lines < VMM_END_LINES_MAX; s = nul + 1) {
                nul = memchr(s, '\0', size - (size_t) (s - buf));
                if (!nul)
                        return;
                f->lines[f->n_lines++] = s;
        }
}

/* The same of the file. */
static void read_log(const State *s, char buf[VMM_LOG_SIZE_MAX + 1], VmmEndFacts *f)
{
        ssize_t n = vmm_log_read(s, buf);

        if (n > 0)
                f->n_log = vmm_end_lines(buf, (size_t) n, f->log);
}

uint64_t vmm_uptime_usec(const State *s)
{
        long ticks = sysconf(_SC_CLK_TCK);
        uint64_t now = boottime_usec();

        if (!s || s->vmm.start == 0 || ticks <= 0)
                return 0;
        uint64_t start = s->vmm.start * 1000000U / (uint64_t) ticks;
        return start < now ? now - start : 0;
}

bool vmm_had_run(void)
{
        const char *code = getenv("EXIT_CODE"), *status = getenv("EXIT_STATUS");
        uint32_t n;

        if (!code || !status)
                return false;
        if (strcmp(code, "exited") != 0)
                return strcmp(status, "HUP") != 0 && strcmp(status, "TERM") != 0;
        return parse_u32(status, 0, UINT8_MAX, &n) >= 0 && (n < EX__BASE || n > EX__MAX);
}

void log_unit_end(const char *id, const State *s)
{
        const char *invocation = getenv("INVOCATION_ID");
        char console[CONSOLE_SIZE_MAX], log[VMM_LOG_SIZE_MAX + 1];
        VmmEndFacts f = {
                .result = getenv("SERVICE_RESULT"),
                .code = getenv("EXIT_CODE"),
                .status = getenv("EXIT_STATUS"),
        };

        if (!systemd_runs_us() || !f.code || !f.status || !vmm_had_run() || (s && s->vmm.pid == 0))
                return;

        const char *stop_by = s && s->stop_by && s->stop_by[0] ? s->stop_by : NULL;
        f.asked = stop_by;
        read_console(id, invocation, console, &f);
        read_log(s, log, &f);
        log_end(id, &f, stop_by, vmm_uptime_usec(s));
}

/* As systemd writes it; libc has that from 2.32 on. NULL: it is none that a VMM usually ends by. */
static const char *signal_name(int sig)
{
        static const struct {
                int sig;
                const char *name;
        } names[] = {
                { SIGABRT, "ABRT" }, { SIGBUS, "BUS" },   { SIGFPE, "FPE" },   { SIGHUP, "HUP" },
                { SIGILL, "ILL" },   { SIGINT, "INT" },   { SIGKILL, "KILL" }, { SIGPIPE, "PIPE" },
                { SIGQUIT, "QUIT" }, { SIGSEGV, "SEGV" }, { SIGSYS, "SYS" },   { SIGTERM, "TERM" },
                { SIGTRAP, "TRAP" }, { SIGXCPU, "XCPU" }, { SIGXFSZ, "XFSZ" },
        };

        FOREACH_ARRAY (n, names, ELEMENTSOF(names))
                if (n->sig == sig)
                        return n->name;
        return NULL;
}

void log_end_by_hand(const State *s, const siginfo_t *si, bool asked, uint64_t uptime_usec)
{
        bool exited = si->si_code == CLD_EXITED;
        char number[16], log[VMM_LOG_SIZE_MAX + 1];
        const char *name = exited ? NULL : signal_name(si->si_status);

        (void) snprintf(number, sizeof(number), "%i", si->si_status);
        VmmEndFacts f = {
                .code = exited                      ? "exited"
                        : si->si_code == CLD_DUMPED ? "dumped"
                                                    : "killed",
                .status = name ? name : number,
                .asked =
                        asked || (exited && si->si_status == VMM_END_HANGUP), /* which `fcjail stop` sends */
        };
        read_log(s, log, &f);
        log_end(s->id, &f, /* stop_by= */ NULL, uptime_usec);
}

void log_end_unknown(const State *s, uint64_t uptime_usec)
{
        char span[TIME_SPAN_STR_MAX], usec[24];
        const LogField fields[] = {
                { "FCJAIL_END", "unknown" },
                { "FCJAIL_UPTIME_USEC", uptime_usec > 0 ? usec : NULL },
        };

        (void) snprintf(usec, sizeof(usec), "%" PRIu64, uptime_usec);
        log_entry(LOG_INFO, MESSAGE_ENDED, 0, fields, ELEMENTSOF(fields),
                  "VM '%s' has ended%s%s; only its parent knows how", s->id,
                  uptime_usec > 0 ? " after " : "",
                  uptime_usec > 0 ? time_span_to_string(uptime_usec, span) : "");
}

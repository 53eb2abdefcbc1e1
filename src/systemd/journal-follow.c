/* SPDX-License-Identifier: Apache-2.0 */

/* The console of a VM, as it comes. The unit sets the identifier; systemd-journald sets the other fields, whatever a VM says. */

#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <systemd/sd-journal.h>

#include "console-line.h"
#include "parse.h"
#include "queries.h"

#define LINES_MAX 1000000U
#define MATCH_MAX 128 /* longer than any id with its field */

static int select_console(sd_journal *journal, const char *id)
{
        char identifier[MATCH_MAX], unit[MATCH_MAX];
        int r;

        (void) snprintf(identifier, sizeof(identifier), "SYSLOG_IDENTIFIER=fcjail@%s", id);
        (void) snprintf(unit, sizeof(unit), "_SYSTEMD_UNIT=fcjail@%s.service", id);
        r = sd_journal_add_match(journal, identifier, 0);
        if (r >= 0)
                r = sd_journal_add_match(journal, unit, 0);
        if (r >= 0)
                r = sd_journal_add_match(journal, "_TRANSPORT=stdout", 0);
        return r;
}

static int put_line(sd_journal *journal)
{
        static const char field[] = "MESSAGE=";
        const void *data;
        size_t size;
        int r;

        r = sd_journal_get_data(journal, "MESSAGE", &data, &size);
        if (r == -ENOENT)
                return 0;
        return r < 0 ? r
                     : console_line_put((const char *) data + strlen(field), size - strlen(field), stdout);
}

/* All that are there. */
static int put_lines(sd_journal *journal)
{
        int r;

        while ((r = sd_journal_next(journal)) > 0) {
                r = put_line(journal);
                if (r < 0)
                        return r;
        }
        return r < 0 ? r : fflush(stdout) != 0 ? -errno : 0;
}

/* Before the last `lines`; n of them are there. */
static int seek(sd_journal *journal, uint32_t lines)
{
        int n, r;

        r = sd_journal_seek_tail(journal);
        n = r < 0 ? r : sd_journal_previous_skip(journal, (uint64_t) lines + 1);
        if (n < 0 || (uint32_t) n > lines)
                return n;
        if (n == 0)
                (void) fprintf(stderr, "fcjail: The journal has no line of that console yet\n");
        r = sd_journal_seek_head(journal);
        return r;
}

static int follow(sd_journal *journal)
{
        int r;

        while ((r = put_lines(journal)) >= 0) {
                r = sd_journal_wait(journal, UINT64_MAX);
                if (r < 0)
                        break;
        }
        return r;
}

int query_follow(const char *id, const char *lines, const char *stay)
{
        sd_journal *journal = NULL;
        uint32_t n;
        int r;

        r = id_valid(id) ? parse_u32(lines, 0, LINES_MAX, &n) : -EINVAL;
        if (r >= 0)
                r = sd_journal_open_namespace(&journal, NULL,
                                              SD_JOURNAL_LOCAL_ONLY | SD_JOURNAL_ALL_NAMESPACES);
        if (r >= 0)
                r = select_console(journal, id);
        if (r >= 0)
                r = seek(journal, n);
        if (r >= 0)
                r = stay[0] ? follow(journal) : put_lines(journal);
        sd_journal_close(journal);
        if (r < 0)
                (void) fprintf(stderr, "fcjail-systemd: Failed to read the journal: %s\n", strerror(-r));
        return r < 0 ? EX_UNAVAILABLE : EX_OK;
}

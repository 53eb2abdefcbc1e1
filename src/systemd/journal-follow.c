/* SPDX-License-Identifier: Apache-2.0 */

/* The console of a VM, as it comes. */

#include <stdio.h>

#include "console-line.h"
#include "journal.h"
#include "parse.h"
#include "queries.h"

static int put_line(sd_journal *journal)
{
        const char *line;
        size_t size;
        int r;

        r = journal_message(journal, &line, &size);
        return r < 0 ? r : console_line_put(line, size, stdout);
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
        return sd_journal_seek_head(journal);
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

        r = parse_u32(lines, 0, UINT32_MAX, &n);
        if (r >= 0)
                r = journal_open(&journal);
        if (r >= 0)
                r = journal_match_console(journal, id);
        if (r >= 0)
                r = seek(journal, n);
        if (r >= 0)
                r = stay[0] ? follow(journal) : put_lines(journal);
        return journal_finish(journal, r);
}

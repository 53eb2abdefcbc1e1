/* SPDX-License-Identifier: Apache-2.0 */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "journal.h"
#include "messages.h"
#include "parse.h"
#include "queries.h"

#define VALUE_MAX 128 /* longer than any number */

static bool is_wanted(const char *data, size_t size)
{
        static const char *const prefixes[] = { "FCJAIL_USEC", "FCJAIL_PID=" };

        FOREACH_ARRAY (p, prefixes, ELEMENTSOF(prefixes))
                if (size > strlen(*p) && size < VALUE_MAX && memcmp(data, *p, strlen(*p)) == 0)
                        return !memchr(data, '\0', size);
        return false;
}

static int put_entry(sd_journal *journal)
{
        const void *data;
        uint64_t usec;
        size_t size;
        int r;

        r = sd_journal_get_realtime_usec(journal, &usec);
        if (r < 0)
                return r;
        (void) printf("REALTIME=%" PRIu64 "%c", usec, '\0');
        sd_journal_restart_data(journal);
        while ((r = sd_journal_enumerate_available_data(journal, &data, &size)) > 0)
                if (is_wanted(data, size))
                        (void) printf("%.*s%c", (int) size, (const char *) data, '\0');
        (void) putchar('\0');
        return r;
}

static int put_entries(sd_journal *journal, const char *id, uint32_t max)
{
        int r;

        r = journal_match(journal, "MESSAGE_ID", MESSAGE_STARTED);
        if (r >= 0)
                r = journal_match(journal, "FCJAIL_VM_ID", id);
        if (r >= 0)
                r = journal_match(journal, "_UID", "0"); /* anybody can log anything */
        if (r >= 0)
                r = sd_journal_seek_tail(journal);
        for (uint32_t i = 0; r >= 0 && i < max; i++) {
                r = sd_journal_previous(journal);
                if (r == 0)
                        return 0;
                if (r > 0)
                        r = put_entry(journal);
        }
        return r;
}

int query_starts(const char *id, const char *max)
{
        sd_journal *journal = NULL;
        uint32_t n;
        int r;

        r = parse_u32(max, 1, UINT32_MAX, &n);
        if (r >= 0)
                r = journal_open(&journal);
        if (r >= 0)
                r = put_entries(journal, id, n);
        return journal_finish(journal, r);
}

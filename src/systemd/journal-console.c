/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The console of a VM, from the journal. The VM has just ended: what it wrote last may still be on its way, so the journal is
 * asked to take in first what has arrived. Who executes us kills us if that takes too long.
 */

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "fd-util.h"
#include "journal.h"
#include "parse.h"
#include "queries.h"

#define LINE_SIZE_MAX 512
#define SYNC_MSEC     1000

/* A call of Varlink, with its NUL. If there is no answer, the journal is read as it is. */
static void synchronize(void)
{
        static const char call[] = "{\"method\":\"io.systemd.Journal.Synchronize\"}";
        const struct sockaddr_un sa = { .sun_family = AF_UNIX,
                                        .sun_path = "/run/systemd/journal/io.systemd.journal" };

        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0 || connect(fd, (const struct sockaddr *) &sa, sizeof(sa)) < 0 ||
            send(fd, call, sizeof(call), MSG_NOSIGNAL) < 0)
                return;
        (void) poll(&(struct pollfd){ .fd = fd, .events = POLLIN }, 1, SYNC_MSEC);
}

static int put_line(sd_journal *journal)
{
        const char *line;
        size_t size;
        int r;

        r = journal_message(journal, &line, &size);
        if (r < 0)
                return r;
        size = strnlen(line, size < LINE_SIZE_MAX ? size : LINE_SIZE_MAX);
        (void) printf("%.*s%c", (int) size, line, '\0');
        return 0;
}

static int put_lines(sd_journal *journal, uint32_t max)
{
        int r;

        r = sd_journal_seek_tail(journal);
        for (uint32_t n = 0; r >= 0 && n < max; n++) {
                r = sd_journal_previous(journal);
                if (r <= 0)
                        break;
                r = put_line(journal);
        }
        return r;
}

int query_console(const char *id, const char *invocation, const char *max)
{
        sd_journal *journal = NULL;
        uint32_t n;
        int r;

        synchronize();
        r = parse_u32(max, 1, UINT32_MAX, &n);
        if (r >= 0)
                r = journal_open(&journal);
        if (r >= 0)
                r = journal_match_console(journal, id);
        if (r >= 0)
                r = journal_match(journal, "_SYSTEMD_INVOCATION_ID", invocation);
        if (r >= 0)
                r = put_lines(journal, n);
        return journal_finish(journal, r);
}

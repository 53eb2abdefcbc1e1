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
#include <sysexits.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#include "fd-util.h"
#include "queries.h"

#define LINES_MAX     20 /* VMM_END_LINES_MAX */
#define LINE_SIZE_MAX 512

#define SYNC_MSEC 1000

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

static int add_match(sd_journal *j, const char *field, const char *value)
{
        _cleanup_free_ char *match = NULL;

        if (ASPRINTF(&match, "%s=%s", field, value) < 0)
                return -ENOMEM;
        return sd_journal_add_match(j, match, /* size= */ 0);
}

/* The unit sets the identifier; systemd-journald sets the other two, whatever a VM says. */
static int select_console(sd_journal *j, const char *id, const char *invocation)
{
        _cleanup_free_ char *identifier = NULL;
        int r;

        if (ASPRINTF(&identifier, "fcjail@%s", id) < 0)
                return -ENOMEM;
        r = add_match(j, "SYSLOG_IDENTIFIER", identifier);
        if (r >= 0)
                r = add_match(j, "_SYSTEMD_INVOCATION_ID", invocation);
        if (r >= 0)
                r = add_match(j, "_TRANSPORT", "stdout");
        return r;
}

static int put_line(sd_journal *j)
{
        static const char field[] = "MESSAGE=";
        const void *data;
        size_t size;
        int r;

        r = sd_journal_get_data(j, "MESSAGE", &data, &size);
        if (r < 0)
                return r == -ENOENT ? 0 : r;
        const char *line = (const char *) data + strlen(field);
        size -= strlen(field);
        size = strnlen(line, size < LINE_SIZE_MAX ? size : LINE_SIZE_MAX);
        (void) printf("%.*s%c", (int) size, line, '\0');
        return 0;
}

static int put_lines(sd_journal *j)
{
        int r;

        r = sd_journal_seek_tail(j);
        for (unsigned n = 0; r >= 0 && n < LINES_MAX; n++) {
                r = sd_journal_previous(j);
                if (r <= 0)
                        break;
                r = put_line(j);
        }
        return r;
}

int query_console(const char *id, const char *invocation)
{
        sd_journal *j = NULL;
        int r;

        synchronize();
        r = sd_journal_open_namespace(&j, NULL, SD_JOURNAL_LOCAL_ONLY | SD_JOURNAL_ALL_NAMESPACES);
        if (r >= 0)
                r = select_console(j, id, invocation);
        if (r >= 0)
                r = put_lines(j);
        sd_journal_close(j);
        if (r >= 0 && fflush(stdout) != 0)
                r = -errno;
        return r < 0 ? EX_UNAVAILABLE : EX_OK;
}

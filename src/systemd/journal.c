/* SPDX-License-Identifier: Apache-2.0 */

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "journal.h"
#include "parse.h"

int journal_open(sd_journal **ret)
{
        return sd_journal_open_namespace(ret, NULL, SD_JOURNAL_LOCAL_ONLY | SD_JOURNAL_ALL_NAMESPACES);
}

int journal_match(sd_journal *journal, const char *field, const char *value)
{
        _cleanup_free_ char *match = NULL;

        if (ASPRINTF(&match, "%s=%s", field, value) < 0)
                return -ENOMEM;
        return sd_journal_add_match(journal, match, /* size= */ 0);
}

/* The unit sets the identifier; systemd-journald sets what begins with '_', whatever a VM says. */
int journal_match_console(sd_journal *journal, const char *id)
{
        char identifier[sizeof("fcjail@") + ID_LEN_MAX], unit[sizeof(identifier) + sizeof(".service")];
        int r;

        (void) snprintf(identifier, sizeof(identifier), "fcjail@%.*s", ID_LEN_MAX, id);
        (void) snprintf(unit, sizeof(unit), "%s.service", identifier);
        r = journal_match(journal, "_SYSTEMD_UNIT", unit);
        if (r >= 0)
                r = journal_match(journal, "_TRANSPORT", "stdout");
        return r < 0 ? r : journal_match(journal, "SYSLOG_IDENTIFIER", identifier);
}

int journal_message(sd_journal *journal, const char **ret, size_t *ret_size)
{
        static const char field[] = "MESSAGE=";
        const void *data;
        size_t size;
        int r;

        r = sd_journal_get_data(journal, "MESSAGE", &data, &size);
        if (r < 0 && r != -ENOENT)
                return r;
        *ret = r < 0 ? "" : (const char *) data + strlen(field);
        *ret_size = r < 0 ? 0 : size - strlen(field);
        return 0;
}

int journal_finish(sd_journal *journal, int r)
{
        sd_journal_close(journal);
        if (r >= 0 && fflush(stdout) != 0)
                r = -errno;
        if (r < 0)
                (void) fprintf(stderr, "fcjail-systemd: Failed to read the journal: %s\n", strerror(-r));
        return r < 0 ? EX_UNAVAILABLE : EX_OK;
}

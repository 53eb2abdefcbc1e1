/* SPDX-License-Identifier: Apache-2.0 */

/* All that a start has made, and then the record that names it. */

#include <string.h>

#include "log.h"
#include "messages.h"
#include "step.h"
#include "text.h"

static void log_unknown_line(const State *s, const char *line)
{
        _cleanup_free_ char *shown = text_escape(line);
        const LogField field = { "FCJAIL_OBJECT", shown };
        CutText cut;

        log_entry(LOG_WARNING, MESSAGE_RECORD_UNKNOWN, 0, &field, 1,
                  "Kept what a newer fcjail recorded for '%s': %s", s->id,
                  shown ? text_cut(&cut, shown) : "?");
}

/* These objects remain, and nobody else would report them. */
static void log_unknown(const State *s)
{
        _cleanup_free_ char *lines = s->unknown ? strdup(s->unknown) : NULL;

        if (s->version > STATE_VERSION)
                log_entry(
                        LOG_WARNING, MESSAGE_RECORD_UNKNOWN, 0, NULL, 0,
                        "A newer fcjail wrote the record of '%s' (version %u); some of what it made may remain",
                        s->id, s->version);
        for (char *rest = lines, *line; (line = strsep(&rest, "\n"));)
                log_unknown_line(s, line);
}

int clean_up(const StateRoot *root, const State *s)
{
        int r;

        r = steps_undo(root, s);
        if (r < 0)
                return r;
        log_unknown(s);

        r = state_remove(root, s->id);
        if (r < 0)
                log_entry(LOG_ERR, MESSAGE_CLEANUP_FAILED, r, NULL, 0,
                          "Failed to remove the record of '%s': %s", s->id, strerror(-r));
        return r;
}

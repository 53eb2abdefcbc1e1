/* SPDX-License-Identifier: Apache-2.0 */

/* fcjail timeline [--all] [--json] [--svg=FILE] ID: where the time of the last start went, or of all, from the journal. */

#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "common.h"
#include "json-add.h"
#include "log.h"
#include "systemd-query.h"
#include "table.h"
#include "timeline.h"
#include "verbs.h"

#define QUERY_USEC  (20U * 1000000U)
#define TEXT_MAX    (4U * 1024U * 1024U) /* an entry has less than 1 KiB */
#define ALL_STARTS  "1000"
#define ANY_COLUMNS 110 /* where there is no terminal */

/* An exit status. */
static int load(const char *id, const char *max, Starts *ret)
{
        const char *const query[] = { "starts", id, max, NULL };
        _cleanup_free_ char *text = malloc(TEXT_MAX);
        size_t size = 0;
        int r;

        r = text ? systemd_query(query, QUERY_USEC, text, TEXT_MAX, &size) : -ENOMEM;
        if (r >= 0)
                r = starts_parse(text, size, ret);
        if (r < 0) {
                log_error("Failed to query the journal: %s", strerror(-r));
                return EX_UNAVAILABLE;
        }
        if (ret->n_items == 0) {
                log_error(
                        "The journal has no start of '%s' that this user may see: root and the group systemd-journal see all; a start by hand is in no journal",
                        id);
                return EX_NOINPUT;
        }
        return EX_OK;
}

static int print_json(const Starts *s, const char *id)
{
        _cleanup_json_ struct json_object *o = starts_json(s, id);
        _cleanup_free_ char *line = NULL;
        int r;

        r = o ? json_line(o, &line) : -ENOMEM;
        return r < 0 ? r : fputs(line, stdout) < 0 ? -EIO : 0;
}

/* Nothing is half made: the file is opened when the picture is there. */
static int write_picture(const Start *s, const char *id, const char *path)
{
        _cleanup_free_ char *picture = NULL;
        size_t size = 0;

        FILE *f = open_memstream(&picture, &size);
        if (!f)
                return -ENOMEM;
        start_draw(s, id, f);
        if (fclose(f) != 0)
                return -ENOMEM;

        f = fopen(path, "we");
        if (!f)
                return -errno;
        const bool whole = fwrite(picture, 1, size, f) == size;
        return fclose(f) == 0 && whole ? 0 : -errno;
}

static int print(const CommandLine *c, const Starts *s)
{
        const char *id = c->args[0];
        const size_t columns = table_width(STDOUT_FILENO);
        int r = 0;

        if (option_value(c, "json"))
                r = print_json(s, id);
        else if (option_value(c, "all"))
                r = starts_print_percentiles(s, id, stdout);
        else
                start_print(&s->items[0], id, columns > 0 ? (unsigned) columns : ANY_COLUMNS, stdout);
        if (r >= 0 && fflush(stdout) != 0)
                r = -EIO;
        if (r < 0)
                log_error("Failed to print the timeline: %s", strerror(-r));
        return r < 0 ? EX_IOERR : EX_OK;
}

int verb_timeline(const CommandLine *c)
{
        _cleanup_starts_ Starts starts = {};
        const char *id = c->args[0], *svg = option_value(c, "svg");
        int status, r;

        log_open(NULL);
        status = check_id(id);
        if (status == EX_OK)
                status = load(id, option_value(c, "all") ? ALL_STARTS : "1", &starts);
        if (status != EX_OK)
                return status;
        if (!svg)
                return print(c, &starts);

        r = write_picture(&starts.items[0], id, svg);
        if (r < 0)
                log_error("Failed to write '%s': %s", svg, strerror(-r));
        return r < 0 ? EX_CANTCREAT : EX_OK;
}

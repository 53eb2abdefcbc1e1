/* SPDX-License-Identifier: Apache-2.0 */

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "findings.h"
#include "text.h"

static void finding_done(Finding *i)
{
        free(i->object);
        free(i->text);
}

void findings_done(Findings *f)
{
        FOREACH_ARRAY (i, f->items, f->n_items)
                finding_done(i);
        free(f->items);
        *f = (Findings){};
}

static _printf_(3, 0) int make_text(Finding *item, const char *remedy, const char *format, va_list ap)
{
        _cleanup_free_ char *raw = NULL, *sentence = NULL, *shown = NULL;

        if (vasprintf(&raw, format, ap) < 0) {
                raw = NULL; /* its content is undefined then */
                return -ENOMEM;
        }
        sentence = text_escape(raw);
        shown = text_escape(remedy ? remedy : "");
        if (!sentence || !shown || ASPRINTF(&item->text, "%s%s%s", sentence, remedy ? "; " : "", shown) < 0)
                return -ENOMEM;
        item->n_sentence = strlen(sentence);
        item->remedy = remedy ? item->text + item->n_sentence + strlen("; ") : NULL;
        return 0;
}

static int append_item(Findings *f, const Finding *item)
{
        Finding *items = reallocarray(f->items, f->n_items + 1, sizeof(Finding));

        if (!items)
                return -ENOMEM;
        f->items = items;
        f->items[f->n_items++] = *item;
        return item->error;
}

int findings_add(Findings *f, Severity severity, int error, int exit_status, const char *object,
                 const char *remedy, const char *format, ...)
{
        va_list ap;
        int r;

        Finding item = {
                .severity = severity,
                .error = error,
                .exit_status = exit_status,
                .object = text_escape(object),
        };
        va_start(ap, format);
        r = make_text(&item, remedy, format, ap);
        va_end(ap);

        if (r >= 0)
                r = item.object ? append_item(f, &item) : -ENOMEM;
        if (r == -ENOMEM)
                finding_done(&item);
        return r;
}

const char *severity_to_string(Severity s)
{
        static const char *const names[_SEVERITY_MAX] = {
                [SEVERITY_OK] = "ok",
                [SEVERITY_NOTE] = "note",
                [SEVERITY_WARNING] = "warning",
                [SEVERITY_ERROR] = "error",
        };

        return names[s];
}

const Finding *findings_error(const Findings *f)
{
        FOREACH_ARRAY (i, f->items, f->n_items)
                if (i->severity == SEVERITY_ERROR)
                        return i;
        return NULL;
}

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

static _printf_(2, 0) char *make_text(const char *remedy, const char *format, va_list ap)
{
        _cleanup_free_ char *sentence = NULL, *text = NULL;

        if (vasprintf(&sentence, format, ap) < 0) {
                sentence = NULL; /* its content is undefined then */
                return NULL;
        }
        if (ASPRINTF(&text, "%s%s%s", sentence, remedy ? "; " : "", remedy ? remedy : "") < 0)
                return NULL;
        return text_escape(text);
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
        int r = -ENOMEM;
        va_list ap;

        Finding item = {
                .severity = severity,
                .error = error,
                .exit_status = exit_status,
                .object = text_escape(object),
        };
        va_start(ap, format);
        item.text = make_text(remedy, format, ap);
        va_end(ap);

        if (item.object && item.text)
                r = append_item(f, &item);
        if (r == -ENOMEM)
                finding_done(&item);
        return r;
}

const char *severity_to_string(Severity s)
{
        static const char *const names[_SEVERITY_MAX] = {
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

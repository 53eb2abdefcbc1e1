/* SPDX-License-Identifier: Apache-2.0 */

/* What is shown came from outside, so the text is escaped here, once, whatever the caller put into it. */

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "diagnostics.h"
#include "text.h"

static void diagnostic_done(Diagnostic *i)
{
        free(i->file);
        free(i->key);
        free(i->text);
}

void diagnostics_done(Diagnostics *d)
{
        FOREACH_ARRAY (i, d->items, d->n_items)
                diagnostic_done(i);
        free(d->items);
        *d = (Diagnostics){};
}

static _printf_(2, 0) char *make_text(const Place *place, const char *format, va_list ap)
{
        _cleanup_free_ char *sentence = NULL, *raw = NULL;

        _cleanup_free_ char *where = place_to_string(place);
        if (!where)
                return NULL;
        if (vasprintf(&sentence, format, ap) < 0) {
                sentence = NULL; /* its content is undefined then */
                return NULL;
        }
        if (ASPRINTF(&raw, "%s%s%s", where, where[0] ? ": " : "", sentence) < 0)
                return NULL;
        return text_escape(raw);
}

static int append_item(Diagnostics *d, Diagnostic *item)
{
        Diagnostic *items = reallocarray(d->items, d->n_items + 1, sizeof(Diagnostic));
        if (!items)
                return -ENOMEM;

        d->items = items;
        d->items[d->n_items++] = *item;
        return -EBADMSG;
}

int diagnostics_add(Diagnostics *d, DiagnosticKind kind, const Place *place, const char *key,
                    const char *format, ...)
{
        static const Place nowhere = {};
        const char *file = place && place->kind == PLACE_FILE ? place->name : NULL;
        va_list ap;
        int r = -ENOMEM;

        Diagnostic item = {
                .kind = kind,
                .file = file ? strdup(file) : NULL,
                .line = file ? place->line : 0,
                .key = key ? strdup(key) : NULL,
        };
        va_start(ap, format);
        item.text = make_text(place ? place : &nowhere, format, ap);
        va_end(ap);

        if (item.text && !item.file == !file && !item.key == !key)
                r = append_item(d, &item);
        if (r == -ENOMEM)
                diagnostic_done(&item);
        return r;
}

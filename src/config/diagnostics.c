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

/* "file:line: ", "file: ", "environment: " or nothing. NULL: no memory. */
static char *make_prefix(const char *file, unsigned line, const char *key)
{
        char *s;
        int k;

        if (file && line > 0)
                k = asprintf(&s, "%s:%u: ", file, line);
        else if (file)
                k = asprintf(&s, "%s: ", file);
        else
                k = asprintf(&s, "%s", key && line == 0 ? "environment: " : "");

        return k < 0 ? NULL : s;
}

static _printf_(2, 0) char *make_text(const char *prefix, const char *format, va_list ap)
{
        _cleanup_free_ char *sentence = NULL, *raw = NULL;

        if (!prefix)
                return NULL;
        if (vasprintf(&sentence, format, ap) < 0) {
                sentence = NULL; /* its content is undefined then */
                return NULL;
        }
        if (ASPRINTF(&raw, "%s%s", prefix, sentence) < 0)
                return NULL;
        return text_escape(raw);
}

static int append(Diagnostics *d, Diagnostic *item)
{
        Diagnostic *items = reallocarray(d->items, d->n_items + 1, sizeof(Diagnostic));
        if (!items)
                return -ENOMEM;

        d->items = items;
        d->items[d->n_items++] = *item;
        return -EBADMSG;
}

int diagnostics_add(Diagnostics *d, DiagnosticKind kind, const char *file, unsigned line, const char *key,
                    const char *format, ...)
{
        _cleanup_free_ char *prefix = make_prefix(file, line, key);
        va_list ap;
        int r = -ENOMEM;

        Diagnostic item = {
                .kind = kind,
                .file = file ? strdup(file) : NULL,
                .line = line,
                .key = key ? strdup(key) : NULL,
        };
        va_start(ap, format);
        item.text = make_text(prefix, format, ap);
        va_end(ap);

        if (item.text && !item.file == !file && !item.key == !key)
                r = append(d, &item);
        if (r == -ENOMEM)
                diagnostic_done(&item);
        return r;
}

void diagnostics_sort_lines(Diagnostics *d, size_t first)
{
        for (size_t i = first; i < d->n_items; i++)
                for (size_t k = i; k > first && d->items[k - 1].line > d->items[k].line; k--) {
                        Diagnostic swap = d->items[k];

                        d->items[k] = d->items[k - 1];
                        d->items[k - 1] = swap;
                }
}

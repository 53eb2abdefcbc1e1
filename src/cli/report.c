/* SPDX-License-Identifier: Apache-2.0 */

#include <stdio.h>
#include <sysexits.h>

#include "common.h"
#include "json-add.h"
#include "report.h"

static int print(const char *text)
{
        return fputs(text, stdout) < 0 || fflush(stdout) != 0 ? -EIO : 0;
}

int report_text(const Report *r)
{
        _cleanup_free_ char *text = NULL;
        int k = 0;

        if (r->plan)
                k = plan_dump(r->plan, &text);
        if (k >= 0 && text)
                k = print(text);
        FOREACH_ARRAY (i, r->findings->items, r->findings->n_items)
                log_finding(i);
        log_diagnostics(r->diagnostics);
        return k;
}

/* An object in an array, to be filled. */
static int add_row(struct json_object *array, Severity severity, struct json_object **ret)
{
        struct json_object *row = json_object_new_object();

        if (add_value(array, row) < 0)
                return -ENOMEM;
        *ret = row;
        return add_string(row, "severity", severity_to_string(severity));
}

static int add_finding(struct json_object *array, const Finding *f)
{
        const bool error = f->severity == SEVERITY_ERROR;
        struct json_object *row;

        if (add_row(array, f->severity, &row) < 0)
                return -ENOMEM;
        return ALL(add_string(row, "object", f->object), add_string(row, "text", f->text),
                   add_number(row, "errno", (uint32_t) -f->error),
                   add_number(row, "exit_status", error ? (uint32_t) f->exit_status : 0));
}

static int add_diagnostic(struct json_object *array, const Diagnostic *d)
{
        struct json_object *row;

        if (add_row(array, SEVERITY_ERROR, &row) < 0)
                return -ENOMEM;
        return ALL(add_string(row, "object", d->file), add_number(row, "line", d->line),
                   add_string(row, "key", d->key), add_string(row, "text", d->text),
                   add_number(row, "exit_status", EX_CONFIG));
}

static int add_findings(struct json_object *o, const Report *r)
{
        struct json_object *array = json_object_new_array();
        int k;

        k = add_member(o, "findings", array);
        FOREACH_ARRAY (i, r->findings->items, r->findings->n_items)
                if (k >= 0)
                        k = add_finding(array, i);
        FOREACH_ARRAY (i, r->diagnostics->items, r->diagnostics->n_items)
                if (k >= 0)
                        k = add_diagnostic(array, i);
        return k;
}

int report_json(const Report *r)
{
        _cleanup_json_ struct json_object *o = json_object_new_object();
        _cleanup_free_ char *text = NULL;
        int k;

        if (!o)
                return -ENOMEM;
        k = r->plan ? plan_json(r->plan, o) : add_string(o, "vm", r->id);
        if (k >= 0)
                k = add_findings(o, r);
        if (k >= 0)
                k = json_line(o, &text);
        return k < 0 ? k : print(text);
}

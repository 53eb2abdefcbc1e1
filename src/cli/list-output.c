/* SPDX-License-Identifier: Apache-2.0 */

/* All text from records goes through text_escape(): fcjail has written them, and a damaged one may hold anything. */

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "common.h"
#include "json-add.h"
#include "list-output.h"
#include "table.h"
#include "terminal.h"
#include "text.h"
#include "time-util.h"

#define LIST_VERSION 1

/* ---- The table */

static const TableColumn columns[] = {
        { "ID" },
        { "STATE" },
        { "PID", .right = true, .rank = 2 },
        { "UID", .right = true, .rank = 3 },
        { "CPU", .right = true, .rank = 4 },
        { "MEMORY", .right = true, .rank = 1 },
        { "SINCE", .rank = 5 },
        { "TAPS", .rank = 6, .min_width = 8 },
        { "NETNS", .rank = 7, .min_width = 12 },
        { "API", .rank = 8, .min_width = 16 },
};

static const char *color_of(VmState s)
{
        switch (s) {
        case VM_RUNNING:
                return COLOR_SUCCESS;
        case VM_FAILED:
        case VM_UNREADABLE:
                return COLOR_ERROR;
        default:
                return COLOR_WARNING;
        }
}

static int add_text(Table *t, const char *text)
{
        _cleanup_free_ char *escaped = text ? text_escape(text) : NULL;

        return text && !escaped ? -ENOMEM : table_add(t, escaped, NULL);
}

static int add_u32(Table *t, bool known, uint32_t value)
{
        char text[16] = "";

        if (known)
                (void) snprintf(text, sizeof(text), "%" PRIu32, value);
        return table_add(t, text, NULL);
}

static int add_cpu(Table *t, const VmFacts *v)
{
        char text[TIME_SPAN_STR_MAX];

        return table_add(t, v->usage.has_cpu ? time_span_to_string(v->usage.cpu_usec, text) : NULL, NULL);
}

/* To the base of 1024, as systemd has it. */
static int add_bytes(Table *t, const VmFacts *v)
{
        static const char units[] = "BKMGTPE";
        double value = (double) v->usage.memory_bytes;
        char text[32] = "";
        size_t i = 0;

        for (; value >= 1024 && units[i + 1]; i++)
                value /= 1024;
        if (v->usage.has_memory)
                (void) snprintf(text, sizeof(text), "%.*f%c", i > 0, value, units[i]);
        return table_add(t, text, NULL);
}

static int add_since(Table *t, const VmFacts *v)
{
        const time_t seconds = (time_t) (v->since_usec / 1000000);
        char text[32] = "";
        struct tm tm;

        if (v->since_usec > 0 && localtime_r(&seconds, &tm))
                (void) strftime(text, sizeof(text), "%F %T", &tm);
        return table_add(t, text, NULL);
}

static int add_taps(Table *t, const StateTaps *taps)
{
        char text[STATE_TAPS_MAX * 16 + 1] = "";
        size_t n = 0;

        FOREACH_ARRAY (name, taps->names, taps->n)
                n += (size_t) snprintf(text + n, sizeof(text) - n, "%s%s", n > 0 ? "," : "", *name);
        return table_add(t, text, NULL);
}

int list_table(const VmFacts *vms, size_t n, FILE *f, size_t width, bool colors)
{
        _cleanup_table_ Table t = { .columns = columns, .n_columns = ELEMENTSOF(columns) };
        int r = 0;

        for (size_t i = 0; r >= 0 && i < n; i++) {
                const VmFacts *v = &vms[i];
                r = ALL(add_text(&t, v->id), table_add(&t, vm_state_to_string(v->state), color_of(v->state)),
                        add_u32(&t, v->pid > 0, (uint32_t) v->pid),
                        add_u32(&t, v->record.uid != UID_INVALID, v->record.uid), add_cpu(&t, v),
                        add_bytes(&t, v), add_since(&t, v), add_taps(&t, &v->record.taps),
                        add_text(&t, v->netns), add_text(&t, v->api));
        }
        return r < 0 ? r : table_print(&t, f, width, colors);
}

/* ---- JSON */

static int add_escaped(struct json_object *o, const char *name, const char *value)
{
        _cleanup_free_ char *escaped = value ? text_escape(value) : NULL;

        return value && !escaped ? -ENOMEM : add_string(o, name, escaped);
}

static int add_known(struct json_object *o, const char *name, bool known, uint64_t value)
{
        return known ? add_u64(o, name, value) : 0;
}

static int add_names(struct json_object *o, const StateTaps *taps)
{
        struct json_object *array = json_object_new_array();
        int r;

        r = add_member(o, "taps", array);
        FOREACH_ARRAY (name, taps->names, taps->n)
                if (r >= 0)
                        r = add_value(array, json_object_new_string(*name));
        return r;
}

static const char *error_of(const VmFacts *v)
{
        return v->error < 0 ? state_why_unknown(v->error) : NULL;
}

static int add_vm(struct json_object *array, const VmFacts *v)
{
        struct json_object *o = json_object_new_object();

        if (add_value(array, o) < 0)
                return -ENOMEM;
        return ALL(add_escaped(o, "id", v->id), add_string(o, "state", vm_state_to_string(v->state)),
                   add_string(o, "error", error_of(v)), add_escaped(o, "unit_state", v->evidence.unit),
                   add_known(o, "pid", v->pid > 0, (uint64_t) v->pid),
                   add_known(o, "uid", v->record.uid != UID_INVALID, v->record.uid),
                   add_known(o, "gid", v->record.gid != GID_INVALID, v->record.gid),
                   add_escaped(o, "netns", v->netns), add_names(o, &v->record.taps),
                   add_escaped(o, "api", v->api),
                   add_known(o, "cpu_usec", v->usage.has_cpu, v->usage.cpu_usec),
                   add_known(o, "memory_bytes", v->usage.has_memory, v->usage.memory_bytes),
                   add_known(o, "since_usec", v->since_usec > 0, v->since_usec));
}

int list_json(const VmFacts *vms, size_t n, FILE *f)
{
        _cleanup_json_ struct json_object *o = json_object_new_object();
        struct json_object *array = json_object_new_array();
        _cleanup_free_ char *text = NULL;
        int r;

        r = o ? ALL(add_u64(o, "version", LIST_VERSION)) : -ENOMEM;
        if (r < 0) {
                json_object_put(array);
                return r;
        }
        r = add_member(o, "vms", array);
        for (size_t i = 0; r >= 0 && i < n; i++)
                r = add_vm(array, &vms[i]);
        if (r >= 0)
                r = json_line(o, &text);
        if (r < 0)
                return r;
        return fputs(text, f) < 0 || fflush(f) != 0 ? -EIO : 0;
}

/* ---- Prometheus */

/* Of a label: what text_escape() leaves of control characters, and '\' and '"'. */
static void put_label(FILE *f, const char *name, const char *value)
{
        _cleanup_free_ char *escaped = value ? text_escape(value) : NULL;

        (void) fprintf(f, ",%s=\"", name);
        for (const char *p = escaped; p && *p; p++)
                (void) fprintf(f, "%s%c", *p == '\\' || *p == '"' ? "\\" : "", *p);
        (void) fputc('"', f);
}

static void put_info(FILE *f, const char *name, const VmFacts *v)
{
        char uid[16] = "", taps[STATE_TAPS_MAX * 16 + 1] = "";
        size_t n = 0;

        if (v->record.uid != UID_INVALID)
                (void) snprintf(uid, sizeof(uid), "%u", v->record.uid);
        FOREACH_ARRAY (tap, v->record.taps.names, v->record.taps.n)
                n += (size_t) snprintf(taps + n, sizeof(taps) - n, "%s%s", n > 0 ? "," : "", *tap);
        (void) fprintf(f, "%s{id=\"%s\"", name, v->id);
        put_label(f, "uid", uid);
        put_label(f, "netns", v->netns);
        put_label(f, "taps", taps);
        put_label(f, "api", v->api);
        (void) fputs("} 1\n", f);
}

/* Each state is a time series, so that none stays behind when the VM leaves it. */
static void put_state(FILE *f, const char *name, const VmFacts *v)
{
        for (VmState s = 0; s < _VM_STATE_MAX; s++)
                (void) fprintf(f, "%s{id=\"%s\",state=\"%s\"} %i\n", name, v->id, vm_state_to_string(s),
                               v->state == s);
}

static void put_usec(FILE *f, const char *name, const VmFacts *v, uint64_t usec)
{
        (void) fprintf(f, "%s{id=\"%s\"} %" PRIu64 ".%06u\n", name, v->id, usec / 1000000,
                       (unsigned) (usec % 1000000));
}

static void put_cpu(FILE *f, const char *name, const VmFacts *v)
{
        if (v->usage.has_cpu)
                put_usec(f, name, v, v->usage.cpu_usec);
}

static void put_memory(FILE *f, const char *name, const VmFacts *v)
{
        if (v->usage.has_memory)
                (void) fprintf(f, "%s{id=\"%s\"} %" PRIu64 "\n", name, v->id, v->usage.memory_bytes);
}

static void put_start(FILE *f, const char *name, const VmFacts *v)
{
        if (v->pid > 0)
                put_usec(f, name, v, v->since_usec);
}

int list_prometheus(const VmFacts *vms, size_t n, FILE *f)
{
        static const struct {
                const char *name, *type, *help;
                void (*put)(FILE *f, const char *name, const VmFacts *v);
        } metrics[] = {
                { "fcjail_vm_info", "gauge", "What the VM has; always 1.", put_info },
                { "fcjail_vm_state", "gauge", "1 for the state that the VM is in, 0 for all others.",
                  put_state },
                { "fcjail_vm_cpu_seconds_total", "counter", "CPU time of the VM's cgroup.", put_cpu },
                { "fcjail_vm_memory_bytes", "gauge", "Memory of the VM's cgroup.", put_memory },
                { "fcjail_vm_start_time_seconds", "gauge", "When the VMM was started, since the epoch.",
                  put_start },
        };

        FOREACH_ARRAY (m, metrics, ELEMENTSOF(metrics)) {
                (void) fprintf(f, "# HELP %s %s\n# TYPE %s %s\n", m->name, m->help, m->name, m->type);
                FOREACH_ARRAY (v, vms, n)
                        m->put(f, m->name, v);
        }
        return fflush(f) != 0 || ferror(f) ? -EIO : 0;
}

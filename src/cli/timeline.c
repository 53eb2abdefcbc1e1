/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The journal entry of a start has how long each step took, not when it began. But the steps of a process follow each other
 * without a pause: those of OUTSIDE from the begin, those of INSIDE from the end of `clone`. `exec` has no end that INSIDE could
 * tell; OUTSIDE sees it as the end of `launch`.
 */

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "json-add.h"
#include "parse.h"
#include "step.h"
#include "timeline.h"

void starts_done(Starts *s)
{
        free(s->items);
        *s = (Starts){};
}

/* The value of a field of one entry: strings KEY=value, of which an empty one is the last. */
static bool field_u64(const char *entry, const char *key, uint64_t max, uint64_t *ret)
{
        const size_t n = strlen(key);

        for (const char *s = entry; *s; s += strlen(s) + 1)
                if (strncmp(s, key, n) == 0 && s[n] == '=')
                        return parse_u64(s + n + 1, 0, max, ret) >= 0;
        return false;
}

static uint64_t step_time(const char *entry, const char *step)
{
        char key[40];
        uint64_t usec = 0;

        (void) snprintf(key, sizeof(key), "FCJAIL_USEC_%s", step);
        for (char *c = key; *c; c++)
                *c = (char) toupper(*c);
        return field_u64(entry, key, UINT32_MAX, &usec) ? usec : 0;
}

static uint64_t add_phase(Start *s, const char *name, bool inside, uint64_t start_usec, uint64_t usec)
{
        s->phases[s->n_phases++] =
                (Phase){ .name = name, .inside = inside, .start_usec = start_usec, .usec = usec };
        return start_usec + usec;
}

/* In the order of the table, so that it shows who waits for whom. */
static void add_phases(Start *s, const char *entry)
{
        uint64_t usec = 0, outside, inside = 0, *now;
        Phase *exec = NULL;

        outside = field_u64(entry, "FCJAIL_USEC_CONFIG", UINT32_MAX, &usec) ? usec : 0;
        (void) add_phase(s, "config", /* inside= */ false, 0, outside);
        FOREACH_ARRAY (step, steps, n_steps) {
                now = step->side == SIDE_INSIDE ? &inside : &outside;
                *now = add_phase(s, step->name, step->side == SIDE_INSIDE, *now,
                                 step_time(entry, step->name));
                if (step->run == step_clone)
                        inside = outside;
                else if (step->run == step_exec)
                        exec = &s->phases[s->n_phases - 1];
                else if (step->run == step_launch && exec && outside > exec->start_usec)
                        exec->usec = outside - exec->start_usec;
        }
}

static bool parse_entry(const char *entry, Start *ret)
{
        *ret = (Start){};
        if (!field_u64(entry, "REALTIME", INT64_MAX, &ret->realtime_usec) ||
            !field_u64(entry, "FCJAIL_USEC", UINT32_MAX, &ret->usec))
                return false;
        (void) field_u64(entry, "FCJAIL_PID", INT32_MAX, &ret->pid);
        add_phases(ret, entry);
        return true;
}

int starts_parse(char *text, size_t size, Starts *ret)
{
        _cleanup_starts_ Starts all = {};
        size_t n = 0;

        if (size < 2 || text[size - 1] != '\0' || text[size - 2] != '\0')
                size = 0;
        for (size_t i = 1; i < size; i++)
                n += text[i] == '\0' && text[i - 1] == '\0';
        all.items = calloc(n + 1, sizeof(Start));
        if (!all.items)
                return -ENOMEM;

        for (const char *s = text; s < text + size; s++) {
                if (parse_entry(s, &all.items[all.n_items]))
                        all.n_items++;
                while (*s)
                        s += strlen(s) + 1;
        }
        *ret = all;
        all = (Starts){};
        return 0;
}

static int add_phase_row(struct json_object *array, const Phase *p)
{
        struct json_object *row = json_object_new_object();

        if (add_value(array, row) < 0)
                return -ENOMEM;
        return ALL(add_string(row, "step", p->name), add_bool(row, "inside", p->inside),
                   add_u64(row, "start_usec", p->start_usec), add_u64(row, "usec", p->usec));
}

static int add_start(struct json_object *array, const Start *s)
{
        struct json_object *row = json_object_new_object(), *phases = json_object_new_array();
        int r;

        r = add_value(array, row);
        if (r < 0) {
                json_object_put(phases);
                return r;
        }
        r = ALL(add_u64(row, "realtime_usec", s->realtime_usec), add_u64(row, "usec", s->usec),
                add_u64(row, "pid", s->pid), add_member(row, "steps", phases));
        FOREACH_ARRAY (p, s->phases, s->n_phases)
                if (r >= 0)
                        r = add_phase_row(phases, p);
        return r;
}

struct json_object *starts_json(const Starts *s, const char *id)
{
        struct json_object *o = json_object_new_object(), *array = json_object_new_array();
        int r;

        if (!o || !array) {
                json_object_put(o);
                json_object_put(array);
                return NULL;
        }
        r = ALL(add_u64(o, "version", 1), add_string(o, "vm", id), add_member(o, "starts", array));
        FOREACH_ARRAY (i, s->items, s->n_items)
                if (r >= 0)
                        r = add_start(array, i);
        if (r < 0) {
                json_object_put(o);
                return NULL;
        }
        return o;
}

/* SPDX-License-Identifier: Apache-2.0 */

#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "doctor-report.h"
#include "doctor.h"
#include "json-add.h"
#include "terminal.h"

/* Of the JSON. A new member or check needs no new version. */
#define REPORT_VERSION 1

int doctor_report_begin(DoctorReport *r, bool json)
{
        *r = (DoctorReport){ .colors = !json && terminal_colors(STDOUT_FILENO) };
        if (!json)
                return 0;
        r->json = json_object_new_object();
        if (!r->json)
                return -ENOMEM;
        r->array = json_object_new_array();
        return ALL(add_number(r->json, "version", REPORT_VERSION),
                   add_string(r->json, "document", DOCTOR_DOCUMENT_VERSION),
                   add_member(r->json, "findings", r->array));
}

void doctor_report_done(DoctorReport *r)
{
        json_object_put(TAKE_PTR(r->json));
}

static int add_row(DoctorReport *r, const char *topic, const char *check, const Finding *f)
{
        struct json_object *row = json_object_new_object();

        if (add_value(r->array, row) < 0)
                return -ENOMEM;
        _cleanup_free_ char *sentence = strndup(f->text, f->n_sentence);
        if (!sentence)
                return -ENOMEM;
        return ALL(add_string(row, "topic", topic), add_string(row, "check", check),
                   add_string(row, "severity", severity_to_string(f->severity)),
                   add_string(row, "object", f->object), add_string(row, "text", sentence),
                   add_string(row, "remedy", f->remedy),
                   add_number(row, "exit_status",
                              f->severity == SEVERITY_ERROR ? (uint32_t) f->exit_status : 0));
}

static void print_topic(const DoctorReport *r, const char *topic)
{
        const char *on = r->colors ? COLOR_HIGHLIGHT : "", *off = r->colors ? COLOR_OFF : "";

        printf("%s%s%s%s%s\n", r->topic ? "\n" : "", on, topic, off,
               strcmp(topic, DOCTOR_DOCUMENT_TOPIC) == 0
                       ? ": production host setup of Firecracker " DOCTOR_DOCUMENT_VERSION
                       : "");
}

static void print_row(const DoctorReport *r, const Finding *f)
{
        static const char *const colors[_SEVERITY_MAX] = {
                [SEVERITY_OK] = COLOR_GREY,
                [SEVERITY_NOTE] = "",
                [SEVERITY_WARNING] = COLOR_WARNING,
                [SEVERITY_ERROR] = COLOR_ERROR,
        };
        const bool is_ok = f->severity == SEVERITY_OK;
        const char *on = r->colors ? colors[f->severity] : "", *off = r->colors && on[0] ? COLOR_OFF : "";

        printf("  %s%-7s%s %s: %.*s%s\n", on, severity_to_string(f->severity), is_ok ? "" : off, f->object,
               (int) f->n_sentence, f->text, is_ok ? off : "");
        if (f->remedy)
                printf("          %s\n", f->remedy);
}

int doctor_report_add(DoctorReport *r, const char *topic, const char *check, const Findings *f)
{
        int k = 0;

        FOREACH_ARRAY (i, f->items, f->n_items) {
                r->n[i->severity]++;
                if (i->severity == SEVERITY_ERROR && r->status == EX_OK)
                        r->status = i->exit_status;
                if (r->json) {
                        k = k >= 0 ? add_row(r, topic, check, i) : k;
                        continue;
                }
                if (!r->topic || strcmp(r->topic, topic) != 0)
                        print_topic(r, topic);
                r->topic = topic;
                print_row(r, i);
        }
        return k;
}

int doctor_report_end(DoctorReport *r)
{
        _cleanup_free_ char *text = NULL;

        if (!r->json) {
                printf("\nerrors: %u, warnings: %u, notes: %u, ok: %u\n", r->n[SEVERITY_ERROR],
                       r->n[SEVERITY_WARNING], r->n[SEVERITY_NOTE], r->n[SEVERITY_OK]);
                return fflush(stdout) == 0 ? 0 : -EIO;
        }
        if (json_line(r->json, &text) < 0)
                return -ENOMEM;
        return fputs(text, stdout) < 0 || fflush(stdout) != 0 ? -EIO : 0;
}

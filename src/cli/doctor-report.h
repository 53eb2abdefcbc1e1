/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What `fcjail doctor` prints: a row for each finding, under its topic. */

#include <json-c/json.h>

#include "findings.h"

typedef struct DoctorReport {
        struct json_object *json;  /* NULL: text, which is printed at once */
        struct json_object *array; /* in json */
        bool colors;
        const char *topic; /* of the row before */
        unsigned n[_SEVERITY_MAX];
        int status; /* the exit status: that of the first error */
} DoctorReport;

/* 0 or -ENOMEM. */
int doctor_report_begin(DoctorReport *r, bool json) _must_check_;
void doctor_report_done(DoctorReport *r);
#define _cleanup_doctor_report_ _cleanup_(doctor_report_done)

/* The findings of a check; topic and check are not copied. 0 or -ENOMEM. */
int doctor_report_add(DoctorReport *r, const char *topic, const char *check, const Findings *f) _must_check_;

/* The last line, or the JSON. 0, -ENOMEM or -EIO. */
int doctor_report_end(DoctorReport *r) _must_check_;

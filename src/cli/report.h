/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What `fcjail check` prints. */

#include "diagnostics.h"
#include "findings.h"
#include "plan.h"

typedef struct Report {
        const char *id;
        const Plan *plan; /* NULL: the settings have errors */
        const Diagnostics *diagnostics;
        const Findings *findings;
} Report;

/* The plan on standard output, all else on standard error. 0, -ENOMEM, or -EIO. */
int report_text(const Report *r) _must_check_;

/* All of it on standard output, as one JSON object on one line. 0, -ENOMEM, or -EIO. */
int report_json(const Report *r) _must_check_;

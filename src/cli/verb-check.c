/* SPDX-License-Identifier: Apache-2.0 */

/* fcjail check [--json] ID: what a start of the unit would do, and every error of the settings or of what they name. Makes
 * nothing. It needs to read the files, also those in /run/fcjail: that is for root and for members of the group fcjail. */

#include <sysexits.h>

#include "common.h"
#include "log.h"
#include "look.h"
#include "objects.h"
#include "report.h"
#include "unit.h"
#include "verbs.h"

/* That of the first error. */
static int status_of(const Report *r)
{
        const Finding *e = findings_error(r->findings);

        return !r->plan ? EX_CONFIG : e ? e->exit_status : EX_OK;
}

static int check(const char *id, bool json)
{
        _cleanup_systemd_unit_ SystemdUnit unit = {};
        _cleanup_host_objects_ HostObjects objects = HOST_OBJECTS_NULL;
        _cleanup_findings_ Findings findings = {};
        _cleanup_diagnostics_ Diagnostics diagnostics = {};
        _cleanup_plan_ Plan plan = {};
        Report report = { id, NULL, &diagnostics, &findings };
        Caller caller;
        int r;

        int status = unit_caller(id, &unit, &caller, &findings);
        if (status != EX_OK)
                return status;
        objects.by_check = true;
        r = read_plan(id, &caller, &objects, &diagnostics, &findings, &plan);
        if (r < 0 && r != -EBADMSG)
                return fail_plan(id, r);
        if (r >= 0)
                report.plan = &plan;
        if (r >= 0 && look_at_vm(&unit, &caller, &plan, &objects, &findings) < 0)
                return EX_OSERR;
        host_binds_tell(objects.binds, &plan);
        r = json ? report_json(&report) : report_text(&report);
        return r < 0 ? EX_IOERR : status_of(&report);
}

int verb_check(const CommandLine *c)
{
        const char *id = c->args[0];
        int status;

        log_open(NULL);
        status = check_id(id);
        return status == EX_OK ? check(id, option_value(c, "json")) : status;
}

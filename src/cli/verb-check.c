/* SPDX-License-Identifier: Apache-2.0 */

/*
 * fcjail check [--json] ID, fcjail check [--json] -- jailer OPTION…: what a start of the unit, or of that command line,
 * would do, and every error of the settings or of what they name. Makes nothing. It needs to read the files, also those in
 * /run/fcjail: that is for root and for members of the group fcjail.
 */

#include <string.h>
#include <sysexits.h>

#include "common.h"
#include "jailer-plan.h"
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

/* Without a unit, and as if nothing were there already. */
static int check_jailer(char *const *argv, bool json)
{
        _cleanup_jailer_args_ JailerArgs args = { .config = CONFIG_UNSET };
        _cleanup_host_objects_ HostObjects objects = HOST_OBJECTS_NULL;
        _cleanup_findings_ Findings findings = {};
        _cleanup_diagnostics_ Diagnostics diagnostics = {};
        _cleanup_free_ char *why = NULL;
        _cleanup_plan_ Plan plan = {};
        int r;

        r = jailer_args_parse(argv, &args, &why);
        if (r < 0 || args.request != JAILER_START) {
                log_error("%s", r >= 0 ? "--help and --version start nothing" : why ? why : strerror(-r));
                return EX_USAGE;
        }
        int status = jailer_resolve_paths(&args.config);
        if (status != EX_OK)
                return status;
        r = jailer_plan(&args, &diagnostics, &plan);
        if (r < 0 && r != -EBADMSG)
                return fail_plan(args.id, r);

        const Report report = { args.id, r >= 0 ? &plan : NULL, &diagnostics, &findings };
        objects.by_check = true;
        if (r >= 0 && host_open(&plan, &objects, &findings) < 0)
                return EX_OSERR;
        r = json ? report_json(&report) : report_text(&report);
        return r < 0 ? EX_IOERR : status_of(&report);
}

int verb_check(const CommandLine *c)
{
        const char *id = c->args[0];
        int status;

        log_open(NULL);
        if (strcmp(id, "jailer") == 0 || c->n_args > 1) {
                if (strcmp(id, "jailer") != 0) {
                        log_error("usage: fcjail check [--json] ID|-- jailer OPTION...");
                        return EX_USAGE;
                }
                return check_jailer(c->args + 1, option_value(c, "json"));
        }
        status = check_id(id);
        return status == EX_OK ? check(id, option_value(c, "json")) : status;
}

/* SPDX-License-Identifier: Apache-2.0 */

/* fcjail check [--json] ID: what a start of the unit would do, and every error of the settings or of what they name. Makes
 * nothing. It needs to read the files, also those in /run/fcjail: that is for root and for members of the group fcjail. */

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "common.h"
#include "jail-files.h"
#include "log.h"
#include "objects.h"
#include "uid-owners.h"
#include "unit.h"
#include "verbs.h"

/* An ExecStop= that outlives TimeoutStopSec= makes the stop a failure. */
static void check_times(const Plan *p, const SystemdUnit *u)
{
        if (u->timeout_stop_usec != 0 && p->stop_seconds * UINT64_C(1000000) >= u->timeout_stop_usec)
                log_warning(
                        "FCJAIL_STOP= waits %u s, but TimeoutStopSec= of the unit is only %llu s; raise TimeoutStopSec=, or a slow stop fails",
                        p->stop_seconds, (unsigned long long) u->timeout_stop_usec / 1000000);
}

/* Reports everything that a start would find; the status is that of the first error. */
static int check_host(const SystemdUnit *u, const Caller *caller, const Plan *p, HostObjects *o, Findings *f)
{
        if (unit_check(u, f) < 0 || host_open(p, o, f) < 0 || uid_owners_check(p, caller->uid, f) < 0 ||
            jail_files_check(p, o, f) < 0)
                return EX_OSERR;
        FOREACH_ARRAY (i, f->items, f->n_items)
                if (i->severity == SEVERITY_ERROR)
                        log_error("%s: %s", i->object, i->text);
                else
                        log_info("%s: %s", i->object, i->text);

        const Finding *e = findings_error(f);
        return e ? e->exit_status : EX_OK;
}

static int check(const char *id, bool json)
{
        _cleanup_systemd_unit_ SystemdUnit unit = {};
        _cleanup_host_objects_ HostObjects objects = HOST_OBJECTS_NULL;
        _cleanup_findings_ Findings findings = {};
        Caller caller;
        _cleanup_free_ char *text = NULL;
        _cleanup_plan_ Plan plan = {};
        int status;

        status = unit_caller(id, &unit, &caller);
        if (status == EX_OK)
                status = load_plan(id, &caller, &objects, &findings, &plan);
        if (status != EX_OK)
                return status;

        check_times(&plan, &unit);
        if ((json ? plan_dump_json(&plan, &text) : plan_dump(&plan, &text)) < 0 || fputs(text, stdout) < 0 ||
            fflush(stdout) != 0)
                return EX_IOERR;
        return check_host(&unit, &caller, &plan, &objects, &findings);
}

int verb_check(const CommandLine *c)
{
        const char *id = c->args[0];
        int status;

        log_open(NULL);
        status = check_id(id);
        return status == EX_OK ? check(id, option_value(c, "json")) : status;
}

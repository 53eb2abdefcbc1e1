/* SPDX-License-Identifier: Apache-2.0 */

/*
 * fcjail jailer OPTION…, also called jailer: in the place of Firecracker's jailer. Without --daemonize and --new-pid-ns this
 * process becomes the VMM.
 *
 * Should:  report every failure with the jailer's exit status, 1; what has gone wrong is said on standard error.
 */

#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "common.h"
#include "jailer-args.h"
#include "jailer-plan.h"
#include "log.h"
#include "start.h"
#include "step.h"
#include "time-util.h"
#include "verbs.h"

/* Whose command line this is. */
#define JAILER_VERSION_TEXT "1.16.1"

static int print_help(void)
{
        printf("Jailer v%s\n\n"
               "fcjail jailer OPTION... [-- ARGUMENT...]\n\n"
               "Starts a VMM in a jail, as Firecracker's jailer does. See fcjail-jailer(1).\n\n",
               JAILER_VERSION_TEXT);
        jailer_args_help(stdout);
        return fflush(stdout) == 0 ? EX_OK : EX_IOERR;
}

static int print_version(void)
{
        printf("Jailer v%s\n\nfcjail %s\n", JAILER_VERSION_TEXT, PROJECT_VERSION);
        return fflush(stdout) == 0 ? EX_OK : EX_IOERR;
}

static int make_plan(JailerArgs *a, Plan *ret)
{
        _cleanup_diagnostics_ Diagnostics d = {};
        int r = jailer_plan(a, &d, ret);

        log_diagnostics(&d);
        return r < 0 ? fail_plan(a->id, r) : EX_OK;
}

static int start(JailerArgs *a)
{
        _cleanup_plan_ Plan plan = {};
        _cleanup_jail_ Jail jail = jail_new(&plan, now_usec());
        Caller caller;
        int status;

        log_open_beside(a->id);
        status = jailer_resolve_paths(&a->config);
        if (status == EX_OK)
                status = become_root(&caller);
        if (status == EX_OK)
                status = check_capabilities(/* in_place_of_jailer= */ true);
        if (status == EX_OK)
                status = make_plan(a, &plan);
        if (status != EX_OK)
                return status;
        if (plan.vm_is_root)
                log_warning("VM '%s' runs with uid %u and gid %u, as FCJAIL_JAILER_ROOT=yes allows", a->id,
                            plan.uid, plan.gid);
        if (start_reduce_environment() < 0)
                return EX_OSERR;

        jail.config_usec = now_usec() - jail.start_usec;
        if (steps_run(&jail, SIDE_OUTSIDE) < 0)
                return start_fail(&jail);
        start_log(&jail);
        return EX_OK;
}

static int jailer(char *const *argv)
{
        _cleanup_jailer_args_ JailerArgs args = { .config = CONFIG_UNSET };
        _cleanup_free_ char *why = NULL;
        int status, r;

        status = start_sanitize();
        if (status != EX_OK)
                return status;
        r = jailer_args_parse(argv, &args, &why);
        if (r < 0) {
                log_error("%s", why ? why : strerror(-r));
                return EX_USAGE;
        }
        if (args.request == JAILER_HELP)
                return print_help();
        return args.request == JAILER_VERSION ? print_version() : start(&args);
}

int verb_jailer(const CommandLine *c)
{
        return jailer(c->args) == EX_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}

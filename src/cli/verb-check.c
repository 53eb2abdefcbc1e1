/* SPDX-License-Identifier: Apache-2.0 */

/* fcjail check ID: what a start would do, or everything that is wrong with the configuration. Touches
 * nothing and needs no privilege but to read the files. */

#include <stdio.h>
#include <sysexits.h>
#include <unistd.h>

#include "common.h"
#include "log.h"
#include "verbs.h"

int verb_check(char **args)
{
        _cleanup_plan_ Plan plan = {};
        _cleanup_free_ char *text = NULL;
        const Caller caller = { .uid = getuid() != 0 && getenv("INVOCATION_ID") ? getuid() : 0 };
        int status;

        log_open(NULL);
        status = check_id(args[0]);
        if (status == EX_OK)
                status = load_plan(args[0], &caller, &plan);
        if (status != EX_OK)
                return status;

        if (plan_dump(&plan, &text) < 0 || fputs(text, stdout) < 0 || fflush(stdout) != 0)
                return EX_IOERR;
        return EX_OK;
}

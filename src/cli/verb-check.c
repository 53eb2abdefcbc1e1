/* SPDX-License-Identifier: Apache-2.0 */

/* fcjail check [--json] ID: what a start would do, or everything that is wrong with the configuration. Touches
 * nothing and needs no privilege but to read the files. */

#include <stdio.h>
#include <string.h>
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
        bool json = strcmp(args[0], "--json") == 0;
        const char *id = args[json ? 1 : 0];
        int status;

        log_open(NULL);
        if (!id || (!json && args[1])) {
                log_error("usage: fcjail check [--json] ID");
                return EX_USAGE;
        }
        status = check_id(id);
        if (status == EX_OK)
                status = load_plan(id, &caller, &plan);
        if (status != EX_OK)
                return status;

        if ((json ? plan_dump_json(&plan, &text) : plan_dump(&plan, &text)) < 0 || fputs(text, stdout) < 0 ||
            fflush(stdout) != 0)
                return EX_IOERR;
        return EX_OK;
}

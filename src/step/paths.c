/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Step `paths`: from here on no path of the configuration is used again, only what was opened and
 * verified here (host/objects.c).
 */

#include "step.h"

int step_paths(Jail *jail)
{
        int r;

        r = host_open(jail->plan, &jail->host, &jail->findings);
        if (r < 0)
                return step_fail(jail, r, "the host");

        const Finding *e = findings_error(&jail->findings);
        return e ? step_fail_because(jail, e->error, e->exit_status, e->object, "%s", e->text) : 0;
}

/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Step `group`: INSIDE takes the VM's gid, and gives up all supplementary groups, while it is still uid 0.
 *
 * Everything made from here on is root:<vm gid> by birth, so there is no chown anywhere, and the class of
 * holes that is made of chown and a link does not exist. Not dumpable: nothing of the VM's uid may look into
 * this process while it is half-way.
 */

#include <grp.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "step.h"

int step_group(Jail *jail)
{
        if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
                return step_fail(jail, -errno, "dumpable");
        if (setgroups(0, NULL) < 0)
                return step_fail(jail, -errno, "supplementary groups");
        if (setresgid(jail->gid, jail->gid, jail->gid) < 0)
                return step_fail(jail, -errno, "gid %u", jail->gid);
        /* A session of its own has no controlling terminal. This cannot fail, because the process is new. */
        if (setsid() < 0)
                return step_fail(jail, -errno, "session");
        return 0;
}

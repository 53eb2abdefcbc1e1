/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Step `group`: INSIDE takes the VM's gid, and gives up all supplementary groups, while it is still uid 0.
 *
 * Everything made from here on is root:<vm gid> by birth, and nothing gets another owner, so the class of
 * holes that is made of chown and a link does not exist. Not dumpable: nothing of the VM's uid may look into
 * this process while it is half-way.
 */

#include <fcntl.h>
#include <grp.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "fd-util.h"
#include "step.h"

/* Of the host's /dev, which can still be reached. */
static int leave_stdio(Jail *jail)
{
        _cleanup_close_ int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

        if (fd < 0)
                return step_fail(jail, -errno, "/dev/null");
        for (int i = STDIN_FILENO; i <= STDERR_FILENO; i++)
                if (dup2(fd, i) < 0)
                        return step_fail(jail, -errno, "descriptor %i", i);
        return 0;
}

int step_group(Jail *jail)
{
        if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
                return step_fail(jail, -errno, "dumpable");
        if (setgroups(0, NULL) < 0)
                return step_fail(jail, -errno, "supplementary groups");
        if (setresgid(jail->gid, jail->gid, jail->gid) < 0)
                return step_fail(jail, -errno, "gid %u", jail->gid);
        /* A session of its own has no controlling terminal. This cannot fail, because the process is new. */
        if (jail->plan->own_session && setsid() < 0)
                return step_fail(jail, -errno, "session");
        return jail->plan->stdio_is_null ? leave_stdio(jail) : 0;
}

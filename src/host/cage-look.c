/* SPDX-License-Identifier: Apache-2.0 */

#include <fcntl.h>
#include <sysexits.h>
#include <unistd.h>

#include "cage-look.h"
#include "cage.h"
#include "fd-util.h"

int cage_look(const Plan *p, HostObjects *o, Findings *f)
{
        int r;

        (void) p;
        _cleanup_close_ int run_fd = open("/run/fcjail", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        r = run_fd < 0 ? -errno : cage_open(run_fd);
        if (r >= 0)
                o->cage_fd = r;
        if (o->by_check && geteuid() != 0) /* it is for root alone */
                return 0;
        if (o->by_check && r == -ENOTTY)
                return findings_add(f, SEVERITY_NOTE, 0, EX_OK, CAGE_PATH,
                                    "run `systemctl restart fcjail-cage.service`",
                                    "%s, so a start copies the host's mounts", cage_strerror(r));
        if (r >= 0 || cage_is_absent(r))
                return 0;
        return findings_add(f, SEVERITY_ERROR, r, cage_is_wrong(r) ? EX_NOPERM : EX_OSERR, CAGE_PATH,
                            cage_remedy(r), "%s", cage_strerror(r));
}

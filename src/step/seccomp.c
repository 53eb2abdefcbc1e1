/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Step `seccomp`: the filter that the build made (filter-gen.c has the list and the reasons), and the second
 * audit: that it is really there. systemd may have installed filters as well, so PR_GET_SECCOMP alone proves
 * nothing; calls that are harmless and that only this filter refuses do.
 */

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "filter.h"
#include "step.h"

static int audit_filter(Jail *jail)
{
        if (prctl(PR_GET_SECCOMP, 0, 0, 0, 0) != SECCOMP_MODE_FILTER)
                return step_fail(jail, -EBADE, "no filter is active");
        /* Both do nothing, successfully, without the filter. */
        if (unshare(0) >= 0 || errno != EPERM)
                return step_fail(jail, -EBADE, "the filter does not refuse unshare(2)");
        if (setresuid(jail->uid, jail->uid, jail->uid) >= 0 || errno != EPERM)
                return step_fail(jail, -EBADE, "the filter does not refuse setresuid(2)");
        /* ENOSYS, so that a libc falls back to clone(2), whose flags the filter can see. */
        if (syscall(SYS_clone3, NULL, 0) >= 0 || errno != ENOSYS)
                return step_fail(jail, -EBADE, "the filter does not hide clone3(2)");
        return 0;
}

int step_seccomp(Jail *jail)
{
        const struct sock_fprog program = {
                .len = ELEMENTSOF(filter),
                .filter = (struct sock_filter *) filter,
        };

        if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0)
                return step_fail(jail, -errno, "filter");
        return audit_filter(jail);
}

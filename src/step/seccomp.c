/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Step `seccomp`: one of the filters that the build made (filter-list.h has the list, filter-gen.c the reasons), or
 * one of the operator's; and the second audit: that it is really there. systemd may have installed filters as well,
 * so PR_GET_SECCOMP alone proves nothing; the mark does (filter-mark.h).
 */

#include <linux/seccomp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "filter-mark.h"
#include "filter.h"
#include "step.h"

static int audit_filter(Jail *jail)
{
        if (prctl(PR_GET_SECCOMP, 0, 0, 0, 0) != SECCOMP_MODE_FILTER)
                return step_differs(jail, "filter", "no filter is active");
        if (syscall(FILTER_MARK, NULL) >= 0 || errno != FILTER_MARK_ERRNO)
                return step_differs(jail, "filter", "the kernel did not install it");
        if (jail->plan->seccomp == SECCOMP_PATH)
                return 0;

        /* Both do nothing, successfully, without the filter. */
        if (unshare(0) >= 0 || errno != EPERM)
                return step_differs(jail, "filter", "allows unshare(2)");
        if (setresuid(jail->uid, jail->uid, jail->uid) >= 0 || errno != EPERM)
                return step_differs(jail, "filter", "allows setresuid(2)");
        /* ENOSYS, so that a libc falls back to clone(2), whose flags the filter can see. */
        if (syscall(SYS_clone3, NULL, 0) >= 0 || errno != ENOSYS)
                return step_differs(jail, "filter", "does not answer clone3(2) with ENOSYS");
        return 0;
}

static struct sock_fprog choose(const Jail *jail)
{
        switch (jail->plan->seccomp) {
        case SECCOMP_PATH:
                return (struct sock_fprog){ (unsigned short) jail->host.n_filter, jail->host.filter };
        case SECCOMP_IO_URING:
                return (struct sock_fprog){ ELEMENTSOF(filter_io_uring),
                                            (struct sock_filter *) filter_io_uring };
        default:
                return (struct sock_fprog){ ELEMENTSOF(filter_default),
                                            (struct sock_filter *) filter_default };
        }
}

int step_seccomp(Jail *jail)
{
        const struct sock_fprog program = choose(jail);

        if (jail->plan->seccomp == SECCOMP_OFF)
                return 0;
        if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0)
                return step_fail(jail, -errno, "filter");
        return audit_filter(jail);
}

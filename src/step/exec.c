/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Step `exec`: the last one of INSIDE. OUTSIDE has copied the VMM, and must be there at this moment
 * (TELL_EXEC arrives): a VMM that nobody looks after must not exist.
 */

#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "channel.h"
#include "step.h"
#include "time-util.h"

/* Not a part of the audit, as OUTSIDE may have been filling it in until now. */
static int check_vmm(Jail *jail, const char *path)
{
        const FilePlan *vmm = plan_file(jail->plan, FILE_VMM);
        struct stat st;

        if (lstat(path, &st) < 0)
                return step_fail(jail, -errno, "%s", path);
        if (jail->plan->vmm_text != VMM_TEXT_SHARED &&
            (st.st_mode != vmm->mode || st.st_uid != 0 || st.st_gid != 0))
                return step_differs(jail, path, "has mode %o and owner %u:%u instead of %o and 0:0",
                                    st.st_mode, st.st_uid, st.st_gid, vmm->mode);
        return 0;
}

/* Its last message, then its end, and, if it is our child, the news of it, or the VMM would have a child that it does not
 * know. Without all of these something has killed it. */
static int see_starter_off(Jail *jail)
{
        int status = 0, r;
        Tell m;

        r = channel_hear(jail, &m);
        if (r > 0 && m.kind == TELL_DONE && m.step == step_index(step_launch))
                r = channel_hear(jail, &m);
        else if (r >= 0)
                r = -ECANCELED;
        if (r == 0 && jail->outside_pid > 0 && waitpid(jail->outside_pid, &status, 0) < 0)
                r = -errno;
        if (r > 0 || status != 0)
                r = -ECANCELED;
        return r < 0 ? step_fail(jail, r, "the starting process") : 0;
}

/* SELinux accepts the label earlier, and refuses it only now: the process gets no new privileges, and its program is on a
 * nosuid mount. */
static int fail_at_exec(Jail *jail, int r)
{
        const Plan *p = jail->plan;

        if (p->selinux && (r == -EPERM || r == -EACCES))
                return step_fail_because(
                        jail, r, /* exit_status= */ 0, p->vmm,
                        "%s; the SELinux policy must allow %s process:transition, process2:nnp_transition, process2:nosuid_transition and file:entrypoint",
                        strerror(-r), p->selinux);
        return step_fail(jail, r, "%s", p->vmm);
}

int step_exec(Jail *jail)
{
        VmmTimes times = { .start_usec = jail->start_usec, .start_cpu_usec = cpu_usec() };
        _cleanup_strv_ char **argv = NULL;
        char *environment[] = { NULL }, path[NAME_MAX + 2];
        int r;

        times.parent_cpu_usec = jail->cpu_usec + times.start_cpu_usec;
        r = plan_argv(jail->plan, &times, &argv);
        if (r < 0)
                return step_fail(jail, r, "arguments");
        (void) snprintf(path, sizeof(path), "/%s", jail->plan->vmm_name);
        r = check_vmm(jail, path);
        if (r < 0)
                return r;

        /* By hand nobody but OUTSIDE looks after the VMM. Set now, because the change of the uid takes it back; an
         * OUTSIDE that is gone already does not get the next message. A change of the label at the exec also takes it
         * back: see D12 in docs/decisions.md. */
        if (jail->plan->starter_stays) {
                int sig = 0;

                if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 ||
                    prctl(PR_GET_PDEATHSIG, &sig, 0, 0, 0) < 0)
                        return step_fail(jail, -errno, "parent's death signal");
                if (sig != SIGKILL)
                        return step_differs(jail, "parent's death signal", "the kernel did not set it");
        }

        /* The sockets that the VMM makes are for its uid and its group. */
        (void) umask(0007);
        if (umask(0007) != 0007)
                return step_differs(jail, "umask", "the kernel did not set it");

        r = channel_tell(jail, TELL_EXEC, -1);
        if (r < 0)
                return step_fail(jail, r, "the starting process");
        if (jail->plan->starter_leaves) {
                r = see_starter_off(jail);
                if (r < 0)
                        return r;
        }

        (void) execve(path, argv, environment);
        return fail_at_exec(jail, -errno);
}

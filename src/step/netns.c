/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Step `netns`: INSIDE enters all of its namespaces but the mount namespace, and reads each back from /proc, because
 * otherwise a flag that did nothing would go unnoticed.
 *
 * Should:  name the type to setns(2). RestrictNamespaces= refuses a 0, and a 0 would enter anything.
 */

#include <sched.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "host.h"
#include "namespaces.h"
#include "step.h"

/* The PID namespace exists already, and the mount namespace comes later. */
static int new_here(const Plan *p)
{
        return p->new_namespaces & ~(CLONE_NEWPID | CLONE_NEWNS);
}

/* Into new namespaces, and, if the plan names one, into that network namespace. */
static int change(Jail *jail)
{
        const Plan *p = jail->plan;
        int r;

        if (p->uplink.kind != UPLINK_NONE) {
                r = netlink_open(&jail->uplink_nl);
                if (r < 0)
                        return step_fail(jail, r, "rtnetlink");
        }
        if (unshare(new_here(p)) < 0)
                return step_fail(jail, -errno, "new namespaces");
        if (p->netns == NETNS_PATH && setns(jail->host.netns_fd, CLONE_NEWNET) < 0)
                return step_fail(jail, -errno, "%s", p->netns_path);
        return 0;
}

static int check_new(Jail *jail, const ino_t before[_NAMESPACE_MAX], const ino_t now[_NAMESPACE_MAX])
{
        for (NamespaceId ns = 0; ns < _NAMESPACE_MAX; ns++)
                if ((jail->plan->new_namespaces & namespace_kinds[ns].clone_flag) && now[ns] == before[ns])
                        return step_differs(jail, "namespaces", "the %s namespace is still the host's",
                                            namespace_kinds[ns].name);
        return 0;
}

static int check_joined(Jail *jail, ino_t now)
{
        struct stat st;
        int r;

        if (fstat(jail->host.netns_fd, &st) < 0)
                return step_fail(jail, -errno, "%s", jail->plan->netns_path);
        if (st.st_ino != now)
                return step_differs(jail, jail->plan->netns_path, "the process did not enter it");

        /* A path or a name leads to the host's only by mistake: FCJAIL_NETNS=host says it. Step `paths` refuses our own; this
         * check needs to see PID 1. */
        r = in_netns_of_host();
        if (r == -ENOENT || r == -EPERM)
                r = 0;
        if (r < 0)
                return step_fail(jail, r, "/proc/1/net/dev");
        if (r > 0)
                return step_fail_because(
                        jail, -EINVAL, EX_NOINPUT, jail->plan->netns_path,
                        "is the host's network namespace; set FCJAIL_NETNS=host if that is intended");
        return 0;
}

int step_netns(Jail *jail)
{
        const bool joins = jail->plan->netns == NETNS_PATH;
        const int changed = new_here(jail->plan) | (joins ? CLONE_NEWNET : 0);
        ino_t before[_NAMESPACE_MAX], now[_NAMESPACE_MAX];
        int r;

        if ((jail->plan->new_namespaces & CLONE_NEWPID) && getpid() != 1)
                return step_differs(jail, "namespaces", "the pid namespace is still the host's");

        r = namespaces_read(changed, before);
        if (r < 0)
                return step_fail(jail, r, "/proc/self/ns");
        r = change(jail);
        if (r < 0)
                return r;
        r = namespaces_read(changed, now);
        if (r < 0)
                return step_fail(jail, r, "/proc/self/ns");

        r = check_new(jail, before, now);
        return r >= 0 && joins ? check_joined(jail, now[NAMESPACE_NET]) : r;
}

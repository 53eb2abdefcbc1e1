/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Step `netns`: INSIDE goes where the plan wants it, in each of its namespaces but that of the mounts, and is no longer
 * where it should not be: read back from /proc, because a flag that did nothing would go unnoticed else.
 *
 * Should:  name the type to setns(2). RestrictNamespaces= refuses a 0, and a 0 would enter anything.
 */

#include <sched.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "host.h"
#include "inside.h"
#include "step.h"

static int make_namespaces(Jail *jail)
{
        const int flags = jail->plan->new_namespaces;
        ino_t before[_NAMESPACE_MAX], now[_NAMESPACE_MAX];
        int r;

        r = namespaces_read(flags, before);
        if (r < 0)
                return step_fail(jail, r, "/proc/self/ns");
        if (unshare(flags) < 0)
                return step_fail(jail, -errno, "new namespaces");
        r = namespaces_read(flags, now);
        if (r < 0)
                return step_fail(jail, r, "/proc/self/ns");

        for (NamespaceId ns = 0; ns < _NAMESPACE_MAX; ns++)
                if (now[ns] != 0 && now[ns] == before[ns])
                        return step_fail(jail, -EBADE, "the %s namespace is still the host's",
                                         namespace_kinds[ns].name);
        return 0;
}

static int check_joined(Jail *jail, ino_t before)
{
        ino_t now[_NAMESPACE_MAX];
        struct stat st;
        int r;

        r = namespaces_read(CLONE_NEWNET, now);
        if (r < 0)
                return step_fail(jail, r, "/proc/self/ns");
        if (fstat(jail->netns_fd, &st) < 0)
                return step_fail(jail, -errno, "%s", jail->plan->netns_path);
        if (st.st_ino != now[NAMESPACE_NET])
                return step_fail(jail, -EBADE, "%s was not entered", jail->plan->netns_path);

        /* A path or a name leads to the host's only by mistake: FCJAIL_NETNS=host says it. Who cannot see PID 1 can at
         * least tell what it was started in, which is the host's as a rule. */
        r = in_netns_of_host();
        if (r == -ENOENT || r == -EPERM)
                r = now[NAMESPACE_NET] == before;
        if (r < 0)
                return step_fail(jail, r, "/proc/1/net/dev");
        if (r > 0)
                return step_fail_because(jail, -EINVAL, EX_NOINPUT, jail->plan->netns_path,
                                         "is the host's network; say FCJAIL_NETNS=host if that is meant");
        return 0;
}

static int join_netns(Jail *jail)
{
        ino_t before[_NAMESPACE_MAX];
        int r;

        r = namespaces_read(CLONE_NEWNET, before);
        if (r < 0)
                return step_fail(jail, r, "/proc/self/ns");
        if (setns(jail->netns_fd, CLONE_NEWNET) < 0)
                return step_fail(jail, -errno, "%s", jail->plan->netns_path);
        return check_joined(jail, before[NAMESPACE_NET]);
}

int step_netns(Jail *jail)
{
        int r;

        if (getpid() != 1)
                return step_fail(jail, -EBADE, "the pid namespace is still the host's");

        r = make_namespaces(jail);
        return r >= 0 && jail->plan->netns == NETNS_PATH ? join_netns(jail) : r;
}

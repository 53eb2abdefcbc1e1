/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Step `netns`: INSIDE is where the plan wants it, in each of its namespaces, and where it should not be it
 * is not: read back from /proc, because a clone flag that did nothing would go unnoticed else.
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

static int check_joined(Jail *jail)
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
                r = now[NAMESPACE_NET] == jail->host_ns[NAMESPACE_NET];
        if (r < 0)
                return step_fail(jail, r, "/proc/1/net/dev");
        if (r > 0)
                return step_fail_because(jail, -EINVAL, EX_NOINPUT, jail->plan->netns_path,
                                         "is the host's network; say FCJAIL_NETNS=host if that is meant");
        return 0;
}

static int check_born(Jail *jail)
{
        ino_t now[_NAMESPACE_MAX];
        int r;

        if (getpid() != 1)
                return step_fail(jail, -EBADE, "the pid namespace is still the host's");

        r = namespaces_read(jail->plan->clone_flags, now);
        if (r < 0)
                return step_fail(jail, r, "/proc/self/ns");
        for (NamespaceId ns = 0; ns < _NAMESPACE_MAX; ns++)
                if (now[ns] != 0 && now[ns] == jail->host_ns[ns])
                        return step_fail(jail, -EBADE, "the %s namespace is still the host's",
                                         namespace_kinds[ns].name);
        return 0;
}

int step_netns(Jail *jail)
{
        int r;

        r = check_born(jail);
        if (r < 0)
                return r;
        if (jail->plan->netns != NETNS_PATH)
                return 0;

        if (setns(jail->netns_fd, CLONE_NEWNET) < 0)
                return step_fail(jail, -errno, "%s", jail->plan->netns_path);
        return check_joined(jail);
}

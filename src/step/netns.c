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
        struct stat st;
        ino_t ino;
        int r;

        r = namespace_inode(NAMESPACE_NET, &ino);
        if (r < 0)
                return step_fail(jail, r, "/proc/self/ns/net");
        if (fstat(jail->netns_fd, &st) < 0)
                return step_fail(jail, -errno, "%s", jail->plan->netns_path);
        if (st.st_ino != ino)
                return step_fail(jail, -EBADE, "%s was not entered", jail->plan->netns_path);

        /* A path or a name leads to the host's only by mistake: FCJAIL_NETNS=host says it. Who cannot see PID 1 can at
         * least tell what it was started in, which is the host's as a rule. */
        r = in_netns_of_host();
        if (r == -ENOENT || r == -EPERM)
                r = ino == jail->host_ns[NAMESPACE_NET];
        if (r < 0)
                return step_fail(jail, r, "/proc/1/net/dev");
        if (r > 0)
                return step_fail_because(jail, -EINVAL, EX_NOINPUT, jail->plan->netns_path,
                                         "is the host's network; say FCJAIL_NETNS=host if that is meant");
        return 0;
}

static int check_born(Jail *jail)
{
        static const struct {
                NamespaceId ns;
                unsigned long flag;
        } born[] = {
                { NAMESPACE_PID, CLONE_NEWPID }, { NAMESPACE_IPC, CLONE_NEWIPC },
                { NAMESPACE_UTS, CLONE_NEWUTS }, { NAMESPACE_CGROUP, CLONE_NEWCGROUP },
                { NAMESPACE_NET, CLONE_NEWNET },
        };
        int r;

        FOREACH_ARRAY (b, born, ELEMENTSOF(born)) {
                ino_t ino;

                if (!(jail->plan->clone_flags & b->flag))
                        continue;
                r = namespace_inode(b->ns, &ino);
                if (r < 0)
                        return step_fail(jail, r, "/proc/self/ns/%s", namespace_name(b->ns));
                if (ino == jail->host_ns[b->ns])
                        return step_fail(jail, -EBADE, "the %s namespace is still the host's",
                                         namespace_name(b->ns));
        }

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

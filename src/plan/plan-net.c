/* SPDX-License-Identifier: Apache-2.0 */

/* Which network namespace the VM has, and what is in it. */

#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "plan-net.h"

#define DEFAULT_TAP "tap0"

/* Never the user namespace: TAP devices and network namespaces belong to the initial one. */
#define ALWAYS_NEW (CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP)

/* That of `fcjail cni add`. */
static int plan_netns_of_cni(const Config *c, Diagnostics *d, Plan *p)
{
        if (c->netns != NETNS_UNSET)
                return config_conflict(
                        c, d, "FCJAIL_CNI",
                        " has a network namespace of its own, but FCJAIL_NETNS= is set; remove one of the two");
        p->netns = NETNS_PATH;
        p->new_namespaces = ALWAYS_NEW;
        return ASPRINTF(&p->netns_path, CNI_NETNS_DIR "/" CNI_NETNS_PREFIX "%s", p->id) < 0 ? -ENOMEM : 0;
}

static int plan_netns(const Config *c, const HostFacts *facts, Diagnostics *d, Plan *p)
{
        p->netns = c->netns;
        if ((p->netns == NETNS_UNSET || p->netns == NETNS_INHERIT) && facts->own_netns == TRISTATE_UNSET)
                return config_conflict(
                        c, d, "FCJAIL_NETNS",
                        " depends on the network namespace of the unit, but /proc hides process 1 (ProtectProc=, hidepid=) and systemd does not answer; set FCJAIL_NETNS= to private, host or the namespace");
        if (p->netns == NETNS_UNSET)
                p->netns = facts->own_netns == TRISTATE_YES ? NETNS_INHERIT : NETNS_PRIVATE;
        if (p->netns == NETNS_INHERIT && facts->own_netns == TRISTATE_NO)
                return config_conflict(
                        c, d, "FCJAIL_NETNS",
                        "inherit would give the VM the host's network; set PrivateNetwork=, NetworkNamespacePath= or JoinsNamespaceOf= in the unit, or FCJAIL_NETNS=host if that is intended");
        p->new_namespaces = ALWAYS_NEW | (p->netns == NETNS_PRIVATE ? CLONE_NEWNET : 0);
        if (!c->netns_path)
                return 0;
        p->netns_path = strdup(c->netns_path);
        return p->netns_path ? 0 : -ENOMEM;
}

static int plan_taps(const Config *c, Diagnostics *d, Plan *p)
{
        FOREACH_ARRAY (t, c->taps, c->taps_set ? c->n_taps : 0) {
                const char *other = t->bridge[0] ? t->bridge : t->redirect;
                if ((c->uplink.kind != UPLINK_NONE || c->cni.network[0]) && strcmp(other, UPLINK_PEER) == 0)
                        continue;
                if (other[0] && p->netns == NETNS_PRIVATE)
                        return config_conflict(
                                c, d, "FCJAIL_TAP",
                                " connects %s to '%s', but a private network namespace has only lo%s; also set FCJAIL_NETNS= to the one that '%s' is in",
                                t->name, other, c->uplink.kind != UPLINK_NONE ? " and " UPLINK_PEER : "",
                                other);
        }
        if (c->taps_set) {
                memcpy(p->taps, c->taps, sizeof(p->taps));
                p->n_taps = c->n_taps;
        } else {
                (void) snprintf(p->taps[0].name, sizeof(p->taps[0].name), "%s", DEFAULT_TAP);
                p->n_taps = 1;
                p->taps_by_default = true;
        }
        return 0;
}

int plan_net(const Config *c, const HostFacts *facts, Diagnostics *d, Plan *p)
{
        int r;

        p->cni = c->cni;
        r = c->cni.network[0] ? plan_netns_of_cni(c, d, p) : plan_netns(c, facts, d, p);

        return r < 0 ? r : plan_taps(c, d, p);
}

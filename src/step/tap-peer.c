/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A bridge that the TAP is a port of, or an interface that it takes over, such as the eth0 of a CNI plugin. Both are somebody
 * else's.
 *
 * Should:  leave the interface as it is, addresses included: whoever made it wants to find it again when he removes it.
 * Mustn't: touch an interface that somebody else redirects.
 */

#include <stdio.h>
#include <string.h>

#include "antispoof.h"
#include "link.h"
#include "log.h"
#include "redirect.h"
#include "tap-peer.h"

static int find(Netlink *nl, const char *name, const char *what, Link *ret, char why[TAP_WHY_MAX])
{
        int r = link_by_name(nl, name, ret);

        if (r == -ENODEV)
                (void) snprintf(why, TAP_WHY_MAX, "the %s '%s' does not exist there", what, name);
        return r;
}

static int find_bridge(Netlink *nl, const char *name, TapSpec *spec, char why[TAP_WHY_MAX])
{
        Link l;
        int r = find(nl, name, "bridge", &l, why);

        if (r < 0)
                return r;
        if (!l.is_bridge) {
                (void) snprintf(why, TAP_WHY_MAX, "'%s' is not a bridge", name);
                return -EINVAL;
        }
        spec->master = l.ifindex;
        return 0;
}

static int find_interface(Netlink *nl, const char *name, TapSpec *spec, int *ret_interface,
                          char why[TAP_WHY_MAX])
{
        Link l;
        int r = find(nl, name, "interface", &l, why);

        if (r < 0)
                return r;
        if (!l.up) {
                (void) snprintf(why, TAP_WHY_MAX,
                                "the interface '%s' is down; bring it up with `ip link set %s up`", name,
                                name);
                return -ENETDOWN;
        }
        spec->mtu = l.mtu;
        spec->silent = true;
        *ret_interface = l.ifindex;
        return 0;
}

int tap_peer_find(Netlink *nl, const TapConfig *tap, TapSpec *spec, int *ret_interface,
                  char why[TAP_WHY_MAX])
{
        *ret_interface = 0;
        if (tap->bridge[0])
                return find_bridge(nl, tap->bridge, spec, why);
        if (tap->redirect[0])
                return find_interface(nl, tap->redirect, spec, ret_interface, why);
        return 0;
}

/* The first 32 bits of the invocation, which no two starts have in common. */
uint32_t tap_peer_mark(const char *invocation)
{
        char digits[9];

        (void) snprintf(digits, sizeof(digits), "%s", invocation);
        return (uint32_t) strtoul(digits, NULL, 16);
}

/* What comes from CNI is what is known of the guest's addresses: the eth0 of an uplink has its filter at its other end. */
static bool is_guarded(const Plan *p, const TapConfig *tap)
{
        return p->cni.network[0] && !p->cni.no_antispoof && strcmp(tap->redirect, UPLINK_PEER) == 0;
}

int tap_peer_redirect(const Jail *jail, Netlink *nl, const TapConfig *tap, int interface,
                      char why[TAP_WHY_MAX])
{
        const Plan *p = jail->plan;
        const GuestNet *net = &jail->host.guest_net;
        AntispoofProgram guard;
        Redirect redirect = {
                .tap = link_index(nl, tap->name),
                .interface = interface,
                .mark = tap_peer_mark(jail->state.invocation),
        };
        int r;

        if (is_guarded(p, tap)) {
                antispoof_program(ANTISPOOF_NEXT, p->cni_guest_mac ? &p->cni.mac : &net->mac, net->addresses,
                                  net->n_addresses, &guard);
                redirect.guard = guard.ops;
                redirect.n_guard = guard.n_ops;
        }

        if (redirect.tap < 0)
                return redirect.tap;
        r = redirect_make(nl, &redirect, why);
        return r < 0 ? r : redirect_verify(nl, &redirect, why);
}

static int release(Netlink *nl, const State *s, const char *name)
{
        Link l;
        int r;

        r = link_by_name(nl, name, &l);
        if (r < 0)
                return r == -ENODEV ? 0 : r;
        r = redirect_remove(nl, l.ifindex, tap_peer_mark(s->invocation));
        return r == -ENODEV ? 0 : r;
}

int tap_peers_release(Netlink *nl, const State *s)
{
        int r, first = 0;

        FOREACH_ARRAY (name, s->redirects.names, s->redirects.n) {
                r = release(nl, s, *name);
                first = first < 0 ? first : r;
        }
        return first < 0 ? first : 0;
}

/* SPDX-License-Identifier: Apache-2.0 */

/* The VM's eth0, whose other end is on the host, and the TAP that takes it over. */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "plan-net.h"

/* Not "ve-", "vb-", "vz-" or "vt-", which systemd-networkd configures. */
#define PREFIX "fc-"

/* What the guest of a routed uplink uses as its gateway: link-local addresses, the same behind each uplink. */
static const struct {
        int family;
        const char *address;
} gateways[] = {
        { AF_INET, "169.254.1.1/32" },
        { AF_INET6, "fe80::1/64" },
};

/* The id, or its beginning and a hash of all of it. */
static void name_end(Plan *p)
{
        if (strlen(PREFIX) + strlen(p->id) < IFNAMSIZ)
                (void) snprintf(p->uplink_name, IFNAMSIZ, PREFIX "%.12s", p->id);
        else
                (void) snprintf(p->uplink_name, IFNAMSIZ, PREFIX "%.5s-%06" PRIx32, p->id,
                                id_hash(p->id) & 0xffffff);
        (void) snprintf(p->uplink_altname, sizeof(p->uplink_altname), "fcjail-%s", p->id);
}

static TapConfig *find_tap(Plan *p)
{
        FOREACH_ARRAY (t, p->taps, p->n_taps)
                if (strcmp(t->redirect, UPLINK_PEER) == 0)
                        return t;
        return p->n_taps > 0 ? p->taps : NULL;
}

/* `key` makes eth0. */
static int connect_tap(const Config *c, Diagnostics *d, Plan *p, const char *key, const TapConfig **ret)
{
        TapConfig *t = find_tap(p);

        if (!t)
                return config_conflict(c, d, key, " needs a TAP; also set FCJAIL_TAP=tap0");
        FOREACH_ARRAY (i, p->taps, p->n_taps)
                if (strcmp(i->name, UPLINK_PEER) == 0)
                        return config_conflict(c, d, key,
                                               " makes " UPLINK_PEER ", so no TAP can have that name");
        const char *other = t->n_addresses > 0 ? "address=" : t->mtu > 0 ? "mtu=" : NULL;
        if (other)
                return config_conflict(
                        c, d, key,
                        " connects the TAP %s, which cannot have an %s of its own; remove that from FCJAIL_TAP=",
                        t->name, other);
        memcpy(t->redirect, UPLINK_PEER, sizeof(UPLINK_PEER));
        *ret = t;
        return 0;
}

static const VmmFile *find_interface(const HostFacts *facts, const TapConfig *tap)
{
        const VmmFiles *files = facts->vmm_files;

        FOREACH_ARRAY (f, files ? files->items : NULL, files ? files->n_items : 0)
                if (f->access == VMM_ATTACHES && strcmp(f->path, tap->name) == 0)
                        return f;
        return NULL;
}

/* Takes the one of the guest, which FCJAIL_CONFIG= has. 1, 0: it has none, or as plan_uplink(). */
static int take_guest_mac(const Config *c, const VmmFile *f, Diagnostics *d, const char *key, bool *has_mac,
                          struct ether_addr *ret)
{
        struct ether_addr mac;
        char text[MAC_STR_MAX];

        if (!f || !f->mac)
                return 0;
        if (parse_mac(f->mac, &mac) < 0)
                return config_conflict(c, d, "FCJAIL_CONFIG",
                                       " has a \"guest_mac\" beside %s that no guest can have", f->pointer);
        if (*has_mac && memcmp(ret, &mac, sizeof(mac)) != 0)
                return config_conflict(
                        c, d, key,
                        " has mac=%s, but the interface of the TAP %s has another \"guest_mac\" in FCJAIL_CONFIG=; remove one of the two",
                        mac_to_string(ret, text), f->path);
        *ret = mac;
        *has_mac = true;
        return 1;
}

/* The guest's MAC is that of eth0. */
static int find_mac(const Config *c, const HostFacts *facts, Diagnostics *d, Plan *p, const TapConfig *tap)
{
        UplinkConfig *u = &p->uplink;
        int r = take_guest_mac(c, find_interface(facts, tap), d, "FCJAIL_UPLINK", &u->has_mac, &u->mac);

        if (r >= 0 && !u->has_mac && !u->no_antispoof)
                return config_conflict(
                        c, d, "FCJAIL_UPLINK",
                        " needs the MAC address of the guest, so that it cannot send as another one; add mac=, set \"guest_mac\" in FCJAIL_CONFIG=, or add antispoof=no");
        return r < 0 ? r : 0;
}

/* Plugins may give eth0 the one of the guest; if they do not, what it sends still has its own. Who sets up the guest's interface
 * without a configuration takes that of eth0. */
static int find_mac_of_cni(const Config *c, const HostFacts *facts, Diagnostics *d, Plan *p,
                           const TapConfig *tap)
{
        const VmmFile *f = find_interface(facts, tap);
        CniConfig *cni = &p->cni;
        int r = take_guest_mac(c, f, d, "FCJAIL_CNI", &cni->has_mac, &cni->mac);

        p->cni_guest_mac = r > 0;
        if (r >= 0 && f && !p->cni_guest_mac && !cni->no_antispoof &&
            c->guest_network != GUEST_NETWORK_BOOT_ARG)
                return config_conflict(
                        c, d, "FCJAIL_CNI",
                        " lets the guest send only from its MAC address, but the interface of the TAP %s has no \"guest_mac\" in FCJAIL_CONFIG=, so that the guest would choose one; set it, FCJAIL_GUEST_NETWORK=boot-arg, or antispoof=no",
                        tap->name);
        return r < 0 ? r : 0;
}

static bool has_family(const UplinkConfig *u, int family)
{
        FOREACH_ARRAY (a, u->addresses, u->n_addresses)
                if (a->family == family)
                        return true;
        return false;
}

static int check_gateway(const Config *c, Diagnostics *d, const UplinkConfig *u)
{
        InAddrPrefix g;

        if (!u->gateway[0] || parse_host_address(u->gateway, &g) < 0)
                return 0;
        if (u->kind == UPLINK_ROUTE && !has_family(u, AF_INET))
                return config_conflict(
                        c, d, "FCJAIL_UPLINK",
                        " has a gateway= of IPv4, but the guest has no address of IPv4; add address=, or remove it");
        FOREACH_ARRAY (a, u->addresses, u->n_addresses)
                if (a->family == AF_INET && a->in.s_addr == g.in.s_addr)
                        return config_conflict(
                                c, d, "FCJAIL_UPLINK",
                                " has %s as gateway= and as an address= of the guest; set another gateway",
                                u->gateway);
        return 0;
}

static void plan_gateways(Plan *p)
{
        const UplinkConfig *u = &p->uplink;

        if (u->kind != UPLINK_ROUTE)
                return;
        FOREACH_ARRAY (g, gateways, ELEMENTSOF(gateways)) {
                InAddrPrefix *to = &p->gateways[p->n_gateways];
                const bool given = g->family == AF_INET && u->gateway[0];

                if (has_family(u, g->family) &&
                    (given ? parse_host_address(u->gateway, to) : parse_address(g->address, to)) >= 0)
                        p->n_gateways++;
        }
}

int plan_uplink(const Config *c, const HostFacts *facts, Diagnostics *d, Plan *p)
{
        const TapConfig *tap = NULL;
        int r;

        p->uplink = c->uplink;
        if (c->cni.network[0] && p->uplink.kind != UPLINK_NONE)
                return config_conflict(c, d, "FCJAIL_UPLINK",
                                       " and FCJAIL_CNI= both make eth0; remove one of the two");
        if (c->cni.network[0]) {
                r = connect_tap(c, d, p, "FCJAIL_CNI", &tap);
                return tap ? find_mac_of_cni(c, facts, d, p, tap) : r;
        }
        if (p->uplink.kind == UPLINK_NONE)
                return 0;
        if (p->netns != NETNS_PRIVATE)
                return config_conflict(
                        c, d, "FCJAIL_UPLINK",
                        " needs a network namespace of the VM's own, but FCJAIL_NETNS= is %s; set it to private",
                        plan_netns_text(p));
        r = check_gateway(c, d, &p->uplink);
        if (r < 0)
                return r;
        name_end(p);
        plan_gateways(p);
        r = connect_tap(c, d, p, "FCJAIL_UPLINK", &tap);
        return tap ? find_mac(c, facts, d, p, tap) : r;
}

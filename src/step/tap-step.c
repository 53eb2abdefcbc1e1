/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Step `tap`: the VM's TAP devices, made inside its network namespace, owned by its uid and gid. net/tap.c
 * has the order in which a TAP is made, and why.
 *
 * In a namespace that fcjail has not just made itself others may be at work: udev, a network manager, an administrator.
 * There a TAP appears complete, from a network namespace in which nobody else is.
 *
 * tap-undo.c undoes it.
 *
 * Should:  read each back from the kernel before going on.
 * Mustn't: take over a TAP that is there already: it may be somebody else's.
 */

#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sysexits.h>
#include <unistd.h>

#include "fd-util.h"
#include "host.h"
#include "link.h"
#include "namespaces.h"
#include "step.h"
#include "tap-peer.h"
#include "tap.h"

typedef struct TapMaker {
        Jail *jail;
        Netlink nl; /* in the namespace that the TAPs are for */
        TapSpec specs[TAPS_MAX];
        int interfaces[TAPS_MAX];         /* indexes of those that they take over; 0: none */
        struct ether_addr macs[TAPS_MAX]; /* where the configuration leaves the choice */
        char mark[STATE_MARK_MAX];
        int fds[TAPS_MAX];
} TapMaker;

static void tap_maker_done(TapMaker *m)
{
        FOREACH_ARRAY (fd, m->fds, TAPS_MAX)
                *fd = safe_close(*fd);
        netlink_done(&m->nl);
}

static const char *netns_text(const Plan *p, char buf[PATH_MAX])
{
        switch (p->netns) {
        case NETNS_PATH:
                (void) snprintf(buf, PATH_MAX, "the network namespace %s", p->netns_path);
                return buf;
        case NETNS_HOST:
                return "the host network namespace";
        case NETNS_INHERIT:
                return "the unit's network namespace";
        default:
                return "the private network namespace";
        }
}

/* Who has the name. */
static int name_is_taken(TapMaker *m, const char *object, const char *name, int r)
{
        char id[ID_LEN_MAX + 1];
        Link l;

        if (link_by_name(&m->nl, name, &l) < 0)
                return step_fail_because(m->jail, r, EX_TEMPFAIL, object,
                                         "another device had this name a moment ago; start the VM again");
        if (strcmp(l.name, name) != 0)
                return step_fail_because(
                        m->jail, r, EX_TEMPFAIL, object,
                        "device '%s' has this as an alternative name; use another name in FCJAIL_TAP=",
                        l.name);
        if (state_id_of_mark(l.alias, id))
                return step_fail_because(
                        m->jail, r, EX_TEMPFAIL, object,
                        "VM '%s' uses this device; use another name in FCJAIL_TAP=, or, if that VM has ended, run `fcjail cleanup %s`",
                        id, id);
        return step_fail_because(
                m->jail, r, EX_TEMPFAIL, object,
                "a device that fcjail did not make has this name; remove it there with `ip link del %s`, or use another name in FCJAIL_TAP=",
                name);
}

static int tap_failed(TapMaker *m, const char *name, int r, const char *why)
{
        char object[sizeof(m->jail->failure.object)], netns[PATH_MAX];

        (void) snprintf(object, sizeof(object), "%.15s in %.480s", name, netns_text(m->jail->plan, netns));
        if (why[0])
                return step_fail_because(m->jail, r, EX_OSERR, object, "%s", why);
        if (r == -EBUSY || r == -EEXIST)
                return name_is_taken(m, object, name, r);
        if (r == -ENODEV)
                return step_fail_because(m->jail, r, EX_OSERR, object,
                                         "another program has removed or renamed it");
        return step_fail(m->jail, r, "%s", object);
}

/* Whether the namespace outlives the VM: then it is not one that this start has made, and others may see it. */
static bool is_shared(const TapMaker *m)
{
        return m->jail->state.netns != NULL;
}

/* Where udev sees the TAP, the MAC is chosen here: it replaces one that the kernel has chosen. */
static int choose_mac(TapMaker *m, size_t i)
{
        uint8_t *o = m->macs[i].ether_addr_octet;

        if (getrandom(o, ETH_ALEN, /* flags= */ 0) != ETH_ALEN)
                return -errno;
        o[0] = (uint8_t) ((o[0] & 0xfe) | 0x02); /* unicast, locally administered */
        m->specs[i].mac = &m->macs[i];
        return 0;
}

static int specify(TapMaker *m)
{
        const Plan *p = m->jail->plan;
        int r;

        for (size_t i = 0; i < p->n_taps; i++) {
                const TapConfig *tap = &p->taps[i];
                char why[TAP_WHY_MAX] = "";

                m->specs[i] = (TapSpec){
                        .name = tap->name,
                        .owner = m->jail->uid,
                        .group = m->jail->gid,
                        .mtu = tap->mtu,
                        .mac = tap->has_mac ? &tap->mac : NULL,
                        .addresses = tap->addresses,
                        .n_addresses = tap->n_addresses,
                        .txqueuelen = tap->txqueuelen,
                        .alias = state_mark(&m->jail->state, m->mark),
                };
                r = tap->has_mac || !is_shared(m) ? 0 : choose_mac(m, i);
                if (r >= 0)
                        r = tap_peer_find(&m->nl, tap, &m->specs[i], &m->interfaces[i], why);
                if (r < 0)
                        return tap_failed(m, tap->name, r, why);
        }
        return 0;
}

/* In the network namespace that the process is in. */
static int open_taps(TapMaker *m)
{
        for (size_t i = 0; i < m->jail->plan->n_taps; i++) {
                m->fds[i] = tap_open(&m->specs[i]);
                if (m->fds[i] < 0)
                        return tap_failed(m, m->specs[i].name, m->fds[i], "");
        }
        return 0;
}

static int open_and_move_taps(TapMaker *m, int netns_fd)
{
        _cleanup_netlink_ Netlink nl = {};
        int r;

        r = netlink_open(&nl);
        if (r < 0)
                return step_fail(m->jail, r, "rtnetlink");
        r = open_taps(m);
        for (size_t i = 0; r >= 0 && i < m->jail->plan->n_taps; i++) {
                char why[TAP_WHY_MAX] = "";

                r = tap_move(&nl, &m->specs[i], netns_fd, why);
                if (r < 0)
                        return tap_failed(m, m->specs[i].name, r, why);
        }
        return r;
}

/* A new network namespace is gone again with its last descriptor. */
static int open_taps_aside(TapMaker *m)
{
        int r, k;

        _cleanup_close_ int home = netns_open_current();
        if (home < 0)
                return step_fail(m->jail, home, "/proc/self/ns/net");
        if (unshare(CLONE_NEWNET) < 0)
                return step_fail(m->jail, -errno, "temporary network namespace");
        r = netns_is_current(home);
        if (r != 0)
                return step_fail(m->jail, r < 0 ? r : -EBADE, "temporary network namespace");

        r = open_and_move_taps(m, home);
        k = netns_enter(home);
        if (r >= 0 && k < 0)
                return step_fail(m->jail, k, "return from the temporary network namespace");
        return r;
}

/* Sets once more what another program has changed in the meantime. */
static int verify(TapMaker *m, const TapSpec *spec, char why[TAP_WHY_MAX])
{
        int r = tap_verify(&m->nl, spec, why);

        if (r != -EBADE || !is_shared(m))
                return r;
        why[0] = '\0';
        r = tap_configure(&m->nl, spec, why);
        return r < 0 ? r : tap_verify(&m->nl, spec, why);
}

static int configure_taps(TapMaker *m)
{
        for (size_t i = 0; i < m->jail->plan->n_taps; i++) {
                char why[TAP_WHY_MAX] = "";
                int r = tap_configure(&m->nl, &m->specs[i], why);

                if (r < 0)
                        return tap_failed(m, m->specs[i].name, r, why);
        }
        return 0;
}

/* The index identifies a TAP also after others gave it another name or alias. */
static int record_taps(TapMaker *m)
{
        StateTaps *taps = &m->jail->state.taps;
        int r;

        for (size_t i = 0; i < taps->n; i++) {
                r = taps->indexes[i] = link_index(&m->nl, taps->names[i]);
                if (r < 0)
                        return tap_failed(m, taps->names[i], r, "");
        }
        r = state_append(m->jail->state_fd, &m->jail->state, STATE_TAP);
        return r < 0 ? step_fail(m->jail, r, "/run/fcjail/vm/%s", m->jail->plan->id) : 0;
}

static int keep_tap(TapMaker *m, size_t i)
{
        char why[TAP_WHY_MAX] = "";
        int r;

        r = tap_keep(m->fds[i]);
        m->fds[i] = safe_close(m->fds[i]);
        if (r >= 0)
                r = verify(m, &m->specs[i], why);
        if (r >= 0 && m->interfaces[i] > 0)
                r = tap_peer_redirect(m->jail, &m->nl, &m->jail->plan->taps[i], m->interfaces[i], why);
        return r < 0 ? tap_failed(m, m->specs[i].name, r, why) : 0;
}

static int make_taps(TapMaker *m)
{
        int r;

        r = netlink_open(&m->nl);
        if (r < 0)
                return step_fail(m->jail, r, "rtnetlink");
        r = specify(m);
        if (r >= 0)
                r = is_shared(m) ? open_taps_aside(m) : open_taps(m);
        if (r >= 0)
                r = configure_taps(m);
        if (r >= 0 && is_shared(m))
                r = record_taps(m);
        for (size_t i = 0; r >= 0 && i < m->jail->plan->n_taps; i++)
                r = keep_tap(m, i);
        return r;
}

int step_tap(Jail *jail)
{
        _cleanup_(tap_maker_done) TapMaker m = { .jail = jail };

        FOREACH_ARRAY (fd, m.fds, TAPS_MAX)
                *fd = -EBADF;
        return jail->plan->n_taps > 0 ? make_taps(&m) : 0;
}

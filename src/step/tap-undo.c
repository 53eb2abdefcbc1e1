/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The undo of step `tap`: in a network namespace that outlives the VM its TAPs are removed, and the interfaces that they took
 * over are given back.
 *
 * Mustn't: remove a device because of its name: that may be somebody else's by now.
 */

#include <string.h>

#include "fd-util.h"
#include "host.h"
#include "link.h"
#include "log.h"
#include "namespaces.h"
#include "proc.h"
#include "step.h"
#include "tap-peer.h"

/* The mark is proof. So is the index with kind, owner and group, if neither the mark of another start nor another boot
 * speaks against it. */
static bool is_ours(const State *s, int ifindex, const Link *l)
{
        char mark[STATE_MARK_MAX], id[ID_LEN_MAX + 1], boot[33];

        if (l->is_tun && strcmp(l->alias, state_mark(s, mark)) == 0)
                return true;
        return l->is_tun && l->ifindex == ifindex && l->owner == (int64_t) s->uid &&
               l->group == (int64_t) s->gid && !state_id_of_mark(l->alias, id) && boot_id(boot) >= 0 &&
               strcmp(boot, s->boot) == 0;
}

/* 1: it is there, 0: a device is there that has its name, and is another. -ENODEV: neither. */
static int find_tap(Netlink *nl, const State *s, size_t i, Link *ret)
{
        const int ifindex = s->taps.indexes[i];
        int r;

        r = ifindex > 0 ? link_by_index(nl, ifindex, ret) : -ENODEV;
        if (r >= 0 && is_ours(s, ifindex, ret))
                return 1;
        if (r < 0 && r != -ENODEV)
                return r;
        r = link_by_name(nl, s->taps.names[i], ret);
        return r < 0 ? r : is_ours(s, ifindex, ret);
}

/* Without an index there was no TAP, and the start has reported the device that has the name. */
static int remove_tap(Netlink *nl, const State *s, size_t i)
{
        const char *name = s->taps.names[i];
        Link l;

        int r = find_tap(nl, s, i, &l);
        if (r > 0)
                return link_remove(nl, l.ifindex);
        if (r < 0 && r != -ENODEV)
                return r;
        if (s->taps.indexes[i] == 0)
                return 0;
        if (r == 0)
                log_warning("Kept device %s in %s, which fcjail did not make; the TAP of '%s' is gone", name,
                            s->netns, s->id);
        else
                log_warning(
                        "TAP %s of '%s' is no longer in %s; if it is in another network namespace, remove it there with `ip link del`",
                        name, s->id, s->netns);
        return 0;
}

static int remove_taps(Netlink *nl, const State *s)
{
        int r, first = tap_peers_release(nl, s);

        for (size_t i = 0; i < s->taps.n; i++) {
                r = remove_tap(nl, s, i);
                if (r < 0 && first == 0)
                        first = r;
        }
        return first;
}

/* For a cleanup in the namespace of the start, as by ExecStopPost=. No other process can reach that namespace by its name. */
static int remove_taps_here(const State *s)
{
        _cleanup_netlink_ Netlink nl = {};
        char name[NETNS_NAME_MAX];
        int r;

        r = netns_name(name);
        if (r < 0)
                return r;
        if (strcmp(name, s->netns) == 0) {
                r = netlink_open(&nl);
                return r < 0 ? r : remove_taps(&nl, s);
        }

        for (size_t i = 0; i < s->taps.n; i++)
                log_warning(
                        "Kept TAP %s of '%s' in %s, another network namespace than this one; if that still exists, remove the TAP there with `ip link del %s`",
                        s->taps.names[i], s->id, s->netns, s->taps.names[i]);
        return 0;
}

int undo_tap(Undo *undo)
{
        const State *s = undo->state;
        _cleanup_netlink_ Netlink nl = {};
        int r;

        if (!s->netns || s->taps.n == 0)
                return 0;
        if (s->netns[0] != '/')
                return remove_taps_here(s);

        _cleanup_close_ int fd = netns_open(s->netns);
        /* The devices disappeared with the namespace, whatever is at its path now. */
        if (fd == -ENOENT || fd == -ENOTTY || fd == -ENXIO)
                return 0;
        r = fd < 0 ? fd : netlink_open_in(fd, &nl);
        return r < 0 ? r : remove_taps(&nl, s);
}

/* SPDX-License-Identifier: Apache-2.0 */

/*
 * TAPs and the host's ends of uplinks that have the mark of a start without a record: in the network namespace of this process, and
 * in those that have a name in /run/netns.
 *
 * Mustn't: touch a TAP that a process is attached to, or an uplink into a network namespace with a process in it.
 */

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "at.h"
#include "fd-util.h"
#include "gc.h"
#include "host.h"
#include "link.h"
#include "log.h"
#include "redirect.h"
#include "tap-peer.h"

#define NETNS_DIR "/run/netns"

typedef struct Links {
        Collection *c;
        Netlink nl;
        const char *where; /* "" or " in /run/netns/NAME" */
} Links;

static bool has_our_mark(const Link *l)
{
        StateMark m;

        return (l->is_tun || l->is_veth) && state_mark_read(l->alias, &m) && gc_procs_see(m.pid_ns);
}

static bool is_no_tap(const Link *l)
{
        return !l->is_tun;
}

typedef struct Peer {
        Netlink *nl;
        int nsid;
} Peer;

/* Who cannot be asked for has ended, or is in the way. */
static bool is_in_netns_of_peer(const GcProc *p, const void *what)
{
        const Peer *peer = what;
        int nsid, r = link_nsid_of(peer->nl, p->pid, &nsid);

        return r < 0 ? r != -ESRCH : nsid == peer->nsid;
}

static bool is_unused(Links *l, const Link *link)
{
        const Peer peer = { .nl = &l->nl, .nsid = link->peer_nsid };

        if (link->is_tun)
                return !link->carrier;
        return link->peer_nsid < 0 || gc_nobody(l->c, is_in_netns_of_peer, &peer);
}

/* What it had taken over would not lead anywhere. No other start has this mark. */
static int release_interfaces(Netlink *nl, uint32_t mark)
{
        Link *others = NULL;
        size_t n = 0;
        int r;

        r = link_list(nl, is_no_tap, &others, &n);
        FOREACH_ARRAY (o, others, n)
                if (r >= 0) {
                        r = redirect_remove(nl, o->ifindex, mark);
                        r = r == -ENODEV ? 0 : r;
                }
        free(others);
        return r;
}

static int remove_link(Netlink *nl, const Link *link, const char *invocation)
{
        int r = link->is_tun ? release_interfaces(nl, tap_peer_mark(invocation)) : 0;

        if (r >= 0)
                r = link_remove(nl, link->ifindex);
        return r == -ENODEV ? 0 : r;
}

/* It is looked at again with the lock. */
static void consider(Links *l, const Link *found)
{
        char object[IFNAMSIZ + NAME_MAX + sizeof(" in " NETNS_DIR "/")];
        StateMark mark;
        GcHold hold;
        Link link;
        int r;

        if (!state_mark_read(found->alias, &mark) || gc_hold(l->c, mark.id, mark.invocation, &hold) <= 0)
                return;
        r = link_by_index(&l->nl, found->ifindex, &link);
        if (r >= 0 && strcmp(link.alias, found->alias) == 0 && is_unused(l, &link)) {
                (void) snprintf(object, sizeof(object), "%s%s", link.name, l->where);
                r = l->c->dry_run ? 0 : remove_link(&l->nl, &link, mark.invocation);
                gc_done(l->c, r, mark.id, link.is_tun ? "the TAP" : "the uplink", object);
        }
        gc_release(l->c, mark.id, &hold);
}

static void collect(Links *l)
{
        Link *links = NULL;
        size_t n = 0;
        int r;

        r = link_list(&l->nl, has_our_mark, &links, &n);
        if (r < 0) {
                log_error("Failed to list the network devices%s: %s", l->where, strerror(-r));
                gc_fail(l->c, EX_OSERR);
        }
        FOREACH_ARRAY (link, links, n)
                consider(l, link);
        free(links);
}

/* What is no network namespace, or is one no more, has no devices. */
static void collect_in(Collection *c, const char *name)
{
        char path[sizeof(NETNS_DIR "/") + NAME_MAX], where[sizeof(" in ") + sizeof(path)];
        _cleanup_netlink_ Netlink nl = {};
        int r;

        (void) snprintf(path, sizeof(path), NETNS_DIR "/%s", name);
        (void) snprintf(where, sizeof(where), " in %s", path);
        _cleanup_close_ int fd = netns_open(path);
        if (fd < 0)
                return;
        r = netlink_open_in(fd, &nl);
        if (r < 0) {
                log_error("Failed to enter %s: %s", path, strerror(-r));
                gc_fail(c, EX_OSERR);
                return;
        }
        Links l = { .c = c, .nl = nl, .where = where };
        collect(&l);
}

void gc_links(Collection *c)
{
        _cleanup_netlink_ Netlink nl = {};
        _cleanup_closedir_ DIR *d = NULL;
        int r;

        r = netlink_open(&nl);
        if (r < 0) {
                log_error("rtnetlink: %s", strerror(-r));
                gc_fail(c, EX_OSERR);
                return;
        }
        Links l = { .c = c, .nl = nl, .where = "" };
        collect(&l);
        r = at_list_dir(AT_FDCWD, NETNS_DIR, &d);
        if (r < 0) {
                gc_cannot_look(c, NETNS_DIR, r);
                return;
        }
        for (const char *name; (name = gc_next(c, d, NETNS_DIR));)
                collect_in(c, name);
}

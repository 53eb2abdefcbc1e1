/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Should:  take the classifier u32, which more kernels have than matchall, and matchall where u32 is missing.
 * Should:  never add to a queue that is there: a second u32 filter would stand behind the first one and never match.
 */

#include <net/ethernet.h>

#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/tc_act/tc_mirred.h>
#include <stdio.h>
#include <string.h>

#include "redirect.h"

#define INGRESS_HANDLE 0xffff0000U /* the only one that an ingress queue can have */
#define PRIORITY       1U
#define ACTION_ORDER   1 /* of the only action of a filter */

static struct nl_msg *tc_request(Netlink *nl, int type, int flags, int ifindex, uint32_t handle,
                                 uint32_t parent, uint32_t info)
{
        const struct tcmsg tc = {
                .tcm_family = AF_UNSPEC,
                .tcm_ifindex = ifindex,
                .tcm_handle = handle,
                .tcm_parent = parent,
                .tcm_info = info,
        };

        return netlink_request(nl, type, flags, &tc, sizeof(tc));
}

static int add_queue(Netlink *nl, int ifindex)
{
        struct nl_msg *m = tc_request(nl, RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL, ifindex, INGRESS_HANDLE,
                                      TC_H_INGRESS, 0);

        return m && nla_put_string(m, TCA_KIND, "ingress") >= 0 ? 0 : -ENOMEM;
}

static int put_action(struct nl_msg *m, int nest, int target, const uint8_t *cookie)
{
        const struct tc_mirred mirred = {
                .action = TC_ACT_STOLEN,
                .eaction = TCA_EGRESS_REDIR,
                .ifindex = (uint32_t) target,
        };
        struct nlattr *actions = nla_nest_start(m, nest);
        struct nlattr *action = actions ? nla_nest_start(m, ACTION_ORDER) : NULL;

        if (!action || nla_put_string(m, TCA_ACT_KIND, "mirred") < 0 ||
            nla_put(m, TCA_ACT_COOKIE, REDIRECT_COOKIE_SIZE, cookie) < 0)
                return -ENOMEM;
        struct nlattr *options = nla_nest_start(m, TCA_ACT_OPTIONS);
        if (!options || nla_put(m, TCA_MIRRED_PARMS, sizeof(mirred), &mirred) < 0)
                return -ENOMEM;
        (void) nla_nest_end(m, options);
        (void) nla_nest_end(m, action);
        (void) nla_nest_end(m, actions);
        return 0;
}

/* A key that matches everything. */
static int put_match(struct nl_msg *m)
{
        struct {
                struct tc_u32_sel sel;
                struct tc_u32_key key;
        } all = { .sel = { .flags = TC_U32_TERMINAL, .nkeys = 1 } };

        return nla_put(m, TCA_U32_SEL, sizeof(all), &all) < 0 ? -ENOMEM : 0;
}

static int add_filter(Netlink *nl, bool u32, int from, int to, const uint8_t *cookie)
{
        struct nl_msg *m = tc_request(nl, RTM_NEWTFILTER, NLM_F_CREATE | NLM_F_EXCL, from, 0, INGRESS_HANDLE,
                                      TC_H_MAKE(PRIORITY << 16, htons(ETH_P_ALL)));
        int r;

        if (!m || nla_put_string(m, TCA_KIND, u32 ? "u32" : "matchall") < 0)
                return -ENOMEM;
        struct nlattr *options = nla_nest_start(m, TCA_OPTIONS);
        if (!options)
                return -ENOMEM;
        r = u32 ? put_match(m) : 0;
        if (r >= 0)
                r = put_action(m, u32 ? TCA_U32_ACT : TCA_MATCHALL_ACT, to, cookie);
        (void) nla_nest_end(m, options);
        return r;
}

/* What the kernel says of the request that it refused, in its own words if it has any. */
static int explain(const Netlink *nl, int r, char why[REDIRECT_WHY_MAX])
{
        (void) snprintf(why, REDIRECT_WHY_MAX, "cannot take the interface over: %s",
                        nl->why[0] ? nl->why : strerror(-r));
        return r;
}

/* A failure has nobody to tell: the first one is told. */
static void remove_queue(Netlink *nl, int ifindex)
{
        int r = -ENOMEM;

        if (tc_request(nl, RTM_DELQDISC, 0, ifindex, INGRESS_HANDLE, TC_H_INGRESS, 0))
                r = netlink_commit(nl);
        (void) r;
}

/* In a batch of their own: it goes on after an error, and must not add filters to the queue of somebody else. */
static int add_queues(Netlink *nl, const Redirect *r, char why[REDIRECT_WHY_MAX])
{
        int k;

        k = add_queue(nl, r->interface);
        if (k >= 0)
                k = add_queue(nl, r->tap);
        if (k >= 0)
                k = netlink_commit(nl);
        if (k >= 0)
                return 0;
        (void) explain(nl, k, why);
        if (nl->failed == 0 && k == -EEXIST)
                (void) snprintf(
                        why, REDIRECT_WHY_MAX,
                        "cannot take the interface over: it has an ingress queue already; another VM or program redirects its packets");
        if (nl->failed != 0)
                remove_queue(nl, r->interface);
        return k;
}

static int add_filters(Netlink *nl, const Redirect *r, bool u32)
{
        int k;

        k = add_filter(nl, u32, r->interface, r->tap, r->cookie);
        if (k >= 0)
                k = add_filter(nl, u32, r->tap, r->interface, r->cookie);
        return k < 0 ? k : netlink_commit(nl);
}

int redirect_make(Netlink *nl, const Redirect *r, char why[REDIRECT_WHY_MAX])
{
        int k;

        k = add_queues(nl, r, why);
        if (k < 0)
                return k;
        k = add_filters(nl, r, /* u32= */ true);
        if (k == -ENOENT)
                k = add_filters(nl, r, /* u32= */ false);
        if (k >= 0)
                return 0;
        (void) explain(nl, k, why);
        remove_queue(nl, r->interface);
        remove_queue(nl, r->tap);
        return k;
}

/* What the filters of one interface do. */
typedef struct Found {
        unsigned n;  /* filters with an action */
        int target;  /* of the last one's redirection; 0: it does something else */
        bool marked; /* all of them have the cookie */
        const uint8_t *cookie;
} Found;

static int read_action(struct nlattr *actions, Found *f)
{
        struct nlattr *orders[ACTION_ORDER + 1], *tb[TCA_ACT_MAX + 1], *options[TCA_MIRRED_MAX + 1];

        if (nla_parse_nested(orders, ACTION_ORDER, actions, NULL) < 0 || !orders[ACTION_ORDER] ||
            nla_parse_nested(tb, TCA_ACT_MAX, orders[ACTION_ORDER], NULL) < 0)
                return -EBADMSG;

        f->n++;
        f->target = 0;
        if (!tb[TCA_ACT_COOKIE] || nla_len(tb[TCA_ACT_COOKIE]) != REDIRECT_COOKIE_SIZE ||
            memcmp(nla_data(tb[TCA_ACT_COOKIE]), f->cookie, REDIRECT_COOKIE_SIZE) != 0)
                f->marked = false;
        if (!tb[TCA_ACT_KIND] || strcmp(nla_get_string(tb[TCA_ACT_KIND]), "mirred") != 0 ||
            !tb[TCA_ACT_OPTIONS] ||
            nla_parse_nested(options, TCA_MIRRED_MAX, tb[TCA_ACT_OPTIONS], NULL) < 0 ||
            !options[TCA_MIRRED_PARMS] ||
            nla_len(options[TCA_MIRRED_PARMS]) < (int) sizeof(struct tc_mirred))
                return 0;
        const struct tc_mirred *mirred = nla_data(options[TCA_MIRRED_PARMS]);
        if (mirred->eaction == TCA_EGRESS_REDIR && mirred->action == TC_ACT_STOLEN)
                f->target = (int) mirred->ifindex;
        return 0;
}

/* u32 also reports its hash tables, which have no action. */
static int read_filter(const struct nlmsghdr *h, void *userdata)
{
        struct nlattr *tb[TCA_MAX + 1], *options[TCA_U32_MAX + 1];
        Found *f = userdata;

        if (nlmsg_parse((struct nlmsghdr *) h, sizeof(struct tcmsg), tb, TCA_MAX, NULL) < 0 || !tb[TCA_KIND])
                return -EBADMSG;
        if (!tb[TCA_OPTIONS] || nla_parse_nested(options, TCA_U32_MAX, tb[TCA_OPTIONS], NULL) < 0)
                return 0;
        const bool u32 = strcmp(nla_get_string(tb[TCA_KIND]), "u32") == 0;
        struct nlattr *actions = options[u32 ? TCA_U32_ACT : TCA_MATCHALL_ACT];

        return actions ? read_action(actions, f) : 0;
}
_Static_assert((int) TCA_MATCHALL_MAX <= (int) TCA_U32_MAX, "the larger of the two holds both");

/* -EINVAL: the interface has no such queue. */
static int look(Netlink *nl, int ifindex, const uint8_t *cookie, Found *ret)
{
        *ret = (Found){ .marked = true, .cookie = cookie };
        if (!tc_request(nl, RTM_GETTFILTER, NLM_F_DUMP, ifindex, 0, INGRESS_HANDLE, 0))
                return -ENOMEM;
        return netlink_query(nl, read_filter, ret);
}

int redirect_verify(Netlink *nl, const Redirect *r, char why[REDIRECT_WHY_MAX])
{
        const struct {
                int from, to;
                const char *what;
        } sides[] = { { r->interface, r->tap, "interface" }, { r->tap, r->interface, "TAP" } };

        FOREACH_ARRAY (side, sides, ELEMENTSOF(sides)) {
                Found f;
                int k = look(nl, side->from, r->cookie, &f);

                if (k < 0)
                        return k;
                if (f.n == 1 && f.marked && f.target == side->to)
                        continue;
                (void) snprintf(why, REDIRECT_WHY_MAX,
                                "what arrives at the %s is not redirected to the other one", side->what);
                return -EBADE;
        }
        return 0;
}

int redirect_remove(Netlink *nl, int interface, const uint8_t cookie[REDIRECT_COOKIE_SIZE])
{
        Found f;
        int r;

        r = look(nl, interface, cookie, &f);
        if (r == -EINVAL || r == -ENOENT)
                return 0;
        if (r < 0)
                return r;
        if (f.n == 0 || !f.marked)
                return 0;
        if (!tc_request(nl, RTM_DELQDISC, 0, interface, INGRESS_HANDLE, TC_H_INGRESS, 0))
                return -ENOMEM;
        r = netlink_commit(nl);
        return r < 0 ? r : 1;
}

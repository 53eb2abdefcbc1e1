/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Should:  take the classifier u32, which more kernels have than matchall, and matchall where u32 is missing.
 * Should:  leave nothing that a cleanup would not know, whenever it is killed: a queue has its mark from the beginning.
 * Mustn't: add a filter to a queue of somebody else. Filters are added to a block, which only a queue of ours has.
 */

#include <linux/tc_act/tc_mirred.h>
#include <stdio.h>
#include <string.h>

#include "guard.h"
#include "ingress.h"
#include "redirect.h"

#define ACTION_ORDER 1 /* of the only action of a filter */
#define N_QUEUES     2 /* at the beginning of a batch */
#define GUARD        4 /* its place in the batch */

/* Of the queue of one interface; never 0, which is none. */
static uint32_t block_of(uint32_t mark, int ifindex)
{
        return (mark + (uint32_t) ifindex) | 0x80000000U;
}

static struct nl_msg *queue_request(Netlink *nl, int type, int flags, int ifindex)
{
        const struct tcmsg tc = {
                .tcm_family = AF_UNSPEC,
                .tcm_ifindex = ifindex,
                .tcm_handle = INGRESS_HANDLE,
                .tcm_parent = TC_H_INGRESS,
        };

        return netlink_request(nl, type, flags, &tc, sizeof(tc));
}

static struct nl_msg *filter_request(Netlink *nl, int type, int flags, uint32_t block, uint32_t info)
{
        const struct tcmsg tc = {
                .tcm_family = AF_UNSPEC,
                .tcm_ifindex = (int) TCM_IFINDEX_MAGIC_BLOCK,
                .tcm_block_index = block,
                .tcm_info = info,
        };

        return netlink_request(nl, type, flags, &tc, sizeof(tc));
}

static int add_queue(Netlink *nl, uint32_t mark, int ifindex)
{
        struct nl_msg *m = queue_request(nl, RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL, ifindex);

        return m && nla_put_string(m, TCA_KIND, "ingress") >= 0 &&
                               nla_put_u32(m, TCA_INGRESS_BLOCK, block_of(mark, ifindex)) >= 0
                       ? 0
                       : -ENOMEM;
}

static int put_action(struct nl_msg *m, int nest, int target)
{
        const struct tc_mirred mirred = {
                .action = TC_ACT_STOLEN,
                .eaction = TCA_EGRESS_REDIR,
                .ifindex = (uint32_t) target,
        };
        struct nlattr *actions = nla_nest_start(m, nest);
        struct nlattr *action = actions ? nla_nest_start(m, ACTION_ORDER) : NULL;

        if (!action || nla_put_string(m, TCA_ACT_KIND, "mirred") < 0)
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

/* What arrives at `from` leaves by `to`. */
static int add_filter(Netlink *nl, bool u32, uint32_t mark, int from, int to)
{
        struct nl_msg *m = filter_request(nl, RTM_NEWTFILTER, NLM_F_CREATE | NLM_F_EXCL,
                                          block_of(mark, from), INGRESS_SECOND_INFO);
        int r;

        if (!m || nla_put_string(m, TCA_KIND, u32 ? "u32" : "matchall") < 0)
                return -ENOMEM;
        struct nlattr *options = nla_nest_start(m, TCA_OPTIONS);
        if (!options)
                return -ENOMEM;
        r = u32 ? put_match(m) : 0;
        if (r >= 0)
                r = put_action(m, u32 ? TCA_U32_ACT : TCA_MATCHALL_ACT, to);
        (void) nla_nest_end(m, options);
        return r;
}

static int add_guard(Netlink *nl, const Redirect *r)
{
        struct nl_msg *m = filter_request(nl, RTM_NEWTFILTER, NLM_F_CREATE | NLM_F_EXCL,
                                          block_of(r->mark, r->tap), INGRESS_FILTER_INFO);

        return m ? guard_put(m, r->guard, r->n_guard) : -ENOMEM;
}

/* Nothing arrives at a TAP that the VMM has not opened yet: the order of the last two does not matter. */
static int make(Netlink *nl, const Redirect *r, bool u32)
{
        int k;

        k = add_queue(nl, r->mark, r->interface);
        if (k >= 0)
                k = add_queue(nl, r->mark, r->tap);
        if (k >= 0)
                k = add_filter(nl, u32, r->mark, r->interface, r->tap);
        if (k >= 0)
                k = add_filter(nl, u32, r->mark, r->tap, r->interface);
        if (k >= 0 && r->guard)
                k = add_guard(nl, r);
        return k < 0 ? k : netlink_commit(nl);
}

/* What the kernel says of the request that it refused, in its own words if it has any. */
static void explain(const Netlink *nl, int r, char why[TAP_WHY_MAX])
{
        const char *text = nl->why[0] ? nl->why : strerror(-r);

        if (nl->failed == 0 && r == -EEXIST)
                text = "it has an ingress queue already; another VM or program redirects its packets";
        if (nl->failed == GUARD)
                (void) snprintf(
                        why, TAP_WHY_MAX,
                        "cannot have a filter for what the guest sends, which needs CONFIG_NET_CLS_BPF in the kernel, or antispoof=no in FCJAIL_CNI=: %s",
                        text);
        else
                (void) snprintf(why, TAP_WHY_MAX, "cannot take the interface over: %s", text);
}

int redirect_make(Netlink *nl, const Redirect *r, char why[TAP_WHY_MAX])
{
        int k = make(nl, r, /* u32= */ true);

        if (k == -ENOENT && nl->failed >= N_QUEUES && nl->failed < GUARD) {
                k = redirect_remove(nl, r->interface, r->mark);
                if (k >= 0)
                        k = redirect_remove(nl, r->tap, r->mark);
                if (k >= 0)
                        k = make(nl, r, /* u32= */ false);
        }
        if (k < 0)
                explain(nl, k, why);
        return k;
}

typedef struct Found {
        uint32_t block; /* of the queue; 0: it has none */
        const Redirect *redirect;
        unsigned n; /* filters with an action */
        unsigned guards, strangers;
        int target; /* of the last one's redirection; 0: it does something else */
} Found;

static int read_queue(const struct nlmsghdr *h, void *userdata)
{
        struct nlattr *tb[TCA_MAX + 1];
        Found *f = userdata;

        if (nlmsg_parse((struct nlmsghdr *) h, sizeof(struct tcmsg), tb, TCA_MAX, NULL) < 0)
                return -EBADMSG;
        f->block = tb[TCA_INGRESS_BLOCK] ? nla_get_u32(tb[TCA_INGRESS_BLOCK]) : 0;
        return 0;
}

static int read_action(struct nlattr *actions, Found *f)
{
        struct nlattr *orders[ACTION_ORDER + 1], *tb[TCA_ACT_MAX + 1], *options[TCA_MIRRED_MAX + 1];

        if (nla_parse_nested(orders, ACTION_ORDER, actions, NULL) < 0 || !orders[ACTION_ORDER] ||
            nla_parse_nested(tb, TCA_ACT_MAX, orders[ACTION_ORDER], NULL) < 0)
                return -EBADMSG;

        f->n++;
        f->target = 0;
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
        const char *kind = nla_get_string(tb[TCA_KIND]);
        const bool u32 = strcmp(kind, "u32") == 0;
        const struct tcmsg *info = nlmsg_data(h);
        /* Behind the redirect it would filter nothing. */
        const bool first =
                info->tcm_info == INGRESS_FILTER_INFO && (!tb[TCA_CHAIN] || nla_get_u32(tb[TCA_CHAIN]) == 0);
        if (f->redirect->guard && first &&
            guard_is(kind, tb[TCA_OPTIONS], f->redirect->guard, f->redirect->n_guard)) {
                f->guards++;
                return 0;
        }
        if (!u32 && strcmp(kind, "matchall") != 0) {
                f->strangers++;
                return 0;
        }
        struct nlattr *actions = options[u32 ? TCA_U32_ACT : TCA_MATCHALL_ACT];

        return actions ? read_action(actions, f) : 0;
}
_Static_assert((int) TCA_MATCHALL_MAX <= (int) TCA_U32_MAX, "the larger of the two holds both");

/* Without an ingress queue it has no block. NLM_F_ECHO: until Linux 6.6 the answer goes only to listeners otherwise. */
static int look_at_queue(Netlink *nl, int ifindex, Found *f)
{
        int r;

        f->block = 0;
        if (!queue_request(nl, RTM_GETQDISC, NLM_F_ECHO, ifindex))
                return -ENOMEM;
        r = netlink_query(nl, read_queue, f);
        return r == -ENOENT || r == -EINVAL ? 0 : r;
}

static int look(Netlink *nl, const Redirect *redirect, int ifindex, uint32_t block, Found *ret)
{
        int r;

        *ret = (Found){ .redirect = redirect };
        r = look_at_queue(nl, ifindex, ret);
        if (r < 0)
                return r;
        return filter_request(nl, RTM_GETTFILTER, NLM_F_DUMP, block, 0) ? netlink_query(nl, read_filter, ret)
                                                                        : -ENOMEM;
}

int redirect_verify(Netlink *nl, const Redirect *r, char why[TAP_WHY_MAX])
{
        const struct {
                int from, to;
                unsigned guards;
                const char *what;
        } sides[] = { { r->interface, r->tap, 0, "interface" },
                      { r->tap, r->interface, r->guard != NULL, "TAP" } };

        FOREACH_ARRAY (side, sides, ELEMENTSOF(sides)) {
                const uint32_t block = block_of(r->mark, side->from);
                Found f;
                int k = look(nl, r, side->from, block, &f);

                if (k < 0)
                        return k;
                const bool redirected = f.block == block && f.n == 1 && f.target == side->to;
                if (redirected && f.guards == side->guards && f.strangers == 0)
                        continue;
                (void) snprintf(why, TAP_WHY_MAX,
                                redirected ? "what arrives at the %s is not filtered as it should"
                                           : "what arrives at the %s is not redirected to the other one",
                                side->what);
                return -EBADE;
        }
        return 0;
}

int redirect_remove(Netlink *nl, int ifindex, uint32_t mark)
{
        Found f = {};
        int r;

        r = look_at_queue(nl, ifindex, &f);
        if (r < 0 || f.block != block_of(mark, ifindex))
                return r;
        return queue_request(nl, RTM_DELQDISC, 0, ifindex) ? netlink_commit(nl) : -ENOMEM;
}

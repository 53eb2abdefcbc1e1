/* SPDX-License-Identifier: Apache-2.0 */

#include <string.h>

#include "guard.h"
#include "ingress.h"

/* Of a request, besides its program; nlmsg_expand(3) fails if a message has as much room already. */
#define HEADERS_MAX 4096

static struct nl_msg *request(Netlink *nl, int type, int flags, int ifindex, uint32_t handle,
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

int guard_put(struct nl_msg *m, const struct sock_filter *ops, size_t n)
{
        const size_t size = n * sizeof(*ops);

        if (nlmsg_expand(m, HEADERS_MAX + size) < 0 || nla_put_string(m, TCA_KIND, "bpf") < 0)
                return -ENOMEM;
        struct nlattr *options = nla_nest_start(m, TCA_OPTIONS);
        if (!options || nla_put_u16(m, TCA_BPF_OPS_LEN, (uint16_t) n) < 0 ||
            nla_put(m, TCA_BPF_OPS, (int) size, ops) < 0 ||
            nla_put_u32(m, TCA_BPF_FLAGS, TCA_BPF_FLAG_ACT_DIRECT) < 0)
                return -ENOMEM;
        (void) nla_nest_end(m, options);
        return 0;
}

int guard_add(Netlink *nl, int ifindex, const struct sock_filter *ops, size_t n)
{
        struct nl_msg *m = request(nl, RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL, ifindex, INGRESS_HANDLE,
                                   TC_H_INGRESS, 0);
        if (!m || nla_put_string(m, TCA_KIND, "ingress") < 0)
                return -ENOMEM;

        m = request(nl, RTM_NEWTFILTER, NLM_F_CREATE | NLM_F_EXCL, ifindex, 0, INGRESS_HANDLE,
                    INGRESS_FILTER_INFO);
        return m ? guard_put(m, ops, n) : -ENOMEM;
}

bool guard_is(const char *kind, struct nlattr *options, const struct sock_filter *ops, size_t n)
{
        struct nlattr *tb[TCA_BPF_MAX + 1];
        const size_t size = n * sizeof(*ops);

        return strcmp(kind, "bpf") == 0 && nla_parse_nested(tb, TCA_BPF_MAX, options, NULL) >= 0 &&
               tb[TCA_BPF_OPS] && tb[TCA_BPF_FLAGS] &&
               nla_get_u32(tb[TCA_BPF_FLAGS]) == TCA_BPF_FLAG_ACT_DIRECT &&
               (size_t) nla_len(tb[TCA_BPF_OPS]) == size &&
               memcmp(nla_data(tb[TCA_BPF_OPS]), ops, size) == 0;
}

typedef struct Search {
        const struct sock_filter *ops;
        size_t n_ops;
        unsigned n_same, n_others;
} Search;

/* In the kernel's list a filter comes behind its chain and its priority, which have no options. */
static int read_filter(const struct nlmsghdr *h, void *userdata)
{
        struct nlattr *tb[TCA_MAX + 1];
        Search *s = userdata;

        if (nlmsg_parse((struct nlmsghdr *) h, sizeof(struct tcmsg), tb, TCA_MAX, NULL) < 0)
                return -EBADMSG;
        if (!tb[TCA_OPTIONS])
                return 0;
        if (tb[TCA_KIND] && guard_is(nla_get_string(tb[TCA_KIND]), tb[TCA_OPTIONS], s->ops, s->n_ops))
                s->n_same++;
        else
                s->n_others++;
        return 0;
}

int guard_verify(Netlink *nl, int ifindex, const struct sock_filter *ops, size_t n)
{
        Search s = { .ops = ops, .n_ops = n };
        int r;

        if (!request(nl, RTM_GETTFILTER, NLM_F_DUMP, ifindex, 0, INGRESS_HANDLE, 0))
                return -ENOMEM;
        r = netlink_query(nl, read_filter, &s);
        if (r < 0)
                return r;
        return s.n_same == 1 && s.n_others == 0 ? 0 : -EBADE;
}

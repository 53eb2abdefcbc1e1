/* SPDX-License-Identifier: Apache-2.0 */

#include "route.h"
#include "link.h"

static int read_route(const struct nlmsghdr *h, void *userdata)
{
        const struct rtmsg *info = nlmsg_data(h);
        struct nlattr *tb[RTA_MAX + 1];
        Route *route = userdata;

        if (nlmsg_parse((struct nlmsghdr *) h, sizeof(*info), tb, RTA_MAX, NULL) < 0)
                return -EBADMSG;
        *route = (Route){
                .ifindex = tb[RTA_OIF] ? (int) nla_get_u32(tb[RTA_OIF]) : 0,
                .is_local = info->rtm_type == RTN_LOCAL,
                .on_link = info->rtm_type == RTN_UNICAST && info->rtm_dst_len > 0 && tb[RTA_OIF] &&
                           !tb[RTA_GATEWAY] && !tb[RTA_VIA],
        };
        return 0;
}

int route_look_up(Netlink *nl, const InAddrPrefix *to, Route *ret)
{
        const struct rtmsg info = {
                .rtm_family = (uint8_t) to->family,
                .rtm_dst_len = to->prefix_len,
                .rtm_flags = RTM_F_FIB_MATCH,
        };
        struct nl_msg *m = netlink_request(nl, RTM_GETROUTE, /* flags= */ 0, &info, sizeof(info));

        *ret = (Route){};
        if (!m || nla_put(m, RTA_DST, link_address_size(to), &to->in6) < 0)
                return -ENOMEM;
        return netlink_query(nl, read_route, ret);
}

int route_add(Netlink *nl, int ifindex, const InAddrPrefix *to)
{
        const struct rtmsg info = {
                .rtm_family = (uint8_t) to->family,
                .rtm_dst_len = to->prefix_len,
                .rtm_table = RT_TABLE_MAIN,
                .rtm_protocol = RTPROT_STATIC,
                .rtm_scope = to->family == AF_INET ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE,
                .rtm_type = RTN_UNICAST,
        };
        struct nl_msg *m = netlink_request(nl, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, &info, sizeof(info));

        return m && nla_put(m, RTA_DST, link_address_size(to), &to->in6) >= 0 &&
                               nla_put_u32(m, RTA_OIF, (uint32_t) ifindex) >= 0
                       ? 0
                       : -ENOMEM;
}

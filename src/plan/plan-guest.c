/* SPDX-License-Identifier: Apache-2.0 */

/* What a start tells the guest of its eth0. */

#include <string.h>

#include "plan-net.h"

void plan_guest_net(const Plan *p, GuestNet *ret)
{
        const UplinkConfig *u = &p->uplink;

        *ret = (GuestNet){ .mac = u->mac, .n_addresses = u->n_addresses, .n_dns = u->n_dns };
        for (size_t i = 0; i < u->n_addresses; i++) {
                ret->addresses[i] = u->addresses[i];
                if (u->prefix_lens[i] != 0)
                        ret->addresses[i].prefix_len = u->prefix_lens[i];
        }
        memcpy(ret->gateway, u->gateway, sizeof(ret->gateway));
        memcpy(ret->dns, u->dns, sizeof(ret->dns));
}

static int check_boot_arg_of_uplink(const Config *c, Diagnostics *d, const Plan *p)
{
        const bool routed = p->uplink.kind == UPLINK_ROUTE;
        char text[ADDRESS_STR_MAX];
        GuestNet net;

        plan_guest_net(p, &net);
        const InAddrPrefix *a = guest_net_in4(&net);
        if (!a)
                return config_conflict(
                        c, d, "FCJAIL_GUEST_NETWORK",
                        "boot-arg needs an address of IPv4; add address= to FCJAIL_UPLINK=, with its prefix length");
        if (a->prefix_len == 32)
                return config_conflict(
                        c, d, "FCJAIL_GUEST_NETWORK",
                        "boot-arg needs the prefix length of %s in FCJAIL_UPLINK=, such as in address=192.0.2.2/24",
                        host_address_to_string(a, text));
        if ((routed || net.gateway[0]) && !guest_net_is_in(a, net.gateway))
                return config_conflict(
                        c, d, "FCJAIL_GUEST_NETWORK",
                        "boot-arg needs a gateway= in the network of %s in FCJAIL_UPLINK=, because Linux takes no other one from ip=",
                        address_to_string(a, text));
        return 0;
}

int plan_guest_network(const Config *c, Diagnostics *d, Plan *p)
{
        p->guest_boot_arg = c->guest_network == GUEST_NETWORK_BOOT_ARG;
        if (!p->guest_boot_arg)
                return 0;
        if (p->uplink.kind == UPLINK_NONE && !p->cni.network[0])
                return config_conflict(
                        c, d, "FCJAIL_GUEST_NETWORK",
                        "boot-arg is for the eth0 of FCJAIL_UPLINK= or FCJAIL_CNI=; set one of the two");
        if (!p->config)
                return config_conflict(
                        c, d, "FCJAIL_GUEST_NETWORK",
                        "boot-arg adds to the boot arguments in FCJAIL_CONFIG=, which is not set");
        return p->uplink.kind != UPLINK_NONE ? check_boot_arg_of_uplink(c, d, p) : 0;
}

/* SPDX-License-Identifier: Apache-2.0 */

/* Virtual Ethernet pairs, their filters and routes, and interfaces that a TAP takes over: what is made is found, and so is each
 * difference. */

#include "redirect.h"
#include "veth-spec.h"

static const struct sock_filter drop[] = { { 0x06, 0, 0, 2 } };

CHILD_TEST(veth, is_made_as_it_should_be)
{
        const struct ether_addr mac = { { 6, 0, 0, 0, 0, 7 } };
        VethSpec s = spec();
        Link l;

        s.peer_mac = &mac;
        const int ifindex = make(&s);
        CHECK(!verify(&s, ifindex));
        CHECK_IS(veth_make(rtnetlink(), &s), -EEXIST);

        CHECK_IS(netns_enter(s.peer_netns_fd), 0);
        _cleanup_netlink_ Netlink there = {};
        CHECK_IS(netlink_open(&there), 0);
        CHECK_IS(link_by_name(&there, "eth0", &l), 0);
        CHECK(l.is_veth && !l.up && l.mtu == 1400 && memcmp(&l.mac, &mac, sizeof(mac)) == 0);
}

CHILD_TEST(veth, each_difference_is_found)
{
        static const struct {
                const char *change, *back, *text;
        } rows[] = {
                { "ip link set fc-web1 alias other", "ip link set fc-web1 alias 'fcjail web1 abc'",
                  "has another alias" },
                { "ip link set fc-web1 mtu 1300", "ip link set fc-web1 mtu 1400", "has another MTU" },
                { "ip link set fc-web1 address 2:0:0:0:0:7", "ip link set fc-web1 address fe:0:0:0:0:7",
                  "has another MAC address" },
                { "ip link set fc-web1 type bridge_slave isolated off",
                  "ip link set fc-web1 type bridge_slave isolated on", "has another setting of isolated" },
                { "ip link set fc-web1 type bridge_slave neigh_suppress on",
                  "ip link set fc-web1 type bridge_slave neigh_suppress off",
                  "has another setting of neigh_suppress" },
                { "ip link set fc-web1 type bridge_slave learning on",
                  "ip link set fc-web1 type bridge_slave learning off", "has another setting of learning" },
                { "ip link set fc-web1 down", "ip link set fc-web1 up", "is down" },
                { "ip link set fc-web1 down name other", "ip link set other name fc-web1 up",
                  "was renamed" },
                { "ip link set fc-web1 nomaster",
                  "ip link set fc-web1 master br0; ip link set fc-web1 type bridge_slave isolated on learning off",
                  "is not a port of its bridge" },
        };
        const VethSpec s = spec();
        const int ifindex = make(&s);

        FOREACH_ARRAY (row, rows, ELEMENTSOF(rows)) {
                sh(row->change);
                CHECK_DIFFERS(verify(&s, ifindex), row->text);
                sh(row->back);
                CHECK(!verify(&s, ifindex));
        }
        CHECK_DIFFERS(verify(&s, ifindex + 1), "has lost its alternative name");
}

CHILD_TEST(veth, another_filter_is_found)
{
        static const char text[] = "does not filter what the guest sends as it should";
        VethSpec s = spec();
        const int ifindex = make(&s);

        s.filter = drop;
        CHECK_DIFFERS(verify(&s, ifindex), text);
        s.filter = pass;
        sh("tc filter add dev fc-web1 ingress protocol all prio 2 u32 match u32 0 0");
        CHECK_DIFFERS(verify(&s, ifindex), text);
        sh("tc filter del dev fc-web1 ingress prio 2");
        CHECK(!verify(&s, ifindex));
        sh("tc filter del dev fc-web1 ingress");
        CHECK_DIFFERS(verify(&s, ifindex), text);
}

CHILD_TEST(veth, what_the_host_routes_is_found)
{
        InAddrPrefix address, guest;
        VethSpec s = spec();

        CHECK_IS(parse_address("169.254.1.1/32", &address), 0);
        CHECK_IS(parse_host_address("10.9.0.2", &guest), 0);
        s.master = 0;
        s.addresses = &address;
        s.n_addresses = 1;
        s.routes = &guest;
        s.n_routes = 1;
        const int ifindex = make(&s);
        CHECK(!verify(&s, ifindex));
        sh("ip route replace 10.9.0.2/32 dev br0");
        CHECK_DIFFERS(verify(&s, ifindex), "is not where the host sends what is for 10.9.0.2");
}

CHILD_TEST(veth, what_cannot_be_made_is_said)
{
        VethSpec s = spec();
        const int ifindex = veth_make(rtnetlink(), &s);

        CHECK(ifindex > 0);
        sh("ip link property add dev br0 altname fcjail-web1");
        CHECK(veth_configure(rtnetlink(), &s, ifindex, why) < 0);
        CHECK(strstr(why, "cannot have its alternative name: "));
}

/* br0 plays the TAP. */
static Redirect redirect(void)
{
        sh("ip link add br0 up type bridge; ip link add eth0 up type veth peer name 0hte");
        return (Redirect){ link_index(rtnetlink(), "br0"), link_index(rtnetlink(), "eth0"), 0x12345678 };
}

static const char *verify_redirect(const Redirect *r)
{
        why[0] = '\0';
        return redirect_verify(rtnetlink(), r, why) == 0 ? NULL : why;
}

CHILD_TEST(redirect, is_made_found_and_removed)
{
        Redirect r = redirect(), another = r;

        CHECK_IS(redirect_make(rtnetlink(), &r, why), 0);
        CHECK(!verify_redirect(&r));
        another.mark++;
        CHECK_IS(redirect_make(rtnetlink(), &another, why), -EEXIST);
        CHECK(!verify_redirect(&r));
        CHECK_IS(redirect_remove(rtnetlink(), r.interface, r.mark + 1), 0);
        CHECK(!verify_redirect(&r));
        CHECK_IS(redirect_remove(rtnetlink(), r.interface, r.mark), 0);
        CHECK_DIFFERS(verify_redirect(&r),
                      "what arrives at the interface is not redirected to the other one");
        CHECK_IS(redirect_remove(rtnetlink(), r.interface, r.mark), 0);
}

CHILD_TEST(redirect, each_difference_is_found)
{
        Redirect r = redirect(), wrong;

        CHECK_IS(redirect_make(rtnetlink(), &r, why), 0);
        wrong = r;
        wrong.mark++;
        CHECK_DIFFERS(verify_redirect(&wrong),
                      "what arrives at the interface is not redirected to the other one");
        wrong = r;
        wrong.tap = link_index(rtnetlink(), "lo");
        CHECK_DIFFERS(verify_redirect(&wrong),
                      "what arrives at the interface is not redirected to the other one");
        sh("tc qdisc del dev br0 ingress");
        CHECK_DIFFERS(verify_redirect(&r), "what arrives at the TAP is not redirected to the other one");
}

CHILD_TEST(redirect, has_a_filter_for_what_the_guest_sends)
{
        const struct sock_filter nothing[] = { { BPF_RET | BPF_K, 0, 0, 2 } },
                                 anything[] = { { BPF_RET | BPF_K, 0, 0, 0 } };
        Redirect r = redirect(), wrong;

        r.guard = nothing;
        r.n_guard = 1;
        CHECK_IS(redirect_make(rtnetlink(), &r, why), 0);
        CHECK(!verify_redirect(&r));
        wrong = r;
        wrong.guard = anything;
        CHECK_DIFFERS(verify_redirect(&wrong), "what arrives at the TAP is not filtered as it should");
        wrong.guard = NULL;
        CHECK_DIFFERS(verify_redirect(&wrong), "what arrives at the TAP is not filtered as it should");
        sh("tc filter del block $(tc qdisc show dev br0 ingress | grep -o 'ingress_block [0-9]*' | cut -d' ' -f2) pref 1");
        CHECK_DIFFERS(verify_redirect(&r), "what arrives at the TAP is not filtered as it should");
        /* The same one, behind the redirect. */
        sh("tc filter add block $(tc qdisc show dev br0 ingress | grep -o 'ingress_block [0-9]*' | cut -d' ' -f2) protocol all pref 3 bpf direct-action bytecode '1,6 0 0 2'");
        CHECK_DIFFERS(verify_redirect(&r), "what arrives at the TAP is not filtered as it should");
}

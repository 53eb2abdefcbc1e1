/* SPDX-License-Identifier: Apache-2.0 */

/* The VLAN of a port: what is made is found, and so is each difference. For vlan.sh; not every kernel filters VLANs. */

#include "../privileged/veth-spec.h"

CHILD_TEST(port_vlan, is_made_and_each_difference_is_found)
{
        static const char text[] = "has another VLAN than 100";
        static const struct {
                const char *change, *back;
        } rows[] = {
                { "bridge vlan add dev fc-web1 vid 7", "bridge vlan del dev fc-web1 vid 7" },
                { "bridge vlan add dev fc-web1 vid 101 untagged", "bridge vlan del dev fc-web1 vid 101" },
                { "bridge vlan add dev fc-web1 vid 7-9", "bridge vlan del dev fc-web1 vid 7-9" },
                { "bridge vlan add dev fc-web1 vid 100",
                  "bridge vlan add dev fc-web1 vid 100 pvid untagged" },
                { "bridge vlan del dev fc-web1 vid 100",
                  "bridge vlan add dev fc-web1 vid 100 pvid untagged" },
        };
        VethSpec s = spec();
        Link bridge;

        CHECK_IS(link_by_name(rtnetlink(), "br0", &bridge), 0);
        CHECK(!bridge.vlan_filtering && bridge.default_vlan == 1);
        /* The kernel changes no default of a bridge that filters. */
        sh("ip link set br0 type bridge vlan_default_pvid 5 && ip link set br0 type bridge vlan_filtering 1");
        CHECK_IS(link_by_name(rtnetlink(), "br0", &bridge), 0);
        CHECK(bridge.vlan_filtering && bridge.default_vlan == 5);

        s.vlan = 100;
        s.default_vlan = bridge.default_vlan;
        const int ifindex = make(&s);
        CHECK(!verify(&s, ifindex));
        FOREACH_ARRAY (row, rows, ELEMENTSOF(rows)) {
                sh(row->change);
                CHECK_DIFFERS(verify(&s, ifindex), text);
                sh(row->back);
                CHECK(!verify(&s, ifindex));
        }
        /* A default of the bridge that was not taken from the port. */
        CHECK_IS(link_remove(rtnetlink(), ifindex), 0);
        s.default_vlan = 0;
        CHECK_DIFFERS(verify(&s, make(&s)), text);
}

# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2317
# FCJAIL_UPLINK=bridge=…,vlan=N, where the kernel can filter VLANs. Guests are network namespaces behind relay(1).
# shellcheck source-path=SCRIPTDIR source=../lab/lib.sh
. "$(dirname "$0")/../lab/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lab/guests.sh
. "$(dirname "$0")/../lab/guests.sh"

filtering_bridge() {
        bridge br0
        ip link set br0 type bridge vlan_default_pvid "$1"
        ip link set br0 type bridge vlan_filtering 1
}

# vlan_guest ID N [OPTION]: with the MAC address 06:00:ac:10:00:0N and the address 10.9.0.N.
vlan_guest() {
        guest "$1" "06:00:ac:10:00:0$2" "FCJAIL_UPLINK=bridge=br0,mac=06:00:ac:10:00:0$2${3:-}"
        ip -n "$1" address add "10.9.0.$2/24" dev eth0
}

# vlans_of ID: of the port, one a line.
vlans_of() {
        command bridge vlan show dev "fc-$1" | awk 'NR > 1 { sub("^fc-[^ ]*", ""); $1 = $1; print }'
}

# reaches ID ADDRESS
reaches() {
        ip netns exec "$1" ping -q -c 1 -W 10 "$2"
}

reaches_not() {
        not ip netns exec "$1" ping -q -c 1 -W 2 "$2"
}

test_a_guest_in_a_vlan_reaches_only_what_is_in_it() {
        filtering_bridge 1
        vlan_guest web1 2 ,vlan=100
        vlan_guest web2 3 ,vlan=100
        vlan_guest web3 4
        vlan_guest web4 5 ,vlan=4094
        is "100 PVID Egress Untagged" "$(vlans_of web1)"
        is "1 PVID Egress Untagged" "$(vlans_of web3)"
        is "4094 PVID Egress Untagged" "$(vlans_of web4)"
        reaches web1 10.9.0.3
        reaches web3 10.9.0.1
        # Not the bridge's default either, which the host is in.
        reaches_not web1 10.9.0.1
        reaches_not web1 10.9.0.4
        reaches_not web1 10.9.0.5
        reaches_not web3 10.9.0.3
        # The host takes part by an interface of that VLAN.
        ip link add link br0 name br0.100 up type vlan id 100
        command bridge vlan add dev br0 vid 100 self
        ip address del 10.9.0.1/24 dev br0
        ip address add 10.9.0.1/24 dev br0.100
        reaches web1 10.9.0.1
        reaches_not web3 10.9.0.1
        end_guests web1 web2 web3 web4
        ip link del br0.100
        ip link del br0
}

# Where no other filter is in the way. Of two guests that do the same the one in the bridge's default VLAN is heard.
test_a_guest_leaves_its_vlan_by_no_tag() {
        filtering_bridge 1
        vlan_guest web1 2 ,vlan=100,antispoof=no
        vlan_guest web2 3 ,antispoof=no
        vlan_guest web3 4
        send_tagged web1 2 10.9.0.4
        send_tagged web2 3 10.9.0.4
        eventually has_heard web3 10.9.0.3
        not has_heard web3 10.9.0.2
        end_guests web1 web2 web3
        ip link del br0
}

# send_tagged ID N TO: from 10.9.0.N, in VLAN 1. Answers come without a tag.
send_tagged() {
        ip -n "$1" link add link eth0 name tagged up type vlan id 1
        ip -n "$1" address del "10.9.0.$2/24" dev eth0
        ip -n "$1" address add "10.9.0.$2/24" dev tagged
        reaches_not "$1" "$3"
}

# has_heard ID ADDRESS: an ARP request of it.
has_heard() {
        ip -n "$1" neigh show "$2" | grep lladdr
}

test_a_bridge_may_give_its_ports_this_vlan_or_none() {
        local default
        for default in 0 100; do
                filtering_bridge "$default"
                vlan_guest web1 2 ,vlan=100
                is "100 PVID Egress Untagged" "$(vlans_of web1)"
                end_guests web1
                is_gone web1
                ip link del br0
        done
}

test_each_difference_is_found() {
        test-port-vlan
}

main "$@"

# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2317
# A host whose kernel runs without IPv6 (ipv6.disable=1).
# shellcheck source-path=SCRIPTDIR source=../lab/lib.sh
. "$(dirname "$0")/../lab/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lab/guests.sh
. "$(dirname "$0")/../lab/guests.sh"

# bridge_4 NAME: as bridge() of guests.sh, but for one address.
bridge_4() {
        ip link add "$1" up type bridge
        ip address add 10.9.0.1/24 dev "$1"
}

reaches() {
        ip netns exec "$1" ping -q -c 1 -W 10 "$2"
}

reaches_not() {
        not ip netns exec "$1" ping -q -c 1 -W 2 "$2"
}

# refused MESSAGE: by `check` and by a start, which leaves nothing and has not come to its record.
refused() {
        local status=0
        fcjail check web1 >/tmp/out 2>/tmp/err || status=$?
        is 78 "$status"
        grep -xF "fcjail: $1" /tmp/err
        not systemctl start fcjail@web1
        says web1 "Failed at step paths of 'web1': $1"
        is 78 "$(systemctl show -P ExecMainStatus fcjail@web1)"
        systemctl reset-failed fcjail@web1
        is_gone web1
        is_empty "$STATE/vm"
        is lo "$(ip -brief link | awk '{ print $1 }' | grep -vx br0 | xargs)"
}

test_the_kernel_runs_without_ipv6() {
        [[ ! -e /proc/sys/net/ipv6 && ! -e /proc/net/if_inet6 ]]
}

test_a_tap_with_an_address() {
        vm web1 FCJAIL_TAP=tap0,address=172.16.0.1/24
        fcjail check web1
        systemctl start fcjail@web1
        says web1 "hello from guest"
        in_netns_of web1 ip -oneline address show dev tap0 | grep -F "inet 172.16.0.1/24"
        systemctl stop fcjail@web1
        is_gone web1
        # In the network namespace of the host, where it stays until the cleanup.
        vm web1 FCJAIL_NETNS=host FCJAIL_TAP=tap0,address=172.16.0.1/24
        systemctl start fcjail@web1
        ip link show dev tap0
        systemctl stop fcjail@web1
        not ip link show dev tap0
}

test_an_ipv6_address_is_refused_before_anything_is_made() {
        local why="is an IPv6 address, but the kernel runs without IPv6; remove it, or boot without \`ipv6.disable=1\`"
        vm web1 FCJAIL_TAP=tap0,address=172.16.0.1/24,address=fd00::1/64
        refused "fd00::1/64: $why"
        echo '{"network-interfaces": [{"iface_id": "eth0", "host_dev_name": "tap0", "guest_mac": "'"$MAC"'"}]}' >"$ENV/up.json"
        vm web1 FCJAIL_UPLINK=route,address=2001:db8:9::2 "FCJAIL_CONFIG=$ENV/up.json" FCJAIL_TAP=
        refused "2001:db8:9::2/128: $why"
}

test_an_uplink_to_a_bridge() {
        bridge_4 br0
        guest web1 "$MAC" "FCJAIL_UPLINK=bridge=br0,mac=$MAC"
        ip -n web1 address add 10.9.0.2/24 dev eth0
        reaches web1 10.9.0.1
        end_guests web1
        is_gone web1
        ip link del br0
}

test_a_routed_uplink() {
        guest web1 "$MAC" "FCJAIL_UPLINK=route,mac=$MAC,address=10.9.0.2"
        ip -n web1 address add 10.9.0.2/32 dev eth0
        ip -n web1 route add default via 169.254.1.1 dev eth0 onlink
        ping -q -c 1 -W 10 10.9.0.2
        end_guests web1
        is_gone web1
}

# What a guest on a bridge may send is none of the host's IPv6, so its IPv6 addresses may be told.
test_antispoofing() {
        bridge_4 br0
        guest web1 "$MAC" "FCJAIL_UPLINK=bridge=br0,mac=$MAC,address=10.9.0.2,address=2001:db8:9::2"
        ip -n web1 address add 10.9.0.2/24 dev eth0
        reaches web1 10.9.0.1
        # With another address, and with another MAC address.
        ip -n web1 address del 10.9.0.2/24 dev eth0
        ip -n web1 address add 10.9.0.3/24 dev eth0
        reaches_not web1 10.9.0.1
        not grep lladdr <<<"$(ip neigh show 10.9.0.3)"
        ip -n web1 address del 10.9.0.3/24 dev eth0
        ip -n web1 link set eth0 address 06:00:ac:10:00:99
        ip -n web1 address add 10.9.0.2/24 dev eth0
        ip neigh flush dev br0
        reaches_not web1 10.9.0.1
        end_guests web1
        ip link del br0
}

# Nobody sends by another TAP as somebody else. New namespaces route if the first one of the kernel does, as in this machine.
test_the_namespace_of_cni_does_not_route() {
        is 1 "$(unshare --net cat /proc/sys/net/ipv4/ip_forward)"
        mkdir -p /etc/cni/net.d /opt/cni/bin /var/lib
        echo '{"cniVersion": "1.0.0", "name": "net1", "plugins": [{"type": "plain"}]}' >/etc/cni/net.d/10-net1.conflist
        # shellcheck disable=SC2016 # for the plugin
        printf '%s\n' '#!/bin/bash' '[[ $CNI_COMMAND == ADD ]] || exit 0' 'ip -n "${CNI_NETNS##*/}" link add eth0 type bridge' \
                'echo "{\"cniVersion\": \"1.0.0\", \"ips\": [{\"address\": \"10.9.0.5/24\"}]}"' >/opt/cni/bin/plain
        chmod 0755 /opt/cni/bin/plain
        vm web1 FCJAIL_CNI=net1,antispoof=no FCJAIL_TAP=
        fcjail cni add web1
        is 0 "$(ip netns exec fcjail-web1 cat /proc/sys/net/ipv4/ip_forward)"
        fcjail cni del web1
        [[ ! -e /run/netns/fcjail-web1 ]]
}

main "$@"

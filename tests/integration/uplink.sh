# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2317
# FCJAIL_UPLINK=: the VM's eth0, whose other end is on the host. Guests are network namespaces behind relay(1), or the demo's.
# shellcheck source-path=SCRIPTDIR source=../lab/lib.sh
. "$(dirname "$0")/../lab/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lab/guests.sh
. "$(dirname "$0")/../lab/guests.sh"

# A VM whose guest answers for 10.9.0.2.
demo() {
        local id=$1
        shift
        echo '{"network-interfaces": [{"iface_id": "eth0", "host_dev_name": "tap0", "guest_mac": "'"$MAC"'"}], "demo": {"address": "10.9.0.2"}}' >"$ENV/$id.json"
        vm "$id" "FCJAIL_CONFIG=$ENV/$id.json" FCJAIL_TAP= "$@"
}

# end_of ID: the host's end, as JSON.
end_of() {
        ip -json -details link show dev "fcjail-$1" | jq ".[0] | $2" -r
}

# copy ID FILTER: of the configuration in the jail.
copy() {
        jq -r "$2" "$BASE/$1/root/fcjail.json"
}

test_the_guest_is_told_by_its_boot_arguments() {
        bridge br0
        demo web1 "FCJAIL_UPLINK=bridge=br0,mac=$MAC,address=10.9.0.2/24,gateway=10.9.0.1,dns=10.9.0.1,dns=192.0.2.53" FCJAIL_GUEST_NETWORK=boot-arg
        # The second interface of the guest.
        jq '."network-interfaces" |= [{iface_id: "a", host_dev_name: "tap1"}, (.[0] | del(.guest_mac))] | . + {"boot-source": {kernel_image_path: "/etc/fcjail/demo.json", boot_args: "quiet -- x"}}' "$ENV/web1.json" >/tmp/web1.json
        mv /tmp/web1.json "$ENV/web1.json"
        echo 'FCJAIL_TAP=tap0,redirect=eth0 tap1' >>"$ENV/web1.env"
        systemctl start fcjail@web1
        is "ip=10.9.0.2::10.9.0.1:255.255.255.0::eth1:off:10.9.0.1:192.0.2.53 quiet -- x" "$(copy web1 '."boot-source".boot_args')"
        is "null $MAC" "$(copy web1 '."network-interfaces" | "\(.[0].guest_mac) \(.[1].guest_mac)"')"
        diff <(copy web1 .demo) <(jq .demo "$ENV/web1.json")
        systemctl stop fcjail@web1

        # Another one that says so, and none at all.
        sed -i 's/quiet/ip=dhcp/' "$ENV/web1.json"
        not systemctl start fcjail@web1
        says web1 "Failed at step paths of 'web1': $ENV/web1.json: already has ip= in /boot-source/boot_args; mend it, or unset FCJAIL_GUEST_NETWORK="
        sed -i 's/boot_args/bootargs/' "$ENV/web1.json"
        systemctl reset-failed fcjail@web1
        not systemctl start fcjail@web1
        says web1 "$ENV/web1.json: has no /boot-source/boot_args, to which ip= could be added"
        systemctl reset-failed fcjail@web1
        is_gone web1
        ip link del br0
}

# The host would take what is for that neighbor for its own.
test_a_gateway_that_a_neighbor_may_be_is_refused() {
        local why="192.0.2.9: is gateway= in FCJAIL_UPLINK=, but it belongs to a network that the host is in"
        ip link add lan0 up type bridge
        ip address add 192.0.2.1/24 dev lan0
        demo web1 "FCJAIL_UPLINK=route,mac=$MAC,address=192.0.2.10/24,gateway=192.0.2.9"
        not fcjail check web1 >/tmp/plan 2>/tmp/err
        grep -F "$why" /tmp/err
        not systemctl start fcjail@web1
        says web1 "Failed at step uplink of 'web1': $why"
        is_gone web1
        systemctl reset-failed fcjail@web1
        ip link del lan0
        systemctl start fcjail@web1
        is "192.0.2.9/32" "$(ip -json address show dev fc-web1 | jq -r '.[0].addr_info[] | select(.family == "inet") | "\(.local)/\(.prefixlen)"')"
        systemctl stop fcjail@web1
        is_gone web1
}

test_a_guest_on_a_bridge_of_the_host() {
        bridge br0
        demo web1 FCJAIL_UPLINK=bridge=br0
        systemctl start fcjail@web1
        ping -q -c 1 -W 2 10.9.0.2
        is "fc-web1 br0 1500 UP" "$(end_of web1 '"\(.ifname) \(.master) \(.mtu) \(.flags[] | select(. == "UP"))"')"
        is "false true false" "$(end_of web1 '.linkinfo.info_slave_data | "\(.isolated) \(.learning) \(.neigh_suppress)"')"
        is "eth0 lo tap0" "$(in_netns_of web1 ip -brief link | awk '{ sub("@.*", "", $1); print $1 }' | sort | xargs)"
        # The VM's own stack says nothing.
        not grep . <<<"$(in_netns_of web1 ip -oneline address show)"
        not grep . <<<"$(ip -oneline address show dev fc-web1)"
        is "$MAC" "$(in_netns_of web1 ip -json link show dev eth0 | jq -r '.[0].address')"
        systemctl restart fcjail@web1
        ping -q -c 1 -W 2 10.9.0.2
        systemctl stop fcjail@web1
        not ip link show dev fc-web1
        is_gone web1
        ip link del br0
}

test_a_crash_leaves_nothing() {
        bridge br0
        demo web1 FCJAIL_UPLINK=bridge=br0
        systemctl start fcjail@web1
        kill -KILL "$(pid_of web1)"
        eventually test ! -e "$STATE/vm/web1"
        not ip link show dev fc-web1
        ip link del br0
}

test_tcp_crosses_with_either_family() {
        bridge br0
        guest web1 "$MAC" "FCJAIL_UPLINK=bridge=br0,mac=$MAC,address=10.9.0.2,address=2001:db8:9::2"
        ip -n web1 address add 10.9.0.2/24 dev eth0
        ip -n web1 address add 2001:db8:9::2/64 dev eth0 nodad
        stream web1 10.9.0.2
        stream web1 2001:db8:9::2
        # As large as the interface takes.
        ip netns exec web1 ping -q -c 1 -W 2 -M "do" -s 1472 10.9.0.1
        ip netns exec web1 ping -q -c 1 -W 2 -M "do" -s 1452 2001:db8:9::1
        end_guests web1
        ip link del br0
}

# stream ID ADDRESS: 8 MiB each way, which arrive as they were sent.
stream() {
        head -c 8M /dev/urandom >/tmp/sent
        rm -f /tmp/server # of an earlier one
        ip netns exec "$1" python3 -c '
import socket, sys
s = socket.create_server((sys.argv[1], 7000), family=socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET)
print("ready", flush=True)
c, _ = s.accept()
data = b""
while len(data) < 8 << 20:
    data += c.recv(1 << 20)
c.sendall(data)
c.close()' "$2" >/tmp/server &
        eventually grep ready /tmp/server
        python3 -c '
import socket, sys, threading
c = socket.create_connection((sys.argv[1], 7000), timeout=20)
sent = open("/tmp/sent", "rb").read()
threading.Thread(target=c.sendall, args=(sent,)).start()
got = b""
while len(got) < len(sent):
    got += c.recv(1 << 20) or sys.exit("closed")
sys.exit(got != sent)' "$2"
        wait $!
}

test_isolated_guests_reach_the_host_and_not_each_other() {
        bridge br0
        guest web1 06:00:ac:10:00:02 FCJAIL_UPLINK=bridge=br0,mac=06:00:ac:10:00:02,isolated,neigh_suppress,learning=no
        guest web2 06:00:ac:10:00:03 FCJAIL_UPLINK=bridge=br0,mac=06:00:ac:10:00:03,isolated
        is "true false true" "$(end_of web1 '.linkinfo.info_slave_data | "\(.isolated) \(.learning) \(.neigh_suppress)"')"
        ip -n web1 address add 10.9.0.2/24 dev eth0
        ip -n web2 address add 10.9.0.3/24 dev eth0
        ip netns exec web1 ping -q -c 1 -W 2 10.9.0.1
        ip netns exec web2 ping -q -c 1 -W 2 10.9.0.1
        not ip netns exec web1 ping -q -c 1 -W 1 10.9.0.3
        end_guests web1 web2
        ip link del br0
}

# Of one that does: machine/vlan.sh.
test_a_bridge_that_does_not_filter_vlans_is_refused() {
        bridge br0
        demo web1 FCJAIL_UPLINK=bridge=br0,vlan=100
        not systemctl start fcjail@web1
        says web1 "br0: does not filter VLANs, which vlan= in FCJAIL_UPLINK= needs; run \`ip link set br0 type bridge vlan_filtering 1\`"
        is_gone web1
        not ip link show dev fc-web1
        not fcjail check web1 >/tmp/out 2>&1
        grep "br0: does not filter VLANs" /tmp/out
        ip link del br0
}

test_the_mtu_is_that_of_the_bridge() {
        bridge br0
        ip link set br0 mtu 1400
        demo web1 FCJAIL_UPLINK=bridge=br0
        systemctl start fcjail@web1
        is "1400 1400 1400" "$(end_of web1 .mtu) $(in_netns_of web1 ip -json link show | jq -r '[.[] | select(.ifname != "lo").mtu] | join(" ")')"
        systemctl stop fcjail@web1
        demo web1 FCJAIL_UPLINK=bridge=br0,mtu=1300
        systemctl start fcjail@web1
        is 1300 "$(end_of web1 .mtu)"
        systemctl stop fcjail@web1
        ip link del br0
}

test_a_routed_guest() {
        sysctl -qw net.ipv4.ip_forward=1
        guest web1 "$MAC" "FCJAIL_UPLINK=route,mac=$MAC,address=10.9.1.2,address=2001:db8:9:1::2"
        ip -n web1 address add 10.9.1.2/32 dev eth0
        ip -n web1 address add 2001:db8:9:1::2/128 dev eth0 nodad
        ip -n web1 route add 169.254.1.1 dev eth0
        ip -n web1 route add default via 169.254.1.1
        ip -n web1 route add default via fe80::1 dev eth0
        ping -q -c 1 -W 2 10.9.1.2
        ping -q -c 1 -W 2 2001:db8:9:1::2
        # Beyond the host.
        far_host
        ip -n far route add default via 10.9.2.1
        ip netns exec web1 ping -q -c 1 -W 2 10.9.2.2
        end_far_host
        end_guests web1
        not grep . <<<"$(ip route show to match 10.9.1.2)"
        sysctl -qw net.ipv4.ip_forward=0
}

test_a_missing_or_unfit_bridge_is_named() {
        demo web1 FCJAIL_UPLINK=bridge=br0
        not systemctl start fcjail@web1
        says web1 "Failed at step uplink of 'web1': br0: the bridge of FCJAIL_UPLINK= does not exist; make it, or set another one"
        ip link add br0 type veth peer name rehto
        not systemctl start fcjail@web1
        says web1 "br0: is not a bridge"
        ip link del br0
        is_gone web1
}

test_a_device_of_that_name_that_is_somebody_elses_is_left_alone() {
        bridge br0
        ip link add fc-web1 type veth peer name rehto
        ip link set fc-web1 alias "of somebody"
        demo web1 FCJAIL_UPLINK=bridge=br0
        not systemctl start fcjail@web1
        says web1 "fc-web1: a device that fcjail did not make has this name; remove it with \`ip link del fc-web1\`"
        ip link show dev fc-web1 | grep "of somebody"
        ip link del fc-web1
        # One that is not gone at once is waited for.
        ip link add fc-web1 type veth peer name rehto
        (sleep 0.5 && ip link del fc-web1) &
        systemctl start fcjail@web1
        wait $!
        systemctl stop fcjail@web1
        ip link del br0
}

test_a_long_id_has_a_short_name_and_a_long_one() {
        local id=averylongidofavmwithmorelettersthanadevicecanhave
        bridge br0
        demo "$id" FCJAIL_UPLINK=bridge=br0
        systemctl start "fcjail@$id"
        end_of "$id" .ifname | grep -xE 'fc-avery-[0-9a-f]{6}'
        systemctl stop "fcjail@$id"
        is_gone "$id"
        ip link del br0
}

test_a_guest_that_the_host_cannot_filter() {
        demo web1 FCJAIL_UPLINK=bridge=br0
        sed -i 's/, "guest_mac": "[^"]*"//' "$ENV/web1.json"
        not fcjail check web1 2>/tmp/errors
        grep -F 'FCJAIL_UPLINK= needs the MAC address of the guest' /tmp/errors
        bridge br0
        demo web1 FCJAIL_UPLINK=bridge=br0,antispoof=no
        systemctl start fcjail@web1
        ping -q -c 1 -W 2 10.9.0.2
        not grep . <<<"$(tc qdisc show dev fc-web1 ingress)"
        systemctl stop fcjail@web1
        ip link del br0
}

# A host where systemd-networkd does what the examples say, and a guest that asks it for its address.
test_networkd_gives_the_guest_its_address() {
        local examples=/usr/share/doc/fcjail/examples address
        [[ -x /lib/systemd/systemd-networkd ]] || skip "systemd-networkd is not here"
        mkdir -p /etc/systemd/network
        cp "$examples"/10-fcjail0.* "$examples"/10-fcjail-uplink.* /etc/systemd/network/
        systemctl start systemd-networkd
        eventually ip link show dev fcjail0
        guest web1 "$MAC" "FCJAIL_UPLINK=bridge=fcjail0,mac=$MAC"
        eventually has_address fcjail0 192.168.127.1/24
        # shellcheck disable=SC2016 # for the script to expand
        printf '%s\n' '#!/bin/sh' '[ "$1" != bound ] || echo "$ip $router" >/tmp/lease' >/tmp/on-lease
        chmod 0755 /tmp/on-lease
        eventually ip netns exec web1 udhcpc -i eth0 -f -q -n -t 3 -T 1 -s /tmp/on-lease
        read -r address _ </tmp/lease
        is "$address 192.168.127.1" "$(</tmp/lease)"
        ip -n web1 address add "$address/24" dev eth0
        ip netns exec web1 ping -q -c 1 -W 2 192.168.127.1
        # By router advertisements.
        eventually has_guest_address web1 fd6a:6a61:696c:
        eventually ip netns exec web1 ping -q -c 1 -W 2 fd6a:6a61:696c::1
        # Beyond the host, with the address of the host.
        far_host
        ip -n web1 route add default via 192.168.127.1
        ip netns exec web1 ping -q -c 1 -W 2 10.9.2.2
        networkctl list fc-web1 --no-legend | grep -w unmanaged
        end_far_host
        end_guests web1
        systemctl stop systemd-networkd
        rm -r /etc/systemd/network
        ip link del fcjail0
}

has_address() {
        ip -brief address show dev "$1" | grep -F "$2"
}

has_guest_address() {
        ip -n "$1" -brief -6 address show dev eth0 | grep -F "$2"
}

test_a_hundred_guests_at_once() {
        local i ids=()
        bridge br0
        for ((i = 0; i < 100; i++)); do
                vm "many$i" FCJAIL_CONFIG= "FCJAIL_UPLINK=bridge=br0,mac=06:00:ac:10:01:$(printf %02x "$i"),isolated" FCJAIL_TAP= FCJAIL_STOP=kill
                ids+=("fcjail@many$i")
        done
        systemctl start "${ids[@]}"
        is 100 "$(ip -brief link show master br0 | wc -l)"
        systemctl stop "${ids[@]}"
        is "" "$(ip -brief link show master br0)"
        rm "$ENV"/many*.env
        ip link del br0
}

test_cycles_leave_nothing() {
        local i n=100 kind
        [[ -z ${FCJAIL_LONG:-} ]] || n=1000
        bridge br0
        for kind in bridge=br0 "route,address=10.9.1.2"; do
                vm web1 FCJAIL_CONFIG= "FCJAIL_UPLINK=$kind,mac=$MAC" FCJAIL_TAP= FCJAIL_STOP=kill
                for ((i = 0; i < n / 2; i++)); do
                        systemctl start fcjail@web1
                        systemctl stop fcjail@web1
                done
                not ip link show dev fc-web1
        done
        is_gone web1
        ip link del br0
}

main "$@"

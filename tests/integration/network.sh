# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2317
# Network namespaces of every kind, and the TAP devices in them.
# shellcheck source-path=SCRIPTDIR source=../lab/lib.sh
. "$(dirname "$0")/../lab/lib.sh"

# wire NETNS: eth0 there and uplink here are the two ends of a wire; 10.9.0.0/24.
wire() {
        ip netns add "$1"
        ip link add uplink type veth peer name eth0 netns "$1"
        ip address add 10.9.0.1/24 dev uplink
        ip link set uplink up
        ip -n "$1" address add 10.9.0.2/24 dev eth0
        ip -n "$1" link set eth0 up
}

unwire() {
        ip link del uplink
        ip netns del "$1"
}

# guest_at ADDRESS: the configuration of a guest that has it.
guest_at() {
        echo '{"network-interfaces": [{"iface_id": "eth0", "host_dev_name": "tap0"}], "demo": {"address": "'"$1"'"}}' >"$ENV/guest.json"
}

queues() {
        ip netns exec "$1" tc qdisc show dev "$2" ingress | wc -l
}

test_a_tap_takes_over_an_interface() {
        wire blue
        guest_at 10.9.0.2
        ip -n blue link set eth0 mtu 1400
        vm web1 "FCJAIL_CONFIG=$ENV/guest.json" FCJAIL_NETNS=blue FCJAIL_TAP=tap0,redirect=eth0,txqueuelen=500
        systemctl start fcjail@web1
        ping -q -c 1 -W 2 10.9.0.2
        is "1400 500" "$(ip -n blue -json link show dev tap0 | jq -r '.[0] | "\(.mtu) \(.txqlen)"')"
        # The guest has answered, and not the namespace; neither end has an address of its own making.
        ip -n blue address show dev eth0 | grep 10.9.0.2/24
        not grep . <<<"$(ip -n blue -6 address show dev tap0)"
        systemctl restart fcjail@web1
        ping -q -c 1 -W 2 10.9.0.2
        systemctl stop fcjail@web1
        is 0 "$(queues blue eth0)"
        # Given back, the namespace answers.
        ip neighbour flush dev uplink
        ping -q -c 1 -W 2 10.9.0.2
        is "eth0 lo" "$(ip -n blue -brief link | awk '{ sub("@.*", "", $1); print $1 }' | sort | xargs)"
        unwire blue
        rm "$ENV/guest.json"
}

test_an_interface_is_given_back_after_a_crash() {
        wire blue
        vm web1 FCJAIL_NETNS=blue FCJAIL_TAP=tap0,redirect=eth0
        systemctl start fcjail@web1
        is 1 "$(queues blue eth0)"
        kill -KILL "$(pid_of web1)"
        eventually test ! -e "$STATE/vm/web1"
        is 0 "$(queues blue eth0)"
        unwire blue
}

test_an_interface_that_somebody_else_redirects_is_left_alone() {
        wire blue
        ip -n blue link add other type veth peer name rehto
        ip netns exec blue tc qdisc add dev eth0 ingress
        ip netns exec blue tc filter add dev eth0 parent ffff: protocol all prio 1 u32 match u32 0 0 action mirred egress redirect dev other
        vm web1 FCJAIL_NETNS=blue FCJAIL_TAP=tap0,redirect=eth0
        not systemctl start fcjail@web1
        says web1 "tap0 in the network namespace /run/netns/blue: cannot take the interface over: it has an ingress queue already"
        is 1 "$(ip netns exec blue tc filter show dev eth0 parent ffff: | grep -c mirred)"
        # Also one that he has just made, and one with a block.
        ip netns exec blue tc filter del dev eth0 parent ffff:
        not systemctl start fcjail@web1
        is 1 "$(queues blue eth0)"
        ip netns exec blue tc qdisc del dev eth0 ingress
        ip netns exec blue tc qdisc add dev eth0 ingress_block 7 ingress
        not systemctl start fcjail@web1
        not grep . <<<"$(ip netns exec blue tc filter show block 7)"
        is_gone web1
        unwire blue
}

test_a_missing_or_unfit_peer_is_named() {
        wire blue
        vm web1 FCJAIL_NETNS=blue FCJAIL_TAP=tap0,redirect=eth1
        not systemctl start fcjail@web1
        says web1 "tap0 in the network namespace /run/netns/blue: the interface 'eth1' does not exist there"
        vm web1 FCJAIL_NETNS=blue FCJAIL_TAP=tap0,bridge=br0
        not systemctl start fcjail@web1
        says web1 "tap0 in the network namespace /run/netns/blue: the bridge 'br0' does not exist there"
        vm web1 FCJAIL_NETNS=blue FCJAIL_TAP=tap0,bridge=eth0
        not systemctl start fcjail@web1
        says web1 "tap0 in the network namespace /run/netns/blue: 'eth0' is not a bridge"
        ip -n blue link set eth0 down
        vm web1 FCJAIL_NETNS=blue FCJAIL_TAP=tap0,redirect=eth0
        not systemctl start fcjail@web1
        says web1 "the interface 'eth0' is down; bring it up"
        is_gone web1
        unwire blue
}

test_a_tap_on_a_bridge_of_the_host() {
        ip link add br0 type bridge
        ip address add 10.9.0.1/24 dev br0
        ip link set br0 up
        guest_at 10.9.0.2
        vm web1 "FCJAIL_CONFIG=$ENV/guest.json" FCJAIL_NETNS=host FCJAIL_TAP=tap0,bridge=br0
        systemctl start fcjail@web1
        ping -q -c 1 -W 2 10.9.0.2
        is br0 "$(ip -json link show dev tap0 | jq -r '.[0].master')"
        systemctl stop fcjail@web1
        is "br0 lo" "$(ip -brief link | awk '{ print $1 }' | sort | xargs)"
        ip link del br0
        rm "$ENV/guest.json"
}

test_named_namespace() {
        local link
        ip netns add blue
        vm web1 FCJAIL_NETNS=blue FCJAIL_TAP=tap0,mtu=1400,mac=02:00:00:00:00:07,address=172.16.0.1/24,address=fd00::1/64
        systemctl start fcjail@web1
        test "/proc/$(pid_of web1)/ns/net" -ef /run/netns/blue
        link=$(ip netns exec blue ip -json -details link show dev tap0)
        is "1400 02:00:00:00:00:07 tun tap true true false" "$(jq -r '.[0] | [.mtu, .address, .linkinfo.info_kind,
                (.linkinfo.info_data | .type, .vnet_hdr, .persist, .pi)] | join(" ")' <<<"$link")"
        is "$(status_of "$(pid_of web1)" Uid)" "$(jq '.[0].linkinfo.info_data.user' <<<"$link")"
        is "$(status_of "$(pid_of web1)" Gid)" "$(jq '.[0].linkinfo.info_data.group' <<<"$link")"
        ip netns exec blue ip -brief address show dev tap0 | grep "fd00::1/64"
        ip netns exec blue ping -q -c 1 -W 2 172.16.0.2
        systemctl stop fcjail@web1
        # The namespace is not ours: it stays, without our TAP.
        test -e /run/netns/blue
        is lo "$(ip netns exec blue ip -brief link | awk '{ print $1 }')"
        ip netns del blue
}

test_a_device_of_the_name_that_is_there_is_left_alone() {
        ip netns add blue
        ip netns exec blue ip tuntap add dev tap0 mode tap
        vm web1 FCJAIL_NETNS=blue
        not systemctl start fcjail@web1
        says web1 "Failed at step tap of 'web1': tap0 in the network namespace /run/netns/blue: a device that fcjail did not make has this name"
        ip netns exec blue ip link show dev tap0
        is_gone web1
        ip netns del blue
}

test_the_tap_of_another_vm_is_said_to_be_that() {
        ip netns add blue
        vm web1 FCJAIL_NETNS=blue
        vm web2 FCJAIL_NETNS=blue
        systemctl start fcjail@web1
        not systemctl start fcjail@web2
        says web2 "tap0 in the network namespace /run/netns/blue: VM 'web1' uses this device"
        ip netns exec blue ping -q -c 1 -W 2 172.16.0.2
        systemctl stop fcjail@web1
        ip netns del blue
}

test_the_alternative_name_of_another_device_is_said_to_be_that() {
        ip netns add blue
        ip netns exec blue ip tuntap add dev uplink mode tap
        ip -n blue link property add dev uplink altname tap0
        vm web1 FCJAIL_NETNS=blue
        not systemctl start fcjail@web1
        says web1 "tap0 in the network namespace /run/netns/blue: device 'uplink' has this as an alternative name; use another name in FCJAIL_TAP="
        ip -n blue link show dev uplink
        ip netns del blue
}

canary_was_seen() {
        ip link set canary alias "$RANDOM" && grep canary /tmp/events
}

# watch_links: what others see of network devices, in /tmp/events.
watch_links() {
        stdbuf -oL ip -oneline -details monitor link >/tmp/events &
        watchers+=($!)
        trap 'kill "${watchers[@]}"' EXIT
        ip tuntap add dev canary mode tun
        ip link set canary up
        eventually canary_was_seen
        ip link del canary
}

# appeared_with DEVICE TEXT…: in this order, when others saw it first.
appeared_with() {
        local first text
        first=$(grep -m 1 "$1: " /tmp/events)
        text=$(printf '*%s' "${@:2}")
        # shellcheck disable=SC2053 # a pattern
        [[ $first == $text* ]] || fail "$first"
}

# A program that acts on what it sees, such as udev, has nothing to set, and no time at which it could.
# (addr_assign_type 3: a MAC that was set, which udev leaves alone.)
test_a_tap_appears_complete_where_others_can_see_it() {
        local i
        watchers=()
        watch_links
        vm web1 FCJAIL_NETNS=host FCJAIL_TAP=tap0,mtu=1400,mac=02:00:00:00:00:07,address=172.16.0.1/24
        vm web2 FCJAIL_NETNS=host "FCJAIL_TAP=tap1 tap2" "FCJAIL_CONFIG=$ENV/two.json"
        sed s/tap0/tap1/ "$ENV/demo.json" >"$ENV/two.json"
        systemctl start fcjail@web1 fcjail@web2
        ping -q -c 1 -W 2 172.16.0.2
        appeared_with tap0 "mtu 1400" 02:00:00:00:00:07 "alias fcjail web1 "
        for i in 1 2; do
                appeared_with "tap$i" "$(cat "/sys/class/net/tap$i/address")" "alias fcjail web2 "
                is 3 "$(cat "/sys/class/net/tap$i/addr_assign_type")"
        done
        systemctl stop fcjail@web1 fcjail@web2
        not ip link show dev tap0
}

# udevd, as on hosts: by 99-default.link it replaces each MAC that the kernel has chosen.
test_udev_leaves_the_mac_alone() {
        local i
        watchers=()
        [[ -x /lib/systemd/systemd-udevd ]] || skip "udev is not here"
        /lib/systemd/systemd-udevd --resolve-names=never 2>/dev/null &
        watchers+=($!)
        watch_links
        eventually udevadm control --ping
        for i in {1..6}; do
                vm "web$i" FCJAIL_NETNS=host "FCJAIL_TAP=tap$i,mac=02:00:00:00:00:0$i,address=172.16.$i.1/24 more$i" \
                        "FCJAIL_CONFIG=$ENV/$i.json"
                sed "s/tap0/tap$i/" "$ENV/demo.json" >"$ENV/$i.json"
        done
        systemctl start fcjail@web{1..6}
        # That it is at work: this one had a MAC of the kernel's (1).
        ip tuntap add dev other mode tap
        eventually grep -x 3 /sys/class/net/other/addr_assign_type
        ip link del other
        udevadm settle
        for i in {1..6}; do
                is "02:00:00:00:00:0$i" "$(cat "/sys/class/net/tap$i/address")"
                ip -brief address show dev "tap$i" | grep -F "172.16.$i.1/24"
                appeared_with "more$i" "$(cat "/sys/class/net/more$i/address")"
        done
        systemctl stop fcjail@web{1..6}
}

test_path_of_a_namespace() {
        ip netns add blue
        vm web1 FCJAIL_NETNS=/run/netns/blue
        systemctl start fcjail@web1
        test "/proc/$(pid_of web1)/ns/net" -ef /run/netns/blue
        systemctl stop fcjail@web1
        ip netns del blue
}

test_a_namespace_that_is_not_there() {
        vm web1 FCJAIL_NETNS=nosuch
        not systemctl start fcjail@web1
        says web1 "Failed at step paths of 'web1': /run/netns/nosuch: does not exist"
        is 66 "$(systemctl show -P ExecMainStatus fcjail@web1)"
}

test_something_else_in_the_place_of_a_namespace() {
        local what
        mkfifo /run/netns/fifo
        echo >/run/netns/file
        touch /run/netns/ipc
        mount --bind /proc/self/ns/ipc /run/netns/ipc
        for what in fifo file ipc; do
                vm web1 "FCJAIL_NETNS=$what"
                not systemctl start fcjail@web1
                systemctl reset-failed fcjail@web1
        done
        says web1 "/run/netns/fifo: is not a namespace"
        says web1 "/run/netns/file: is not a namespace"
        says web1 "/run/netns/ipc: is not a network namespace"
        umount /run/netns/ipc
        rm /run/netns/{fifo,file,ipc}
}

test_private_is_the_default_and_empty() {
        vm web1
        systemctl start fcjail@web1
        not test "/proc/$(pid_of web1)/ns/net" -ef /proc/1/ns/net
        is "lo tap0" "$(in_netns_of web1 ip -brief link | awk '{ printf "%s%s", sep, $1; sep = " " }')"
}

test_host() {
        vm web1 FCJAIL_NETNS=host
        systemctl start fcjail@web1
        test "/proc/$(pid_of web1)/ns/net" -ef /proc/1/ns/net
        ping -q -c 1 -W 2 172.16.0.2
        systemctl stop fcjail@web1
        not ip link show dev tap0
}

# An administrator may label and rename devices; a stop knows its own by the index.
test_a_tap_with_another_name_and_alias_is_removed() {
        vm web1 FCJAIL_NETNS=host
        systemctl start fcjail@web1
        ip link set tap0 alias "customer 12"
        systemctl stop fcjail@web1
        not ip link show dev tap0
        is_gone web1

        systemctl start fcjail@web1
        ip link set tap0 down
        ip link set tap0 name customer12 alias ''
        systemctl stop fcjail@web1
        not ip link show dev customer12
        is_gone web1
}

# Anything else is left, and named.
test_what_cannot_be_told_to_be_the_tap_is_named() {
        ip netns add blue
        vm web1 FCJAIL_NETNS=blue
        systemctl start fcjail@web1
        ip -n blue link del tap0
        systemctl stop fcjail@web1
        says web1 "TAP tap0 of 'web1' is no longer in /run/netns/blue"
        ended_well web1

        systemctl start fcjail@web1
        ip -n blue link del tap0
        ip netns exec blue ip tuntap add dev tap0 mode tap
        systemctl stop fcjail@web1
        says web1 "Kept device tap0 in /run/netns/blue, which fcjail did not make; the TAP of 'web1' is gone"
        ip -n blue link show dev tap0
        is_gone web1

        # The mark of another start counts more than an index.
        ip -n blue link del tap0
        systemctl start fcjail@web1
        ip -n blue link set tap0 alias "fcjail web2 0123456789abcdef0123456789abcdef"
        systemctl stop fcjail@web1
        ip -n blue link show dev tap0
        is_gone web1
        ip netns del blue
}

test_the_hosts_is_never_meant_by_a_name() {
        ip netns add blue
        touch /run/netns/red
        mount --bind /proc/1/ns/net /run/netns/red
        vm web1 FCJAIL_NETNS=red
        not systemctl start fcjail@web1
        says web1 "Failed at step paths of 'web1': /run/netns/red: is the host's network namespace; set FCJAIL_NETNS=host if that is intended"
        is 66 "$(systemctl show -P ExecMainStatus fcjail@web1)"
        is_gone web1
        not fcjail check web1 2>/tmp/err
        grep "/run/netns/red: is the host's network namespace" /tmp/err
        # Neither when the unit itself has another one, nor where it cannot see process 1.
        unit web1 PrivateNetwork=yes
        not systemctl start fcjail@web1
        says web1 "Failed at step netns of 'web1': /run/netns/red: is the host's network namespace"
        unit web1 ProtectProc=ptraceable
        not systemctl start fcjail@web1
        is_gone web1
        umount /run/netns/red
        rm /run/netns/red

        # The unit's own one is not the host's.
        vm web1 FCJAIL_NETNS=blue
        systemctl start fcjail@web1
        systemctl stop fcjail@web1
        unit web1 NetworkNamespacePath=/run/netns/blue
        systemctl start fcjail@web1
        test "/proc/$(pid_of web1)/ns/net" -ef /run/netns/blue
        systemctl stop fcjail@web1
        unit web1 NetworkNamespacePath=/run/netns/blue ProtectProc=ptraceable
        systemctl start fcjail@web1
        systemctl stop fcjail@web1
        ip netns del blue
}

# Where process 1 is hidden systemd is asked which network the unit has, and nothing is guessed.
test_a_start_is_where_check_says_also_where_proc_hides_process_1() {
        local status=0
        ip netns add blue
        vm web1
        unit web1 NetworkNamespacePath=/run/netns/blue ProtectProc=ptraceable
        fcjail check web1 2>/dev/null | grep -x "netns: inherit"
        systemctl start fcjail@web1
        test "/proc/$(pid_of web1)/ns/net" -ef /run/netns/blue
        systemctl stop fcjail@web1
        is_gone web1

        unit web1 ProtectProc=ptraceable
        fcjail check web1 2>/dev/null | grep -x "netns: private"
        systemctl start fcjail@web1
        not test "/proc/$(pid_of web1)/ns/net" -ef /proc/1/ns/net
        systemctl stop fcjail@web1

        # The unit that this process is of, whatever its name.
        unit web1 PrivateNetwork=yes
        echo FCJAIL_NETNS=inherit >>"$ENV/web1.env"
        systemd-run --quiet --wait --collect -p ProtectProc=ptraceable \
                -p "$(grep ^CapabilityBoundingSet= /usr/lib/systemd/system/fcjail@.service)" fcjail run web1 || status=$?
        is 78 "$status"
        eventually eval "journalctl -q --cursor='$cursor' | grep 'inherit would give the VM the host.s network'"
        sed -i /FCJAIL_NETNS/d "$ENV/web1.env"

        # It cannot be asked.
        unit web1 NetworkNamespacePath=/run/netns/blue ProtectProc=ptraceable InaccessiblePaths=/run/systemd/private
        not systemctl start fcjail@web1
        says web1 "FCJAIL_NETNS= depends on the network namespace of the unit, but /proc hides process 1"
        is 78 "$(systemctl show -P ExecMainStatus fcjail@web1)"
        systemctl reset-failed fcjail@web1
        echo FCJAIL_NETNS=private >>"$ENV/web1.env"
        systemctl start fcjail@web1
        not test "/proc/$(pid_of web1)/ns/net" -ef /run/netns/blue
        systemctl stop fcjail@web1
        ip netns del blue
}

test_inherited_from_the_unit() {
        vm web1
        unit web1 PrivateNetwork=yes
        systemctl start fcjail@web1
        in_netns_of web1 ping -q -c 1 -W 2 172.16.0.2
        not test "/proc/$(pid_of web1)/ns/net" -ef /proc/1/ns/net
}

test_inherited_from_a_namespace_path() {
        ip netns add blue
        vm web1 FCJAIL_NETNS=inherit
        unit web1 NetworkNamespacePath=/run/netns/blue
        systemctl start fcjail@web1
        test "/proc/$(pid_of web1)/ns/net" -ef /run/netns/blue
        ip netns exec blue ping -q -c 1 -W 2 172.16.0.2
        systemctl stop fcjail@web1
        is lo "$(ip netns exec blue ip -brief link | awk '{ print $1 }')"
        ip netns del blue
}

test_inherit_never_means_the_host() {
        vm web1 FCJAIL_NETNS=inherit
        not systemctl start fcjail@web1
        says web1 "FCJAIL_NETNS=inherit would give the VM the host's network"
        is 78 "$(systemctl show -P ExecMainStatus fcjail@web1)"
}

test_several_taps() {
        vm web1 "FCJAIL_TAP=tap0,address=172.16.0.1/24 tap1,address=172.17.0.1/24"
        systemctl start fcjail@web1
        in_netns_of web1 ip link show dev tap1
        in_netns_of web1 ping -q -c 1 -W 2 172.16.0.2
}

test_no_tap() {
        vm web1 FCJAIL_TAP=none "FCJAIL_CONFIG=$ENV/plain.json"
        echo '{}' >"$ENV/plain.json"
        systemctl start fcjail@web1
        is lo "$(in_netns_of web1 ip -brief link | awk '{ print $1 }')"
}

# The helper of web1 and its VMM, which has ended when this returns.
kill_both() {
        local vmm
        vmm=$(vmm_of web1)
        kill -KILL "$helper" "$vmm"
        wait "$helper" || true
        eventually not kill -0 "$vmm"
}

test_after_a_kill_of_everything_a_named_namespace_is_cleaned_by_the_next_start() {
        ip netns add blue
        vm web1 FCJAIL_NETNS=blue
        by_hand web1
        kill_both
        ip netns exec blue ip link show dev tap0
        systemctl start fcjail@web1
        ip netns exec blue ping -q -c 1 -W 2 172.16.0.2
        systemctl stop fcjail@web1
        is lo "$(ip netns exec blue ip -brief link | awk '{ print $1 }')"
        ip netns del blue
}

# With the namespace its devices have gone, and what is left at its path is no business of a cleanup.
test_cleanup_after_the_end_of_the_namespace() {
        local what
        for what in file fifo ipc none; do
                ip netns add blue
                vm web1 FCJAIL_NETNS=blue
                by_hand web1
                kill_both
                umount /run/netns/blue
                case $what in
                file) ;;
                fifo) rm /run/netns/blue && mkfifo /run/netns/blue ;;
                ipc) mount --bind /proc/self/ns/ipc /run/netns/blue ;;
                none) rm /run/netns/blue ;;
                esac
                fcjail cleanup web1 || fail "$what"
                is_gone web1
                [[ $what != ipc ]] || umount /run/netns/blue
                rm -f /run/netns/blue
        done
}

main "$@"

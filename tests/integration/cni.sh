# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2317
# FCJAIL_CNI=: networks that the plugins of CNI make, with the real ones.
# shellcheck source-path=SCRIPTDIR source=../lab/lib.sh
. "$(dirname "$0")/../lab/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lab/guests.sh
. "$(dirname "$0")/../lab/guests.sh"

CONFIGS=/etc/cni/net.d
RECORDS=/var/lib/fcjail/cni

# network NAME PLUGIN…: JSON of each.
network() {
        local name=$1 IFS=,
        shift
        mkdir -p "$CONFIGS"
        echo '{"cniVersion": "1.0.0", "name": "'"$name"'", "plugins": ['"$*"']}' >"$CONFIGS/10-$name.conflist"
}

BRIDGE='{"type": "bridge", "bridge": "cni0", "isGateway": true, "ipMasq": true, "capabilities": {"mac": true, "ips": true}, "ipam": {"type": "host-local", "ranges": [[{"subnet": "10.78.0.0/24"}]], "routes": [{"dst": "0.0.0.0/0"}], "dataDir": "/run/leases"}}'
PORTMAP='{"type": "portmap", "capabilities": {"portMappings": true}}'
FIREWALL='{"type": "firewall"}'
BANDWIDTH='{"type": "bandwidth", "capabilities": {"bandwidth": true}}'

rules() {
        iptables-save -t nat | grep -v '^#' | sed 's/\[[0-9:]*\]//' | sort
        iptables-save -t filter | grep -v '^#' | sed 's/\[[0-9:]*\]//' | sort
}

# leases: addresses that are taken.
leases() {
        [[ ! -d /run/leases ]] || find /run/leases -type f -name '*.*.*.*'
}

# The guest is a network namespace, so that TCP and several addresses can be tried.
cni_guest() {
        local id=$1
        shift
        vm "$id" FCJAIL_VMM=/usr/local/bin/relay "FCJAIL_VMM_ARGS=--tap tap0" FCJAIL_READY=exec FCJAIL_STOP=kill FCJAIL_CONFIG= FCJAIL_TAP= "$@"
        systemctl daemon-reload
        systemctl start "fcjail@$id"
        ip netns add "guest-$id"
        ip netns exec "guest-$id" relay --attach "$STATE/sock/$id/wire" --tap eth0 &
        relays+=($!)
        eventually ip -n "guest-$id" link show dev eth0
        ip -n "guest-$id" link set eth0 address "$(fact "$id" MAC)" mtu "$(fact "$id" MTU)" up
        ip -n "guest-$id" address add "$(fact "$id" ADDRESSES)" dev eth0
        ip -n "guest-$id" route add default via "$(fact "$id" GATEWAY)"
}

# fact ID NAME: as a shell reads it.
fact() {
        # shellcheck disable=SC2016 # for the other shell
        bash -c '. "$1"; echo "${!2}"' - "$STATE/net/$1.env" "$2"
}

end_cni_guest() {
        local id
        for id in "$@"; do
                systemctl stop "fcjail@$id"
                ip netns del "guest-$id"
                eventually test ! -e "$RECORDS/$id"
        done
        wait "${relays[@]}" || true
        relays=()
}

nothing_of_cni() {
        is_empty "$RECORDS"
        is_empty "$STATE/net"
        is "" "$(leases)"
        is "" "$(ls /run/netns)"
        # Each test begins with a host without networks of CNI.
        iptables -t nat -F
        iptables -t nat -X
        iptables -F
        iptables -X
}

no_bridge() {
        ip link del cni0 2>/dev/null || true
        rm -rf "$CONFIGS" /run/leases
}

test_a_guest_behind_a_bridge_with_a_port_and_a_firewall() {
        local before
        # The last one is what the start does.
        network net1 "$BRIDGE" "$PORTMAP" "$FIREWALL" "$BANDWIDTH" '{"type": "tc-redirect-tap"}'
        # The first time chains are made, which stay.
        cni_guest web1 FCJAIL_CNI=net1,port=8080:80
        end_cni_guest web1
        before=$(rules)

        cni_guest web1 FCJAIL_CNI=net1,port=8080:80,mac=06:00:ac:10:00:09,ip=10.78.0.77/24,ingress=900M,egress=900M
        grep -x 'ADDRESSES="10.78.0.77/24"' "$STATE/net/web1.env"
        grep -x 'MAC=06:00:ac:10:00:09' "$STATE/net/web1.env"
        grep -x 'BOOT_ARG="ip=10.78.0.77::10.78.0.1:255.255.255.0::eth0:off"' "$STATE/net/web1.env"
        is "10.78.0.77/24 10.78.0.1" "$(jq -r '"\(.addresses[0]) \(.gateway)"' "$STATE/net/web1.json")"
        ping -q -c 1 -W 2 10.78.0.77
        ip netns exec guest-web1 ping -q -c 1 -W 2 10.78.0.1
        fcjail check web1 | grep -x 'cni: net1 ip=10.78.0.77/24 mac=06:00:ac:10:00:09 port=8080:80/tcp ingress=900000000 egress=900000000'
        not diff <(echo "$before") <(rules)
        end_cni_guest web1
        diff <(echo "$before") <(rules)
        nothing_of_cni
        no_bridge
}

# from GUEST ADDRESS: whether the bridge answers a packet with that source.
from() {
        ip netns exec "guest-$1" ping -q -c 1 -W 1 -I "$2" 10.78.0.1
}

test_the_guest_sends_only_with_its_addresses() {
        network net1 "$BRIDGE" "$FIREWALL"
        cni_guest web1 FCJAIL_CNI=net1,ip=10.78.0.77/24
        ip -n guest-web1 address add 10.78.0.78/24 dev eth0
        from web1 10.78.0.77
        not from web1 10.78.0.78
        # With the MAC of another one, too, and as it was.
        ip -n guest-web1 link set eth0 address 06:00:ac:10:00:66
        not from web1 10.78.0.77
        ip -n guest-web1 link set eth0 address "$(fact web1 MAC)"
        from web1 10.78.0.77
        is 1 "$(ip netns exec fcjail-web1 tc -oneline filter show block "$(block web1 tap0)" | grep -c ' pref 1 bpf .*direct-action')"
        end_cni_guest web1

        cni_guest web1 FCJAIL_CNI=net1,ip=10.78.0.77/24,antispoof=no
        ip -n guest-web1 address add 10.78.0.78/24 dev eth0
        from web1 10.78.0.78
        not grep bpf <<<"$(ip netns exec fcjail-web1 tc filter show block "$(block web1 tap0)")"
        end_cni_guest web1

        # Without a MAC in the configuration the guest would choose one.
        vm web1 FCJAIL_CNI=net1 FCJAIL_TAP=
        not fcjail cni add web1 2>/tmp/out
        grep -F 'the interface of the TAP tap0 has no "guest_mac" in FCJAIL_CONFIG=' /tmp/out
        nothing_of_cni
        no_bridge
}

# block ID DEVICE: that of its ingress queue.
block() {
        ip netns exec "fcjail-$1" tc qdisc show dev "$2" ingress | grep -o 'ingress_block [0-9]*' | cut -d' ' -f2
}

# The plugin takes no MAC, so eth0 has another one than the guest.
test_the_guests_mac_is_that_of_the_configuration() {
        network net1 "${BRIDGE/'"mac": true, '/}"
        echo '{"network-interfaces": [{"iface_id": "eth0", "host_dev_name": "tap0", "guest_mac": "'"$MAC"'"}], "demo": {"address": "10.78.0.77"}}' >"$ENV/web1.json"
        vm web1 FCJAIL_CNI=net1,ip=10.78.0.77/24 FCJAIL_TAP= "FCJAIL_CONFIG=$ENV/web1.json"
        systemctl daemon-reload
        systemctl start fcjail@web1
        not is "$MAC" "$(fact web1 MAC)"
        ping -q -c 1 -W 2 10.78.0.77
        systemctl stop fcjail@web1
        eventually test ! -e "$RECORDS/web1"

        # Or it is given that of eth0, with the addresses.
        jq 'del(."network-interfaces"[0].guest_mac) | . + {"boot-source": {kernel_image_path: "/etc/fcjail/demo.json", boot_args: "quiet"}}' "$ENV/web1.json" >/tmp/web1.json
        mv /tmp/web1.json "$ENV/web1.json"
        echo FCJAIL_GUEST_NETWORK=boot-arg >>"$ENV/web1.env"
        systemctl start fcjail@web1
        ping -q -c 1 -W 2 10.78.0.77
        is "$(fact web1 BOOT_ARG) quiet" "$(jq -r '."boot-source".boot_args' "$BASE/web1/root/fcjail.json")"
        is "$(fact web1 MAC)" "$(jq -r '."network-interfaces"[0].guest_mac' "$BASE/web1/root/fcjail.json")"
        systemctl stop fcjail@web1
        eventually test ! -e "$RECORDS/web1"

        # A start needs what the plugins said.
        fcjail cni add web1
        mv "$STATE/net/web1.json" /tmp/web1.json
        not fcjail run web1 2>/tmp/out
        grep -F "Failed at step paths of 'web1': $STATE/net/web1.json: does not exist, but FCJAIL_CNI= is set; make the network anew with \`fcjail cni add ID\`" /tmp/out
        jq -c '.addresses = [range(9) | "10.78.0.\(. + 2)/24"]' /tmp/web1.json >"$STATE/net/web1.json"
        not fcjail run web1 2>/tmp/out
        grep -F "$STATE/net/web1.json: has more than 8 addresses" /tmp/out
        jq -c 'del(.mac)' /tmp/web1.json >"$STATE/net/web1.json"
        not fcjail run web1 2>/tmp/out
        grep -F "$STATE/net/web1.json: cannot be read: Bad message" /tmp/out
        fcjail cni del web1
        nothing_of_cni
        no_bridge
}

test_a_port_of_the_host_leads_to_the_guest() {
        network net1 "$BRIDGE" "$PORTMAP"
        cni_guest web1 FCJAIL_CNI=net1,port=8080:80
        far_host
        ip netns exec guest-web1 python3 -c 'import socket; s = socket.create_server(("", 80)); print("ready", flush=True); c, _ = s.accept(); c.sendall(b"hello")' >/tmp/server &
        eventually grep ready /tmp/server
        is hello "$(ip netns exec far python3 -c 'import socket; print(socket.create_connection(("10.9.2.1", 8080), 5).recv(9).decode())')"
        wait $!
        # And the way back, with the address of the host.
        ip netns exec guest-web1 ping -q -c 1 -W 2 10.9.2.2
        end_far_host
        end_cni_guest web1
        nothing_of_cni
        no_bridge
}

test_a_restart_of_the_vm_keeps_its_network() {
        network net1 "$BRIDGE"
        cni_guest web1 FCJAIL_CNI=net1
        local before
        before=$(<"$STATE/net/web1.env")
        systemctl restart fcjail@web1
        is "$before" "$(<"$STATE/net/web1.env")"
        end_cni_guest web1
        nothing_of_cni
        no_bridge
}

test_what_fails_is_named_and_undone() {
        local before
        network net1 "$BRIDGE" '{"type": "no-such-plugin"}'
        vm web1 FCJAIL_CNI=net1 FCJAIL_TAP= FCJAIL_CONFIG=
        systemctl daemon-reload
        not systemctl start fcjail@web1
        says_cni web1 "network 'net1': ADD: plugin 'no-such-plugin' is in none of /usr/lib/cni:/opt/cni/bin:/usr/libexec/cni"
        # Its DEL cannot be run either, so that the record stays; with it mended all is gone.
        is web1 "$(ls "$RECORDS")"
        network net1 "$BRIDGE" "$FIREWALL"
        sed -i s/no-such-plugin/firewall/ "$RECORDS/web1"
        fcjail cni del web1
        nothing_of_cni

        network net1 "$BRIDGE" '{"type": "tuning", "sysctl": {"net.no.such": "1"}}'
        not systemctl start fcjail@web1
        says_cni web1 "network 'net1': ADD: plugin 'tuning' failed: "
        nothing_of_cni
        rm -r "$CONFIGS"
        not systemctl start fcjail@web1
        says_cni web1 "no file in /etc/cni/net.d has the network 'net1'"
        no_bridge
}

says_cni() {
        eventually cni_journal_has "$@"
}

cni_journal_has() {
        journalctl -q -u "fcjail-cni@$1" -o cat --cursor="$cursor" | grep -F -- "$2" >/dev/null
}

# A plugin that is none of ours to trust.
hostile() {
        mkdir -p /opt/cni/bin
        # shellcheck disable=SC2016 # for the plugin
        printf '#!/bin/bash\n[[ $CNI_COMMAND == ADD ]] || exit 0\n%s\n' "$1" >/opt/cni/bin/hostile
        chmod 0755 /opt/cni/bin/hostile
}

test_a_hostile_plugin_harms_nobody() {
        network net1 '{"type": "hostile"}'
        vm web1 FCJAIL_CNI=net1 FCJAIL_TAP= FCJAIL_CONFIG=
        hostile 'while :; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; done'
        not fcjail cni add web1 2>/tmp/out
        grep -F "plugin 'hostile' has written more than 1048576 bytes" /tmp/out
        hostile 'echo not json'
        not fcjail cni add web1 2>/tmp/out
        grep -F "has answered with something that is not a JSON object" /tmp/out
        is_empty "$RECORDS"
        hostile 'echo "{}"'
        not fcjail cni add web1 2>/tmp/out
        grep -F "has no interface eth0" /tmp/out
        # A guest whose address is unknown could send from any.
        # shellcheck disable=SC2016 # for the plugin
        hostile 'ip -n "${CNI_NETNS##*/}" link add eth0 type bridge; echo "{\"cniVersion\": \"1.0.0\", \"ips\": [{\"address\": \"10.78.0.5\"}]}"'
        not fcjail cni add web1 2>/tmp/out
        grep -F "has an address that is invalid or without a prefix length" /tmp/out
        is_empty "$RECORDS"
        # As much as a plugin may write is kept, and handed to its DEL; what would not fit into the record is not taken.
        hostile 'printf "{\"x\": \"%01000000d\"}"'
        sed -i 's/exit 0$/{ wc -c >\/tmp\/input; exit 0; }/' /opt/cni/bin/hostile
        not fcjail cni add web1 2>/tmp/out
        grep -F "has no interface eth0" /tmp/out
        (($(</tmp/input) > 1000000))
        hostile 'printf "{\"x\": \""; head -c 900000 /dev/zero | tr "\\0" "\\1"; printf "\"}"'
        not fcjail cni add web1 2>/tmp/out
        grep -F "/var/lib/fcjail/cni/web1: File too large" /tmp/out
        is_empty "$RECORDS"
        hostile 'printf "{\"x\": "; head -c 500000 /dev/zero | tr "\\0" "["; echo'
        not fcjail cni add web1 2>/tmp/out
        grep -F "has answered with something that is not a JSON object" /tmp/out
        hostile 'echo "{\"code\": 7, \"msg\": \"a\\u001b[31m\nb\"}"; exit 1'
        not fcjail cni add web1 2>/tmp/out
        grep -F 'code 7' /tmp/out
        not grep -P '\x1b' /tmp/out
        hostile 'kill -SEGV $$'
        not fcjail cni add web1 2>/tmp/out
        grep -F 'was killed by signal 11' /tmp/out
        # What it leaves running is ended.
        hostile 'sleep 1234 & echo "{}"'
        not fcjail cni add web1 2>/tmp/out
        grep -F "has no interface eth0" /tmp/out
        eventually not pgrep -f 'sleep 1234'
        # And one that others can change is not run.
        chmod 0777 /opt/cni/bin/hostile
        not fcjail cni add web1 2>/tmp/out
        grep -F "cannot be run: /opt/cni/bin/hostile" /tmp/out
        chmod 0755 /opt/cni/bin/hostile
        fcjail cni del web1
        rm -r /opt/cni
        nothing_of_cni
        no_bridge
}

# A minute, in the long run.
if [[ -n ${FCJAIL_LONG:-} ]]; then
        test_a_plugin_that_hangs_is_ended() {
                network net1 "$BRIDGE" '{"type": "hostile"}'
                hostile 'trap "" TERM INT HUP; sleep 1234'
                vm web1 FCJAIL_CNI=net1 FCJAIL_TAP= FCJAIL_CONFIG=
                not fcjail cni add web1 2>/tmp/out
                grep -F "network 'net1': ADD: plugin 'hostile' did not end within 60 s" /tmp/out
                not pgrep -f 'sleep 1234'
                rm -r /opt/cni
                nothing_of_cni
                no_bridge
        }
fi

# What is gone after a boot: namespaces, rules, /run. The lease is on disk.
boot() {
        umount /run/netns/fcjail-web1
        rm -r "$STATE/net"
        iptables -t nat -F
        iptables -t nat -X
        iptables -F
        iptables -X
        ip link del cni0
}

# Killed with a plugin under way, after another one has made its part.
test_a_kill_leaves_what_the_next_one_undoes() {
        local adder
        network net1 "$BRIDGE" '{"type": "hostile"}'
        hostile 'sleep 1234'
        vm web1 FCJAIL_CNI=net1 FCJAIL_TAP= FCJAIL_CONFIG=
        for _ in add del; do
                fcjail cni add web1 &
                adder=$!
                eventually pgrep -f 'sleep 1234'
                not fcjail cni del web1 2>/tmp/out
                grep -F "another process changes its network just now" /tmp/out
                kill -KILL "$adder"
                wait "$adder" || true
                eventually not pgrep -x hostile
                pkill -f 'sleep 1234' || true
                is 1 "$(leases | wc -l)"
        done
        hostile 'echo "{}"'
        fcjail cni del web1
        rm -r /opt/cni
        nothing_of_cni
        no_bridge
}

test_a_boot_frees_the_address() {
        network net1 "$BRIDGE"
        vm web1 FCJAIL_CNI=net1 FCJAIL_TAP= FCJAIL_CONFIG=
        fcjail cni add web1
        is 1 "$(leases | wc -l)"
        boot
        fcjail cni del web1
        nothing_of_cni
        # Or the next start does it.
        fcjail cni add web1
        boot
        fcjail cni add web1
        is 1 "$(leases | wc -l)"
        fcjail cni check web1
        fcjail cni del web1
        nothing_of_cni
        no_bridge
}

# left: what the plugins and fcjail have made, on disk and in the kernel.
left() {
        rules
        leases
        find "$RECORDS" "$STATE" /run/netns "$BASE" ! -path "$STATE/kept" ! -path "$BASE/.texts*" -printf '%p %M\n' | sort
        ip -brief link | awk '{ print $1 }' | sort
        ip -oneline route | sed "s/ linkdown//" | sort
        grep -c . /proc/self/mountinfo
}

# Several at once, so that plugins of several VMs change the same chains. Plugins leave chains that all VMs share: the first
# round makes them.
test_cycles_leave_nothing() {
        local i n=25 id ids=(web1 web2 web3 web4) units before=
        [[ -z ${FCJAIL_LONG:-} ]] || n=250
        units=("${ids[@]/#/fcjail@}" "${ids[@]/#/fcjail-cni@}")
        network net1 "$BRIDGE" "$PORTMAP" "$FIREWALL"
        for id in "${ids[@]}"; do
                vm "$id" FCJAIL_VMM=/usr/local/bin/relay "FCJAIL_VMM_ARGS=--tap tap0" FCJAIL_READY=exec FCJAIL_STOP=kill FCJAIL_CONFIG= FCJAIL_TAP= "FCJAIL_CNI=net1,port=808${id#web}:80"
        done
        systemctl daemon-reload
        for ((i = 0; i <= n; i++)); do
                systemctl start "${ids[@]/#/fcjail@}"
                ((i % 10 > 0)) || is 4 "$(leases | wc -l)"
                systemctl stop "${units[@]}"
                [[ $before ]] || before=$(left)
        done
        diff <(echo "$before") <(left)
        nothing_of_cni
        no_bridge
}

main "$@"

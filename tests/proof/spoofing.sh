# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2317
# A guest that sends as somebody else: tests/unit/frames.h has what.
# shellcheck source-path=SCRIPTDIR source=../lab/lib.sh
. "$(dirname "$0")/../lab/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lab/guests.sh
. "$(dirname "$0")/../lab/guests.sh"

# forge_all SETTING: what arrives on the bridge of all that the guest sends, to /tmp/arrived.
forge_all() {
        local id=web1 listener
        guest "$id" "$MAC" "$1"
        forge listen br0 >/tmp/arrived &
        listener=$!
        eventually grep listening /tmp/arrived
        ip netns exec "$id" forge send eth0
        sleep 0.3
        kill "$listener"
        wait "$listener" || true
        end_guests "$id"
        sed -i '/^listening$/d' /tmp/arrived
}

# each_filter WHAT WITH WITHOUT: the settings of a guest with addresses, and of one without.
each_filter() {
        local n arrived
        # Otherwise the bridge drops those that are not complete.
        ip link set br0 type bridge mcast_snooping 0
        sysctl -qw net.bridge.bridge-nf-call-iptables=0 net.bridge.bridge-nf-call-ip6tables=0 net.bridge.bridge-nf-call-arptables=0
        forge_all "$2"
        diff <(forge list with) /tmp/arrived
        arrived=$(wc -l </tmp/arrived)
        forge_all "$3"
        diff <(forge list without) /tmp/arrived
        # Each of them can arrive, if nothing stops it.
        forge_all "$3,antispoof=no"
        n=$(wc -l </tmp/arrived)
        figure "$1: $n kinds of frames arrive without a filter; with one that knows the guest's addresses the $arrived of its own, and 0 of $((n - arrived)) forged ones"
        ((n > arrived + 30))
}

test_P18_spoofing() {
        bridge br0
        each_filter "an uplink" "FCJAIL_UPLINK=bridge=br0,mac=$MAC,address=192.0.2.2,address=2001:db8::2" "FCJAIL_UPLINK=bridge=br0,mac=$MAC"
        ip link del br0
}

# The eth0 that a plugin makes: its MAC and its addresses are in what the plugin answers.
test_P18_spoofing_by_cni() {
        local bridge='{"type": "bridge", "bridge": "br0", "capabilities": {"mac": true}'
        local ipam='"ipam": {"type": "static", "addresses": [{"address": "192.0.2.2/24"}, {"address": "2001:db8::2/64"}]}'
        mkdir -p /etc/cni/net.d
        echo '{"cniVersion": "1.0.0", "name": "with", "plugins": ['"$bridge, $ipam"'}]}' >/etc/cni/net.d/with.conflist
        echo '{"cniVersion": "1.0.0", "name": "without", "plugins": ['"$bridge"'}]}' >/etc/cni/net.d/without.conflist
        bridge br0
        each_filter "an eth0 of CNI" "FCJAIL_CNI=with,mac=$MAC" "FCJAIL_CNI=without,mac=$MAC"
        ip link del br0
        rm -r /etc/cni
}

main "$@"

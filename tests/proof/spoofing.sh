# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2317
# A guest that sends as somebody else: tests/unit/frames.h has what.
# shellcheck source-path=SCRIPTDIR source=../lab/lib.sh
. "$(dirname "$0")/../lab/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lab/guests.sh
. "$(dirname "$0")/../lab/guests.sh"

# forge_all OPTIONS: what arrives on the bridge of all that the guest sends, to /tmp/arrived.
forge_all() {
        local id=web1 listener
        guest "$id" "$MAC" "FCJAIL_UPLINK=bridge=br0,mac=$MAC$1"
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

test_P18_spoofing() {
        local n arrived
        bridge br0
        # Otherwise the bridge drops those that are not complete.
        ip link set br0 type bridge mcast_snooping 0
        sysctl -qw net.bridge.bridge-nf-call-iptables=0 net.bridge.bridge-nf-call-ip6tables=0 net.bridge.bridge-nf-call-arptables=0
        forge_all ",address=192.0.2.2,address=2001:db8::2"
        diff <(forge list with) /tmp/arrived
        arrived=$(wc -l </tmp/arrived)
        forge_all ""
        diff <(forge list without) /tmp/arrived
        # Each of them can arrive, if nothing stops it.
        forge_all ",antispoof=no"
        n=$(wc -l </tmp/arrived)
        figure "$n kinds of frames arrive without a filter; with one that knows the guest's addresses the $arrived of its own, and 0 of $((n - arrived)) forged ones"
        ((n > arrived + 30))
        ip link del br0
}

main "$@"

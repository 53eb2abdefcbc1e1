# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034
# Guests with the network stack of Linux: network namespaces behind relay(1), for the tests of uplinks. Beside lib.sh.

MAC=06:00:ac:10:00:02

bridge() {
        ip link add "$1" up type bridge
        ip address add 10.9.0.1/24 dev "$1"
        ip address add 2001:db8:9::1/64 dev "$1" nodad
}

# guest ID MAC [OPTION…]: starts a VM whose guest is the network namespace ID, with that eth0.
guest() {
        local id=$1 mac=$2
        shift 2
        vm "$id" FCJAIL_VMM=/usr/local/bin/relay "FCJAIL_VMM_ARGS=--tap tap0" FCJAIL_READY=exec FCJAIL_STOP=kill FCJAIL_CONFIG= FCJAIL_TAP= "$@"
        [[ "$*" != *FCJAIL_CNI=* ]] || systemctl daemon-reload # for the unit that runs the plugins
        systemctl start "fcjail@$id"
        ip netns add "$id"
        ip netns exec "$id" relay --attach "$STATE/sock/$id/wire" --tap eth0 &
        relays+=($!)
        eventually ip -n "$id" link show dev eth0
        ip -n "$id" link set eth0 address "$mac" up
}

end_guests() {
        local id
        for id in "$@"; do
                systemctl stop "fcjail@$id"
                ip netns del "$id"
        done
        wait "${relays[@]}" || true
        relays=()
}
relays=()

# Another host, 10.9.2.2, behind this one, which is 10.9.2.1 there: the network namespace far.
far_host() {
        ip netns add far
        ip link add far0 type veth peer name eth0 netns far
        ip address add 10.9.2.1/24 dev far0
        ip link set far0 up
        ip -n far address add 10.9.2.2/24 dev eth0
        ip -n far link set eth0 up
}

end_far_host() {
        ip link del far0
        ip netns del far
}

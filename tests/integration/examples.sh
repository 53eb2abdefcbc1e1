# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2317
# The examples that are installed do what they say.
# shellcheck source-path=SCRIPTDIR source=../lab/lib.sh
. "$(dirname "$0")/../lab/lib.sh"

EXAMPLES=/usr/share/doc/fcjail/examples

# use NAME: the example as a drop-in of fcjail@web1.
use() {
        mkdir -p /run/systemd/system/fcjail@web1.service.d
        cp "$EXAMPLES/$1" /run/systemd/system/fcjail@web1.service.d/
        systemctl daemon-reload
        verifies fcjail@web1.service
}

# verifies UNIT: without a warning, which alone is no failure for systemd-analyze.
verifies() {
        systemd-analyze verify --man=no "$1" >/tmp/out 2>&1
        is '' "$(</tmp/out)"
}

runs() {
        systemctl start fcjail@web1
        in_netns_of web1 ping -q -c 1 -W 2 172.16.0.2
        is 0000000000000000 "$(status_of "$(pid_of web1)" CapBnd)"
        systemctl stop fcjail@web1
        ended_well web1
}

# exposed AT-MOST: systemd's score, in tenths.
exposed() {
        local score
        score=$(systemd-analyze security --no-pager fcjail@web1.service | sed -n 's/.*exposure level.*: \([0-9]*\)\.\([0-9]\).*/\1\2/p')
        [[ -n $score ]] || fail "there is no score"
        ((10#$score <= $1)) || fail "the exposure is $score"
}

test_default_score() {
        vm web1
        verifies fcjail@web1.service
        exposed 51
}

test_strict() {
        vm web1
        use strict.conf
        exposed 33
        runs
}

test_dynamic_user() {
        vm web1
        use dynamic-user.conf
        runs
}

test_loop() {
        vm web1
        use loop.conf
        runs
        is "/dev/loop-control rw" "$(systemctl show -P DeviceAllow fcjail@web1 | grep loop-control)"
        systemctl show -P DeviceAllow fcjail@web1 | grep '^block-loop rwm$'
}

test_strict_with_dynamic_user() {
        vm web1
        use strict.conf
        use dynamic-user.conf
        runs
}

test_reboot() {
        only_on_a_pc
        local first
        vm web1
        use reboot.conf
        systemctl start fcjail@web1
        first=$(pid_of web1)
        # The VMM may have ended with its guest before it has answered.
        fcjail api web1 PUT /actions '{"action_type": "SendCtrlAltDel"}' || true
        eventually has_another_process web1 "$first"
        systemctl stop fcjail@web1
        unit_is web1 inactive
}

test_collect() {
        vm web1
        use collect.conf
        systemctl start fcjail@web1
        kill -KILL "$(pid_of web1)"
        eventually is_forgotten web1
        is_gone web1
}

# is_forgotten ID: systemd has no such unit loaded.
is_forgotten() {
        [[ -z $(systemctl list-units --all -q --plain --no-legend "fcjail@$1.service") ]]
}

test_limits() {
        vm web1
        use limits.conf
        is 1153433600 "$(systemctl show -P MemoryMax fcjail@web1)"
        runs
}

# networkd_says WORD: of tap0.
networkd_says() {
        networkctl list tap0 --no-legend | grep -w "$1"
}

has_its_address() {
        ip -brief address show dev tap0 | grep -F 172.16.0.1/24
}

# Where another file matches all devices, it would take the TAP's address away.
test_networkd_leaves_the_tap_alone() {
        [[ -x /lib/systemd/systemd-networkd ]] || skip "systemd-networkd is not here"
        vm web1 FCJAIL_NETNS=host
        mkdir -p /etc/systemd/network
        printf '%s\n' '[Match]' 'Name=*' '[Network]' 'LinkLocalAddressing=no' >/etc/systemd/network/20-all.network
        cp "$EXAMPLES"/10-fcjail-tap.* /etc/systemd/network/
        systemctl start systemd-networkd
        systemctl start fcjail@web1
        eventually networkd_says unmanaged
        networkctl reconfigure tap0
        has_its_address
        systemctl stop fcjail@web1

        # That it would.
        rm /etc/systemd/network/10-fcjail-tap.network
        ip tuntap add dev tap0 mode tap
        ip address add 172.16.0.1/24 dev tap0
        systemctl restart systemd-networkd
        eventually networkd_says configured
        networkctl reconfigure tap0
        eventually not has_its_address
        ip link del tap0
        rm -r /etc/systemd/network
        systemctl stop systemd-networkd
}

test_udev_finds_the_tap_in_it() {
        [[ -x /lib/systemd/systemd-udevd ]] || skip "udev is not here"
        mkdir -p /etc/systemd/network
        cp "$EXAMPLES"/10-fcjail-tap.link /etc/systemd/network/
        ip tuntap add dev tap0 mode tap
        udevadm test-builtin net_setup_link /sys/class/net/tap0 >/tmp/out 2>&1
        grep -x ID_NET_LINK_FILE=/etc/systemd/network/10-fcjail-tap.link /tmp/out
        grep -x ID_NET_NAME=tap0 /tmp/out
        ip link del tap0
        rm -r /etc/systemd/network
}

# The rule is asked as polkitd asks it, where there is one.
test_polkit() {
        local status=0
        if ! command -v polkitd >/dev/null && [[ ! -x /usr/lib/polkit-1/polkitd ]]; then
                skip "polkit is not here"
        fi
        cp "$EXAMPLES/50-fcjail.rules" /etc/polkit-1/rules.d/
        user manager --groups fcjail
        user stranger
        systemctl start dbus.socket polkit.service
        vm web1
        setpriv --reuid manager --regid manager --init-groups systemctl --no-ask-password start fcjail@web1
        unit_is web1 active
        setpriv --reuid stranger --regid stranger --clear-groups systemctl --no-ask-password stop fcjail@web1 || status=$?
        not is 0 "$status"
        not setpriv --reuid manager --regid manager --init-groups systemctl --no-ask-password stop systemd-journald.service
        setpriv --reuid manager --regid manager --init-groups systemctl --no-ask-password stop fcjail@web1
        unit_is web1 inactive
}

main "$@"

# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2317
# A VMM as the host sees it, in the four ways of starting, compared with outside.golden. A change of that file is a
# change of what fcjail promises. FCJAIL_UPDATE=1 prints what it should be.
# shellcheck source-path=SCRIPTDIR source=../lab/lib.sh
UPDATE=${FCJAIL_UPDATE:-}
. "$(dirname "$0")/../lab/lib.sh"
# shellcheck source=view.sh
. "$(dirname "$0")/view.sh"

CAPS="CAP_SYS_ADMIN CAP_NET_ADMIN CAP_MKNOD CAP_SYS_CHROOT CAP_SETUID CAP_SETGID CAP_SETPCAP"
GOLDEN=$(dirname "$0")/outside.golden

views() {
        local how pid
        for how in systemd user hand; do
                vm web1 FCJAIL_GID=891
                if [[ $how == user ]]; then
                        user probeuser --uid 891 --user-group >&2
                        unit web1 User=probeuser "AmbientCapabilities=$CAPS" >&2
                else
                        echo FCJAIL_UID=891 >>"$ENV/web1.env"
                fi
                echo "== $how"
                if [[ $how == hand ]]; then
                        # As systemd does it, or else the limits would be those of whoever runs this.
                        rm -f /tmp/out
                        (ulimit -n 2048 -c 0 && exec fcjail run web1) </dev/null >/tmp/out 2>&1 &
                        eventually grep "Started VM 'web1'" /tmp/out
                        pid=$(vmm_of web1)
                else
                        systemctl start fcjail@web1
                        pid=$(pid_of web1)
                fi
                eventually is_up web1
                view "$pid"
                if [[ $how == hand ]]; then fcjail stop web1 >/dev/null 2>&1; else systemctl stop fcjail@web1; fi
                rm -rf /run/systemd/system/fcjail@web1.service.d
                systemctl daemon-reload
        done
}

# As Firecracker's jailer would start it, with a TAP that somebody else has made.
view_in_the_place_of_the_jailer() {
        install -D /usr/local/bin/demo-vmm /usr/local/lib/jailed/firecracker
        ip netns add blue
        ip -n blue tuntap add tap0 mode tap user 891 group 891
        mkdir -p "$BASE/web1/root"
        cp "$ENV/demo.json" "$BASE/web1/root/vm.json"
        (
                ulimit -c 0
                exec /usr/libexec/fcjail/jailer --id web1 --exec-file /usr/local/lib/jailed/firecracker --uid 891 --gid 891 \
                        --netns /run/netns/blue --new-pid-ns -- --config-file /vm.json
        ) </dev/null >/tmp/out 2>&1
        echo "== jailer"
        eventually is_up web1
        view "$(vmm_of web1)"
        fcjail stop web1 >/dev/null 2>&1
        rm -rf "${BASE:?}/web1"
        fcjail cleanup web1 >/dev/null 2>&1
}

compare() {
        { views; view_in_the_place_of_the_jailer; } >/tmp/view
        wait
        if [[ -n $UPDATE ]]; then
                cat /tmp/view
                fail "the golden file is not compared"
        fi
        diff "$GOLDEN" /tmp/view
        figure "$(grep -vc '^==' /tmp/view) fields in 4 ways of starting are as in outside.golden"
}

test_P2_outside_view() {
        systemctl restart fcjail-cage
        compare
        is nsfs "$(stat -f -c %T "$STATE/cage/mnt")"
}

# A start that copies the host's mounts ends in the very same jail.
test_P2_outside_view_without_the_cage() {
        without_the_cage
        compare
        [[ ! -e $STATE/cage ]]
}

main "$@"

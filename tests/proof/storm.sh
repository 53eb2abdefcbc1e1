# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2317
# Whatever is killed or asked for at whatever moment under systemd: nothing gets stuck, nothing is left.
# FCJAIL_LONG=1 does each a hundred times.
# shellcheck source-path=SCRIPTDIR source=../lab/lib.sh
CYCLES=$([[ -n ${FCJAIL_LONG:-} ]] && echo 100 || echo 10)
. "$(dirname "$0")/../lab/lib.sh"

# at_some_point: another moment each time, within what a start takes.
at_some_point() {
        sleep "0.0$((RANDOM % 30 + 10))"
}

settled() {
        [[ $(systemctl show -P ActiveState fcjail@web1) =~ ^(inactive|failed)$ ]]
}

# cycle COMMAND…: a start, and then that at some point.
cycle() {
        local i
        for ((i = 0; i < CYCLES; i++)); do
                systemctl reset-failed fcjail@web1 2>/dev/null || true
                systemctl start --no-block fcjail@web1
                at_some_point
                "$@" || true
                systemctl stop fcjail@web1
                eventually settled
                eventually is_gone web1
                is_empty "$STATE/uid"
                eventually not pgrep -x 'firecracker|fcjail'
                n=$((n + 1))
        done
        # It works as ever.
        systemctl reset-failed fcjail@web1 2>/dev/null || true
        systemctl start fcjail@web1
        in_netns_of web1 ping -q -c 1 -W 2 172.16.0.2
        systemctl stop fcjail@web1
        kinds=$((kinds + 1))
}

# 0: there is none yet, and for kill(1) that would be this test with all that runs it.
kill_main() {
        local pid
        pid=$(pid_of web1)
        ((pid > 0)) && kill -KILL "$pid"
}

kill_cgroup() {
        systemctl kill --signal=KILL --kill-who=all fcjail@web1
}

restarts() {
        local i
        for i in 1 2 3 4 5; do
                systemctl restart --no-block fcjail@web1
                at_some_point
        done
}

test_P6_kills_through_systemd() {
        local n=0 kinds=0
        RANDOM=$SEED
        vm web1 FCJAIL_STOP=kill
        unit web1 TimeoutStopSec=5 StartLimitIntervalSec=0
        cycle kill_main
        cycle kill_cgroup
        cycle true
        cycle restarts
        cycle systemctl kill --signal=STOP --kill-who=main fcjail@web1
        figure "$n cycles of $kinds kinds, 0 stuck, 0 processes or files left"
}

main "$@"

# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2317
# What an operator asks after a start.
# shellcheck source-path=SCRIPTDIR source=../lab/lib.sh
. "$(dirname "$0")/../lab/lib.sh"

# timeline OPTION… ID: as soon as the journal has taken the entry in.
timeline() {
        journalctl --sync
        fcjail timeline "$@"
}

test_timeline_shows_where_the_time_of_a_start_went() {
        vm web1 FCJAIL_VMM_TEXT=private # so that there is something to copy
        systemctl start fcjail@web1
        timeline web1 >/tmp/out
        grep -E "^VM 'web1', process $(systemctl show -P MainPID fcjail@web1), ready on .* after [0-9.]+ ms$" /tmp/out
        local step
        for step in config paths tree clone copy tap mounts audit launch ready; do
                grep -E "^$step +[0-9.]+ ms +[0-9.]+ ms .*[█▒▏]" /tmp/out
        done
        # OUTSIDE has nothing to wait for but its steps: they are the start, but for what comes between them.
        timeline --json web1 >/tmp/json
        jq -e '.version == 1 and .vm == "web1" and (.starts | length) == 1' /tmp/json
        jq -e '.starts[0] | ([.steps[] | select(.inside | not).usec] | add) as $sum | $sum <= .usec and $sum > .usec / 2' /tmp/json
        # INSIDE begins where `clone` ends.
        jq -e '.starts[0].steps | (.[] | select(.step == "clone") | .start_usec + .usec) == (.[] | select(.step == "cgroup").start_usec)' \
                /tmp/json
}

# The journal of the tests is one: each has an id of its own.
test_timeline_of_all_starts() {
        local i
        vm three
        for i in 1 2 3; do
                systemctl restart fcjail@three
        done
        timeline --all three >/tmp/out
        grep -F "VM 'three', starts: 3" /tmp/out
        grep -E '^all +[0-9.]+ ms +[0-9.]+ ms +[0-9.]+ ms +[0-9.]+ ms$' /tmp/out
        is 3 "$(timeline --all --json three | jq '.starts | length')"
        # The newest is the first.
        is "$(systemctl show -P MainPID fcjail@three)" "$(timeline --all --json three | jq '.starts[0].pid')"
}

test_timeline_as_a_picture() {
        vm web1
        systemctl start fcjail@web1
        timeline --svg /tmp/web1.svg web1
        python3 -c 'import xml.dom.minidom, sys; d = xml.dom.minidom.parse(sys.argv[1])
assert d.documentElement.tagName == "svg"; assert len(d.getElementsByTagName("rect")) > 10' /tmp/web1.svg
        local status=0
        fcjail timeline --svg /nowhere/web1.svg web1 2>/tmp/err || status=$?
        is 73 "$status"
        is "fcjail: Failed to write '/nowhere/web1.svg': No such file or directory" "$(cat /tmp/err)"
}

# Anybody can write to the journal, but not with the uid of root.
test_timeline_takes_no_entry_of_others() {
        local status=0
        vm forged
        setpriv --reuid 1234 --clear-groups logger --journald <<'END'
MESSAGE=Started VM 'forged'
MESSAGE_ID=b09c938b74f04056a901bf901bf76215
FCJAIL_VM_ID=forged
FCJAIL_PID=1
FCJAIL_USEC=1
END
        journalctl --sync
        is 1 "$(journalctl -q -o cat FCJAIL_VM_ID=forged MESSAGE_ID=b09c938b74f04056a901bf901bf76215 | wc -l)"
        fcjail timeline forged 2>/tmp/err || status=$?
        is 66 "$status"
        grep -F "The journal has no start of 'forged'" /tmp/err
}

# The words of the VMM are on the console as well, before those of the guest.
test_console_shows_what_the_guest_says() {
        vm console
        systemctl start fcjail@console
        says console "hello from guest"
        journalctl --sync
        is "hello from guest" "$(fcjail console --no-follow --lines=1 console)"
        is "" "$(fcjail console --no-follow --lines=0 console)"
        ((3 <= $(fcjail console --no-follow console | wc -l)))
        # None of fcjail's own lines, though they are in the journal of the unit.
        not grep -F "Started VM" <<<"$(fcjail console --no-follow --lines=100 console)"
}

test_console_follows() {
        local pid
        vm follow
        fcjail console follow >/tmp/out 2>/tmp/err &
        pid=$!
        eventually grep -F "no line of that console yet" /tmp/err
        systemctl start fcjail@follow
        eventually grep -Fx "hello from guest" /tmp/out
        # Without capabilities: it reads what a guest says.
        grep -x $'CapEff:\t0000000000000000' "/proc/$pid/status"
        # Also after a restart.
        systemctl restart fcjail@follow
        eventually has_twice "hello from guest" /tmp/out
        kill "$pid"
        wait "$pid" || true
}

has_twice() {
        (($(grep -cFx "$1" "$2") == 2))
}

# Anybody can say that it is the console of a VM; systemd-journald knows the unit.
test_console_takes_no_line_of_others() {
        systemd-cat -t fcjail@lies echo "not from a guest"
        journalctl --sync
        is 1 "$(journalctl -q -o cat -t fcjail@lies | wc -l)"
        is "" "$(fcjail console --no-follow lies)"
        local status=0
        fcjail console --lines=x lies 2>/tmp/err || status=$?
        is 64 "$status"
        is "fcjail: --lines=x: expected a number from 0 to 1000000" "$(cat /tmp/err)"
}

test_explain_needs_no_installed_manual() {
        local status=0
        fcjail explain tap >/tmp/out
        grep -F "tap, step" /tmp/out
        grep -F "ip -details link show" /tmp/out
        fcjail explain 5c547506-3a1a44bb832344e91dfbc0f2 | grep -F "needs something that is missing or unsafe"
        fcjail explain 75 | grep -F "Steps of a start that usually end with it: state, uid, images"
        is "148    of a VM that has ended: Firecracker made a system call that its filter forbids." "$(fcjail explain 148)"
        fcjail explain FCJAIL_STOP | grep -F "ctrl-alt-del"
        fcjail explain FCJAIL_STOPP 2>/tmp/err || status=$?
        is 66 "$status"
        is "fcjail: Unknown key 'FCJAIL_STOPP'; did you mean FCJAIL_STOP?" "$(cat /tmp/err)"
}

test_a_missing_value_is_named() {
        local status=0
        fcjail timeline web1 --svg 2>/tmp/err || status=$?
        is 64 "$status"
        grep -F "fcjail: option '--svg' needs a value" /tmp/err
}

active() {
        systemctl list-units --plain --no-legend --state=active 'fcjail@*.service' | wc -l
}

test_the_target_starts_and_stops_all_vms() {
        vm web1
        vm web2 FCJAIL_TAP=tap0,address=172.16.1.1/24
        vm web3 FCJAIL_TAP=tap0,address=172.16.2.1/24
        systemctl enable fcjail@web1 fcjail@web2 2>/dev/null
        systemctl start fcjail.target
        is 2 "$(active)"
        # It stops those that are not enabled as well.
        systemctl start fcjail@web3
        is 3 "$(active)"
        systemctl stop fcjail.target
        is 0 "$(active)"
        ended_well web1
        # ... and although it has not been started.
        systemctl start fcjail@web3
        systemctl stop fcjail.target
        is 0 "$(active)"
        systemctl disable fcjail@web1 fcjail@web2 2>/dev/null
}

# As at a boot. systemd runs all jobs before it reads a notification, and its socket holds few.
test_many_vms_at_once() {
        local -a units=()
        local -i i n=40
        [[ -z ${FCJAIL_LONG:-} ]] || n=1000
        for ((i = 0; i < n; i++)); do
                vm "many$i" FCJAIL_TAP=tap0
                units+=("fcjail@many$i")
        done
        systemctl daemon-reload
        systemctl enable "${units[@]}" 2>/dev/null
        systemctl start fcjail.target
        is "$n" "$(active)"
        # With very many, systemd is too busy to answer at once.
        systemctl stop fcjail.target || systemctl stop fcjail.target
        is 0 "$(active)"
        systemctl disable "${units[@]}" 2>/dev/null
}

# A frozen VM keeps its memory and takes no CPU.
test_the_slice_freezes_all_vms() {
        vm web1
        systemctl start fcjail@web1
        if ! systemctl freeze fcjail.slice 2>/tmp/err; then
                skip "not in the sample, as this host cannot freeze: $(cat /tmp/err)"
                return
        fi
        is frozen "$(systemctl show -P FreezerState fcjail.slice)"
        systemctl thaw fcjail.slice
        is Running "$(fcjail api web1 GET / | jq -r .state)"
}

main "$@"

# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2317
# A VM's life under systemd: start, readiness, stop, restart, and each way to end.
# shellcheck source-path=SCRIPTDIR source=../lab/lib.sh
. "$(dirname "$0")/../lab/lib.sh"

test_start_ping_stop() {
        vm web1
        systemctl start fcjail@web1
        is "Running" "$(fcjail api web1 GET / | jq -r .state)"
        says web1 "hello from guest"
        in_netns_of web1 ping -q -c 2 -i 0.2 -W 2 172.16.0.2
        not ip link show dev tap0
        systemctl stop fcjail@web1
        ended_well web1
        if is_pc; then
                says web1 "The guest of 'web1' has shut down"
        fi
        is_gone web1
}

test_without_config_ready_means_the_api_answers() {
        vm web1 FCJAIL_CONFIG=
        systemctl start fcjail@web1
        is "Not started" "$(fcjail api web1 GET / | jq -r .state)"
        fcjail api web1 PUT /network-interfaces/eth0 '{"iface_id": "eth0", "host_dev_name": "tap0"}'
        fcjail api web1 PUT /actions '{"action_type": "InstanceStart"}'
        is "Running" "$(fcjail api web1 GET / | jq -r .state)"
        in_netns_of web1 ping -q -c 1 -W 2 172.16.0.2
}

test_api_tells_errors_by_its_status() {
        local status=0
        vm web1 FCJAIL_CONFIG=
        systemctl start fcjail@web1
        fcjail api web1 PATCH /nothing '{}' >/tmp/out || status=$?
        is 65 "$status"
        is "Invalid request method and/or path: PATCH /nothing." "$(jq -r .fault_message /tmp/out)"
        systemctl stop fcjail@web1
        status=0
        fcjail api web1 GET / || status=$?
        is 69 "$status"
}

# A guest that has not been started cannot be asked; the stop must not wait for it.
test_stop_before_the_guest_runs_is_fast() {
        only_on_a_pc
        vm web1 FCJAIL_CONFIG=
        systemctl start fcjail@web1
        SECONDS=0
        systemctl stop fcjail@web1
        ((SECONDS < 5))
        ended_well web1
        says web1 "refused ctrl-alt-del"
        not journal_has web1 "Failed to ask the guest"
}

# What a VMM that was taken over answers must not move root's cursor, nor look like a line of fcjail's.
test_what_a_vmm_says_is_escaped() {
        only_on_a_pc
        local status=0
        vm web1 FCJAIL_CONFIG= FCJAIL_VMM=/usr/local/bin/rude-vmm FCJAIL_READY=exec
        systemctl start fcjail@web1
        eventually test -S "$BASE/web1/root/run/firecracker.socket"
        fcjail stop web1 >/tmp/out 2>&1
        grep -F "refused ctrl-alt-del: no\\x1b[2J\\nfcjail: forged" /tmp/out
        not grep '^fcjail: forged' /tmp/out

        on_terminal "fcjail api web1 GET /" >/tmp/out
        grep -xF $'\t"raw":"\\x1b[2J\\x7f\\xc2\\x9b"}' /tmp/out
        # A program gets it as it is.
        fcjail api web1 GET / >/tmp/out || status=$?
        is 65 "$status"
        grep -F $'\e[2J\x7f' /tmp/out
}

test_a_vmm_that_dies_before_its_guest_runs_fails_the_start() {
        vm web1 FCJAIL_CONFIG=/etc/fcjail/bad.json
        echo '{"network-interfaces": [{"iface_id": "eth0", "host_dev_name": "nosuchtap"}]}' >/etc/fcjail/bad.json
        not systemctl start fcjail@web1
        unit_is web1 failed
        # At step ready; or at launch, if it has died before anybody looked.
        says web1 ": ended "
        says web1 "Failed at step "
        says web1 "Open tap device failed: nosuchtap: Operation not permitted"
        is_gone web1
}

test_stop_during_the_start_is_fast() {
        vm web1 FCJAIL_VMM=/usr/local/bin/silent-vmm
        systemctl start --no-block fcjail@web1
        eventually test -e "$STATE/vm/web1"
        sleep 0.5
        unit_is web1 activating
        SECONDS=0
        systemctl stop fcjail@web1
        ((SECONDS < 5))
        is_gone web1
}

test_a_vmm_that_never_answers_fails_the_start() {
        vm web1 FCJAIL_VMM=/usr/local/bin/silent-vmm
        not systemctl start fcjail@web1
        says web1 "Failed at step ready of 'web1': the VMM: its guest is not running after 10 s"
        is_gone web1
}

test_kill_of_the_vmm_is_seen_and_cleaned_up() {
        vm web1
        systemctl start fcjail@web1
        kill -KILL "$(pid_of web1)"
        eventually unit_is web1 failed
        eventually is_gone web1
        systemctl start fcjail@web1
        in_netns_of web1 ping -q -c 1 -W 2 172.16.0.2
}

# priority_of LINE: with which the journal has stored it, from this VM.
priority_of() {
        journalctl -q -u fcjail@web1 -o json --cursor="$cursor" | jq -r --arg line "$1" 'select(.MESSAGE == $line).PRIORITY'
}

# What begins with <0> would be shown on all terminals.
test_a_guest_cannot_choose_the_priority_of_what_it_says() {
        vm web1 FCJAIL_VMM=/usr/local/bin/silent-vmm FCJAIL_READY=exec "FCJAIL_VMM_ARGS=--say '<0>The system is going down'"
        unit web1 TimeoutStopSec=1
        systemctl start fcjail@web1
        says web1 "The system is going down"
        is 6 "$(priority_of "<0>The system is going down")"
}

# policy_of PID: SCHED_OTHER and so on.
policy_of() {
        chrt -p "$1" | sed -n 's/.*policy: //p'
}

test_the_helper_gives_way_to_its_vmm() {
        local vmm
        vm web1
        by_hand web1
        is SCHED_BATCH "$(policy_of "$helper")"
        vmm=$(vmm_of web1)
        is SCHED_OTHER "$(policy_of "$vmm")"
        fcjail stop web1
        helper_has_stopped

        # What the unit says stays.
        unit web1 CPUSchedulingPolicy=idle
        systemctl start fcjail@web1
        is SCHED_IDLE "$(policy_of "$(pid_of web1)")"
}

# By hand, too, what the unit said at the start holds, and not what it says now.
test_stop_by_hand_of_a_unit_does_what_the_unit_said() {
        vm web1
        unit web1 Environment=FCJAIL_STOP=kill
        systemctl start fcjail@web1
        unit web1
        fcjail stop web1 >/tmp/out 2>&1
        grep "VM 'web1' is still running; stop it with .systemctl stop fcjail@web1." /tmp/out
        unit_is web1 active
}

# No guest is asked, and there is no systemd to end it.
test_stop_by_hand_with_kill() {
        local status=0
        vm web1 FCJAIL_STOP=kill
        by_hand web1
        fcjail stop web1
        eventually not kill -0 "$helper"
        wait "$helper" || status=$?
        is 156 "$status"
        is_gone web1
}

# The first is handed on as SIGHUP, which this VMM ignores; the second is SIGKILL.
test_a_second_signal_by_hand_kills() {
        local status=0
        vm web1 FCJAIL_VMM=/usr/local/bin/silent-vmm FCJAIL_READY=exec
        by_hand web1
        # Its SIGHUP is to be lost on the VMM, not on what it was before its main().
        eventually ignores_sighup "$(vmm_of web1)"
        kill -TERM "$helper"
        sleep 0.5
        kill -0 "$helper"
        kill -TERM "$helper"
        eventually not kill -0 "$helper"
        wait "$helper" || status=$?
        is 137 "$status"
        is_gone web1
}

test_the_unit_says_how_it_is() {
        vm web1 FCJAIL_UID=4711
        systemctl start fcjail@web1
        is "VM runs as uid 4711" "$(systemctl show -P StatusText fcjail@web1)"
        systemctl stop fcjail@web1

        vm web1 FCJAIL_VMM=/nosuch
        not systemctl start fcjail@web1
        is "Failed at step paths: /nosuch: does not exist; install Firecracker there, or set FCJAIL_VMM=" "$(systemctl show -P StatusText fcjail@web1)"
        is 2 "$(systemctl show -P StatusErrno fcjail@web1)"
}

test_an_entry_names_its_unit() {
        vm web1
        by_hand web1
        fcjail stop web1
        helper_has_stopped
        # Of another unit, as one that stops it from there.
        INVOCATION_ID=0123456789abcdef0123456789abcdef bash -c 'SYSTEMD_EXEC_PID=$$ exec fcjail stop web1'
        says web1 "VM 'web1' is not running"
}

test_sighup_is_a_clean_end() {
        vm web1 FCJAIL_STOP=kill
        systemctl start fcjail@web1
        systemctl stop fcjail@web1
        ended_well web1
        is_gone web1
}

# From the first microsecond of the helper, and with its CPU time.
test_the_vmm_knows_how_long_its_start_took() {
        local wall cpu
        vm web1
        SECONDS=0
        systemctl start fcjail@web1
        says web1 process_startup_time:
        read -r wall cpu < <(journalctl -q -u fcjail@web1 -o cat --cursor="$cursor" |
                sed -n 's/.*process_startup_time: \([0-9]*\) us, CPU \([0-9]*\) us$/\1 \2/p')
        ((cpu > 0 && cpu < wall * 20 && wall < (SECONDS + 2) * 1000000)) || fail "$wall µs, of which $cpu µs on a CPU"
        # Less than the helper says, which ends when the guest runs; more than the steps before the clone.
        ((wall > $(started_field FCJAIL_USEC_PATHS) + $(started_field FCJAIL_USEC_STATE) && wall < $(started_field FCJAIL_USEC)))
}

# started_field NAME: of the entry of the last start of web1.
started_field() {
        journalctl -q -u fcjail@web1 --cursor="$cursor" -o json MESSAGE_ID=b09c938b74f04056a901bf901bf76215 | tail -n 1 | jq -r ".$1"
}

test_the_entry_of_a_start_has_the_time_of_each_step() {
        local step n=0
        vm web1
        systemctl start fcjail@web1
        says web1 "Started VM 'web1'"
        for step in CONFIG $(sed -n 's/^ *{ "\([a-z]*\)", SIDE_[A-Z]*,.*/\U\1/p' /host/src/step/step.c); do
                [[ $(started_field "FCJAIL_USEC_$step") =~ ^[0-9]+$ ]] || fail "no FCJAIL_USEC_$step"
                n=$((n + 1))
        done
        ((n >= 20)) || fail "only $n steps"
        (($(started_field FCJAIL_USEC) > $(started_field FCJAIL_USEC_COPY)))
}

test_an_api_of_another_name_and_none() {
        vm web1 FCJAIL_API=/run/other.socket
        systemctl start fcjail@web1
        test -S "$BASE/web1/root/run/other.socket"
        is Running "$(fcjail api web1 GET / | jq -r .state)"
        systemctl stop fcjail@web1
        vm web1 FCJAIL_API=no
        systemctl start fcjail@web1
        is_empty "$BASE/web1/root/run"
}

test_any_id_where_the_default_says_so() {
        vm default FCJAIL_ANY_ID=yes
        systemctl start fcjail@web9
        says web9 "hello from guest"
}

test_restart() {
        local first
        vm web1
        systemctl start fcjail@web1
        first=$(pid_of web1)
        systemctl restart fcjail@web1
        not is "$first" "$(pid_of web1)"
        in_netns_of web1 ping -q -c 1 -W 2 172.16.0.2
}

test_a_guest_reboot_restarts_it_with_restart_always() {
        only_on_a_pc
        local first
        vm web1
        unit web1 Restart=always RestartSec=50ms
        systemctl start fcjail@web1
        first=$(pid_of web1)
        # The VMM may have ended with its guest before it has answered.
        fcjail api web1 PUT /actions '{"action_type": "SendCtrlAltDel"}' || true
        eventually has_another_process web1 "$first"
        in_netns_of web1 ping -q -c 1 -W 2 172.16.0.2
}

test_two_vms_have_two_uids_and_do_not_see_each_other() {
        vm web1
        vm web2
        systemctl start fcjail@web1 fcjail@web2
        not is "$(status_of "$(pid_of web1)" Uid)" "$(status_of "$(pid_of web2)" Uid)"
        in_netns_of web1 ping -q -c 1 -W 2 172.16.0.2
        in_netns_of web2 ping -q -c 1 -W 2 172.16.0.2
        systemctl stop fcjail@web1
        in_netns_of web2 ping -q -c 1 -W 2 172.16.0.2
}

test_all_ends_of_ten_vms_at_once() {
        local i units=()
        for i in {0..9}; do
                vm "vm$i"
                units+=("fcjail@vm$i")
        done
        systemctl start "${units[@]}"
        is 10 "$(for i in {0..9}; do status_of "$(pid_of "vm$i")" Uid; done | sort -u | wc -l)"
        systemctl stop "${units[@]}"
}

test_journalctl_explains() {
        local text
        journalctl --update-catalog
        vm web1 FCJAIL_VMM=/nosuch FCJAIL_NETNS=blue
        not systemctl start fcjail@web1
        says web1 "Failed at step paths of 'web1': /nosuch: does not exist; install Firecracker there"
        text=$(journalctl -q -x -u fcjail@web1 --cursor="$cursor")
        [[ $text == *"VM web1 needs something that is missing or unsafe"*"namei -l /nosuch"* ]] || fail "$text"

        echo FCJAIL_UDI=1 >>"$ENV/web1.env"
        not systemctl start fcjail@web1
        text=$(journalctl -q -x -u fcjail@web1 --cursor="$cursor")
        [[ $text == *"/etc/fcjail/web1.env:5: "*"Unknown setting FCJAIL_UDI"*"The VM was not started, and fcjail has changed nothing."*"fcjail check web1"* ]] || fail "$text"
}

test_check_sees_the_unit() {
        only_on_a_pc
        local plan
        vm web1 FCJAIL_STOP=ctrl-alt-del:45
        user checkuser --uid 892 --user-group
        unit web1 User=checkuser PrivateNetwork=yes Environment=FCJAIL_KEEP=yes Environment=FCJAIL_READY=exec
        plan=$(FCJAIL_READY=api fcjail check web1 2>/tmp/err)
        grep -x "uid: 892" <<<"$plan"
        grep -x "netns: inherit" <<<"$plan"
        grep -x "keep: yes" <<<"$plan"
        # What was said on the command line wins.
        grep -x "ready: api" <<<"$plan"
        grep -x "fcjail: fcjail@web1.service: sets FCJAIL_KEEP=yes" /tmp/err
        grep -x "fcjail: fcjail@web1.service: sets User=checkuser" /tmp/err
        grep "FCJAIL_STOP=: waits 45 s, but TimeoutStopSec= of the unit is only 30 s" /tmp/err
        is 892 "$(fcjail check --json web1 2>/dev/null | jq .uid)"
        # For the group, too, which may read /run/fcjail.
        user manager --groups fcjail
        setpriv --reuid manager --regid manager --init-groups fcjail check web1 | grep -x "uid: 892"
        # Group= is not that of the user.
        group checkgroup --gid 893
        unit web1 User=checkuser Group=checkgroup
        plan=$(fcjail check web1 2>/tmp/err)
        grep -x "uid: 892" <<<"$plan"
        grep -x "gid: 893" <<<"$plan"
        grep -x "fcjail: fcjail@web1.service: sets Group=checkgroup" /tmp/err
        unit web1 User=checkuser Group=894
        fcjail check web1 2>/dev/null | grep -x "gid: 894"
        # A namespace by its path, without PrivateNetwork=.
        unit web1 NetworkNamespacePath=/run/netns/blue
        not fcjail check web1 >/tmp/plan 2>/tmp/err
        grep -x "netns: inherit" /tmp/plan
        grep -x "fcjail: NetworkNamespacePath=: /run/netns/blue does not exist; create it with \`ip netns add\`, before the unit starts" /tmp/err
        ip netns add blue
        fcjail check web1 2>/tmp/err | grep -x "netns: inherit"
        grep -x "fcjail: fcjail@web1.service: sets NetworkNamespacePath=/run/netns/blue" /tmp/err
        ip netns del blue
        # A uid that nobody knows yet can be shared all the same.
        unit web1 DynamicUser=yes User=vm-%i
        echo FCJAIL_SHARED_UID=yes >>"$ENV/web1.env"
        plan=$(fcjail check web1)
        grep -x "uid: chosen by systemd (shared)" <<<"$plan"
        grep -x "gid: as the uid" <<<"$plan"
        is null "$(fcjail check --json web1 2>/dev/null | jq .uid_range)"
        # What the unit says is told from what the shell does.
        unit web1 Environment=FCJAIL_KEEP=perhaps
        not env FCJAIL_READY=now fcjail check web1 2>/tmp/err
        grep -x "fcjail: Environment= of fcjail@web1.service: FCJAIL_KEEP= must be yes or no, not 'perhaps'" /tmp/err
        grep -x "fcjail: the environment: FCJAIL_READY= must be api or exec, not 'now'" /tmp/err
}

# From the real systemd: all else of it is in the golden cases unit-*.
test_check_compares_the_limits_of_the_unit() {
        vm web1 "FCJAIL_CONFIG=$ENV/big.json" FCJAIL_TAP= FCJAIL_SECCOMP=io_uring
        echo '{"machine-config": {"vcpu_count": 1, "mem_size_mib": 512}}' >"$ENV/big.json"
        unit web1 MemoryMax=1G MemoryHigh=infinity
        is "" "$(fcjail check web1 2>&1 >/dev/null)"
        unit web1 MemoryMax=256M MemoryHigh=128M
        is "fcjail: MemoryMax=: is 256 MiB, so the kernel kills the VM when its guest and the VMM use their 562 MiB; set it to 562M or more
fcjail: MemoryHigh=: is 128 MiB, so the kernel slows the VM down when its guest and the VMM use their 562 MiB; set it to 562M or more" \
                "$(fcjail check web1 2>&1 >/dev/null)"
        echo '{"drives": [{"drive_id": "a", "path_on_host": "/a", "io_engine": "Async"}]}' >"$ENV/big.json"
        unit web1 TasksMax=2
        not fcjail check --json web1 >/tmp/plan
        jq -e '.findings[] | select(.object == "TasksMax=" and .severity == "note")' /tmp/plan
        rm "$ENV/big.json"
}

says_what_was_meant() {
        journalctl -q -o cat --cursor="$cursor" | grep -F "invalid VM id 'my\x2dvm': use 1 to 64 letters, digits or '-', not starting with '-'; did you mean 'my-vm'?" >/dev/null
}

test_an_escaped_instance_name_is_explained() {
        not systemctl start 'fcjail@my\x2dvm'
        eventually says_what_was_meant
}

# check_fails STATUS LINE…: that is all it says on standard error, and it prints the plan.
check_fails() {
        local status=0
        fcjail check web1 >/tmp/plan 2>/tmp/err || status=$?
        is "$1 $(printf 'fcjail: %s\n' "${@:2}")" "$status $(</tmp/err)"
        grep '^vmm: ' /tmp/plan
}

test_check_opens_all_that_a_start_would() {
        fcjail_files() { find "$STATE" "$BASE" /run/netns | sort; }
        local before
        vm web1 FCJAIL_VMM=/nosuch "FCJAIL_CONFIG=$ENV" FCJAIL_NETNS=nosuch FCJAIL_SECCOMP=/dev/null FCJAIL_CHROOT_DIR=/srv/no
        before=$(fcjail_files)
        check_fails 66 "$ENV: is a directory, not a regular file" \
                "/srv/no: does not exist; create the default one with \`systemd-tmpfiles --create\`, another with \`mkdir -m 0755\`" \
                "/nosuch: does not exist; install Firecracker there, or set FCJAIL_VMM=" \
                "/run/netns/nosuch: does not exist; create it with \`ip netns add\`; \`ip netns list\` lists the named ones" \
                "/dev/null: is a character device, not a regular file"
        is "$before" "$(fcjail_files)"
        # All of it in the object, and nothing beside that.
        not fcjail check --json web1 >/tmp/plan 2>/tmp/err
        is "" "$(</tmp/err)"
        is "66 66 66 66 66" "$(jq -r '[.findings[] | select(.severity == "error") | .exit_status] | join(" ")' /tmp/plan)"

        install -m 0664 /usr/local/bin/demo-vmm /usr/local/bin/unsafe-vmm
        vm web1 FCJAIL_VMM=/usr/local/bin/unsafe-vmm
        check_fails 77 "/usr/local/bin/unsafe-vmm: is not owned by root, or its group or others may write to it; \`chown root:root\` and \`chmod go-w\` it"

        vm web1
        chmod 0600 "$ENV/demo.json"
        fcjail check web1 >/tmp/plan
        user manager --groups fcjail
        setpriv --reuid manager --regid manager --init-groups fcjail check web1 >/tmp/plan 2>/tmp/err
        grep "$ENV/demo.json: cannot be checked by uid $(id -u manager); check it as root" /tmp/err
        chmod 0644 "$ENV/demo.json"

        unshare --mount bash -c 'mount -t tmpfs tmpfs /dev && fcjail check web1' >/tmp/plan 2>/tmp/err || is 69 $?
        grep "/dev/kvm: is missing on this host" /tmp/err
        grep "/dev/net/tun: is missing on this host" /tmp/err
}

# refuses_directive STATUS OBJECT DIRECTIVE…: a start fails for good and names the directive, and check knows it before.
refuses_directive() {
        local status=0
        unit web1 "${@:3}"
        not systemctl start fcjail@web1
        says web1 "$2"
        says web1 "${3%%=*}="
        is "$1" "$(systemctl show -P ExecMainStatus fcjail@web1)"
        is_gone web1
        systemctl reset-failed fcjail@web1
        fcjail check web1 >/tmp/plan 2>/tmp/err || status=$?
        is 78 "$status"
        grep "${3%%=*}=.*: no VM can start with it; remove it from the unit" /tmp/err
}

test_directives_with_which_no_vm_starts_are_named() {
        local status=0
        vm web1
        refuses_directive 77 "/proc/self/ns/user: is not the initial user namespace" PrivateUsers=yes
        refuses_directive 77 "Capability cap_mknod is missing" PrivateDevices=yes
        refuses_directive 78 "/proc/sys: cannot be opened" ProcSubset=pid
        unit web1 ProtectSystem=strict
        not systemctl start fcjail@web1
        says web1 "/run/fcjail: is read-only; remount it read-write or, if the unit has ProtectSystem= or ReadOnlyPaths="
        is 78 "$(systemctl show -P ExecMainStatus fcjail@web1)"
        unit web1 ProtectSystem=strict "ReadWritePaths=/run/fcjail /srv/jailer"
        systemctl start fcjail@web1
        systemctl stop fcjail@web1

        # systemd takes the name from the unit's, and ends with 217/USER.
        unit web1 DynamicUser=yes
        fcjail check web1 >/tmp/plan 2>/tmp/err || status=$?
        is 78 "$status"
        grep "DynamicUser=: systemd cannot create the user 'fcjail', because a group of this name exists; also set User= in the unit, such as User=vm-%i" /tmp/err
        unit web1 DynamicUser=yes User=vm-%i
        fcjail check web1 >/tmp/plan
}

# on_terminal COMMAND: its output, with a terminal of 60 lines.
on_terminal() {
        env -u SYSTEMD_PAGER -u SYSTEMD_COLORS TERM=xterm timeout 10 script -qec "stty rows 60 cols 200; $1" /dev/null </dev/null | tr -d '\r' || true
}

test_colours_on_a_terminal() {
        local red=$'\033[0;1;31m'
        vm web1
        # As it is without a terminal.
        fcjail check web1 >/tmp/plain
        is "$(cat /tmp/plain)" "$(on_terminal "fcjail check web1")"
        on_terminal "fcjail help" | grep -F $'\033[0;1;39mStarts Firecracker'

        echo FCJAIL_UID=x >>"$ENV/web1.env"
        on_terminal "fcjail check web1" | grep -F "$red"
        not grep -F "$red" <(on_terminal "NO_COLOR=1 fcjail check web1")
        not grep -F "$red" <(fcjail check web1 2>&1)
        { SYSTEMD_COLORS=1 fcjail check web1 2>&1 || true; } | grep -F "$red"
}

# usage STATUS ARGUMENT…
usage() {
        local want=$1 status=0
        shift
        fcjail "$@" >/tmp/out 2>&1 </dev/null || status=$?
        is "$want" "$status"
}

test_the_command_line() {
        local verb
        usage 0 --help
        grep '^  run ' /tmp/out
        usage 0 --version
        grep '^fcjail [0-9]' /tmp/out
        usage 64
        not grep 'unknown command' /tmp/out
        usage 64 halt
        is "fcjail: unknown command 'halt'" "$(head -n 1 /tmp/out)"
        grep '^  run ' /tmp/out
        usage 64 run jailer
        grep "'default' and 'jailer' are reserved" /tmp/out
        for verb in run check stop cleanup api; do
                usage 64 "$verb"
                usage 64 "$verb" web1 web2 web3 web4 web5
                grep "usage: fcjail $verb" /tmp/out
        done
        usage 64 check --json
}

test_options_of_verbs() {
        local option verb
        vm web1
        for verb in run check stop cleanup api; do
                usage 0 "$verb" --help
                grep "^fcjail $verb .*ID" /tmp/out
                is 1 "$(wc -l </tmp/out)"
        done
        usage 0 help --help
        usage 0 check web1 --help
        # In any place, but not after --.
        fcjail check --json web1 >/tmp/plan
        fcjail check web1 --json | diff - /tmp/plan
        fcjail check --json -- web1 | diff - /tmp/plan
        usage 64 check -- --json
        grep -F -- "'--json'" /tmp/out
        usage 64 check -- --json web1
        grep 'usage: fcjail check \[--json\] ID' /tmp/out
        for option in --jason --json=yes -x --; do
                usage 64 check web1 "$option" web1
                grep 'usage: fcjail check \[--json\] ID' /tmp/out
                [[ $option == -- ]] || is "fcjail: unknown option '$option'" "$(head -n 1 /tmp/out)"
        done
        usage 64 check -xyz web1
        is "fcjail: unknown option '-x'" "$(head -n 1 /tmp/out)"
        # An option of another verb.
        usage 64 run --json web1
        is "fcjail: unknown option '--json'" "$(head -n 1 /tmp/out)"
}

# completes WANT WORD…: what the last word may become.
completes() {
        local want=$1 COMP_WORDS=("${@:2}") COMP_CWORD=$(($# - 2)) COMPREPLY=()
        _fcjail
        is "$want" "${COMPREPLY[*]}"
}

test_completion() {
        local verb
        vm web1
        . /usr/share/bash-completion/completions/fcjail
        completes "cleanup" fcjail cl
        completes "--json --help" fcjail check -
        completes "--json" fcjail check web1 --j
        completes "web1" fcjail check --json ""
        completes "--help" fcjail stop -
        completes "" fcjail help ""
        completes "" fcjail stop web1 ""
        completes "add del check" fcjail cni ""
        completes "web1" fcjail cni add w
        # Ids where one is taken.
        for verb in $(fcjail help | sed -nE 's/^  fcjail ([a-z]+) +(\[[^]]*\] )*ID\b.*/\1/p'); do
                completes "web1" fcjail "$verb" w
        done
}

main "$@"

# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2317
# What the journal has about the end of a VM: one entry, with the way it ended in a word.
# shellcheck source-path=SCRIPTDIR source=../lab/lib.sh
. "$(dirname "$0")/../lab/lib.sh"

PEER=/usr/libexec/fcjail-systemd
ENDED=MESSAGE_ID=309dbdf5e7124e93aef9576e3094b16c
STOPPING=MESSAGE_ID=2c33891d14454a4aafe4ee12c6c5e7bd

ends() {
        journalctl --sync
        journalctl -q -u fcjail@web1 -o json --all --cursor="$cursor" "$ENDED"
}

# ended KIND: there is one entry about it, now or soon, in /tmp/end.
ended() {
        eventually has_end
        ends >/tmp/end
        is 1 "$(wc -l </tmp/end)"
        is "$1" "$(end FCJAIL_END)"
        is fcjail "$(end SYSLOG_IDENTIFIER)"
        is web1 "$(end FCJAIL_VM_ID)"
        [[ $(end MESSAGE) == "VM 'web1' has ended after "* ]]
        (($(end FCJAIL_UPTIME_USEC) > 0))
}

has_end() {
        [[ -n $(ends) ]]
}

# end FIELD: of that entry.
end() {
        jq -r ".$1" /tmp/end
}

# message_has TEXT
message_has() {
        [[ $(end MESSAGE) == *"$1"* ]] || fail "not '$1' in: $(end MESSAGE)"
}

rungs() {
        journalctl --sync
        journalctl -q -u fcjail@web1 -o json --cursor="$cursor" "$STOPPING" | jq -r .FCJAIL_RUNG | tr '\n' ' '
}

# silent OPTION…: a VM that ends only by force.
silent() {
        vm web1 FCJAIL_VMM=/usr/local/bin/silent-vmm FCJAIL_READY=exec "$@"
        unit web1 TimeoutStopSec=1
        systemctl start fcjail@web1
        eventually ignores_sighup "$(pid_of web1)"
}

test_a_guest_that_ends_by_itself() {
        only_on_a_pc
        vm web1
        systemctl start fcjail@web1
        says web1 "hello from guest"
        fcjail api web1 PUT /actions '{"action_type": "SendCtrlAltDel"}'
        ended shutdown
        is 6 "$(end PRIORITY)"
        is "exited 0" "$(end EXIT_CODE) $(end EXIT_STATUS)"
        is "hello from guest" "$(end FCJAIL_CONSOLE)"
        is null "$(end FCJAIL_ASKED_BY)"
        message_has "the guest has shut down, rebooted or triple-faulted (status 0); the last line of its console is 'hello from guest'"
        is_gone web1
}

# Firecracker's status is 0 for all of them.
test_the_console_tells_a_reboot_from_a_panic() {
        only_on_a_pc
        local row
        mkdir -p "$BASE/web1/root"
        for row in "reboot|reboot: Restarting system" "panic|Kernel panic - not syncing: VFS" "shutdown|reboot: System halted"; do
                vm web1 FCJAIL_CONFIG="$ENV/told.json"
                printf '%-512s' "${row#*|}"$'\t' >"$BASE/web1/root/disk.img"
                echo '{"drives": [{"drive_id": "a", "path_on_host": "/disk.img", "is_read_only": true, "is_root_device": false}],
                       "network-interfaces": [{"iface_id": "eth0", "host_dev_name": "tap0"}]}' >"$ENV/told.json"
                chmod 644 "$BASE/web1/root/disk.img"
                journalctl --sync
                cursor=$(journalctl -q -n 0 --show-cursor | sed -n 's/^-- cursor: //p')
                systemctl start fcjail@web1
                says web1 "${row#*|}"
                fcjail api web1 PUT /actions '{"action_type": "SendCtrlAltDel"}'
                ended "${row%%|*}"
        done
        rm -r "$ENV/told.json" "${BASE:?}/web1"
}

test_a_stop_by_systemctl() {
        vm web1
        systemctl start fcjail@web1
        says web1 "hello from guest"
        systemctl stop fcjail@web1
        ended stopped
        is 6 "$(end PRIORITY)"
        is systemd "$(end FCJAIL_ASKED_BY)"
        if is_pc; then
                message_has "the guest has shut down, as it was asked to (status 0)"
                is "ctrl-alt-del " "$(rungs)"
                says web1 "The guest of 'web1' has shut down after "
        fi
        is_gone web1
}

test_a_stop_by_a_person() {
        only_on_a_pc
        vm web1
        systemctl start fcjail@web1
        fcjail stop web1 >/tmp/out 2>&1
        grep "Stopping VM 'web1': the guest is asked to shut down, and has [0-9]* s" /tmp/out
        ended stopped
        is fcjail "$(end FCJAIL_ASKED_BY)"
}

# That a person has asked in vain is forgotten: what comes later is another end.
test_a_stop_in_vain_by_a_person() {
        vm web1
        unit web1 Environment=FCJAIL_STOP=kill
        systemctl start fcjail@web1
        fcjail stop web1
        kill -HUP "$(pid_of web1)"
        ended killed
        is 4 "$(end PRIORITY)"
        is null "$(end FCJAIL_ASKED_BY)"
        message_has "SIGHUP ended Firecracker, without a shutdown of the guest (status 156)"
}

test_a_stop_without_asking_the_guest() {
        vm web1 FCJAIL_STOP=kill
        systemctl start fcjail@web1
        systemctl stop fcjail@web1
        ended stopped
        is "hangup " "$(rungs)"
        message_has "SIGHUP ended Firecracker, without a shutdown of the guest (status 156)"
}

test_a_stop_that_takes_too_long() {
        silent
        systemctl stop fcjail@web1
        ended timeout
        is 3 "$(end PRIORITY)"
        is "killed KILL" "$(end EXIT_CODE) $(end EXIT_STATUS)"
        message_has "it did not end within TimeoutStopSec=, and systemd killed it (signal KILL)"
        is_gone web1
}

test_a_kill() {
        vm web1
        systemctl start fcjail@web1
        kill -KILL "$(pid_of web1)"
        ended killed
        is 3 "$(end PRIORITY)"
        message_has "somebody or the kernel killed Firecracker (signal KILL)"
        is_gone web1
}

test_a_forbidden_system_call() {
        vm web1
        systemctl start fcjail@web1
        kill -SYS "$(pid_of web1)"
        ended bad-syscall
        is 3 "$(end PRIORITY)"
        is "exited 148" "$(end EXIT_CODE) $(end EXIT_STATUS)"
        message_has "Firecracker made a system call that its filter forbids (status 148)"
}

test_out_of_memory() {
        grep -qw memory /sys/fs/cgroup/cgroup.controllers || skip "not in the sample, as this host has no memory controller of cgroup v2"
        vm web1 FCJAIL_VMM=/usr/local/bin/silent-vmm FCJAIL_READY=exec "FCJAIL_VMM_ARGS=--say full --eat 256"
        unit web1 MemoryMax=64M MemorySwapMax=0
        systemctl start fcjail@web1
        ended oom
        is 3 "$(end PRIORITY)"
        is full "$(end FCJAIL_CONSOLE)"
        message_has "the kernel killed it, because MemoryMax= or the memory of the host was used up (signal KILL)"
        is_gone web1
}

# The failure has its entry.
test_a_failed_start_is_no_end() {
        vm web1 FCJAIL_VMM=/nosuch
        not systemctl start fcjail@web1
        says web1 "Failed at step paths of 'web1'"
        vm web1 FCJAIL_UID=x
        not systemctl start fcjail@web1
        # The VMM runs, but nobody ever got to use it.
        vm web1 FCJAIL_CONFIG="$ENV/bad.json"
        echo '{"network-interfaces": [{"iface_id": "eth0", "host_dev_name": "nosuchtap"}]}' >"$ENV/bad.json"
        not systemctl start fcjail@web1
        rm "$ENV/bad.json"
        vm web1 FCJAIL_VMM=/usr/local/bin/silent-vmm
        systemctl start --no-block fcjail@web1
        eventually test -e "$STATE/vm/web1"
        systemctl stop fcjail@web1
        is_gone web1
        is "" "$(ends)"
}

test_what_the_guest_says_is_hostile() {
        only_on_a_pc
        vm web1 FCJAIL_CONFIG= FCJAIL_VMM=/usr/local/bin/rude-vmm FCJAIL_READY=exec
        systemctl start fcjail@web1
        eventually test -S "$BASE/web1/root/run/firecracker.socket"
        kill -KILL "$(pid_of web1)"
        ended killed
        [[ $(end FCJAIL_CONSOLE) == '\x1b[2J\xc2\x9b\xffxxx'*… ]]
        is 203 "$(end FCJAIL_CONSOLE | tr -d '\n' | wc -c)"
        not grep -P '[\x00-\x08\x0b-\x1f\x7f]' /tmp/end
        message_has "the last line of its console is '\\x1b[2J\\xc2\\x9b\\xffxxx"
}

# Its log is on the console, too, unless --log-path says otherwise.
test_the_log_of_firecracker_is_told_from_the_console() {
        silent "FCJAIL_VMM_ARGS=--say '2026-11-27T10:00:00.1 [web1:main] one' --say 'login: ' --say '2026-11-27T10:00:00.2 [web1:main] two'"
        kill -KILL "$(pid_of web1)"
        ended killed
        is login: "$(end FCJAIL_CONSOLE)"
        is "2026-11-27T10:00:00.1 [web1:main] one 2026-11-27T10:00:00.2 [web1:main] two" "$(end FCJAIL_LOG | tr '\n' ' ' | sed 's/ $//')"
        message_has "Firecracker's log ends with '2026-11-27T10:00:00.2 [web1:main] two'"
}

# logs_to PATH [OPTION…]: a VM that ends only by force, and whose log is said to be there.
logs_to() {
        echo '{"logger": {"log_path": "'"$1"'"}}' >"$ENV/log.json"
        silent "FCJAIL_CONFIG=$ENV/log.json" FCJAIL_TAP= "${@:2}"
}

killed() {
        kill -KILL "$(pid_of web1)"
        ended killed
        eventually is_gone web1
}

forget_journal() {
        journalctl --sync
        cursor=$(journalctl -q -n 0 --show-cursor | sed -n 's/^-- cursor: //p')
}

# in_run COMMAND: as the VM, in its run/.
in_run() {
        setpriv --reuid "$(stat -c %u "/proc/$(vmm_of web1)")" --regid "$(stat -c %g "/proc/$(vmm_of web1)")" --clear-groups \
                sh -c "cd $BASE/web1/root/run && $1"
}

test_the_log_of_firecracker_in_a_file() {
        only_on_a_pc
        vm web1 "FCJAIL_VMM_ARGS=--log-path /run/log"
        systemctl start fcjail@web1
        says web1 "hello from guest"
        fcjail api web1 PUT /actions '{"action_type": "SendCtrlAltDel"}'
        ended shutdown
        end FCJAIL_VMM_LOG | grep "^demo-vmm: Running demo-vmm .* as VM 'web1'$"
        is "hello from guest" "$(end FCJAIL_CONSOLE)"
        is null "$(end FCJAIL_LOG)"
        eventually is_gone web1
}

# The configuration comes after the arguments. By hand there is no journal, but a line.
test_which_file_the_log_of_firecracker_is() {
        local row
        for row in "--log-path run/log|run/log" "--log-path /run/../log|" "--log-path|" "--log-path /one --log-path /two|two"; do
                vm web1 "FCJAIL_VMM_ARGS=${row%|*}" FCJAIL_VMM=/usr/local/bin/silent-vmm FCJAIL_READY=exec
                systemctl start fcjail@web1 || true
                is "${row#*|}" "$(sed -n 's/^LOG=//p' "$STATE/vm/web1")"
                kill -KILL "$(pid_of web1)"
                eventually is_gone web1
        done
        forget_journal
        logs_to /run/log "FCJAIL_VMM_ARGS=--log-path /other"
        grep -x LOG=run/log "$STATE/vm/web1"
        killed
        vm web1 FCJAIL_VMM=/usr/local/bin/silent-vmm FCJAIL_READY=exec "FCJAIL_VMM_ARGS=--log-path /run/log"
        by_hand web1
        in_run "echo it has failed >log"
        kill -KILL "$(vmm_of web1)"
        wait "$helper" || true
        grep "Firecracker's log ends with 'it has failed'" /tmp/out
        rm "$ENV/log.json"
}

test_what_is_in_the_place_of_the_log() {
        local row
        logs_to /run/log
        in_run "printf 'one\\ntwo\\033[2J\\0\\n\\nthree' >log"
        killed
        is $'one\ntwo\\x1b[2J\nthree' "$(end FCJAIL_VMM_LOG)"
        message_has "Firecracker's log ends with 'three'"
        # A file of 2 TiB with nothing in it but its last lines; a long line; nothing at all; no text.
        for row in 'echo first >log; truncate -s 2T log; echo last >>log|last' 'seq 1000000 >log|999981..1000000' \
                'head -c 100000 /dev/zero | tr "\0" x >log|x' ': >log|' 'truncate -s 1G log|' \
                'mkfifo log|' 'ln -s /etc/passwd log|' 'ln -s ../firecracker log|' 'mkdir log|' 'mkdir other; ln -s other log|' ':|'; do
                forget_journal
                logs_to /run/log
                in_run "${row%|*}"
                killed
                case ${row##*|} in
                '') is null "$(end FCJAIL_VMM_LOG)" ;;
                x) [[ $(end FCJAIL_VMM_LOG) =~ ^x{200}…$ ]] ;;
                999981*) is "$(seq 999981 1000000)" "$(end FCJAIL_VMM_LOG)" ;;
                *) is "${row##*|}" "$(end FCJAIL_VMM_LOG)" ;;
                esac
        done
        rm "$ENV/log.json"
}

# The way to it, too, is the VM's; and what others have is not read for it.
test_a_link_on_the_way_to_the_log() {
        logs_to /run/dir/log
        mkdir -m 0700 /srv/secret
        echo secret >/srv/secret/log
        in_run 'ln -s /srv/secret dir'
        killed
        is null "$(end FCJAIL_VMM_LOG)"
        forget_journal
        logs_to /run/log
        ln /srv/secret/log "$BASE/web1/root/run/log"
        chmod 0600 /srv/secret/log
        killed
        is null "$(end FCJAIL_VMM_LOG)"
        rm -r /srv/secret "$ENV/log.json"
}

test_a_log_on_the_host() {
        ext4_at /srv/disk
        user alice
        mkdir -m 0700 /srv/disk/logs
        chown alice /srv/disk/logs
        logs_to /srv/disk/logs/log
        grep -x "LOG=/srv/disk/logs/log" "$STATE/vm/web1"
        echo "of the host" >>/srv/disk/logs/log
        killed
        is "of the host" "$(end FCJAIL_VMM_LOG)"
        # Another name of what is not alice's.
        forget_journal
        logs_to /srv/disk/logs/log
        rm /srv/disk/logs/log
        echo secret >/srv/disk/secret
        ln -s /srv/disk/secret /srv/disk/logs/log
        killed
        is null "$(end FCJAIL_VMM_LOG)"
        rm -r /srv/disk/logs "$ENV/log.json"
}

# A file system of the host's may hang, and the cleanup does not wait for it.
test_a_log_on_the_host_is_read_after_the_cleanup() {
        local pid
        ext4_at /srv/disk
        mkdir -m 0700 /srv/disk/logs
        echo '{"logger": {"log_path": "/srv/disk/logs/log"}}' >"$ENV/log.json"
        vm web1 FCJAIL_VMM=/usr/local/bin/silent-vmm FCJAIL_READY=exec "FCJAIL_CONFIG=$ENV/log.json" FCJAIL_TAP=
        by_hand web1
        pid=$(vmm_of web1)
        kill -KILL "$helper" "$pid"
        wait "$helper" || true
        eventually test ! -e "/proc/$pid"
        echo "of the host" >>/srv/disk/logs/log
        # As its unit would.
        INVOCATION_ID=$(sed -n 's/^INVOCATION_ID=//p' "$STATE/vm/web1") EXIT_CODE=exited EXIT_STATUS=1 sh -c \
                'export SYSTEMD_EXEC_PID=$$; exec strace -D -o /tmp/trace -e trace=unlinkat,pread64 fcjail cleanup web1'
        eventually grep '+++ exited with 0 +++' /tmp/trace
        is "unlinkat pread64" "$(grep '"of the host\|"web1", 0)' /tmp/trace | cut -d '(' -f 1 | tail -n 2 | xargs)"
        rm -r /srv/disk/logs "$ENV/log.json"
}

# Only what this run has said counts.
test_the_console_of_an_earlier_run_is_not_shown() {
        silent "FCJAIL_VMM_ARGS=--say earlier"
        says web1 earlier
        kill -KILL "$(pid_of web1)"
        ended killed
        eventually is_gone web1
        journalctl --sync
        cursor=$(journalctl -q -n 0 --show-cursor | sed -n 's/^-- cursor: //p')
        silent
        kill -KILL "$(pid_of web1)"
        ended killed
        is null "$(end FCJAIL_CONSOLE)"
}

# peer SCRIPT: in the place of the program that asks systemd.
peer() {
        mv "$PEER" "$PEER.real"
        [[ -z $1 ]] || install -m 755 /dev/stdin "$PEER" <<<"$1"
}

no_peer() {
        rm -f "$PEER"
        mv "$PEER.real" "$PEER"
}

# An answer is not worth a cleanup.
test_without_an_answer_the_entry_goes_without_the_console() {
        local script
        for script in "" $'#!/bin/sh\nexit 1' $'#!/bin/sh\nexec sleep 60' $'#!/bin/sh\nexec cat /dev/zero' $'#!/bin/sh\nprintf "no end"'; do
                vm web1
                journalctl --sync
                cursor=$(journalctl -q -n 0 --show-cursor | sed -n 's/^-- cursor: //p')
                systemctl start fcjail@web1
                says web1 "hello from guest"
                peer "$script"
                SECONDS=0
                kill -KILL "$(pid_of web1)"
                eventually is_gone web1
                ((SECONDS < 10))
                no_peer
                ended killed
                is null "$(end FCJAIL_CONSOLE)"
                systemctl reset-failed fcjail@web1
        done
}

test_the_journal_is_asked_without_privileges() {
        vm web1
        systemctl start fcjail@web1
        says web1 "hello from guest"
        # shellcheck disable=SC2016
        peer '#!/bin/bash
{ echo "$1"; grep ^Cap /proc/$$/status; } >/tmp/spied
exec '"$PEER"'.real "$@"'
        kill -KILL "$(pid_of web1)"
        eventually is_gone web1
        no_peer
        is console "$(head -n 1 /tmp/spied)"
        is 5 "$(grep -c '^Cap.*0000000000000000$' /tmp/spied)"
        ended killed
        is "hello from guest" "$(end FCJAIL_CONSOLE)"
}

test_in_a_unit_that_may_do_little() {
        local example
        vm web1
        mkdir -p /run/systemd/system/fcjail@web1.service.d
        for example in strict dynamic-user; do
                cp /usr/share/doc/fcjail/examples/"$example".conf /run/systemd/system/fcjail@web1.service.d/
        done
        systemctl daemon-reload
        systemctl start fcjail@web1
        says web1 "hello from guest"
        systemctl stop fcjail@web1
        ended stopped
        is systemd "$(end FCJAIL_ASKED_BY)"
        is "hello from guest" "$(end FCJAIL_CONSOLE)"
}

# A limit of the unit must not kill the stop, which writes to the record.
test_with_files_that_cannot_grow() {
        only_on_a_pc
        vm web1
        systemctl start fcjail@web1
        unit web1 LimitFSIZE=0
        systemctl stop fcjail@web1
        ended_well web1
        is ctrl-alt-del "$(rungs | cut -d' ' -f1)"
        says web1 "The guest of 'web1' has shut down after "
        eventually has_end
}

# Somebody has removed it: how the VM has ended is known all the same.
test_without_a_record() {
        vm web1
        systemctl start fcjail@web1
        mv "$STATE/vm/web1" /tmp/record
        kill -KILL "$(pid_of web1)"
        eventually has_end
        ends >/tmp/end
        is killed "$(end FCJAIL_END)"
        is null "$(end FCJAIL_UPTIME_USEC)"
        eventually unit_is web1 failed
        mv /tmp/record "$STATE/vm/web1"
        fcjail cleanup web1
        is_gone web1
}

# by_hand_ended STATUS TEXT: the helper has, and has said so.
by_hand_ended() {
        local status=0
        wait "$helper" || status=$?
        is "$1" "$status"
        grep -F "$2" /tmp/out
        is 1 "$(grep -c "VM 'web1' has ended after " /tmp/out)"
        is_gone web1
}

test_by_hand() {
        vm web1
        by_hand web1
        fcjail stop web1
        if is_pc; then
                by_hand_ended 0 "the guest has shut down, rebooted or triple-faulted (status 0)"
        else
                helper_has_stopped
        fi
        by_hand web1
        kill -KILL "$(vmm_of web1)"
        by_hand_ended 137 "somebody or the kernel killed Firecracker (signal KILL)"
        by_hand web1
        kill -SYS "$(vmm_of web1)"
        by_hand_ended 148 "Firecracker made a system call that its filter forbids (status 148)"
        by_hand web1
        kill -TERM "$helper"
        by_hand_ended 156 "SIGHUP ended Firecracker, without a shutdown of the guest (status 156)"
}

test_each_rung_of_a_stop_by_hand_is_a_line() {
        vm web1 FCJAIL_VMM=/usr/local/bin/silent-vmm FCJAIL_READY=exec
        by_hand web1
        eventually ignores_sighup "$(vmm_of web1)"
        fcjail stop web1 >/tmp/stop 2>&1
        grep "Stopping VM 'web1': SIGHUP is sent to the VMM, which has 2 s to end" /tmp/stop
        grep "Stopping VM 'web1': the VMM has not ended by SIGHUP, and SIGKILL is sent to it" /tmp/stop
        by_hand_ended 137 "somebody or the kernel killed Firecracker (signal KILL)"
}

test_the_entry_is_explained() {
        journalctl --update-catalog
        vm web1
        systemctl start fcjail@web1
        kill -KILL "$(pid_of web1)"
        ended killed
        journalctl -q -x -u fcjail@web1 --cursor="$cursor" "$ENDED" >/tmp/out
        grep "Subject: VM web1 has ended: killed" /tmp/out
}

main "$@"

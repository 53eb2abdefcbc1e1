# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2317
# What is said to systemd, by fcjail itself, and what it is asked, by a program of its own.
# shellcheck source-path=SCRIPTDIR source=../lab/lib.sh
. "$(dirname "$0")/../lab/lib.sh"

PEER=/usr/libexec/fcjail-systemd
JOURNAL=/run/systemd/journal/socket

# In its place one that writes down how it was executed, and lets it go on.
spy() {
        mv "$PEER" "$PEER.real"
        cat >"$PEER" <<'END'
#!/bin/bash -p
{
        echo "$*"
        grep '^Cap' /proc/$$/status
        tr '\0' '\n' </proc/$$/environ
        ls -l /proc/$$/fd | sed -n 's/.* \([0-9]* -> .*\)/fd \1/p'
} >>/tmp/spied
exec "$0.real" "$@"
END
        chmod +x "$PEER"
        rm -f /tmp/spied
}

no_spy() {
        [[ ! -e $PEER.real ]] || mv "$PEER.real" "$PEER"
}

# as_a_unit COMMAND…: with the environment that systemd gives to the main process of a unit.
as_a_unit() {
        # shellcheck disable=SC2016
        INVOCATION_ID=0123456789abcdef0123456789abcdef bash -c 'SYSTEMD_EXEC_PID=$$ exec "$@"' bash "$@"
}

test_questions_are_asked_without_privileges() {
        spy
        vm web1
        fcjail check web1 >/tmp/plan 2>&1
        no_spy
        not grep "ask" /tmp/plan
        is "unit fcjail@web1.service" "$(head -n 1 /tmp/spied)"
        # None of its own, and none that an exec by root would give back.
        is 5 "$(grep -c '^Cap.*0000000000000000$' /tmp/spied)"
        not grep -E '^[A-Z_a-z]+=' <(grep -vE '^(PWD|SHLVL|_)=' /tmp/spied)
        # Beside the standard ones, bash's of the script and of what is redirected.
        not grep -vE "^fd ([012] |[0-9]+ -> ($PEER|/dev/null|pipe:|socket:|/tmp/spied))" <(grep '^fd' /tmp/spied)
}

test_a_start_asks_nothing() {
        mv "$PEER" "$PEER.real"
        vm web1
        systemctl start fcjail@web1
        says web1 "Started VM 'web1' as process "
        systemctl stop fcjail@web1
        no_spy
        ended_well web1
}

# What systemd would add to the settings is not known then.
test_check_fails_if_systemd_cannot_be_asked() {
        local status=0
        vm web1
        mv "$PEER" "$PEER.real"
        fcjail check web1 >/tmp/out 2>&1 || status=$?
        no_spy
        is 69 "$status"
        is "fcjail: Failed to read the settings of fcjail@web1.service from systemd: No such file or directory" \
                "$(cat /tmp/out)"
        # Where systemd does not run, there is nothing to ask.
        unshare --mount bash -c 'mount -t tmpfs tmpfs /run/systemd && fcjail check web1' >/tmp/out 2>&1
        grep "fcjail@web1.service: is not checked, because systemd does not answer" /tmp/out
        grep "^vmm: " /tmp/out
}

test_the_other_program_is_strict() {
        local status=0
        "$PEER" >/tmp/out 2>&1 || status=$?
        is 64 "$status"
        grep "is executed by fcjail" /tmp/out
        status=0
        unshare --mount bash -c "mount -t tmpfs tmpfs /run/systemd && $PEER unit fcjail@web1.service" >/tmp/out 2>&1 || status=$?
        is 69 "$status"
        is "fcjail-systemd: Failed to query fcjail@web1.service: No such file or directory" "$(cat /tmp/out)"
}

# receiver ADDRESS [full|late]: a process with a datagram socket there, which writes what arrives to /tmp/received, one line
# each; or it reads nothing, never or for 6 s, and the queue is full. $receiver is its pid.
receiver() {
        rm -f /tmp/received /tmp/listens
        python3 - "$@" <<'END' &
import signal, socket, sys, time
address = sys.argv[1].replace('@', '\0', 1)
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(address)
if len(sys.argv) > 2:
    c = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    c.setsockopt(socket.SOL_SOCKET, 32, 1 << 24) # SO_SNDBUFFORCE
    c.setblocking(False)
    try:
        while True:
            c.sendto(b'x', address)
    except BlockingIOError:
        pass
open('/tmp/listens', 'w').close()
if sys.argv[2:] == ['late']:
    time.sleep(6)
while sys.argv[2:] == ['full']:
    signal.pause()
while True:
    text = s.recv(4096).decode().replace('\n', ' ')
    print(text, file=open('/tmp/received', 'a'))
END
        receiver=$!
        eventually test -e /tmp/listens
}

# entry FIELD: of the entry of a start.
entry() {
        journalctl -q -u fcjail@web1 -o json --cursor="$cursor" MESSAGE_ID=b09c938b74f04056a901bf901bf76215 | jq -r ".$1"
}

test_entries_are_of_their_unit_and_of_their_time() {
        local before started
        vm web1
        systemctl start fcjail@web1
        journalctl --sync
        is fcjail "$(entry SYSLOG_IDENTIFIER)"
        is fcjail@web1.service "$(entry OBJECT_SYSTEMD_UNIT)"
        is web1 "$(entry FCJAIL_VM_ID)"
        is 6 "$(entry PRIORITY)"
        is journal "$(entry _TRANSPORT)"
        is 0 "$(entry _UID)"
        # It is there before systemd knows that the VM runs.
        started=$(entry _SOURCE_REALTIME_TIMESTAMP)
        # The entry by which systemd says so; systemctl before 248 knows no microseconds.
        before=$(journalctl -q UNIT=fcjail@web1.service MESSAGE_ID=39f53479d3a045ac8e11786248231fbf -o json --cursor="$cursor" |
                jq -r ._SOURCE_REALTIME_TIMESTAMP)
        ((started <= before))
}

# status_is ID TEXT: what `systemctl status` shows.
status_is() {
        is "$2" "$(systemctl show -P StatusText "fcjail@$1")"
}

# told ADDRESS: a process in a unit's place that has this address to notify, and its status.
told() {
        local status=0
        NOTIFY_SOCKET=$1 as_a_unit fcjail run web1 >/tmp/out 2>&1 </dev/null || status=$?
        journalctl --sync
        journalctl -q -o cat --cursor="$cursor" SYSLOG_IDENTIFIER=fcjail >>/tmp/out
        echo "$status" >/tmp/status
}

# To be cleaned up by hand: a VM that systemd does not know.
end_vmm() {
        kill -KILL "$(vmm_of web1)"
        eventually fcjail cleanup web1
}

test_the_status_shows_the_step() {
        local uid
        vm web1
        receiver @spy
        told @spy
        kill "$receiver"
        is 0 "$(cat /tmp/status)"
        uid=$(status_of "$(vmm_of web1)" Uid)
        # What came after MAINPID= would be of a stranger. On a busy machine it says what it waits for.
        is "MAINPID=$(vmm_of web1) READY=1 STATUS=VM runs as uid $uid" "$(grep -v '^STATUS=Starting: ' /tmp/received)"
        end_vmm
        systemctl start fcjail@web1
        status_is web1 "VM runs as uid $uid"
}

test_a_helper_that_is_killed_has_said_what_it_had_to_say() {
        # Its API never answers, so that the start stays at step ready.
        vm web1 FCJAIL_SECCOMP=off FCJAIL_VMM=/usr/local/bin/silent-vmm
        unit web1 TimeoutStopSec=1
        systemctl start --no-block fcjail@web1
        says web1 "'web1' runs without fcjail's system call filter"
        eventually status_is web1 "Starting: ready"
        kill -KILL "$(pid_of web1)"
        eventually unit_is web1 failed
        journalctl --sync
        is 1 "$(journalctl -q -u fcjail@web1 -o cat --cursor="$cursor" | grep -c "runs without fcjail's system call filter")"
        eventually is_gone web1
}

# in_place_of_the_journal COMMAND: puts something at the path of its socket for one start, which succeeds, and has said on
# standard error what the journal was to have.
in_place_of_the_journal() {
        vm web1
        mv "$JOURNAL" "$JOURNAL.real"
        eval "$1"
        systemctl start fcjail@web1 || true
        rm -f "$JOURNAL"
        mv "$JOURNAL.real" "$JOURNAL"
        unit_is web1 active
        says web1 "fcjail: Started VM 'web1' as process "
        systemctl stop fcjail@web1
        ended_well web1
}

# A socket there, which nobody has bound any more, or of another type.
bind_journal() {
        python3 -c "
import socket
socket.socket(socket.AF_UNIX, socket.$1).bind('$JOURNAL')"
}

test_without_a_journal() {
        in_place_of_the_journal true
        in_place_of_the_journal "mkfifo $JOURNAL"
        in_place_of_the_journal "touch $JOURNAL"
        in_place_of_the_journal "mkdir $JOURNAL && rmdir $JOURNAL && ln -s $JOURNAL $JOURNAL"
        in_place_of_the_journal "bind_journal SOCK_DGRAM"
        in_place_of_the_journal "bind_journal SOCK_STREAM"
}

# Its socket is there and nobody reads from it: the start waits once, not for each entry.
test_a_journal_that_takes_nothing() {
        local i
        vm web1 FCJAIL_UID=x
        for ((i = 0; i < 100; i++)); do
                echo "FCJAIL_UNKNOWN_$i=x" >>"$ENV/web1.env"
        done
        mv "$JOURNAL" "$JOURNAL.real"
        receiver "$JOURNAL" full
        systemctl start fcjail@web1 || true
        kill "$receiver"
        rm -f "$JOURNAL"
        mv "$JOURNAL.real" "$JOURNAL"
        is 78 "$(systemctl show -P ExecMainStatus fcjail@web1)"
        says web1 "fcjail: /etc/fcjail/web1.env:1: FCJAIL_UID= must be a number"
        says web1 "FCJAIL_UNKNOWN_99"
}

# More than a datagram can hold: each name that is kept, with line feeds.
test_an_entry_of_any_size() {
        local i
        vm web1
        systemctl start fcjail@web1
        for ((i = 0; i < 1500; i++)); do
                : >"$BASE/web1/root/$(printf 'x%.0s' {1..200})$i"
        done
        systemctl stop fcjail@web1
        journalctl --sync
        journalctl -q -u fcjail@web1 -o json --all --cursor="$cursor" MESSAGE_ID=c65eaed2f076491e96a16858f9f80b9f >/tmp/entry
        is journal "$(jq -r ._TRANSPORT /tmp/entry)"
        jq -r .FCJAIL_OBJECT /tmp/entry | grep -F x1499
        rm -r "${BASE:?}/web1"
}

# A start that cannot be told of is none, and makes nothing.
test_nobody_to_notify() {
        local address
        vm web1
        mkfifo /tmp/fifo
        touch /tmp/file
        for address in "" / @ /tmp /tmp/fifo /tmp/file /tmp/missing @missing vsock:2:1234 run/systemd/notify "/$(printf 'x%.0s' {1..120})"; do
                told "$address"
                is 71 "$(cat /tmp/status)"
                grep "Failed to connect to NOTIFY_SOCKET=$address: " /tmp/out
                is_gone web1
        done
        rm -f /tmp/fifo /tmp/file
}

# A receiver that ends with a full queue: the VM is there, and nobody is told.
test_nobody_who_listens() {
        vm web1
        receiver @full full
        { sleep 2 && kill "$receiver"; } &
        told @full
        is 71 "$(cat /tmp/status)"
        grep "Failed to notify systemd: Connection refused" /tmp/out
        end_vmm
}

# systemd reads no notification as long as it has other jobs, such as 1,000 units to start.
test_a_busy_systemd_is_waited_for() {
        vm web1
        receiver @late late
        told @late
        is 0 "$(cat /tmp/status)"
        eventually grep "MAINPID=.* READY=1" /tmp/received
        kill "$receiver"
        end_vmm
}

# systemd listens to the main process of a unit only, which is the shell here.
test_a_process_that_is_not_the_unit_s_own() {
        vm web1
        unit web1 "ExecStart=" 'ExecStart=/bin/sh -c "/usr/bin/fcjail run %i; true"'
        not systemctl start fcjail@web1
        is protocol "$(systemctl show -P Result fcjail@web1)"
        says web1 "make \`fcjail run web1\` the command of ExecStart=, in a shell with \`exec\` in front"
        # As the sentence says.
        unit web1 "ExecStart=" 'ExecStart=/bin/sh -c "exec /usr/bin/fcjail run %i"'
        systemctl reset-failed fcjail@web1
        systemctl start fcjail@web1
        unit_is web1 active
}

# Some have no such variable; and other managers have that protocol, too.
test_without_the_variable_of_the_main_process() {
        local status=0
        vm web1
        NOTIFY_SOCKET=/run/systemd/notify INVOCATION_ID=0123456789abcdef0123456789abcdef fcjail run web1 >/tmp/out 2>&1 </dev/null || status=$?
        is 78 "$status"
        grep "NOTIFY_SOCKET= is set, but this is not the main process of its unit" /tmp/out
        by_hand web1 env NOTIFY_SOCKET=/run/systemd/notify
        fcjail stop web1
        helper_has_stopped
}

test_errors_are_told_without_the_other_program() {
        mv "$PEER" "$PEER.real"
        vm web1 FCJAIL_UID=x
        not systemctl start fcjail@web1
        no_spy
        is 78 "$(systemctl show -P ExecMainStatus fcjail@web1)"
        says web1 "/etc/fcjail/web1.env:1: FCJAIL_UID= must be a number"
}

test_without_files_that_grow_it_is_told_all_the_same() {
        as_a_unit bash -c 'ulimit -f 0; SYSTEMD_EXEC_PID=$$ exec fcjail stop web1'
        journalctl --sync
        is "VM 'web1' is not running" "$(journalctl -q -u fcjail@web1 -o cat --cursor="$cursor" SYSLOG_IDENTIFIER=fcjail)"
}

# None is lost, however many there are.
test_many_errors() {
        local i j
        vm web1
        mkdir -p "$ENV/web1.env.d"
        for ((i = 0; i < 6; i++)); do
                for ((j = 0; j < 700; j++)); do
                        echo "FCJAIL_UNKNOWN_${i}_$j=$(printf 'x%.0s' {1..60})"
                done >"$ENV/web1.env.d/$i.env"
        done
        not systemctl start fcjail@web1
        rm -r "$ENV/web1.env.d"
        is 78 "$(systemctl show -P ExecMainStatus fcjail@web1)"
        journalctl --sync
        is 4200 "$(journalctl -q -u fcjail@web1 -o cat --cursor="$cursor" | grep -c FCJAIL_UNKNOWN_)"
}

main "$@"

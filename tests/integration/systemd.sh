# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2317
# What is said to systemd, by a program of its own: with what it runs, and what becomes of a start without it.
# shellcheck source-path=SCRIPTDIR source=../lab/lib.sh
. "$(dirname "$0")/../lab/lib.sh"

PEER=/usr/libexec/fcjail-systemd

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

test_it_has_no_privileges_and_inherits_nothing() {
        spy
        vm web1
        systemctl start fcjail@web1
        grep -x "send 0" /tmp/spied
        fcjail check web1 >/tmp/plan 2>&1
        not grep "cannot be asked" /tmp/plan
        grep -x "unit fcjail@web1.service" /tmp/spied
        systemctl stop fcjail@web1
        no_spy
        # None of its own, and none that an exec by root would give back.
        not grep -v '0000000000000000$' <(grep '^Cap' /tmp/spied)
        # Of run, check and, where it asks the guest, stop; a cleanup that goes well says nothing.
        is "$(is_pc && echo 3 || echo 2)" "$(grep -c '^CapBnd:' /tmp/spied)"
        not grep -v '^NOTIFY_SOCKET=' <(grep -E '^[A-Z_a-z]+=' /tmp/spied)
        # Beside the standard ones, bash's of the script and of what is redirected.
        not grep -vE "^fd ([012] |[0-9]+ -> ($PEER|/dev/null|pipe:|socket:|/tmp/spied))" <(grep '^fd' /tmp/spied)
}

# A start that cannot be told of is none. What it would have said is on standard error.
test_without_it_a_start_fails_and_says_so() {
        mv "$PEER" "$PEER.real"
        vm web1
        not systemctl start fcjail@web1
        no_spy
        is 71 "$(systemctl show -P ExecMainStatus fcjail@web1)"
        says web1 "fcjail: Started VM 'web1' as process "
        says web1 "fcjail: Failed to execute $PEER: No such file or directory"
        eventually unit_is web1 failed
        eventually is_gone web1
        is_empty "$STATE/uid"
}

test_without_it_errors_are_told_all_the_same() {
        mv "$PEER" "$PEER.real"
        vm web1 FCJAIL_UID=x
        not systemctl start fcjail@web1
        no_spy
        is 78 "$(systemctl show -P ExecMainStatus fcjail@web1)"
        says web1 "/etc/fcjail/web1.env:1: FCJAIL_UID= must be a number"
}

# Not even what is collected may grow then.
test_without_files_that_grow_it_is_told_all_the_same() {
        INVOCATION_ID=0123456789abcdef0123456789abcdef \
                bash -c 'ulimit -f 0; SYSTEMD_EXEC_PID=$$ exec fcjail stop web1' 2> >(cat >/tmp/out)
        eventually grep "fcjail: No VM 'web1' runs" /tmp/out
}

# Without privileges it does not matter what it is told; but it should not say nonsense.
test_it_is_strict() {
        local status text
        for text in '' 'journal' 'journal\0' 'journal\0MESSAGE=x' 'journal\0MESSAGE=x\0' 'notify\0\0' 'other\0x\0\0' '\0\0\0'; do
                status=0
                # shellcheck disable=SC2059
                printf "$text" | "$PEER" send 0 >/tmp/out 2>&1 || status=$?
                [[ $text == '' && $status == 0 || $status == 71 ]] || fail "'$text': $status"
        done
        status=0
        "$PEER" >/tmp/out 2>&1 || status=$?
        is 64 "$status"
        grep "is executed by fcjail" /tmp/out
        for text in '' -1 256 0x1; do
                status=0
                "$PEER" send "$text" </dev/null >/tmp/out 2>&1 || status=$?
                is 64 "$status"
        done
        # Its status is what it was told, also if nobody is there to listen.
        status=0
        printf 'notify\0READY=1\0\0' | "$PEER" send 78 >/tmp/out 2>&1 || status=$?
        is 78 "$status"
        grep "Failed to notify systemd: it does not listen" /tmp/out
        # More than it takes.
        status=0
        head -c 2000000 /dev/zero | "$PEER" send 0 >/tmp/out 2>&1 || status=$?
        is 71 "$status"
}

# More than can be collected: the rest is on standard error, and nothing is lost.
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
        says web1 "FCJAIL_UNKNOWN_0_0"
        says web1 "FCJAIL_UNKNOWN_5_699"
        journalctl --sync
        is 4200 "$(journalctl -q -u fcjail@web1 -o cat --cursor="$cursor" | grep -c FCJAIL_UNKNOWN_)"
}

main "$@"

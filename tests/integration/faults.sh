# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2317
# A start that fails or is killed at each step: the right message, and nothing left. System calls are made to
# fail, or to kill, by strace, so these starts are by hand.
# shellcheck source-path=SCRIPTDIR source=../lab/lib.sh
. "$(dirname "$0")/../lab/lib.sh"

only=() # further options for strace
# inject INJECTION [,CALL]: a start of web1 with that; the output is in /tmp/out, the status in $status; what was
# injected, and the other calls, in /tmp/strace.
inject() {
        status=0
        vm web1 FCJAIL_NETNS=blue FCJAIL_VMM_TEXT=private # what is copied can fail
        [[ -e /run/netns/blue ]] || ip netns add blue
        timeout -s KILL 30 strace -f -o /tmp/strace "${only[@]}" -e "trace=${1%%:*}${2:-}" -e "inject=$1" \
                fcjail run web1 >/tmp/out 2>&1 </dev/null || status=$?
}

# fails_at STEP STATUS INJECTION [,CALL]
fails_at() {
        inject "${@:3}"
        if ! grep -q "fcjail: Failed at step $1 of 'web1': " /tmp/out || [[ $status != "$2" ]]; then
                cat /tmp/out
                fail "$3: expected a failure at step $1 with status $2, got $status"
        fi
        # The cleanup may have met the same error.
        fcjail cleanup web1
        is_gone web1
        is_empty "$STATE/uid"
        is lo "$(ip netns exec blue ip -brief link | awk '{ print $1 }')"
}

test_every_step_says_that_it_failed() {
        without_the_cage
        fails_at state 75 write:error=ENOSPC:when=1
        fails_at uid 75 symlinkat:error=ENOSPC
        fails_at tree 73 mkdirat:error=ENOSPC:when=3
        fails_at tree 73 mkdirat:error=EACCES:when=3
        fails_at copy 73 fallocate:error=EDQUOT
        fails_at sock 73 symlinkat:error=ENOSPC:when=2
        fails_at sock 73 symlinkat:retval=0:when=2
        fails_at copy 73 fallocate:error=ENOSPC
        fails_at copy 73 splice:error=EIO:when=2
        fails_at clone 71 clone:error=EAGAIN
        fails_at clone 71 sched_setscheduler:error=EPERM
        only=(-P /proc/self/stat)
        fails_at clone 71 openat:error=EACCES
        only=()
        fails_at netns 71 unshare:error=ENOSPC:when=1
        fails_at netns 71 setns:error=EPERM
        fails_at tap 71 ioctl:error=EPERM:when=3
        fails_at tap 71 ioctl:error=EPERM:when=5
        fails_at tap 71 unshare:error=ENOSPC:when=2
        fails_at tap 71 setns:error=EPERM:when=2
        only=(-P "$BASE/web1/root/fcjail.json")
        fails_at files 73 write:error=EIO:when=1
        only=()
        fails_at files 73 open_tree:error=EPERM:when=2
        fails_at group 71 setgroups:error=EPERM
        fails_at group 71 setsid:error=EPERM
        fails_at mounts 71 unshare:error=ENOMEM:when=3
        fails_at mounts 71 move_mount:error=EINVAL:when=2
        fails_at nodes 71 mknodat:error=EPERM:when=3
        fails_at mounts 71 pivot_root:error=EINVAL:when=1
        fails_at root 71 pivot_root:error=EINVAL:when=5
        fails_at root 71 umount2:error=EBUSY
        fails_at root 71 chroot:error=EPERM
        fails_at drop 71 capset:error=EPERM:when=1
        fails_at seccomp 71 seccomp:error=EINVAL
}

says_nothing_against_the_cage() {
        grep -F "$1" /tmp/out
        not grep -E "root's alone|restart fcjail-cage" /tmp/out
}

# What is found about the cage before anything is made, and what only when it was entered.
test_every_failure_in_the_cage_is_told() {
        systemctl restart fcjail-cage
        only=(-P "$STATE/cage/mnt")
        fails_at paths 77 ioctl:retval=0:when=1
        fails_at paths 77 ioctl:error=EPERM:when=2
        grep -F "$STATE/cage: has a namespace of another user namespace" /tmp/out
        fails_at paths 71 ioctl:error=EIO:when=2
        fails_at paths 71 ioctl:error=EPERM:when=1
        says_nothing_against_the_cage "$STATE/cage: Operation not permitted"
        fails_at paths 71 fstatfs:error=EIO
        only=()
        # It is the unit that forbids it, or the host that cannot.
        fails_at mounts 71 setns:error=EPERM:when=3
        says_nothing_against_the_cage "mount namespace: Operation not permitted"
        fails_at mounts 71 unshare:error=ENOMEM:when=3
        says_nothing_against_the_cage "mount namespace: Cannot allocate memory"
        fails_at mounts 71 setns:retval=0:when=3
        grep -F "$STATE/cage: is not the empty mount namespace that fcjail has made; run \`systemctl" /tmp/out
        fails_at mounts 71 unshare:retval=0:when=3
        grep -F "$STATE/cage: is not the empty mount namespace that fcjail has made; run \`systemctl" /tmp/out
        fails_at mounts 71 pivot_root:error=EINVAL:when=1
}

# In the host's network the next check would notice it, too.
test_a_network_namespace_that_was_not_entered() {
        local status=0
        ip netns add other
        ip netns add blue
        vm web1 FCJAIL_NETNS=blue FCJAIL_VMM_TEXT=private
        timeout -s KILL 30 nsenter --net=/run/netns/other \
                strace -f -o /tmp/strace -e trace=setns -e inject=setns:retval=0 fcjail run web1 >/tmp/out 2>&1 </dev/null || status=$?
        is 71 "$status"
        grep "Failed at step netns of 'web1': /run/netns/blue: the process did not enter it" /tmp/out
        # The cleanup has met the same lie.
        fcjail cleanup web1
        is_gone web1
}

# The filter would have refused every use of the keys of whoever starts it.
test_without_a_filter_the_keys_of_the_starter_do_not_stay() {
        local filter
        for filter in default off; do
                rm -f /tmp/out
                vm web1 "FCJAIL_SECCOMP=$filter" FCJAIL_VMM=/usr/local/bin/silent-vmm FCJAIL_READY=exec
                strace -f -o /tmp/strace -e trace=keyctl -e inject=keyctl:error=EDQUOT fcjail run web1 >/tmp/out 2>&1 </dev/null &
                helper=$!
                if [[ $filter == off ]]; then
                        eventually grep "Failed at step drop of 'web1': session keyring: Disk quota exceeded" /tmp/out
                else
                        eventually grep "Started VM 'web1'" /tmp/out
                        fcjail stop web1
                fi
                wait "$helper" || true
                is_gone web1
        done
}

# Half of a VMM would be another VMM.
test_a_text_that_ends_early_is_not_executed() {
        fails_at copy 73 splice:retval=0:when=1
        fails_at copy 73 splice:retval=0:when=3
}

# A text that takes longer than all that INSIDE does, by a delay for each piece.
test_a_failure_of_the_other_process_ends_the_copy() {
        local n
        cp /usr/local/bin/demo-vmm /usr/local/bin/large-vmm
        truncate -s 64M /usr/local/bin/large-vmm
        vm web1 FCJAIL_VMM=/usr/local/bin/large-vmm FCJAIL_NETNS=host
        ip tuntap add dev tap0 mode tap
        # On a busy host, the copy could otherwise be faster.
        not strace -f -o /tmp/strace -e trace=splice -e inject=splice:delay_enter=20ms fcjail run web1 >/tmp/out 2>&1
        grep "Failed at step tap of 'web1'" /tmp/out
        ip link del tap0
        n=$(grep -c splice /tmp/strace || true)
        ((n < 128)) || fail "all of it was copied"
        rm /usr/local/bin/large-vmm
        is_gone web1
}

follow=(-f) # or (): the injection is OUTSIDE's alone
# starts_with INJECTION
starts_with() {
        vm web1 FCJAIL_VMM_TEXT=private
        by_hand web1 strace "${follow[@]}" -o /tmp/strace -e "trace=${1%%:*}" -e "inject=$1"
        grep INJECTED /tmp/strace
        fcjail stop web1
        helper_has_stopped
        is_gone web1
}

test_a_copy_that_cannot_be_fast_is_slow() {
        local nth
        starts_with fallocate:error=EOPNOTSUPP
        inject seccomp:error=EINVAL ,fcntl
        fcjail cleanup web1
        nth=$(awk '/ fcntl\(/ { n[$1]++ } /F_SETPIPE_SZ/ { print n[$1]; exit }' /tmp/strace)
        follow=()
        starts_with "fcntl:error=EPERM:when=$nth"
        grep 'F_SETPIPE_SZ.*INJECTED' /tmp/strace
}

test_a_vmm_for_another_machine() {
        cp /usr/local/bin/demo-vmm /usr/local/bin/alien-vmm
        local machine='\xb7' # EM_AARCH64
        [[ $(uname -m) != aarch64 ]] || machine='\x3e' # EM_X86_64
        printf '%b' "$machine" | dd of=/usr/local/bin/alien-vmm bs=1 seek=18 conv=notrunc status=none
        vm web1 FCJAIL_VMM=/usr/local/bin/alien-vmm
        not systemctl start fcjail@web1
        says web1 "Failed at step exec of 'web1': /usr/local/bin/alien-vmm: Exec format error"
}

# A system call that says it has done what it has not done.
test_the_audit_notices_a_lie() {
        fails_at audit 71 setresgid:retval=0
        fails_at audit 71 chroot:retval=0
        fails_at seccomp 71 seccomp:retval=0
}

# user.max_user_namespaces=0, which the kernel asks before it asks for a chroot, or a kernel without them.
test_without_user_namespaces_a_vm_starts() {
        local errno
        for errno in ENOSPC EUSERS EINVAL; do
                starts_with "unshare:error=$errno:when=3"
        done
}

# The limit may be gone tomorrow, and then only the chroot refuses. The second lie makes the jail the root of the
# mount namespace, and the chroot into it one that the kernel does not see.
test_without_user_namespaces_the_chroot_is_proved() {
        only=(-e inject=unshare:error=ENOSPC:when=4)
        fails_at audit 71 chroot:retval=0 ,unshare
        fails_at root 71 fchdir:retval=0:when=6 ,unshare
        only=()
}

# audit_notices CALL(ARGUMENTS INJECTION [BACK]: that call of the audit, which is the last one that begins so (or so many
# back) in a start that ends right after the audit. The injection meets OUTSIDE's call of the same number, too.
audit_notices() {
        local call=${1%%(*} nth
        inject seccomp:error=EINVAL ",$call"
        fcjail cleanup web1
        nth=$(awk -v call="$call(" -v begin="${1%% *}" -v rest="${1#* }" '
                index($2, call) == 1 { n[$1]++ }
                index($2, begin) == 1 && index($0, rest) > 0 { last = n[$1] }
                /INJECTED/ { exit } # what follows is the cleanup
                END { print last }' /tmp/strace)
        [[ -n $nth ]] || fail "no $1"
        fails_at audit 71 "$call:$2:when=$((nth - ${3:-0}))"
}

test_every_check_of_the_audit_can_fail() {
        local zeros=00000000000000000000000000000000 # st_dev, st_ino
        local calls=newfstatat stat='newfstatat(AT_FDCWD, ' buffer=@arg3
        # With glibc before 2.33.
        inject seccomp:error=EINVAL ,?stat
        fcjail cleanup web1
        if grep -q ' stat("/",' /tmp/strace; then calls=stat,lstat stat='stat(' buffer=@arg2; fi
        audit_notices 'capget({' error=EFAULT
        audit_notices 'prctl(PR_GET_DUMPABLE' retval=1
        audit_notices 'setuid(0' retval=0
        audit_notices 'setgid(0' retval=0
        audit_notices 'personality(PER_LINUX' retval=1
        audit_notices 'getpid()' retval=2 1 # the last one is for its session
        grep ": pid: is " /tmp/out
        # On another device; all else stays as it is, and what OUTSIDE looks at is right without the device.
        audit_notices "$stat\"/\"," "poke_exit=$buffer=${zeros::16}"
        audit_notices "$stat\"/..\"," "poke_exit=$buffer=${zeros::16}"
        audit_notices "$stat\".\"," "poke_exit=$buffer=${zeros::16}"
        only=(--trace-path=/run)
        fails_at audit 71 "$calls:poke_exit=$buffer=$zeros"
        # The mode that it has, 020660, and another owner.
        if [[ $(uname -m) == x86_64 ]]; then
                only=(--trace-path=/dev/kvm)
                fails_at audit 71 "newfstatat:poke_exit=@arg3=${zeros}0100000000000000b021000001000000"
        fi
        only=()
}

# little_endian NUMBER: as 8 bytes for strace.
little_endian() {
        printf '%016x' "$1" | fold -w 2 | tac | tr -d '\n'
}

# The same file, of another owner: st_dev, st_ino, st_nlink, st_mode and st_uid of x86_64.
test_the_audit_notices_a_disk_of_somebody_else() {
        only_on_a_pc
        local disk=$BASE/web1/root/disk status=0 same
        mkdir -p "${disk%/*}"
        echo data >"$disk"
        chown 4711 "$disk"
        vm web1 FCJAIL_UID=4711
        same=$(little_endian "$(stat -c %d "$disk")")$(little_endian "$(stat -c %i "$disk")")$(little_endian 1)a481000001000000
        strace -f -o /tmp/strace --trace-path=/disk -e trace=newfstatat,lstat -e "inject=newfstatat:poke_exit=@arg3=$same" \
                -e "inject=lstat:poke_exit=@arg2=$same" fcjail run web1 >/tmp/out 2>&1 </dev/null || status=$?
        is 71 "$status"
        grep "Failed at step audit of 'web1': /disk: belongs to uid 1 instead of 4711" /tmp/out
        rm -rf "${BASE:?}/web1"
}

test_a_lie_about_namespaces_and_mounts_is_noticed() {
        fails_at netns 71 setns:retval=0
        fails_at netns 71 unshare:retval=0:when=1
        fails_at tap 71 unshare:retval=0:when=2
        fails_at tap 71 setns:retval=0:when=2
        fails_at mounts 71 unshare:retval=0:when=3
        fails_at root 71 umount2:retval=0
}

# Between the copy of the VMM and its exec.
test_a_vmm_that_was_changed_meanwhile_is_not_executed() {
        local status=0
        vm web1
        strace -f -o /tmp/strace -e trace=sendto -e inject=sendto:delay_enter=3000000:when=1 \
                fcjail run web1 >/tmp/out 2>&1 </dev/null &
        helper=$!
        eventually test -x "$BASE/web1/root/firecracker"
        sleep 1.5 # INSIDE is done with all else, and waits for the word
        chown 1 "$BASE/web1/root/firecracker"
        eventually grep -e 'Failed at step' -e 'Started VM' /tmp/out
        not grep 'Started VM' /tmp/out || { fcjail stop web1; wait "$helper"; fail "it was executed"; }
        wait "$helper" || status=$?
        is 71 "$status"
        grep "Failed at step exec of 'web1': /firecracker: has mode 100511 and owner 1:0 instead of 100511 and 0:0" /tmp/out
        is_gone web1
}

# killed_at INJECTION: both processes may be hit; what is left is cleaned up by the next start.
killed_at() {
        inject "$1"
        [[ $status == 137 || $status == 75 ]] || { cat /tmp/out; fail "$1: status $status"; }
        systemctl start fcjail@web1
        ip netns exec blue ping -q -c 1 -W 2 172.16.0.2
        systemctl stop fcjail@web1
        is_gone web1
        is_empty "$STATE/uid"
        is lo "$(ip netns exec blue ip -brief link | awk '{ print $1 }')"
}

test_a_kill_at_any_point_leaves_nothing_that_the_next_start_does_not_clean() {
        killed_at write:signal=KILL:when=1
        killed_at symlinkat:signal=KILL
        killed_at symlinkat:signal=KILL:when=2
        killed_at mkdirat:signal=KILL:when=2
        only=(-P "$BASE/web1/root/fcjail.json")
        killed_at write:signal=KILL
        only=()
        killed_at splice:signal=KILL:when=2
        killed_at open_tree:signal=KILL:when=1
        killed_at socketpair:signal=KILL
        killed_at setns:signal=KILL
        killed_at ioctl:signal=KILL:when=2
        killed_at ioctl:signal=KILL:when=4
        killed_at setgroups:signal=KILL
        killed_at pivot_root:signal=KILL:when=5
        killed_at seccomp:signal=KILL
}

# A directory has its mode from birth: one that stays, such as that of all VMs, would never get it again.
test_a_kill_leaves_no_directory_that_is_closed() {
        inject fchmod:signal=KILL:when=2
        is 755 "$(stat -c %a "$BASE/web1")"
        fcjail cleanup web1
        is_gone web1
}

test_cleanup_after_a_kill() {
        inject socketpair:signal=KILL
        [[ -e $STATE/vm/web1 && -e $BASE/web1 ]] || fail "nothing is left to clean up"
        fcjail cleanup web1
        is_gone web1
        is_empty "$STATE/uid"
        fcjail cleanup web1
}

# By systemd, too, to whom another VM of the id is no error.
test_a_cleanup_that_cannot_tell_whether_the_vmm_lives_fails() {
        inject signalfd4:signal=KILL
        eventually not pgrep -x firecracker
        status=0
        systemd-run --quiet --wait --collect -p SystemCallFilter=~pidfd_open -p SystemCallErrorNumber=EPERM \
                -p SyslogIdentifier=cleanup-test /usr/bin/fcjail cleanup web1 || status=$?
        is 71 "$status"
        [[ -e $STATE/vm/web1 ]] || fail "the record is gone"
        eventually eval "journalctl -q --cursor='$cursor' | grep \"Cannot determine whether the VMM of 'web1' is running: Operation not permitted\""
        fcjail cleanup web1
        is_gone web1
}

record_is_open() {
        [[ -n $(find /proc/[0-9]*/fd -lname "$STATE/vm/web1" 2>/dev/null) ]]
}

# The journal is only connected when there is something to say, and then nothing else may be left.
test_an_entry_needs_no_free_descriptor() {
        local n found
        vm web1
        mkdir -p /run/systemd/system/fcjail@web1.service.d
        for n in 8 9 10 11 12; do
                printf '[Service]\nLimitNOFILE=%s\n' "$n" >/run/systemd/system/fcjail@web1.service.d/limit.conf
                systemctl daemon-reload
                not systemctl start fcjail@web1
                systemctl reset-failed fcjail@web1
                fcjail cleanup web1
        done
        rm -r /run/systemd/system/fcjail@web1.service.d
        systemctl daemon-reload
        journalctl --sync
        found=$(journalctl -q -u fcjail@web1 -o json --cursor="$cursor" |
                jq -r 'select(.MESSAGE | tostring | test("Failed at step .*: Too many open files")) | .MESSAGE_ID // "none"' | sort | uniq -c)
        grep -E ' [0-9a-f]{32}$' <<<"$found"
        not grep none <<<"$found"
        is_gone web1
}

# late_start: one that has opened the record of a dead VM, but locks it some time later only.
late_start() {
        inject socketpair:signal=KILL
        strace -f -o /tmp/strace -P "$STATE/vm/web1" -e trace=fcntl -e inject=fcntl:delay_enter=2s:when=1 \
                fcjail run web1 >/tmp/late 2>&1 </dev/null &
        late=$!
        eventually record_is_open
}

# What a start has locked is nothing if a cleanup has taken it away meanwhile, and perhaps another start made it anew.
test_a_record_that_goes_before_it_is_locked() {
        local late status
        late_start
        fcjail cleanup web1
        eventually grep "Started VM 'web1'" /tmp/late
        [[ -e $STATE/vm/web1 ]] || fail "there is no record"
        helper=$late
        fcjail stop web1
        helper_has_stopped
        is_gone web1

        late_start
        fcjail cleanup web1
        by_hand web1
        status=0
        wait "$late" || status=$?
        is 75 "$status"
        grep "another fcjail is starting, running or cleaning up a VM with this id" /tmp/late
        fcjail stop web1
        helper_has_stopped
        is_gone web1
}

# Removed by somebody, while the VM runs.
test_a_stop_without_a_record_says_what_stays() {
        local how
        for how in stop empty kill; do
                vm web1
                systemctl start fcjail@web1
                eventually not pgrep -x fcjail
                if [[ $how == empty ]]; then : >"$STATE/vm/web1"; else rm "$STATE/vm/web1"; fi
                if [[ $how != kill ]]; then
                        systemctl stop fcjail@web1
                        says web1 "The record /run/fcjail/vm/web1 is missing; systemd kills process"
                else
                        systemctl kill --kill-who=main -s KILL fcjail@web1
                fi
                says web1 "Failed to clean up 'web1': the record /run/fcjail/vm/web1 is missing; $BASE/web1 remains"
                eventually unit_is web1 failed
                fcjail cleanup web1 >/tmp/out 2>&1
                grep -x "fcjail: The record /run/fcjail/vm/web1 is missing; $BASE/web1 remains" /tmp/out
                systemctl start fcjail@web1
                systemctl stop fcjail@web1
                is_gone web1
                is_empty "$STATE/uid"
        done
}

# Nothing was made, and the directory is of somebody who has put a disk there.
test_a_start_that_is_refused_needs_no_record() {
        mkdir -p "$BASE/web1/root"
        vm web1 FCJAIL_VMM=/nosuch
        not systemctl start fcjail@web1
        is 66 "$(systemctl show -P ExecMainStatus fcjail@web1)"
        journalctl --sync
        not journal_has web1 "is missing"
        rm -r "${BASE:?}/web1"
}

# After a downgrade.
test_what_a_newer_fcjail_has_made_is_told() {
        inject socketpair:signal=KILL
        printf 'FUTURE=/dev/loop0\e[31m\nMADE=/x\n' >>"$STATE/vm/web1"
        status=0
        fcjail run web1 >/tmp/out 2>&1 </dev/null || status=$?
        is 75 "$status"
        grep -F "Failed at step state of 'web1': $STATE/vm/web1: a newer fcjail wrote it (version 1, 'FUTURE=/dev/loop0\x1b[31m\nMADE=/x'); run \`fcjail cleanup web1\` of that version" /tmp/out
        [[ -e $STATE/vm/web1 && -e $BASE/web1 ]] || fail "it was cleaned up"
        fcjail cleanup web1 >/tmp/out 2>&1
        grep -F "Kept what a newer fcjail recorded for 'web1': FUTURE=/dev/loop0\x1b[31m" /tmp/out
        grep -F "recorded for 'web1': MADE=/x" /tmp/out
        is_gone web1

        vm web1
        systemctl start fcjail@web1
        sed -i 's/^VERSION=.*/VERSION=1000/' "$STATE/vm/web1"
        is Running "$(fcjail api web1 GET / | jq -r .state)"
        systemctl stop fcjail@web1
        ended_well web1
        says web1 "A newer fcjail wrote the record of 'web1' (version 1000); some of what it made may remain"
        is_gone web1
}

# damaged COMMAND…: makes something else of the record of a running VM, which nobody then touches.
damaged() {
        local status=0
        vm web1 FCJAIL_UID=4711
        vm web2 FCJAIL_UID=4711
        vm web3 FCJAIL_UID_RANGE=4711-4712
        systemctl start fcjail@web1
        eventually not pgrep -x fcjail
        mv "$STATE/vm/web1" /tmp/record
        "$@"
        fcjail cleanup web1 >/tmp/out 2>&1 || status=$?
        is 74 "$status"
        grep -x "fcjail: The record $STATE/vm/web1 is damaged, or fcjail did not write it; if VM 'web1' is not running, remove the record" /tmp/out
        status=0
        fcjail run web1 >/tmp/out 2>&1 </dev/null || status=$?
        is 74 "$status"
        grep "'web1': $STATE/vm/web1: is damaged, or fcjail did not write it; if the VM is not running, remove the record and start again" /tmp/out
        not systemctl start fcjail@web2
        says web2 "uid 4711: may belong to VM 'web1', but fcjail cannot determine whether that is running: its record is damaged; if it is not, remove $STATE/vm/web1"
        systemctl start fcjail@web3
        is 4712 "$(status_of "$(pid_of web3)" Uid)"
        rm -r "$STATE/vm/web1"
        mv /tmp/record "$STATE/vm/web1"
        systemctl stop fcjail@web1 fcjail@web3
        is_gone web1
}

test_a_damaged_record_is_left_alone_with_a_remedy() {
        damaged cp /etc/os-release "$STATE/vm/web1"
        damaged mkdir "$STATE/vm/web1"
        damaged ln -s /nowhere "$STATE/vm/web1"
        vm web1 FCJAIL_UID=4711
        mkdir -p "$STATE/uid/4711"
        not systemctl start fcjail@web1
        says web1 "uid 4711: its record in $STATE/uid is damaged; if no running VM has this uid, remove the record"
        rmdir "$STATE/uid/4711"
        touch "$STATE/uid/4711.shared"
        not systemctl start fcjail@web1
        says web1 "uid 4711: its record in $STATE/uid is damaged"
        rm "$STATE/uid/4711.shared"
}

test_a_full_directory_in_place_of_a_file_stays() {
        local name
        for name in firecracker fcjail.json; do
                vm web1
                mkdir -p "$BASE/web1/root/$name/x"
                not systemctl start fcjail@web1
                says web1 "$BASE/web1/root/$name: is a directory that is not empty, but fcjail makes a file of this name; move it"
                says web1 "Kept what others put into the jail directory of 'web1': root/$name"
                [[ ! -e $STATE/vm/web1 && -d $BASE/web1/root/$name/x ]] || fail "$(find "$STATE" "$BASE")"
                rm -r "${BASE:?}/web1"
        done
}

# What can be removed is, and the record stays for the rest.
test_a_cleanup_goes_on_after_an_error() {
        inject signalfd4:signal=KILL
        is 137 "$status"
        status=0
        strace -f -o /tmp/strace -e trace=setns -e inject=setns:error=EPERM fcjail cleanup web1 >/tmp/out 2>&1 || status=$?
        is 71 "$status"
        grep "Failed to undo step tap of 'web1': Operation not permitted" /tmp/out
        [[ -e $STATE/vm/web1 && ! -e $BASE/web1 ]] || fail "$(find "$STATE" "$BASE")"
        is_empty "$STATE/uid"
        fcjail cleanup web1
        is_gone web1
        is lo "$(ip netns exec blue ip -brief link | awk '{ print $1 }')"
}

# An inherited namespace has no path.
test_a_cleanup_elsewhere_says_that_it_cannot_remove_the_taps() {
        local i
        ip netns add other
        vm web1 FCJAIL_NETNS=inherit
        for i in elsewhere there; do
                nsenter --net=/run/netns/other strace -f -o /tmp/strace -e trace=signalfd4 \
                        -e inject=signalfd4:signal=KILL fcjail run web1 >/tmp/out 2>&1 </dev/null || true
                eventually not pgrep -x firecracker
                if [[ $i == elsewhere ]]; then
                        fcjail cleanup web1 >/tmp/out 2>&1
                        grep "Kept TAP tap0 of 'web1' in net:\[.*\], another network namespace than this one" /tmp/out
                        ip netns exec other ip link del tap0
                else
                        nsenter --net=/run/netns/other fcjail cleanup web1 >/tmp/out 2>&1
                        is '' "$(</tmp/out)"
                fi
                is_gone web1
                is lo "$(ip netns exec other ip -brief link | awk '{ print $1 }')"
        done
}

test_by_hand_the_status_is_passed_on_and_all_is_cleaned_up() {
        local status=0
        vm web1
        by_hand web1
        fcjail stop web1
        helper_has_stopped
        is_gone web1

        by_hand web1
        kill -TERM "$helper"
        wait "$helper" || status=$?
        is 156 "$status"
        is_gone web1
}

test_by_hand_the_vmm_dies_with_its_starter() {
        local pid
        vm web1
        by_hand web1
        pid=$(vmm_of web1)
        kill -KILL "$helper"
        eventually test ! -d "/proc/$pid"
        fcjail cleanup web1
        is_gone web1
}

# While it waits for a VMM that does not answer.
test_by_hand_a_signal_during_the_start_ends_it() {
        local signal status
        for signal in INT TERM HUP; do
                vm web1 FCJAIL_VMM=/usr/local/bin/silent-vmm
                fcjail run web1 >/tmp/out 2>&1 &
                helper=$!
                eventually pgrep -x firecracker
                kill "-$signal" "$helper"
                status=0
                wait "$helper" || status=$?
                is 69 "$status"
                grep "Failed at step [a-z]* of 'web1': the VMM: was killed by a signal before it was ready" /tmp/out
                eventually not pgrep -x firecracker # a dead one is listed until its parent has reaped it
                is_gone web1
        done
}

# Its uid must not be another VM's.
test_by_hand_nothing_is_taken_from_a_vmm_that_cannot_be_killed() {
        local status=0
        vm web1 FCJAIL_VMM=/usr/local/bin/rude-vmm FCJAIL_CONFIG=
        strace -f -o /tmp/strace -e trace=pidfd_send_signal -e inject=pidfd_send_signal:error=EACCES \
                fcjail run web1 >/tmp/out 2>&1 </dev/null || status=$?
        is 69 "$status"
        grep "Failed to kill the VMM of 'web1', process [0-9]*" /tmp/out
        [[ -e $STATE/vm/web1 && -n $(ls "$STATE/uid") ]] || fail "the record is gone"
        eventually not pgrep -x firecracker
        fcjail cleanup web1
        is_gone web1
}

# pivot_root(2) wants a mount. The other root that it cannot leave is in tests/machine/sysctls.sh.
test_a_start_in_a_chroot_names_the_root() {
        local root=/tmp/chroot status=0
        vm web1
        mkdir "$root"
        cp -d /lib /lib64 "$root"
        # In a mount namespace of its own: to unmount what is shared would unmount it here.
        # shellcheck disable=SC2016 # for the other shell
        unshare --mount --propagation private bash -euc '
                for dir in proc sys dev etc usr run srv; do
                        mkdir "$0/$dir"
                        mount --rbind "/$dir" "$0/$dir"
                done
                exec chroot "$0" fcjail run web1' "$root" >/tmp/out 2>&1 </dev/null || status=$?
        is 78 "$status"
        grep '/: is the directory of a chroot, which pivot_root cannot leave; start fcjail outside the chroot' /tmp/out
        rm -r --one-file-system "$root"
        is_gone web1
}

# SIGKILL of the helper under systemd, while the VMM does not answer, and SIGHUP is nothing to it yet. No time-out ends it:
# this one is longer than `eventually` waits for.
test_kill_of_the_helper() {
        vm web1 FCJAIL_VMM=/usr/local/bin/silent-vmm
        unit web1 TimeoutStopSec=60
        systemctl start --no-block fcjail@web1
        eventually grep -q ^VMM= "$STATE/vm/web1"
        eventually ignores_sighup "$(vmm_of web1)"
        kill -KILL "$(pid_of web1)"
        eventually unit_is web1 failed
        is_gone web1
        is_empty "$STATE/uid"
        eventually not pgrep -x firecracker # a dead one is listed until its parent has reaped it
}

main "$@"

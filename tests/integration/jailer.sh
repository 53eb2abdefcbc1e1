# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2317,SC2034,SC2086
# `fcjail jailer`, in the place of Firecracker's jailer: what its callers rely on, and what is stricter.
# shellcheck source-path=SCRIPTDIR source=../lab/lib.sh
. "$(dirname "$0")/../lab/lib.sh"

VMM=/usr/local/bin/demo-vmm
JAILS=/srv/jailer/demo-vmm
ID=vm1
ROOT=$JAILS/$ID/root

# jailer [OPTION…] [-- ARGUMENT…]: becomes it, with what each start needs; $EXTRA… comes in front of the rest.
jailer() {
        exec /usr/libexec/fcjail/jailer --id "$ID" --exec-file "$VMM" --uid 891 --gid 892 "$@"
}

# start [OPTION…]: in the background; $vmm is the process that was started.
start() {
        (jailer "$@") >/tmp/out 2>&1 </dev/null &
        vmm=$!
        eventually answers "$ROOT/run/firecracker.socket"
}

answers() {
        curl -s --max-time 2 --unix-socket "$1" http://localhost/ | grep '"state"'
}

# ends_with STATUS SIGNAL
ends_with() {
        local status=0
        [[ -z ${2:-} ]] || kill "-$2" "$vmm"
        wait "$vmm" || status=$?
        is "$1" "$status"
}

# All that is left of a VM is what its manager removes, and the record.
forget() {
        rm -rf "${JAILS:?}/$ID"
        fcjail cleanup $ID
        rmdir "$JAILS"
}

owner() {
        stat -c '%U:%G %a' "$1"
}

has_ended() {
        [[ ! -e /proc/$1 ]]
}

test_the_caller_becomes_the_vmm() {
        start
        is "891 891 891 891" "$(grep -w Uid "/proc/$vmm/status" | cut -f 2- | tr '\t' ' ')"
        is "/demo-vmm --id vm1 --start-time-us N --start-time-cpu-us N --parent-cpu-time-us N " \
                "$(tr '\0' ' ' <"/proc/$vmm/cmdline" | sed -E 's/-us [0-9]+/-us N/g')"
        # It has no child that it does not know of.
        is '' "$(cat "/proc/$vmm/task/$vmm/children")"
        is "$vmm" "$(cat "$ROOT/demo-vmm.pid")"
        is 2048 "$(awk '/open files/ { print $4 $5 }' "/proc/$vmm/limits" | cut -c 1-4)"
        ends_with 143 TERM
        forget
}

test_layout() {
        start
        is "root:root 755" "$(owner $JAILS)"
        is "root:root 755" "$(owner $JAILS/$ID)"
        is "891:892 700" "$(stat -c '%u:%g %a' "$ROOT")"
        is "891:892 700" "$(stat -c '%u:%g %a' "$ROOT/run")"
        is "891:892 700" "$(stat -c '%u:%g %a' "$ROOT/dev")"
        is "891:892" "$(stat -c %u:%g "$ROOT/run/firecracker.socket")"
        is "root:root 511" "$(owner "$ROOT/demo-vmm")"
        is "root:root 644" "$(owner "$ROOT/demo-vmm.pid")"
        ends_with 156 HUP
        forget
}

test_exit_status() {
        local status=0
        (jailer -- --version) >/tmp/out 2>&1 || status=$?
        is 0 "$status"
        grep -q demo /tmp/out
        (jailer -- --no-such-option) >/tmp/out 2>&1 || status=$?
        is 153 "$status"
        forget
}

# sees WANT FILTER
sees() {
        is "$1" "$(jq -c "$2" /tmp/json)" || fail "$2"
}

# What the VMM sees of its jail, with all that a careless caller can hand down.
probe() {
        (
                exec 7</ 8>/tmp/open
                trap '' USR1 HUP
                umask 0
                export SECRET=1
                jailer -- --probe --no-api --config-file /vm.json
        ) >/tmp/out 2>&1 </dev/null &
        vmm=$!
        eventually grep '^{"uid"' /tmp/out
        grep '^{"uid"' /tmp/out >/tmp/json
}

test_jail() {
        mkdir -p "$ROOT"
        echo '{}' >"$ROOT/vm.json"
        probe
        sees '[891,891,891]' .uid
        sees '[892,892,892]' .gid
        sees '[]' .groups
        sees '["0000000000000000"]' '[.caps[]] | unique'
        sees '[1,2,0]' '[.no_new_privs, .seccomp, .dumpable]'
        sees 239 .securebits
        sees '[]' .signals_ignored
        sees '[]' .signals_blocked
        sees '[0,1,2]' '[.fds[].fd]'
        sees '[]' .environment
        sees '"/"' .cwd
        sees "[$vmm]" '[.pid]'
        ends_with 143 TERM
        forget
}

# The directory is the VM's: Firecracker's own tests make sockets and logs in it.
test_a_socket_in_the_root_directory() {
        (jailer -- --api-sock api.sock) >/tmp/out 2>&1 </dev/null &
        vmm=$!
        eventually answers "$ROOT/api.sock"
        # Hard links that a manager makes while the VM runs.
        echo kernel >/srv/jailer/kernel
        ln /srv/jailer/kernel "$ROOT/kernel"
        is kernel "$(cat "/proc/$vmm/root/kernel")"
        ends_with 143 TERM
        # What is left of it is in the way of nobody.
        (jailer -- --api-sock api.sock) >/tmp/out 2>&1 </dev/null &
        vmm=$!
        eventually answers "$ROOT/api.sock"
        ends_with 143 TERM
        rm /srv/jailer/kernel
        forget
}

test_what_was_there_before() {
        mkdir -p "$ROOT/run" "$ROOT/disks"
        mkfifo "$ROOT/run/log"
        echo data >"$ROOT/disks/a"
        ln -s disks/a "$ROOT/link"
        start
        is "891:892 700" "$(stat -c '%u:%g %a' "$ROOT/run")"
        [[ -p $ROOT/run/log && -L $ROOT/link ]]
        is data "$(cat "/proc/$vmm/root/link")"
        ends_with 143 TERM
        start
        ends_with 143 TERM
        [[ -p $ROOT/run/log ]]
        # Not what others have put there.
        fcjail cleanup $ID
        [[ -p $ROOT/run/log && $(cat "$ROOT/link") == data && ! -e $ROOT/demo-vmm && ! -e $ROOT/demo-vmm.pid ]]
        rm -rf "${JAILS:?}"
}

test_daemonize() {
        local pid
        jailer_in_between --daemonize
        pid=$(cat "$ROOT/demo-vmm.pid")
        is "$pid" "$(ps -o sid= -p "$pid" | tr -d ' ')"
        is "/dev/null /dev/null /dev/null" "$(readlink /proc/"$pid"/fd/{0,1,2} | tr '\n' ' ' | sed 's/ $//')"
        eventually answers "$ROOT/run/firecracker.socket"
        kill "$pid"
        eventually has_ended "$pid"
        forget
}

# The process that was started ends with 0, and holds nothing that its caller waits for.
jailer_in_between() {
        local words
        words=$( (jailer "$@") 2>&1 </dev/null)
        is '' "$words"
}

test_new_pid_ns() {
        local pid
        (jailer --new-pid-ns) >/tmp/out 2>&1 </dev/null
        pid=$(cat "$ROOT/demo-vmm.pid")
        is "$pid 1" "$(awk '/^NSpid/ { print $2, $3 }' "/proc/$pid/status")"
        eventually answers "$ROOT/run/firecracker.socket"
        kill -KILL "$pid"
        eventually has_ended "$pid"
        forget
}

test_new_pid_ns_and_daemonize() {
        local pid
        jailer_in_between --new-pid-ns --daemonize
        pid=$(cat "$ROOT/demo-vmm.pid")
        is "$pid 1" "$(awk '/^NSpid/ { print $2, $3 }' "/proc/$pid/status")"
        kill -KILL "$pid"
        eventually has_ended "$pid"
        forget
}

test_netns() {
        ip netns add blue
        ln -sfn /run /tmp/run
        start --netns /tmp/run/netns/blue
        is "net:[$(stat -L -c %i /run/netns/blue)]" "$(readlink "/proc/$vmm/ns/net")"
        ends_with 143 TERM
        forget
        start
        is "$(readlink /proc/self/ns/net)" "$(readlink "/proc/$vmm/ns/net")"
        ends_with 143 TERM
        forget
}

test_limits() {
        start --resource-limit fsize=1048576 --resource-limit=no-file=512
        is "1048576 1048576" "$(awk "/Max file size/ { print \$4, \$5 }" "/proc/$vmm/limits")"
        is "512 512" "$(awk '/open files/ { print $4, $5 }' "/proc/$vmm/limits")"
        ends_with 143 TERM
        forget
}

# Here fcjail itself fails after all has been made.
test_a_failed_start_leaves_nothing() {
        local status=0
        (jailer --resource-limit no-file=18446744073709551615 -- --version) >/tmp/out 2>&1 || status=$?
        is 1 "$status"
        grep 'step limits .*--resource-limit no-file=18446744073709551615' /tmp/out
        is_empty $JAILS
        rmdir $JAILS
        is_empty $STATE/vm
}

test_a_start_that_is_killed_leaves_nothing() {
        local pid
        (
                exec strace -o /dev/null -e trace=pivot_root -e inject=pivot_root:delay_enter=3000000 \
                        /usr/libexec/fcjail/jailer --id $ID --exec-file $VMM --uid 891 --gid 892
        ) >/tmp/out 2>&1 &
        eventually test -e "$ROOT/demo-vmm.pid"
        pid=$(cat "$ROOT/demo-vmm.pid")
        kill -KILL "$pid"
        wait $! || true
        eventually test ! -e $JAILS/$ID
        is_empty $STATE/vm
        rmdir $JAILS
}

# delayed CALL OPTION…: a start in the background, $starter, in which each such call takes three seconds to begin, in $vmm and
# its child alike.
delayed() {
        rm -f /tmp/out
        strace -f -o /dev/null -e "trace=$1" -e "inject=$1:delay_enter=3000000" \
                /usr/libexec/fcjail/jailer --id $ID --exec-file $VMM --uid 891 --gid 892 "${@:2}" -- --version >/tmp/out 2>&1 </dev/null &
        starter=$!
        eventually test -e $STATE/vm/$ID
        eventually grep -q ^VMM= $STATE/vm/$ID
        vmm=$(vmm_of $ID)
}

# Both get the signal of a terminal: the one that would become the VMM ends, the other one cleans up.
test_ctrl_c_leaves_nothing() {
        local status=0
        delayed pivot_root
        eventually test -e "$ROOT/demo-vmm.pid"
        kill -INT "$vmm" "$(xargs <"/proc/$vmm/task/$vmm/children")"
        wait $starter || status=$?
        is 130 "$status"
        eventually test ! -e $JAILS/$ID
        is_empty $STATE/vm
        rmdir $JAILS
}

# Nobody would look after the VM, or clean up: it does not run, its caller hears why, and the next start works.
test_a_child_that_is_killed() {
        local status=0
        delayed pivot_root
        eventually test -e "$ROOT/demo-vmm.pid"
        kill -KILL "$(xargs <"/proc/$vmm/task/$vmm/children")"
        wait $starter || status=$?
        is 1 "$status"
        grep "the starting process" /tmp/out
        (jailer -- --version) >/tmp/out 2>&1
        forget
}

# Others of the VM's uid could do that while it is being started.
test_another_file_in_the_place_of_the_vmm() {
        local status=0
        echo victim >/srv/jailer/victim
        delayed symlinkat
        eventually test -e "$ROOT/demo-vmm"
        ln -f /srv/jailer/victim "$ROOT/demo-vmm"
        wait $starter || status=$?
        is 1 "$status"
        grep "$ROOT/demo-vmm: the kernel did not do what it reported" /tmp/out
        is victim "$(cat /srv/jailer/victim)"
        is "root:root 644" "$(owner /srv/jailer/victim)"
        rm /srv/jailer/victim
        rm -rf "${JAILS:?}"
}

test_ids_that_env_files_do_not_have() {
        for ID in - default jailer -x "$(printf 'a%.0s' {1..64})"; do
                ROOT=$JAILS/$ID/root
                (jailer -- --version) >/tmp/out 2>&1
                [[ -e $ROOT ]]
                (jailer -- --version) >/tmp/out 2>&1 # by its record
                rm -rf "${JAILS:?}" "${STATE:?}/vm/$ID"
        done
        rm -f "$STATE"/uid/* "$STATE"/sock/* -r
}

test_the_same_id_twice_at_once() {
        local status=0
        start
        (jailer -- --version) >/tmp/second 2>&1 || status=$?
        is 1 "$status"
        grep "a VM with this id is already running as process $vmm" /tmp/second
        answers "$ROOT/run/firecracker.socket"
        ends_with 143 TERM
        forget
}

test_one_uid_for_two() {
        local first
        start
        first=$vmm
        ID=vm2 ROOT=$JAILS/vm2/root
        start
        kill "$first" "$vmm"
        wait
        rm -rf "${JAILS:?}/vm1" "${JAILS:?}/vm2"
        fcjail cleanup vm1
        forget
}

# An earlier life has left links that lead to somebody else's.
test_what_the_vm_has_planted() {
        local name status
        mkdir -p /srv/victim/secret
        echo secret >/srv/victim/file
        chmod 755 /srv/victim
        for name in run dev demo-vmm demo-vmm.pid; do
                start
                ends_with 143 TERM
                rm -rf "${ROOT:?}/$name"
                ln -s /srv/victim "$ROOT/$name"
                chown -h 891:892 "$ROOT/$name"
                status=0
                (jailer -- --version) >/tmp/out 2>&1 || status=$?
                is $'file\nsecret' "$(ls /srv/victim)"
                is "root:root 755" "$(owner /srv/victim)"
                is "$([[ $name == demo-vmm* ]] && echo 0 || echo 1)" "$status"
                rm -rf "${JAILS:?}"
                fcjail cleanup $ID
        done
        rm -rf /srv/victim
}

# A directory of root's that the VM has moved there does not become the VM's.
test_a_directory_that_the_vm_has_moved() {
        local status=0
        mkdir -p "$ROOT/roots"
        echo secret >"$ROOT/roots/key"
        chmod 700 "$ROOT/roots"
        start
        ends_with 143 TERM
        rm -rf "${ROOT:?}/run"
        mv "$ROOT/roots" "$ROOT/run"
        (jailer -- --version) >/tmp/out 2>&1 || status=$?
        is 1 "$status"
        grep "$ROOT/run: belongs to uid 0 with mode 0700, but should be the VM's" /tmp/out
        is "root:root 700" "$(owner "$ROOT/run")"
        forget
}

test_a_root_of_somebody_elses() {
        local status=0
        mkdir -p "$ROOT"
        chown 4711 "$ROOT"
        (jailer -- --version) >/tmp/out 2>&1 || status=$?
        is 1 "$status"
        grep "$ROOT: belongs to uid 4711" /tmp/out
        rm -rf "${JAILS:?}"
}

# refuses TEXT OPTION…: one line with it, status 1, and nothing is made.
refuses() {
        local status=0 text=$1
        shift
        timeout -k 5 10 fcjail jailer "$@" >/tmp/out 2>/tmp/err </dev/null || status=$?
        is 1 "$status"
        is 1 "$(wc -l </tmp/err)"
        grep -F -- "$text" /tmp/err || fail "$(cat /tmp/err)"
        is '' "$(cat /tmp/out)"
        [[ ! -e $JAILS ]]
        is_empty $STATE/vm
}

test_bad_command_lines() {
        local -a all=(--id vm1 --exec-file "$VMM" --uid 891 --gid 892)
        refuses "--id is missing"
        refuses "--uid is missing" --id vm1 --exec-file $VMM --gid 892
        refuses "--gid is missing" "${all[@]:0:6}"
        refuses "--exec-file is missing" --id vm1 --uid 891 --gid 892
        refuses "--id needs a value" "${all[@]:2}" --id
        refuses "--id needs a value" --id --uid "${all[@]:5}"
        refuses "--id is given more than once" "${all[@]}" --id vm2
        refuses "--uid is given more than once" "${all[@]}" --uid=5
        refuses "--id must be 1 to 64 letters, digits or '-', not 'a_b'" --id a_b "${all[@]:2}"
        refuses "--id must be" --id "$(printf 'a%.0s' {1..65})" "${all[@]:2}"
        refuses "--id must be" --id '' "${all[@]:2}"
        refuses "--uid must be a number from 1 to 4294967293, not 'root'" "${all[@]:0:4}" --uid root --gid 1
        refuses "--uid is 0" "${all[@]:0:4}" --uid 0 --gid 1
        refuses "--gid is 0" "${all[@]:0:6}" --gid 0
        refuses "--uid is 4294967295" "${all[@]:0:4}" --uid 4294967295 --gid 1
        refuses "--uid must be" "${all[@]:0:4}" --uid 4294967296 --gid 1
        refuses "unknown option '--no-such'" "${all[@]}" --no-such
        refuses "unknown option '--no-such=1'" "${all[@]}" --no-such=1
        refuses "'vm2' is not an option" "${all[@]}" vm2
        refuses "--daemonize takes no value" "${all[@]}" --daemonize=yes
        refuses "--exec-file: '/no/such' cannot be opened: No such file" --exec-file /no/such "${all[@]:0:2}" "${all[@]:4}"
        refuses "is a directory, not a regular file" --exec-file /usr "${all[@]:0:2}" "${all[@]:4}"
        install -m 644 $VMM /usr/local/lib/not-executable
        refuses "is not executable; chmod 755" --exec-file /usr/local/lib/not-executable "${all[@]:0:2}" "${all[@]:4}"
        refuses "is not a 64-bit ELF program" --exec-file /etc/passwd "${all[@]:0:2}" "${all[@]:4}"
        refuses "--chroot-base-dir: '/no/such' cannot be opened" "${all[@]}" --chroot-base-dir /no/such
        refuses "/etc/passwd" "${all[@]}" --chroot-base-dir /etc/passwd
        refuses "/no/such: does not exist" "${all[@]}" --netns /no/such
        refuses "/etc/passwd: is not a namespace" "${all[@]}" --netns /etc/passwd
        refuses "--cgroup must be file=value" "${all[@]}" --cgroup cpuset.cpus
        refuses "--cgroup must be file=value" "${all[@]}" --cgroup cpuset.cpus=
        refuses "--cgroup must be file=value" "${all[@]}" --cgroup cpuset.cpus=1=2
        refuses "--cgroup must be file=value" "${all[@]}" --cgroup ../x.y=1
        refuses "--cgroup must be file=value" "${all[@]}" --cgroup cpuset=1
        refuses "with the controller nosuch is mounted" "${all[@]}" --cgroup nosuch.max=1
        refuses "--cgroup-version must be 1 or 2 for --cgroup, not 3" "${all[@]}" --cgroup-version 3 --cgroup cpuset.cpus=0
        refuses "--cgroup-version must be 1 or 2, not '256'" "${all[@]}" --cgroup-version 256
        refuses "--parent-cgroup must be a relative path" "${all[@]}" --parent-cgroup /a
        refuses "--parent-cgroup must be a relative path" "${all[@]}" --parent-cgroup a/../b
        refuses "--resource-limit must be" "${all[@]}" --resource-limit nofile=1
        refuses "--resource-limit must be" "${all[@]}" --resource-limit fsize=-1
        refuses "--resource-limit must be" "${all[@]}" --resource-limit fsize=
}

test_numbers_as_the_jailer_reads_them() {
        /usr/libexec/fcjail/jailer --id=$ID --exec-file=$VMM --uid +891 --gid 0892 -- --version >/tmp/out 2>&1
        is "891:892" "$(stat -c %u:%g "$ROOT")"
        forget
}

test_help_and_version() {
        /usr/libexec/fcjail/jailer --bogus --version | grep -x 'Jailer v[0-9.]*'
        fcjail jailer -h | grep -- --parent-cgroup
        fcjail jailer --help | grep -- --resource-limit
        # Behind "--" they are the VMM's.
        (jailer -- --version) | grep -i demo-vmm
        forget
}

# What the command line cannot say.
test_a_tap_of_jailer_env() {
        echo FCJAIL_TAP=tap0,address=172.16.0.1/24 >"$ENV/jailer.env"
        ip netns add blue
        mkdir -p "$ROOT"
        cp "$ENV/demo.json" "$ROOT/vm.json"
        start --netns /run/netns/blue -- --config-file /vm.json
        ip -n blue -details link show tap0 | grep 'user 891 group 892'
        ip -n blue address show tap0 | grep 172.16.0.1/24
        ends_with 143 TERM
        # The next start finds its own.
        start --netns /run/netns/blue -- --config-file /vm.json
        ends_with 143 TERM
        forget
        is lo "$(ip -n blue -brief link | awk '{ print $1 }')"
}

test_jailer_env() {
        local line
        for line in FCJAIL_UID=5 FCJAIL_CHROOT_DIR=/srv FCJAIL_NETNS=private FCJAIL_CONFIG=/a; do
                echo "$line" >"$ENV/jailer.env"
                refuses "/etc/fcjail/jailer.env:1: ${line%%=*}= is not for VMs in the place of the jailer" --id vm1 --exec-file "$VMM" --uid 891 --gid 892
        done
        echo FCJAIL_TAPS=tap0 >"$ENV/jailer.env"
        refuses "/etc/fcjail/jailer.env:1: unknown setting FCJAIL_TAPS=, did you mean FCJAIL_TAP=?" --id vm1 --exec-file "$VMM" --uid 891 --gid 892
        echo FCJAIL_TAP=tap0 >"$ENV/jailer.env"
        chmod 666 "$ENV/jailer.env"
        refuses "/etc/fcjail/jailer.env" --id vm1 --exec-file "$VMM" --uid 891 --gid 892
        # Those of other VMs do not count.
        rm "$ENV/jailer.env"
        echo FCJAIL_TAP=tap9 | tee "$ENV/default.env" >"$ENV/$ID.env"
        start
        is lo "$(ip -brief link | awk '{ print $1 }')"
        ends_with 143 TERM
        forget
        echo FCJAIL_SECCOMP=off >"$ENV/jailer.env"
        start
        is 0 "$(status_of $vmm Seccomp)"
        ends_with 143 TERM
        forget
}

# It needs no more than these, and names what is missing.
test_capabilities() {
        local cap caps=(sys_admin mknod sys_chroot setuid setgid setpcap chown fowner dac_override)
        with_caps "${caps[@]}"
        for cap in "${caps[@]}"; do
                not with_caps "${caps[@]/#$cap/}"
                grep -q "Capability cap_$cap is missing" /tmp/out
        done
        forget
}

# with_caps CAP…: a start with these and no others; an empty one is none.
with_caps() {
        local cap list=-all
        for cap in "$@"; do
                list+=${cap:+,+$cap}
        done
        setpriv --bounding-set "$list" /usr/libexec/fcjail/jailer --id "$ID" --exec-file "$VMM" --uid 891 --gid 892 -- --version >/tmp/out 2>&1
}

# Without what the installation has made, as in a container.
test_without_run_fcjail() {
        mv $STATE /run/fcjail.away
        (jailer -- --version) >/tmp/out 2>&1
        forget
        rm -rf $STATE
        mv /run/fcjail.away $STATE
}

# lie CALL [WHEN]: a start in which that call says that it has done something. The audit finds it, and nothing is left.
lie() {
        local status=0
        strace -f -o /dev/null -e "trace=$1" -e "inject=$1:retval=0${2:+:when=$2}" \
                /usr/libexec/fcjail/jailer --id "$ID" --exec-file "$VMM" --uid 891 --gid 892 --daemonize >/tmp/out 2>&1 </dev/null || status=$?
        is 1 "$status"
        grep 'Failed at step audit' /tmp/out || fail "$1: $(cat /tmp/out)"
        [[ ! -e $JAILS/$ID ]]
        is_empty $STATE/vm
}

# What the audit of a start by a unit never meets: the mode of root/, limits, and standard output.
test_lies_are_found() {
        mkdir -p $ROOT # with another mode
        lie fchmod 3 # after that of the record and of the directory of its uid
        lie prlimit64 2+
        ! is_pc || lie dup2 # it is dup3(2) elsewhere
        rmdir $JAILS
}

# Of each kind of leftover one goes, and a live twin stays.
test_gc() {
        local alive dead
        user probeuser --uid 891 --user-group
        # In the place of the jailer.
        start
        ends_with 143 TERM
        ID=vm2 ROOT=$JAILS/vm2/root
        start
        alive=$vmm
        # By hand, with a starter that was killed, and with one that stays.
        vm web1
        by_hand web1
        dead=$(vmm_of web1)
        kill -KILL $helper
        wait $helper || true
        eventually has_ended $dead
        vm web2
        by_hand web2
        # Of a unit.
        vm web3
        systemctl start fcjail@web3
        # Killed before it had made anything; damaged.
        : >$STATE/vm/early
        echo rubbish >$STATE/vm/damaged
        not fcjail gc --dry-run >/tmp/ids 2>/tmp/err
        is "vm1 web1" "$(sort /tmp/ids | xargs)"
        grep "The record /run/fcjail/vm/damaged is damaged" /tmp/err
        [[ -e $STATE/vm/early && -e $STATE/vm/vm1 && -e $STATE/vm/web1 ]]

        not fcjail gc 2>/tmp/err
        is "damaged vm2 web2 web3" "$(cd $STATE/vm && echo *)"
        grep "cleaned up after: 2" /tmp/err
        [[ ! -e $BASE/web1 && -e $BASE/web2 && -e $BASE/web3 ]]
        rm $STATE/vm/damaged
        kill -0 $alive
        answers "$ROOT/run/firecracker.socket"
        is Running "$(fcjail api web2 GET / | jq -r .state)"
        is Running "$(fcjail api web3 GET / | jq -r .state)"
        fcjail gc

        fcjail stop web2
        helper_has_stopped
        systemctl stop fcjail@web3
        kill $alive
        wait $alive || true
        # By its unit, with the capabilities of that.
        systemctl start fcjail-gc.service
        is_empty $STATE/vm
        rm -rf "${JAILS:?}"
        systemctl enable --now -q fcjail-gc.timer
        systemctl is-active fcjail-gc.timer
        systemctl disable --now -q fcjail-gc.timer
}

# What it prints starts the same VM under systemd.
test_convert() {
        rm -f "$ENV/default.env"
        install -D $VMM /usr/local/lib/jailed/firecracker
        mkdir -p $BASE/web1/root
        cp "$ENV/demo.json" $BASE/web1/root/vm.json
        ip netns add blue
        ip -n blue tuntap add tap0 mode tap user 891 group 892
        fcjail convert -- jailer --id web1 --exec-file /usr/local/lib/jailed/firecracker --uid 891 --gid 892 --netns /run/netns/blue \
                --resource-limit no-file=1000 --cgroup pids.max=100 --daemonize -- --config-file /vm.json --api-sock /run/a.sock >/tmp/script
        sh -e /tmp/script
        vmm=$(pid_of web1)
        is "891 891 891 891" "$(grep -w Uid "/proc/$vmm/status" | cut -f 2- | tr '\t' ' ')"
        is "1000" "$(awk '/open files/ { print $4 }' "/proc/$vmm/limits")"
        is 100 "$(systemctl show -P TasksMax fcjail@web1)"
        is "net:[$(stat -L -c %i /run/netns/blue)]" "$(readlink "/proc/$vmm/ns/net")"
        answers $STATE/sock/web1/a.sock
        systemctl stop fcjail@web1
        rm -rf ${BASE:?}/web1 /etc/systemd/system/fcjail@web1.service.d
        # Of metald's, for any VM.
        UNKEY_METALD_JAILER_UID=893 UNKEY_METALD_FIRECRACKER_BINARY=$VMM fcjail convert --metald | sh -e
        systemctl start fcjail@web2
        is "893 893 893 893" "$(grep -w Uid "/proc/$(pid_of web2)/status" | cut -f 2- | tr '\t' ' ')"
        systemctl stop fcjail@web2
        not fcjail convert -- jailer --id a/b >/tmp/out 2>&1
        not fcjail convert -- jailer --id web1 --exec-file /vmm --uid 0 --gid 1 >/tmp/out 2>&1
        grep "runs no VM with uid or gid 0" /tmp/out
        not fcjail convert --metald jailer >/tmp/out 2>&1
}

# watcher_of ID: the process that cleans up after it; nothing if there is none.
watcher_of() {
        pgrep -x fcjail-watcher | while read -r pid; do
                ! tr '\0' '\n' <"/proc/$pid/cmdline" | grep -x -- "$1" >/dev/null || echo "$pid"
        done || true
}

# Nothing of it is the caller's, and it has no more power than it needs.
is_detached() {
        local pid=$1 cap=$2
        is "/dev/null /dev/null /dev/null" "$(readlink /proc/"$pid"/fd/{0,1,2} | xargs)"
        is 'anon_inode:[pidfd]' "$(readlink "/proc/$pid/fd/3")"
        is 4 "$(find "/proc/$pid/fd" -type l | wc -l)"
        is / "$(readlink "/proc/$pid/cwd")"
        is "$pid" "$(ps -o sid= -p "$pid" | tr -d ' ')"
        is 1 "$(status_of "$pid" PPid)"
        is "$cap $cap $cap" "$(status_of "$pid" CapPrm) $(status_of "$pid" CapEff) $(status_of "$pid" CapBnd)"
        is "0000000000000000 0000000000000000 1" "$(status_of "$pid" CapInh) $(status_of "$pid" CapAmb) $(status_of "$pid" NoNewPrivs)"
}

all_is_gone() {
        [[ ! -e $JAILS/$ID && ! -e $STATE/vm/$ID && -z $(watcher_of $ID) ]]
}

# FCJAIL_JAILER_CLEANUP=yes. Who reads what the VMM writes hears of its end, as the watcher holds nothing.
test_cleanup() {
        local watcher words
        echo FCJAIL_JAILER_CLEANUP=yes >"$ENV/jailer.env"
        cd /srv
        start
        cd /
        watcher=$(watcher_of $ID)
        is_detached "$watcher" 000000000000000a # CAP_DAC_OVERRIDE, CAP_FOWNER
        # The VMM has no child, and one watcher is all.
        is '' "$(cat "/proc/$vmm/task/$vmm/children")"
        # What ends the caller's unit is not for the watcher, which waits for the end of the VMM.
        kill -TERM "$watcher"
        kill -HUP "$watcher"
        kill -0 "$watcher"
        ends_with 143 TERM
        eventually all_is_gone
        is_empty $JAILS
        is_empty $STATE/uid
        is '' "$( (jailer --daemonize -- --no-such-option) 2>&1 </dev/null)"
        eventually all_is_gone
        # The exit status, and the end of a pipe.
        words=$( (jailer -- --version) 2>&1)
        grep -qi demo-vmm <<<"$words"
        (jailer -- --no-such-option) >/tmp/out 2>&1 || is 153 $?
        eventually all_is_gone
        rmdir $JAILS
}

test_cleanup_of_what_runs_on() {
        local pid option
        echo FCJAIL_JAILER_CLEANUP=yes >"$ENV/jailer.env"
        for option in --daemonize --new-pid-ns "--new-pid-ns --daemonize"; do
                (jailer $option) >/tmp/out 2>&1 </dev/null
                pid=$(cat "$ROOT/demo-vmm.pid")
                eventually answers "$ROOT/run/firecracker.socket"
                is_detached "$(watcher_of $ID)" 000000000000000a
                # A PID namespace of the VM's has nothing but the VM.
                [[ $option == --daemonize ]] || is "$pid" "$(pgrep -d ' ' --ns "$pid" --nslist pid .)"
                kill -KILL "$pid"
                eventually all_is_gone
        done
        rmdir $JAILS
}

# What others have put there stays, with all that is above it.
test_cleanup_keeps_what_others_have_made() {
        echo FCJAIL_JAILER_CLEANUP=yes >"$ENV/jailer.env"
        mkdir -p "$ROOT"
        echo data >"$ROOT/disk"
        start
        ends_with 143 TERM
        eventually test ! -e "$STATE/vm/$ID"
        is disk "$(cd "$ROOT" && echo *)"
        rm -rf "${JAILS:?}"
}

# A TAP in a namespace that stays.
test_cleanup_of_a_tap() {
        printf '%s\n' FCJAIL_JAILER_CLEANUP=yes FCJAIL_TAP=tap0 >"$ENV/jailer.env"
        ip netns add blue
        mkdir -p "$ROOT"
        cp "$ENV/demo.json" "$ROOT/vm.json"
        start --netns /run/netns/blue -- --config-file /vm.json
        is_detached "$(watcher_of $ID)" 000000000020100a # and CAP_NET_ADMIN, CAP_SYS_ADMIN
        ends_with 143 TERM
        eventually test ! -e "$STATE/vm/$ID"
        is lo "$(ip -n blue -brief link | awk '{ print $1 }')"
        rm -rf "${JAILS:?}"
}

# Whoever starts the same id again at once waits for the watcher.
test_cleanup_and_the_next_start() {
        local i
        echo FCJAIL_JAILER_CLEANUP=yes >"$ENV/jailer.env"
        for i in {1..10}; do
                (jailer -- --version) >/tmp/out 2>&1 || fail "start $i: $(cat /tmp/out)"
        done
        # In the middle of it.
        eventually all_is_gone
        strace -f -o /dev/null -e trace=unlinkat -e inject=unlinkat:delay_enter=200000 \
                /usr/libexec/fcjail/jailer --id $ID --exec-file $VMM --uid 891 --gid 892 -- --version >/tmp/first 2>&1 </dev/null &
        eventually grep -qi demo-vmm /tmp/first
        eventually test ! -e "$ROOT/demo-vmm"
        [[ -e $STATE/vm/$ID ]]
        (jailer -- --version) >/tmp/out 2>&1 || fail "$(cat /tmp/out)"
        wait
        eventually all_is_gone
        # An old watcher does nothing to a new VM.
        start
        eventually is 1 "$(watcher_of $ID | wc -l)"
        answers "$ROOT/run/firecracker.socket"
        ends_with 143 TERM
        eventually all_is_gone
        rmdir $JAILS
}

test_a_watcher_that_is_killed() {
        local watcher
        echo FCJAIL_JAILER_CLEANUP=yes >"$ENV/jailer.env"
        start
        watcher=$(watcher_of $ID)
        kill -KILL "$watcher"
        eventually has_ended "$watcher"
        answers "$ROOT/run/firecracker.socket"
        ends_with 143 TERM
        [[ -e $JAILS/$ID && -e $STATE/vm/$ID ]]
        fcjail gc
        all_is_gone
        rmdir $JAILS
}

# A caller that adopts orphans, and hands that down by its exec.
test_a_watcher_is_no_child_of_a_subreaper() {
        echo FCJAIL_JAILER_CLEANUP=yes >"$ENV/jailer.env"
        (exec perl -e 'syscall('"$(is_pc && echo 157 || echo 167)"', 36, 1, 0, 0, 0) == 0 or die; exec @ARGV' \
                /usr/libexec/fcjail/jailer --id $ID --exec-file $VMM --uid 891 --gid 892) >/tmp/out 2>&1 </dev/null &
        vmm=$!
        eventually answers "$ROOT/run/firecracker.socket"
        is '' "$(cat "/proc/$vmm/task/$vmm/children")"
        is 1 "$(watcher_of $ID | wc -l)"
        ends_with 143 TERM
        eventually all_is_gone
        rmdir $JAILS
}

# Who fails cleans up by himself, and the watcher goes. Without one there is no start.
test_cleanup_after_a_failed_start() {
        local status=0
        echo FCJAIL_JAILER_CLEANUP=yes >"$ENV/jailer.env"
        (jailer --resource-limit no-file=18446744073709551615 -- --version) >/tmp/out 2>&1 || status=$?
        is 1 "$status"
        eventually all_is_gone
        status=0
        strace -f -o /dev/null -e trace=setsid -e inject=setsid:error=EPERM \
                /usr/libexec/fcjail/jailer --id $ID --exec-file $VMM --uid 891 --gid 892 -- --version >/tmp/out 2>&1 </dev/null || status=$?
        is 1 "$status"
        grep 'step launch .*the process that cleans up' /tmp/out
        eventually all_is_gone
        rmdir $JAILS
}

# below PATH: the first four flags of the mount in the jail of $vmm; nothing: there is none.
below() {
        WANTED=$1 awk '$5 == ENVIRON["WANTED"] { split($6, flags, ","); print flags[1] "," flags[2] "," flags[3] "," flags[4] }' "/proc/$vmm/mountinfo"
}

# What a caller has mounted below root/ before the start.
test_mounts_below_the_root() {
        mkdir -p "$ROOT"/{dir,own,"a b/c",dev,stack} /tmp/dir/inner /tmp/own
        touch "$ROOT"/{file,read-only,disk}
        echo one >/tmp/one
        echo two >/tmp/two
        chown 891 /tmp/own
        mount --bind /tmp/one "$ROOT/file"
        mount --bind /tmp/two "$ROOT/read-only"
        mount -o remount,bind,ro "$ROOT/read-only"
        mount --bind /tmp/dir "$ROOT/dir"
        mount -t tmpfs none "$ROOT/dir/inner"
        mount --bind /tmp/own "$ROOT/own"
        mount -t tmpfs none "$ROOT/a b/c"
        mount -t tmpfs none "$ROOT/stack"
        mount -t tmpfs none "$ROOT/stack"
        mount -t tmpfs -o mode=755 none "$ROOT/dev"
        touch "$ROOT/stack/top"
        start
        is one "$(cat "/proc/$vmm/root/file")"
        is two "$(cat "/proc/$vmm/root/read-only")"
        is rw,nosuid,nodev,noexec "$(below /file)"
        is ro,nosuid,nodev,noexec "$(below /read-only)"
        # Of the host's directories the VM writes only its own.
        is ro,nosuid,nodev,noexec "$(below /dir)"
        is ro,nosuid,nodev,noexec "$(below /dir/inner)"
        is rw,nosuid,nodev,noexec "$(below /own)"
        is ro,nosuid,nodev,noexec "$(below '/a\040b/c')"
        is 1 "$(below /stack | wc -l)"
        [[ -e /proc/$vmm/root/stack/top ]]
        # That of the caller is below fcjail's.
        is 1 "$(below /dev | wc -l)"
        [[ -c /proc/$vmm/root/dev/kvm ]]
        # None of them hears of the host, nor the other way round.
        not grep -E 'shared:|master:' "/proc/$vmm/mountinfo"
        mount --bind /tmp/two "$ROOT/disk"
        is '' "$(cat "/proc/$vmm/root/disk")"
        ends_with 143 TERM
        umount -R "$ROOT"/{file,read-only,dir,own,"a b/c",stack,stack,dev,disk}
        rm -r /tmp/{one,two,dir,own}
        forget
}

# A caller's own mount of root/ hides what was mounted before.
test_mounts_that_are_hidden() {
        mkdir -p "$ROOT"
        touch "$ROOT/file"
        echo one >/tmp/one
        mount --bind /tmp/one "$ROOT/file"
        mount --bind "$ROOT" "$ROOT"
        start
        is '' "$(cat "/proc/$vmm/root/file")"
        is '' "$(below /file)"
        ends_with 143 TERM
        umount "$ROOT"
        umount "$ROOT/file"
        rm /tmp/one
        forget
}

# The disk of a guest may be a device, with the flags of the directory that it is in.
test_a_block_device_below_the_root() {
        local device
        truncate -s 1M /tmp/image
        ext4_at /tmp/devices # which makes the nodes
        device=$(losetup -f --show /tmp/image)
        mkdir -p "$ROOT"
        touch "$ROOT/disk" "$ROOT/locked"
        mount --bind "$device" "$ROOT/disk"
        mount --bind "$device" "$ROOT/locked"
        mount -o remount,bind,nodev "$ROOT/locked"
        chown 891 "$device"
        echo '{"boot-source": {"kernel_image_path": "/vm.json"}, "drives": [{"drive_id": "a", "path_on_host": "/disk", "is_root_device": true}]}' >"$ROOT/vm.json"
        start -- --config-file /vm.json
        is rw,nosuid,noexec,relatime "$(below /disk)"
        is rw,nosuid,nodev,noexec "$(below /locked)"
        is "$(stat -c %t:%T "$device")" "$(stat -c %t:%T "/proc/$vmm/root/disk")"
        ends_with 143 TERM
        umount "$ROOT/disk" "$ROOT/locked" /tmp/devices
        losetup -d "$device"
        rm -r /tmp/image "$ROOT/vm.json"
        forget
}

# mounted_is_refused TEXT, with what is mounted at $ROOT/dir.
mounted_is_refused() {
        local status=0
        in_time || status=$?
        is 1 "$status"
        grep -F -- "$1" /tmp/out || fail "$(cat /tmp/out)"
        umount "$ROOT/dir"
}

test_mounts_that_are_refused() {
        local i
        mkdir -p "$ROOT/dir"
        mount -t proc none "$ROOT/dir"
        mounted_is_refused "dir: is mounted in the jail's directory, but a VM must not see what it shows of the host (proc); unmount it, or set FCJAIL_JAILER_MOUNTS=no"
        mount -t sysfs none "$ROOT/dir"
        mounted_is_refused "(sysfs)"
        # Nobody answers.
        [[ -e /dev/fuse ]] || mknod /dev/fuse c 10 229
        if exec {fuse}<>/dev/fuse; then
                mount -i -t fuse -o "fd=$fuse,rootmode=40000,user_id=891,group_id=891" none "$ROOT/dir"
                mounted_is_refused "dir: is mounted in the jail's directory, but is a file system of a user's (fuse)"
                exec {fuse}>&-
        fi
        # It is no longer than the table of mounts.
        mount -t tmpfs none "$ROOT/dir"
        for i in {1..80}; do
                mkdir "$ROOT/dir/$i"
                mount -t tmpfs none "$ROOT/dir/$i"
        done
        not in_time
        grep "is one of more than 64 mounts in the jail's directory; unmount some" /tmp/out

        # Without them it starts.
        echo FCJAIL_JAILER_MOUNTS=no >"$ENV/jailer.env"
        start
        is '' "$(below /dir)"
        ends_with 143 TERM
        umount -R "$ROOT/dir"
        forget
}

# With FCJAIL_JAILER_MOUNTS=live the jail follows the host, and not the other way round.
test_live_mounts() {
        echo FCJAIL_JAILER_MOUNTS=live >"$ENV/jailer.env"
        mkdir -p "$ROOT"
        mount --bind "$ROOT" "$ROOT"
        mount --make-shared "$ROOT"
        touch "$ROOT"/{first,later}
        echo one >/tmp/one
        mount --bind /tmp/one "$ROOT/first"
        start
        is one "$(cat "/proc/$vmm/root/first")"
        mount --bind /tmp/one "$ROOT/later"
        is one "$(cat "/proc/$vmm/root/later")"
        umount "$ROOT/first"
        is '' "$(cat "/proc/$vmm/root/first")"
        # What is mounted where fcjail has mounted comes below that.
        mount -t tmpfs none "$ROOT/dev"
        [[ -c /proc/$vmm/root/dev/kvm ]]
        umount "$ROOT/dev"
        [[ -c /proc/$vmm/root/dev/kvm ]]
        not grep shared: "/proc/$vmm/mountinfo"
        is "$ROOT $ROOT/later" "$(awk -v root="$ROOT" 'index($5, root) == 1 { print $5 }' /proc/self/mountinfo | sort -u | xargs)"
        ends_with 143 TERM
        umount "$ROOT/later"
        umount "$ROOT"
        rm /tmp/one
        forget
}

has_settled() {
        (($(date +%s) - $(stat -c %Z $VMM) > 4))
}

# What should fail.
in_time() {
        timeout -k 5 5 /usr/libexec/fcjail/jailer --id "$ID" --exec-file "$VMM" --uid 891 --gid 892 >/tmp/out 2>&1 </dev/null
}

# A root directory as `fcjail run` makes it: root's, and read-only in the jail.
test_read_only() {
        local text
        eventually has_settled # or nobody would keep a copy of it
        group managers
        user manager -G managers
        user stranger
        printf '%s\n' FCJAIL_JAILER_READ_ONLY=yes FCJAIL_API_GROUP=managers >"$ENV/jailer.env"
        refuses "--api-sock: the VMM cannot make '/api.sock', because FCJAIL_JAILER_READ_ONLY=yes leaves it only /run; give it as /run/NAME" \
                --id vm1 --exec-file $VMM --uid 891 --gid 892 -- --api-sock api.sock
        mkdir -p "$ROOT"
        touch "$ROOT/disk" "$ROOT/kernel"
        chown 891 "$ROOT/disk"
        start
        is "root:root 755" "$(owner "$ROOT")"
        is "0:892 770" "$(stat -c '%u:%g %a' "$ROOT/run")"
        is ro,nosuid,nodev,noexec "$(below /)"
        is rw,nosuid,nodev,noexec "$(below /run)"
        is rw,nosuid,nodev,noexec "$(below /disk)"
        is '' "$(below /kernel)"
        is "$vmm" "$(cat "$ROOT/demo-vmm.pid")"
        runuser -u manager -- curl -s --unix-socket "$ROOT/run/firecracker.socket" http://localhost/ | grep '"state"'
        not runuser -u stranger -- curl -s --unix-socket "$ROOT/run/firecracker.socket" http://localhost/
        ends_with 143 TERM

        # The text is nobody's but root's, so the next VM takes it.
        text=$(stat -c %i "$ROOT/demo-vmm")
        start
        is "$text" "$(stat -c %i "$ROOT/demo-vmm")"
        ends_with 143 TERM
        fcjail cleanup $ID
        is 1 "$(find $JAILS/.texts -type f | wc -l)"
        [[ -e $ROOT/disk && ! -e $ROOT/run ]]
        rm -r "${JAILS:?}"

        # One that has been a VM's is none of root's.
        rm "$ENV/jailer.env"
        start
        ends_with 143 TERM
        touch "$ROOT/file"
        echo FCJAIL_JAILER_READ_ONLY=yes >"$ENV/jailer.env"
        not in_time
        grep "root: belongs to uid 891 with mode 0700; .chown root:root. and .chmod 0755. it" /tmp/out
        rm "$ENV/jailer.env"
        forget
}

# Where root/ is the VM's, run/ is as well.
test_keys_that_need_a_read_only_root() {
        group managers
        echo FCJAIL_API_GROUP=managers >"$ENV/jailer.env"
        refuses "jailer.env:1: FCJAIL_API_GROUP= needs a run/ that is not the VM's; also set FCJAIL_JAILER_READ_ONLY=yes" --id vm1 --exec-file $VMM --uid 891 --gid 892
}

# inodes DIR: of the files in it.
inodes() {
        find "$1" -type f -printf '%i\n' | sort | xargs
}

# With a cleanup the next VM gets the copy; a VM can only have put another file there.
test_recycled_texts() {
        local text
        eventually has_settled
        printf '%s\n' FCJAIL_VMM_TEXT=recycled FCJAIL_JAILER_CLEANUP=yes >"$ENV/jailer.env"
        start
        text=$(stat -c %i "$ROOT/demo-vmm")
        ends_with 143 TERM
        eventually all_is_gone
        is "$text" "$(inodes $JAILS/.texts)"
        start
        is "$text" "$(stat -c %i "$ROOT/demo-vmm")"
        is '' "$(inodes $JAILS/.texts)"
        # As good a copy as the real one, but not the one of this start.
        mv "$ROOT/demo-vmm" "$ROOT/moved"
        cp -p "$ROOT/moved" "$ROOT/demo-vmm"
        is "root:root 511" "$(owner "$ROOT/demo-vmm")"
        ends_with 143 TERM
        eventually is_empty $STATE/vm
        is '' "$(inodes $JAILS/.texts)"
        [[ ! -e $ROOT/demo-vmm ]]
        rm -r "${JAILS:?}"
}

# entries MESSAGE_ID FIELD: of the VM, in this test.
entries() {
        journalctl --sync
        journalctl -q -u "fcjail@$ID" -o json --cursor="$cursor" MESSAGE_ID="$1" | jq -r ".$2"
}

has_an_entry() {
        [[ -n $(entries "$@") ]]
}

test_a_start_is_in_the_journal() {
        local started=b09c938b74f04056a901bf901bf76215
        start
        eventually has_an_entry $started FCJAIL_PID
        is "$vmm 891" "$(entries $started FCJAIL_PID) $(entries $started FCJAIL_UID)"
        is "Started VM 'vm1' as process $vmm, uid 891, about to be executed" "$(entries $started MESSAGE)"
        (($(entries $started FCJAIL_USEC_COPY) > 0 && $(entries $started FCJAIL_USEC_AUDIT) > 0))
        # The caller's standard error has nothing of it.
        not grep fcjail: /tmp/out
        fcjail timeline $ID | grep copy
        is "$vmm" "$(fcjail timeline --json $ID | jq '.starts[0].pid')"
        ends_with 143 TERM
        forget
}

test_a_failed_start_is_in_the_journal() {
        local status=0 failed
        mkdir -p "$ROOT/demo-vmm/file"
        (jailer) >/tmp/out 2>&1 </dev/null || status=$?
        is 1 "$status"
        is 1 "$(grep -c "^fcjail: Failed at step tree of 'vm1'" /tmp/out)"
        failed=$(journalctl -q -u "fcjail@$ID" -o json --cursor="$cursor" FCJAIL_STEP=tree | jq -r .FCJAIL_OBJECT)
        is "$ROOT/demo-vmm" "$failed"
        rm -r "${JAILS:?}"
}

# Nobody misses it.
test_without_a_journal() {
        mount -t tmpfs none /run/systemd/journal
        start
        not grep fcjail: /tmp/out
        ends_with 143 TERM
        rm "$ROOT/demo-vmm"
        mkdir -p "$ROOT/demo-vmm/file"
        not in_time
        grep "^fcjail: Failed at step" /tmp/out
        umount /run/systemd/journal
        rm -r "$ROOT/demo-vmm"
        forget
}

# fill_journal: until its queue takes nothing more. A sender has room for less than that.
fill_journal() {
        local status=0
        while ((status == 0)); do
                perl -MSocket -e '
                        socket(S, AF_UNIX, SOCK_DGRAM, 0) && connect(S, pack_sockaddr_un("/run/systemd/journal/socket")) or die $!;
                        send(S, "MESSAGE=filler\n", MSG_DONTWAIT) or exit 4;
                        1 while send(S, "MESSAGE=filler\n", MSG_DONTWAIT);' || status=$?
        done
        is 4 $status
}

# The exec waits for the end of the process that sends the entry.
test_a_journal_that_takes_nothing() {
        local journald i began took fastest=1000000
        journald=$(systemctl show -P MainPID systemd-journald)
        kill -STOP "$journald"
        fill_journal
        for i in 1 2 3; do
                began=$(date +%s%3N)
                start
                took=$(($(date +%s%3N) - began))
                ((took >= fastest)) || fastest=$took
                ends_with 143 TERM
        done
        kill -CONT "$journald"
        forget
        ((fastest < 1000)) || fail "starts with a journal that takes nothing took $fastest ms and more"
}

# The watcher is no parent of the VMM, but the kernel tells it.
test_an_end_is_in_the_journal() {
        local ended=309dbdf5e7124e93aef9576e3094b16c
        echo FCJAIL_JAILER_CLEANUP=yes >"$ENV/jailer.env"
        start
        ends_with 143 TERM
        eventually has_an_entry $ended FCJAIL_END
        if dpkg --compare-versions "$(uname -r)" ge 6.15; then
                is "killed killed TERM" "$(entries $ended FCJAIL_END) $(entries $ended EXIT_CODE) $(entries $ended EXIT_STATUS)"
                entries $ended MESSAGE | grep "VM 'vm1' has ended after .* (signal TERM)"
        else
                is unknown "$(entries $ended FCJAIL_END)"
        fi
        (($(entries $ended FCJAIL_UPTIME_USEC) > 0))
        is_empty $STATE/vm
        rmdir $JAILS
}

# FCJAIL_JAILER_ROOT=yes: root in name only.
test_root() {
        local pid none=0000000000000000 option
        local -a ids=(--id vm1 --exec-file "$VMM" --uid 0 --gid 0)
        refuses "--uid is 0, but fcjail runs no VMM as root; give each VM an id of its own, or set FCJAIL_JAILER_ROOT=yes" "${ids[@]}"
        refuses "--gid is 0" "${ids[@]:0:4}" --uid 891 --gid 0
        ip netns add blue
        echo FCJAIL_JAILER_ROOT=yes >"$ENV/jailer.env"
        printf '%s\n' FCJAIL_JAILER_ROOT=yes FCJAIL_JAILER_READ_ONLY=yes FCJAIL_VMM_TEXT=recycled >"$ENV/jailer.env"
        refuses "A VM with uid or gid 0 needs a copy of the VMM that no other VM had; remove FCJAIL_VMM_TEXT=recycled" "${ids[@]}" --netns /run/netns/blue --new-pid-ns
        echo FCJAIL_JAILER_ROOT=yes >"$ENV/jailer.env"
        # What a capability does not protect.
        refuses "needs a network namespace of its own; give --netns" "${ids[@]}" --new-pid-ns
        refuses "needs a PID namespace of its own; give --new-pid-ns or --daemonize" "${ids[@]}" --netns /run/netns/blue
        printf '%s\n' FCJAIL_JAILER_ROOT=yes FCJAIL_SECCOMP=off >"$ENV/jailer.env"
        refuses "needs fcjail's own system call filter; remove FCJAIL_SECCOMP=" "${ids[@]}" --netns /run/netns/blue --new-pid-ns
        printf '%s\n' FCJAIL_JAILER_ROOT=yes FCJAIL_VMM_TEXT=shared >"$ENV/jailer.env"
        refuses "needs a copy of the VMM, as it would own the host's; remove FCJAIL_VMM_TEXT=shared" "${ids[@]}" --netns /run/netns/blue --new-pid-ns
        echo FCJAIL_JAILER_ROOT=yes >"$ENV/jailer.env"

        for option in --daemonize --new-pid-ns; do
                /usr/libexec/fcjail/jailer "${ids[@]}" --netns /run/netns/blue $option >/tmp/out 2>&1 </dev/null
                is 1 "$(grep -c "VM 'vm1' runs with uid 0 and gid 0" /tmp/out)"
                pid=$(cat "$ROOT/demo-vmm.pid")
                eventually answers "$ROOT/run/firecracker.socket"
                is "0 0 0 0" "$(grep -w Uid "/proc/$pid/status" | cut -f 2- | tr '\t' ' ')"
                is "0 0 0 0" "$(grep -w Gid "/proc/$pid/status" | cut -f 2- | tr '\t' ' ')"
                is "$none $none $none $none $none" "$(awk '/^Cap/ { print $2 }' "/proc/$pid/status" | xargs)"
                is "1 2" "$(status_of "$pid" NoNewPrivs) $(status_of "$pid" Seccomp)"
                is "$pid 1" "$(awk '/^NSpid/ { print $2, $3 }' "/proc/$pid/status")"
                is "root:root 700" "$(owner "$JAILS/$ID")"
                is "root:root 700" "$(owner "$ROOT")"
                # Without a capability nobody reads it, so its memory is nobody's.
                is "root:root 111" "$(owner "$ROOT/demo-vmm")"
                kill -KILL "$pid"
                eventually has_ended "$pid"
                # By its record.
                fcjail cleanup $ID
                rm -rf "${JAILS:?}"
        done
        # A uid of its own needs none of this.
        start
        is 891 "$(status_of $vmm Uid)"
        ends_with 143 TERM
        forget
}

# What root's VM makes there is root's.
test_root_in_a_directory_of_everybodys() {
        local status=0
        ip netns add blue
        echo FCJAIL_JAILER_ROOT=yes >"$ENV/jailer.env"
        install -d -m 755 "$JAILS" "$JAILS/$ID"
        /usr/libexec/fcjail/jailer --id $ID --exec-file $VMM --uid 0 --gid 0 --netns /run/netns/blue --daemonize >/tmp/out 2>&1 || status=$?
        is 1 "$status"
        grep "$JAILS/$ID: has mode 0755, so that others could execute" /tmp/out
        rm -rf "${JAILS:?}"
}

# What the VMM sees of itself: the same as with any other uid.
test_the_jail_of_root() {
        ip netns add blue
        echo FCJAIL_JAILER_ROOT=yes >"$ENV/jailer.env"
        install -d -m 755 "$JAILS"
        install -d -m 700 "$JAILS/$ID"
        mkdir "$ROOT"
        echo '{}' >"$ROOT/vm.json"
        /usr/libexec/fcjail/jailer --id $ID --exec-file $VMM --uid 0 --gid 0 --netns /run/netns/blue --new-pid-ns -- \
                --probe --no-api --config-file /vm.json >/tmp/out 2>&1 </dev/null
        eventually grep '^{"uid"' /tmp/out
        grep '^{"uid"' /tmp/out >/tmp/json
        sees '[0,0,0]' .uid
        sees '[]' .groups
        sees '["0000000000000000"]' '[.caps[]] | unique'
        sees '[1,2,0]' '[.no_new_privs, .seccomp, .dumpable]'
        sees 239 .securebits
        kill -KILL "$(cat "$ROOT/demo-vmm.pid")"
        eventually fcjail cleanup $ID
        rm -rf "${JAILS:?}"
}

# cgroup_of PID: in the unified hierarchy.
cgroup_of() {
        sed -n 's/^0:://p' "/proc/$1/cgroup"
}

test_the_parent_cgroup_of_version_2() {
        mkdir /sys/fs/cgroup/vms
        start --cgroup-version 2 --parent-cgroup vms/.
        is /vms "$(cgroup_of $vmm)"
        ends_with 143 TERM
        rmdir /sys/fs/cgroup/vms
        forget
        # None is made for that.
        start --cgroup-version 2 --parent-cgroup vms
        [[ ! -e /sys/fs/cgroup/vms ]]
        ends_with 143 TERM
        forget
}

# Some controller that a group can have and whose file takes "max".
test_cgroups_of_version_2() {
        local file pid
        case " $(cat /sys/fs/cgroup/cgroup.controllers) " in
        *" pids "*) file=pids.max ;;
        *" hugetlb "*) file=hugetlb.2MB.max ;;
        *) return 0 ;;
        esac
        mkdir /sys/fs/cgroup/init
        # Groups with children have no processes of their own.
        while read -r pid; do
                echo "$pid" >/sys/fs/cgroup/init/cgroup.procs 2>/dev/null || true
        done < <(cat /sys/fs/cgroup/cgroup.procs)
        start --cgroup-version 2 --cgroup $file=max --parent-cgroup vms/blue
        is /vms/blue/$ID "$(cgroup_of $vmm)"
        ends_with 143 TERM
        forget
        # Ours alone is removed.
        [[ -e /sys/fs/cgroup/vms/blue && ! -e /sys/fs/cgroup/vms/blue/$ID ]]
        rmdir /sys/fs/cgroup/vms/blue /sys/fs/cgroup/vms
}

# A new cpuset of version 1 takes no process until it has CPUs and memory.
test_cgroups_of_version_1() {
        local v1=/tmp/v1 parent=fcjail-test.$$
        mkdir -p $v1
        mount -t cgroup -o cpuset none $v1 2>/dev/null || return 0 # version 2 has this controller here
        start --parent-cgroup $parent//a/ --cgroup cpuset.mems=0 --cgroup cpuset.cpus=0
        is "0 0" "$(cat $v1/$parent/a/$ID/cpuset.{cpus,mems} | tr '\n' ' ' | sed 's/ $//')"
        is "$(cat $v1/cpuset.cpus)" "$(cat $v1/$parent/a/cpuset.cpus)"
        grep -x "$vmm" $v1/$parent/a/$ID/tasks
        grep -q "cpuset:.*/$parent/a/$ID$" "/proc/$vmm/cgroup"
        ends_with 143 TERM
        forget
        [[ ! -e $v1/$parent/a/$ID ]]
        rmdir $v1/$parent/a $v1/$parent
        umount $v1
}

main "$@"

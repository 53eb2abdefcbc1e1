# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2317
# A start, with each of its system calls made to fail, to lie, or to be its last one; and a cleanup likewise.
#
# FCJAIL_LONG=1 takes all points; otherwise a sample (tests/seed).
# shellcheck source-path=SCRIPTDIR source=../lab/lib.sh
LONG=${FCJAIL_LONG:-}
. "$(dirname "$0")/../lab/lib.sh"

HERE=$(dirname "$0")
LANES=2
INSIDE=1 # the process that becomes the VMM, as inject(1) counts them
# EPERM EINTR EIO ENOMEM EBUSY EINVAL EMFILE ENOSYS
ERRNOS="1 4 5 12 16 22 24 38"

# bound LANE: the settings of what is bound, on a file system that has idmapped mounts. Near the root, because the observer
# does not look deep: a disk of root's, a kernel of root's, and a log that each start makes for somebody.
bound() {
        local dir=/vms/$1
        ext4_at /vms
        mkdir -p "$dir/logs"
        chown 4321:4322 "$dir/logs"
        (umask 077 && echo disk >"$dir/disk" && echo kernel >"$dir/kernel")
        jq -n --arg dir "$dir" '{"boot-source": {kernel_image_path: ($dir + "/kernel")},
                drives: [{drive_id: "d", path_on_host: ($dir + "/disk"), is_root_device: false}],
                logger: {log_path: ($dir + "/logs/log")}}' >"$dir/vm.json"
        printf '%s\n' "FCJAIL_CONFIG=$dir/vm.json" "FCJAIL_VMM_ARGS=--look $dir/disk $dir/kernel $dir/logs/log"
}

# What must be as it was in the end: what is on disk, mounted, in the namespaces, and running.
host() {
        local i
        find "$STATE" "${BASE%/*}" /run/netns /vms ! -name log ! -path "$STATE/kept" ! -path "$TEXTS*" -printf '%p %M %U %G %l\n' | sort
        cat /proc/self/mountinfo
        ip -brief link | awk '{ print $1 }'
        for ((i = 0; i < LANES; i++)); do
                ip netns exec "lane$i" ip -brief link | awk '{ print $1 }'
        done
        cat /proc/[0-9]*/comm 2>/dev/null | grep -xE 'fcjail|firecracker|observer|inject' || true
}

is_as_before() {
        diff <(echo "$before") <(host)
}

# A copy of the VMM for each lane, which it takes and gives back.
fill_pool() {
        local text
        while (($(date +%s) - $(stat -c %Z /usr/local/bin/observer) <= 4)); do
                sleep 0.2
        done
        rm -rf "$TEXTS"
        fcjail run lane0 >/tmp/out 2>&1 </dev/null || was_executed
        text=$(ls "$TEXTS")
        mv "$TEXTS/$text" "$BASE/.spare"
        fcjail run lane1 >/tmp/out 2>&1 </dev/null || was_executed
        mv "$BASE/.spare" "$TEXTS/$text"
}

# What a start consists of.
CALLS=/tmp/calls
lanes() {
        local i text=${TEXT:-private}
        holders=()
        rm -f /tmp/lane*.start
        [[ -x /usr/local/bin/inject ]] || skip "for x86_64 only"
        for ((i = 0; i < LANES; i++)); do
                vm "lane$i" FCJAIL_VMM=/usr/local/bin/observer FCJAIL_READY=exec "FCJAIL_UID=$((700000 + i))" \
                        "FCJAIL_NETNS=lane$i" "FCJAIL_VMM_TEXT=$text" "$(bound "lane$i")"
                ip netns add "lane$i"
                ip netns exec "lane$i" sleep infinity &
                holders[i]=$!
        done
        # The first start of all has more to do.
        fcjail run lane0 >/tmp/out 2>&1 </dev/null || was_executed
        [[ $text != recycled ]] || fill_pool
        before=$(host)
        rm /vms/lane0/logs/log
        echo record | inject /tmp/out -- fcjail run lane0 | grep -vE ' exit(_group)? ' >"$CALLS"
}

# sample WANTED: of the jobs in /tmp/all, all in the long run. Not in a pipeline, which would keep $of to itself.
sample() {
        local n
        n=$(wc -l </tmp/all)
        # Coprime to the number of errnos, so that each call meets each of them in time; and not fewer than wanted.
        awk -v stride="$((n / $1 > 0 ? (n / $1 - 1) | 1 : 1))" -v seed="$SEED" -v long="$LONG" \
                'long != "" || (NR + seed) % stride == 0' /tmp/all >/tmp/jobs
        [[ -n $LONG ]] || of=" of $n (seed $SEED)"
}

# run_lanes MODE AT-LEAST: so many /tmp/jobs to /tmp/results, all lanes at once.
run_lanes() {
        local i pid pids=()
        (($(wc -l </tmp/jobs) >= $2)) || fail "only $(wc -l </tmp/jobs) points, and $2 were expected at least"
        for ((i = 0; i < LANES; i++)); do
                awk -v n="$LANES" -v i="$i" 'NR % n == i' /tmp/jobs |
                        bash "$HERE/lane" "lane$i" "${holders[i]}" "$1" >"/tmp/results.$i" &
                pids+=($!)
        done
        for pid in "${pids[@]}"; do
                wait "$pid"
        done
        cat /tmp/results.* >/tmp/results
        is "$(wc -l </tmp/jobs)" "$(wc -l </tmp/results)"
        # A start may take another turn now and then, but what was missed has not been tested.
        (($(count missed) * 50 <= $(wc -l </tmp/jobs))) || fail "$(count missed) points were missed"
}

# How many results there are but those.
met() {
        echo $(($(wc -l </tmp/results) - $(count missed)))
}

# judge TABLE OUTCOME…: every result has one of these, or is "same" and in the table; prints what is not. A row of
# the table: process, call, occurrences, errnos or "lie" (each of them "*" or several with commas), and the reason.
judge() {
        local table=$1
        shift
        awk -v good=" $* " -v table="$table" '
                function has(list, item) { return list == "*" || index("," list ",", "," item ",") }
                FILENAME == table { if ($0 ~ /^[^#]/) row[++rows] = $0; next }
                index(good, " " $5 " ") { next }
                $5 == "same" {
                        for (i = 1; i <= rows; i++) {
                                split(row[i], r, " ")
                                if (has(r[1], $1) && has(r[2], $2) && has(r[3], $3) && has(r[4], $4))
                                        next
                        }
                }
                { print; bad = 1 }
                END { exit bad }' "$table" /tmp/results
}

rows() {
        grep -c '^[^#]' "$HERE/$1" || true
}

count() {
        grep -c " $1\$" /tmp/results || true
}

end_lanes() {
        local i
        eventually is_as_before || is_as_before
        for ((i = 0; i < LANES; i++)); do
                kill "${holders[i]}"
                ip netns del "lane$i"
        done
}

# A cleanup, when everything was made.
cleanup_calls() {
        echo "1 execve 1 killall" | inject /tmp/out -- fcjail run lane0 >/dev/null
        echo record | inject /tmp/out -- fcjail cleanup lane0 | grep -vE ' exit(_group)? '
}

each_errno() {
        awk -v errnos="$ERRNOS" '{ n = split(errnos, e, " "); for (i = 1; i <= n; i++) print $1, $2, $3, e[i] }'
}

test_P3_errors() {
        local of=''
        lanes
        each_errno <"$CALLS" >/tmp/all
        # Of eight errnos half of the calls meet one; other commits take other points.
        sample 600
        run_lanes errors 500
        judge "$HERE/tolerated.txt" refused late missed
        figure "$(met)$of points, $(count refused) without a VMM, $(count late) after its exec, $(count same) tolerated (table of $(rows tolerated.txt) rows), 0 with another jail"
        end_lanes
}

# The last of each kind that INSIDE makes, which are the audit's, and each that looks at a file or file system, after it has
# tried to become root again: in every sample, so that each of its findings is met.
test_P3_errors_of_the_audit() {
        local of=''
        lanes
        awk '$2 == "execve" { over = 1 }
                $2 == "setgid" { files = 1 }
                !over && $1 == 1 {
                        kind = $2 == "prctl" ? $2 $4 : files && $2 ~ /^(newfstatat|statfs)$/ ? $2 $3 : $2
                        last[kind] = $1 " " $2 " " $3 " 1"
                }
                END { for (kind in last) print last[kind] }' "$CALLS" | sort >/tmp/jobs
        run_lanes errors 40
        judge "$HERE/tolerated.txt" refused late missed
        figure "$(met) points, $(count refused) without a VMM, $(count late) after its exec, $(count same) tolerated (table of $(rows tolerated.txt) rows)"
        end_lanes
}

test_P3_errors_of_a_cleanup() {
        local of=''
        lanes
        cleanup_calls | each_errno >/tmp/all
        sample 200
        run_lanes cleanups 100
        judge /dev/null cleaned missed
        figure "$(met)$of points: what says that it has cleaned up has left nothing, and the next cleanup leaves nothing"
        end_lanes
}

# Calls that do something for the jail, less those that only ask: of prctl(2) and fcntl(2) by their number, of
# rt_sigaction(2) and rt_sigprocmask(2) by what they pass, of setfsuid(2) by the impossible uid.
acts() {
        awk -v inside="$INSIDE" '
                $2 == "prctl" { if ($4 ~ /^(1|4|8|24|28|38)$/ || $4 == 47 && $5 == 4) print; next }
                $2 == "clone" || $2 == "write" { if ($1 == inside) print; next }
                $2 == "fcntl" { if ($5 == 37) print; next }
                $2 ~ /^rt_sig/ { if ($5 != 0) print; next }
                $2 ~ /^setfs/ { if ($4 < 4294967295) print; next }
                $2 ~ /^(bind|capset|chdir|chroot|close_range|dup3|fchdir|fchmod|flock|fsconfig|ftruncate|ioctl|keyctl|mkdirat|mknodat|mount|mount_setattr|move_mount|open_tree|pivot_root|renameat2|seccomp|sendmsg|sendto|setgid|setgroups|setns|setresgid|setresuid|setsid|setsockopt|setuid|setxattr|symlinkat|umask|umount2|unshare|waitid)$/' "$CALLS"
}

test_P4_lies() {
        local of=''
        lanes
        acts | awk '{ print $1, $2, $3, "lie" }' >/tmp/jobs
        run_lanes errors 200
        judge "$HERE/lies.txt" refused late missed
        figure "$(met) points, $(count refused) found out, $(($(count late) + $(count same))) that change nothing (all in the table of $(rows lies.txt) rows)"
        end_lanes
}

# INSIDE reads the mask after all else that may change it: sigaction(3) of glibc 2.41 does.
test_P4_the_signal_mask_is_read_last() {
        lanes
        grep -n -e '^1 rt_sigaction' -e '^1 rt_sigprocmask' "$CALLS" | tail -n 1 | grep -E ':1 rt_sigprocmask [0-9]+ 0 0$'
        end_lanes
}

# What an earlier life has left is removed before the VMM could see it, or else it does not get to run. The same jail
# needs no reason here: of two removals one was enough, or there was nothing to remove. Up to the exec; what comes
# after it is the way out.
test_P4_lies_about_an_earlier_life() {
        local of=''
        lanes
        bash "$HERE/lane" lane0 "${holders[0]}" plant </dev/null
        echo record | inject /tmp/out -- fcjail run lane0 | awk '
                $2 == "execve" { over = 1 }
                !over && $2 ~ /^(unlinkat|mkdirat|ftruncate|getdents64|symlinkat)$/ { print $1, $2, $3, "lie" }' >/tmp/jobs
        run_lanes lives 20
        judge /dev/null refused same missed
        figure "$(met) points, $(count refused) found out, $(count same) with a jail that holds nothing old"
        end_lanes
}

test_P5_kills() {
        local of='' starts
        lanes
        awk '{ print $1, $2, $3, "kill"; print $1, $2, $3, "killall" }' "$CALLS" >/tmp/all
        sample 200
        run_lanes kills 200
        judge /dev/null restarted missed
        starts="$(met)$of points of a start"

        of=''
        cleanup_calls | awk '{ print $1, $2, $3, "kill"; print $1, $2, $3, "killall" }' >/tmp/all
        sample 100
        run_lanes cleanups 50
        judge /dev/null cleaned missed
        figure "$starts, then $(met)$of of a cleanup: each time the next start or cleanup succeeded, and nothing was left"
        end_lanes
}

# Where a copy of the VMM comes from the pool and goes back. What INSIDE does is the same as without.
pool_lanes() {
        TEXT=recycled lanes
        not grep -q ' splice ' "$CALLS" || fail "the VMM was copied"
        grep -q ' renameat2 ' "$CALLS"
        grep '^0 ' "$CALLS" >/tmp/outside
        mv /tmp/outside "$CALLS"
}

test_P3_errors_with_a_pool() {
        local of='' starts
        pool_lanes
        each_errno <"$CALLS" >/tmp/all
        sample 200
        run_lanes errors 150
        judge "$HERE/tolerated.txt" refused late missed
        starts="$(met)$of points of a start, $(count refused) without a VMM, $(count late) after its exec, $(count same) tolerated"

        of=''
        cleanup_calls | each_errno >/tmp/all
        sample 100
        run_lanes cleanups 50
        judge /dev/null cleaned missed
        figure "$starts; $(met)$of of a cleanup: what says that it has cleaned up has left nothing"
        end_lanes
}

test_P4_lies_with_a_pool() {
        pool_lanes
        acts | awk '{ print $1, $2, $3, "lie" }' >/tmp/jobs
        run_lanes errors 40
        judge "$HERE/lies.txt" refused late missed
        figure "$(met) points, $(count refused) found out, $(($(count late) + $(count same))) that change nothing (all in the table of $(rows lies.txt) rows)"
        end_lanes
}

test_P5_kills_with_a_pool() {
        local of=''
        pool_lanes
        awk '{ print $1, $2, $3, "killall" }' "$CALLS" >/tmp/all
        sample 100
        run_lanes kills 50
        judge /dev/null restarted missed
        figure "$(met)$of points of a start: each time the next start succeeded, and nothing was left"
        end_lanes
}

# A start in the cage: what differs from one without, which is what OUTSIDE does to open it, and what INSIDE does from the moment
# when it enters it until the cage is gone again.
caged_lanes() {
        fcjail cage make
        lanes
        is 3 "$(grep -c '^1 setns ' "$CALLS")"
        awk '$1 == 0 && $2 ~ /^(ioctl|fstatfs)$/ { print }
                $1 == 1 && $2 == "setns" && $3 == 3 { begun = 1 }
                $1 == 1 && begun && !over { print }
                $1 == 1 && $2 == "umount2" { over = 1 }' "$CALLS" >/tmp/caged
        mv /tmp/caged "$CALLS"
}

end_caged_lanes() {
        end_lanes
        fcjail cage remove
}

test_P3_errors_in_the_cage() {
        local of=''
        caged_lanes
        each_errno <"$CALLS" >/tmp/all
        sample 150
        run_lanes errors 100
        judge "$HERE/tolerated.txt" refused late missed
        figure "$(met)$of points, $(count refused) without a VMM, $(count late) after its exec, $(count same) tolerated (table of $(rows tolerated.txt) rows)"
        end_caged_lanes
}

test_P4_lies_in_the_cage() {
        local of=''
        caged_lanes
        acts | awk '{ print $1, $2, $3, "lie" }' >/tmp/jobs
        run_lanes errors 30
        cat "$HERE/lies.txt" "$HERE/cage-lies.txt" >/tmp/lies.txt
        judge /tmp/lies.txt refused late missed
        figure "$(met) points, $(count refused) found out, $(($(count late) + $(count same))) that change nothing (all in tables of $(rows lies.txt) rows, and $(rows cage-lies.txt) for the cage)"
        end_caged_lanes
}

test_P5_kills_in_the_cage() {
        local of=''
        caged_lanes
        awk '{ print $1, $2, $3, "killall" }' "$CALLS" >/tmp/all
        sample 50
        run_lanes kills 30
        judge /dev/null restarted missed
        figure "$(met)$of points of a start: each time the next start succeeded, and nothing was left"
        end_caged_lanes
}

# Lanes in which the TAP takes over an interface, which is somebody else's and outlives the VM.
redirected_lanes() {
        local i
        lanes
        for ((i = 0; i < LANES; i++)); do
                ip -n "lane$i" link add eth0 up type veth peer name "end$i"
                sed -i 's/^FCJAIL_TAP=.*/FCJAIL_TAP=tap0,redirect=eth0/' "$ENV/lane$i.env"
        done
        before=$(host)
        record_messages
}

# Lanes with an uplink, which needs a network namespace of the VM's own.
uplink_lanes() {
        local i
        ip link add br9 up type bridge
        lanes
        for ((i = 0; i < LANES; i++)); do
                sed -i -e '/^FCJAIL_NETNS=/d' -e 's/^FCJAIL_TAP=.*/FCJAIL_TAP=tap0/' "$ENV/lane$i.env"
                echo "FCJAIL_UPLINK=bridge=br9,mac=06:00:ac:10:00:0$i" >>"$ENV/lane$i.env"
        done
        record_messages
}

end_uplink_lanes() {
        end_lanes
        ip link del br9
}

record_messages() {
        echo record | inject /tmp/out -- fcjail run lane0 | awk '$1 == 1 && $2 ~ /^(sendmsg|recvmsg)$/' >"$CALLS"
}

nothing_is_redirected() {
        local i
        for ((i = 0; i < LANES; i++)); do
                not grep . <<<"$(ip netns exec "lane$i" tc qdisc show dev eth0 ingress)"
        done
}

# At each message to or from the kernel.
test_P5_kills_of_a_redirect() {
        redirected_lanes
        awk '{ print $1, $2, $3, "killall" }' "$CALLS" >/tmp/jobs
        run_lanes kills 20
        judge /dev/null restarted missed
        nothing_is_redirected
        figure "$(met) points: each time the next start took the interface over, and the cleanup gave it back"
        end_lanes
}

test_P4_lies_about_a_redirect() {
        redirected_lanes
        awk '$2 == "sendmsg" { print $1, $2, $3, "lie" }' "$CALLS" >/tmp/jobs
        run_lanes errors 10
        judge "$HERE/lies.txt" refused late missed
        nothing_is_redirected
        figure "$(met) points, $(count refused) found out, $(($(count late) + $(count same))) that change nothing (all in the table of $(rows lies.txt) rows)"
        end_lanes
}

test_P5_kills_of_an_uplink() {
        uplink_lanes
        awk '{ print $1, $2, $3, "kill"; print $1, $2, $3, "killall" }' "$CALLS" >/tmp/jobs
        run_lanes kills 20
        judge /dev/null restarted missed
        figure "$(met) points: each time the next start found the name free, and nothing was left"
        end_uplink_lanes
}

test_P4_lies_about_an_uplink() {
        uplink_lanes
        awk '$2 == "sendmsg" { print $1, $2, $3, "lie" }' "$CALLS" >/tmp/jobs
        run_lanes errors 10
        judge "$HERE/lies.txt" refused late missed
        figure "$(met) points, $(count refused) found out, $(($(count late) + $(count same))) that change nothing (all in the table of $(rows lies.txt) rows)"
        end_uplink_lanes
}

test_P3_errors_of_an_uplink() {
        local of=''
        uplink_lanes
        each_errno <"$CALLS" >/tmp/all
        sample 120
        run_lanes errors 100
        judge "$HERE/tolerated.txt" refused late missed
        figure "$(met)$of points, $(count refused) without a VMM, $(count late) after its exec, $(count same) tolerated (table of $(rows tolerated.txt) rows)"
        end_uplink_lanes
}

# jailer_lanes [KEY=VALUE…]: lanes in which the VM is started in the place of Firecracker's jailer, with these settings: process 0
# becomes the VMM, its child is OUTSIDE.
jailer_lanes() {
        local i
        lanes
        printf '%s\n' "$@" >"$ENV/jailer.env"
        install -D /usr/local/bin/observer /usr/local/lib/jailed/firecracker
        for ((i = 0; i < LANES; i++)); do
                printf '%s\n' /usr/libexec/fcjail/jailer --id "lane$i" --exec-file /usr/local/lib/jailed/firecracker \
                        --uid $((700000 + i)) --gid $((700000 + i)) --netns "/run/netns/lane$i" >"/tmp/lane$i.start"
        done
        mapfile -t starter </tmp/lane0.start
        "${starter[@]}" >/tmp/out 2>&1 </dev/null
        fcjail cleanup lane0
        echo record | inject /tmp/out -- "${starter[@]}" | grep -vE ' exit(_group)? ' >"$CALLS"
        fcjail cleanup lane0
        before=$(host)
}

end_jailer_lanes() {
        rm /tmp/lane*.start "$ENV/jailer.env"
        end_lanes
}

test_P3_errors_in_the_place_of_the_jailer() {
        local of=''
        jailer_lanes
        each_errno <"$CALLS" >/tmp/all
        sample 200
        run_lanes errors 150
        judge "$HERE/jailer-tolerated.txt" refused late missed
        figure "$(met)$of points, $(count refused) without a VMM, $(count late) after its exec, $(count same) tolerated (table of $(rows jailer-tolerated.txt) rows)"
        end_jailer_lanes
}

test_P4_lies_in_the_place_of_the_jailer() {
        local of=''
        jailer_lanes
        INSIDE=0
        acts | awk '{ print $1, $2, $3, "lie" }' >/tmp/jobs
        run_lanes errors 150
        judge "$HERE/jailer-lies.txt" refused late missed
        figure "$(met) points, $(count refused) found out, $(($(count late) + $(count same))) that change nothing (all in the table of $(rows jailer-lies.txt) rows)"
        end_jailer_lanes
}

test_P5_kills_in_the_place_of_the_jailer() {
        local of=''
        jailer_lanes
        awk '{ print $1, $2, $3, "kill"; print $1, $2, $3, "killall" }' "$CALLS" >/tmp/all
        sample 100
        run_lanes kills 80
        judge /dev/null restarted missed
        figure "$(met)$of points: each time the next start succeeded, and its cleanup left nothing"
        end_jailer_lanes
}

# The watcher is process 2. What it does meets with a lock, and a record that is another's by now.
test_P3_errors_with_a_watcher() {
        local of=''
        jailer_lanes FCJAIL_JAILER_CLEANUP=yes
        awk '$1 == 2' "$CALLS" | each_errno >/tmp/all
        sample 100
        run_lanes errors 80
        judge "$HERE/jailer-tolerated.txt" refused late missed
        figure "$(met)$of points of the watcher, $(count refused) without a VMM, $(count late) after its exec, $(count same) tolerated (table of $(rows jailer-tolerated.txt) rows)"
        end_jailer_lanes
}

test_P5_kills_with_a_watcher() {
        local of=''
        jailer_lanes FCJAIL_JAILER_CLEANUP=yes
        awk '$1 >= 1 { print $1, $2, $3, "kill"; print $1, $2, $3, "killall" }' "$CALLS" >/tmp/all
        sample 60
        run_lanes kills 40
        judge /dev/null restarted missed
        figure "$(met)$of points: each time the next start succeeded, and its cleanup left nothing"
        end_jailer_lanes
}

# Calls that an older kernel, or a filter around fcjail, does not have: all of them fail.
MISSING="acct close_range dup3 fsopen fsconfig fsmount getrandom keyctl mount_setattr move_mount openat2 open_tree pidfd_open
pidfd_send_signal poll prctl prlimit64 seccomp setns setxattr signalfd4 socketpair statx unshare waitid"

test_P11_missing_features() {
        local call unused=()
        lanes
        for call in $MISSING; do
                if awk -v call="$call" '$2 == call { found = 1 } END { exit !found }' "$CALLS"; then
                        echo "* $call * 38"
                else
                        unused+=("$call")
                fi
        done >/tmp/jobs
        run_lanes errors 15
        judge "$HERE/tolerated.txt" refused late
        figure "$(wc -l </tmp/results) calls denied: $(($(count late) + $(count same))) times all works, $(count refused) times the start is refused, 0 half${unused[*]:+; no start makes ${unused[*]}}"
        end_lanes
}

main "$@"

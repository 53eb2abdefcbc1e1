# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2317
# The cage: a mount namespace that holds nothing, in which starts begin.
# shellcheck source-path=SCRIPTDIR source=../lab/lib.sh
. "$(dirname "$0")/../lab/lib.sh"

CAGE=$STATE/cage

is_caged() {
        is nsfs "$(stat -f -c %T "$CAGE/mnt")"
}

# What a VM has mounted: names, flags and propagation, without the numbers that differ from start to start.
mounts_of() {
        sed -E 's/^[0-9]+ [0-9]+ [0-9]+:[0-9]+ //' "/proc/$(vmm_of "$1")/mountinfo"
}

# fails ID TEXT: a start of its unit, which says so.
fails() {
        not systemctl start "fcjail@$1"
        says "$1" "$2"
        systemctl reset-failed
        is_gone "$1"
}

test_a_unit_brings_the_cage_along() {
        systemctl stop fcjail-cage
        [[ ! -e $CAGE ]]
        vm a
        systemctl start fcjail@a
        is active "$(systemctl is-active fcjail-cage)"
        is_caged
        is 700 "$(stat -c %a "$CAGE")"
        is private "$(findmnt -n -o PROPAGATION "$CAGE")"
        systemctl stop fcjail@a
        is_caged
        ended_well a
}

# By systemd, and by hand.
mounts_in_each_way() {
        vm a
        systemctl start fcjail@a
        mounts_of a
        systemctl stop fcjail@a
        by_hand a >&2
        mounts_of a
        fcjail stop a
        wait "$helper" || true
}

test_the_mounts_of_a_vm_are_the_same_without_it() {
        systemctl restart fcjail-cage
        mounts_in_each_way >/tmp/with
        is_caged
        is 8 "$(wc -l </tmp/with)"
        not grep -E 'shared|master|propagate' /tmp/with
        without_the_cage
        mounts_in_each_way >/tmp/without
        [[ ! -e $CAGE ]]
        diff /tmp/with /tmp/without
}

test_vms_outlive_it() {
        local pid
        systemctl restart fcjail-cage
        vm a
        systemctl start fcjail@a
        pid=$(pid_of a)
        systemctl restart fcjail-cage
        systemctl daemon-reload
        is_caged
        systemctl stop fcjail-cage
        is "$pid" "$(pid_of a)"
        unit_is a active
        fcjail api a GET / | grep -q Running
        systemctl restart fcjail-cage
        systemctl stop fcjail@a
        ended_well a
}

test_what_is_mounted_later_can_be_bound() {
        local late=/mnt/late
        systemctl restart fcjail-cage
        mkdir -p "$late"
        mount -t tmpfs late "$late"
        echo later >"$late/file"
        vm a "FCJAIL_BIND_RO=$late/file:/late"
        systemctl start fcjail@a
        is later "$(cat "/proc/$(pid_of a)/root/late")"
        is 5 "$(mounts_of a | wc -l)"
        systemctl stop fcjail@a
        umount "$late"
        ended_well a
}

CAPS="CAP_SYS_ADMIN CAP_NET_ADMIN CAP_MKNOD CAP_SYS_CHROOT CAP_SETUID CAP_SETGID CAP_SETPCAP"
PLANTED="is not the empty mount namespace that fcjail has made; run \`systemctl restart fcjail-cage.service\`"

# start_is_refused STATUS COMMAND…
start_is_refused() {
        local status=0
        timeout 30 "${@:2}" >/tmp/out 2>&1 </dev/null || status=$?
        is "$1" "$status"
        grep -F "$CAGE: $PLANTED" /tmp/out
}

test_what_is_planted_in_it_stops_a_start_until_it_is_made_again() {
        local pid
        systemctl restart fcjail-cage
        vm a
        vm b
        systemctl start fcjail@b
        pid=$(pid_of b)
        plant "$CAGE/mnt"
        fails a "$CAGE: $PLANTED"
        start_is_refused 71 fcjail run a
        start_is_refused 1 /usr/libexec/fcjail/jailer --id vm1 --exec-file /usr/local/bin/demo-vmm --uid 891 --gid 892
        rm -rf /srv/jailer/demo-vmm
        fcjail cleanup vm1
        user cageuser --uid 891 --user-group
        unit a User=cageuser "AmbientCapabilities=$CAPS"
        fails a "$CAGE: $PLANTED"
        rm -r /run/systemd/system/fcjail@a.service.d
        systemctl daemon-reload
        fcjail doctor >/tmp/doctor || true
        grep -F "$CAGE: is not the empty mount namespace" /tmp/doctor
        systemctl restart fcjail-cage
        systemctl start fcjail@a
        systemctl stop fcjail@a
        is "$pid" "$(pid_of b)"
        ended_well a
}

# needs_the_remedy TEXT: a start is refused with that, and goes on after what the message says.
needs_the_remedy() {
        local status=0
        fails a "$CAGE: $1"
        not fcjail cage make >/tmp/out 2>&1
        grep -F "$CAGE: $1; find out who has changed it; then run \`umount -R $CAGE\`, \`rm -r $CAGE\`" /tmp/out
        fcjail check a >/tmp/check 2>&1 || status=$?
        is 77 "$status"
        umount -R "$CAGE" || true
        rm -r "$CAGE"
        systemctl restart fcjail-cage
        is_caged
}

test_what_is_no_cage_is_refused() {
        local status=0
        systemctl restart fcjail-cage
        vm a
        umount "$CAGE/mnt"
        mount --bind /proc/self/ns/uts "$CAGE/mnt"
        fails a "$CAGE: has a namespace of another kind"
        fcjail check a >/tmp/check 2>&1 || status=$?
        is 77 "$status"
        grep -F "$CAGE" /tmp/check
        umount "$CAGE/mnt"

        rm "$CAGE/mnt"
        ln -s /proc/1/ns/mnt "$CAGE/mnt"
        fails a "$CAGE: has a link in the place of a namespace"
        systemctl restart fcjail-cage
        is_caged

        chmod 0755 "$CAGE"
        needs_the_remedy "is not root's alone"
        fcjail cage remove
        ln -s /tmp "$CAGE"
        needs_the_remedy "is not a directory"
        fcjail cage remove
        echo text >"$CAGE"
        needs_the_remedy "is not a directory"
        systemctl start fcjail@a
        systemctl stop fcjail@a
        ended_well a
}

test_without_the_pin_a_start_copies_the_hosts_mounts() {
        systemctl restart fcjail-cage
        umount "$CAGE/mnt"
        vm a
        systemctl start fcjail@a
        systemctl stop fcjail@a
        ended_well a
        fcjail doctor >/tmp/doctor || true
        grep -F "$CAGE: has no mount namespace that can be seen from here" /tmp/doctor
        fcjail check a >/tmp/check 2>&1
        grep -F "$CAGE: has no mount namespace that can be seen from here, so a start copies the host's mounts" /tmp/check
        # What is stale is replaced, and what is not stays.
        fcjail cage make
        is_caged
        stat -L -c %i "$CAGE/mnt" >/tmp/first
        fcjail cage make
        is "$(cat /tmp/first)" "$(stat -L -c %i "$CAGE/mnt")"
        exec 9<"$CAGE/mnt" # or the new one may get its number
        systemctl restart fcjail-cage
        is_caged
        [[ $(cat /tmp/first) != "$(stat -L -c %i "$CAGE/mnt")" ]]
        fcjail doctor >/tmp/doctor || true
        grep -F "$CAGE: is there, so starts do not copy the host's" /tmp/doctor
}

# systemd gives it a mount namespace, and that has no pin of a mount namespace.
test_a_unit_with_mounts_of_its_own_does_without() {
        local mounts
        systemctl restart fcjail-cage
        vm a
        systemctl start fcjail@a
        mounts=$(mounts_of a)
        systemctl stop fcjail@a
        unit a PrivateTmp=yes 'ExecStartPre=/bin/sh -c "stat -f -c %%T /run/fcjail/cage/mnt >/run/seen"'
        systemctl start fcjail@a
        not grep -q nsfs /run/seen
        is_caged
        is "$mounts" "$(mounts_of a)"
        systemctl stop fcjail@a

        unit a ProtectSystem=strict ReadWritePaths=/run/fcjail ReadWritePaths=/srv/jailer
        systemctl start fcjail@a
        is "$mounts" "$(mounts_of a)"
        systemctl stop fcjail@a
        ended_well a
}

# The numbers of namespaces come from one batch for each CPU, and only a higher one than the maker's can be pinned. So in a mount
# namespace that was made on one CPU it may be impossible on another.
test_it_can_be_made_on_each_cpu() {
        local cpu other i pids=()
        systemctl stop fcjail-cage
        for cpu in $(seq 0 $(($(nproc) - 1))); do
                for other in $(seq 0 $(($(nproc) - 1))); do
                        taskset -c "$cpu" unshare --mount --propagation private --pid --fork --mount-proc taskset -c "$other" \
                                bash -ec 'fcjail cage make; stat -f -c %T /run/fcjail/cage/mnt' >/tmp/out 2>&1
                        grep -x nsfs /tmp/out
                done
        done
        fcjail cage remove # where nothing is mounted on the directory
        for cpu in $(seq 0 $(($(nproc) - 1))); do
                taskset -c "$cpu" fcjail cage remove
                [[ ! -e $CAGE ]]
                taskset -c "$cpu" fcjail cage make
                is_caged
        done
        # And by several at a time, of which one makes it.
        fcjail cage remove
        for i in 1 2 3 4 5 6; do
                fcjail cage make >"/tmp/make.$i" 2>&1 &
                pids[i]=$!
        done
        for i in 1 2 3 4 5 6; do
                wait "${pids[i]}"
        done
        is 1 "$(cat /tmp/make.* | grep -c 'The cage is made')"
        is 1 "$(grep -c " $CAGE " /proc/self/mountinfo)"
        is 1 "$(grep -c " $CAGE/mnt " /proc/self/mountinfo)"
        fcjail cage remove
        not grep " $CAGE" /proc/self/mountinfo
}

# made_with INJECTION: by strace, which also follows the process that becomes the cage.
made_with() {
        rm -f /tmp/strace
        timeout -s KILL 30 strace -f -o /tmp/strace -e "trace=${1%%:*}" -e "inject=$1" fcjail cage make >/tmp/out 2>&1
}

nothing_is_pinned() {
        [[ ! -e $CAGE ]] && not grep -q " $CAGE" /proc/self/mountinfo
}

test_errors_and_kills_while_it_is_made() {
        local call n made=0
        systemctl stop fcjail-cage
        for call in open_tree move_mount mount mkdirat unshare setns clone fsopen fsmount pivot_root umount2 ioctl; do
                for n in 1 2 3; do
                        if made_with "$call:error=EIO:when=$n"; then
                                is_caged
                        fi
                        fcjail cage remove
                        nothing_is_pinned

                        made_with "$call:signal=KILL:when=$n" || made=$((made + 1))
                        fcjail cage make
                        is_caged
                        is 1 "$(grep -c " $CAGE/mnt " /proc/self/mountinfo)"
                        fcjail cage remove
                        nothing_is_pinned
                done
        done
        ((made >= 15)) || fail "only $made of the kills were met"
}

# What the kernel only claims to have done.
test_a_lie_while_it_is_made_is_seen() {
        local call
        systemctl stop fcjail-cage
        for call in mount:retval=0:when=1 mount:retval=0:when=2 move_mount:retval=0:when=1 \
                unshare:retval=0:when=1 pivot_root:retval=0 umount2:retval=0:when=1; do
                made_with "$call" || true
                grep -q INJECTED /tmp/strace
                if [[ -e $CAGE ]]; then
                        # It is what it always is, or a start refuses it.
                        fcjail doctor >/tmp/doctor || true
                        grep -F "  ok      $CAGE: is there" /tmp/doctor
                        is private "$(findmnt -n -o PROPAGATION "$CAGE")"
                fi
                fcjail cage remove
                nothing_is_pinned
        done
}

# refuses_to_make WHAT: at its name or at that of its lock is something else, which stays as it is.
refuses_to_make() {
        timeout 10 fcjail cage make >/tmp/out 2>&1 && fail "$1 was taken for its own"
        is "$victim" "$(stat -c '%n %a %u %s %y' /tmp/victim /tmp/victim/*)"
        not grep " $CAGE" /proc/self/mountinfo
}

test_what_has_its_names_is_not_followed() {
        local victim
        systemctl stop fcjail-cage
        mkdir -p /tmp/victim
        echo text >/tmp/victim/mnt
        chmod 0700 /tmp/victim
        victim=$(stat -c '%n %a %u %s %y' /tmp/victim /tmp/victim/*)

        ln -s /tmp/victim "$CAGE"
        refuses_to_make "a link to a directory"
        rm "$CAGE"
        mkfifo "$CAGE"
        refuses_to_make "a FIFO"
        rm "$CAGE"
        echo text >"$CAGE"
        refuses_to_make "a file"
        is text "$(cat "$CAGE")"
        rm "$CAGE"
        ln -sf /tmp/victim/mnt "$STATE/cage.lock"
        refuses_to_make "a link to a file"
        rm "$STATE/cage.lock"
        fcjail cage make
        is_caged
        fcjail cage remove
}

test_the_unit() {
        local unit=/lib/systemd/system/fcjail-cage.service
        is '' "$(systemd-analyze verify --man=no "$unit" 2>&1)"
        # No directive of it, nor of that of the VMs, makes systemd give it a mount namespace.
        systemctl restart fcjail-cage
        is_caged
        is "Wants=fcjail-cage.service" "$(grep ^Wants= "/lib/systemd/system/fcjail@.service")"
}

# That is no sign of somebody who has planted something.
test_a_unit_that_may_not_enter_it_says_so() {
        systemctl restart fcjail-cage
        vm a
        unit a 'RestrictNamespaces=~mnt'
        fails a "Failed at step mounts of 'a': mount namespace: Operation not permitted"
        not journal_has a "root's alone"
        not setpriv --bounding-set=-sys_admin --inh-caps=-sys_admin fcjail cage make >/tmp/out 2>&1
        grep -Fx "fcjail: Failed to make the cage: $CAGE: Operation not permitted" /tmp/out
        is_caged
}

# There, to remove a name would take the pin from the host, and to make one would be of use to nobody.
test_in_another_mount_namespace_it_is_neither_made_nor_removed() {
        local operation first status=0 dropin=/run/systemd/system/fcjail-cage.service.d
        systemctl restart fcjail-cage
        first=$(stat -L -c %i "$CAGE/mnt")
        for operation in make remove; do
                not unshare --mount --propagation slave fcjail cage "$operation" >/tmp/out 2>&1
                grep "Failed to $operation the cage: this mount namespace is not that of PID 1; run" /tmp/out
                is_caged
        done
        not unshare --mount sh -c 'mount -t tmpfs none /proc && exec fcjail cage remove' >/tmp/out 2>&1
        grep "Failed to tell whether this mount namespace is that of PID 1: /proc/1/mountinfo: No such file" /tmp/out

        # As a drop-in for all services of a site has it.
        mkdir -p "$dropin"
        printf '[Service]\nPrivateTmp=yes\n' >"$dropin/site.conf"
        systemctl daemon-reload
        not systemctl restart fcjail-cage || status=1
        rm -r "$dropin"
        systemctl daemon-reload
        systemctl reset-failed
        is 0 "$status"
        journalctl -q -u fcjail-cage -o cat --cursor="$cursor" | grep 'Failed to remove the cage: this mount namespace' >/dev/null
        journalctl -q -u fcjail-cage -o cat --cursor="$cursor" | grep 'Failed to make the cage: this mount namespace' >/dev/null
        is "$first" "$(stat -L -c %i "$CAGE/mnt")"
        systemctl restart fcjail-cage
        is_caged
}

# A start waits for the unit, but not for ever.
test_one_that_hangs_stops_no_other_for_ever() {
        local tracer
        is 20s "$(systemctl show -p TimeoutStartUSec --value fcjail-cage)"
        is 20s "$(systemctl show -p TimeoutStopUSec --value fcjail-cage)"
        systemctl stop fcjail-cage
        strace -f -o /tmp/strace -e trace=pivot_root -e inject=pivot_root:delay_enter=60s fcjail cage make >/tmp/first 2>&1 &
        tracer=$!
        eventually test -e "$CAGE"
        not timeout 19 fcjail cage make >/tmp/out 2>&1
        grep "Another .fcjail cage. has held $STATE/cage.lock for 10 seconds" /tmp/out
        vm a
        systemctl start fcjail@a
        unit_is a active
        systemctl stop fcjail@a
        kill -KILL "$(pgrep -P "$tracer" | head -n 1)" "$tracer"
        wait "$tracer" || true
        systemctl reset-failed
        systemctl restart fcjail-cage
        is_caged
        ended_well a
}

# Without descriptors 0 to 2, what it opens would be where it writes its messages.
test_it_is_made_without_standard_descriptors() {
        systemctl stop fcjail-cage
        fcjail cage make <&- >&- 2>&-
        is_caged
        fcjail cage remove <&- >&- 2>&-
        nothing_is_pinned
}

test_usage() {
        local status=0
        fcjail cage mend >/tmp/out 2>&1 || status=$?
        is 64 "$status"
        status=0
        setpriv --reuid 4321 --regid 4321 --clear-groups fcjail cage make >/tmp/out 2>&1 || status=$?
        is 77 "$status"
}

main "$@"

# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2317
# Who a VM is: ids and uids, chosen, given, shared, refused, and from systemd.
# shellcheck source-path=SCRIPTDIR source=../lab/lib.sh
. "$(dirname "$0")/../lab/lib.sh"

# uids ID: the four uids of the VMM, space separated.
uids() {
        grep '^Uid:' "/proc/$(pid_of "$1")/status" | cut -f2- | tr '\t' ' '
}

test_given_uid_and_gid() {
        vm web1 FCJAIL_UID=4711 FCJAIL_GID=4712
        systemctl start fcjail@web1
        is "4711 4711 4711 4711" "$(uids web1)"
        is 4712 "$(status_of "$(pid_of web1)" Gid)"
        is "web1" "$(readlink "$STATE/uid/4711" | cut -d/ -f1)"
        is "0:4712 770" "$(stat -c '%u:%g %a' "$BASE/web1/root/run")"
}

test_the_same_id_gets_the_same_uid_again() {
        local first
        vm web1
        systemctl start fcjail@web1
        first=$(uids web1)
        systemctl restart fcjail@web1
        is "$first" "$(uids web1)"
}

test_a_uid_in_use_is_refused() {
        vm web1 FCJAIL_UID=4711
        vm web2 FCJAIL_UID=4711
        systemctl start fcjail@web1
        not systemctl start fcjail@web2
        says web2 "Failed at step uid of 'web2': uid 4711: belongs to the running VM 'web1'"
        is_gone web2
        systemctl stop fcjail@web1
        systemctl start fcjail@web2
}

test_a_uid_is_shared_if_both_say_so() {
        vm web1 FCJAIL_UID=4711 FCJAIL_SHARED_UID=yes
        vm web2 FCJAIL_UID=4711 FCJAIL_SHARED_UID=yes
        vm web3 FCJAIL_UID=4711
        systemctl start fcjail@web1 fcjail@web2
        is "$(uids web1)" "$(uids web2)"
        not systemctl start fcjail@web3
        systemctl stop fcjail@web1
        not systemctl start fcjail@web3
        systemctl stop fcjail@web2
        systemctl start fcjail@web3
}

test_a_range_that_is_used_up_is_said() {
        vm web1 FCJAIL_UID_RANGE=5000-5001
        vm web2 FCJAIL_UID_RANGE=5000-5001
        vm web3 FCJAIL_UID_RANGE=5000-5001
        systemctl start fcjail@web1 fcjail@web2
        not systemctl start fcjail@web3
        says web3 "all uids of 5000-5001 are in use"
}

# with_file ID: something in its root/ that outlives the VM, as an operator has put it there.
with_file() {
        mkdir -p "$BASE/$1/root"
        : >"$BASE/$1/root/file"
}

# web1 and web3 begin at the same uid of this range.
test_an_id_keeps_its_uid_while_its_jail_is_there() {
        local first third
        vm web1 FCJAIL_UID_RANGE=5000-5001
        vm web3 FCJAIL_UID_RANGE=5000-5001
        with_file web1
        with_file web3
        systemctl start fcjail@web1
        systemctl start fcjail@web3
        first=$(uids web1)
        third=$(uids web3)
        systemctl stop fcjail@web1 fcjail@web3
        systemctl start fcjail@web3
        is "$third" "$(uids web3)"
        systemctl start fcjail@web1
        is "$first" "$(uids web1)"
        systemctl stop fcjail@web1 fcjail@web3
        rm "$BASE"/web[13]/root/file
        # Of an id that leaves nothing nothing is remembered.
        systemctl restart fcjail@web1 fcjail@web3
        systemctl stop fcjail@web1 fcjail@web3
        is_empty "$STATE/kept"
}

test_a_uid_that_owns_files_of_another_jail_comes_last() {
        local first
        vm web1 FCJAIL_UID_RANGE=5000-5001
        vm web3 FCJAIL_UID_RANGE=5000-5001
        vm web5 FCJAIL_UID_RANGE=5000-5001
        with_file web1
        systemctl start fcjail@web1
        first=$(uids web1)
        systemctl stop fcjail@web1
        systemctl start fcjail@web3
        not is "$first" "$(uids web3)"
        systemctl start fcjail@web5
        is "$first" "$(uids web5)"
        rm -r "${BASE:?}/web1"
}

test_a_uid_of_others_is_not_given_out() {
        user alice --uid 5000
        grep -q ^alice:5002: /etc/subuid || echo alice:5002:10 >>/etc/subuid
        vm web1 FCJAIL_UID_RANGE=5000-5010
        vm web3 FCJAIL_UID_RANGE=5000-5010
        systemctl start fcjail@web1
        is "5001 5001 5001 5001" "$(uids web1)"
        not systemctl start fcjail@web3
        says web3 "all uids of 5000-5010 are in use, or belong to others in /etc/passwd or /etc/subuid"
        # Who names one means it, and `check` says whose it is.
        vm web3 FCJAIL_UID=5000
        systemctl start fcjail@web3
        fcjail check web3 2>&1 | grep "uid 5000: belongs to 'alice' in /etc/passwd"
        userdel alice
        sed -i '/^alice:/d' /etc/subuid
}

test_settings_of_metald() {
        printf '%s\n' UNKEY_METALD_JAILER_UID=1000 UNKEY_METALD_JAILER_GID=1001 \
                UNKEY_METALD_JAILER_CHROOT_DIR=/srv/jailer FCJAIL_VMM=/usr/local/bin/demo-vmm \
                "FCJAIL_CONFIG=$ENV/demo.json" >"$ENV/web1.env"
        cp "$ENV/web1.env" "$ENV/web2.env"
        systemctl start fcjail@web1 fcjail@web2
        is "1000 1000 1000 1000" "$(uids web1)"
        is "1000 1000 1000 1000" "$(uids web2)"
        is 1001 "$(status_of "$(pid_of web2)" Gid)"
}

# User= and AmbientCapabilities= of the unit: the identity is systemd's.
test_user_of_the_unit() {
        vm web1
        user vmuser --uid 890 --user-group
        unit web1 User=vmuser \
                AmbientCapabilities="$(sed -n 's/^CapabilityBoundingSet=//p' /lib/systemd/system/fcjail@.service)"
        systemctl start fcjail@web1
        is "890 890 890 890" "$(uids web1)"
        is 0000000000000000 "$(status_of "$(pid_of web1)" CapAmb)"
        is 0000000000000000 "$(status_of "$(pid_of web1)" CapBnd)"
        in_netns_of web1 ping -q -c 1 -W 2 172.16.0.2
        systemctl stop fcjail@web1
        ended_well web1
}

test_user_without_capabilities_is_refused() {
        vm web1
        unit web1 User=nobody
        not systemctl start fcjail@web1
        says web1 "without the capabilities to become root"
        is 77 "$(systemctl show -P ExecMainStatus fcjail@web1)"
}

# A shell of root that newgrp(1) or sg(1) has started; only a unit means a VM's group by its own.
test_by_hand_the_group_of_a_root_shell_is_not_the_vms() {
        vm web1 FCJAIL_UID=4711
        by_hand web1 setpriv --regid adm --clear-groups
        is "0:4711" "$(stat -c %u:%g "$BASE/web1/root/run")"
        fcjail stop web1
        helper_has_stopped

        unit web1 Group=adm
        systemctl start fcjail@web1
        is "0:$(getent group adm | cut -d: -f3)" "$(stat -c %u:%g "$BASE/web1/root/run")"
}

test_a_group_that_no_vm_may_have_is_refused() {
        vm web1
        unit web1 Group=nogroup
        not systemctl start fcjail@web1
        says web1 "Group= of the unit is gid 65534, which no VM may have"
        is 78 "$(systemctl show -P ExecMainStatus fcjail@web1)"
        is_gone web1
        unit web1 Group=fcjail
        not systemctl start fcjail@web1
        says web1 ", which is also the group that may use the API"
        is_gone web1
}

test_dynamic_user() {
        local uid
        vm web1
        unit web1 DynamicUser=yes User=vm-web1 ReadWritePaths="/run/fcjail /srv/jailer" \
                AmbientCapabilities="$(sed -n 's/^CapabilityBoundingSet=//p' /lib/systemd/system/fcjail@.service)"
        systemctl start fcjail@web1
        uid=$(status_of "$(pid_of web1)" Uid)
        ((uid >= 61184 && uid <= 65519))
        in_netns_of web1 ping -q -c 1 -W 2 172.16.0.2
        systemctl stop fcjail@web1
        ended_well web1
}

test_missing_capability_is_named() {
        vm web1
        unit web1 CapabilityBoundingSet= CapabilityBoundingSet="CAP_SYS_ADMIN CAP_NET_ADMIN CAP_SYS_CHROOT CAP_SETUID CAP_SETGID CAP_SETPCAP"
        not systemctl start fcjail@web1
        says web1 "Capability cap_mknod is missing"
        is 77 "$(systemctl show -P ExecMainStatus fcjail@web1)"
}

# start ID: and until the starting process, which has the id's lock after READY=1 for a moment, is gone.
start() {
        systemctl start "fcjail@$1"
        eventually not pgrep -x fcjail
}

test_an_id_in_use_is_refused_by_hand_and_left_alone() {
        local status=0
        vm web1
        start web1
        fcjail run web1 >/tmp/out 2>&1 || status=$?
        is 75 "$status"
        grep "Failed at step state of 'web1': web1: a VM with this id is already running as process $(pid_of web1)" /tmp/out
        in_netns_of web1 ping -q -c 1 -W 2 172.16.0.2
}

test_an_id_in_use_by_hand_is_refused_to_systemd_which_cleans_nothing() {
        vm web1
        by_hand web1
        not systemctl start fcjail@web1
        says web1 "another fcjail is starting, running or cleaning up a VM with this id"
        is Running "$(fcjail api web1 GET / | jq -r .state)"
        fcjail stop web1
        helper_has_stopped
        is_gone web1
}

test_cleanup_of_a_running_vm_is_refused() {
        local status=0
        vm web1
        start web1
        fcjail cleanup web1 2>/tmp/out || status=$?
        is 75 "$status"
        grep "running as process $(pid_of web1); stop it first" /tmp/out
        # As ExecStopPost= of another invocation: nothing, successfully.
        INVOCATION_ID=0123456789abcdef0123456789abcdef bash -c 'SYSTEMD_EXEC_PID=$$ exec fcjail cleanup web1'
        in_netns_of web1 ping -q -c 1 -W 2 172.16.0.2
}

# is_left_alone ID: neither a cleanup nor another start touches the VM.
is_left_alone() {
        local status=0
        fcjail cleanup "$1" 2>/tmp/out || status=$?
        is 75 "$status"
        grep "running as process $(pid_of "$1"); stop it first" /tmp/out
        status=0
        fcjail run "$1" >/tmp/out 2>&1 </dev/null || status=$?
        is 75 "$status"
        grep "a VM with this id is already running as process $(pid_of "$1")" /tmp/out
        in_netns_of "$1" ping -q -c 1 -W 2 172.16.0.2
}

# As in a container, where another file is mounted over the kernel's and ProtectProc= brings that back.
test_a_vm_that_saw_another_boot_id_is_alive() {
        local first second boot_id=/proc/sys/kernel/random/boot_id
        echo 01234567-89ab-cdef-0123-456789abcdef >/tmp/boot_id
        for first in BindReadOnlyPaths=/tmp/boot_id:$boot_id ProtectProc=invisible; do
                [[ $first == Bind* ]] || mount --bind /tmp/boot_id "$boot_id"
                for second in ProtectProc=default ProtectProc=invisible; do
                        vm web1 FCJAIL_UID=4711
                        vm web2 FCJAIL_UID=4711
                        unit web1 "$first"
                        unit web2 "$second"
                        start web1
                        not grep -x "BOOT_ID=$(tr -d - <"$boot_id")" "$STATE/vm/web1"
                        not systemctl start fcjail@web2
                        says web2 "Failed at step uid of 'web2': uid 4711: belongs to the running VM 'web1'"
                        is_left_alone web1
                        systemctl stop fcjail@web1
                        is_gone web1
                done
        done
        umount "$boot_id"
}

# As in a container that shares /run/fcjail: there the pid is that of another process, or of none.
test_a_vm_of_another_pid_namespace_is_not_dead() {
        local status=0 there=(unshare --pid --fork --mount-proc)
        vm web1 FCJAIL_UID=4711
        vm web2 FCJAIL_UID=4711
        start web1
        "${there[@]}" fcjail cleanup web1 >/tmp/out 2>&1 || status=$?
        is 71 "$status"
        grep -x "fcjail: Cannot determine whether the VMM of 'web1' is running: it was started in another PID namespace" /tmp/out
        status=0
        "${there[@]}" fcjail run web1 >/tmp/out 2>&1 </dev/null || status=$?
        is 75 "$status"
        grep "cannot determine whether a VM with this id is running: it was started in another PID namespace; if none is, remove" /tmp/out
        status=0
        "${there[@]}" fcjail run web2 >/tmp/out 2>&1 </dev/null || status=$?
        is 75 "$status"
        grep "uid 4711: may belong to VM 'web1', but fcjail cannot determine whether that is running: it was started in another" /tmp/out
        in_netns_of web1 ping -q -c 1 -W 2 172.16.0.2
        systemctl stop fcjail@web1
        ended_well web1
        is_gone web1
}

# As after a boot with a record of the boot before, in which that process is the VMM.
test_a_process_that_has_the_pid_and_start_time_by_accident_is_not_killed() {
        local other status=0
        vm web1
        by_hand web1
        kill -KILL "$helper" "$(vmm_of web1)"
        wait "$helper" || true
        sleep infinity &
        other=$!
        sed -i "s/^BOOT_ID=.*/BOOT_ID=0123456789abcdef0123456789abcdef/
                s/^VMM=.*/VMM=$other $(cut -d' ' -f22 "/proc/$other/stat")/" "$STATE/vm/web1"
        fcjail stop web1 >/tmp/out 2>&1 || status=$?
        is 71 "$status"
        status=0
        fcjail cleanup web1 >/tmp/out 2>&1 || status=$?
        is 75 "$status"
        grep "running as process $other; stop it first, or, if that process is not a VMM, remove /run/fcjail/vm/web1" /tmp/out
        kill "$other"
        wait "$other" || true
        wait "$other" || true
        fcjail cleanup web1
        is_gone web1
}

# A shell that systemd has started has an INVOCATION_ID, too, which all that is started from it have in common.
test_cleanup_of_a_vm_from_the_same_shell_is_refused() {
        local status=0 INVOCATION_ID=0123456789abcdef0123456789abcdef SYSTEMD_EXEC_PID=$$
        export INVOCATION_ID SYSTEMD_EXEC_PID
        vm web1
        by_hand web1
        fcjail cleanup web1 2>/tmp/out.2 || status=$?
        is 75 "$status"
        grep "running as process\|Another fcjail is starting" /tmp/out.2
        is Running "$(fcjail api web1 GET / | jq -r .state)"
        fcjail stop web1
        helper_has_stopped
        is_gone web1
}

# Who may read the record may lock it. That is not done in silence.
test_a_cleanup_that_is_locked_out_says_so() {
        vm web1
        start web1
        python3 - "$STATE/vm/web1" <<'EOF' &
import fcntl, struct, sys, time
f = open(sys.argv[1])
fcntl.fcntl(f, 37, struct.pack("hhqqi4x", fcntl.F_RDLCK, 0, 0, 0, 0))  # F_OFD_SETLK
time.sleep(100)
EOF
        local locker=$!
        eventually grep "OFDLCK.*READ" /proc/locks
        systemctl stop fcjail@web1
        says web1 "Failed to clean up 'web1': another process has locked its record"
        kill "$locker"
        wait "$locker" || true
        fcjail cleanup web1
        is_gone web1
        systemctl reset-failed
}

# /proc that hides processes: OUTSIDE cannot see INSIDE once that has given up its privileges.
test_the_record_names_the_vmm_where_proc_hides_it() {
        local i
        group procgroup
        mount -o "remount,hidepid=2,gid=$(getent group procgroup | cut -d: -f3)" /proc
        vm web1
        unit web1 ProtectProc=ptraceable
        for ((i = 0; i < 10; i++)); do
                systemctl start fcjail@web1
                is "$(pid_of web1)" "$(vmm_of web1)"
                systemctl stop fcjail@web1
        done
        mount -o remount,hidepid=0,gid=0 /proc
        is_gone web1
}

# Where /proc hides them, another process that has got the pid looks like the VMM. It is the VM's only if the VM's uid may
# signal it.
test_another_process_with_the_pid_is_not_killed_where_proc_hides_it() {
        local other status=0
        vm web1
        by_hand web1
        kill -KILL "$helper" "$(vmm_of web1)"
        wait "$helper" || true
        sleep infinity &
        other=$!
        group procgroup
        mount -o "remount,hidepid=2,gid=$(getent group procgroup | cut -d: -f3)" /proc
        sed -i "s/^VMM=[0-9]*/VMM=$other/" "$STATE/vm/web1"
        setpriv --inh-caps=-sys_ptrace --bounding-set=-sys_ptrace fcjail stop web1 >/tmp/out 2>&1 || status=$?
        mount -o remount,hidepid=0,gid=0 /proc
        is 71 "$status"
        grep "Failed to kill the VMM of 'web1', process $other" /tmp/out
        kill "$other"
        wait "$other" || true
        fcjail cleanup web1
        is_gone web1
}

# Of a long search only the end is written down.
test_the_record_holds_one_uid() {
        vm web1 FCJAIL_UID_RANGE=5000-5001
        vm web3 FCJAIL_UID_RANGE=5000-5001 # begins at the same one
        systemctl start fcjail@web1 fcjail@web3
        is 11 "$(grep -c '^UID=' "$STATE/vm/web1")$(grep -c '^UID=' "$STATE/vm/web3")"
        is "UID=5000 UID=5001" "$(sed -n '/^UID=/p' "$STATE/vm/web1" "$STATE/vm/web3" | sort | xargs)"
}

# Whoever could open it could lock it, and no VM would start any more.
test_the_uid_records_are_for_root_alone() {
        vm web1
        start web1
        is "0:0 700" "$(stat -c '%u:%g %a' "$STATE/uid")"
        chmod 0755 "$STATE/uid"
        systemctl restart fcjail@web1
        is "0:0 700" "$(stat -c '%u:%g %a' "$STATE/uid")"
}

# That others cannot be looked for does not mean that there are none.
test_a_uid_whose_owners_cannot_be_read_is_refused() {
        local status=0
        vm web1 FCJAIL_UID=4711 FCJAIL_SHARED_UID=yes
        vm web2 FCJAIL_UID=4711
        start web1
        timeout -s KILL 20 strace -f -o /tmp/strace -e trace=getdents64 -e inject=getdents64:error=EIO:when=1 \
                fcjail run web2 >/tmp/out 2>&1 </dev/null ||
                status=$?
        grep INJECTED /tmp/strace
        grep "Failed at step uid of 'web2': uid 4711: Input/output error" /tmp/out
        is 75 "$status"
        fcjail cleanup web2
        is_gone web2
}

# race ID…: a start of each at once by hand; what they say is in /tmp/race.N.
race() {
        local id n=0
        rm -f /tmp/race.*
        for id in "$@"; do
                n=$((n + 1))
                fcjail run "$id" >"/tmp/race.$n" 2>&1 </dev/null &
        done
        # All have said something: the winner that it has started, the others why not.
        eventually all_have_spoken "$n"
}

all_have_spoken() {
        [[ $(grep -lE 'Started VM|Failed at step' /tmp/race.* | wc -l) == "$1" ]]
}

test_one_winner_for_an_id() {
        vm web1
        race web1 web1 web1 web1 web1 web1 web1 web1 web1 web1 web1 web1
        is 1 "$(cat /tmp/race.* | grep -c 'Started VM')"
        is 11 "$(cat /tmp/race.* | grep -c "Failed at step state of 'web1'")"
        fcjail stop web1
        wait
        is_gone web1
}

test_one_winner_for_a_uid() {
        local i ids=()
        for i in {1..12}; do
                vm "web$i" FCJAIL_UID=4711
                ids+=("web$i")
        done
        race "${ids[@]}"
        is 1 "$(cat /tmp/race.* | grep -c 'Started VM')"
        is 11 "$(cat /tmp/race.* | grep -c 'uid 4711: belongs to the running VM')"
        fcjail stop "$(sed -n "s/.*Started VM '\(.*\)' as.*/\1/p" /tmp/race.*)"
        wait
}

main "$@"

# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2317,SC2086,SC2011,SC2012
# What one running VM writes no other one writes, and no other one is led by it.
# shellcheck source-path=SCRIPTDIR source=../lab/lib.sh
. "$(dirname "$0")/../lab/lib.sh"

# All VMs have the uid that owns the disks, so that no kernel need map any.
VMS=/mnt/vms
OWNER=30001

# disk PATH: 8 sectors.
disk() {
        mkdir -p "$(dirname "$1")"
        truncate -s 4096 "$1"
        chown "$OWNER" "$1"
}

# directory PATH: of the owner of the disks.
directory() {
        mkdir "$1"
        chown "$OWNER" "$1"
}

# empty_vms: with one disk, which has two names.
empty_vms() {
        ext4_at "$VMS"
        rm -rf "${VMS:?}"/*
        disk "$VMS"/disk
        ln "$VMS"/disk "$VMS"/link
}

# vm_with ID JSON [KEY=VALUE…]: with these members at the top of its configuration.
vm_with() {
        echo "{$2}" >"$VMS/$1.json"
        vm "$1" FCJAIL_CONFIG="$VMS/$1.json" FCJAIL_TAP=none FCJAIL_UID="$OWNER" FCJAIL_SHARED_UID=yes "${@:3}"
}

# drive PATH [READ_ONLY]: in JSON.
drive() {
        echo '"drives": [{"drive_id": "d", "path_on_host": "'"$1"'", "is_root_device": false, "is_read_only": '"${2:-false}"'}]'
}

# refused ID TEXT [STATUS]: its start ends so, and leaves nothing.
refused() {
        not systemctl start "fcjail@$1"
        says "$1" "$2"
        is "${3:-75}" "$(systemctl show -P ExecMainStatus "fcjail@$1")"
        systemctl reset-failed "fcjail@$1"
        is_gone "$1"
}

# record PATH: where it is claimed.
record() {
        echo "$STATE/image/$(mountpoint -d "$VMS"):$(stat -c %i "$1")"
}

test_one_image_in_two_running_vms_is_refused() {
        empty_vms
        vm_with web1 "$(drive "$VMS"/disk)"
        vm_with web2 "$(drive "$VMS"/link)"
        systemctl start fcjail@web1
        is web1 "$(readlink "$(record "$VMS"/disk)" | cut -d/ -f1)"
        is "0:0 700" "$(stat -c '%u:%g %a' "$STATE"/image)"
        refused web2 "Failed at step images of 'web2': $VMS/link: the running VM 'web1' already writes it; stop that VM, give this one its own copy, or set the option 'shared' for both in FCJAIL_BIND="
        # Its own restart finds nobody.
        systemctl restart fcjail@web1
        systemctl stop fcjail@web1
        is_empty "$STATE"/image
        systemctl start fcjail@web2
        says web2 "disk: wrote sector 1"
}

test_of_simultaneous_starts_one_gets_an_image() {
        local i
        empty_vms
        for i in {1..8}; do
                vm_with "web$i" "$(drive "$VMS"/disk)"
                fcjail run "web$i" >"/tmp/race.$i" 2>&1 </dev/null &
        done
        eventually bash -c "[[ \$(grep -lE 'Started VM|Failed at step' /tmp/race.* | wc -l) == 8 ]]"
        is 1 "$(cat /tmp/race.* | grep -c 'Started VM')"
        is 7 "$(cat /tmp/race.* | grep -c "already writes it")"
        fcjail stop "$(sed -n "s/.*Started VM '\(.*\)' as.*/\1/p" /tmp/race.*)"
        wait
        rm /tmp/race.*
}

test_any_number_of_vms_may_read() {
        empty_vms
        vm_with web1 "$(drive "$VMS"/disk true)"
        vm_with web2 "$(drive "$VMS"/link true)"
        vm_with web3 "$(drive "$VMS"/disk)"
        systemctl start fcjail@web1 fcjail@web2
        is_empty "$STATE"/image
        systemctl start fcjail@web3
}

test_an_image_is_shared_if_all_say_so() {
        local i
        empty_vms
        for i in 1 2; do
                vm_with web"$i" "" FCJAIL_BIND="$VMS/disk:/disk:shared"
        done
        vm_with web3 "$(drive "$VMS"/disk)"
        systemctl start fcjail@web1 fcjail@web2
        is "web1 web2" "$(cd "$(record "$VMS"/disk).shared" && echo *)"
        refused web3 "the running VM 'web"
        systemctl stop fcjail@web1
        refused web3 "the running VM 'web2' already writes it"
        systemctl stop fcjail@web2
        systemctl start fcjail@web3
        refused web1 "the running VM 'web3' already writes it"
}

# The file of the configuration and the one of FCJAIL_BIND=, with one inode.
test_a_file_of_the_configuration_is_shared_by_a_bind_of_the_same_path() {
        local i
        empty_vms
        for i in 1 2; do
                vm_with "web$i" "$(drive "$VMS"/disk)" FCJAIL_BIND="$VMS/disk:$VMS/disk:shared"
        done
        systemctl start fcjail@web1 fcjail@web2
        is "web1 web2" "$(cd "$(record "$VMS"/disk).shared" && echo *)"
}

test_an_image_that_a_vm_has_twice_is_claimed_once() {
        empty_vms
        vm_with web1 "$(drive "$VMS"/disk)" FCJAIL_BIND="$VMS/link:/link:shared $VMS/disk:/again"
        systemctl start fcjail@web1
        is "$(record "$VMS"/disk)" "$(echo "$STATE"/image/*)"
        is 1 "$(grep -c ^IMAGE= "$STATE"/vm/web1)"
        # It is shared only if all that name it say so.
        test -L "$(record "$VMS"/disk)"
}

test_a_directory_is_an_image() {
        empty_vms
        directory "$VMS"/sockets
        vm_with web1 '"vsock": {"guest_cid": 3, "uds_path": "/mnt/vms/sockets/v.sock"}'
        vm_with web2 "" FCJAIL_BIND="$VMS"/sockets:/sockets
        systemctl start fcjail@web1
        refused web2 "$VMS/sockets: the running VM 'web1' already writes it"
}

# By its number, whatever its names are.
test_a_block_device_is_an_image() {
        local loop
        empty_vms
        truncate -s 1M "$VMS"/loop.img
        [[ -e /dev/loop-control ]] || mknod -m 0600 /dev/loop-control c 10 237
        loop=$(losetup -f) || skip "no loop devices here"
        [[ -b $loop ]] || mknod -m 0600 "$loop" b 7 "${loop#/dev/loop}"
        losetup "$loop" "$VMS"/loop.img
        exec 9<>"$loop"
        losetup -d "$loop" # when the last descriptor is closed
        ln -sf "$loop" /dev/image
        vm_with web1 "$(drive "$loop")"
        vm_with web2 "$(drive /dev/image)"
        # By hand: only a daemon-reload would let the unit have the device.
        by_hand web1
        is web1 "$(readlink "$STATE/image/b7:${loop#/dev/loop}" | cut -d/ -f1)"
        not fcjail run web2 >/tmp/out2 2>&1 </dev/null
        grep "Failed at step images of 'web2': /dev/image: the running VM 'web1' already writes it" /tmp/out2
        fcjail stop web1
        wait "$helper" || true
        exec 9>&-
        rm /dev/image
}

# A missing log as well: it is made before it is claimed.
test_two_vms_do_not_write_one_log() {
        empty_vms
        directory "$VMS"/logs
        vm_with web1 '"logger": {"log_path": "/mnt/vms/logs/log"}'
        vm_with web2 '"logger": {"log_path": "/mnt/vms/logs/log"}'
        systemctl start fcjail@web1
        refused web2 "$VMS/logs/log: the running VM 'web1' already writes it"
        systemctl stop fcjail@web1
        mkfifo -m 0600 "$VMS"/fifo
        chown "$OWNER" "$VMS"/fifo
        vm_with web1 '"logger": {"log_path": "/mnt/vms/fifo"}'
        vm_with web2 '"logger": {"log_path": "/mnt/vms/fifo"}'
        sleep infinity <>"$VMS"/fifo &
        systemctl start fcjail@web1 fcjail@web2
        is_empty "$STATE"/image
        kill $!
}

# The other VM could exchange what the path means, also where the file itself is only read, or is missing.
test_no_source_leads_through_what_another_vm_may_write() {
        empty_vms
        directory "$VMS"/mine
        directory "$VMS"/mine/deep
        disk "$VMS"/mine/deep/disk
        vm_with web1 "" FCJAIL_BIND="$VMS"/mine:/mine
        vm_with web2 "$(drive "$VMS"/mine/deep/disk)"
        vm_with web3 "$(drive "$VMS"/mine/deep/disk true)"
        vm_with web4 '"logger": {"log_path": "/mnt/vms/mine/log"}'
        systemctl start fcjail@web1
        refused web2 "Failed at step images of 'web2': $VMS/mine/deep/disk: leads through a directory that the running VM 'web1' can write; move it to another one, or stop that VM"
        refused web3 "$VMS/mine/deep/disk: leads through a directory that the running VM 'web1' can write"
        refused web4 "$VMS/mine/log: leads through a directory that the running VM 'web1' can write"
        # The directory itself may be read: then nobody leads a start.
        vm_with web5 "" FCJAIL_BIND_RO="$VMS"/mine:/mine
        systemctl start fcjail@web5
        systemctl stop fcjail@web1
        systemctl start fcjail@web2
        # Nor through one that several share.
        systemctl stop fcjail@web2
        vm_with web1 "" FCJAIL_BIND="$VMS"/mine:/mine:shared
        systemctl start fcjail@web1
        refused web2 "leads through a directory that the running VM 'web1' can write"
}

test_a_missing_log_in_a_directory_that_the_vm_itself_may_write() {
        empty_vms
        directory "$VMS"/mine
        vm_with web1 '"logger": {"log_path": "/mnt/vms/mine/log"}' FCJAIL_BIND="$VMS"/mine:/mine
        refused web1 "$VMS/mine/log: is in a directory that FCJAIL_BIND= lets this VM write (/logger/log_path)" 77
        test ! -e "$VMS"/mine/log
}

# Its starter and its VMM are killed, and nobody has cleaned up.
test_the_claim_of_a_dead_vm_counts_for_nothing() {
        local vmm
        empty_vms
        vm_with web1 "$(drive "$VMS"/disk)"
        vm_with web2 "$(drive "$VMS"/disk)"
        by_hand web1
        vmm=$(vmm_of web1)
        kill -KILL "$helper"
        wait "$helper" || true
        eventually test ! -e "/proc/$vmm"
        test -L "$(record "$VMS"/disk)"
        systemctl start fcjail@web2
        is web2 "$(readlink "$(record "$VMS"/disk)" | cut -d/ -f1)"
        fcjail cleanup web1
        # The cleanup of the dead one leaves the claim of the living one alone.
        test -L "$(record "$VMS"/disk)"
}

test_a_vm_that_nobody_knows_to_be_dead_keeps_its_image() {
        empty_vms
        vm_with web1 "$(drive "$VMS"/disk)"
        vm_with web2 "$(drive "$VMS"/disk)"
        systemctl start fcjail@web1
        mv "$STATE"/vm/web1 /tmp/record
        mkdir "$STATE"/vm/web1
        refused web2 "$VMS/disk: VM 'web1' may be writing it, but fcjail cannot determine whether that is running: its record is damaged; if it is not, remove /run/fcjail/vm/web1"
        rmdir "$STATE"/vm/web1
        mv /tmp/record "$STATE"/vm/web1
        systemctl stop fcjail@web1
        mkdir "$(record "$VMS"/disk)"
        refused web2 "$VMS/disk: its record $(record "$VMS"/disk) is damaged; if no running VM writes it, remove the record" 74
        rmdir "$(record "$VMS"/disk)"
}

# injected INJECTION: a start of web1 by hand with it; the first link is the uid's.
injected() {
        local status=0
        timeout -s KILL 20 strace -f -o /tmp/strace -e trace=symlinkat -e "inject=symlinkat:$1:when=2" \
                fcjail run web1 >/tmp/out 2>&1 </dev/null || status=$?
        echo "$status"
}

test_a_claim_that_fails_or_lies_or_is_interrupted() {
        empty_vms
        vm_with web1 "$(drive "$VMS"/disk)"
        is 75 "$(injected error=ENOSPC)"
        grep "Failed at step images of 'web1': $VMS/disk: No space left on device" /tmp/out
        is_gone web1
        is 75 "$(injected retval=0)"
        grep "Failed at step images of 'web1': $VMS/disk: " /tmp/out
        is_gone web1
        is 137 "$(injected signal=KILL)"
        grep -q "^IMAGE=$(basename "$(record "$VMS"/disk)")" "$STATE"/vm/web1
        fcjail cleanup web1
        is_gone web1
        is_empty "$STATE"/image
}

test_a_vm_without_images_asks_for_none() {
        rm -rf "$STATE"/image
        vm web1
        systemctl start fcjail@web1
        test ! -e "$STATE"/image
        systemctl stop fcjail@web1
        test ! -e "$STATE"/image
}

main "$@"

# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2317,SC2086
# Images that a VM gets as loop devices: where owners cannot be mapped, as on the lab's own file system, overlayfs.
# shellcheck source-path=SCRIPTDIR source=../lab/lib.sh
. "$(dirname "$0")/../lab/lib.sh"

# The driver is the host's, where other tests may run: what is below this is ours. Nothing in its name needs quotes.
VMS=$(mktemp -d /srv/vms.XXXXXX)
chmod 0755 "$VMS"

[[ -e /dev/loop-control ]] || mknod -m 0660 /dev/loop-control c 10 237

# remove NUMBER: a device that is not bound.
remove() {
        perl -e 'open(F, "+<", "/dev/loop-control") && ioctl(F, 0x4c81, $ARGV[0] + 0)' "$1"
}

# bound: the loop devices of VMs.
bound() {
        local file
        for file in /sys/block/loop[1-4][0-9][0-9][0-9]/loop/backing_file; do
                [[ ! -e $file ]] || grep -H "^$VMS/" "$file" | cut -d / -f 4
        done
}

# What is not bound stays for the next start; the host shall have none of it, also after a test that has failed.
# shellcheck disable=SC2317 # the trap calls it
remove_devices() {
        local device
        for device in $(bound); do
                mknod "/dev/$device" b 7 "${device#loop}"
                losetup -d "/dev/$device"
        done
        for device in /sys/block/loop[1-4][0-9][0-9][0-9]; do
                [[ -e $device/loop || ! -e $device ]] || remove "${device#/sys/block/loop}" 2>/dev/null || true
        done
}
trap remove_devices EXIT

# disk PATH OWNER MODE: 8 sectors, with a text at its beginning.
disk() {
        mkdir -p "$(dirname "$1")"
        echo "from the host" >"$1"
        truncate -s "${4:-4096}" "$1"
        chown "$2" "$1"
        chmod "$3" "$1"
}

# drive PATH READ-ONLY
drive() {
        printf '{"drives": [{"drive_id": "d0", "path_on_host": "%s", "is_root_device": false, "is_read_only": %s}]}' "$@"
}

# loop_vm ID JSON [KEY=VALUE…]
loop_vm() {
        echo "$2" >"$VMS/$1.json"
        vm "$1" "FCJAIL_CONFIG=$VMS/$1.json" FCJAIL_TAP= "${@:3}"
        sed -i '/^FCJAIL_TAP=/d' "$ENV/$1.env"
        systemctl daemon-reload # for fcjail-generator
}

# words FILE: what is in its first two sectors.
words() {
        head -c 1024 "$1" | tr -d '\0'
}

empty_vms() {
        mkdir -p $VMS
        rm -rf "${VMS:?}"/*
}

# in_jail ID COMMAND: as its uid.
in_jail() {
        local ids
        ids=$(stat -c '--reuid %u --regid %g' "/proc/$(vmm_of "$1")")
        # shellcheck disable=SC2086
        (cd "/proc/$(vmm_of "$1")/root" && setpriv $ids --clear-groups sh -c "$2")
}

# mount_of ID PATH: its options there.
mount_of() {
        awk -v path="$2" '$5 == path { print $6 }' "/proc/$(vmm_of "$1")/mountinfo" | sed 's/,relatime//'
}

refused() {
        not systemctl start fcjail@web1
        says web1 "$1"
        is "$2" "$(systemctl show -P ExecMainStatus fcjail@web1)"
        systemctl reset-failed fcjail@web1
        is_gone web1
        is '' "$(bound)"
}

test_an_image_on_overlayfs() {
        empty_vms
        disk $VMS/disk root 0600
        loop_vm web1 "$(drive $VMS/disk false)" FCJAIL_BIND=$VMS/disk:$VMS/disk:loop
        fcjail check web1 | grep "^bind: $VMS/disk -> $VMS/disk (rw, as a loop device) by FCJAIL_BIND=, /drives/0/path_on_host$"
        fcjail check web1 | grep '^mount: loop devices ro,nosuid,noexec$'
        systemctl show -P Wants fcjail@web1 | grep -w 'modprobe@loop.service'
        systemctl start fcjail@web1
        says web1 "disk: wrote sector 1"
        is "block special file 660 0 $(stat -c %g "/proc/$(pid_of web1)")" "$(in_jail web1 "stat -c '%F %a %u %g' .$VMS/disk")"
        is ro,nosuid,noexec "$(mount_of web1 $VMS/disk)"
        is "/dev/$(bound)" "$(in_jail web1 "stat -c '%Hr:%Lr' .$VMS/disk" | sed 's|7:|/dev/loop|')"
        # Nothing else of the file system that the node is on.
        is kvm,net,null,random,urandom "$(in_jail web1 'ls dev' | grep -v userfaultfd | paste -sd ,)"
        systemctl restart fcjail@web1
        systemctl stop fcjail@web1
        is $'from the host\nwritten by the guest' "$(words $VMS/disk)"
        is "0:0 600" "$(stat -c '%u:%g %a' $VMS/disk)"
        is_gone web1
        is '' "$(bound)"
}

# Of the lower layer: the claim holds for its copy as well.
test_an_image_that_overlayfs_copies_up() {
        local id
        empty_vms
        for id in web1 web2; do
                loop_vm $id "$(drive /disk false)" FCJAIL_BIND=/etc/services:/disk:loop
        done
        systemctl start fcjail@web1
        says web1 "disk: wrote sector 1"
        not systemctl start fcjail@web2
        says web2 "/etc/services: the running VM 'web1' already writes it"
        systemctl stop fcjail@web1
}

test_what_is_only_read() {
        empty_vms
        disk $VMS/disk root 0400
        loop_vm web1 "$(drive $VMS/disk true)" FCJAIL_BIND_RO=$VMS/disk:$VMS/disk:loop
        systemctl start fcjail@web1
        says web1 "disk: read 'from the host'"
        is 440 "$(in_jail web1 "stat -c %a .$VMS/disk")"
        is 1 "$(cat "/sys/block/$(bound)/ro")"
        not in_jail web1 "echo more >.$VMS/disk"
        systemctl stop fcjail@web1
        is "from the host" "$(words $VMS/disk)"
        # A drive that is written.
        loop_vm web1 "$(drive $VMS/disk false)" FCJAIL_BIND_RO=$VMS/disk:$VMS/disk:loop
        not systemctl start fcjail@web1
        says web1 "Permission denied (os error 13) $VMS/disk"
        is '' "$(bound)"
}

test_below_dev() {
        empty_vms
        disk $VMS/disk root 0600
        loop_vm web1 "$(drive /dev/vms/disk false)" FCJAIL_BIND=$VMS/disk:/dev/vms/disk:loop
        systemctl start fcjail@web1
        says web1 "disk: wrote sector 1"
        is "block special file 660" "$(in_jail web1 'stat -c "%F %a" dev/vms/disk')"
        systemctl stop fcjail@web1
        is $'from the host\nwritten by the guest' "$(words $VMS/disk)"
        is_gone web1
}

test_an_image_of_anybodys() {
        empty_vms
        user alice
        disk $VMS/alice/disk alice 0600
        chown alice $VMS/alice
        chmod 0700 $VMS/alice
        loop_vm web1 "$(drive /run/disk false)" FCJAIL_BIND=$VMS/alice/disk:/run/disk:loop
        systemctl start fcjail@web1
        says web1 "disk: wrote sector 1"
        systemctl stop fcjail@web1
        is $'from the host\nwritten by the guest' "$(words $VMS/alice/disk)"
        is "$(id -u alice):0 600" "$(stat -c '%u:%g %a' $VMS/alice/disk)"
}

# The rest would be missing with sectors of 4096 bytes.
test_a_size_that_is_no_multiple_of_a_page() {
        empty_vms
        disk $VMS/disk root 0600 4608
        loop_vm web1 "$(drive $VMS/disk false)" FCJAIL_BIND=$VMS/disk:$VMS/disk:loop
        systemctl start fcjail@web1
        is 9 "$(cat "/sys/block/$(bound)/size")"
}

test_a_file_system_without_direct_io() {
        local call nth
        empty_vms
        disk $VMS/disk root 0600
        loop_vm web1 "$(drive $VMS/disk false)" FCJAIL_BIND=$VMS/disk:$VMS/disk:loop
        by_hand web1 strace -o /tmp/strace -e trace=open,openat
        fcjail stop web1
        helper_has_stopped
        # strace counts each system call by itself; which one open(3) makes is up to the C library.
        call=$(grep '|O_DIRECT|' /tmp/strace | cut -d '(' -f 1)
        nth=$(grep "^$call(" /tmp/strace | grep -n '|O_DIRECT|' | cut -d : -f 1)
        by_hand web1 strace -o /tmp/strace -e trace=open,openat -e "inject=$call:error=EINVAL:when=$nth"
        grep 'O_DIRECT.*EINVAL' /tmp/strace
        is 0 "$(cat "/sys/block/$(bound)/loop/dio")"
        fcjail stop web1
        helper_has_stopped
        is $'from the host\nwritten by the guest' "$(words $VMS/disk)"
        is '' "$(bound)"
}

test_two_vms_and_two_disks() {
        local id
        empty_vms
        for id in web1 web2; do
                disk $VMS/$id.a root 0600
                disk $VMS/$id.b root 0600
                loop_vm $id "$(drive /a false)" "FCJAIL_BIND=$VMS/$id.a:/a:loop $VMS/$id.b:/b:loop"
        done
        systemctl start fcjail@web1 fcjail@web2
        is 4 "$(bound | sort -u | wc -l)"
        systemctl stop fcjail@web1
        is 2 "$(bound | wc -l)"
        echo "from its owner" | in_jail web2 'cat >b'
        systemctl stop fcjail@web2
        is "from its owner" "$(words $VMS/web2.b)"
        is $'from the host\nwritten by the guest' "$(words $VMS/web2.a)"
        is '' "$(bound)"
}

# Nobody has it open then.
test_a_drive_that_only_the_api_names() {
        empty_vms
        disk $VMS/disk root 0600
        loop_vm web1 '{}' FCJAIL_READY=exec FCJAIL_BIND=$VMS/disk:$VMS/disk:loop
        systemctl start fcjail@web1
        sleep 0.3
        is 1 "$(bound | wc -l)"
        echo "from its owner" | in_jail web1 "cat >.$VMS/disk"
        is "from its owner" "$(in_jail web1 "head -c 14 .$VMS/disk")"
        systemctl stop fcjail@web1
        is "from its owner" "$(words $VMS/disk)"
        is '' "$(bound)"
}

test_a_vmm_that_is_killed_leaves_no_device() {
        empty_vms
        disk $VMS/disk root 0600
        loop_vm web1 "$(drive $VMS/disk false)" FCJAIL_BIND=$VMS/disk:$VMS/disk:loop
        systemctl start fcjail@web1
        says web1 "disk: wrote sector 1"
        kill -KILL "$(pid_of web1)"
        eventually unit_is web1 failed
        is_gone web1
        is '' "$(bound)"
        is $'from the host\nwritten by the guest' "$(words $VMS/disk)"
}

test_a_start_that_fails_leaves_no_device() {
        empty_vms
        disk $VMS/disk root 0600
        disk "$BASE/web1/root$VMS/disk" root 0600
        loop_vm web1 '{}' FCJAIL_BIND=$VMS/disk:$VMS/disk:loop
        not systemctl start fcjail@web1
        says web1 "/root$VMS/disk: is there already, so $VMS/disk cannot be bound there"
        is '' "$(bound)"
        rm -r "${BASE:?}/web1"
        loop_vm web1 "$(drive /missing false)" FCJAIL_BIND=$VMS/disk:$VMS/disk:loop FCJAIL_CONFIG_BIND=no
        not systemctl start fcjail@web1
        is '' "$(bound)"
        is_gone web1
}

# start_by_hand INJECTION
start_by_hand() {
        status=0
        timeout -s KILL 30 strace -f -o /tmp/strace -e "trace=${1%%:*}" -e "inject=$1" fcjail run web1 >/tmp/out 2>&1 </dev/null || status=$?
        grep -q 'INJECTED\|killed by SIGKILL' /tmp/strace || fail "$1: nothing was injected"
}

# The first ioctls of a start are those of step `loop`: make one, ask whether it is bound, bind it, ask again; and of a second one.
test_errors_and_kills_in_the_step() {
        local n error
        without_the_cage
        empty_vms
        disk $VMS/a root 0600
        disk $VMS/b root 0600
        loop_vm web1 "$(drive /a false)" "FCJAIL_BIND=$VMS/a:/a:loop $VMS/b:/b:loop" FCJAIL_READY=exec
        for n in {1..8}; do
                start_by_hand "ioctl:signal=KILL:when=$n"
                is 137 "$status"
                if ((n % 2 == 0)); then
                        fcjail cleanup web1
                else
                        systemctl start fcjail@web1
                        is 2 "$(bound | wc -l)"
                        systemctl stop fcjail@web1
                fi
                is_gone web1
                is '' "$(bound)"
                for error in EIO EPERM; do
                        start_by_hand "ioctl:error=$error:when=$n"
                        grep "Failed at step loop of 'web1': /dev/loop1" /tmp/out
                        is_gone web1
                        is '' "$(bound)"
                done
        done
        start_by_hand mknodat:error=EPERM:when=1
        grep "Failed at step loop of 'web1': /dev/loop1.*: is not among the devices that the unit allows" /tmp/out
        is 77 "$status"
        # What the kernel only claims to have done: the device is not bound, or one of the two is the other one.
        start_by_hand ioctl:retval=0:when=3
        grep "Failed at step loop of 'web1': /dev/loop1" /tmp/out
        is_gone web1
        is '' "$(bound)"
}

test_a_device_that_is_taken_meanwhile() {
        without_the_cage
        empty_vms
        disk $VMS/disk root 0600
        loop_vm web1 "$(drive $VMS/disk false)" FCJAIL_BIND=$VMS/disk:$VMS/disk:loop
        # Somebody else binds the device right before.
        by_hand web1 strace -o /tmp/strace -e trace=ioctl -e inject=ioctl:error=EBUSY:when=3
        is 2 "$(grep ^LOOP= $STATE/vm/web1 | sort -u | wc -l)"
        is 1 "$(bound | wc -l)"
        fcjail stop web1
        helper_has_stopped
        is '' "$(bound)"
}

# By their numbers alone devices of others could be meant, such as that of another start that was faster.
test_only_devices_of_this_start_are_unbound() {
        local theirs
        empty_vms
        for id in web1 web2; do
                disk $VMS/$id root 0600
                loop_vm $id "$(drive $VMS/$id false)" FCJAIL_BIND=$VMS/$id:$VMS/$id:loop
                systemctl start fcjail@$id
        done
        theirs=$(sed -n 's/^LOOP=//p' $STATE/vm/web2)
        kill -STOP "$(pid_of web2)"
        echo "LOOP=$theirs" >>$STATE/vm/web1
        systemctl stop fcjail@web1
        is "loop$theirs" "$(bound)"
        is 0 "$(cat "/sys/block/loop$theirs/loop/autoclear")"
        kill -CONT "$(pid_of web2)"
        systemctl stop fcjail@web2
        is '' "$(bound)"
}

test_a_unit_that_does_not_allow_loop_devices() {
        empty_vms
        disk $VMS/disk root 0600
        vm web1 FCJAIL_BIND=$VMS/disk:/disk
        systemctl daemon-reload
        sed -i 's|/disk$|/disk:loop|' $ENV/web1.env
        refused "Failed at step loop of 'web1': /dev/loop-control: is not among the devices that the unit allows; run \`systemctl daemon-reload\`, see fcjail-generator(8), or add loop.conf of the examples to the unit" 77
}

test_a_host_without_the_driver() {
        empty_vms
        disk $VMS/disk root 0600
        loop_vm web1 "$(drive $VMS/disk false)" FCJAIL_BIND=$VMS/disk:$VMS/disk:loop
        mv /dev/loop-control /dev/elsewhere
        refused "Failed at step paths of 'web1': /dev/loop-control: is missing on this host; load it with \`modprobe loop\`" 69
        mv /dev/elsewhere /dev/loop-control
}

# What a guest writes must mean nothing to the host: neither links by its UUIDs nor arrays nor volume groups.
test_udev_leaves_the_devices_alone() {
        local device
        empty_vms
        disk $VMS/disk root 0600 16M
        mkfs.ext4 -q -U 01234567-89ab-cdef-0123-456789abcdef $VMS/disk
        loop_vm web1 '{}' FCJAIL_BIND=$VMS/disk:$VMS/disk:loop
        systemctl start fcjail@web1
        device=$(bound)
        mknod -m 0660 "/dev/$device" b 7 "${device#loop}"
        udevadm test --action=change "/sys/block/$device" >/tmp/udev 2>&1
        grep '^SYSTEMD_READY=0$' /tmp/udev
        grep '^UDISKS_IGNORE=1$' /tmp/udev
        not grep -e '^ID_FS_UUID=' -e 'disk/by-uuid' /tmp/udev
        # The very same without the rule.
        mv /usr/lib/udev/rules.d/50-fcjail.rules /tmp
        udevadm test --action=change "/sys/block/$device" >/tmp/udev 2>&1
        mv /tmp/50-fcjail.rules /usr/lib/udev/rules.d
        rm "/dev/$device"
        grep 'disk/by-uuid/01234567' /tmp/udev
        systemctl stop fcjail@web1
}

test_what_cannot_be_a_loop_device() {
        local filter
        empty_vms
        user alice
        mkdir $VMS/dir
        chown alice $VMS/dir
        disk $VMS/small root 0600 511
        disk $VMS/disk root 0600
        loop_vm web1 '{}' FCJAIL_BIND=$VMS/dir:/dir:loop
        refused "$VMS/dir: is a directory, not a regular file (FCJAIL_BIND=); remove the option loop" 66
        loop_vm web1 '{}' FCJAIL_BIND=$VMS/small:/disk:loop
        refused "$VMS/small: is smaller than a sector, 512 bytes" 66
        loop_vm web1 '{}' FCJAIL_BIND_RO=$VMS/disk:/disk:loop FCJAIL_SECCOMP=off
        refused "FCJAIL_BIND_RO= binds $VMS/disk to /disk as a loop device, which a VM could exchange without fcjail's filter; set FCJAIL_SECCOMP= to default or io_uring, or remove the option loop" 78
        loop_vm web1 '{"boot-source": {"kernel_image_path": "/kernel"}}' FCJAIL_BIND_RO=$VMS/disk:/kernel:loop
        refused "'/kernel' at /boot-source/kernel_image_path, which must be a regular file; remove the option loop from FCJAIL_BIND=" 78
        for filter in io_uring default; do
                loop_vm web1 "$(drive /disk false)" FCJAIL_BIND=$VMS/disk:/disk:loop FCJAIL_SECCOMP=$filter
                systemctl start fcjail@web1
                systemctl stop fcjail@web1
        done
}

main "$@"

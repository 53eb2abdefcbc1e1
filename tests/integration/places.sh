# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2317
# Where a jail is: the file system of the chroot base, and the short path to its sockets.
# shellcheck source-path=SCRIPTDIR source=../lab/lib.sh
. "$(dirname "$0")/../lab/lib.sh"

# kernel_has FSTYPE: loaded, or as a module that the first mount loads.
kernel_has() {
        grep -qw "$1" /proc/filesystems || modprobe --dry-run --quiet "$1"
}

# mount_image FSTYPE DIR: a new file system in a file.
mount_image() {
        local i
        mkdir -p "$2"
        rm -f "/tmp/image.$1"
        truncate -s 320M "/tmp/image.$1"
        "mkfs.$1" -q "/tmp/image.$1"
        [[ -e /dev/loop-control ]] || mknod /dev/loop-control c 10 237
        # Not the one that is free now: mount(8) takes the next if somebody else is faster.
        for i in {0..31}; do
                [[ -e /dev/loop$i ]] || mknod "/dev/loop$i" b 7 "$i"
        done
        mount -o loop "/tmp/image.$1" "$2"
}

# starts_on DIR [KEY=VALUE…]: a VM whose jail is there starts, answers, and leaves nothing.
starts_on() {
        vm web1 "FCJAIL_CHROOT_DIR=$1" "${@:2}"
        systemctl start fcjail@web1
        in_netns_of web1 ping -q -c 1 -W 2 172.16.0.2
        cmp /usr/local/bin/demo-vmm "$1/firecracker/web1/root/firecracker"
        systemctl stop fcjail@web1
        no_jails "$1/firecracker"
}

# refused_on DIR STATUS MESSAGE: it does not start, says so, and leaves nothing.
refused_on() {
        vm web1 "FCJAIL_CHROOT_DIR=$1"
        not systemctl start fcjail@web1
        says web1 "$3"
        is "$2" "$(systemctl show -P ExecMainStatus fcjail@web1)"
        no_jails "$1/firecracker"
        systemctl reset-failed fcjail@web1
}

# A directory outside of any jail, where nothing may change.
victim() {
        rm -rf /tmp/victim
        mkdir /tmp/victim
        echo precious >/tmp/victim/file
}

victim_is_whole() {
        is file "$(ls /tmp/victim)"
        is precious "$(cat /tmp/victim/file)"
}

test_a_base_that_is_mounted_nodev_is_good() {
        mkdir -p /mnt/nodev
        mount -t tmpfs -o nodev,nosuid,mode=0755 tmpfs /mnt/nodev
        vm web1 FCJAIL_CHROOT_DIR=/mnt/nodev
        systemctl start fcjail@web1
        in_netns_of web1 ping -q -c 1 -W 2 172.16.0.2
        systemctl stop fcjail@web1
        umount /mnt/nodev
}

test_a_base_that_is_mounted_noexec_needs_a_shared_text() {
        mkdir -p /mnt/noexec
        mount -t tmpfs -o noexec,mode=0755 tmpfs /mnt/noexec
        vm web1 FCJAIL_CHROOT_DIR=/mnt/noexec
        not systemctl start fcjail@web1
        says web1 "/mnt/noexec: is mounted noexec"
        vm web1 FCJAIL_CHROOT_DIR=/mnt/noexec FCJAIL_VMM_TEXT=shared
        systemctl start fcjail@web1
        systemctl stop fcjail@web1
        umount /mnt/noexec
}

test_a_full_disk_is_said_and_leaves_nothing() {
        mkdir -p /mnt/full
        mount -t tmpfs -o size=64k,mode=0755 tmpfs /mnt/full
        refused_on /mnt/full 73 "Failed at step copy of 'web1': /mnt/full/firecracker/web1/root/firecracker: No space left on device (tmpfs); make space or free inodes there"
        umount /mnt/full
}

# The base, the directory of all jails, that of this one, root/ and the VMM are all that it has room for.
test_a_disk_without_inodes_is_said_and_leaves_nothing() {
        mkdir -p /mnt/inodes
        mount -t tmpfs -o nr_inodes=5,mode=0755 tmpfs /mnt/inodes
        refused_on /mnt/inodes 73 "No space left on device (tmpfs); make space or free inodes there"
        umount /mnt/inodes
}

test_a_quota_is_said_and_leaves_nothing() {
        if ! kernel_has btrfs; then
                figure "not tried, as this kernel has no btrfs"
                return
        fi
        mount_image btrfs /mnt/btrfs
        btrfs -q quota enable /mnt/btrfs
        btrfs -q subvolume create /mnt/btrfs/base
        btrfs -q qgroup limit 512K /mnt/btrfs/base
        refused_on /mnt/btrfs/base 73 "/mnt/btrfs/base/firecracker/web1/root/firecracker: Disk quota exceeded (btrfs); raise the quota there"
        umount /mnt/btrfs
}

test_a_read_only_base_is_refused_before_anything_is_made() {
        mkdir -p /mnt/read-only
        mount -t tmpfs -o ro,mode=0755 tmpfs /mnt/read-only
        refused_on /mnt/read-only 78 "Failed at step paths of 'web1': /mnt/read-only: is read-only; remount it read-write or"
        umount /mnt/read-only
}

# Also one whose lower directory has the jail of an earlier life.
test_a_base_on_overlayfs_is_good() {
        mkdir -p /mnt/overlay
        mount -t tmpfs -o mode=0755 tmpfs /mnt/overlay
        mkdir -p /mnt/overlay/{upper,work,base} /mnt/overlay/lower/firecracker/web1/root/run
        echo old | tee /mnt/overlay/lower/firecracker/web1/root/{firecracker,run/old} >/dev/null
        mount -t overlay -o lowerdir=/mnt/overlay/lower,upperdir=/mnt/overlay/upper,workdir=/mnt/overlay/work overlay /mnt/overlay/base
        starts_on /mnt/overlay/base
        umount /mnt/overlay/base /mnt/overlay
}

test_a_base_on_other_file_systems_is_good() {
        local fs good=
        for fs in ext4 xfs btrfs; do
                kernel_has "$fs" || continue
                mount_image "$fs" "/mnt/$fs"
                starts_on "/mnt/$fs"
                umount "/mnt/$fs"
                good+=${good:+, }$fs
        done
        figure "${good:-none that this kernel has}"
}

# shares_blocks FILE
shares_blocks() {
        filefrag -v "$1" | grep -w shared
}

# Only a VMM on the same file system can be cloned, and only one that has checksums as the clone has.
test_on_btrfs_the_text_is_a_clone_if_it_can_be() {
        local text=/mnt/btrfs/firecracker/web1/root/firecracker
        if ! kernel_has btrfs; then
                figure "not tried, as this kernel has no btrfs"
                return
        fi
        mount_image btrfs /mnt/btrfs
        cp /usr/local/bin/demo-vmm /mnt/btrfs/vmm
        vm web1 FCJAIL_CHROOT_DIR=/mnt/btrfs FCJAIL_VMM=/mnt/btrfs/vmm FCJAIL_VMM_TEXT=private
        systemctl start fcjail@web1
        is 511 "$(stat -c %a "$text")"
        sync -f /mnt/btrfs
        shares_blocks "$text"
        cmp /mnt/btrfs/vmm "$text"
        in_netns_of web1 ping -q -c 1 -W 2 172.16.0.2
        systemctl stop fcjail@web1
        cmp /usr/local/bin/demo-vmm /mnt/btrfs/vmm

        # What is no clone is noticed.
        not timeout -s KILL 30 strace -f -o /tmp/strace -P "$text" -e inject=ioctl:retval=0 fcjail run web1 >/tmp/out 2>&1 </dev/null
        grep "Failed at step copy of 'web1': $text: Input/output error" /tmp/out
        fcjail cleanup web1

        starts_on /mnt/btrfs
        chattr +C /mnt/btrfs/firecracker
        vm web1 FCJAIL_CHROOT_DIR=/mnt/btrfs FCJAIL_VMM=/mnt/btrfs/vmm FCJAIL_VMM_TEXT=private
        systemctl start fcjail@web1
        sync -f /mnt/btrfs
        not shares_blocks "$text"
        cmp /mnt/btrfs/vmm "$text"
        systemctl stop fcjail@web1
        umount /mnt/btrfs
}

# api METHOD PATH JSON
api() {
        fcjail api web1 "$@"
}

snapshot() {
        api PATCH /vm '{"state": "Paused"}'
        is Paused "$(api GET / | jq -r .state)"
        api PUT /snapshot/create "{\"snapshot_type\": \"Full\", \"snapshot_path\": \"$1/vm.snap\", \"mem_file_path\": \"$1/vm.mem\"}"
}

restore() {
        api PUT /snapshot/load "{\"snapshot_path\": \"$1/vm.snap\", \"mem_backend\": {\"backend_path\": \"$1/vm.mem\", \"backend_type\": \"File\"}, \"resume_vm\": true}"
        is Running "$(api GET / | jq -r .state)"
}

# Of a directory that belongs to somebody, and of a drive and a TAP at the paths that they had.
test_a_snapshot_goes_to_a_bound_directory_and_comes_back() {
        local dir=/mnt/ext4/snap disk=/mnt/ext4/disk.img
        mount_image ext4 /mnt/ext4
        user alice
        mkdir -m 700 "$dir"
        truncate -s 4096 "$disk"
        chown alice "$dir" "$disk"
        echo '{"drives": [{"drive_id": "d", "path_on_host": "'"$disk"'", "is_root_device": false}],
                "network-interfaces": [{"iface_id": "eth0", "host_dev_name": "tap0"}]}' >/mnt/ext4/web1.json
        vm web1 FCJAIL_CONFIG=/mnt/ext4/web1.json "FCJAIL_BIND=$dir" FCJAIL_STOP=kill
        systemctl start fcjail@web1
        says web1 "hello from guest"
        says web1 "disk: wrote sector 1"
        snapshot "$dir"
        systemctl stop fcjail@web1
        is "alice 65536" "$(stat -c '%U %s' "$dir/vm.mem")"
        is alice "$(stat -c %U "$dir/vm.snap")"

        # The same paths, and nothing to start by itself.
        vm web1 FCJAIL_CONFIG= "FCJAIL_BIND=$dir $disk"
        sed -i '/^FCJAIL_CONFIG=/d' "$ENV/web1.env"
        journalctl --sync
        cursor=$(journalctl -q -n 0 --show-cursor | sed -n 's/^-- cursor: //p')
        cksum "$dir"/* >/tmp/before
        systemctl start fcjail@web1
        restore "$dir"
        in_netns_of web1 ping -q -c 1 -W 2 172.16.0.2
        # It goes on where it was: it does not say hello again, and still listens to its keyboard.
        # The VMM of a guest that is fast ends without an answer.
        ! is_pc || fcjail api web1 PUT /actions '{"action_type": "SendCtrlAltDel"}' || true
        ! is_pc || eventually unit_is web1 inactive
        systemctl stop fcjail@web1
        not journal_has web1 "hello from guest"
        cksum "$dir"/* | cmp - /tmp/before
        umount /mnt/ext4
}

test_a_snapshot_to_where_the_vm_may_not_write_is_refused() {
        local dir=/mnt/ext4/snap
        mount_image ext4 /mnt/ext4
        user alice
        mkdir -m 700 "$dir"
        chown alice "$dir"
        vm web1 "FCJAIL_BIND_RO=$dir" FCJAIL_STOP=kill
        systemctl start fcjail@web1
        not snapshot "$dir" >/tmp/out
        grep "Read-only file system" /tmp/out
        not snapshot / >/tmp/out
        grep "Read-only file system" /tmp/out
        systemctl stop fcjail@web1
        is_empty "$dir"
        vm web1 "FCJAIL_BIND=$dir"
        chown root "$dir"
        not systemctl start fcjail@web1
        says web1 "$dir: is a directory of root's"
        umount /mnt/ext4
}

# get SOCKET [COMMAND…]: state of the VM by a client that knows nothing of fcjail.
get() {
        "${@:2}" python3 - "$1" <<'PYTHON'
import socket, sys
s = socket.socket(socket.AF_UNIX)
s.settimeout(10)
s.connect(sys.argv[1])
s.sendall(b"GET / HTTP/1.1\r\n\r\n")
print(s.recv(4096).decode().split('"id":"')[1].split('"')[0])
PYTHON
}

# Whatever the id and the directory of all jails.
test_a_client_reaches_the_socket_by_a_short_path() {
        local id dir base
        id=$(printf 'x%.0s' {1..64})
        base=/mnt/$(printf 'y%.0s' {1..100})
        dir=$base/firecracker/$id/root/run
        mkdir -m 755 "$base"
        user manager --groups fcjail
        vm "$id" "FCJAIL_CHROOT_DIR=$base"
        systemctl start "fcjail@$id"
        is "$dir" "$(readlink "$STATE/sock/$id")"
        not get "$dir/firecracker.socket"
        is "$id" "$(get "$STATE/sock/$id/firecracker.socket")"
        is "$id" "$(get "$STATE/sock/$id/firecracker.socket" setpriv --reuid manager --regid manager --init-groups)"
        not get "$STATE/sock/$id/firecracker.socket" setpriv --reuid nobody --regid nogroup --clear-groups
        systemctl stop "fcjail@$id"
        is_empty "$STATE/sock"
        rm -r "$base"
}

# As after a record was removed: the link, and what is no link.
test_a_stale_short_path_is_replaced() {
        ln -s /tmp/victim "$STATE/sock/web1"
        victim
        vm web1
        systemctl start fcjail@web1
        is web1 "$(get "$STATE/sock/web1/firecracker.socket")"
        systemctl stop fcjail@web1
        victim_is_whole
        mkdir -p "$STATE/sock/web1/theirs"
        not systemctl start fcjail@web1
        says web1 "Failed at step sock of 'web1': $STATE/sock/web1: Directory not empty"
        test -d "$STATE/sock/web1/theirs"
        rm -r "$STATE/sock/web1"
        systemctl start fcjail@web1
}

main "$@"

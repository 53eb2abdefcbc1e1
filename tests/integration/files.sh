# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2317
# The jail on the host: what is made, what is kept, what an earlier life may have left.
# shellcheck source-path=SCRIPTDIR source=../lab/lib.sh
. "$(dirname "$0")/../lab/lib.sh"

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

# put_image ID: what an operator puts into the jail before the start: a hard link and a sole copy.
put_image() {
        mkdir -p "$BASE/$1/root"
        echo kernel >/srv/jailer/image
        ln -f /srv/jailer/image "$BASE/$1/root/kernel"
        echo disk >"$BASE/$1/root/disk"
}

# image_is_kept ID; takes it away, too.
image_is_kept() {
        is kernel "$(cat "$BASE/$1/root/kernel")"
        is disk "$(cat "$BASE/$1/root/disk")"
        is 2 "$(stat -c %h /srv/jailer/image)"
        is "disk kernel" "$(echo "$BASE/$1/root"/* | sed "s|$BASE/$1/root/||g")"
        rm -rf "${BASE:?}/$1" /srv/jailer/image
}

test_images_survive_a_stop() {
        put_image web1
        vm web1
        systemctl start fcjail@web1
        is disk "$(cat "/proc/$(pid_of web1)/root/disk")"
        systemctl stop fcjail@web1
        says web1 "Kept what others put into the jail directory of 'web1': root/"
        image_is_kept web1
}

test_images_survive_a_crash() {
        put_image web1
        vm web1
        systemctl start fcjail@web1
        kill -KILL "$(pid_of web1)"
        eventually test ! -e "$STATE/vm/web1"
        image_is_kept web1
}

test_images_survive_a_failed_start() {
        put_image web1
        vm web1 FCJAIL_NETNS=host
        ip tuntap add dev tap0 mode tap
        not systemctl start fcjail@web1
        says web1 "Failed at step tap"
        ip link del tap0
        image_is_kept web1
}

# can_write ID PATH: through the mounts of the VM.
can_write() {
        echo more >>"/proc/$(pid_of "$1")/root/$2"
}

# All places where an operator may put one.
test_a_disk_of_the_vm_can_be_written_and_is_kept() {
        local root=$BASE/web1/root disk
        mkdir -p "$root/images/deep"
        for disk in disk '..a name' images/disk images/deep/disk; do
                echo data >"$root/$disk"
                chown 30001:0 "$root/$disk"
        done
        vm web1 FCJAIL_UID=30001
        systemctl start fcjail@web1
        for disk in disk '..a name' images/disk images/deep/disk; do
                can_write web1 "$disk"
                grep -F " /${disk// /\\040} rw,nosuid,nodev,noexec" "/proc/$(pid_of web1)/mountinfo"
        done
        systemctl restart fcjail@web1
        can_write web1 disk
        systemctl stop fcjail@web1
        is "data more more" "$(paste -sd ' ' "$root/disk")"
        is "data more" "$(paste -sd ' ' "$root/images/disk")"
        rm -rf "${BASE:?}/web1"
}

# What the VM may only read, what is no file, and what others could have put there.
test_only_disks_of_the_vm_can_be_written() {
        local root=$BASE/web1/root path
        mkdir -p "$root"/{images,theirs,directory,dev}
        echo data >/srv/jailer/elsewhere
        for path in roots others read-only images/roots theirs/disk directory/disk dev/disk; do
                echo data >"$root/$path"
                chown 30001 "$root/$path"
        done
        chown 0 "$root/roots" "$root/images/roots"
        chown 30002 "$root/others" "$root/theirs"
        chmod 0444 "$root/read-only"
        chown 30001 "$root/directory" /srv/jailer/elsewhere
        ln -s /srv/jailer/elsewhere "$root/link"
        mkfifo "$root/fifo"
        chown 30001 "$root/fifo"
        vm web1 FCJAIL_UID=30001
        systemctl start fcjail@web1
        for path in roots others read-only images/roots theirs/disk directory/disk; do
                not can_write web1 "$path"
        done
        is 4 "$(wc -l <"/proc/$(pid_of web1)/mountinfo")"
        systemctl stop fcjail@web1
        is data "$(cat /srv/jailer/elsewhere)"
        rm -rf "${BASE:?}/web1" /srv/jailer/elsewhere
}

test_too_many_disks_are_refused() {
        local i
        mkdir -p "$BASE/web1/root"
        for ((i = 0; i < 40; i++)); do
                : >"$BASE/web1/root/disk$i"
        done
        chown 30001 "$BASE"/web1/root/disk*
        vm web1 FCJAIL_UID=30001
        not systemctl start fcjail@web1
        says web1 "is one of more than 24 files in the jail directory that belong to the VM"
        rm -rf "${BASE:?}/web1"
}

test_keep_keeps_the_jail() {
        vm web1 FCJAIL_KEEP=yes
        systemctl start fcjail@web1
        systemctl stop fcjail@web1
        test -e "$BASE/web1/root/firecracker"
        is_empty "$STATE/vm"
        is_empty "$STATE/uid"
        systemctl start fcjail@web1
        systemctl stop fcjail@web1
        rm -rf "${BASE:?}/web1"
}

# Everything that a VM could leave in its only writable place, by a uid that is not the present one's.
test_a_hostile_earlier_life_is_cleared_away() {
        local run=$BASE/web1/root/run
        victim
        mkdir -p "$run"/a/b/c
        ln -s /tmp/victim "$run/firecracker.socket"
        ln -s /tmp/victim "$run/a/link"
        mkfifo "$run/fifo"
        echo data >"$run/a/b/c/file"
        for i in {1..100}; do mkdir -p "$run/deep/$(printf 'd/%.0s' $(seq "$i"))"; done
        chown -R -h 12345:12345 "$run"
        chmod 0 "$run/a/b"
        chmod 0700 "$run"
        vm web1
        systemctl start fcjail@web1
        victim_is_whole
        is "firecracker.socket" "$(ls "$run")"
        test -S "$run/firecracker.socket"
        systemctl stop fcjail@web1
        victim_is_whole
}

# The names that are fcjail's own, as something else.
test_planted_names_are_replaced_and_not_followed() {
        local root=$BASE/web1/root
        victim
        mkdir -p "$root"
        ln -s /tmp/victim/file "$root/firecracker"
        ln -s /tmp/victim/file "$root/fcjail.json"
        vm web1
        systemctl start fcjail@web1
        victim_is_whole
        is "0:0 511" "$(stat -c '%u:%g %a' "$root/firecracker")"
        is regular "$(stat -c %F "$root/fcjail.json" | cut -d' ' -f1)"
}

test_a_link_in_the_place_of_a_directory_is_refused() {
        local at
        for at in "$BASE/web1" "$BASE/web1/root" "$BASE/web1/root/dev" "$BASE/web1/root/run"; do
                victim
                mkdir -p "$(dirname "$at")"
                ln -s /tmp/victim "$at"
                vm web1
                not systemctl start fcjail@web1
                systemctl reset-failed fcjail@web1
                victim_is_whole
                rm -rf "${BASE:?}/web1"
        done
        says web1 "Failed at step files of 'web1': $BASE/web1/root/run: Not a directory"
}

test_a_jail_that_belongs_to_somebody_else_is_refused() {
        mkdir -p "$BASE/web1/root"
        mkdir "$BASE/web1/root/run"
        echo theirs | tee "$BASE/web1/root/firecracker" >"$BASE/web1/root/run/file"
        chown -R 1000:1000 "$BASE/web1/root"
        vm web1
        not systemctl start fcjail@web1
        says web1 "belongs to uid 1000 with mode 0755"
        # It may be a running VM of Firecracker's own jailer.
        is theirs "$(cat "$BASE/web1/root/firecracker")"
        is theirs "$(cat "$BASE/web1/root/run/file")"
        rm -rf "${BASE:?}/web1"
}

# What is made in it would have its group, and not the VM's.
test_a_setgid_directory_is_refused() {
        put_image web1
        chgrp 1000 "$BASE/web1/root"
        chmod g+s "$BASE/web1/root"
        vm web1
        not systemctl start fcjail@web1
        says web1 "Failed at step tree of 'web1': $BASE/web1/root: is setgid"
        chmod g-s "$BASE/web1/root"
        systemctl start fcjail@web1
        systemctl stop fcjail@web1
        image_is_kept web1
}

test_a_vmm_that_is_a_link_of_versions() {
        vm web1 FCJAIL_VMM=/usr/local/bin/vmm-link
        cp /usr/local/bin/demo-vmm /usr/local/bin/vmm-1.2.3
        ln -sf vmm-1.2.3 /usr/local/bin/vmm-link
        systemctl start fcjail@web1
        cmp /usr/local/bin/vmm-1.2.3 "$BASE/web1/root/firecracker"
}

test_a_shared_text_is_the_hosts_file() {
        vm web1 FCJAIL_VMM_TEXT=shared
        systemctl start fcjail@web1
        is 0 "$(stat -c %s "$BASE/web1/root/firecracker")"
        in_netns_of web1 ping -q -c 1 -W 2 172.16.0.2
}

test_a_dynamic_vmm_is_refused() {
        vm web1 FCJAIL_VMM=/bin/true
        not systemctl start fcjail@web1
        says web1 "is dynamically linked, but the jail has no libraries"
        is 66 "$(systemctl show -P ExecMainStatus fcjail@web1)"
}

test_a_vmm_that_others_may_write_is_refused() {
        vm web1 FCJAIL_VMM=/usr/local/bin/loose
        cp /usr/local/bin/demo-vmm /usr/local/bin/loose
        chmod 0775 /usr/local/bin/loose
        not systemctl start fcjail@web1
        says web1 "/usr/local/bin/loose: is not owned by root, or its group or others may write to it"
        is 77 "$(systemctl show -P ExecMainStatus fcjail@web1)"
}

test_the_managers_group_may_use_the_socket_and_nothing_else() {
        local run=$BASE/web1/root/run status=0
        vm web1
        user manager --groups fcjail
        systemctl start fcjail@web1
        is Running "$(setpriv --reuid manager --regid manager --init-groups fcjail api web1 GET / | jq -r .state)"
        not setpriv --reuid manager --regid manager --init-groups touch "$run/planted"
        not setpriv --reuid manager --regid manager --init-groups ls "$run"
        setpriv --reuid nobody --regid nogroup --clear-groups fcjail api web1 GET / || status=$?
        is 77 "$status"
}

# acl_of TYPE: that of run/, in one line.
acl_of() {
        getfacl --absolute-names --omit-header --numeric "--$1" "$BASE/web1/root/run" | xargs
}

# Without the managers' group, too: whoever owns it then decides who else can use it, and not the directories above.
test_nobody_gets_into_run_by_an_acl_above() {
        local group
        group=$(stat -c %G /run/fcjail)
        user bob
        mkdir -m 755 /mnt/acl
        setfacl -d -m u:bob:rwx,g::rwx /mnt/acl
        vm web1 FCJAIL_CHROOT_DIR=/mnt/acl
        BASE=/mnt/acl/firecracker
        chgrp root /run/fcjail
        systemctl start fcjail@web1
        is "user::rwx group::rwx other::---" "$(acl_of access)"
        is "user::rwx group::rwx other::---" "$(acl_of default)"
        not setpriv --reuid bob --regid bob --clear-groups touch "$BASE/web1/root/run/planted"
        systemctl stop fcjail@web1
        chgrp "$group" /run/fcjail
        systemctl start fcjail@web1
        is "user::rwx group::rwx group:$(stat -c %g /run/fcjail):--x mask::rwx other::---" "$(acl_of access)"
        systemctl stop fcjail@web1
        rm -r /mnt/acl
}

test_no_group_without_acls_unless_it_was_asked_for() {
        # A ramfs has no ACLs.
        mkdir -p /mnt/ramfs
        mount -t ramfs -o mode=0755 ramfs /mnt/ramfs
        vm web1 FCJAIL_CHROOT_DIR=/mnt/ramfs
        systemctl start fcjail@web1
        systemctl stop fcjail@web1
        vm web1 FCJAIL_CHROOT_DIR=/mnt/ramfs FCJAIL_API_GROUP=fcjail
        not systemctl start fcjail@web1
        says web1 "Failed at step files"
        umount /mnt/ramfs
}

test_a_configuration_that_is_too_large_is_refused() {
        head -c 1048577 /dev/zero | tr '\0' ' ' >"$ENV/large.json"
        vm web1 "FCJAIL_CONFIG=$ENV/large.json"
        not systemctl start fcjail@web1
        says web1 "Failed at step paths of 'web1': $ENV/large.json: is larger than 1048576 bytes"
        rm "$ENV/large.json"
        is_gone web1
}

test_a_configuration_that_is_no_file_is_refused() {
        vm web1 FCJAIL_CONFIG=/dev/null
        not systemctl start fcjail@web1
        says web1 "Failed at step paths of 'web1': /dev/null: is a character device, not a regular file"
        vm web1 "FCJAIL_CONFIG=$ENV"
        not systemctl start fcjail@web1
        says web1 "Failed at step paths of 'web1': $ENV: is a directory, not a regular file"
        is_gone web1
}

# put_disk ID OWNER MODE: a disk of 8 sectors in the jail, with a text at its beginning.
put_disk() {
        local disk=$BASE/$1/root/disk.img
        mkdir -p "$BASE/$1/root"
        echo "from the host" >"$disk"
        truncate -s 4096 "$disk"
        chown "$2" "$disk"
        chmod "$3" "$disk"
}

# vm_with_disk ID READ_ONLY [KEY=VALUE…]: it has uid 30001.
vm_with_disk() {
        vm "$1" FCJAIL_UID=30001 "FCJAIL_CONFIG=$ENV/disk.json" FCJAIL_TAP= "${@:3}"
        echo '{"drives": [{"drive_id": "disk", "path_on_host": "/disk.img", "is_root_device": true, "is_read_only": '"$2"'}]}' \
                >"$ENV/disk.json"
}

# take_disk ID: what is in its first two sectors, and takes it away with the jail.
take_disk() {
        head -c 1024 "$BASE/$1/root/disk.img" | tr -d '\0'
        rm -r "${BASE:?}/$1" "$ENV/disk.json"
}

test_a_read_only_disk_is_read() {
        put_disk web1 30001 0400
        vm_with_disk web1 true
        systemctl start fcjail@web1
        says web1 "disk: read 'from the host'"
        systemctl stop fcjail@web1
        is "from the host" "$(take_disk web1)"
}

test_a_disk_of_the_vm_is_written_and_kept() {
        put_disk web1 30001 0600
        vm_with_disk web1 false
        systemctl start fcjail@web1
        says web1 "disk: wrote sector 1"
        systemctl restart fcjail@web1
        systemctl stop fcjail@web1
        is $'from the host\nwritten by the guest' "$(take_disk web1)"
}

test_a_disk_of_somebody_else_is_not_written() {
        put_disk web1 root 0666
        vm_with_disk web1 false
        not systemctl start fcjail@web1
        says web1 "Error manipulating the backing file: Read-only file system (os error 30) /disk.img"
        is "from the host" "$(take_disk web1)"
}

# check_says STATUS ERRORS [COMMAND…]: how `check` ends and what it writes to standard error, with that command in front.
check_says() {
        local status=0
        "${@:3}" fcjail check web1 >/dev/null 2>/tmp/errors || status=$?
        is "$1" "$status"
        is "$2" "$(</tmp/errors)"
}

# What it advises is enough.
test_check_names_a_disk_that_the_vm_cannot_write() {
        local disk=$BASE/web1/root/disk.img message
        message="fcjail: $disk: belongs to uid 0, so the VMM cannot write its drive 'disk'; \`chown 30001 $disk\`, or set is_read_only"
        put_disk web1 root 0644
        vm_with_disk web1 false
        user manager --groups fcjail
        check_says 66 "$message"
        check_says 66 "$message" setpriv --reuid manager --regid manager --init-groups
        chown 30001 "$disk"
        check_says 0 ""
        systemctl start fcjail@web1
        says web1 "disk: wrote sector 1"
        check_says 0 ""
        systemctl stop fcjail@web1
        is $'from the host\nwritten by the guest' "$(take_disk web1)"
}

# Before the first start, and after one.
test_check_names_a_log_that_the_vm_cannot_make() {
        local log=$BASE/web1/root/log made
        made="the VMM cannot make its log; set /run/NAME, or create it and \`chown\` it to the VM's uid"
        vm web1 FCJAIL_UID=30001 "FCJAIL_CONFIG=$ENV/log.json" FCJAIL_TAP= FCJAIL_CONFIG_BIND=no
        echo '{"logger": {"log_path": "/log"}, "vsock": {"guest_cid": 3, "uds_path": "/run/v.sock"}}' >"$ENV/log.json"
        check_says 66 "fcjail: $log: does not exist, so $made"
        not systemctl start fcjail@web1
        mkdir -p "$BASE/web1/root"
        touch "$log"
        check_says 66 "fcjail: $log: belongs to uid 0, so the VMM cannot write its log; \`chown 30001 $log\`"
        not systemctl start fcjail@web1
        chown 30001 "$log"
        check_says 0 ""
        systemctl start fcjail@web1
        systemctl stop fcjail@web1
        rm -r "${BASE:?}/web1" "$ENV/log.json"
}

test_check_names_a_socket_that_the_vm_cannot_make() {
        local socket=$BASE/web1/root/v.sock
        vm web1 "FCJAIL_CONFIG=$ENV/vsock.json" FCJAIL_TAP= FCJAIL_CONFIG_BIND=no
        echo '{"vsock": {"guest_cid": 3, "uds_path": "/v.sock"}}' >"$ENV/vsock.json"
        check_says 66 "fcjail: $socket: is not directly in run/, so the VMM cannot make its vsock socket; set /run/NAME"
        not systemctl start fcjail@web1
        rm "$ENV/vsock.json"
}

test_check_names_a_log_that_goes_with_the_vm() {
        local log=$BASE/web1/root/run/log
        vm web1 "FCJAIL_CONFIG=$ENV/log.json" FCJAIL_TAP=
        echo '{"logger": {"log_path": "/run/log"}}' >"$ENV/log.json"
        check_says 0 "fcjail: $log: is in run/, so the end of the VM removes the VMM's log; to keep it, set a path of the host outside /run"
        systemctl start fcjail@web1
        test -f "$log"
        systemctl stop fcjail@web1
        not test -e "$log"
        rm "$ENV/log.json"
}

test_check_names_a_tap_that_the_vm_does_not_have() {
        vm web1 "FCJAIL_CONFIG=$ENV/tap.json" FCJAIL_TAP=tap0
        echo '{"network-interfaces": [{"iface_id": "eth0", "host_dev_name": "tap1"}]}' >"$ENV/tap.json"
        check_says 66 "fcjail: $ENV/tap.json: wants the TAP 'tap1' at /network-interfaces/0/host_dev_name, but FCJAIL_TAP= has tap0; give both the same name
fcjail: $ENV/tap.json: has no network interface for the TAP 'tap0' of FCJAIL_TAP="
        not systemctl start fcjail@web1
        rm "$ENV/tap.json"
}

test_check_names_a_disk_that_is_not_there() {
        local message="fcjail: $BASE/web1/root/disk.img: does not exist, so the VMM cannot open its drive 'disk'; put it there with ln or cp"
        vm_with_disk web1 false FCJAIL_CONFIG_BIND=no
        check_says 66 "$message"
        not systemctl start fcjail@web1
        mkdir -p "$BASE/web1/root"
        check_says 66 "$message"
        rm -r "${BASE:?}/web1" "$ENV/disk.json"
}

test_a_disk_that_is_not_there_ends_the_vmm() {
        vm_with_disk web1 false FCJAIL_CONFIG_BIND=no
        not systemctl start fcjail@web1
        says web1 "Error manipulating the backing file: No such file or directory (os error 2) /disk.img"
        rm "$ENV/disk.json"
}

test_a_disk_by_the_api() {
        put_disk web1 30001 0400
        vm web1 FCJAIL_UID=30001 FCJAIL_CONFIG= FCJAIL_TAP=
        systemctl start fcjail@web1
        fcjail api web1 PUT /drives/disk \
                '{"drive_id": "disk", "path_on_host": "/disk.img", "is_root_device": true, "is_read_only": true}'
        fcjail api web1 PUT /actions '{"action_type": "InstanceStart"}'
        says web1 "disk: read 'from the host'"
        systemctl stop fcjail@web1
        rm -r "${BASE:?}/web1"
}

test_a_kernel_that_is_not_there_ends_the_vmm() {
        vm web1 "FCJAIL_CONFIG=$ENV/kernel.json" FCJAIL_TAP= FCJAIL_CONFIG_BIND=no
        echo '{"boot-source": {"kernel_image_path": "/vmlinux"}}' >"$ENV/kernel.json"
        not systemctl start fcjail@web1
        says web1 "The kernel file cannot be opened: No such file or directory (os error 2)"
        rm "$ENV/kernel.json"
}

test_run_holds_log_metrics_and_vsock() {
        local run=$BASE/web1/root/run
        vm web1 "FCJAIL_CONFIG=$ENV/run.json" FCJAIL_TAP=
        jq -n '{logger: {log_path: "/run/log"}, metrics: {metrics_path: "/run/metrics"},
                vsock: {guest_cid: 3, uds_path: "/run/v.sock"}}' >"$ENV/run.json"
        systemctl start fcjail@web1
        test -f "$run/log"
        test -f "$run/metrics"
        test -S "$run/v.sock"
        # They are no obstacle to the next start.
        systemctl restart fcjail@web1
        rm "$ENV/run.json"
}

main "$@"

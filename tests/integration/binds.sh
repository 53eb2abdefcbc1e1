# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2317,SC2086
# What is bound into the jail: files that stay where they are, with the owner and mode that they have.
# shellcheck source-path=SCRIPTDIR source=../lab/lib.sh
. "$(dirname "$0")/../lab/lib.sh"

VMS=/mnt/vms
JSON=$VMS/web1.json

empty_vms() {
        ext4_at $VMS
        rm -rf ${VMS:?}/*
}

# disk PATH OWNER MODE: 8 sectors, with a text at its beginning.
disk() {
        mkdir -p "$(dirname "$1")"
        echo "from the host" >"$1"
        truncate -s 4096 "$1"
        chown "$2" "$1"
        chmod "$3" "$1"
}

# drives PATH…: in JSON; ",ro" behind a path: it is only read.
drives() {
        local drive path sep='' n=0
        printf '"drives": ['
        for drive in "$@"; do
                path=${drive%,ro}
                printf '%s{"drive_id": "d%i", "path_on_host": "%s", "is_root_device": false, "is_read_only": %s}' \
                        "$sep" $((n++)) "$path" "$([[ $path == "$drive" ]] && echo false || echo true)"
                sep=', '
        done
        printf ']'
}

# vm_of JSON [KEY=VALUE…]: web1 with these members at the top of its configuration.
vm_of() {
        echo "{$1}" >$JSON
        vm web1 FCJAIL_CONFIG=$JSON FCJAIL_TAP= "${@:2}"
        sed -i '/^FCJAIL_TAP=/d' $ENV/web1.env
}

# words FILE: what is in its first two sectors.
words() {
        head -c 1024 "$1" | tr -d '\0'
}

# is_unchanged FILE OWNER MODE
is_unchanged() {
        is "$2 $3" "$(stat -c '%u:%g %a' "$1")"
}

# mount_of PATH: its options in the jail of web1, or nothing.
mount_of() {
        awk -v path="$1" '$5 == path { print $6 }' "/proc/$(pid_of web1)/mountinfo"
}

# as_vm COMMAND: in the jail of web1, as its uid.
as_vm() {
        local ids
        ids=$(stat -c '--reuid %u' "/proc/$(pid_of web1)")\ $(stat -c '--regid %g' "/proc/$(pid_of web1)")
        # shellcheck disable=SC2086
        (cd "/proc/$(pid_of web1)/root" && setpriv $ids --clear-groups sh -c "$1")
}

# refused TEXT STATUS: a start of web1 ends so, and leaves nothing.
refused() {
        not systemctl start fcjail@web1
        says web1 "$1"
        is "$2" "$(systemctl show -P ExecMainStatus fcjail@web1)"
        systemctl reset-failed fcjail@web1
        is_gone web1
}

test_a_configuration_that_works_without_a_jail_works_in_it() {
        empty_vms
        disk $VMS/kernel root 0600
        disk $VMS/images/disk.img root 0600
        printf '{"boot-source": {"kernel_image_path": "%s"}, %s}' $VMS/kernel "$(drives $VMS/images/disk.img)" >$JSON
        echo FCJAIL_VMM=/usr/local/bin/demo-vmm >$ENV/default.env
        echo FCJAIL_CONFIG=$JSON >$ENV/web1.env
        systemctl start fcjail@web1
        says web1 "disk: wrote sector 1"
        is rw,nosuid,nodev,noexec "$(mount_of $VMS/images/disk.img | sed -E 's/,(relatime|idmapped)//g')"
        is ro,nosuid,nodev,noexec "$(mount_of $VMS/kernel | sed -E 's/,(relatime|idmapped)//g')"
        systemctl restart fcjail@web1
        systemctl stop fcjail@web1
        is $'from the host\nwritten by the guest' "$(words $VMS/images/disk.img)"
        is_unchanged $VMS/images/disk.img 0:0 600
        is_unchanged $VMS/kernel 0:0 600
        is_gone web1
        rm $ENV/default.env
}

test_each_owner_is_mapped() {
        empty_vms
        user alice
        disk $VMS/a alice 0600
        disk $VMS/b root:alice 0640
        disk $VMS/c 30001:root 0600
        disk $VMS/d root 0644
        vm_of "$(drives $VMS/a $VMS/b $VMS/c $VMS/d,ro)" FCJAIL_UID=30001
        systemctl start fcjail@web1
        is "30001 30001 30001 0" "$(cd "/proc/$(pid_of web1)/root$VMS" && stat -c %u a b c d | xargs)"
        systemctl stop fcjail@web1
        is_unchanged $VMS/a "$(id -u alice):0" 600
        is_unchanged $VMS/b "0:$(id -g alice)" 640
}

# One user namespace for each pair of owner and group.
test_any_number_of_owners() {
        local i binds=
        empty_vms
        for i in {1..20}; do
                disk $VMS/$i $((20000 + i)) 0600
                binds+=" $VMS/$i"
        done
        vm_of '' FCJAIL_UID=30001 "FCJAIL_BIND=${binds# }"
        systemctl start fcjail@web1
        is 30001 "$(cd "/proc/$(pid_of web1)/root$VMS" && stat -c %u {1..20} | sort -u)"
}

test_a_read_only_drive_cannot_be_written() {
        empty_vms
        disk $VMS/disk root 0600
        vm_of "$(drives $VMS/disk,ro)"
        systemctl start fcjail@web1
        says web1 "disk: read 'from the host'"
        not as_vm "echo more >>.$VMS/disk"
        systemctl stop fcjail@web1
        is "from the host" "$(words $VMS/disk)"
}

test_one_file_for_two_drives_is_bound_once_and_writable() {
        empty_vms
        disk $VMS/disk root 0600
        vm_of "$(drives $VMS/disk,ro $VMS/disk)"
        systemctl start fcjail@web1
        is 1 "$(mount_of $VMS/disk | wc -l)"
        as_vm "echo more >>.$VMS/disk"
}

test_what_an_operator_has_put_into_the_jail_wins() {
        local root=$BASE/web1/root
        empty_vms
        disk $VMS/disk root 0600
        disk "$root$VMS/disk" 30001 0600
        echo "from the operator" >"$root$VMS/disk"
        truncate -s 4096 "$root$VMS/disk"
        vm_of "$(drives $VMS/disk)" FCJAIL_UID=30001
        systemctl start fcjail@web1
        says web1 "disk: read 'from the operator'"
        systemctl stop fcjail@web1
        is "from the host" "$(words $VMS/disk)"
        is $'from the operator\nwritten by the guest' "$(words "$root$VMS/disk")"
        # Nor is it lost if fcjail cannot look.
        not strace -f -o /tmp/strace -P "$root" -e trace=newfstatat -e inject=newfstatat:error=EIO fcjail run web1 >/tmp/out 2>&1 </dev/null
        grep INJECTED /tmp/strace
        grep -F "Failed at step paths of 'web1': $root$VMS/disk: cannot be inspected: Input/output error (/drives/0/path_on_host)" /tmp/out
        rm -r "${BASE:?}/web1"
}

test_a_relative_path_stays_in_the_jail() {
        empty_vms
        disk "$BASE/web1/root/disk" 30001 0600
        vm_of "$(drives disk)" FCJAIL_UID=30001
        systemctl start fcjail@web1
        says web1 "disk: wrote sector 1"
        systemctl stop fcjail@web1
        rm -r "${BASE:?}/web1"
}

test_nothing_is_bound_if_that_is_switched_off() {
        empty_vms
        disk $VMS/disk root 0600
        vm_of "$(drives $VMS/disk)" FCJAIL_CONFIG_BIND=no
        not systemctl start fcjail@web1
        says web1 "No such file or directory (os error 2) $VMS/disk"
}

# What is bound is the file; the jail has no links.
test_a_path_through_links_of_roots() {
        empty_vms
        disk $VMS/v2/disk root 0600
        ln -s v2 $VMS/current
        ln -s disk $VMS/v2/link
        vm_of "$(drives $VMS/current/link)"
        systemctl start fcjail@web1
        says web1 "disk: wrote sector 1"
        as_vm "test -f .$VMS/current/link"
}

# What is replaced by rename on the host is another file.
test_a_file_that_is_replaced_while_the_vm_runs() {
        empty_vms
        disk $VMS/disk root 0600
        vm_of "$(drives $VMS/disk)"
        systemctl start fcjail@web1
        says web1 "disk: wrote sector 1"
        disk $VMS/new root 0600
        mv $VMS/new $VMS/disk
        is $'from the host\nwritten by the guest' "$(as_vm "head -c 1024 .$VMS/disk" | tr -d '\0')"
        systemctl stop fcjail@web1
        is "from the host" "$(words $VMS/disk)"
}

test_logs_are_made_and_bound_alone() {
        local logs='"logger": {"log_path": "/mnt/vms/logs/log"}, "metrics": {"metrics_path": "/mnt/vms/logs/metrics"}'
        empty_vms
        user alice
        mkdir -m 0700 $VMS/logs
        chown alice $VMS/logs
        vm_of "$logs"
        systemctl start fcjail@web1
        is "log metrics" "$(cd $VMS/logs && echo *)"
        is_unchanged $VMS/logs/log "$(id -u alice):0" 640
        not as_vm "touch .$VMS/logs/another"
        not as_vm "rm -f .$VMS/logs/log"
        systemctl restart fcjail@web1
        systemctl stop fcjail@web1
        test -f $VMS/logs/log
        chown root $VMS/logs
        rm $VMS/logs/*
        systemctl start fcjail@web1
        is_unchanged $VMS/logs/log 0:0 640
}

test_a_vsock_socket_needs_a_directory_that_is_not_roots() {
        empty_vms
        user alice
        mkdir -m 0700 $VMS/sockets
        vm_of '"vsock": {"guest_cid": 3, "uds_path": "/mnt/vms/sockets/v.sock"}'
        refused "$VMS/sockets: is a directory of root's, in which a VM could make setuid files of root's (/vsock/uds_path)" 77
        chown alice $VMS/sockets
        systemctl start fcjail@web1
        test -S $VMS/sockets/v.sock
        is "$(id -u alice) 770" "$(stat -c '%u %a' $VMS/sockets/v.sock)"
        systemctl stop fcjail@web1
}

# A log beside it needs no bind of its own.
test_a_log_in_the_directory_of_the_socket() {
        empty_vms
        user alice
        mkdir -m 0700 $VMS/dir
        chown alice $VMS/dir
        vm_of '"vsock": {"guest_cid": 3, "uds_path": "/mnt/vms/dir/v.sock"}, "logger": {"log_path": "/mnt/vms/dir/log"}'
        systemctl start fcjail@web1
        is "log v.sock" "$(cd $VMS/dir && echo *)"
        is "$(id -u alice)" "$(stat -c %u $VMS/dir/log)"
        systemctl stop fcjail@web1
}

# What `check` calls an error, a start refuses, and the reverse.
test_check_and_a_start_say_the_same_of_the_place() {
        local root=$BASE/web1/root
        empty_vms
        user alice
        disk $VMS/disk root 0600
        vm_of '' FCJAIL_BIND=$VMS/disk:/disk
        disk "$root/disk" root 0600
        { fcjail check web1 2>&1 >/dev/null || true; } | grep -F "$root/disk: is there already, so $VMS/disk cannot be bound there (FCJAIL_BIND=)"
        not systemctl start fcjail@web1
        says web1 "$root/disk: is there already, so $VMS/disk cannot be bound there (FCJAIL_BIND=)"
        vm_of '' FCJAIL_BIND=$VMS/disk:/dir/disk
        mkdir "$root/dir"
        chown alice "$root/dir"
        { fcjail check web1 2>&1 >/dev/null || true; } | grep -F "$root/dir: belongs to uid $(id -u alice) with mode 0755, so fcjail makes nothing in it (FCJAIL_BIND=)"
        not systemctl start fcjail@web1
        rm -r "${BASE:?}/web1"
        mkdir $VMS/above
        vm_of '' "FCJAIL_BIND_RO=$VMS/above:/above $VMS/disk:/above/disk"
        { fcjail check web1 2>&1 >/dev/null || true; } | grep -F "$VMS/disk: cannot be bound to /above/disk, because $VMS/above, which FCJAIL_BIND_RO= binds above it, has no file of that name"
        refused "cannot be bound to /above/disk" 66
        : >$VMS/above/disk
        systemctl start fcjail@web1
        as_vm "grep -q host above/disk"
        systemctl stop fcjail@web1
}

test_a_missing_file_is_named() {
        empty_vms
        vm_of "$(drives $VMS/a,ro $VMS/deep/b)"
        refused "Failed at step paths of 'web1': $VMS/a: does not exist (/drives/0/path_on_host); create it, or correct its path" 66
        # All at once.
        is 2 "$({ fcjail check web1 2>&1 >/dev/null || true; } | grep -c 'does not exist')"
}

test_the_places_in_the_jail_are_removed_and_nothing_else() {
        local root=$BASE/web1/root
        empty_vms
        disk $VMS/disk root 0600
        vm_of "$(drives $VMS/disk)"
        systemctl start fcjail@web1
        is "0:0 0 0" "$(stat -c '%u:%g %a %s' "$root$VMS/disk")"
        echo theirs >"$root/mnt/theirs"
        systemctl stop fcjail@web1
        is "mnt mnt/theirs" "$(cd "$root" && find . -mindepth 1 | sed 's|^./||' | sort | xargs)"
        rm -r "${BASE:?}/web1"
        # As after a loss of power, which also loses the record.
        systemctl start fcjail@web1
        kill -STOP "$(pid_of web1)"
        cp -a "$root" /tmp/root
        kill -CONT "$(pid_of web1)"
        systemctl stop fcjail@web1
        mkdir -p "$BASE/web1"
        mv /tmp/root "$BASE/web1"
        systemctl start fcjail@web1
        says web1 "disk: wrote sector 1"
        systemctl stop fcjail@web1
        is_gone web1
        # Also not an empty directory of somebody's, through which a place is reached.
        mkdir -p "$root/mnt/vms"
        systemctl start fcjail@web1
        systemctl stop fcjail@web1
        is "mnt mnt/vms" "$(cd "$root" && find . -mindepth 1 | sed 's|^./||' | sort | xargs)"
        rm -r "${BASE:?}/web1"
}

test_a_disk_that_was_put_in_the_place_while_the_vm_ran_is_kept() {
        local place=$BASE/web1/root$VMS/disk
        empty_vms
        disk $VMS/disk root 0600
        vm_of "$(drives $VMS/disk)"
        systemctl start fcjail@web1
        disk /tmp/new root 0600
        mv -f /tmp/new "$place"
        systemctl stop fcjail@web1
        is "from the host" "$(words "$place")"
        rm -r "${BASE:?}/web1"
}

test_a_directory_is_bound_for_what_the_api_names_later() {
        empty_vms
        user alice
        mkdir -m 0700 $VMS/snapshots $VMS/images
        disk $VMS/images/disk root 0600
        chown alice:alice $VMS/snapshots
        vm_of '' "FCJAIL_BIND=$VMS/snapshots:/snapshots" FCJAIL_BIND_RO=$VMS/images
        systemctl start fcjail@web1
        as_vm "echo state >snapshots/state && mkdir snapshots/deep"
        as_vm "cat .$VMS/images/disk" >/dev/null
        not as_vm "echo more >>.$VMS/images/disk"
        not as_vm "touch .$VMS/images/another"
        systemctl stop fcjail@web1
        is state "$(cat $VMS/snapshots/state)"
        is_unchanged $VMS/snapshots/state "$(id -u alice):$(id -g alice)" 644
        is_gone web1
}

test_noidmap_and_idmap() {
        empty_vms
        user alice
        mkdir -m 0755 $VMS/same $VMS/mapped
        chown alice $VMS/same $VMS/mapped
        disk $VMS/same/mine 30001 0600
        disk $VMS/mapped/theirs 12345 0600
        vm_of '' FCJAIL_UID=30001 "FCJAIL_BIND=$VMS/same:/same:noidmap $VMS/mapped:/mapped:idmap=12345"
        systemctl start fcjail@web1
        as_vm "echo more >>same/mine && echo more >>mapped/theirs"
        not as_vm "touch same/another"
}

test_a_socket_of_the_host_in_the_directory_of_vsock() {
        empty_vms
        vm_of '' "FCJAIL_BIND=$VMS/agent.sock:/run/v.sock_5000"
        systemd-socket-activate --inetd --accept --listen=$VMS/agent.sock /bin/echo hello &
        eventually test -S $VMS/agent.sock
        chmod 0600 $VMS/agent.sock
        systemctl start fcjail@web1
        is hello "$(as_vm 'python3 -c "import socket; s = socket.socket(socket.AF_UNIX); s.connect(\"run/v.sock_5000\"); print(s.recv(9).decode())"')"
        kill $!
        systemctl stop fcjail@web1
        is_gone web1
}

# F1: through the idmap a VM would be root's equal in what it makes.
test_a_directory_of_roots_is_never_writable() {
        empty_vms
        mkdir -m 0700 $VMS/dir
        vm_of '' FCJAIL_BIND=$VMS/dir
        refused "$VMS/dir: is a directory of root's, in which a VM could make setuid files of root's (FCJAIL_BIND=)" 77
        vm_of '' FCJAIL_BIND=$VMS/dir:/dir:idmap=12345
        refused "is a directory of root's" 77
        chown 12345 $VMS/dir
        vm_of '' FCJAIL_BIND=$VMS/dir:/dir:noidmap
        systemctl start fcjail@web1
}

test_a_file_of_roots_is_writable_only_with_the_filter() {
        local filter
        empty_vms
        disk $VMS/disk root 0600
        for filter in off io_uring default; do
                vm_of "$(drives $VMS/disk)" FCJAIL_SECCOMP=$filter
                if [[ $filter == off ]]; then
                        refused "$VMS/disk: belongs to root, and without fcjail's filter a VM could make it setuid (/drives/0/path_on_host)" 77
                else
                        systemctl start fcjail@web1
                        says web1 "disk: wrote sector 1"
                        systemctl stop fcjail@web1
                fi
        done
        vm_of "$(drives $VMS/disk,ro)" FCJAIL_SECCOMP=off
        systemctl start fcjail@web1
        systemctl stop fcjail@web1
        chmod 4600 $VMS/disk
        vm_of "$(drives $VMS/disk)"
        refused "$VMS/disk: is setuid or setgid" 77
}

# In root's group a VM could make setgid files of that group, and without the filter of any group.
test_a_group_is_the_vms_only_where_it_can_make_nothing_setgid() {
        local filter group
        user alice
        for filter in default off io_uring; do
                for group in root alice; do
                        empty_vms
                        mkdir -m 0700 $VMS/dir
                        disk $VMS/disk alice 0600
                        chown "alice:$group" $VMS/dir $VMS/disk
                        vm_of "$(drives $VMS/disk)" FCJAIL_UID=30001 FCJAIL_SECCOMP=$filter FCJAIL_BIND=$VMS/dir:/dir
                        systemctl start fcjail@web1
                        says web1 "disk: wrote sector 1"
                        as_vm "touch dir/new && chmod 2755 dir/new .$VMS/disk"
                        if [[ $filter$group == defaultalice ]]; then
                                is_unchanged $VMS/dir/new "$(id -u alice):$(id -g alice)" 2755
                        else
                                is_unchanged $VMS/dir/new "$(id -u alice):30001" 2755
                                is_unchanged $VMS/disk "$(id -u alice):$(id -g $group)" 755
                        fi
                        systemctl stop fcjail@web1
                done
        done
}

# F2, and whatever else somebody could lead root to.
test_nobody_leads_root_to_the_file_of_another() {
        empty_vms
        user alice
        mkdir $VMS/alice
        chown alice $VMS/alice
        disk $VMS/secret root 0600
        disk $VMS/alice/roots root 0600
        ln -s ../secret $VMS/alice/link
        ln $VMS/secret $VMS/alice/hard-link
        ln -s / $VMS/alice/slash
        chown -h alice $VMS/alice/slash
        vm_of "$(drives $VMS/alice/roots)"
        refused "$VMS/alice/roots: does not belong to the owner of the directory that it is in" 77
        vm_of "$(drives $VMS/alice/hard-link,ro)"
        refused "$VMS/alice/hard-link: does not belong to the owner" 77
        vm_of "$(drives $VMS/alice/link,ro)"
        refused "$VMS/alice/link: is a symbolic link in a directory that is not root's, where no link is followed" 77
        vm_of "$(drives $VMS/alice/slash/etc/shadow,ro)"
        refused "$VMS/alice/slash is a symbolic link in a directory that is not root's" 77
        disk $VMS/alice/disk alice 0600
        vm_of "$(drives $VMS/alice/disk)"
        systemctl start fcjail@web1
        systemctl stop fcjail@web1
        chmod 0770 $VMS/alice
        refused "$VMS/alice is a directory that its group or others may write to" 77
        is "from the host" "$(words $VMS/secret)"
}

test_a_directory_of_anybodys_that_root_may_not_enter() {
        empty_vms
        user alice
        disk $VMS/alice/deep/disk alice 0600
        chown -R alice $VMS/alice
        chmod 0700 $VMS/alice $VMS/alice/deep
        vm_of "$(drives $VMS/alice/deep/disk)"
        systemctl start fcjail@web1
        says web1 "disk: wrote sector 1"
}

test_no_source_leads_through_what_the_vm_may_write() {
        empty_vms
        user alice
        disk $VMS/dir/disk alice 0600
        chown alice $VMS/dir
        vm_of "$(drives $VMS/dir/disk)" FCJAIL_BIND=$VMS/dir:/dir
        refused "$VMS/dir/disk: is in a directory that FCJAIL_BIND= lets this VM write" 77
        # By the directory's own name it is the same file.
        vm_of "$(drives $VMS/dir/disk)" FCJAIL_BIND=$VMS/dir
        systemctl start fcjail@web1
        says web1 "disk: wrote sector 1"
        systemctl stop fcjail@web1
        # Nor to a file that a start makes.
        vm_of "\"logger\": {\"log_path\": \"$VMS/dir/log\"}" FCJAIL_BIND=$VMS/dir:/dir
        refused "$VMS/dir/log: is in a directory that FCJAIL_BIND= lets this VM write" 77
        not test -e $VMS/dir/log
}

test_a_file_system_without_idmaps_is_named_with_the_remedies() {
        disk /srv/disk root 0600
        empty_vms
        vm_of "$(drives /srv/disk)" FCJAIL_UID=30001
        { fcjail check web1 2>&1 >/dev/null || true; } | grep -F "/srv/disk: is on overlay, whose files this kernel cannot map to the VM's uid (/drives/0/path_on_host)"
        refused "Failed at step files of 'web1': /srv/disk: is on overlay, whose files this kernel cannot map to the VM's uid; \`chown 30001\` it, or set the option noidmap or loop in FCJAIL_BIND=" 69
        chown 30001 /srv/disk
        systemctl start fcjail@web1
        says web1 "disk: wrote sector 1"
        systemctl stop fcjail@web1
        rm /srv/disk
}

test_a_name_that_is_reserved_or_odd_is_refused() {
        empty_vms
        vm_of "$(drives $VMS/../disk)"
        refused "FCJAIL_CONFIG=$JSON has '$VMS/../disk' at /drives/0/path_on_host, which is invalid; use an absolute path" 78
        vm_of '"vsock": {"guest_cid": 3, "uds_path": "/v.sock"}'
        refused "which is a socket in the root directory" 78
}

# With ProtectSystem=, what the unit may not write the VM may not either.
test_the_strict_example() {
        empty_vms
        disk $VMS/disk root 0600
        vm_of "$(drives $VMS/disk)"
        mkdir -p /run/systemd/system/fcjail@web1.service.d
        cp /usr/share/doc/fcjail/examples/strict.conf /run/systemd/system/fcjail@web1.service.d/
        systemctl daemon-reload
        refused "$VMS/disk: is on a file system that is read-only for fcjail (/drives/0/path_on_host); remount it, or set ReadWritePaths= if the unit has ProtectSystem=, or set is_read_only" 66
        unit web1 ReadWritePaths=$VMS
        systemctl start fcjail@web1
        says web1 "disk: wrote sector 1"
        systemctl stop fcjail@web1
        is_unchanged $VMS/disk 0:0 600
}

test_a_user_of_the_unit() {
        empty_vms
        user alice
        disk $VMS/disk root 0600
        vm_of "$(drives $VMS/disk)"
        unit web1 User=alice \
                "AmbientCapabilities=$(sed -n 's/^CapabilityBoundingSet=//p' /lib/systemd/system/fcjail@.service)"
        systemctl start fcjail@web1
        says web1 "disk: wrote sector 1"
        is "$(id -u alice)" "$(stat -c %u "/proc/$(pid_of web1)")"
        systemctl stop fcjail@web1
        is_unchanged $VMS/disk 0:0 600
}

test_one_tap_for_each_network_interface() {
        empty_vms
        vm_of '"network-interfaces": [{"iface_id": "eth0", "host_dev_name": "fc0"}, {"iface_id": "eth1", "host_dev_name": "fc1"}]'
        systemctl start fcjail@web1
        is "fc0 fc1 lo" "$(in_netns_of web1 ip -brief link | awk '{ print $1 }' | sort | xargs)"
}

main "$@"

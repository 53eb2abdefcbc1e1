# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2317
# The drop-ins that fcjail-generator makes at a daemon-reload, and block devices, which need them.
# shellcheck source-path=SCRIPTDIR source=../lab/lib.sh
. "$(dirname "$0")/../lab/lib.sh"

VMS=/srv/vms
JSON=$VMS/web1.json
GENERATOR=/usr/lib/systemd/system-generators/fcjail-generator
MADE=/run/systemd/generator

# drive PATH [READ_ONLY]: web1 has it.
drive() {
        mkdir -p "$VMS"
        jq -n --arg path "$1" --argjson ro "${2:-false}" \
                '{drives: [{drive_id: "disk", path_on_host: $path, is_root_device: false, is_read_only: $ro}]}' >"$JSON"
}

# shows PROPERTY WORD…: of the unit of web1, among others.
shows() {
        local property=$1 value word
        shift
        value=$(systemctl show -P "$property" fcjail@web1)
        for word in "$@"; do
                [[ " ${value//$'\n'/ } " == *" $word "* ]] || fail "$property is '$value', without '$word'" || return 1
        done
}

# loop_device: sets $loop to a fresh one of 8 sectors, which ends with the test.
loop_device() {
        [[ -e /dev/loop-control ]] || mknod -m 0600 /dev/loop-control c 10 237
        mkdir -p "$VMS"
        echo "from the host" >"$VMS"/loop.img
        truncate -s 1M "$VMS"/loop.img
        for _ in {1..20}; do # another may take the number that is free
                loop=$(losetup -f) || skip "no loop devices here"
                [[ -b $loop ]] || mknod -m 0600 "$loop" b 7 "${loop#/dev/loop}"
                losetup "$loop" "$VMS"/loop.img 2>/dev/null && break
        done
        exec 9<>"$loop"
        losetup -d "$loop" # when the last descriptor is closed
        is "from the host" "$(head -c 512 "$loop" | tr -d '\0')"
}

test_a_vm_waits_for_its_mounts_and_has_its_devices() {
        drive "$VMS"/disk.img
        vm web1 FCJAIL_CONFIG="$JSON" "FCJAIL_BIND=/dev/vg/data /mnt/a:/data" FCJAIL_BIND_RO=/dev/vg/cd
        systemctl daemon-reload
        shows RequiresMountsFor /srv/jailer "$JSON" "$VMS"/disk.img /mnt/a
        shows DeviceAllow "/dev/vg/data rwm" "/dev/vg/cd rm" "/dev/kvm rwm"
        shows DropInPaths "$MADE"/fcjail@web1.service.d/50-fcjail.conf
        shows NeedDaemonReload no
        rm -r "$VMS"
}

test_a_vm_that_needs_nothing_has_no_drop_in() {
        vm web1 FCJAIL_CONFIG=
        sed -i /FCJAIL_VMM=/d "$ENV"/web1.env
        systemctl daemon-reload
        is "" "$(systemctl show -P DropInPaths fcjail@web1)"
}

# property NAME: of the unit of web1, without the words of systemctl. Names with a backslash are usual: udev's for labels.
property() {
        busctl --json=short get-property org.freedesktop.systemd1 \
                /org/freedesktop/systemd1/unit/fcjail_40web1_2eservice "org.freedesktop.systemd1.$1" "$2" | jq -rc '.data[] | if type == "array" then join(" ") else . end'
}

test_odd_names_reach_systemd() {
        local odd="/mnt/it's \"a\" 100% name \\x" device='/dev/disk/by-label/My\x20Disk-1'
        mkdir -p "$VMS"
        jq -n --arg a "$odd" --arg b "$device" \
                '{"boot-source": {kernel_image_path: $a}, drives: [{drive_id: "d", path_on_host: $b, is_root_device: false}]}' >"$JSON"
        vm web1 FCJAIL_CONFIG="$JSON"
        systemctl daemon-reload
        property Unit RequiresMountsFor | grep -qxF "$odd"
        property Service DeviceAllow | grep -qxF "$device rwm"
        # Where systemd has units for devices, it can write /sys; the lab's is read-only.
        rm -rf /tmp/made
        mkdir /tmp/made
        unshare -m sh -c "mount -t tmpfs tmpfs /sys && $GENERATOR /tmp/made"
        mkdir -p /run/systemd/system
        cp -r /tmp/made/fcjail@web1.service.d /run/systemd/system/
        systemctl daemon-reload
        property Unit BindsTo | grep -qxF "$(systemd-escape --path --suffix=device "$device")"
        property Unit After | grep -qxF "$(systemd-escape --path --suffix=device "$device")"
        rm -r "$VMS"
}

test_a_block_device_is_a_drive() {
        local loop
        loop_device
        drive "$loop"
        vm web1 FCJAIL_CONFIG="$JSON" FCJAIL_TAP=none FCJAIL_UID=30001
        systemctl daemon-reload
        systemctl start fcjail@web1
        says web1 "disk: wrote sector 1"
        is "660 0:30001" "$(stat -c '%a %u:%g' "/proc/$(pid_of web1)/root$loop")"
        systemctl stop fcjail@web1
        is $'from the host\nwritten by the guest' "$(head -c 1024 "$loop" | tr -d '\0')"
        rm -r "$VMS"
}

test_a_block_device_that_is_only_read() {
        local loop
        loop_device
        drive "$loop" true
        vm web1 FCJAIL_CONFIG="$JSON" FCJAIL_TAP=none FCJAIL_UID=30001
        systemctl daemon-reload
        systemctl start fcjail@web1
        says web1 "disk: read 'from the host'"
        is "440 0:30001" "$(stat -c '%a %u:%g' "/proc/$(pid_of web1)/root$loop")"
        systemctl stop fcjail@web1
        rm -r "$VMS"
}

test_a_block_device_by_a_link_in_a_directory() {
        local loop
        loop_device
        mkdir -p /dev/disk/by-id
        ln -sf "$loop" /dev/disk/by-id/lab-1
        drive /dev/disk/by-id/lab-1
        vm web1 FCJAIL_CONFIG="$JSON" FCJAIL_TAP=none
        systemctl daemon-reload
        systemctl start fcjail@web1
        says web1 "disk: wrote sector 1"
        is "block special file" "$(stat -c %F "/proc/$(pid_of web1)/root/dev/disk/by-id/lab-1")"
        systemctl stop fcjail@web1
        rm -r "$VMS" /dev/disk
}

test_a_block_device_without_a_daemon_reload_names_the_command() {
        local loop
        loop_device
        drive "$loop"
        vm web1 FCJAIL_CONFIG="$JSON" FCJAIL_TAP=none
        not systemctl start fcjail@web1
        says web1 "$loop: is not among the devices that the unit allows; run \`systemctl daemon-reload\`, see fcjail-generator(8)"
        is 77 "$(systemctl show -P ExecMainStatus fcjail@web1)"
        is_gone web1
        systemctl daemon-reload
        systemctl start fcjail@web1
        systemctl stop fcjail@web1
        rm -r "$VMS"
}

test_a_mounted_block_device_is_refused() {
        local loop
        loop_device
        mkfs.ext4 -q "$loop" 2>/dev/null
        mount "$loop" /mnt
        drive "$loop"
        vm web1 FCJAIL_CONFIG="$JSON" FCJAIL_TAP=none
        systemctl daemon-reload
        not systemctl start fcjail@web1
        says web1 "$loop: is in use by the host: it is mounted on /mnt; release it, or give the VM another device"
        is 75 "$(systemctl show -P ExecMainStatus fcjail@web1)"
        is_gone web1
        umount /mnt
        systemctl reset-failed fcjail@web1
        systemctl start fcjail@web1
        systemctl stop fcjail@web1
        rm -r "$VMS"
}

test_a_unit_for_other_settings_is_noticed() {
        local stale="fcjail@web1.service: does not know the mounts and devices that the settings name now; run \`systemctl daemon-reload\`"
        touch /srv/one /srv/two
        vm web1 FCJAIL_BIND_RO=/srv/one
        systemctl daemon-reload
        systemctl start fcjail@web1
        not journal_has web1 "$stale"
        not grep -F "$stale" <(fcjail check web1 2>&1)
        vm web1 FCJAIL_BIND_RO=/srv/two
        systemctl restart fcjail@web1
        says web1 "$stale"
        grep -F "$stale" <(fcjail check web1 2>&1)
        systemctl daemon-reload
        not grep -F "$stale" <(fcjail check web1 2>&1)
        # What is in an environment is nothing that a daemon-reload would change.
        unit web1 Environment=FCJAIL_BIND_RO=/srv/one
        not grep -F "$stale" <(fcjail check web1 2>&1)
        systemctl stop fcjail@web1
        rm /srv/one /srv/two
}

# lines: what the generator says, called by hand.
lines() {
        rm -rf /tmp/made
        mkdir /tmp/made
        $GENERATOR /tmp/made /tmp/made /tmp/made 2>&1 >/dev/null | sed -n 's/^fcjail-generator\[[0-9]*\]: //p'
}

# lines_of ID: those about a VM.
lines_of() {
        lines | sed -n "s/^VM '$1': //p"
}

test_wrong_settings_do_not_fail_a_daemon_reload() {
        mkdir -p "$VMS"
        vm good FCJAIL_BIND_RO=/srv/one
        vm web1 FCJAIL_UID=none FCJAIL_BIND_RO=/srv/one
        vm web2 FCJAIL_CONFIG="$VMS"/web2.json FCJAIL_BIND_RO=/srv/one
        vm web3 FCJAIL_CONFIG="$VMS"/web3.json
        vm web4 FCJAIL_CONFIG="$VMS"/web4.json
        echo '{"drives": {}}' >"$VMS"/web2.json
        mkfifo "$VMS"/web4.json
        ln -s /dev/null "$ENV"/masked.env
        systemctl daemon-reload
        is "fcjail@good.service.d fcjail@web2.service.d fcjail@web3.service.d fcjail@web4.service.d" "$(cd "$MADE" && echo fcjail@*)"
        is "$ENV/web1.env:1: FCJAIL_UID= must be a number from 1 to 4294967293, not 'none'" "$(lines_of web1)"
        is "$VMS/web2.json: /drives is not an array" "$(lines_of web2)"
        # It may be on a file system that is mounted later.
        is "" "$(lines_of web3)"
        is "" "$(lines_of good)$(lines_of masked)"
        [[ $(lines_of web4) == "$VMS/web4.json: "* ]]
        shows DropInPaths ""
        # Who knows only a part does not say that this were all.
        grep -q _FCJAIL_UNIT= "$MADE"/fcjail@good.service.d/*
        not grep -q _FCJAIL_UNIT= "$MADE"/fcjail@web[234].service.d/*
        grep -qx 'RequiresMountsFor="/srv/one"' "$MADE"/fcjail@web2.service.d/*
        grep -qx "RequiresMountsFor=\"$VMS/web3.json\"" "$MADE"/fcjail@web3.service.d/*
        rm -r "$VMS" "$ENV"/masked.env
}

test_many_messages_are_counted() {
        local i
        for i in {1..15}; do
                echo 'FCJAIL_UID=none' >"$ENV/bad$i.env"
        done
        is "" "$(lines_of none)"
        is 10 "$(lines_of 'bad[0-9]*' | wc -l)"
        is "5 more messages; \`fcjail check ID\` names what is wrong" "$(lines | tail -n 1)"
}

# A path may lead to a file system that only systemd can mount, and systemd waits for its generators.
test_a_file_system_that_does_not_answer_does_not_hold_up_a_daemon_reload() {
        local nobody
        [[ -e /dev/fuse ]] || mknod -m 0600 /dev/fuse c 10 229
        mkdir -p /mnt/fuse
        python3 - <<'END' &
import ctypes, os, sys, time
fd = os.open("/dev/fuse", os.O_RDWR)
options = f"fd={fd},rootmode=40000,user_id=0,group_id=0".encode()
if ctypes.CDLL(None).mount(b"test", b"/mnt/fuse", b"fuse", 0, options) == 0:
    time.sleep(60)
END
        nobody=$!
        eventually grep " /mnt/fuse " /proc/self/mountinfo || skip "no FUSE here"
        vm web1 FCJAIL_CONFIG=/mnt/fuse/web1.json
        vm alone FCJAIL_BIND_RO=/srv/one
        timeout 20 systemctl daemon-reload
        # Those before it have theirs.
        is fcjail@alone.service.d "$(cd "$MADE" && echo fcjail@*)"
        kill "$nobody"
        wait "$nobody" || true
        umount -l /mnt/fuse
        rmdir /mnt/fuse
}

main "$@"

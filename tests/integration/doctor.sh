# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2016,SC2317,SC2086
# What `fcjail doctor` says of this system, and of VMs.
# shellcheck source-path=SCRIPTDIR source=../lab/lib.sh
. "$(dirname "$0")/../lab/lib.sh"

# doctor STATUS [ARGUMENT…]: its rows are in /tmp/rows, as JSON, and it ends so.
doctor() {
        local status=0
        fcjail doctor --json "${@:2}" >/tmp/rows || status=$?
        is "$1" "$status"
        is "1 1" "$(jq -r .version /tmp/rows) $(wc -l </tmp/rows)"
}

# row CHECK: the first row of that check: "severity object: text; remedy".
row() {
        jq -r --arg check "$1" 'first(.findings[] | select(.check == $check)) | "\(.severity) \(.object): \(.text); \(.remedy)"' /tmp/rows
}

# row_has CHECK TEXT
row_has() {
        [[ $(row "$1") == *"$2"* ]] || fail "the row of $1 is '$(row "$1")'"
}

has_vmm() {
        echo FCJAIL_VMM=/usr/local/bin/demo-vmm >$ENV/default.env
}

test_a_host_that_is_ready_has_status_0() {
        has_vmm
        doctor 0
        row_has defaults 'ok '
        row_has device 'ok /dev/kvm: exists'
        row_has open 'ok /dev/kvm'
        row_has tun 'ok /dev/net/tun: exists'
        row_has directory 'ok /srv/jailer: exists'
        row_has binary 'ok /usr/local/bin/demo-vmm: is static'
        row_has hierarchy 'ok /sys/fs/cgroup: is cgroup v2'
        row_has systemd "ok systemd: is version $(systemctl --version | awk 'NR == 1 { print $2 }')"
        # All paragraphs of the document are there.
        is 1.16.1 "$(jq -r .document /tmp/rows)"
        (($(jq '[.findings[] | select(.topic == "hardening") | .check] | unique | length' /tmp/rows) >= 26)) || fail "$(cat /tmp/rows)"
        is '[]' "$(jq -c '[.findings[] | select(.severity == "error" or .text == "" or .object == "")]' /tmp/rows)"
        rm $ENV/default.env
}

test_the_text_has_the_same_rows() {
        local n
        has_vmm
        doctor 0
        fcjail doctor >/tmp/out
        n=$(jq '.findings | length' /tmp/rows)
        is "$n" "$(grep -cE '^  (ok|note|warning|error) ' /tmp/out)"
        is "$(jq '[.findings[] | select(.remedy)] | length' /tmp/rows)" "$(grep -c '^          ' /tmp/out)"
        tail -n 1 /tmp/out | grep -F "errors: 0, " >/dev/null
        rm $ENV/default.env
}

test_the_status_is_that_of_the_first_error() {
        echo FCJAIL_VMM=/usr/local/bin/missing >$ENV/default.env
        doctor 66
        row_has binary 'error /usr/local/bin/missing: does not exist; install Firecracker there'
        echo FCJAIL_UUID=1 >$ENV/default.env
        doctor 78
        row_has defaults 'did you mean FCJAIL_UID=?'
        rm $ENV/default.env
        echo x | not fcjail doctor --xml
        doctor_status=0
        fcjail doctor default 2>/dev/null || doctor_status=$?
        is 64 "$doctor_status"
}

# in_a_copy COMMAND: with mounts of its own.
in_a_copy() {
        unshare --mount --propagation private bash -ec "$1"
}

test_what_is_wrong_shows_up() {
        has_vmm
        echo on >/tmp/on
        printf 'Filename\n/dev/sda2 partition\n' >/tmp/swaps
        in_a_copy 'mount --bind /tmp/on /sys/devices/system/cpu/smt/control; fcjail doctor --json >/tmp/rows'
        row_has smt 'warning /sys/devices/system/cpu/smt/control: is on'
        in_a_copy 'mount --bind /tmp/swaps /proc/swaps; fcjail doctor --json >/tmp/rows'
        row_has swap 'warning /dev/sda2: is swap'
        sysctl -qw net.ipv4.ip_forward=0
        doctor 0
        row_has forwarding 'note /proc/sys/net/ipv4/ip_forward: is 0'
        sysctl -qw net.ipv4.ip_forward=1
        doctor 0
        row_has forwarding 'ok '
        sysctl -qw net.ipv4.ip_forward=0
        in_a_copy 'mount -t tmpfs none /srv/jailer -o noexec,size=1m,mode=0755; fcjail doctor --json >/tmp/rows'
        row_has options 'warning /srv/jailer: is mounted noexec'
        row_has space 'warning /srv/jailer: has '
        row_has filesystem 'on tmpfs'
        rm $ENV/default.env
}

test_a_vmm_that_lacks_its_own_filter_is_named() {
        has_vmm
        doctor 0
        if readelf -n /usr/local/bin/demo-vmm | grep NT_GNU_ABI_TAG >/dev/null; then
                row_has build 'warning /usr/local/bin/demo-vmm: is built for the GNU C library'
        else
                row_has build 'ok '
        fi
        echo '#!/bin/sh' >/usr/local/bin/script-vmm
        echo FCJAIL_VMM=/usr/local/bin/script-vmm >$ENV/default.env
        doctor 66
        row_has binary 'error /usr/local/bin/script-vmm: is not a 64-bit ELF program'
        rm $ENV/default.env /usr/local/bin/script-vmm
}

# A container without devices, and a system without systemd.
test_works_where_nothing_is() {
        local status=0
        in_a_copy 'mount -t tmpfs none /dev; fcjail doctor --json >/tmp/rows' || status=$?
        is 69 "$status"
        row_has device 'error /dev/kvm: is missing on this host; '
        row_has tun 'error /dev/net/tun: is missing on this host; '
        status=0
        in_a_copy 'mount -t tmpfs none /run/systemd; mount -t tmpfs none /sys; fcjail doctor --json >/tmp/rows 2>/tmp/err' || status=$?
        is 66 "$status" # no VMM
        row_has systemd 'note systemd: is not the init of this system'
        row_has hierarchy 'warning /sys/fs/cgroup: is not cgroup v2'
        is '' "$(cat /tmp/err)"
}

test_everybody_can_run_it() {
        has_vmm
        setpriv --reuid 65534 --regid 65534 --clear-groups fcjail doctor --json >/tmp/rows
        row_has defaults 'note /run/fcjail: may have settings that uid 65534 cannot read'
        row_has binary 'ok '
        chmod 0600 $ENV/default.env
        setpriv --reuid 65534 --regid 65534 --clear-groups fcjail doctor --json >/tmp/rows
        jq -e '.findings[] | select(.check == "defaults" and .severity == "note" and (.text | startswith("/etc/fcjail/default.env: cannot be read")))' /tmp/rows
        row_has binary 'note vmm: is not looked at'
        rm $ENV/default.env
}

test_a_vm_comes_first_with_what_check_finds_and_its_state() {
        vm web1 FCJAIL_UID=30001
        doctor 0 web1
        is vm "$(jq -r '.findings[0].topic' /tmp/rows)"
        row_has state 'ok web1: does not run'
        row_has binary 'ok /usr/local/bin/demo-vmm'
        row_has rate-limiters "note $ENV/demo.json: does not limit its network interface"
        systemctl start fcjail@web1
        doctor 0 web1
        row_has state "ok web1: runs as process $(pid_of web1), uid 30001"
        systemctl stop fcjail@web1
        echo FCJAIL_UID=root >>$ENV/web1.env
        doctor 78 web1
        row_has check 'error web1: /etc/fcjail/web1.env:'
        row_has device 'ok '
        doctor 78 web2
        row_has check "error web2: no settings found for VM 'web2'"
}

test_what_a_vm_has_left_is_named() {
        vm web1
        by_hand web1
        kill -KILL "$helper"
        eventually not kill -0 "$(vmm_of web1)"
        wait "$helper" || true
        doctor 0 web1
        row_has state 'warning web1: has ended, and what it left behind is still there; run `fcjail cleanup web1`'
        fcjail cleanup web1
        doctor 0 web1
        row_has state 'ok web1: does not run'
}

# No file is opened for writing but the device that is asked, none is made, no program but our own is executed.
# The cage is looked at from within, by a process of its own.
test_changes_nothing() {
        vm web1
        systemctl start fcjail-cage
        strace -f -o /tmp/trace fcjail doctor web1 >/dev/null
        grep -E 'O_(WRONLY|RDWR|CREAT)' /tmp/trace | grep -vE '"(dev/kvm|/dev/kvm|/dev/null)"' >/tmp/writes || true
        grep -E ' (mkdir|unlink|rename|link|symlink|mknod|fch?mod|chmod|l?chown|fchown|mount|umount|move_mount|fsopen|truncate|f?setxattr|init_module|kill|setns|unshare)[a-z0-9]*\(' /tmp/trace | grep -vE ' (setns\([0-9]+, |unshare\()CLONE_NEWNS\)' >>/tmp/writes || true
        grep -E 'execve\(' /tmp/trace | grep -vE '"(/usr/bin/fcjail|/usr/libexec/fcjail-systemd)"' >>/tmp/writes || true
        is '' "$(cat /tmp/writes)"
        [[ ! -e $STATE/vm/web1 ]]
}

main "$@"

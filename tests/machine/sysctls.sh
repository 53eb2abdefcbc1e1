# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2317
# Settings of the kernel that hardened machines have, and others, and another root; in the machine of tests/machine/run.
# shellcheck source-path=SCRIPTDIR source=../lab/lib.sh
. "$(dirname "$0")/../lab/lib.sh"

# set_sysctl PATH VALUE
set_sysctl() {
        echo "$2" >"/proc/sys/$1"
        is "$2" "$(<"/proc/sys/$1")"
}

# As DISA's rules for RHEL have it.
test_no_user_namespaces() {
        vm web1
        set_sysctl user/max_user_namespaces 0
        systemctl start fcjail@web1
        systemctl stop fcjail@web1
        set_sysctl user/max_user_namespaces 1000
}

# With 1 even a program that its user cannot read is dumpable.
test_suid_dumpable() {
        local status=0
        vm web1
        set_sysctl fs/suid_dumpable 1
        not systemctl start fcjail@web1
        says web1 "Failed at step paths of 'web1': fs.suid_dumpable: is 1"
        is 78 "$(systemctl show -P ExecMainStatus fcjail@web1)"
        fcjail check web1 >/tmp/plan 2>/tmp/err || status=$?
        is 78 "$status"
        grep "fs.suid_dumpable: is 1" /tmp/err
        set_sysctl fs/suid_dumpable 2
        systemctl start fcjail@web1
        systemctl stop fcjail@web1
        set_sysctl fs/suid_dumpable 0
}

# From before the machine had another root.
test_a_root_that_is_an_initramfs() {
        grep "/: is the initramfs, which pivot_root cannot leave; let the init switch_root to another file system" /initramfs
        grep -x "status 78" /initramfs
}

main "$@"

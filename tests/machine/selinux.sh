# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2317
# FCJAIL_SELINUX= where SELinux is active, with a policy that is made for this (selinux.cil).
# shellcheck source-path=SCRIPTDIR source=label.sh
. "$(dirname "$0")/label.sh"

VMM=system_u:system_r:vmm_t:s0

enforce() {
        [[ ! -e /sys/fs/selinux/enforce ]] || return 0
        mount -t selinuxfs selinuxfs /sys/fs/selinux
        cat /usr/share/policy >/sys/fs/selinux/load
        echo 1 >/sys/fs/selinux/enforce
}

start_labelled() {
        label_vm "FCJAIL_SELINUX=$VMM"
        systemctl start fcjail@web1
        is "$VMM" "$(label_of_vmm)"
        says web1 "exec: Permission denied, run: Permission denied"
}

test_without_a_label_the_vmm_is_as_the_helper() {
        enforce
        label_vm
        systemctl start fcjail@web1
        is system_u:system_r:host_t:s0 "$(label_of_vmm)"
        says web1 "exec: ok, run: ok"
}

test_a_label_confines_the_vmm() {
        enforce
        start_labelled
}

test_a_label_confines_the_vmm_of_a_user() {
        enforce
        unit web1 "$(example dynamic-user.conf)"
        start_labelled
}

test_a_label_confines_the_vmm_of_a_strict_unit() {
        enforce
        unit web1 "$(example strict.conf)"
        start_labelled
}

test_a_label_that_the_policy_does_not_have_is_refused() {
        enforce
        label_vm FCJAIL_SELINUX=system_u:system_r:nobody_t:s0
        not systemctl start fcjail@web1
        says web1 "Failed at step label of 'web1': system_u:system_r:nobody_t:s0: Invalid argument"
        is_gone web1
}

# The policy must allow it to a process that gets no new privileges.
test_a_label_that_the_policy_does_not_let_it_have_is_refused() {
        enforce
        label_vm FCJAIL_SELINUX=system_u:system_r:forbidden_t:s0
        not systemctl start fcjail@web1
        says web1 "Failed at step exec of 'web1': /usr/local/bin/label-vmm: Operation not permitted; the SELinux policy must allow system_u:system_r:forbidden_t:s0 process:transition"
        is_gone web1
}

main "$@"

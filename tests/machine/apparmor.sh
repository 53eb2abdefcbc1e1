# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2317
# FCJAIL_APPARMOR= and the profile among the examples, where AppArmor is active.
# shellcheck source-path=SCRIPTDIR source=label.sh
. "$(dirname "$0")/label.sh"

PROFILE=/tmp/fcjail-vmm

# load [EDIT]: the example as it is installed, and no other.
load() {
        [[ -d /sys/kernel/security/apparmor ]] || mount -t securityfs securityfs /sys/kernel/security
        [[ ! -e $PROFILE ]] || apparmor_parser --remove "$PROFILE"
        sed "${1:-}" /host/examples/apparmor-fcjail-vmm >"$PROFILE"
        apparmor_parser --add --skip-cache "$PROFILE"
}

start_confined() {
        label_vm FCJAIL_APPARMOR=fcjail-vmm
        systemctl start fcjail@web1
        is "fcjail-vmm (enforce)" "$(label_of_vmm)"
        is "fcjail-vmm (enforce)" "$(<"/proc/$(pid_of web1)/attr/apparmor/current")"
        says web1 "exec: Permission denied, run: ok"
}

test_without_a_profile_the_vmm_is_unconfined() {
        load
        label_vm
        systemctl start fcjail@web1
        is unconfined "$(label_of_vmm)"
        says web1 "exec: ok, run: ok"
}

test_a_profile_confines_the_vmm() {
        load
        start_confined
}

test_a_profile_confines_the_vmm_of_a_user() {
        load
        unit web1 "$(example dynamic-user.conf)"
        start_confined
}

test_a_profile_confines_the_vmm_of_a_strict_unit() {
        load
        unit web1 "$(example strict.conf)"
        start_confined
}

# Not only the little program of the other tests: with KVM, a TAP, its configuration and its API.
test_a_profile_lets_a_guest_run() {
        load
        vm web1 FCJAIL_APPARMOR=fcjail-vmm
        systemctl start fcjail@web1
        is "fcjail-vmm (enforce)" "$(label_of_vmm)"
        says web1 "hello from guest"
        in_netns_of web1 ping -q -c 1 -W 10 172.16.0.2
        fcjail api web1 GET / | grep '"state": *"Running"'
        systemctl stop fcjail@web1
        ended_well web1
}

# What the one above is worth: a rule that a VMM needs is missed.
test_a_profile_without_kvm_lets_no_guest_run() {
        load '/dev\/kvm/d; s/\[^\.\]\*/nothing/'
        vm web1 FCJAIL_APPARMOR=fcjail-vmm
        not systemctl start fcjail@web1
        says web1 "Cannot start the guest: /dev/kvm: Permission denied"
        is_gone web1
}

refused() {
        label_vm FCJAIL_APPARMOR=fcjail-vmm
        not systemctl start fcjail@web1
        says web1 "Failed at step label of 'web1': fcjail-vmm: No such file or directory; load the profile"
        is_gone web1
}

test_a_profile_that_is_not_loaded_is_refused() {
        load
        apparmor_parser --remove "$PROFILE"
        rm "$PROFILE"
        refused
}

# Nor taken for another one whose name only begins so.
test_a_profile_of_another_name_is_another() {
        load 's/^profile fcjail-vmm /profile fcjail-vmm-other /'
        refused
}

main "$@"

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

refused() {
        label_vm FCJAIL_APPARMOR=fcjail-vmm
        not systemctl start fcjail@web1
        says web1 "Failed at step label of 'web1': fcjail-vmm: No such file or directory; is the profile loaded?"
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

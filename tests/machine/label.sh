# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2317
# What the tests of both security modules share; in the machine of tests/machine/run.
# shellcheck source-path=SCRIPTDIR source=../lab/lib.sh
. "$(dirname "$0")/../lab/lib.sh"

label_vm() {
        vm web1 FCJAIL_VMM=/usr/local/bin/label-vmm FCJAIL_READY=exec FCJAIL_CONFIG= FCJAIL_STOP=kill "$@"
}

# example NAME: what it says.
example() {
        grep -v -e '^#' -e '^\[' "/usr/share/doc/fcjail/examples/$1"
}

# label_of_vmm: what the kernel says of it.
label_of_vmm() {
        tr -d '\0' <"/proc/$(pid_of web1)/attr/current"
}

# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2317
# System call filters other than the default one, and labels.
# shellcheck source-path=SCRIPTDIR source=../lab/lib.sh
. "$(dirname "$0")/../lab/lib.sh"

# instruction CODE JT JF K: one of a compiled filter, in the byte order of x86_64 and aarch64.
instruction() {
        local k=$4
        printf '%b' "$(printf '\\x%02x\\x%02x\\x%02x\\x%02x\\x%02x\\x%02x\\x%02x\\x%02x' $(($1 & 255)) $(($1 >> 8)) "$2" "$3" \
                $((k & 255)) $((k >> 8 & 255)) $((k >> 16 & 255)) $((k >> 24 & 255)))"
}

LOAD=0x20 EQUAL=0x15 RETURN=0x06 ALLOW=0x7fff0000 EPERM=0x50001 KILL=0x80000000
case $(uname -m) in
x86_64) ARCH=0xc000003e OTHER=0xc00000b7 UNAME=63 ;;
aarch64) ARCH=0xc00000b7 OTHER=0xc000003e UNAME=160 ;;
esac

# filter ARCH: refuses uname(2).
filter() {
        instruction "$LOAD" 0 0 4
        instruction "$EQUAL" 1 0 "$1"
        instruction "$RETURN" 0 0 "$KILL"
        instruction "$LOAD" 0 0 0
        instruction "$EQUAL" 0 1 "$UNAME"
        instruction "$RETURN" 0 0 "$EPERM"
        instruction "$RETURN" 0 0 "$ALLOW"
}

# probed FILTER: what a VMM with that sees, in $json.
probed() {
        vm web1 FCJAIL_VMM_ARGS=--probe "FCJAIL_SECCOMP=$1"
        rm -f /tmp/out # of an earlier one
        fcjail run web1 </dev/null >/tmp/out 2>&1 &
        eventually grep "Started VM 'web1'" /tmp/out
        json=$(grep '^{' /tmp/out)
        fcjail stop web1
        wait
}

test_each_kind() {
        probed default
        is "2 lab" "$(jq -r '"\(.seccomp) \(.hostname)"' <<<"$json")"
        probed io_uring
        is 2 "$(jq .seccomp <<<"$json")"
        probed off
        is 0 "$(jq .seccomp <<<"$json")"
        grep "runs without fcjail's system call filter" /tmp/out
}

test_own_filter() {
        filter "$ARCH" >"$ENV/own.bpf"
        probed "$ENV/own.bpf"
        is "2 ?" "$(jq -r '"\(.seccomp) \(.hostname)"' <<<"$json")"
}

# refused TEXT: a start with the filter own.bpf is.
refused() {
        local status=0
        vm web1 "FCJAIL_SECCOMP=$ENV/own.bpf"
        fcjail run web1 >/tmp/out 2>&1 || status=$?
        is "66 fcjail: Failed at step paths of 'web1': $ENV/own.bpf: $1" "$status $(cat /tmp/out)"
        is_gone web1
}

test_what_is_no_filter_is_refused() {
        filter "$OTHER" >"$ENV/own.bpf"
        refused "is a filter for another architecture"
        filter "$ARCH" | head -c 50 >"$ENV/own.bpf"
        refused "is not a compiled filter: its size is not a multiple of 8 bytes"
        : >"$ENV/own.bpf"
        refused "is not a compiled filter: its size is not a multiple of 8 bytes"
        for _ in 1 2 3; do instruction "$RETURN" 0 0 "$ALLOW"; done >"$ENV/own.bpf"
        refused "does not check the architecture first"
        truncate -s 32768 "$ENV/own.bpf"
        refused "is larger than the kernel's limit for a filter"
}

# Well-formed for us, not for the kernel: it jumps out of itself.
test_a_filter_that_the_kernel_refuses() {
        { filter "$ARCH" && instruction "$EQUAL" 99 99 0; } >"$ENV/own.bpf"
        vm web1 "FCJAIL_SECCOMP=$ENV/own.bpf"
        not systemctl start fcjail@web1
        says web1 "Failed at step seccomp of 'web1': filter: Invalid argument"
}

test_a_label_that_nobody_enforces_is_refused() {
        [[ ! -e /sys/module/apparmor && ! -e /sys/fs/selinux/enforce ]] || skip "a security module is active here"
        vm web1 FCJAIL_APPARMOR=fcjail-vmm
        not systemctl start fcjail@web1
        says web1 "Failed at step paths of 'web1': fcjail-vmm: AppArmor is not active on this host"
        vm web1 FCJAIL_SELINUX=system_u:system_r:svirt_t:s0
        not systemctl start fcjail@web1
        says web1 "Failed at step paths of 'web1': system_u:system_r:svirt_t:s0: SELinux is not active on this host"
}

main "$@"

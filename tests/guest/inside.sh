# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2317
# In the lab: how the guests of the real Firecracker end.
# shellcheck source-path=SCRIPTDIR source=../lab/lib.sh
. "$(dirname "$0")/../lab/lib.sh"

ENDED=MESSAGE_ID=309dbdf5e7124e93aef9576e3094b16c
GUESTS=/srv/guests

# program NAME PYTHON: a kernel of these bytes, to which Firecracker jumps in 64-bit mode, without an interrupt table.
program() {
        mkdir -p "$GUESTS"
        python3 - "$GUESTS/$1" "$2" <<'END'
import struct, sys
def say(text):
    code = b"\x66\xba\xf8\x03"                       # mov dx, 0x3f8: the serial console
    for c in text.encode():
        code += b"\xb0" + bytes([c]) + b"\xee"       # mov al, c; out dx, al
    return code
reset = b"\xb0\xfe\xe6\x64"                          # mov al, 0xfe; out 0x64, al: that of the keyboard's controller
fault = b"\x0f\x0b"                                  # ud2
forever = b"\xf4\xeb\xfd"                            # hlt; jmp
code = eval(sys.argv[2])
start = 0x1000000
header = b"\x7fELF\x02\x01\x01".ljust(16, b"\0") + struct.pack("<HHIQQQIHHHHHH", 2, 62, 1, start, 64, 0, 0, 64, 56, 1, 0, 0, 0)
load = struct.pack("<IIQQQQQQ", 1, 5, 0x1000, start, start, len(code), len(code), 0x1000)
open(sys.argv[1], "wb").write((header + load).ljust(0x1000, b"\0") + code)
END
}

# guest ID KERNEL ARGUMENTS [DRIVE]: starts it.
guest() {
        jq -n --arg kernel "$2" --arg args "$3" --arg drive "${4:-}" '{
                "boot-source": {"kernel_image_path": $kernel, "boot_args": $args},
                "drives": (if $drive == "" then [] else
                        [{"drive_id": "root", "path_on_host": $drive, "is_root_device": false, "is_read_only": true}] end),
                "machine-config": {"vcpu_count": 1, "mem_size_mib": 32}}' >"$ENV/$1.json"
        vm "$1" FCJAIL_VMM=/out/firecracker "FCJAIL_CONFIG=$ENV/$1.json" FCJAIL_TAP=
        systemctl start "fcjail@$1"
}

entry() {
        journalctl --sync
        journalctl -q -u "fcjail@$1" -o json --all --cursor="$cursor" "$ENDED"
}

has_entry() {
        [[ $(entry "$1") ]]
}

# ends ID SECONDS KIND [CONSOLE [STATUS]]
ends() {
        local deadline=$((SECONDS + $2))
        until has_entry "$1" || ((SECONDS > deadline)); do
                sleep 1
        done
        entry "$1" >/tmp/end
        cat /tmp/end
        is "$3" "$(jq -r .FCJAIL_END /tmp/end)"
        is "exited ${5:-0}" "$(jq -r '"\(.EXIT_CODE) \(.EXIT_STATUS)"' /tmp/end)"
        # shellcheck disable=SC2053 # a pattern
        [[ $(jq -r .FCJAIL_CONSOLE /tmp/end) == ${4:-null} ]]
        eventually is_gone "$1"
}

# By the log of Firecracker.
test_a_triple_fault() {
        only_on_a_pc
        program triple 'say("about to fail\n") + fault + forever'
        guest triple "$GUESTS/triple" ""
        ends triple 30 triple-fault "about to fail" 1
        jq -r .MESSAGE /tmp/end | grep "the guest's CPU has triple-faulted (status 1)"
}

test_a_reset() {
        only_on_a_pc
        program reset 'reset + forever'
        guest reset "$GUESTS/reset" ""
        ends reset 30 shutdown
        program told 'say("reboot: Restarting system\nreboot: machine restart\n") + reset + forever'
        guest told "$GUESTS/told" ""
        ends told 30 reboot "reboot: machine restart"
}

# linux: $kernel and $root, or the test is skipped.
linux() {
        [[ -e /out/names ]] || skip "not in the sample, as KERNEL= and ROOTFS= name no guest"
        { read -r kernel && read -r root; } </out/names
        mkdir -p "$GUESTS"
        cp "/out/$kernel" "/out/$root" "$GUESTS"
        kernel=$GUESTS/$kernel root=$GUESTS/$root
}

# It may be emulated, and take minutes. Both at once.
test_linux_reboots_and_panics() {
        local kernel root arguments="console=ttyS0 reboot=k panic=-1"
        only_on_a_pc
        linux
        [[ ! -e /out/arguments ]] || arguments=$(cat /out/arguments)
        guest panics "$kernel" "$arguments root=/dev/nosuch" "$root"
        guest reboots "$kernel" "$arguments root=/dev/vda ro" "$root"
        ends panics 400 panic "*"
        jq -r .MESSAGE /tmp/end | grep "the guest's kernel has panicked"
        ends reboots 400 reboot "reboot: *"
}

main "$@"

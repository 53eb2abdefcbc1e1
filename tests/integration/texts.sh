# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2317,SC2086
# Private copies of the VMM go from one VM to the next.
# shellcheck source-path=SCRIPTDIR source=../lab/lib.sh
. "$(dirname "$0")/../lab/lib.sh"

PROGRAM=/usr/local/bin/texts-vmm # nobody else's, as it is replaced

# text_vm ID [KEY=VALUE…]
text_vm() {
        settled_vmm $PROGRAM
        vm "$1" FCJAIL_VMM=$PROGRAM FCJAIL_STOP=kill "${@:2}"
}

# copy_of ID: the inode of its VMM.
copy_of() {
        stat -c %i "$BASE/$1/root/firecracker"
}

# starts ID: and $copy is its VMM's inode.
starts() {
        systemctl start "fcjail@$1"
        copy=$(copy_of "$1")
        is "8149 0 0 1" "$(stat -c '%f %u %g %h' "$BASE/$1/root/firecracker")"
        cmp $PROGRAM "$BASE/$1/root/firecracker"
}

test_a_restart_copies_nothing() {
        local first
        rm -rf "$TEXTS"
        text_vm web1
        starts web1
        first=$copy
        systemctl restart fcjail@web1
        is "$first" "$(copy_of web1)"
        systemctl stop fcjail@web1
        is "700 0 0" "$(stat -c '%a %u %g' "$TEXTS")"
        is "$first" "$(stat -c %i "$TEXTS"/*)"

        # Another VM, by hand.
        text_vm web2
        by_hand web2
        is "$first" "$(copy_of web2)"
        is_empty "$TEXTS"
        kill -TERM "$helper"
        wait "$helper" || true
        is "$first" "$(stat -c %i "$TEXTS"/*)"
}

test_two_vms_never_have_the_same_copy() {
        local i ids=() copies
        rm -rf "$TEXTS"
        for ((i = 0; i < 6; i++)); do
                ids+=("t$i")
                text_vm "t$i"
        done
        systemctl start fcjail@t0 fcjail@t1 fcjail@t2
        systemctl stop fcjail@t0 fcjail@t1 fcjail@t2
        is 3 "$(find "$TEXTS" -type f | wc -l)"
        systemctl start "${ids[@]/#/fcjail@}"
        copies=$(for i in "${ids[@]}"; do copy_of "$i"; done | sort -u | wc -l)
        is 6 "$copies"
        is_empty "$TEXTS"
        systemctl stop "${ids[@]/#/fcjail@}"
        is 6 "$(find "$TEXTS" -type f | wc -l)"
}

test_a_program_that_was_replaced_has_other_copies() {
        local old
        rm -rf "$TEXTS"
        text_vm web1
        starts web1
        old=$copy
        systemctl stop fcjail@web1

        cp $PROGRAM $PROGRAM.new
        echo more >>$PROGRAM.new
        mv $PROGRAM.new $PROGRAM
        starts web1 # a moment after the change nothing is kept of it
        not is "$old" "$copy"
        systemctl stop fcjail@web1
        is "$old" "$(stat -c %i "$TEXTS"/*)"

        settled_vmm $PROGRAM
        starts web1
        not is "$old" "$copy"
        systemctl stop fcjail@web1
        is 2 "$(find "$TEXTS" -type f | wc -l)"

        # The same inode, length and time of modification.
        touch -r $PROGRAM /tmp/time
        printf X | dd of=$PROGRAM bs=1 seek=$(($(stat -c %s $PROGRAM) - 2)) conv=notrunc status=none
        touch -r /tmp/time $PROGRAM
        starts web1
        systemctl stop fcjail@web1
        rm $PROGRAM
}

test_a_key_turns_it_off() {
        rm -rf "$TEXTS"
        text_vm web1
        starts web1
        systemctl stop fcjail@web1
        text_vm web1 FCJAIL_VMM_TEXT=private
        starts web1
        not is "$copy" "$(stat -c %i "$TEXTS"/*)"
        systemctl stop fcjail@web1
        is 1 "$(find "$TEXTS" -type f | wc -l)"
}

# refuses_pool MESSAGE: nothing is left, and without the pool a start copies.
refuses_pool() {
        not systemctl start fcjail@web1 2>/dev/null
        says web1 "$1"
        is_gone web1
        rm -rf "$TEXTS"
        systemctl start fcjail@web1
        systemctl stop fcjail@web1
}

test_what_is_no_copy_is_refused() {
        rm -rf "$TEXTS"
        text_vm web1
        starts web1
        systemctl stop fcjail@web1
        chmod 4511 "$TEXTS"/*
        refuses_pool "$TEXTS: has a file that is no copy of the VMM; remove the directory"
        echo more >>"$(echo "$TEXTS"/*)"
        refuses_pool "$TEXTS: has a file that is no copy of the VMM; remove the directory"
        chown 30000 "$TEXTS"/*
        refuses_pool "$TEXTS: has a file that is no copy of the VMM; remove the directory"
        cp -a "$(echo "$TEXTS"/*)" /tmp/copy
        mv /tmp/copy "$(echo "$TEXTS"/*)" # whole, but another file
        refuses_pool "$TEXTS: has a file that is no copy of the VMM; remove the directory"
        chmod 0710 "$TEXTS"
        refuses_pool "$TEXTS: is not root's alone; remove it, and the next start makes its own copy of the VMM"
        chown 30000 "$TEXTS"
        refuses_pool "$TEXTS: is not root's alone"
        rm -rf "$TEXTS"
        mkdir /tmp/elsewhere
        ln -s /tmp/elsewhere "$TEXTS"
        refuses_pool "$TEXTS: is not root's alone"
}

# The pages would be of two programs, and the next VM would get them as well.
test_a_program_that_is_written_while_it_is_copied() {
        local status=0
        rm -rf "$TEXTS"
        text_vm web1
        timeout -s KILL 30 strace -f -o /tmp/strace -e trace=splice -e inject=splice:delay_enter=1000000:when=1 \
                fcjail run web1 >/tmp/out 2>&1 </dev/null &
        helper=$!
        eventually grep splice /tmp/strace || eventually test -s /tmp/strace || true
        sleep 0.3
        touch $PROGRAM
        wait "$helper" || status=$?
        is 75 "$status"
        grep -F "Failed at step copy of 'web1': $PROGRAM: was changed while it was copied; start again" /tmp/out
        is_gone web1
        [[ ! -e $TEXTS ]] || is_empty "$TEXTS"
}

test_a_copy_that_was_not_finished_is_not_kept() {
        rm -rf "$TEXTS"
        text_vm web1
        timeout -s KILL 30 strace -f -o /tmp/strace -e trace=splice -e inject=splice:signal=KILL:when=2 \
                fcjail run web1 >/tmp/out 2>&1 </dev/null || true
        eventually fcjail cleanup web1
        is_gone web1
        [[ ! -e $TEXTS ]] || is_empty "$TEXTS"
}

# Where there is no room for one more name in the pool, or nothing may be written, the copy is removed as ever.
test_a_pool_that_cannot_be_written_keeps_nothing() {
        rm -rf "$TEXTS"
        text_vm web1
        starts web1
        : >"$TEXTS"
        systemctl stop fcjail@web1
        is_gone web1
        rm "$TEXTS"
}

# The manager looks at the directory of its VMs: the pool is none of them, and another boot's are of no use.
test_what_an_earlier_boot_has_left_goes() {
        local old
        rm -rf "$TEXTS"
        text_vm web1
        starts web1
        systemctl stop fcjail@web1
        old=$(basename "$TEXTS"/*)
        mv "$TEXTS/$old" "$TEXTS/0123456789abcdef0123456789abcdef${old:32}"
        starts web1
        not is "$copy" "$(stat -c %i "$TEXTS"/*)"
        systemctl stop fcjail@web1
        is "$copy" "$(stat -c %i "$TEXTS"/*)"
        rm -rf "$TEXTS" $PROGRAM
}

main "$@"

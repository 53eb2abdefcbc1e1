# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2317,SC2086
# fcjail fill: private copies of the VMM that are there before a VM needs one.
# shellcheck source-path=SCRIPTDIR source=../lab/lib.sh
. "$(dirname "$0")/../lab/lib.sh"

PROGRAM=/usr/local/bin/pool-vmm # nobody else's, as it is replaced

# defaults N [KEY=VALUE…]: N copies of the program; the pool is empty.
defaults() {
        rm -rf "$TEXTS"
        settled_vmm $PROGRAM
        printf '%s\n' FCJAIL_POOL_TEXTS="$1" FCJAIL_VMM=$PROGRAM FCJAIL_STOP=kill "${@:2}" >"$ENV/default.env"
}

# pool_vm ID
pool_vm() {
        vm "$1" FCJAIL_VMM=$PROGRAM
}

texts() {
        { find "$TEXTS" -type f 2>/dev/null || true; } | wc -l
}

# whole_texts N: that many, and nothing else.
whole_texts() {
        local text
        is "$1" "$(texts)"
        is "$1" "$(find "$TEXTS" | sed 1d | wc -l)"
        for text in "$TEXTS"/*; do
                [[ $1 != 0 ]] || continue
                is "8149 0 0 1" "$(stat -c '%f %u %g %h' "$text")"
                cmp $PROGRAM "$text"
        done
}

# copy_of ID: the inode of its VMM.
copy_of() {
        stat -c %i "$BASE/$1/root/firecracker"
}

# fails STATUS MESSAGE: `fcjail fill` does.
fails() {
        local status=0
        fcjail fill 2>/tmp/err || status=$?
        cat /tmp/err
        is "$1" "$status"
        grep -F -- "$2" /tmp/err
}

test_the_first_starts_copy_nothing() {
        local made i copies
        defaults 3
        systemctl start fcjail-pool.service
        whole_texts 3
        is "700 0 0" "$(stat -c '%a %u %g' "$TEXTS")"
        made=$(stat -c %i "$TEXTS"/* | sort)
        for i in {0..3}; do
                pool_vm "p$i"
        done
        systemctl start fcjail@p0 fcjail@p1 fcjail@p2
        copies=$(for i in 0 1 2; do copy_of "p$i"; done | sort)
        is "$made" "$copies"
        whole_texts 0
        # By hand: nothing is moved from the VMM into a file.
        fcjail fill
        whole_texts 3
        strace -f -e trace=splice,ioctl,copy_file_range,sendfile -o /tmp/trace -- fcjail run p3 >/tmp/out 2>&1 </dev/null &
        helper=$!
        eventually grep "Started VM 'p3'" /tmp/out
        not grep -E 'splice|FICLONE|copy_file_range|sendfile' /tmp/trace
        whole_texts 2
        fcjail stop p3
        wait "$helper" || true
        # Two of the three that ended have room for theirs; no more are made than asked for.
        systemctl stop fcjail@p0 fcjail@p1 fcjail@p2
        fcjail fill 2>/tmp/err
        is "" "$(cat /tmp/err)"
        whole_texts 6
}

# Without a number it is 8, and an empty directory for all VMs is made as a start does.
test_the_defaults() {
        local score
        defaults 1
        sed -i /POOL/d "$ENV/default.env"
        mv "$BASE" /tmp/base
        (umask 0 && fcjail fill)
        is "755 0 0" "$(stat -c '%a %u %g' "$BASE")"
        whole_texts 8
        rm -rf "$BASE"
        mv /tmp/base "$BASE"
        # The unit: off until somebody enables it, before the VMs that start at boot, without capabilities.
        is disabled "$(systemctl is-enabled fcjail-pool.service || true)"
        is "" "$(systemctl show -P CapabilityBoundingSet fcjail-pool.service)"
        systemctl show -P After fcjail@web1.service | grep -w fcjail-pool.service
        is "" "$(systemd-analyze verify --man=no fcjail-pool.service 2>&1)"
        score=$(systemd-analyze security --no-pager fcjail-pool.service | sed -n 's/.*exposure level.*: \([0-9]*\)\.\([0-9]\).*/\1\2/p')
        figure "exposure $((score / 10)).$((score % 10))"
        ((score <= 20))
}

# Each that a setting names has its own, and one that no VM would take has none.
test_the_programs_of_all_vms() {
        defaults 2
        mkdir -p /srv/other
        cp $PROGRAM $PROGRAM.2
        pool_vm web1
        vm web2 FCJAIL_VMM=$PROGRAM.2
        vm web3 FCJAIL_VMM=/usr/local/bin/none FCJAIL_VMM_TEXT=private
        vm web4 FCJAIL_VMM=/usr/local/bin/none FCJAIL_VMM_TEXT=shared
        vm web5 FCJAIL_VMM=$PROGRAM FCJAIL_CHROOT_DIR=/srv/other
        fails 75 "$PROGRAM.2: was changed a moment ago, and might change once more unnoticed; run \`fcjail fill\` again in 5 seconds"
        is 2 "$(texts)"
        is 2 "$(find /srv/other/firecracker/.texts -type f | wc -l)"
        sleep 4
        fcjail fill 2>/tmp/err
        grep -F "Copies of $PROGRAM.2 made for the next VMs below /srv/jailer: 2" /tmp/err
        is 4 "$(texts)"
        rm -rf $PROGRAM.2 /srv/other
}

test_the_bounds_hold() {
        local boot i
        defaults 8
        fcjail fill
        boot=$(basename "$(find "$TEXTS" -type f | head -n1)")
        boot=${boot%%-*}
        # Of other programs, and of an earlier boot.
        for ((i = 0; i < 22; i++)); do
                echo other >"$TEXTS/$boot-other$i"
        done
        echo old >"$TEXTS/0123456789abcdef0123456789abcdef-1-2-3.1"
        rm "$(find "$TEXTS" -type f -size +10 | head -n1)"
        sed -i s/=8/=32/ "$ENV/default.env"
        fcjail fill 2>/tmp/err
        cat /tmp/err
        grep -F "No room for 32 copies of $PROGRAM: $TEXTS has what it may have; remove copies there that no program needs" /tmp/err
        is 32 "$(texts)"
        is 22 "$(find "$TEXTS" -name '*-other*' | wc -l)"
        is 10 "$(find "$TEXTS" -size +10 -type f | wc -l)"
        not test -e "$TEXTS/0123456789abcdef0123456789abcdef-1-2-3.1"
        # By their size.
        rm -rf "$TEXTS"
        cp --sparse=always $PROGRAM $PROGRAM.large
        truncate -s 100M $PROGRAM.large
        mv $PROGRAM.large $PROGRAM
        settled_vmm $PROGRAM
        fcjail fill 2>/tmp/err
        grep -F "No room for 32 copies" /tmp/err
        is 2 "$(texts)"
        rm -rf $PROGRAM "$TEXTS"
}

test_what_is_wrong_is_named() {
        defaults 2
        pool_vm web1
        vm web2 FCJAIL_UID=x
        fails 78 "$ENV/web2.env:1: FCJAIL_UID= must be a number"
        whole_texts 2 # those of the others are made
        defaults 33
        fails 78 "$ENV/default.env:1: FCJAIL_POOL_TEXTS= must be a number from 1 to 32, not '33'"
        is 1 "$(wc -l </tmp/err)"
        is 0 "$(texts)"
        defaults 2
        rm "$ENV/web2.env"
        vm web1 FCJAIL_POOL_TEXTS=2
        fails 78 "$ENV/web1.env:1: FCJAIL_POOL_TEXTS= is allowed only in default.env and default.env.d/"
        rm "$ENV/web1.env"

        rm -rf "$TEXTS"
        mkdir -m 0755 "$TEXTS"
        fails 77 "$TEXTS: is not root's alone; remove it"
        is_empty "$TEXTS"
        rmdir "$TEXTS"
        mkdir /tmp/elsewhere
        ln -s /tmp/elsewhere "$TEXTS"
        fails 77 "$TEXTS: is not root's alone"
        is_empty /tmp/elsewhere
        rm -r "$TEXTS" /tmp/elsewhere
        chown 1000 "$BASE"
        fails 77 "$BASE: belongs to uid 1000"
        chown 0 "$BASE"

        defaults 2 FCJAIL_CHROOT_DIR=/srv/none
        fails 66 "/srv/none: does not exist"
        defaults 2
        sed -i "s:$PROGRAM:/usr/local/bin/none:" "$ENV/default.env"
        fails 66 "/usr/local/bin/none: does not exist"
        sed -i 's:/usr/local/bin/none:/bin/sh:' "$ENV/default.env"
        fails 66 "/bin/sh: is dynamically linked"
        is 0 "$(texts)"
        fails_usage
}

fails_usage() {
        local status=0
        fcjail fill web1 2>/tmp/err || status=$?
        is 64 "$status"
        status=0
        setpriv --reuid 1000 --regid 1000 --clear-groups fcjail fill 2>/tmp/err || status=$?
        is 77 "$status"
}

# What was made until then stays, and is whole.
test_a_full_disk() {
        defaults 32 FCJAIL_CHROOT_DIR=/mnt/full
        mkdir -p /mnt/full
        mount -t tmpfs -o size=$(($(stat -c %s $PROGRAM) * 5 / 2)),mode=0755 tmpfs /mnt/full
        fails 73 "Failed to make a copy of $PROGRAM for the next VM: /mnt/full/firecracker/.texts: No space left on device (tmpfs); make space"
        TEXTS=/mnt/full/firecracker/.texts whole_texts 2
        umount /mnt/full
        mount -t tmpfs -o size=64M,mode=0755,noexec tmpfs /mnt/full
        fails 73 "/mnt/full: is mounted noexec"
        umount /mnt/full
        mount -t tmpfs -o size=64M,mode=0755,ro tmpfs /mnt/full
        fails 78 "/mnt/full: is read-only"
        umount /mnt/full
}

# Nobody takes a half, and the next one removes it.
test_one_that_is_killed() {
        defaults 2
        pool_vm web1
        timeout -s KILL 30 strace -f -o /tmp/strace -e trace=splice -e inject=splice:signal=KILL:when=2 \
                fcjail fill >/tmp/out 2>&1 </dev/null || true
        is 1 "$(find "$TEXTS" -name '*-new' | wc -l)"
        is 1 "$(texts)"
        systemctl start fcjail@web1
        cmp $PROGRAM "$BASE/web1/root/firecracker"
        is 1 "$(find "$TEXTS" -name '*-new' | wc -l)"
        fcjail fill
        whole_texts 2
        systemctl stop fcjail@web1
        whole_texts 3
}

test_a_program_that_is_written_while_it_is_copied() {
        local status=0 filler
        defaults 2
        timeout -s KILL 30 strace -f -o /tmp/strace -e trace=splice -e inject=splice:delay_enter=1000000:when=1 \
                fcjail fill >/tmp/out 2>&1 </dev/null &
        filler=$!
        eventually compgen -G "$TEXTS/*-new"
        sleep 0.3
        touch $PROGRAM
        wait "$filler" || status=$?
        cat /tmp/out
        is 75 "$status"
        grep -F "Failed to make a copy of $PROGRAM for the next VM: $PROGRAM: was changed while it was copied" /tmp/out
        is_empty "$TEXTS"
}

# Fills, starts and cleanups at the same time: each start succeeds, and no two VMs have the same copy.
test_fills_starts_and_cleanups_at_once() {
        local i round ids=() copies fillers=()
        defaults 4
        for i in {0..7}; do
                ids+=("fcjail@r$i")
                pool_vm "r$i"
        done
        for ((round = 0; round < 6; round++)); do
                fillers=()
                for i in 1 2 3; do
                        { fcjail fill && fcjail fill; } >/tmp/fill.$i 2>&1 &
                        fillers+=($!)
                done
                systemctl start "${ids[@]}"
                copies=$(for i in {0..7}; do copy_of "r$i"; done | sort -u | wc -l)
                is 8 "$copies"
                for i in {0..7}; do
                        cmp $PROGRAM "$BASE/r$i/root/firecracker"
                done
                systemctl stop "${ids[@]}"
                for i in "${fillers[@]}"; do
                        wait "$i"
                done
                not compgen -G "$TEXTS/*-new"
                (($(texts) >= 4 && $(texts) <= 32))
        done
        whole_texts "$(texts)"
        figure "$round rounds"
        rm -rf "$TEXTS" $PROGRAM
}

main "$@"

# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2317
# Whatever somebody has put where fcjail makes something, or goes through: nothing outside is followed, changed or
# removed. fs.protected_symlinks and its like should not matter, which tests/machine/run planting tries without them.
# shellcheck source-path=SCRIPTDIR source=../lab/lib.sh
LONG=${FCJAIL_LONG:-}
. "$(dirname "$0")/../lab/lib.sh"

VICTIM=/srv/victim
# On the file system of the records, where only a hard link needs one.
VICTIM_RUN=/run/victim

age() {
        find "$VICTIM" -depth -exec touch -h -d 2001-01-01 {} +
}

victim() {
        rm -rf "$VICTIM"
        mkdir -p "$VICTIM/dir/sub"
        echo precious | tee "$VICTIM/file" >"$VICTIM/dir/sub/file"
        chown -R 1234:1234 "$VICTIM"
        chmod 0640 "$VICTIM/file"
        mkdir -m 0755 "$VICTIM/roots"
        age
        rm -rf "$VICTIM_RUN"
        cp -a "$VICTIM" "$VICTIM_RUN"
}

# All that could have changed but the time of the last look, and the number of links, which planting changes.
look() {
        find "$VICTIM" "$VICTIM_RUN" -printf '%p %y %m %U:%G %s %T@\n' | sort
        cat "$VICTIM/file" "$VICTIM/dir/sub/file" "$VICTIM_RUN/file"
}

# plant KIND PATH
plant() {
        mkdir -p "$(dirname "$2")"
        case $1 in
        link-to-file) ln -s "$VICTIM/file" "$2" ;;
        link-to-directory) ln -s "$VICTIM/dir" "$2" ;;
        link-to-roots-directory) ln -s "$VICTIM/roots" "$2" ;;
        dangling-link) ln -s "$VICTIM/new" "$2" ;;
        hard-link) if [[ $2 == /run/* ]]; then ln "$VICTIM_RUN/file" "$2"; else ln "$VICTIM/file" "$2"; fi ;;
        fifo) mkfifo "$2" ;;
        directory) mkdir "$2" && echo theirs >"$2/theirs" && chown -R 1234:1234 "$2" ;;
        character-device) mknod "$2" c 1 5 ;;
        block-device) mknod "$2" b 7 200 ;;
        socket) python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' "$2" ;;
        esac
}

KINDS="link-to-file link-to-directory link-to-roots-directory dangling-link hard-link fifo directory character-device block-device socket"
JAIL=$BASE/web1
NAMES="$BASE $JAIL $JAIL/root $JAIL/root/dev $JAIL/root/run $JAIL/root/firecracker $JAIL/root/fcjail.json
        $STATE/vm/web1 $STATE/uid/4711 $STATE/uid/4711.shared $JAIL/root/run/firecracker.socket"

sweep() {
        rm -rf "${JAIL:?}" "${STATE:?}/vm/web1" "${STATE:?}"/uid/4711*
        [[ -d $BASE && ! -L $BASE ]] || rm -rf "${BASE:?}"
}

# life: a start, whatever comes of it, and a cleanup, without harm to the victim.
life() {
        local status=0
        timeout 20 fcjail run web1 </dev/null >/tmp/out 2>&1 || status=$?
        ((status != 124)) || fail "$1: it hangs"
        ((status < 128)) || fail "$1: it crashed: $status"
        if ((status == 0)) || was_executed; then started=$((started + 1)); else refused=$((refused + 1)); fi
        timeout 20 fcjail cleanup web1 >/tmp/out 2>&1 || true
        diff /tmp/before <(look) || fail "$1: the victim has changed"
}

test_P7_planting() {
        local kind name n=0 started=0 refused=0 target owner way before good guards=""
        [[ $(cat /proc/sys/fs/protected_{symlinks,hardlinks,regular,fifos} | xargs) != "0 0 0 0" ]] || guards="without the kernel's guards, "
        vm web1 FCJAIL_VMM=/usr/local/bin/observer FCJAIL_READY=exec FCJAIL_UID=4711
        # Once: what a case has not changed is good for the next.
        victim
        look >/tmp/before
        for name in $NAMES; do
                for kind in $KINDS; do
                        sweep
                        [[ $name != "$BASE" ]] || rm -rf "${BASE:?}"
                        plant "$kind" "$name"
                        life "$kind at $name"
                        # A directory full of somebody's things stays, but in run/, which is the VM's.
                        if [[ $kind == directory && $name != "$JAIL"/root/run* ]]; then
                                is theirs "$(cat "$name/theirs")" || fail "$kind at $name: what others put there is gone"
                        fi
                        n=$((n + 1))
                done
        done
        sweep
        mkdir -p "$BASE"

        # The way to the chroot base: links of root are followed, those of others never.
        for owner in root nobody; do
                for way in absolute relative dotdot loop dangling file; do
                        rm -rf /srv/way
                        mkdir -p /srv/way/real/base
                        case $way in
                        absolute) target=/srv/way/real ;;
                        relative) target=real ;;
                        dotdot) target=../way/../way/real ;;
                        loop) target="link" ;;
                        dangling) target=nothing ;;
                        file) target=$VICTIM/file ;;
                        esac
                        ln -s "$target" /srv/way/link
                        chown -h "$owner" /srv/way/link
                        sed -i '/^FCJAIL_CHROOT_DIR/d' "$ENV/web1.env"
                        echo FCJAIL_CHROOT_DIR=/srv/way/link/base >>"$ENV/web1.env"
                        before=$started
                        life "a link of $owner, $way"
                        good=0
                        [[ ! $owner$way =~ ^root(absolute|relative|dotdot)$ ]] || good=1
                        is "$good" "$((started - before))" || fail "a link of $owner, $way"
                        n=$((n + 1))
                done
        done
        rm -rf /srv/way "$VICTIM" "$VICTIM_RUN"
        ((n >= 90))
        figure "$guards$n cases, $started times a good jail, $refused times refused, the victim never changed"
}

# Somebody with the VM's gid exchanges a directory and a link in the only place where he may write, while VMs come and
# go there.
test_P8_races() {
        local i starts=60 good=0 racer races
        [[ -z $LONG ]] || starts=500
        victim
        vm web1 FCJAIL_VMM=/usr/local/bin/observer FCJAIL_READY=exec FCJAIL_UID=4711
        fcjail run web1 >/tmp/out 2>&1 </dev/null || was_executed
        setpriv --reuid 4711 --regid 4711 --clear-groups race "$JAIL/root/run" "$VICTIM/dir" &
        racer=$!
        chown -R 4711:4711 "$VICTIM"
        age
        look >/tmp/before
        for ((i = 0; i < starts; i++)); do
                if fcjail run web1 </dev/null >/tmp/out 2>&1 || was_executed; then
                        good=$((good + 1))
                else
                        fcjail cleanup web1 >/dev/null 2>&1 || true
                fi
        done
        kill "$racer"
        wait "$racer" || true
        diff /tmp/before <(look)
        races=$(cat /tmp/races)
        fcjail cleanup web1
        rm -rf "$VICTIM" "$VICTIM_RUN" "${JAIL:?}"
        ((races > 100)) || fail "only $races exchanges: nothing was raced"
        ((good > 0)) || { cat /tmp/out && fail "no start has come to the end"; }
        figure "$races exchanges during $starts starts, $good of them to the end, the tree behind the link never changed"
}

main "$@"

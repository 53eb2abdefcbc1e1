# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2317
# What the parent of fcjail hands down does not reach the VM: the jail is what it always is, or the start is refused and
# leaves nothing.
# shellcheck source-path=SCRIPTDIR source=../lab/lib.sh
. "$(dirname "$0")/../lab/lib.sh"
# shellcheck source=view.sh
. "$(dirname "$0")/view.sh"

# Kept at the end of the VM, whatever becomes of its output. What stands behind 0 to 2 may differ.
seen() {
        jq -cS 'del(.fds[].type, .core, .nofile)' "$BASE/web1/root/run/seen" 2>/dev/null
}

# The uid is used by no other test: with a limit of 0 processes those of other labs count as well.
# With these nobody could start anything. Whatever else is refused is one case less that works.
HOPELESS=" nofile-3 nofile-16 fsize-0 directory-as-stdin no-arguments pid-namespace user-namespace "

test_P9_inherited_state() {
        local case golden='' started=0 refused=0 status cases
        cases=$(inherit list)
        vm web1 FCJAIL_VMM=/usr/local/bin/observer FCJAIL_VMM_ARGS=--seen FCJAIL_READY=exec FCJAIL_UID=47110 FCJAIL_KEEP=yes
        for case in $cases; do
                status=0
                # The last one still counts among the processes of its uid until it is waited for.
                eventually not pgrep -u 47110
                inherit "$case" fcjail run web1 </dev/null >/tmp/out 2>&1 || status=$?
                ((status != 125))
                if [[ -e $BASE/web1/root/run/seen ]]; then
                        golden=${golden:-$(seen)}
                        [[ -n $golden && $(seen) == "$golden" ]] || { diff <(jq . <<<"$golden") <(seen | jq .) || fail "$case: another jail"; }
                        ((status == 0)) || was_executed || { cat /tmp/out && fail "$case: status $status"; }
                        started=$((started + 1))
                else
                        ((status != 0 && status < 128)) || fail "$case: no jail, and status $status"
                        # Without any help of a cleanup.
                        { is_empty "$STATE/vm" && is_empty "$STATE/uid"; } || { cat /tmp/out && fail "$case"; }
                        [[ $HOPELESS == *" $case "* ]] || { cat /tmp/out && fail "$case: refused with status $status"; }
                        refused=$((refused + 1))
                fi
                # With KEEP a cleanup leaves the jail.
                fcjail cleanup web1
                is_empty "$STATE/vm"
                is_empty "$STATE/uid"
                rm -rf "${BASE:?}/web1"
        done

        # With AT_SECURE the environment is not ours to trust, and who started it is not root.
        install -m 4755 /usr/bin/fcjail /usr/local/bin/fcjail-suid
        status=0
        setpriv --reuid nobody --regid nogroup --clear-groups fcjail-suid run web1 >/tmp/out 2>&1 || status=$?
        rm /usr/local/bin/fcjail-suid
        is 77 "$status"
        is_gone web1
        figure "$((started + refused + 1)) cases, $started times the very same jail, $((refused + 1)) times refused with nothing left"
}

# In the place of Firecracker's jailer: of the caller the VMM keeps the process, and what stands behind 0 to 2.
test_P9_inherited_state_in_the_place_of_the_jailer() {
        local case golden='' started=0 refused=0 status cases jail=/srv/jailer/observer/web1 seen
        cases=$(inherit list)
        for case in $cases; do
                status=0
                eventually not pgrep -u 47110
                inherit "$case" /usr/libexec/fcjail/jailer --id web1 --exec-file /usr/local/bin/observer --uid 47110 --gid 47110 \
                        -- --seen </dev/null >/tmp/out 2>&1 || status=$?
                ((status != 125))
                if [[ -e $jail/root/run/seen ]]; then
                        seen=$(jq -cS 'del(.fds[].type, .core, .nofile, .pid, .ppid, .pgid, .sid)' "$jail"/root/run/seen)
                        golden=${golden:-$seen}
                        [[ -n $golden && $seen == "$golden" ]] || { diff <(jq . <<<"$golden") <(jq . <<<"$seen") || fail "$case: another jail"; }
                        started=$((started + 1))
                else
                        ((status != 0)) || fail "$case: no jail, and status $status"
                        [[ $HOPELESS == *" $case "* ]] || { cat /tmp/out && fail "$case: refused with status $status"; }
                        refused=$((refused + 1))
                fi
                fcjail cleanup web1
                rm -rf "${jail%/*}"
        done
        figure "$((started + refused)) cases, $started times the very same jail, $refused times refused"
}

# The start is over: whoever made it waits for signals, and asks its VMM no more. Its output may be closed.
starter_waits() {
        find "/proc/$(pgrep -x fcjail)/fd" -lname '*signalfd*' | grep .
}

# outside CASE: the view of a VM that was started so. Standard descriptors are the starter's; so are the limits, but for
# a unit.
outside() {
        local pid
        rm -f /tmp/out
        inherit "$1" fcjail run web1 </dev/null >/tmp/out 2>&1 &
        helper=$!
        { eventually is_up web1 && eventually starter_waits; } || { cat /tmp/out && fail "$1: not up"; } >&2
        pid=$(vmm_of web1)
        view "$pid" | grep -vE '^(fd [012]|limit): ?'
        kill -KILL "$pid"
        wait "$helper" || true
        is_gone web1 >&2
}

# The same, as the host sees it: some of it a process cannot see itself, behind the filter.
test_P9_inherited_state_from_outside() {
        local case n=0 cases
        cases=$(inherit list)
        vm web1 FCJAIL_UID=47110
        outside plain >/tmp/plain
        for case in $cases; do
                # A VMM that may have no threads does not come up.
                [[ "$HOPELESS nproc-0 " != *" $case "* ]] || continue
                outside "$case" >/tmp/view
                diff /tmp/plain /tmp/view || fail "$case: another jail"
                n=$((n + 1))
        done
        figure "$n cases, $(wc -l </tmp/plain) fields each, all alike"
}

main "$@"

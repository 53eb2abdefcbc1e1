# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2086,SC2317
# What a VMM that its guest has taken over can do: nothing, however it was started, and by the kernel alone, too.
# shellcheck source-path=SCRIPTDIR source=../lab/lib.sh
. "$(dirname "$0")/../lab/lib.sh"
# shellcheck source=bound.sh
. "$(dirname "$0")/bound.sh"

CAPS="CAP_SYS_ADMIN CAP_NET_ADMIN CAP_MKNOD CAP_SYS_CHROOT CAP_SETUID CAP_SETGID CAP_SETPCAP"

# leads_nowhere KEY SOURCE TEXT: a later start of another VM, with that source.
leads_nowhere() {
        vm web2 FCJAIL_VMM=/usr/local/bin/observer FCJAIL_READY=exec "$1=$2:/x"
        not fcjail run web2 >/tmp/out 2>&1 </dev/null
        grep -qF "$2${3-}" /tmp/out || fail "$(cat /tmp/out)"
        is_gone web2
}

# F2: what the probe has left in its directory, and the links that only a VM without the filter can make.
what_it_left_leads_nowhere() {
        setpriv --reuid lodger --clear-groups ln -sfT /etc/shadow $VMS/dir/shadow
        setpriv --reuid lodger --clear-groups ln -sfT / $VMS/dir/root
        leads_nowhere FCJAIL_BIND $VMS/dir/shadow ": is a symbolic link"
        leads_nowhere FCJAIL_BIND_RO $VMS/dir/shadow ": is a symbolic link"
        leads_nowhere FCJAIL_BIND_RO $VMS/dir/root/etc/shadow
        leads_nowhere FCJAIL_BIND_RO $VMS/dir/whiteout ": is a character device, not a file"
        rm "$ENV/web2.env"
}

# try_all HOW [KEY=VALUE…]: the escape probe as the VMM, started by systemd, by systemd with User=, or by hand;
# its last line is in $attempts, $succeeded.
try_all() {
        local how=$1 owner=root:root
        shift
        [[ " $* " != *" FCJAIL_SECCOMP=off "* ]] || owner=lodger:root
        make_bound $owner
        vm web1 FCJAIL_VMM=/usr/local/bin/escape FCJAIL_READY=exec FCJAIL_GID=891 "${BINDS[@]}" "$@"
        case $how in
        user)
                user probeuser --uid 891 --user-group
                unit web1 User=probeuser "AmbientCapabilities=$CAPS" RestrictNamespaces=no SystemCallFilter= SystemCallArchitectures=
                ;;
        *)
                echo FCJAIL_UID=891 >>"$ENV/web1.env"
                # Only what fcjail does counts.
                unit web1 RestrictNamespaces=no SystemCallFilter= SystemCallArchitectures= RestrictAddressFamilies= MemoryDenyWriteExecute=no \
                        RestrictRealtime=no RestrictSUIDSGID=no LockPersonality=no
                ;;
        esac
        if [[ $how == hand ]]; then
                fcjail run web1 >/tmp/escape 2>&1
        else
                systemctl start fcjail@web1
                eventually journal_has web1 'attempts='
                journalctl -q -u fcjail@web1 -o cat --cursor="$cursor" --all >/tmp/escape
        fi
        grep SUCCEEDED /tmp/escape >/tmp/succeeded || true
        read -r attempts succeeded controls bound < <(sed -n 's/^attempts=\(.*\) succeeded=\(.*\) controls=\(.*\) bound=\(.*\) absent=.*/\1 \2 \3 \4/p' /tmp/escape)
        systemctl stop fcjail@web1
        rm -rf /run/systemd/system/fcjail@web1.service.d
        is 4/4 "$bound"
        is_harmless $owner
        what_it_left_leads_nowhere
}

held() {
        if [[ $succeeded != 0 || $controls != 7/7 ]]; then
                cat /tmp/succeeded
                fail "$1: $succeeded of $attempts succeeded, controls $controls"
        fi
}

# The same outside, as root, in namespaces of its own; each attempt with its own mounts. What is refused there, too,
# proves nothing in a jail; a few may be, as not every root may do all.
outside() {
        unshare --mount --mount-proc --propagation private --net --ipc --uts --pid --cgroup --fork \
                bash -c 'ip link set lo up; escape --listen & sleep 0.2; escape --outside' >/tmp/outside
        read -r outside absent < <(sed -n 's/^attempts=.* succeeded=\(.*\) controls=.* absent=\(.*\)/\1 \2/p' /tmp/outside)
        if ((outside < 150 || $(grep -c '^refused' /tmp/outside || true) > 5)); then
                grep -v '^SUCCEEDED' /tmp/outside
                fail "only $outside succeed outside: the probe is broken"
        fi
}

# Somebody whom a jail with the host's network would find.
listen() {
        escape --listen &
        listener=$!
        trap 'kill "$listener"' EXIT
        eventually grep -q '@fcjail-host$' /proc/net/unix
}

in_three_ways() {
        local how
        listen
        for how in systemd user hand; do
                try_all "$how"
                held "$how"
                ((attempts >= 250))
        done
}

test_P1_escape() {
        local outside absent
        systemctl restart fcjail-cage
        in_three_ways
        outside
        figure "$attempts attempts in each of 3 ways of starting, 0 succeeded; outside $outside do," \
                "and $absent are of what this kernel does not have"
}

test_P1_escape_without_the_cage() {
        without_the_cage
        in_three_ways
        figure "$attempts attempts in each of 3 ways of starting, 0 succeeded"
}

test_P1_escape_without_any_filter() {
        local how
        for how in systemd user hand; do
                try_all "$how" FCJAIL_SECCOMP=off FCJAIL_VMM_ARGS=--no-filter
                held "$how"
        done
        figure "$attempts attempts in each of 3 ways of starting, 0 succeeded, by the kernel alone"
}

test_P1_escape_with_io_uring() {
        try_all systemd FCJAIL_SECCOMP=io_uring
        is 3 "$(grep -c 'io_uring' /tmp/succeeded)"
        # What is made in a directory of somebody's may become the owner, but nobody's group, and nothing of root's.
        is 2 "$(grep -c 'ring: set.id in dir' /tmp/succeeded)"
        is "4750 lodger 891" "$(stat -c '%a %U %g' $VMS/dir/setuid)"
        is "2750 lodger 891" "$(stat -c '%a %U %g' $VMS/dir/setgid)"
        is 5 "$succeeded"
}

# What FCJAIL_NETNS=host costs, and nothing else: sockets that have no file.
test_P1_escape_with_the_network_of_the_host() {
        listen
        try_all systemd FCJAIL_NETNS=host
        is "SUCCEEDED: abstract socket" "$(sed 's/ *$//' /tmp/succeeded)"
}

# from_the_jailer [OPTION…]: the probe in the place of Firecracker's jailer, and what succeeds then in /tmp/succeeded, less
# what it would try on files that are bound: there are none.
from_the_jailer() {
        (
                exec /usr/libexec/fcjail/jailer --id web1 --exec-file /usr/local/bin/escape --uid 891 --gid 891 "$@"
        ) >/tmp/escape 2>&1 </dev/null &
        eventually grep -q '^attempts=' /tmp/escape
        fcjail stop web1
        wait $! || true
        sed -n 's/^SUCCEEDED: \(.*[^ ]\) *$/\1/p' /tmp/escape | grep -vE ' (image|kernel)$| a place in /run$' >/tmp/succeeded || true
        attempts=$(sed -n 's/^attempts=\([0-9]*\) .*/\1/p' /tmp/escape)
        rm -rf /srv/jailer/escape
        fcjail cleanup web1
}

# Its root directory is its own, and all that it can make there is of its uid, nosuid, nodev and noexec.
OWN_ROOT=$'create /x\nmkdir /x\nlink out of /run'

test_P1_escape_in_the_place_of_the_jailer() {
        listen
        ip netns add blue
        from_the_jailer --netns /run/netns/blue --new-pid-ns
        is "$OWN_ROOT" "$(cat /tmp/succeeded)"
        ((attempts >= 250))
        # What the caller has not asked for: the network of the host, and its PIDs, by which the probe finds its own children.
        from_the_jailer
        is "$OWN_ROOT"$'\nabstract socket\nsignal to others' "$(cat /tmp/succeeded)"
        figure "$attempts attempts each, with namespaces of its own and without"
}

main "$@"

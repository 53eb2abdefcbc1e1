# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2317
# What a VMM sees of its jail, in the three ways of starting: by systemd, by systemd with User=, by hand.
# shellcheck source-path=SCRIPTDIR source=../lab/lib.sh
. "$(dirname "$0")/../lab/lib.sh"

CAPS="CAP_SYS_ADMIN CAP_NET_ADMIN CAP_MKNOD CAP_SYS_CHROOT CAP_SETUID CAP_SETGID CAP_SETPCAP"

# probe HOW: starts web1 with uid and gid 891 in that way; $json is what it sees.
probe() {
        vm web1 FCJAIL_VMM_ARGS=--probe FCJAIL_GID=891
        case $1 in
        systemd) echo FCJAIL_UID=891 >>"$ENV/web1.env" ;;
        user)
                user probeuser --uid 891 --user-group
                unit web1 User=probeuser "AmbientCapabilities=$CAPS"
                ;;
        hand) echo FCJAIL_UID=891 >>"$ENV/web1.env" ;;
        esac
        rm -f /tmp/out # of an earlier one
        if [[ $1 == hand ]]; then
                # With all that a careless shell could hand down.
                (
                        exec 7</ 8>/tmp/open
                        trap '' USR1 HUP
                        umask 0
                        SECRET=1 exec fcjail run web1
                ) >/tmp/out 2>&1 &
                helper=$!
                eventually grep "Started VM 'web1'" /tmp/out
                json=$(grep '^{' /tmp/out)
        else
                systemctl start fcjail@web1
                eventually journal_has web1 '"tree":'
                json=$(journalctl -q -u fcjail@web1 -o cat --cursor="$cursor" --all | grep '^{"uid"')
        fi
}

# sees WANT FILTER
sees() {
        is "$1" "$(jq -c "$2" <<<"$json")" || fail "$2"
}

check_jail() {
        probe "$1"
        sees '[891,891,891]' .uid
        sees '[891,891,891]' .gid
        sees '[]' .groups
        sees '[1,0,1]' '[.pid, .ppid, .sid]'
        sees 7 .umask
        sees '["0000000000000000"]' '[.caps[]] | unique'
        # No new privileges; a filter; NOROOT, NO_SETUID_FIXUP, KEEP_CAPS off and NO_CAP_AMBIENT_RAISE, all locked.
        sees '[1,2,0]' '[.no_new_privs, .seccomp, .dumpable]'
        sees 239 .securebits
        sees '[]' .signals_ignored
        sees '[]' .signals_blocked
        sees '[0,1,2]' '[.fds[].fd]'
        sees '["lo","tap0"]' .interfaces
        sees '[]' .environment
        sees '"/"' .cwd
        sees '["firecracker","--id","web1"]' '.argv[:3]'
        sees '["--api-sock","/run/firecracker.socket","--config-file","/fcjail.json","--probe"]' '.argv[9:]'

        # All there is, and nothing else. To the depth that the probe looks.
        local sys=""
        is_pc || sys=',"/sys","/sys/devices","/sys/devices/system","/sys/devices/system/cpu"'
        sees '["/","/dev","/dev/kvm","/dev/net","/dev/net/tun","/dev/null","/dev/random","/dev/urandom","/fcjail.json","/firecracker","/run"'"$sys]" \
                '[.tree[].path] | sort - ["/dev/userfaultfd"]'
        sees '[]' '[.tree[] | select(.writable) | .path] - ["/run", "/dev/kvm", "/dev/net/tun", "/dev/null", "/dev/userfaultfd"]'
        sees '[{"path":"/run","ro":false,"nodev":true,"noexec":true,"nosuid":true}]' \
                '[.tree[] | select(.path == "/run") | {path, ro, nodev, noexec, nosuid}]'
        sees '[[true,true,true,true]]' '[.tree[] | select(.path == "/") | [.ro, .nodev, .noexec, .nosuid]]'
        sees '[[true,false,true,true]]' '[.tree[] | select(.path == "/dev") | [.ro, .nodev, .noexec, .nosuid]]'
        is_pc || sees '[[true,true,true,true]]' '[.tree[] | select(.path == "/sys") | [.ro, .nodev, .noexec, .nosuid]]'
        sees '[[true,true,false,true]]' '[.tree[] | select(.path == "/firecracker") | [.ro, .nodev, .noexec, .nosuid]]'
        sees '["10:232","20660",0,891]' '.tree[] | select(.path == "/dev/kvm") | [.rdev, .mode, .uid, .gid]'
        sees '["10:200","20660",0,891]' '.tree[] | select(.path == "/dev/net/tun") | [.rdev, .mode, .uid, .gid]'
        sees '["1:3","20666",0,891]' '.tree[] | select(.path == "/dev/null") | [.rdev, .mode, .uid, .gid]'
        sees '["100511",0,0]' '.tree[] | select(.path == "/firecracker") | [.mode, .uid, .gid]'
        sees '["100440",0,891]' '.tree[] | select(.path == "/fcjail.json") | [.mode, .uid, .gid]'
}

test_by_systemd() {
        check_jail systemd
        sees 0 .core
        sees 2048 .nofile
}

test_by_systemd_with_a_user() {
        check_jail user
}

test_by_hand() {
        check_jail hand
        fcjail stop web1
        helper_has_stopped
}

test_the_host_can_tell_that_it_is_another_namespace_of_each_kind() {
        local ns
        vm web1
        systemctl start fcjail@web1
        for ns in net mnt pid ipc uts cgroup; do
                not test "/proc/$(pid_of web1)/ns/$ns" -ef "/proc/1/ns/$ns"
        done
}

# By hand: for a unit KeyringMode=private has made one already.
test_the_session_keyring_is_its_own() {
        [[ -e /proc/keys ]] || skip "this kernel has no key rings"
        vm web1 FCJAIL_UID=891
        by_hand web1
        # The owner may look, and root may not.
        setpriv --reuid=891 --clear-groups cat /proc/keys >/tmp/keys
        grep -E ' 891 +[-0-9]+ keyring +_ses' /tmp/keys || { cat /tmp/keys && false; }
        fcjail stop web1
        helper_has_stopped
}

main "$@"

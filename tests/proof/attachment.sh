# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2317
# `fcjail cni`, with each of its system calls made to fail, or to be its last one: then there is a whole attachment or none, or
# a record from which the next `fcjail cni del` leaves none.
#
# FCJAIL_LONG=1 takes all points; otherwise a sample (tests/seed).
# shellcheck source-path=SCRIPTDIR source=../lab/lib.sh
LONG=${FCJAIL_LONG:-}
. "$(dirname "$0")/../lab/lib.sh"

RECORDS=/var/lib/fcjail/cni
# EINTR EIO ENOMEM EINVAL EMFILE
ERRNOS="4 5 12 22 24"

network() {
        mkdir -p /etc/cni/net.d
        echo '{"cniVersion": "1.0.0", "name": "net1", "plugins": [
                {"type": "bridge", "bridge": "cni0", "isGateway": true, "ipam": {"type": "host-local", "dataDir": "/run/leases", "ranges": [[{"subnet": "10.78.0.0/24"}]]}},
                {"type": "tuning", "mtu": 1400}]}' >/etc/cni/net.d/net1.conflist
        vm web1 FCJAIL_CNI=net1 FCJAIL_TAP= FCJAIL_CONFIG=
        [[ -x /usr/local/bin/inject ]] || skip "for x86_64 only"
        # The first one of all has more to do.
        fcjail cni add web1
        fcjail cni del web1
}

end_network() {
        ip link del cni0
        rm -r /etc/cni /run/leases
}

# there: what there is of an attachment.
there() {
        find "$RECORDS" -mindepth 1 -printf '%f\n' | sort
        [[ ! -e $STATE/net ]] || find "$STATE/net" -mindepth 1 -printf '%f\n' | sort
        find /run/netns -mindepth 1 -printf '%f\n'
        find /run/leases -name '*.*.*.*' -printf 'a lease\n'
        ip -brief link show type veth | sed 's/.*/a pair/'
}

ALL=$'web1\nweb1.env\nweb1.json\nfcjail-web1\na lease\na pair'

# is_there WHAT: a pair disappears some time after its namespace.
is_there() {
        local i
        for ((i = 0; i < 40; i++)); do
                [[ $(there) != "$1" ]] || return 0
                sleep 0.05
        done
        return 1
}

is_whole() {
        is_there "$ALL" && ip -n fcjail-web1 -oneline address show dev eth0 | grep 'inet 10.78.0.' >/dev/null &&
                ip -n fcjail-web1 link show dev eth0 | grep 'mtu 1400' >/dev/null
}

# del: a plugin that is killed with its parent may hold the lock for a moment.
del() {
        local i
        for ((i = 0; i < 20; i++)); do
                fcjail cni del web1 >>/tmp/out 2>&1 && return 0
                [[ $(tail -n 1 /tmp/out) == *'just now'* ]] || return 1
                sleep 0.05
        done
        return 1
}

# judge_one STATUS: what came of it.
judge_one() {
        if [[ $operation == add && $1 == 0 ]]; then
                is_whole || { echo "NOT-WHOLE $(there | xargs)" && return; }
                del && is_there "" && echo whole || echo "LEFT $(there | xargs)"
        elif [[ $operation == del && $1 == 0 ]]; then
                is_there "" && echo none || echo "LEFT $(there | xargs)"
        elif [[ ! -e $RECORDS/web1 ]] && is_there ""; then
                echo none
        elif del && is_there ""; then
                echo undone
        else
                echo "LEFT $(there | xargs)"
        fi
}

# So that the next job tells of itself.
heal() {
        rm -rf "${RECORDS:?}" "$STATE/net" /run/leases/*
        [[ ! -e /run/netns/fcjail-web1 ]] || ip netns del fcjail-web1
        mkdir -p "$RECORDS"
        is_there "" || true
}

# each_point OPERATION: the jobs on standard input, with what came of each, to /tmp/results. A shell of its own, with which
# inject(1) ends.
each_point() (
        local job p name n act status executed result operation=$1
        coproc inject { exec inject /tmp/out -- fcjail cni "$operation" web1; }
        while IFS= read -r job; do
                [[ $operation == add ]] || fcjail cni add web1
                echo "$job" >&"${inject[1]}"
                # shellcheck disable=SC2034 # the last one
                read -r p name n act status executed <&"${inject[0]}"
                if [[ $status == missed ]]; then
                        del
                        result=missed
                elif [[ $status == hung ]]; then
                        result=HUNG
                else
                        result=$(judge_one "$status")
                fi
                echo "$job $result"
                [[ $result =~ ^[a-z] ]] || heal
        done >/tmp/results
)

count() {
        grep -c " $1\$" /tmp/results || true
}

# calls OPERATION: what it consists of. The child is what becomes a plugin.
calls() {
        [[ $1 == add ]] || fcjail cni add web1
        echo record | inject /tmp/out -- fcjail cni "$1" web1 | grep -vE ' exit(_group)? ' | awk '{ print $1, $2, $3 }' >/tmp/calls
        [[ $1 == del ]] || fcjail cni del web1
}

# sample N: so many of the jobs in /tmp/all, or all in the long run.
sample() {
        awk -v stride="$((($(wc -l </tmp/all) / $1) | 1))" -v seed="$SEED" -v long="$LONG" \
                'long != "" || (NR + seed) % stride == 0' /tmp/all >/tmp/jobs
}

# gate WHAT N: of each operation.
gate() {
        local operation total=0
        network
        for operation in add del; do
                calls "$operation"
                if [[ $1 == errors ]]; then
                        awk -v errnos="$ERRNOS" '{ n = split(errnos, e, " "); for (i = 1; i <= n; i++) print $1, $2, $3, e[i] }' /tmp/calls >/tmp/all
                else
                        awk '{ print $1, $2, $3, "kill"; print $1, $2, $3, "killall" }' /tmp/calls >/tmp/all
                fi
                sample "$2"
                each_point "$operation" </tmp/jobs
                is "$(wc -l </tmp/jobs)" "$(wc -l </tmp/results)"
                (($(count missed) * 10 <= $(wc -l </tmp/jobs))) || fail "$(count missed) points were missed"
                not grep -vE ' (whole|none|undone|missed)$' /tmp/results
                [[ $1 == kills || $operation == del ]] || (($(count whole) > 0)) || fail "no error leaves a whole attachment"
                ((total += $(wc -l </tmp/all)))
                text+="${text:+, }$operation: $(wc -l </tmp/jobs) points, whole $(count whole), none $(count none), undone by the next $(count undone)"
        done
        figure "$text (of $total)"
        end_network
}

test_P3_errors_of_cni() {
        local text=
        gate errors 60
}

test_P5_kills_of_cni() {
        local text=
        gate kills 60
}

main "$@"

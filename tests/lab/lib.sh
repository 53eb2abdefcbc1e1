# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2317,SC2034
#
# For the tests that run inside the lab (tests/lab/boot, tests/lab/run). A test is a function test_<name>;
# it fails at the first command that does. After each, what it started is stopped, and it is an error if
# something is left then.

set -uo pipefail
SEED=${FCJAIL_SEED:-0}
# What is meant for the tests is not for fcjail, which knows what it may be told.
unset "${!FCJAIL_@}"
export LC_ALL=C SYSTEMD_PAGER='' SYSTEMD_COLORS=0

ENV=/etc/fcjail
STATE=/run/fcjail
BASE=/srv/jailer/firecracker
TEXTS=$BASE/.texts # private copies of VMMs that nobody uses

# settled_vmm PROGRAM: one that was not changed a moment ago, and so is recycled.
settled_vmm() {
        [[ -e $1 ]] || cp /usr/local/bin/demo-vmm "$1"
        while (($(date +%s) - $(stat -c %Z "$1") <= 4)); do
                sleep 0.2
        done
}

# vm ID [KEY=VALUE…]: settings of a VM whose guest starts by itself.
vm() {
        local id=$1 default
        shift
        printf '%s\n' "$@" >"$ENV/$id.env"
        for default in FCJAIL_VMM=/usr/local/bin/demo-vmm FCJAIL_CONFIG=$ENV/demo.json \
                FCJAIL_TAP=tap0,address=172.16.0.1/24; do
                grep -q "^${default%%=*}=" "$ENV/$id.env" || echo "$default" >>"$ENV/$id.env"
        done
        # Empty settings are there to keep a default away.
        sed -i '/=$/d' "$ENV/$id.env"
}

# unit ID LINE…: a drop-in for the unit of one VM.
unit() {
        local dir=/run/systemd/system/fcjail@$1.service.d
        shift
        mkdir -p "$dir"
        printf '%s\n' '[Service]' "$@" >"$dir/test.conf"
        systemctl daemon-reload
}

# by_hand ID [COMMAND…]: starts it outside systemd, with that in front; $helper is the process to wait for.
by_hand() {
        rm -f /tmp/out # of an earlier one
        "${@:2}" fcjail run "$1" >/tmp/out 2>&1 </dev/null &
        helper=$!
        eventually grep "Started VM '$1'" /tmp/out
}

# was_executed: the start whose words are in /tmp/out has executed a VMM that ends by itself. On a busy machine that is
# over before fcjail looks at it, and the start counts as failed.
was_executed() {
        grep -q 'ended as soon as it was executed' /tmp/out
}

# ext4_at DIR: a file system of its own there, unless there is one. That of the lab, overlayfs, has no idmapped mounts, and
# tmpfs has them only from Linux 6.3 on.
ext4_at() {
        local i image
        ! mountpoint -q "$1" || return 0
        mkdir -p "$1"
        image=$(mktemp)
        truncate -s 64M "$image"
        mkfs.ext4 -q "$image"
        # mount(8) tries again if another lab has taken the device meanwhile; losetup(8) does not.
        [[ -e /dev/loop-control ]] || mknod /dev/loop-control c 10 237
        for ((i = 0; i < 64; i++)); do
                [[ -e /dev/loop$i ]] || mknod "/dev/loop$i" b 7 "$i"
        done
        mount -o loop "$image" "$1"
}

# user NAME [OPTION…], group NAME [OPTION…]: makes it, unless an earlier test has.
user() {
        id -u "$1" >/dev/null 2>&1 || useradd --system "${@:2}" "$1"
}

group() {
        getent group "$1" >/dev/null || groupadd --system "${@:2}" "$1"
}

pid_of() {
        systemctl show -P MainPID "fcjail@$1"
}

# vmm_of ID: the same from the record, also of one that was started by hand. Its name is firecracker, whatever VMM it is.
vmm_of() {
        sed -n 's/^VMM=\([0-9]*\) .*/\1/p' "$STATE/vm/$1"
}

# unit_is ID STATE
unit_is() {
        is "$2" "$(systemctl show -P ActiveState "fcjail@$1")"
}

# ignores_sighup PID
ignores_sighup() {
        (($((16#$(status_of "$1" SigIgn))) & 1))
}

# has_another_process ID PID: runs, and not as that one.
has_another_process() {
        local pid
        pid=$(pid_of "$1")
        unit_is "$1" active && ((pid > 0 && pid != $2))
}

# status_of PID FIELD: from /proc/PID/status, the first value.
status_of() {
        awk -v field="$2:" '$1 == field { print $2 }' "/proc/$1/status"
}

in_netns_of() {
        local pid
        pid=$(pid_of "$1")
        shift
        nsenter --target "$pid" --net "$@"
}

not() {
        ! "$@"
}

fail() {
        echo "$*"
        return 1
}

# is WANT GOT
is() {
        [[ $1 == "$2" ]] || fail "expected '$1', got '$2'"
}

# skip REASON: ends the test, which could not be done here.
skip() {
        echo "# SKIP $*" >/tmp/skip
        exit 0
}

is_pc() {
        [[ $(uname -m) == x86_64 ]]
}

# only_on_a_pc: for tests that press ctrl-alt-del.
only_on_a_pc() {
        is_pc || skip "for x86_64 only"
}

# helper_has_stopped: a VM by hand was stopped, and `fcjail run` ends as the VMM did: reset by its guest, or by SIGHUP.
helper_has_stopped() {
        local status=0 want=0
        is_pc || want=156
        wait "$helper" || status=$?
        is "$want" "$status"
}

# figure TEXT: what a test has counted, for its line.
figure() {
        echo "$*" >/tmp/figure
}

# eventually COMMAND…: tries for 10 s.
eventually() {
        local i
        for ((i = 0; i < 200; i++)); do
                "$@" >/dev/null 2>&1 && return 0
                sleep 0.05
        done
        fail "never: $*"
}

journal_has() {
        journalctl -q -u "fcjail@$1" -o cat --cursor="$cursor" | grep -F -- "$2" >/dev/null # not -q: it would break the pipe
}

# says ID TEXT: the unit's journal of this test has it, now or soon.
says() {
        eventually journal_has "$@"
}

# By the id of systemd's entry, whose words change: what it still knows of a unit that has ended is not much.
ended_well() {
        eventually has_unit_success "$1"
}

# SD_MESSAGE_UNIT_SUCCESS. Not -q for grep: it would break the pipe.
has_unit_success() {
        journalctl -q -o cat --cursor="$cursor" MESSAGE_ID=7ad2d189f7e94e70a38c781354912448 "UNIT=fcjail@$1.service" | grep . >/dev/null
}

is_empty() {
        [[ -z $(ls -A "$1" 2>/dev/null) ]] || fail "$1 holds $(ls -A "$1")"
}

# Nothing of a VM is there any more.
is_gone() {
        [[ ! -e $STATE/vm/$1 && ! -e $BASE/$1 ]] || fail "something of $1 is left: $(find "$STATE" "$BASE")"
}

# no_jails DIR: but for copies of VMMs.
no_jails() {
        [[ -z $(ls "$1" 2>/dev/null) ]] || fail "$1 holds $(ls "$1")"
}

nothing_left() {
        is_empty "$STATE/vm" && is_empty "$STATE/uid" && is_empty "$STATE/image" && is_empty "$STATE/sock" && no_jails "$BASE" || return 1
        [[ -z $(systemctl list-units -q --plain --no-legend 'fcjail@*') ]] || fail "a unit is left" || return 1
        is lo "$(ip -brief link | awk '{ print $1 }')"
}

# Also where a start is expected to fail, as one does that a sanitizer ends.
no_sanitizer_said_anything() {
        [[ -n ${ASAN_OPTIONS:-} ]] || return 0
        journalctl --sync
        ! { journalctl -q --cursor="$cursor" -o cat && cat /tmp/out; } 2>/dev/null | grep -E 'ERROR: AddressSanitizer|runtime error:'
}

# without_the_cage: starts of this test copy the host's mounts.
without_the_cage() {
        systemctl stop fcjail-cage
        systemctl mask --runtime --quiet fcjail-cage
}

clean_up() {
        systemctl stop 'fcjail@*' 2>/dev/null
        systemctl reset-failed 2>/dev/null
        ip -all netns del
        rm -rf /run/systemd/system/fcjail@*.d /run/systemd/system/fcjail-cage.service "${ENV:?}"/*.env "${STATE:?}/kept"
        systemctl daemon-reload
}

set_up() {
        systemd-sysusers && systemd-tmpfiles --create fcjail.conf &&
                mkdir -p "$ENV" /run/netns &&
                echo '{"network-interfaces": [{"iface_id": "eth0", "host_dev_name": "tap0"}]}' >"$ENV/demo.json"
}

# title NAME: of a test, in words and with its figure. A gate (test_P3_errors) begins with its number.
title() {
        local words=${1#test_}
        [[ ! $words =~ ^P[0-9] ]] || words=${words//_/ }
        echo "$words$([[ ! -e /tmp/figure ]] || sed 's/^/: /' /tmp/figure)$([[ ! -e /tmp/skip ]] || sed 's/^/ /' /tmp/skip)"
}

# one NUMBER NAME: runs a test, prints its line, sets $failed. Never to be called in a condition: bash turns
# set -e off there.
one() {
        local log=/tmp/test.log status

        # Not --after-cursor: it passes over one more entry than it should, if a filter leaves out that of the cursor.
        journalctl --sync
        rm -f /tmp/skip /tmp/figure
        cursor=$(journalctl -q -n 0 --show-cursor | sed -n 's/^-- cursor: //p')
        (
                set -eE
                trap 'echo "line $LINENO: $BASH_COMMAND"' ERR
                "$2"
        ) >"$log" 2>&1
        status=$?
        clean_up
        no_sanitizer_said_anything >>"$log" 2>&1 || status=1
        nothing_left >>"$log" 2>&1 || status=1

        if ((status == 0)); then
                echo "ok $1 - $(title "$2")"
                return
        fi
        echo "not ok $1 - $(title "$2")"
        { cat "$log" && journalctl -q -o short-monotonic --cursor="$cursor"; } | sed 's/^/# /'
        # The next test starts from nothing whatever this one left.
        rm -rf "${STATE:?}"/{vm,uid,image,sock}/* "${BASE:?}"/*
        failed=1
}

# main [TEST…]: the last line of each file.
main() {
        local -a tests
        local i
        failed=0

        set_up || exit 1
        if (($# > 0)); then
                tests=("${@/#/test_}")
        else
                mapfile -t tests < <(declare -F | awk '$3 ~ /^test_/ { print $3 }')
        fi
        echo "1..${#tests[@]}"
        for i in "${!tests[@]}"; do
                one $((i + 1)) "${tests[i]}"
        done
        exit "$failed"
}

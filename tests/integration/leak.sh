# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2317
# Many starts and stops leave the host as it was: 100, with FCJAIL_LONG=1 1,000, and then the kernel's objects are counted as well.
# shellcheck source-path=SCRIPTDIR source=../lab/lib.sh
LONG=${FCJAIL_LONG:-}
. "$(dirname "$0")/../lab/lib.sh"

CYCLES=100
[[ -z $LONG ]] || CYCLES=1000

# What the kernel keeps for a VM. The numbers are those of the whole machine, so others add to them and take away.
CACHES="net_namespace pid_namespace uts_namespace mqueue_inode_cache mnt_cache nsproxy task_struct sock_inode_cache shmem_inode_cache"

# In this system alone, a line for each kind.
host() {
        echo "mounts $(wc -l </proc/self/mountinfo)"
        echo "interfaces $(ip -brief link | wc -l)"
        echo "namespaces $(readlink /proc/[0-9]*/ns/* 2>/dev/null | sort -u | wc -l)"
        echo "descriptors of systemd $(find /proc/1/fd -type l | wc -l)"
        echo "processes of fcjail $(cat /proc/[0-9]*/comm 2>/dev/null | grep -cxE 'fcjail|firecracker|fcjail-systemd')"
        find "$STATE" "${BASE%/*}" /run/netns ! -path "$TEXTS/*" 2>/dev/null | sort
        echo "texts $(find "$TEXTS" -type f | wc -l)"
}

objects() {
        local cache
        for cache in $CACHES; do
                awk -v name="$cache" '$1 == name { print name, $2 }' /proc/slabinfo
        done
}

is_as_before() {
        diff <(echo "$before") <(host)
}

# Those that have grown by one for every second cycle.
grown() {
        join <(sort <<<"$kernel") <(objects | sort) | awk -v n="$CYCLES" '$3 - $2 > n / 2 { print; bad = 1 } END { exit !bad }'
}

has_not_grown() {
        not grown
}

has_a_text() {
        cycles 1 && [[ $(ls "$TEXTS") ]]
}

cycles() {
        local i
        for ((i = 0; i < $1; i++)); do
                systemctl start fcjail@leak
                systemctl stop fcjail@leak
        done
}

test_many_starts_and_stops_leave_nothing() {
        local before kernel
        ext4_at /vms
        (umask 077 && echo disk >/vms/disk)
        vm leak FCJAIL_STOP=kill FCJAIL_TAP=tap0,address=172.16.0.1/24 FCJAIL_BIND=/vms/disk:/disk
        eventually has_a_text # once the program is not new any more
        before=$(host)
        kernel=$(objects)
        cycles "$CYCLES"
        eventually is_as_before || is_as_before
        if [[ -n $LONG && -r /proc/slabinfo ]]; then
                eventually has_not_grown || { grown && fail "the kernel has more objects"; }
        fi
        figure "$CYCLES times"
}

main "$@"

# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2317,SC2034,SC2086
# `fcjail list`: every VM in each of its states, for people and for programs.
# shellcheck source-path=SCRIPTDIR source=../lab/lib.sh
. "$(dirname "$0")/../lab/lib.sh"

# has ID FILTER WANT [COMMAND…]: what a listing of everything says of that VM.
has() {
        is "$3" "$("${@:4}" fcjail list --json | jq -r --arg id "$1" ".vms[] | select(.id == \$id) | $2")" || fail "$1: $2"
}

# All ids.
listed() {
        fcjail list --json | jq -r '.vms[].id' | xargs
}

# status_is WANT COMMAND…
status_is() {
        local status=0
        "${@:2}" >/tmp/list 2>/tmp/err || status=$?
        is "$1" "$status"
}

# counts_memory: whether the cgroups of units do. Where the host uses those of v1, they do not in the lab.
counts_memory() {
        [[ -e /sys/fs/cgroup/system.slice/memory.current ]] && echo true || echo false
}

# member [COMMAND…]: somebody who is in the group fcjail, and not root.
member() {
        user watcher
        setpriv --reuid watcher --regid nogroup --groups fcjail "$@"
}

stranger() {
        user watcher
        setpriv --reuid watcher --regid nogroup --clear-groups "$@"
}

# record ID LINE…: of a VM that has ended, with these lines behind.
record() {
        printf '%s\n' VERSION=1 "ID=$1" BOOT_ID=0 PID_NAMESPACE=0 INVOCATION_ID=0 CHROOT_DIR=/srv/jailer/firecracker VMM_NAME=firecracker \
                "SOCK=$1" API=/run/firecracker.socket "${@:2}" COMPLETE >"$STATE/vm/$1"
}

has_ended() {
        [[ ! -e /proc/$1 ]]
}

test_a_vm_of_a_unit() {
        local pid cpu
        vm web1 FCJAIL_UID=30123
        systemctl start fcjail@web1
        pid=$(pid_of web1)
        has web1 '[.state, .unit_state, .uid, .gid] | join(" ")' "running active 30123 30123"
        has web1 .pid "$pid"
        has web1 '.taps | join(",")' tap0
        has web1 .netns "$(readlink "/proc/$pid/ns/net")"
        has web1 .api "$STATE/sock/web1/firecracker.socket"
        [[ -S $STATE/sock/web1/firecracker.socket ]]
        has web1 "(now - .since_usec / 1e6) | . > -2 and . < 60" true
        # What systemd counts, which is never less a moment later.
        cpu=$(fcjail list --json | jq '.vms[0].cpu_usec')
        ((cpu > 0))
        (($(sed -n 's/^usage_usec //p' /sys/fs/cgroup/fcjail.slice/fcjail@web1.service/cpu.stat) >= cpu))
        has web1 'if .memory_bytes then .memory_bytes > 4096 else false end' "$(counts_memory)"
        fcjail list | grep -E "^web1 +running +$pid +30123 +[0-9.]+m?s +(-|[0-9.]+[KMG]) +20..-..-.. ..:..:.. tap0 +net:.[0-9]+. /run/fcjail/sock/web1/firecracker.socket\$"
        systemctl stop fcjail@web1
        is "" "$(listed)"
}

test_a_namespace_that_outlives_the_vm() {
        ip netns add blue
        vm web1 FCJAIL_NETNS=blue
        systemctl start fcjail@web1
        has web1 .netns /run/netns/blue
        systemctl stop fcjail@web1
}

test_by_hand_and_what_it_leaves() {
        local pid
        vm web1
        by_hand web1
        pid=$(vmm_of web1)
        has web1 '[.state, .pid] | join(" ")' "running $pid"
        # Its cgroup is that of this shell.
        has web1 'has("cpu_usec") or has("memory_bytes") or has("unit_state")' false
        kill -KILL "$helper"
        wait "$helper" || true
        eventually has_ended "$pid"
        has web1 .state leftover
        has web1 'has("pid") or has("api")' false
        has web1 'has("uid") and has("since_usec")' true
        fcjail cleanup web1
        is "" "$(listed)"
}

test_in_the_place_of_the_jailer() {
        local vmm root=/srv/jailer/demo-vmm/vm1/root
        user probeuser --uid 891 --user-group
        (exec /usr/libexec/fcjail/jailer --id vm1 --exec-file /usr/local/bin/demo-vmm --uid 891 --gid 891) >/tmp/out 2>&1 </dev/null &
        vmm=$!
        eventually test -S $root/run/firecracker.socket
        has vm1 '[.state, .pid, .uid] | join(" ")' "running $vmm 891"
        # Its cgroup is that of its caller.
        has vm1 'has("cpu_usec") or has("unit_state")' false
        kill "$vmm"
        wait "$vmm" || true
        has vm1 .state leftover
        rm -rf /srv/jailer/demo-vmm/vm1
        fcjail cleanup vm1
        rmdir /srv/jailer/demo-vmm
}

# One that the start has made, as its record says; the caller's parent is no such group.
test_the_cgroup_of_a_record() {
        local vmm group=/sys/fs/cgroup/vms/vm1
        sleep 60 &
        vmm=$!
        mkdir -p $group
        echo $vmm >$group/cgroup.procs
        record vm1 "CGROUP=$group" "VMM=$vmm $(cut -d ' ' -f 22 /proc/$vmm/stat)"
        has vm1 '[.state, has("cpu_usec")] | join(" ")' "running true"
        record vm1 "CGROUP=/sys/fs/cgroup/vms" "CGROUP=/vms/vm1" "VMM=$vmm $(cut -d ' ' -f 22 /proc/$vmm/stat)"
        has vm1 '[.state, has("cpu_usec")] | join(" ")' "running false"
        # That of a unit of another name.
        record vm1 SUPERVISED=yes "VMM=$vmm $(cut -d ' ' -f 22 /proc/$vmm/stat)"
        has vm1 '[.state, has("cpu_usec")] | join(" ")' "running false"
        kill $vmm
        wait $vmm || true
        eventually rmdir $group
        rmdir /sys/fs/cgroup/vms
        rm $STATE/vm/vm1
}

# With a VMM that never answers.
test_starting() {
        vm web1 FCJAIL_VMM=/usr/local/bin/silent-vmm FCJAIL_CONFIG=
        systemctl start --no-block fcjail@web1
        eventually has web1 '[.state, .unit_state] | join(" ")' "starting activating"
        eventually has web1 'has("pid")' true
        has web1 .state starting
        # Without a word of systemd's it is the lock of the start.
        mount --bind /dev/null /usr/libexec/fcjail-systemd
        has web1 '[.state, .unit_state] | join(" ")' "starting " 2>/tmp/err
        umount /usr/libexec/fcjail-systemd
        systemctl stop fcjail@web1
        is "" "$(listed)"
}

test_a_failed_unit() {
        vm web1 FCJAIL_UUID=1
        not systemctl start fcjail@web1
        has web1 '[.state, .unit_state] | join(" ")' "failed failed"
        has web1 'has("pid") or has("uid") or has("since_usec")' false
        status_is 0 fcjail list web1
        SYSTEMD_COLORS=1 fcjail list | grep -F $'\e[0;1;31mfailed\e[0m'
        systemctl reset-failed fcjail@web1
        is "" "$(listed)"
}

test_without_an_answer_of_systemd() {
        vm web1 FCJAIL_UUID=1
        not systemctl start fcjail@web1
        vm web2
        systemctl start fcjail@web2
        status_is 0 unshare --mount bash -c 'mount -t tmpfs tmpfs /run/systemd && mkdir /run/systemd/system && fcjail list'
        is "ID web2" "$(awk '{ print $1 }' /tmp/list | xargs)"
        grep "fcjail-systemd: Failed to list fcjail@\*.service" /tmp/err
        grep "systemd does not answer, so failed units are not listed" /tmp/err
        # Where another init runs, nobody is asked.
        status_is 0 unshare --mount bash -c 'mount -t tmpfs tmpfs /run/systemd && fcjail list'
        is "ID web2" "$(awk '{ print $1 }' /tmp/list | xargs)"
        not grep "fcjail-systemd:" /tmp/err
        systemctl stop fcjail@web2
}

test_paused_is_asked_only_of_those_that_are_named() {
        vm web1
        vm web2
        systemctl start fcjail@web1 fcjail@web2
        fcjail api web1 PATCH /vm '{"state": "Paused"}'
        is Paused "$(fcjail api web1 GET / | jq -r .state)"
        is "web1 paused web2 running" "$(fcjail list --json web2 web1 | jq -r '.vms[] | .id, .state' | xargs)"
        has web1 .state running
        # One that does not answer holds nobody up.
        kill -STOP "$(pid_of web2)"
        is "web1 paused web2 running" "$(timeout 5 fcjail list --json web2 web1 | jq -r '.vms[] | .id, .state' | xargs)"
        kill -CONT "$(pid_of web2)"
        systemctl stop fcjail@web1 fcjail@web2
}

test_ids() {
        record b
        record a
        record c
        is "a b c" "$(listed)"
        is "a c" "$(fcjail list --json c a c | jq -r '.vms[].id' | xargs)"
        status_is 66 fcjail list c zz
        grep -q "^c " /tmp/list
        grep "VM 'zz' is not running, and nothing of it is left" /tmp/err
        status_is 64 fcjail list a 'b/../c'
        grep "invalid VM id 'b/../c'" /tmp/err
        is "" "$(cat /tmp/list)"
        status_is 64 fcjail list --json --prometheus
        status_is 64 fcjail list --no-such
        rm $STATE/vm/{a,b,c}
}

# Each is a row and a status, and all others are listed.
test_hostile_records() {
        local before
        record good
        record nets "NETNS=$(printf '/x\e[2J\e]0;t\a\xe2\x80\xae\xff')"
        record newer VERSION=7 COLOUR=blue
        record other
        sed -i s/ID=other/ID=good/ $STATE/vm/other
        head -c 40 $STATE/vm/good >$STATE/vm/short
        : >$STATE/vm/empty
        head -c 70000 /dev/zero | tr '\0' A >$STATE/vm/long
        printf 'ID=nul\0\n' >$STATE/vm/nul
        mkfifo $STATE/vm/fifo
        mkdir $STATE/vm/dir
        ln -s good $STATE/vm/link
        : >"$STATE/vm/not an id"
        record elsewhere PID_NAMESPACE=1 "VMM=$$ 1"
        before=$(cd $STATE/vm && stat -c '%n %i %s %y' ./* | sort)

        status_is 74 timeout 10 fcjail list
        is "dir unreadable elsewhere unknown empty leftover fifo unreadable good leftover link unreadable long unreadable nets leftover newer leftover nul unreadable other unreadable short leftover" \
                "$(awk 'NR > 1 { print $1, $2 }' /tmp/list | xargs)"
        grep -F '/x\x1b[2J\x1b]0;t\x07\xe2\x80\xae\xff' /tmp/list
        not grep -P '[\x00-\x09\x0b-\x1f\x7f]' /tmp/list
        grep "The record /run/fcjail/vm/nul is damaged" /tmp/err
        grep "A newer fcjail wrote the record of 'newer' (version 7)" /tmp/err
        status_is 74 fcjail list --json
        python3 -c 'import json, sys; l = json.loads(sys.stdin.buffer.read().decode()); assert l["version"] == 1 and len(l["vms"]) == 12' </tmp/list
        is "its record is damaged" "$(jq -r '.vms[] | select(.id == "nul") | .error' /tmp/list)"
        status_is 74 fcjail list --prometheus
        is_prometheus /tmp/list
        status_is 0 fcjail list good newer
        is "$before" "$(cd $STATE/vm && stat -c '%n %i %s %y' ./* | sort)"
        rm -rf "${STATE:?}"/vm/*
}

test_without_root() {
        vm web1 FCJAIL_UID=30123
        systemctl start fcjail@web1
        vm web2 FCJAIL_UUID=1
        not systemctl start fcjail@web2
        status_is 0 member fcjail list
        grep -E "^web1 +running +$(pid_of web1) +30123 +[0-9.]+m?s " /tmp/list
        has web1 'has("netns")' false member
        has web1 '[.state, has("cpu_usec")] | join(" ")' "running true" member
        # systemd answers them on the message bus, if there is one.
        [[ ! -S /run/dbus/system_bus_socket ]] || has web2 .state failed member

        status_is 77 stranger fcjail list
        grep "run .fcjail list. as root or as a member of the group fcjail" /tmp/err
        systemctl stop fcjail@web1
}

# Each line is a comment or a sample, and each sample has its type.
is_prometheus() {
        python3 - "$1" <<'END'
import re, sys
types, seen, last = {}, set(), None
label = r'[a-z_]+="(?:[^"\\\n]|\\["\\n])*"'
for line in open(sys.argv[1], encoding="utf-8"):
    assert line.endswith("\n"), line
    if m := re.fullmatch(r"# (HELP|TYPE) ([a-z_]+) (.+)\n", line):
        if m[1] == "TYPE":
            assert m[2] not in types and m[3] in ("gauge", "counter"), line
            types[m[2]] = m[3]
        continue
    m = re.fullmatch(r"([a-z_]+)\{(%s(?:,%s)*)\} ([0-9]+(?:\.[0-9]+)?)\n" % (label, label), line)
    assert m and m[1] in types, line
    assert (types[m[1]] == "counter") == m[1].endswith("_total"), line
    assert (m[1], m[2]) not in seen, line
    assert m[1] == last or m[1] not in {name for name, _ in seen}, line
    seen.add((m[1], m[2]))
    last = m[1]
print(len(seen), "samples")
END
}

test_prometheus() {
        vm web1
        systemctl start fcjail@web1
        record old
        fcjail list --prometheus >/tmp/prom
        is_prometheus /tmp/prom
        grep -F 'fcjail_vm_state{id="web1",state="running"} 1' /tmp/prom
        grep -F 'fcjail_vm_state{id="web1",state="failed"} 0' /tmp/prom
        grep -F 'fcjail_vm_state{id="old",state="leftover"} 1' /tmp/prom
        grep -E '^fcjail_vm_cpu_seconds_total\{id="web1"\} [0-9]+\.[0-9]{6}$' /tmp/prom
        is "$(counts_memory)" "$(grep -qE '^fcjail_vm_memory_bytes\{id="web1"\} [0-9]+$' /tmp/prom && echo true || echo false)"
        grep -E '^fcjail_vm_start_time_seconds\{id="web1"\} [0-9]{10}\.[0-9]{6}$' /tmp/prom
        grep -E '^fcjail_vm_info\{id="web1",uid="[0-9]+",.*taps="tap0",.*\} 1$' /tmp/prom
        not grep -E '^fcjail_vm_(cpu|memory|start).*"old"' /tmp/prom
        rm $STATE/vm/old
        systemctl stop fcjail@web1
}

# The timer among the examples: what it writes is never seen in part, and is replaced as a whole.
test_node_exporter() {
        local dir=/var/lib/prometheus/node-exporter
        mkdir -p $dir
        cp /usr/share/doc/fcjail/examples/fcjail-prometheus.{service,timer} /run/systemd/system/
        systemctl daemon-reload
        systemd-analyze verify --man=no fcjail-prometheus.service fcjail-prometheus.timer >/tmp/out 2>&1
        is '' "$(</tmp/out)"
        record a-long-id-that-makes-the-file-longer
        systemctl start fcjail-prometheus.service
        grep -F 'id="a-long-id-that-makes-the-file-longer"' $dir/fcjail.prom
        rm $STATE/vm/a-long-id-that-makes-the-file-longer
        vm web1
        systemctl start fcjail@web1
        systemctl start fcjail-prometheus.service
        is_prometheus $dir/fcjail.prom
        grep -F 'fcjail_vm_state{id="web1",state="running"} 1' $dir/fcjail.prom
        not grep longer $dir/fcjail.prom
        is "root:root 644 fcjail.prom" "$(stat -c '%U:%G %a' $dir/fcjail.prom) $(ls $dir)"
        systemctl stop fcjail@web1
        rm -r /var/lib/prometheus /run/systemd/system/fcjail-prometheus.{service,timer}
        systemctl daemon-reload
}

test_watch() {
        local status=0
        record a
        timeout -s INT 5 fcjail list --watch >/tmp/list || status=$?
        is 124 "$status"
        (($(grep -c '^ID ' /tmp/list) >= 2))
        not grep $'\e' /tmp/list
        # On a terminal it draws over the last one.
        timeout 20 script -qec "timeout -s INT 3 env TERM=xterm SYSTEMD_COLORS=1 fcjail list --watch" /dev/null >/tmp/list </dev/null || true
        grep -F $'\e[H\e[J' /tmp/list
        # Nobody reads it any more.
        { timeout 20 fcjail list --watch || echo $? >/tmp/status; } | head -n 1
        is 141 "$(</tmp/status)"
        rm $STATE/vm/a
}

test_width() {
        record a
        wide() { script -qec "env TERM=dumb COLUMNS=$1 fcjail list" /dev/null </dev/null | tr -d '\r'; }
        is "ID STATE" "$(wide 15 | head -n 1 | tr -s ' ')"
        (($(wide 40 | head -n 1 | wc -c) <= 41))
        [[ $(wide 200 | head -n 1) == *API ]]
        [[ $(COLUMNS=20 fcjail list | head -n 1) == *API ]]
        rm $STATE/vm/a
}

# A thousand, each with a process and a cgroup as that of its unit.
test_a_thousand() {
        local i start end cpu
        python3 - <<'END'
import os
base = "/sys/fs/cgroup/fcjail.slice"
os.makedirs(base, exist_ok=True)
boot = open("/proc/sys/kernel/random/boot_id").read().strip().replace("-", "")
ns = os.stat("/proc/self/ns/pid").st_ino
for i in range(1000):
    id = "vm%04i" % i
    pid = os.fork()
    if pid == 0:
        os.execvp("sleep", ["sleep", "600"])
    cgroup = f"{base}/fcjail@{id}.service"
    os.mkdir(cgroup)
    with open(cgroup + "/cgroup.procs", "w") as f:
        f.write(str(pid))
    start = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()[19]
    lines = ["VERSION=1", "ID=" + id, "BOOT_ID=" + boot, f"PID_NAMESPACE={ns}", "INVOCATION_ID=" + boot, "CHROOT_DIR=/srv/jailer",
             "VMM_NAME=firecracker", "SOCK=" + id, "API=/run/firecracker.socket", "SUPERVISED=yes", "TAP=tap0", "COMPLETE",
             f"UID={30000 + i}", f"GID={30000 + i}", f"VMM={pid} {start}"]
    with open("/run/fcjail/vm/" + id, "w") as f:
        f.write("\n".join(lines) + "\n")
END
        start=$(date +%s%N)
        for ((i = 0; i < 10; i++)); do
                fcjail list >/tmp/list
        done
        end=$(date +%s%N)
        cpu=$( (
                TIMEFORMAT='%U %S'
                time fcjail list >/dev/null
        ) 2>&1 | awk '{ print 1000 * ($1 + $2) }')
        is 1001 "$(wc -l </tmp/list)"
        is 1000 "$(grep -cE ' running .* tap0 ' /tmp/list)"
        is 1000 "$(fcjail list --json | jq '[.vms[] | select(.cpu_usec)] | length')"
        fcjail list --prometheus >/tmp/prom
        is_prometheus /tmp/prom
        figure "1000 VMs in $(((end - start) / 10000000)) ms, $cpu ms of CPU time"
        for ((i = 0; i < 1000; i++)); do
                kill "$(vmm_of "$(printf 'vm%04i' $i)")"
        done
        eventually forget_cgroups
        rm $STATE/vm/*
}

forget_cgroups() {
        rmdir /sys/fs/cgroup/fcjail.slice/fcjail@*.service
}

main "$@"

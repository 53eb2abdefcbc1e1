# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# A VMM as the host sees it, for the gates that compare it.

# fields PID: of /proc/PID/status. How many filters there are besides ours depends on the version of systemd.
fields() {
        grep -E '^(Umask|TracerPid|Uid|Gid|Groups|NSpid|NSsid|SigBlk|SigIgn|SigCgt|Cap...|NoNewPrivs|Seccomp|Seccomp_filters|CoreDumping):' "/proc/$1/status" |
                sed -E 's/^(NSpid|NSsid):.*\t/\1:\t… /; s/^(Seccomp_filters):\t([2-9]|[0-9]{2,})$/\1:\tmore/; s/[ \t]+/ /g; s/ $//'
        echo "owner of /proc/PID: $(stat -c %u:%g "/proc/$1/status")" # root's, as it is not dumpable
        echo "personality: $(cat "/proc/$1/personality")"
}

# mounts PID: which part of which kind of file system is where, how.
mounts() {
        sed -E 's/^[0-9]+ [0-9]+ [0-9:]+ ([^ ]+) ([^ ]+) ([^ ]+)( [a-z_]+:[0-9]+)* - ([^ ]+) [^ ]+ (r[ow]).*/mount: \2 \3\4, \5 of \1/; s/,relatime//' \
                "/proc/$1/mountinfo"
}

namespaces() {
        local ns
        for ns in cgroup ipc mnt net pid pid_for_children time user uts; do
                # A kernel may have no namespaces of time.
                if [[ ! -e /proc/1/ns/$ns || /proc/$1/ns/$ns -ef /proc/1/ns/$ns ]]; then echo "ns $ns: the host's"; else echo "ns $ns: own"; fi
        done
}

# Not every kernel has userfaultfd.
files() {
        (cd "/proc/$1/root" && find . ! -path ./dev/userfaultfd -exec stat -c 'file: %n %A %u:%g %t:%T' {} + | sort)
}

network() {
        echo "interfaces: $(nsenter --target "$1" --net ip -brief link | awk '{ print $1 }' | xargs)"
        # Names of users that a test has made are not what is compared.
        nsenter --target "$1" --net ip -details link show tap0 | grep -oE 'type tap .* persist [a-z]+ user [^ ]+ group [^ ]+' | sed 's/probeuser/891/g'
}

# view PID: every field of the guarantees G1 to G7 that the host can see.
view() {
        local p=/proc/$1 fd
        eventually is_left_alone "$1"
        fields "$1"
        mounts "$1"
        namespaces "$1"
        files "$1"
        network "$1"
        for fd in "$p"/fd/*; do
                echo "fd ${fd##*/}: $(readlink "$fd" | sed 's/[0-9]\{2,\}/N/g')"
        done
        echo "arguments: $(tr '\0' ' ' <"$p/cmdline" | sed 's/us [0-9]*/us N/g; s/ $//')"
        echo "environment: $(wc -c <"$p/environ") bytes"
        echo "program: $(readlink "$p/exe")"
        echo "cwd: $([[ $p/cwd -ef $p/root ]] && echo "the root")"
        echo "root: $([[ $p/root -ef $BASE/web1/root ]] && echo "the jail")"
        echo "cgroup: $(if cmp -s "$p/cgroup" "/proc/$$/cgroup"; then echo "of who started it"; else sed -n 's|^0::.*/\(fcjail.slice.*\)|\1|p' "$p/cgroup"; fi)"
        echo "session: $(awk '{ print ($6 == $1 ? "own" : "another") ", terminal " $7 }' "$p/stat")"
        sed -nE 's/^Max (core file size|open files) +([^ ]+) +([^ ]+).*/limit: \1 \2 \3/p' "$p/limits"
}

# is_up ID: it has opened all that it will.
is_up() {
        [[ $(fcjail api "$1" GET / | jq -r .state) == Running ]]
}

# is_left_alone PID: nobody asks it any more, and it has closed the connection of who did: the only socket behind
# standard error is the one it listens on.
is_left_alone() {
        [[ $(find "/proc/$1/fd" -lname 'socket:*' ! -name '[012]' | wc -l) == 1 ]]
}

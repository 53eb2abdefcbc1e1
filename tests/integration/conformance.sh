# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2016,SC2034,SC2046,SC2086,SC2206,SC2317
# `fcjail jailer` and Firecracker's own jailer (JAILER=), side by side: each command line is given to both, and what comes of it is
# compared. Whatever differs is a row of conformance.table, whose reason stands in fcjail-jailer(1); a row that explains nothing
# is a failure, too.
# shellcheck source-path=SCRIPTDIR source=../lab/lib.sh
. "$(dirname "$0")/../lab/lib.sh"

THEIRS=/usr/local/bin/jailer OURS=/usr/libexec/fcjail/jailer
TABLE=$(dirname "$0")/conformance.table
MANUAL=$(dirname "$0")/../../docs/fcjail-jailer.1.rst
VMM=/usr/local/bin/silent-vmm
ID=vm1
ROOT=/srv/jailer/silent-vmm/$ID/root
V1=/tmp/v1
ALL=(--id $ID --exec-file $VMM --uid 891 --gid 892)

# --- What is seen: lines of a name, a tab and a value.

# is_vmm PID: it has been executed, by what goes before it.
is_vmm() {
        local comm
        read -r comm 2>/dev/null <"/proc/$1/comm" && [[ $comm != @(bash|jailer|setsid|setpriv|nsenter|nice) ]]
}

# tree DIR WORD PATH…: all that is there, with the VM's ids by that name.
tree() {
        (cd "$1" && find "${@:3}" -mindepth 1 -exec stat -c "$2 %n"$'\t''%A %u:%g %t:%T' {} + 2>/dev/null) |
                sed "s/ ${uid:-891}:\([0-9]* [^ ]*\)\$/ UID:\1/; s/:${gid:-892} \([^ ]*\)\$/:GID \1/"
}

# What is numbered anew in each life has a name: the process itself, its caller.
look_at_process() {
        awk -v pid="$1" -v caller=$ME -v uptime="$(cut -d ' ' -f 1 /proc/uptime)" '
                function who(n) { return n == pid ? "own" : n == caller ? "caller" : n == session ? "of the caller" : n == 1 ? "init" : "another" }
                function put(name, value) { print name "\t" value }
                FILENAME == "/proc/self/stat" { session = $6; next }
                FILENAME ~ /stat$/ { put("parent", who($4)); put("group", $5 == pid ? "own" : "not own"); put("session", who($6)); put("nice", $19) }
                FILENAME ~ /status$/ && /^(Umask|Uid|Gid|Groups|Sig(Blk|Ign)|Cap...|NoNewPrivs|Seccomp):/ { name = $1; $1 = ""; put("status " name, $0) }
                FILENAME ~ /status$/ && /^NSpid:/ { put("process ids", NF - 1 ($NF == 1 ? ", inside 1" : "")) }
                FILENAME ~ /limits$/ && /^Max/ { put("limit " $2 " " $3, substr($0, 27, 42)) }
                FILENAME ~ /cgroup$/ { put("cgroup " $1, "") }
                FILENAME ~ /mountinfo$/ { tag = $7 == "-" ? "private" : $7; gsub(/[0-9]+/, "N", tag); put("mount " $5, $6 " " tag) }
        ' /proc/self/stat "/proc/$1/stat" "/proc/$1/status" "/proc/$1/limits" "/proc/$1/cgroup" "/proc/$1/mountinfo" | sed 's/  */ /g; s/\t /\t/; s/ $//'
        tr '\0' '\n' <"/proc/$1/cmdline" | awk -v us="$(awk '{ printf "%.0f", $1 * 1000000 }' /proc/uptime)" '
                last ~ /^--start-time-us$/ { $0 = us - $0 > -20000 && us - $0 < 5000000 ? "now" : "not now: " $0 }
                last ~ /-cpu-/ && $0 ~ /^[0-9]+$/ { $0 = $0 < 5000000 ? "little" : "much" }
                { last = $0; text = text " " $0 }
                END { print "arguments\t" text }'
        printf 'descriptor flags\t%s\n' "$(sed -n 's/^flags:\t//p' "/proc/$1"/fdinfo/* | xargs)"
        printf 'owner in /proc\t%s\n' "$(stat -c %u:%g "/proc/$1/status")"
        stat -c %N "/proc/$1"/fd/* | sed -E "s|^'/proc/[0-9]+/fd/([0-9]+)' -> |fd \1\t|; s/[0-9]{4,}/N/"
        printf 'environment\t%s\n' "$(wc -c <"/proc/$1/environ")"
        printf 'cwd\t%s\n' "$([[ /proc/$1/cwd -ef /proc/$1/root ]] && echo "the root")"
        printf 'root\t%s\n' "$(find /srv -samefile "/proc/$1/root/." 2>/dev/null)"
        printf 'oom\t%s\n' "$(<"/proc/$1/oom_score_adj")"
        local ns
        for ns in cgroup ipc mnt net pid time user uts; do
                printf 'ns %s\t%s\n' $ns "$([[ /proc/$1/ns/$ns -ef /proc/self/ns/$ns ]] && echo caller || { [[ /proc/$1/ns/$ns -ef /run/netns/blue ]] && echo blue; } || echo own)"
        done
        tree "/proc/$1/root" jail .
}

# side PROGRAM [OPTION…]: starts it in the state of things that $before makes, as the caller that $caller makes of a shell. Sets
# $status, and $pid if the VMM runs; with $ends it ends by itself.
side() {
        local i
        pid='' status=hangs
        rm -rf /srv/jailer /srv/other
        mkdir -p /srv/jailer
        eval "$before"
        (
                eval "$caller"
                exec "$@"
        ) >/tmp/out 2>/tmp/err </dev/null &
        started=$!
        for ((i = 0; i < 600; i++)); do
                if [[ ! -e /proc/$started ]]; then
                        status=0
                        wait $started || status=$?
                        break
                elif [[ -z $ends ]] && is_vmm $started; then
                        status=runs pid=$started
                        return
                fi
                sleep 0.005
        done
        # In the background it may take a moment longer.
        [[ -z $ends && $status == 0 && " $* " =~ \ (--daemonize|--new-pid-ns)\  ]] || return 0
        for ((i = 0; i < 100; i++)); do
                pid=$(cat /srv/*/*/*/root/*.pid 2>/dev/null) && [[ $pid ]] && is_vmm "$pid" && return
                pid=''
                sleep 0.005
        done
}

# view PROGRAM [OPTION…]: what comes of it.
view() {
        local uid gid
        side "$@"
        [[ -z $pid ]] || uid=$(status_of "$pid" Uid) gid=$(status_of "$pid" Gid)
        {
                set +e # what is not there is not seen
                printf 'end\t%s\n' "$status$([[ $status != 0 || -z $pid ]] || echo ', runs')"
                printf 'stdout\t%s\n' "$(head -n 1 /tmp/out | tr -d '\0')"
                printf 'stderr\t%s\n' "$([[ ! -s /tmp/err ]] || echo text)"
                [[ ! -e /srv/victim ]] || tree /srv/victim victim .
                tree /srv "$([[ $status == 1 ]] && echo left || echo tree)" $(cd /srv && echo * | sed 's/victim//')
                [[ -z $pid ]] || printf 'pid file\t%s\n' "$([[ $(cat /srv/*/*/*/root/*.pid && echo x) == "${pid}x" ]] && echo "the VMM")"
                [[ -z $pid ]] || look_at_process "$pid"
                eval "$also"
                true
        } 2>/dev/null | sort -u
        [[ -z $pid ]] || kill -KILL "$pid" 2>/dev/null || true
        [[ $status != hangs ]] || kill -KILL $started
        while [[ -n $pid && -e /proc/$pid ]]; do
                sleep 0.005
        done
        wait 2>/dev/null
        eval "$after"
        rm -rf "${STATE:?}"/{vm,uid,sock}/* /srv/jailer /srv/other
}

# --- What is compared.

# try CASE [OPTION…]: differences that no row has explained are in /tmp/unexplained. " &": it runs in the background.
try() {
        local case=$GROUP/$1 before=${before:-} caller=${caller:-} also=${also:-} after=${after:-} ends=${ends:-} name theirs ours i
        shift
        [[ ! " $* " =~ \ (--daemonize|--new-pid-ns)\  ]] || case+=" &"
        view "$THEIRS" "$@" >/tmp/theirs
        view "$OURS" "$@" >/tmp/ours
        TRIED=$((TRIED + 1))
        while IFS=$'\t' read -r name theirs ours; do
                for i in "${!ROWS[@]}"; do
                        explains $i "$case" "$name" "$theirs" "$ours" && USED[i]=1 && continue 2
                done
                echo "$case | $name | $theirs | $ours" >>/tmp/unexplained
        done < <(join -t $'\t' -a 1 -a 2 -e - -o 0,1.2,2.2 /tmp/theirs /tmp/ours | differences)
}

# If one is a VM and the other is not, that is all that differs, but for what is not theirs to change.
differences() {
        awk -F '\t' '$2 == $3 { next } $1 == "end" { other = 1 } { lines[++n] = $0 }
                END { for (i = 1; i <= n; i++) if (!other || lines[i] ~ /^(end|victim)/) print lines[i] }'
}

# explains ROW CASE NAME THEIRS OURS: the columns of a row are patterns of the shell.
explains() {
        local of name theirs ours reason
        IFS=$'\t' read -r of name theirs ours reason <<<"${ROWS[$1]}"
        # shellcheck disable=SC2053
        [[ $2 == $of && $3 == $name && $4 == $theirs && $5 == $ours ]]
}

# group NAME: of the test's cases.
group() {
        ip netns add blue
        GROUP=$1 TRIED=0 ME=$BASHPID
        [[ -x $THEIRS ]] || skip "not in the sample, as JAILER= does not name Firecracker's jailer"
        mapfile -t ROWS < <(sed -e '/^#/d; /^$/d; s/ | /\t/g' "$TABLE")
        USED=()
        rm -f /tmp/unexplained
}

# conforms: nothing is unexplained, and each row of this group has explained something.
conforms() {
        local i
        for i in "${!ROWS[@]}"; do
                [[ ${ROWS[i]} != "$GROUP"/* || -n ${USED[i]:-} ]] || echo "explains nothing: ${ROWS[i]}" >>/tmp/unexplained
        done
        [[ ! -e /tmp/unexplained ]] || { cat /tmp/unexplained && fail "$(wc -l </tmp/unexplained) differences"; }
        figure "$TRIED command lines"
}

# --- The command lines.

# without OPTION: $rest has those of ALL that are others.
without() {
        local i
        rest=()
        for ((i = 0; i < ${#ALL[@]}; i += 2)); do
                [[ ${ALL[i]} == "$1" ]] || rest+=("${ALL[@]:i:2}")
        done
}

# Of the VMM's process everything is compared in each case; here are the ways of starting it, and their ends.
test_process() {
        local option
        group process
        for option in '' --daemonize --new-pid-ns '--daemonize --new-pid-ns'; do
                try "ways/$option" "${ALL[@]}" $option -- --calm
                try "limits/$option" "${ALL[@]}" $option --resource-limit no-file=1024 --resource-limit fsize=2097151
                try "netns/$option" "${ALL[@]}" $option --netns /run/netns/blue
                ends=yes try "ends/$option" --id $ID --exec-file /usr/local/bin/demo-vmm --uid 891 --gid 892 $option -- --version
                ends=yes try "ends-ill/$option" --id $ID --exec-file /usr/local/bin/demo-vmm --uid 891 --gid 892 $option -- --no-such-option
        done
        conforms
}

test_options() {
        local -A good=([--id]=$ID [--exec-file]=$VMM [--uid]=891 [--gid]=892 [--chroot-base-dir]=/srv/jailer [--netns]=/run/netns/blue
                [--cgroup]=$FILE=max [--cgroup-version]=2 [--parent-cgroup]=no-such [--resource-limit]=fsize=1000000)
        local option i
        local -a many
        group options
        try none
        try separator-alone --
        for option in "${!good[@]}"; do
                without $option
                [[ ${#rest[@]} == "${#ALL[@]}" ]] || try "omitted/$option" "${rest[@]}"
                try "no-value/$option" "${rest[@]}" $option
                try "no-value-then-separator/$option" "${rest[@]}" $option -- a
                try "no-value-then-option/$option" "${rest[@]}" $option --daemonize
                try "empty/$option" "${rest[@]}" $option ''
                try "dash/$option" "${rest[@]}" $option -x
                try "equals/$option" "${rest[@]}" "$option=${good[$option]}"
                try "equals-nothing/$option" "${rest[@]}" $option=
                try "two-words/$option" "${rest[@]}" "$option ${good[$option]}"
                [[ $option == --cgroup ]] || try "twice/$option" "${rest[@]}" $option "${good[$option]}" $option "${good[$option]}"
                try "capitals/$option" "${rest[@]}" "${option^^}" "${good[$option]}"
                try "one-dash/$option" "${rest[@]}" "${option#-}" "${good[$option]}"
                try "abbreviated/$option" "${rest[@]}" "${option%?}" "${good[$option]}"
        done
        for option in --daemonize --new-pid-ns; do
                try "twice/$option" "${ALL[@]}" $option $option
                try "value/$option" "${ALL[@]}" $option yes
                try "equals/$option" "${ALL[@]}" $option=yes
                try "first/$option" $option "${ALL[@]}"
        done
        for option in --no-such -v -V -x - --- ---id word '' ' ' --seccomp-level --node --api-sock --config-file; do
                try "unknown/$option" "${ALL[@]}" "$option"
                try "unknown-with-value/$option" "${ALL[@]}" "$option" 1
        done
        # In any order.
        try backwards --gid 892 --uid 891 --exec-file $VMM --id $ID
        for ((i = 0; i < 8; i++)); do
                mapfile -t many < <(printf '%s\n' "${!good[@]}" --daemonize --new-pid-ns | grep -v cgroup | shuf --random-source=<(yes $i))
                rest=()
                for option in "${many[@]}"; do
                        rest+=($option ${good[$option]:-})
                done
                try "order/$i" "${rest[@]}"
        done
        conforms
}

test_help_and_version() {
        local option
        group help
        for option in --help -h --version; do
                try "alone/$option" $option
                try "first/$option" $option "${ALL[@]}"
                try "last/$option" "${ALL[@]}" $option
                try "with-errors/$option" --no-such --id a_b word $option
                try "as-value/$option" --id $option
                try "twice/$option" $option $option
                try "equals/$option" "${ALL[@]}" $option=1
                try "of-the-vmm/$option" "${ALL[@]}" -- $option
                try "both/$option" --version $option --help
                try "glued/$option" "${ALL[@]}" "${option}x"
        done
        conforms
}

test_arguments_of_the_vmm() {
        group arguments
        try none "${ALL[@]}" --
        try some "${ALL[@]}" -- --config-file vm.json --api-sock /run/a.sock --no-seccomp
        try separators "${ALL[@]}" -- -- a -- b
        try like-ours "${ALL[@]}" -- --id vm2 --uid 0 --daemonize --new-pid-ns
        try empty "${ALL[@]}" -- '' '' a
        try odd "${ALL[@]}" -- $'a\nb' 'c d' '*' '$HOME' "e'f" $'\e[2J' %s äöü
        try thousand "${ALL[@]}" -- $(seq 1000)
        try long "${ALL[@]}" -- "$(printf 'a%.0s' {1..100000})"
        try not-utf8 "${ALL[@]}" -- $'\xff'
        try not-utf8-id --id $'\xff' "${ALL[@]:2}"
        conforms
}

test_ids() {
        local id
        group ids
        for id in a 0 A Zz9 - -x a- -- default jailer 12345678-abcd-ABCD-0000-123456789abc \
                "$(printf 'a%.0s' {1..64})" "$(printf 'a%.0s' {1..65})" "$(printf 'a%.0s' {1..300})" \
                a_b a.b . .. a/b /a a/ 'a b' ' a' 'a ' a:b a@b a%20 a+b a,b $'a\n' $'a\tb' '*' '$a' 'a\b' \
                ä é ñandu 日本 ٣ "$(printf 'ä%.0s' {1..32})" "$(printf 'ä%.0s' {1..33})" '…' 😀; do
                try "$id" --id "$id" "${ALL[@]:2}"
        done
        conforms
}

test_numbers() {
        local n
        group numbers
        for n in 0 00 +0 1 5 +5 005 ++5 +-5 -5 -1 -0 + - ' 5' '5 ' $'5\n' 0x5 0b1 0o7 5. 5.0 1e3 5_0 5,0 '' root nobody ٣ \
                65533 65534 65535 65536 2147483647 2147483648 4294967293 4294967294 4294967295 4294967296 18446744073709551617; do
                try "uid/$n" "${ALL[@]:0:4}" --uid "$n" --gid 892
                try "gid/$n" "${ALL[@]:0:6}" --gid "$n"
        done
        try "both/0" "${ALL[@]:0:4}" --uid 0 --gid 0
        conforms
}

test_exec_file() {
        local dir=/usr/local/lib/exec name
        group exec
        mkdir -p $dir/below
        cp $VMM $dir/vmm
        cp $VMM "$dir/with space"
        cp $VMM $dir/ä
        cp $VMM $dir/x.pid
        cp $VMM $dir/root
        for name in dev run old_root; do
                cp $VMM $dir/$name
        done
        cp $VMM $dir/"$(printf 'n%.0s' {1..200})"
        cp $VMM $dir/"$(printf 'm%.0s' {1..252})"
        install -m 644 $VMM $dir/not-executable
        install -m 4755 $VMM $dir/setuid
        install -m 700 $VMM $dir/private
        install -m 777 $VMM $dir/for-all
        install -m 755 -o 891 $VMM $dir/of-the-vm
        install -m 755 -o 4711 $VMM $dir/of-others
        cp $VMM $dir/two-names
        ln -f $dir/two-names $dir/second-name
        ln -sfn $dir/vmm $dir/link
        ln -sfn link $dir/link-to-link
        ln -sfn $dir/below $dir/link-to-directory
        ln -sfn nowhere $dir/link-to-nothing
        ln -sfn loop $dir/loop
        cp $VMM /tmp/in-tmp
        cp /usr/bin/true $dir/dynamic
        printf '#!/bin/sh\necho hello\n' >$dir/script
        printf 'no program\n' >$dir/text
        : >$dir/empty
        head -c 4096 $VMM >$dir/cut-off
        chmod 755 $dir/{script,text,empty,cut-off}
        for name in vmm 'with space' ä x.pid root dev run old_root "$(printf 'n%.0s' {1..200})" "$(printf 'm%.0s' {1..252})" not-executable setuid private for-all of-the-vm \
                of-others two-names link link-to-link link-to-directory link-to-nothing loop dynamic script text empty \
                below no-such vmm/ vmm/x ./vmm below/../vmm /vmm; do
                try "file/$name" --id $ID --exec-file "$dir/$name" --uid 891 --gid 892
        done
        # The exec succeeds, and kills it; until then it may look as if it ran.
        ends=yes try file/cut-off --id $ID --exec-file $dir/cut-off --uid 891 --gid 892
        for name in dynamic script text not-executable; do
                try "daemonize/$name" --id $ID --exec-file $dir/$name --uid 891 --gid 892 --daemonize
        done
        try tmp --id $ID --exec-file /tmp/in-tmp --uid 891 --gid 892
        caller="cd $dir" try relative --id $ID --exec-file vmm --uid 891 --gid 892
        caller="cd $dir" try relative-dot --id $ID --exec-file ./below/../vmm --uid 891 --gid 892
        try not-found-in-path --id $ID --exec-file silent-vmm --uid 891 --gid 892
        try null --id $ID --exec-file /dev/null --uid 891 --gid 892
        try directory --id $ID --exec-file / --uid 891 --gid 892
        rm -r $dir /tmp/in-tmp
        conforms
}

test_chroot_base() {
        local base
        group base
        for base in /srv/jailer /srv/jailer/ //srv//jailer /srv/./jailer /srv/other/../jailer; do
                before='mkdir /srv/other' try "path/$base" "${ALL[@]}" --chroot-base-dir $base
        done
        try missing "${ALL[@]}" --chroot-base-dir /srv/other
        before='rmdir /srv/jailer' try default-missing "${ALL[@]}"
        before='mkdir -p /srv/other/a/b' try deeper "${ALL[@]}" --chroot-base-dir /srv/other/a/b
        before=': >/srv/other' try file "${ALL[@]}" --chroot-base-dir /srv/other
        before='ln -s jailer /srv/other' try link "${ALL[@]}" --chroot-base-dir /srv/other
        before='ln -s nowhere /srv/other' try dangling "${ALL[@]}" --chroot-base-dir /srv/other
        caller='cd /srv' try relative "${ALL[@]}" --chroot-base-dir jailer
        caller='cd /srv/jailer' try dot "${ALL[@]}" --chroot-base-dir .
        before='mkdir -m 700 /srv/other' try private "${ALL[@]}" --chroot-base-dir /srv/other
        before='mkdir -m 777 /srv/other' try for-all "${ALL[@]}" --chroot-base-dir /srv/other
        before='mkdir -m 1777 /srv/other' try sticky "${ALL[@]}" --chroot-base-dir /srv/other
        before='mkdir -m 1777 /srv/other && mkdir /srv/other/a' try below-sticky "${ALL[@]}" --chroot-base-dir /srv/other/a
        before='install -d -o 891 /srv/other' try of-the-vm "${ALL[@]}" --chroot-base-dir /srv/other
        before='install -d -m 775 -g 4711 /srv/other' try of-a-group "${ALL[@]}" --chroot-base-dir /srv/other
        before='mkdir -p "/srv/other/a b"' try space "${ALL[@]}" --chroot-base-dir '/srv/other/a b'
        for base in nodev noexec nosuid nodev,noexec,nosuid ro; do
                before="mkdir /srv/other; mount -t tmpfs -o mode=755,$base none /srv/other" after='umount /srv/other' \
                        try "mount/$base" "${ALL[@]}" --chroot-base-dir /srv/other
        done
        conforms
}

test_netns() {
        local path
        group netns
        ln -sfn /run /tmp/run
        ln -sfn /run/netns/blue /tmp/blue
        mkdir -p /tmp/directory
        : >/tmp/file
        for path in /run/netns/blue //run//netns/blue /tmp/run/netns/blue /tmp/blue /run/netns/no-such /tmp/file /tmp/directory /dev/null blue \
                /proc/1/ns/net /proc/self/ns/net /proc/self/ns/mnt /proc/self/ns/uts /proc/no-such/ns/net; do
                try "path/$path" "${ALL[@]}" --netns "$path"
        done
        caller='cd /run/netns' try relative "${ALL[@]}" --netns blue
        caller='cd /run/netns' try relative-dot "${ALL[@]}" --netns ./blue
        caller='set -- nsenter --net=/run/netns/blue "$@"' try of-the-caller "${ALL[@]}" --netns /run/netns/blue
        caller='set -- nsenter --net=/run/netns/blue "$@"' try inherited "${ALL[@]}"
        before='rm -f /tmp/fifo; mkfifo /tmp/fifo' try fifo "${ALL[@]}" --netns /tmp/fifo
        rm -r /tmp/{run,blue,directory,file,fifo}
        conforms
}

test_limits() {
        local limit
        group limits
        for limit in fsize=0 fsize=1 fsize=10 fsize=4096 fsize=+4096 fsize=04096 fsize=9223372036854775807 fsize=18446744073709551614 fsize=18446744073709551615 \
                fsize=18446744073709551616 fsize=-1 fsize=0x10 fsize= fsize fsize=1=2 fsize=unlimited 'fsize= 1' fsize=2.3 fsize=2-3 fsize=1k \
                no-file=0 no-file=1 no-file=3 no-file=4 no-file=5 no-file=16 no-file=1024 no-file=1048576 no-file=1048577 no-file=18446744073709551615 \
                no-file=-1 no-file= no-file nofile=1 no_file=1 NO-FILE=1 foo=2 =2 ' =2' = '' foo as=1000 nproc=5; do
                try "one/$limit" "${ALL[@]}" --resource-limit "$limit"
        done
        try last-counts "${ALL[@]}" --resource-limit no-file=100 --resource-limit no-file=200 --resource-limit fsize=5000 --resource-limit fsize=6000
        try second-is-bad "${ALL[@]}" --resource-limit no-file=100 --resource-limit nosuch=200
        caller='ulimit -n 1024' try lower-hard-limit "${ALL[@]}"
        caller='ulimit -Sn 100' try lower-soft-limit "${ALL[@]}"
        caller='ulimit -c 0; ulimit -s 4096; ulimit -u 5000' try others "${ALL[@]}"
        caller='set -- setpriv --bounding-set=-sys_resource "$@"; ulimit -n 1024' try no-power-to-raise "${ALL[@]}"
        conforms
}

# A controller that a group can have, and a file of it that takes "max". [--cgroup] needs no more than its form.
case " $(cat /sys/fs/cgroup/cgroup.controllers) " in
*" pids "*) FILE=pids.max ;;
*) FILE=hugetlb.2MB.max ;;
esac
V2=/sys/fs/cgroup

no_groups() {
        find "$1"/{silent-vmm,vms,vm1} -depth -type d -exec rmdir {} + 2>/dev/null || true
}

# groups ROOT: the value of each file that is set, and how many processes are in it.
groups() {
        find "$1"/{silent-vmm,vms,vm1} -type d -printf "group %P in %H\tthere\n"
        grep -sr . "$1"/{silent-vmm,vms,vm1} --include="${FILE}" --include='cpuset.[cm][pe][um]s' | sed 's/:/\t/'
        grep -srx "${pid:-none}" "$1"/{silent-vmm,vms,vm1} --include=cgroup.procs | sed 's/:.*/\tits VMM/'
}

# Where no attribute is set.
test_cgroup_versions_and_parents() {
        local arg before="no_groups $V2" after="no_groups $V2" also="groups $V2"
        group parents
        for arg in 0 1 2 3 255 256 -1 +2 02 two '' 2.0 0x2; do
                try "version/$arg" "${ALL[@]}" --cgroup-version "$arg"
        done
        for arg in vms vms/a vms/a/b/c vms/ vms//a vms/./a vms/. ./vms vms/.. vms/../a .. . / /vms '' 'vms/a b' vms/a.b vms/-x "vms/$(printf 'a%.0s' {1..300})"; do
                before="no_groups $V2; mkdir -p $V2/vms/a" try "version-2/$arg" "${ALL[@]}" --cgroup-version 2 --parent-cgroup "$arg"
                before="no_groups $V2; mkdir -p $V2/vms/a" try "version-1/$arg" "${ALL[@]}" --parent-cgroup "$arg"
        done
        try no-such "${ALL[@]}" --cgroup-version 2 --parent-cgroup vms
        before="mkdir -p $V2/silent-vmm" try default "${ALL[@]}" --cgroup-version 2
        before="mkdir -p $V2/silent-vmm" try default-of-version-1 "${ALL[@]}"
        for arg in --daemonize --new-pid-ns '--daemonize --new-pid-ns'; do
                before="mkdir -p $V2/vms" try "ways/$arg" "${ALL[@]}" --cgroup-version 2 --parent-cgroup vms $arg
        done
        no_groups $V2
        conforms
}

test_cgroups() {
        local pid arg
        group cgroups
        grep -qw "${FILE%%.*}" $V2/cgroup.controllers || skip "not in the sample, as this host has no controller of cgroup v2 for it"
        # Groups with children have no processes of their own.
        mkdir -p $V2/init
        while read -r pid; do
                echo "$pid" >$V2/init/cgroup.procs 2>/dev/null || true
        done < <(cat $V2/cgroup.procs)
        local before="no_groups $V2" after="no_groups $V2" also="groups $V2"
        for arg in $FILE=max $FILE=0 $FILE $FILE= =max = '' $FILE=max=1 "$FILE= max" $FILE=bad nosuch.max=1 "${FILE%%.*}=1" "${FILE%%.*}.=1" .max=1 max=1 \
                "${FILE%%.*}.nosuch=1" ../$FILE=max ./$FILE=max /$FILE=max "${FILE%%.*}.x/../max=1" "${FILE%%.*}.x/max=1" cgroup.procs=1 cgroup.freeze=1; do
                try "attribute/$arg" "${ALL[@]}" --cgroup-version 2 --cgroup "$arg"
        done
        try two "${ALL[@]}" --cgroup-version 2 --cgroup $FILE=max --cgroup $FILE=2097152
        try many "${ALL[@]}" --cgroup-version 2 $(printf -- "--cgroup $FILE=max %.0s" {1..33})
        try second-is-bad "${ALL[@]}" --cgroup-version 2 --cgroup $FILE=max --cgroup nosuch.max=1
        for arg in 0 1 2 3 256 +2; do
                try "version/$arg" "${ALL[@]}" --cgroup-version "$arg" --cgroup $FILE=max
        done
        try version-default "${ALL[@]}" --cgroup $FILE=max
        for arg in vms vms/a/b/c vms//a vms/./a vms/. ./vms vms/../a '' 'vms/a b'; do
                try "parent/$arg" "${ALL[@]}" --cgroup-version 2 --cgroup $FILE=max --parent-cgroup "$arg"
        done
        before="no_groups $V2; mkdir -p $V2/vms/a; echo +${FILE%%.*} >$V2/cgroup.subtree_control; echo +${FILE%%.*} >$V2/vms/cgroup.subtree_control" \
                try parent-has-controllers "${ALL[@]}" --cgroup-version 2 --parent-cgroup vms
        before="mkdir -p $V2/silent-vmm/vm1" try leftover "${ALL[@]}" --cgroup-version 2 --cgroup $FILE=max
        for arg in --daemonize --new-pid-ns '--daemonize --new-pid-ns'; do
                try "ways/$arg" "${ALL[@]}" --cgroup-version 2 --cgroup $FILE=max $arg
        done
        no_groups $V2
        conforms
}

# A new cpuset of version 1 takes no process until it has CPUs and memory.
test_cgroups_of_version_1() {
        local arg
        group cgroup1
        mkdir -p $V1
        mount -t cgroup -o cpuset none $V1 2>/dev/null || skip "not in the sample, as version 2 has this controller here"
        local before="no_groups $V1" after="no_groups $V1" two="--cgroup cpuset.mems=0 --cgroup cpuset.cpus=0"
        local also="groups $V1"
        try numa "${ALL[@]}" $two
        try numa-backwards "${ALL[@]}" --cgroup cpuset.cpus=0 --cgroup cpuset.mems=0
        try explicit "${ALL[@]}" --cgroup-version 1 $two
        try one-is-missing "${ALL[@]}" --cgroup cpuset.cpus=0
        try bad-value "${ALL[@]}" $two --cgroup cpuset.cpus=9999
        try exclusive "${ALL[@]}" $two --cgroup cpuset.cpu_exclusive=0
        try nosuch "${ALL[@]}" $two --cgroup cpuset.nosuch=1
        try other "${ALL[@]}" $two --cgroup nosuch.file=1
        for arg in vms vms/a vms/a/b vms//a vms/./a; do
                try "parent/$arg" "${ALL[@]}" $two --parent-cgroup "$arg"
        done
        for arg in --daemonize --new-pid-ns; do
                try "ways/$arg" "${ALL[@]}" $two $arg
        done
        no_groups $V1
        umount $V1
        conforms
}

test_leftovers() {
        local name
        group leftovers
        before='mkdir -p $ROOT' try root-of-root "${ALL[@]}"
        before='install -d -o 891 -g 892 -m 700 $ROOT' try root-of-the-vm "${ALL[@]}"
        before='install -d -o 4711 -g 4711 $ROOT' try root-of-another "${ALL[@]}"
        before='mkdir -p ${ROOT%/*}; ln -s /srv/victim $ROOT; mkdir /srv/victim' after='rm -rf /srv/victim' try root-is-a-link "${ALL[@]}"
        before='mkdir -p ${ROOT%/*/*}; mkdir -p /srv/victim/root; ln -s /srv/victim ${ROOT%/*}' after='rm -rf /srv/victim' try id-is-a-link "${ALL[@]}"
        before='mkdir -p ${ROOT%/*}; : >$ROOT' try root-is-a-file "${ALL[@]}"
        before='mkdir -p $ROOT/{dev/net,run,disks}; echo data >$ROOT/disks/a; mkfifo $ROOT/run/log; ln -s disks/a $ROOT/link' try files "${ALL[@]}"
        for name in dev run dev/net; do
                before="mkdir -p $ROOT/$name; chmod 755 $ROOT/$name" try "directory/$name" "${ALL[@]}"
                before="mkdir -p $ROOT/$name; chown -R 891:892 $ROOT" try "directory-of-the-vm/$name" "${ALL[@]}"
                before="mkdir -p $ROOT/$name; chown 4711 $ROOT/$name" try "directory-of-another/$name" "${ALL[@]}"
                before="mkdir -p $ROOT/dev; rm -rf $ROOT/$name; mkdir -p /srv/victim; ln -s /srv/victim $ROOT/$name" after='rm -rf /srv/victim' try "link/$name" "${ALL[@]}"
                before="mkdir -p $ROOT/dev; rm -rf $ROOT/$name; : >$ROOT/$name" try "file/$name" "${ALL[@]}"
        done
        for name in silent-vmm silent-vmm.pid dev/kvm dev/net/tun dev/urandom old_root; do
                before="mkdir -p $ROOT/dev/net; echo old >$ROOT/$name" try "stale/$name" "${ALL[@]}"
                before="mkdir -p $ROOT/dev/net /srv/victim; echo victim >/srv/victim/file; ln -s /srv/victim/file $ROOT/$name" after='rm -rf /srv/victim' try "link/$name" "${ALL[@]}"
                before="mkdir -p $ROOT/dev/net /srv/victim; echo victim >/srv/victim/file; ln /srv/victim/file $ROOT/$name" after='rm -rf /srv/victim' try "hard-link/$name" "${ALL[@]}"
                before="mkdir -p $ROOT/$name" try "directory/$name" "${ALL[@]}"
                before="mkdir -p $ROOT/dev/net; ln -s nowhere $ROOT/$name" try "dangling/$name" "${ALL[@]}"
        done
        before='mkdir -p $ROOT/run; perl -MIO::Socket::UNIX -e "IO::Socket::UNIX->new(Local => qq($ROOT/run/firecracker.socket), Listen => 1)"' \
                try socket "${ALL[@]}"
        before='rm -rf "$STATE"/*/vm1; "${@}" -- --version >/dev/null 2>&1' ends=yes try whole-life --id $ID --exec-file /usr/local/bin/demo-vmm --uid 891 --gid 892 -- --version
        # Mounted by the host, before the start.
        before='mkdir -p $ROOT; echo kernel >/tmp/kernel; : >$ROOT/kernel; mount --bind /tmp/kernel $ROOT/kernel' \
                also='printf "kernel\t%s\n" "$(cat /proc/$pid/root/kernel)"' after='umount $ROOT/kernel' try mounted "${ALL[@]}"
        conforms
}

test_callers() {
        local mask
        group callers
        for mask in 0 002 022 027 077 777; do
                caller="umask $mask" try "umask/$mask" "${ALL[@]}"
        done
        caller='exec 7</ 8>/tmp/open 99</etc/passwd' try descriptors "${ALL[@]}" -- --calm
        caller='exec <&-' try no-stdin "${ALL[@]}"
        caller='exec >&-' try no-stdout "${ALL[@]}"
        caller='exec 2>&-' try no-stderr "${ALL[@]}"
        caller='exec <&- >&- 2>&-' try no-descriptors "${ALL[@]}"
        caller='exec </' try directory-as-stdin "${ALL[@]}"
        caller='exec </etc/passwd' try file-as-stdin "${ALL[@]}"
        caller='exec > >(cat >/dev/null)' try pipe-as-stdout "${ALL[@]}"
        caller='exec >/dev/full 2>&1' try full-stdout "${ALL[@]}"
        caller='exec >/dev/full' try full-stdout-for-help --help
        caller='export A=b SECRET=1 LD_PRELOAD=/no/such' try environment "${ALL[@]}"
        caller='export A=$'"'\\xff'" try environment-not-utf8 "${ALL[@]}"
        caller='trap "" HUP INT USR1 PIPE CHLD' try ignored "${ALL[@]}" -- --calm
        caller='set -- setsid "$@"' try leader "${ALL[@]}" -- --calm
        caller='set -- setsid "$@"' try leader-daemonize "${ALL[@]}" --daemonize -- --calm
        caller='set -- setsid "$@"' try leader-new-pid-ns "${ALL[@]}" --new-pid-ns -- --calm
        caller='set -m; set -- nice -n 5 "$@"' try nice "${ALL[@]}"
        caller='echo 500 >/proc/self/oom_score_adj' try oom "${ALL[@]}"
        caller='cd /proc' try cwd "${ALL[@]}"
        caller='mkdir /tmp/gone; cd /tmp/gone; rmdir /tmp/gone' try cwd-is-gone "${ALL[@]}"
        caller='set -- setpriv --groups 4,20,27 "$@"' try groups "${ALL[@]}"
        caller='set -- setpriv --inh-caps +net_admin --ambient-caps +net_admin "$@"' try capabilities "${ALL[@]}"
        caller='set -- setpriv --no-new-privs "$@"' try no-new-privs "${ALL[@]}"
        caller='set -- setpriv --reuid 4711 --regid 4711 --clear-groups "$@"' try not-root "${ALL[@]}"
        caller='set -- setpriv --reuid 4711 --regid 4711 --clear-groups "$@"' try not-root-version --version
        caller='set -- setpriv --bounding-set=-mknod "$@"' try without-mknod "${ALL[@]}"
        caller='set -- setpriv --bounding-set=-sys_admin "$@"' try without-sys-admin "${ALL[@]}"
        conforms
}

# Each reason is one that users can read.
test_reasons() {
        local row n=0
        while IFS= read -r row; do
                sed -n '/^DIFFERENCES/,/^PRIVILEGES/p' "$MANUAL" | grep -F -- "${row##* | } " >/dev/null ||
                        fail "not in the table of fcjail-jailer(1): ${row##* | }"
                n=$((n + 1))
        done < <(grep ' | ' "$TABLE" | grep -v '^#')
        figure "$n rows"
}

main "$@"

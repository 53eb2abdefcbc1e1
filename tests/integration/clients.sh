# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2317,SC2034,SC2086
# What programs do around Firecracker's jailer, done around `fcjail jailer`, with the demo's VMM: their arguments, in their order,
# and what they do in the jail before, meanwhile and afterwards. tests/gosdk has firecracker-go-sdk itself.
#
# firecracker-containerd is not here: it starts the VMM by `runc run` in a jail of runc's (runtime/runc_jailer.go).
# shellcheck source-path=SCRIPTDIR source=../lab/lib.sh
. "$(dirname "$0")/../lab/lib.sh"

JAILER=/usr/libexec/fcjail/jailer
VMM=/opt/kata/bin/firecracker
ID=3f2504e04f8911d39a0c0305e82c3301 # as containerd gives them
KATA=/run/vc
ROOT=$KATA/firecracker/$ID/root

answers() {
        curl -s --max-time 2 --unix-socket "$1" http://localhost/ | grep '"state"'
}

has_ended() {
        [[ ! -e /proc/$1 ]]
}

# kata: its VMM, and a chroot base on a file system that nothing can be executed from, as /run often is.
kata() {
        install -D /usr/local/bin/demo-vmm $VMM
        mkdir -p "$1"
        mount -t tmpfs -o nosuid,nodev,noexec,mode=755 none "$1"
        ip netns add kata
        ip -n kata tuntap add tap0 mode tap
}

no_kata() {
        umount "$1"
        rmdir "$1"
        rm -r /opt/kata
}

# The directories of the jail, on which it then mounts root/ itself, so that the VMM can be executed.
kata_makes_the_jail() {
        (umask 027 && mkdir -p "$ROOT/run")
        mount --bind "$ROOT" "$ROOT"
        mount --make-shared "$ROOT"
        mount -o remount,bind,nosuid,exec,relatime "$ROOT"
        cp "$ENV/demo.json" "$ROOT/fcConfig.json"
        mkfifo "$ROOT/logs.fifo" "$ROOT/metrics.fifo"
        touch "$ROOT"/drive_{0..7}
}

kata_removes_the_jail() {
        umount -l "$ROOT"
        rm -r "$KATA/firecracker/$ID"
        rmdir "$KATA/firecracker"
}

kata_starts() {
        $JAILER --id $ID --exec-file $VMM --uid 0 --gid 0 --chroot-base-dir $KATA --daemonize \
                --netns /run/netns/kata -- --config-file /fcConfig.json >/tmp/out 2>&1 </dev/null
}

# kata-containers/kata-containers, src/runtime/virtcontainers/fc.go: setPaths(), fcInitConfiguration(), fcInit(), fcEnd() and
# cleanupJail(). Not as there: the files are in root/, where Kata has them mounted.
test_kata_in_go() {
        local pid caps=0000000000000000
        kata $KATA
        kata_makes_the_jail
        echo FCJAIL_JAILER_ROOT=yes >"$ENV/jailer.env"
        kata_starts || fail "$(cat /tmp/out)"
        # It waits for the API, and then reads the process id.
        eventually answers "$ROOT/run/firecracker.socket"
        pid=$(cat "$ROOT/firecracker.pid")
        is "/firecracker" "$(tr '\0' '\n' <"/proc/$pid/cmdline" | head -1)"
        is "net:[$(stat -L -c %i /run/netns/kata)]" "$(readlink "/proc/$pid/ns/net")"
        is "$caps $caps $caps $caps $caps" "$(awk '/^Cap/ { print $2 }' "/proc/$pid/status" | xargs)"
        is "0 1 2" "$(status_of "$pid" Uid) $(status_of "$pid" NoNewPrivs) $(status_of "$pid" Seccomp)"
        is Running "$(curl -s --unix-socket "$ROOT/run/firecracker.socket" http://localhost/ | jq -r .state)"
        [[ -p $ROOT/logs.fifo && -f $ROOT/drive_7 ]]
        # SIGTERM first, which is nothing to process 1 of a namespace, and SIGKILL 15 seconds later.
        kill -TERM "$pid"
        answers "$ROOT/run/firecracker.socket"
        kill -KILL "$pid"
        eventually has_ended "$pid"
        # Only its own goes, and root/, which something is mounted on, stays.
        fcjail cleanup $ID
        [[ -e $ROOT/fcConfig.json && -e $ROOT/drive_0 && ! -e $ROOT/firecracker && ! -e $ROOT/firecracker.pid ]]
        kata_removes_the_jail
        is_empty $STATE/vm
        no_kata $KATA
}

# What is mounted below root/ is not in the jail, so Kata's kernel and configuration are not.
test_mounts_of_kata() {
        local pid
        kata $KATA
        kata_makes_the_jail
        echo FCJAIL_JAILER_ROOT=yes >"$ENV/jailer.env"
        echo mounted >/tmp/kernel
        echo below >"$ROOT/vmlinux"
        mount --bind /tmp/kernel "$ROOT/vmlinux"
        kata_starts || fail "$(cat /tmp/out)"
        eventually answers "$ROOT/run/firecracker.socket"
        pid=$(cat "$ROOT/firecracker.pid")
        is mounted "$(cat "$ROOT/vmlinux")"
        is below "$(cat "/proc/$pid/root/vmlinux")"
        kill -KILL "$pid"
        eventually has_ended "$pid"
        umount "$ROOT/vmlinux"
        kata_removes_the_jail
        fcjail gc
        no_kata $KATA
}

# Without a setting it is refused, and what Kata has put there stays.
test_kata_without_the_setting() {
        local status=0
        kata $KATA
        kata_makes_the_jail
        kata_starts || status=$?
        is 1 "$status"
        grep -e "--uid is 0" /tmp/out
        [[ -e $ROOT/fcConfig.json && ! -e $ROOT/firecracker && ! -e $ROOT/firecracker.pid ]]
        is_empty $STATE/vm
        kata_removes_the_jail
        no_kata $KATA
}

# kata-containers/kata-containers, src/runtime-rs/crates/hypervisor/src/firecracker/inner.rs, prepare_vmm(): the process that it
# starts is in the namespace of the network already, and becomes the VMM; it reads standard error until the end.
kata_in_rust() {
        exec nsenter --net=/run/netns/kata $JAILER --id $ID --gid "$1" --uid "$1" --exec-file $VMM --chroot-base-dir /run/kata -- \
                --api-sock /run//fc.sock
}

test_kata_in_rust() {
        local status=0 vmm root=/run/kata/firecracker/$ID/root
        kata /run/kata
        mkdir -p $root/run
        mount --bind $root $root
        mount --make-shared $root
        mount -o remount,bind,exec $root
        # For uid 0 a VMM that shares the PID namespace is refused.
        echo FCJAIL_JAILER_ROOT=yes >"$ENV/jailer.env"
        (kata_in_rust 0) >/tmp/out 2>&1 </dev/null || status=$?
        is 1 "$status"
        grep "A VM with uid or gid 0 needs" /tmp/out

        chown 891:891 $root $root/run
        (kata_in_rust 891) >/dev/null 2>/tmp/err </dev/null &
        vmm=$!
        eventually answers $root/run/fc.sock
        is "/firecracker" "$(tr '\0' '\n' <"/proc/$vmm/cmdline" | head -1)"
        is "net:[$(stat -L -c %i /run/netns/kata)]" "$(readlink "/proc/$vmm/ns/net")"
        is "$vmm" "$(cat $root/firecracker.pid)"
        kill -KILL $vmm
        wait $vmm || is 137 $?
        umount -l $root
        rm -r /run/kata/firecracker
        fcjail gc
        no_kata /run/kata
}

main "$@"

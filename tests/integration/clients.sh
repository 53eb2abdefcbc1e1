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

# jail_resource SOURCE NAME: mounts it below root/, where the VMM finds it as /NAME.
jail_resource() {
        [[ -e $ROOT/$2 ]] || : >"$ROOT/$2"
        mount --bind "$1" "$ROOT/$2"
        mount --make-slave "$ROOT/$2"
}

# The directories of the jail, on which it then mounts root/ itself, so that the VMM can be executed, and what it mounts there.
kata_makes_the_jail() {
        local fifo
        mkdir -p /tmp/kata
        echo kernel >/tmp/kata/vmlinux
        truncate -s 1M /tmp/kata/image
        (umask 027 && mkdir -p "$ROOT/run")
        mount --bind "$ROOT" "$ROOT"
        mount --make-shared "$ROOT"
        mount -o remount,bind,nosuid,exec,relatime "$ROOT"
        jail_resource /tmp/kata/vmlinux vmlinux
        jail_resource /tmp/kata/image rootfs
        touch "$ROOT"/drive_{0..7}
        for fifo in logs.fifo metrics.fifo; do
                mkfifo "$KATA/firecracker/$ID/$fifo"
                jail_resource "$KATA/firecracker/$ID/$fifo" $fifo
        done
        jq -n '{"boot-source": {kernel_image_path: "/vmlinux"}, "machine-config": {vcpu_count: 1, mem_size_mib: 128},
                drives: [{drive_id: "rootfs", path_on_host: "/rootfs", is_root_device: false, is_read_only: true},
                         (range(7) | {drive_id: "drive_\(.)", path_on_host: "/drive_\(.)", is_root_device: false})],
                "network-interfaces": [{iface_id: "eth0", host_dev_name: "tap0"}],
                vsock: {vsock_id: "root", guest_cid: 3, uds_path: "/kata.hvsock"},
                logger: {log_path: "/logs.fifo", level: "Error"}, metrics: {metrics_path: "/metrics.fifo"}}' >/tmp/kata/fcConfig.json
        jail_resource /tmp/kata/fcConfig.json fcConfig.json
}

kata_removes_the_jail() {
        local name
        for name in vmlinux rootfs logs.fifo metrics.fifo fcConfig.json; do
                umount -l "$ROOT/$name"
        done
        umount -l "$ROOT"
        rm -r "$KATA/firecracker/$ID" /tmp/kata
        rmdir "$KATA/firecracker"
}

kata_starts() {
        $JAILER --id $ID --exec-file $VMM --uid 0 --gid 0 --chroot-base-dir $KATA --daemonize \
                --netns /run/netns/kata -- --config-file /fcConfig.json >/tmp/out 2>&1 </dev/null
}

# mounted_in PID NAME: its flags in the jail.
mounted_in() {
        awk -v path="/$2" '$5 == path { split($6, flags, ","); print flags[1] "," flags[2] "," flags[3] "," flags[4] }' "/proc/$1/mountinfo"
}

# kata-containers/kata-containers, src/runtime/virtcontainers/fc.go: setPaths(), fcInitConfiguration(), fcInit(),
# hotplugBlockDevice(), fcEnd() and cleanupJail().
test_kata_in_go() {
        local pid caps=0000000000000000
        kata $KATA
        kata_makes_the_jail
        printf '%s\n' FCJAIL_JAILER_ROOT=yes FCJAIL_JAILER_MOUNTS=live >"$ENV/jailer.env"
        kata_starts || fail "$(cat /tmp/out)"
        # It waits for the API, and then reads the process id.
        eventually answers "$ROOT/run/firecracker.socket"
        pid=$(cat "$ROOT/firecracker.pid")
        is "/firecracker" "$(tr '\0' '\n' <"/proc/$pid/cmdline" | head -1)"
        is "net:[$(stat -L -c %i /run/netns/kata)]" "$(readlink "/proc/$pid/ns/net")"
        is "$caps $caps $caps $caps $caps" "$(awk '/^Cap/ { print $2 }' "/proc/$pid/status" | xargs)"
        is "0 1 2" "$(status_of "$pid" Uid) $(status_of "$pid" NoNewPrivs) $(status_of "$pid" Seccomp)"
        is Running "$(curl -s --unix-socket "$ROOT/run/firecracker.socket" http://localhost/ | jq -r .state)"
        # What was mounted is there, and can do no more than what fcjail itself would mount.
        is kernel "$(cat "/proc/$pid/root/vmlinux")"
        is "rw,nosuid,nodev,noexec" "$(mounted_in "$pid" vmlinux)"
        [[ -p /proc/$pid/root/logs.fifo && -S $ROOT/kata.hvsock ]]
        # The disk of a container comes and goes while the VM runs.
        echo disk >/tmp/kata/disk
        jail_resource /tmp/kata/disk drive_0
        is disk "$(cat "/proc/$pid/root/drive_0")"
        umount -l "$ROOT/drive_0"
        is '' "$(cat "/proc/$pid/root/drive_0")"
        # Nothing of the jail's own comes to the host.
        is '' "$(awk -v dir="$ROOT/dev" 'index($5, dir) == 1' /proc/self/mountinfo)"
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

# By default the jail has what is mounted before the start. That is enough for a guest without containers.
test_kata_without_live_mounts() {
        local pid
        kata $KATA
        kata_makes_the_jail
        echo FCJAIL_JAILER_ROOT=yes >"$ENV/jailer.env"
        kata_starts || fail "$(cat /tmp/out)"
        eventually answers "$ROOT/run/firecracker.socket"
        pid=$(cat "$ROOT/firecracker.pid")
        is kernel "$(cat "/proc/$pid/root/vmlinux")"
        echo disk >/tmp/kata/disk
        jail_resource /tmp/kata/disk drive_0
        is '' "$(cat "/proc/$pid/root/drive_0")"
        umount "$ROOT/drive_0"
        kill -KILL "$pid"
        eventually has_ended "$pid"
        fcjail cleanup $ID
        kata_removes_the_jail
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

# kata-containers/kata-containers, src/runtime-rs/crates/hypervisor/src/firecracker/inner.rs, prepare_vmm(), and fc_api.rs: the
# process that it starts is in the namespace of the network already, and becomes the VMM; it reads standard error until the end.
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

        # Its mounts come when the VMM runs.
        echo FCJAIL_JAILER_MOUNTS=live >"$ENV/jailer.env"
        chown 891:891 $root $root/run
        (kata_in_rust 891) >/dev/null 2>/tmp/err </dev/null &
        vmm=$!
        eventually answers $root/run/fc.sock
        is "/firecracker" "$(tr '\0' '\n' <"/proc/$vmm/cmdline" | head -1)"
        is "net:[$(stat -L -c %i /run/netns/kata)]" "$(readlink "/proc/$vmm/ns/net")"
        is "$vmm" "$(cat $root/firecracker.pid)"
        echo kernel >/tmp/kernel
        : >$root/vmlinux
        mount --bind /tmp/kernel $root/vmlinux
        mount --make-slave $root/vmlinux
        is kernel "$(cat /proc/$vmm/root/vmlinux)"
        kill -KILL $vmm
        wait $vmm || is 137 $?
        umount -l $root/vmlinux
        umount -l $root
        rm -r /run/kata/firecracker
        fcjail gc
        no_kata /run/kata
}

main "$@"

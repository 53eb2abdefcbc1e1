# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2317,SC2086,SC2016
# fcjail gc: what has no record any more, each kind beside a twin that lives and beside what others have made.
# shellcheck source-path=SCRIPTDIR source=../lab/lib.sh
. "$(dirname "$0")/../lab/lib.sh"

RECORDS=/var/lib/fcjail/cni

has_ended() {
        [[ ! -e /proc/$1 ]]
}

runs_as() {
        [[ $(status_of "$1" Uid) == "$2" ]]
}

has_root() {
        [[ /proc/$1/root -ef $2 ]]
}

# lose ID: its VM, started by hand, has ended without a cleanup, and the host has booted since: /run is empty.
lose() {
        local pid
        by_hand "$1"
        pid=$(vmm_of "$1")
        kill -KILL "$helper"
        wait "$helper" || true
        eventually has_ended "$pid"
        rm "$STATE/vm/$1"
}

# forget_claims ID: and what else of it is in /run/fcjail.
forget_claims() {
        rm -f "$STATE/sock/$1"
        find "$STATE" -lname "$1/*" -delete
}

# live ID: runs, and somebody has removed its record, which is put back later.
live() {
        systemctl start "fcjail@$1"
        mv "$STATE/vm/$1" "/tmp/$1.record"
}

end_live() {
        mv "/tmp/$1.record" "$STATE/vm/$1"
        systemctl stop "fcjail@$1"
}

# collects WHAT…: a dry run says so, and changes nothing; then it is done.
collects() {
        local before
        before=$(find "$BASE" "$STATE" ! -name gc.lock | sort)
        printf '%s\n' "$@" | sed '/^$/d' | sort >/tmp/want
        fcjail gc --dry-run | sort >/tmp/got
        diff /tmp/want /tmp/got
        is "$before" "$(find "$BASE" "$STATE" ! -name gc.lock | sort)"
        fcjail gc 2>/tmp/err
        is "$(wc -l </tmp/want)" "$(grep -c 'fcjail: Removed .*, which no VM has$' /tmp/err)"
        is "" "$(fcjail gc --dry-run)"
}

test_a_jail_directory() {
        vm web1
        lose web1
        forget_claims web1
        # A copy of it, and one that looks the same.
        cp -a $BASE/web1 $BASE/copy
        cp -a $BASE/web1 $BASE/similar
        rm $BASE/similar/.fcjail
        mkdir -p $BASE/../other/web1
        cp -a $BASE/web1/. $BASE/../other/web1
        vm web2
        live web2
        vm web3
        systemctl start fcjail@web3
        collects "web1: the jail directory $BASE/web1"
        is "copy similar web2 web3" "$(cd $BASE && echo *)"
        [[ -e $BASE/copy/root/firecracker && -e $BASE/similar/root/firecracker && -e $BASE/../other/web1/root/firecracker ]]
        # The links and claims are those of a VM that runs, too.
        is "web2 web3" "$(cd $STATE/sock && echo *)"
        for id in web2 web3; do
                [[ -e $BASE/$id/.fcjail ]]
                is Running "$(curl -s --unix-socket "$STATE/sock/$id/firecracker.socket" http://localhost/ | jq -r .state)"
        done
        end_live web2
        systemctl stop fcjail@web3
        rm -r $BASE/copy $BASE/similar $BASE/../other
}

# Whoever may have written the mark.
test_a_mark_that_fcjail_did_not_write() {
        local mark
        vm web1
        lose web1
        forget_claims web1
        mark=$BASE/web1/.fcjail
        cp "$mark" /tmp/mark
        for what in 'chown 1234 $mark' 'chmod 0666 $mark' 'ln $mark /srv/second' 'ln -sf /tmp/mark $mark' 'rm $mark; mkfifo $mark' \
                'truncate -s 0 $mark' 'echo x >$mark' 'head -c 100000 /dev/zero >$mark' 'rm $mark; mkdir $mark'; do
                eval "$what"
                fcjail gc 2>/tmp/err
                grep -x "fcjail: Kept $BASE/web1, whose .fcjail fcjail did not write" /tmp/err
                [[ -e $BASE/web1/root/firecracker ]]
                rm -rf "$mark" /srv/second
                cp /tmp/mark "$mark"
                chmod 0600 "$mark"
        done
        # Where somebody else could have put it.
        chown 1234 $BASE/web1
        is "" "$(fcjail gc --dry-run)"
        chown root $BASE/web1
        # Of another PID namespace, such as that of a container: its VM would be nowhere to be seen.
        sed -i 's/^PID_NAMESPACE=.*/PID_NAMESPACE=1/' "$mark"
        is "" "$(fcjail gc --dry-run)"
        cp /tmp/mark "$mark"
        # Of another host that has the directory too, or nobody knows of which.
        sed -i 's/^MACHINE_ID=.*/MACHINE_ID=0123456789abcdef0123456789abcdef/' "$mark"
        is "" "$(fcjail gc --dry-run)"
        sed -i '/^MACHINE_ID=/d' "$mark"
        is "" "$(fcjail gc --dry-run)"
        cp /tmp/mark "$mark"
        is "MACHINE_ID=$(cat /etc/machine-id)" "$(grep ^MACHINE_ID= "$mark")"
        mount --bind /dev/null /etc/machine-id
        is "" "$(fcjail gc --dry-run)"
        umount /etc/machine-id
        collects "web1: the jail directory $BASE/web1"
}

test_a_jail_directory_that_somebody_uses() {
        vm web1
        lose web1
        forget_claims web1
        perl -e 'chroot($ARGV[0]) or die; chdir("/"); open(my $f, ">&", \*STDOUT); sleep(60)' $BASE/web1/root &
        eventually has_root $! $BASE/web1/root
        is "" "$(fcjail gc --dry-run)"
        kill $!
        wait $! || true
        mount --bind /srv $BASE/web1/root
        is "" "$(fcjail gc --dry-run)"
        umount $BASE/web1/root
        # What others have put there stays, and is named once.
        echo mine >$BASE/web1/root/mine
        fcjail gc 2>/tmp/err
        grep "Kept what others put into the jail directory of 'web1': root/mine" /tmp/err
        is "mine" "$(cd $BASE/web1/root && echo *)"
        fcjail gc 2>/tmp/err
        is "" "$(cat /tmp/err)"
        rm -r $BASE/web1
}

# Its first thread has ended: what that has in /proc leads nowhere.
test_a_jail_directory_that_a_thread_uses() {
        vm web1
        lose web1
        forget_claims web1
        leaderless $BASE/web1/root &
        eventually grep '^State:.*zombie' /proc/$!/status
        is "" "$(fcjail gc --dry-run)"
        kill $!
        wait $! || true
        collects "web1: the jail directory $BASE/web1"
}

# What is in root/ is the VM's: where a link there leads is not looked at.
test_a_link_to_a_run_that_is_a_link() {
        vm web1
        lose web1
        rm $BASE/web1/.fcjail
        mv $BASE/web1/root/run $BASE/web1/root/away
        ln -s /nowhere $BASE/web1/root/run
        is "" "$(fcjail gc --dry-run | sed -n '/the link in/p')"
        rm -r $BASE/web1
        forget_claims web1
}

# It may hide what is left over, and hides no other kind.
test_what_cannot_be_looked_at() {
        local r=0
        vm web1
        lose web1
        forget_claims web1
        mv $STATE/sock /tmp/sock
        : >$STATE/sock
        fcjail gc 2>/tmp/err || r=$?
        is 71 $r
        grep -x "fcjail: Failed to look at $STATE/sock: Not a directory" /tmp/err
        grep "Removed the jail directory $BASE/web1 of web1, which no VM has" /tmp/err
        rm $STATE/sock
        mv /tmp/sock $STATE/sock
}

test_a_jail_directory_that_is_to_be_kept() {
        vm web1 FCJAIL_KEEP=yes
        lose web1
        forget_claims web1
        is "" "$(fcjail gc --dry-run)"
        rm -r $BASE/web1
}

test_a_jail_directory_below_another_base() {
        mkdir /srv/other /srv/copy
        vm web1 FCJAIL_CHROOT_DIR=/srv/other
        # Here is a copy of all that is there.
        vm web2 FCJAIL_CHROOT_DIR=/srv/copy
        lose web1
        forget_claims web1
        cp -a /srv/other/. /srv/copy
        collects "web1: the jail directory /srv/other/firecracker/web1"
        [[ -e /srv/copy/firecracker/web1/root/firecracker ]]
        rmdir /srv/other/firecracker /srv/other
        rm -r /srv/copy
}

# Its start waits until gc is done with its directory.
test_a_start_of_the_same_id_at_that_moment() {
        local collector
        vm web1
        lose web1
        forget_claims web1
        strace -o /tmp/trace -e trace=unlinkat -e inject=unlinkat:delay_enter=1500000:when=1 fcjail gc 2>/tmp/err &
        collector=$!
        # It has the lock, and has not removed anything.
        eventually grep unlinkat /tmp/trace
        [[ -e $STATE/vm/web1 && -e $BASE/web1/root/firecracker ]]
        systemctl start fcjail@web1
        # Only then.
        not kill -0 $collector 2>/dev/null || eventually not kill -0 $collector
        wait $collector
        grep "Removed the jail directory $BASE/web1 of web1, which no VM has" /tmp/err
        unit_is web1 active
        [[ -e $BASE/web1/root/firecracker && -e $BASE/web1/.fcjail && -e $STATE/vm/web1 ]]
        # The other way round: gc leaves a start alone.
        systemctl stop fcjail@web1
        lose web1
        forget_claims web1
        strace -f -o /tmp/trace -e trace=mknodat -e inject=mknodat:delay_enter=1500000:when=1 fcjail run web1 >/tmp/out 2>&1 </dev/null &
        helper=$!
        eventually grep mknodat /tmp/trace
        fcjail gc 2>/tmp/err
        is "" "$(cat /tmp/err)"
        eventually grep "Started VM 'web1'" /tmp/out
        fcjail stop web1
        helper_has_stopped
}

# The group may read the record, and so lock it; a collector's lock is waited for, and this is none.
test_a_lock_of_a_reader() {
        vm web1
        systemctl start fcjail@web1
        perl -e '$| = 1; my $lock = pack("ssx4qqix4", 0, 0, 0, 0, 0); open(F, "<", $ARGV[0]) && fcntl(F, 37, $lock) or die; print "locked\n"; sleep(100)' \
                $STATE/vm/web1 >/tmp/locked &
        eventually grep locked /tmp/locked
        SECONDS=0
        not fcjail cleanup web1 2>/tmp/err
        grep "Another fcjail is starting, running or cleaning up VM 'web1'" /tmp/err
        ((SECONDS < 15))
        kill $!
        wait $! || true
        systemctl stop fcjail@web1
}

test_a_tap() {
        local mark
        ip netns add blue
        ip netns add red
        vm web1 FCJAIL_NETNS=host FCJAIL_TAP=tap0,address=172.16.0.1/24
        lose web1
        mark=$(ip -json link show dev tap0 | jq -r '.[0].ifalias')
        forget_claims web1
        vm web2 FCJAIL_NETNS=blue
        lose web2
        forget_claims web2
        vm web3 FCJAIL_NETNS=host FCJAIL_TAP=tap3,address=172.16.3.1/24 "FCJAIL_CONFIG=$ENV/three.json"
        sed s/tap0/tap3/ "$ENV/demo.json" >"$ENV/three.json"
        live web3
        rm $STATE/sock/web3
        vm web4 FCJAIL_NETNS=red
        systemctl start fcjail@web4
        # Of others: no mark, a mark that is none, another kind of device, another PID namespace.
        ip tuntap add mine mode tap
        ip tuntap add nomark mode tap
        ip link set nomark alias "fcjail web1"
        ip link add br9 type bridge
        ip link set br9 alias "$mark"
        ip tuntap add far mode tap
        ip link set far alias "${mark% *} 1"
        rm -r $BASE/web1 $BASE/web2
        collects "web1: the TAP tap0" "web2: the TAP tap0 in /run/netns/blue"
        is "br9 far lo mine nomark tap3" "$(ip -brief link | awk '{ print $1 }' | sort | xargs)"
        is lo "$(ip -n blue -brief link | awk '{ print $1 }')"
        ip -n red link show dev tap0
        end_live web3
        systemctl stop fcjail@web4
        for name in mine nomark br9 far; do
                ip link del $name
        done
}

# The TAP of another start, which has the same record's name.
test_a_tap_of_an_earlier_start() {
        local earlier
        ip netns add blue
        vm web1 FCJAIL_NETNS=host
        lose web1
        earlier=$(ip -json link show dev tap0 | jq -r '.[0].ifalias')
        forget_claims web1
        ip link del tap0
        rm -r $BASE/web1
        systemctl start fcjail@web1
        ip tuntap add tap1 mode tap
        ip link set tap1 alias "$earlier"
        collects "web1: the TAP tap1"
        ip link show dev tap0
        not ip link show dev tap1
        systemctl stop fcjail@web1
}

test_an_interface_that_a_tap_had_taken_over() {
        ip netns add blue
        ip link add far0 type veth peer name eth0 netns blue
        ip -n blue link set eth0 up
        ip link set far0 up
        vm web1 FCJAIL_NETNS=blue FCJAIL_TAP=tap0,redirect=eth0
        lose web1
        forget_claims web1
        rm -r $BASE/web1
        ip netns exec blue tc qdisc show dev eth0 | grep ingress
        collects "web1: the TAP tap0 in /run/netns/blue"
        not grep ingress <<<"$(ip netns exec blue tc qdisc show dev eth0)"
        ip link del far0
}

# pin NAME ID: the VM's network namespace outlives it, and its uplink with it.
pin() {
        touch "/run/netns/$1"
        mount --bind "/proc/$(vmm_of "$2")/ns/net" "/run/netns/$1"
}

uplink_vm() {
        echo '{"network-interfaces": [{"iface_id": "eth0", "host_dev_name": "tap0", "guest_mac": "06:00:ac:10:00:02"}]}' >"$ENV/up.json"
        vm "$1" FCJAIL_UPLINK=bridge=br0 "FCJAIL_CONFIG=$ENV/up.json" FCJAIL_TAP=
}

# lose_pinned ID: as lose() does.
lose_pinned() {
        local pid
        uplink_vm "$1"
        by_hand "$1"
        pid=$(vmm_of "$1")
        pin blue "$1"
        kill -KILL "$helper"
        wait "$helper" || true
        eventually has_ended "$pid"
        rm "$STATE/vm/$1"
}

test_an_uplink() {
        local name
        ip link add br0 up type bridge
        lose_pinned web1
        forget_claims web1
        uplink_vm web2
        live web2
        rm $STATE/sock/web2
        uplink_vm web3
        systemctl start fcjail@web3
        ip link add fc-mine type veth peer name mine
        ip link set fc-mine alias "fcjail mine"
        rm -r $BASE/web1
        collects "web1: the uplink fc-web1" "web1: the TAP tap0 in /run/netns/blue"
        not ip link show dev fc-web1
        for name in fc-web2 fc-web3 fc-mine; do
                ip link show dev $name
        done
        end_live web2
        systemctl stop fcjail@web3
        ip link del fc-mine
        ip link del br0
}

test_claims_and_links() {
        local uid image
        ext4_at /srv/disk
        echo image >/srv/disk/image
        chmod 0600 /srv/disk/image
        vm web1 FCJAIL_BIND=/srv/disk/image:/image
        lose web1
        uid=$(basename "$(find $STATE/uid -lname 'web1/*')")
        image=$(basename "$(find $STATE/image -lname 'web1/*')")
        : >/srv/disk/other
        vm web2 FCJAIL_BIND=/srv/disk/other:/image
        live web2
        vm web3
        systemctl start fcjail@web3
        # Another start of the id has other claims.
        mkdir "$STATE/image/1:2:3.shared"
        ln -s "web3/0123456789abcdef0123456789abcdef" "$STATE/image/1:2:3.shared/web3"
        rm -r $BASE/web1
        # A process has the uid.
        setpriv --reuid "$uid" --clear-groups sleep 100 &
        eventually runs_as $! "$uid"
        not grep "^web1: the claim of" <<<"$(fcjail gc --dry-run)"
        kill $!
        wait $! || true
        collects "web1: the link in $STATE/sock" "web1: the claim of uid $uid" "web1: the claim of the image $image" \
                "web3: the claim of the image 1:2:3"
        is 1 "$(find $STATE/image -lname 'web2/*' | wc -l)"
        is 2 "$(find $STATE/uid -type l | wc -l)"
        is "web2 web3" "$(cd $STATE/sock && echo *)"
        end_live web2
        systemctl stop fcjail@web3
}

# bound FILE: the number of its loop device.
bound() {
        local file
        for file in /sys/block/loop[1-4][0-9][0-9][0-9]/loop/backing_file; do
                [[ ! -e $file ]] || ! grep -qx "$1" "$file" || cut -d / -f 4 <<<"$file"
        done
}

test_a_loop_device() {
        local id mine uid
        [[ -e /dev/loop-control ]] || mknod -m 0660 /dev/loop-control c 10 237
        VMS=$(mktemp -d /srv/vms.XXXXXX)
        chmod 0755 "$VMS"
        for id in web1 web2 web3 web4; do
                truncate -s 4096 "$VMS/$id"
                chmod 0600 "$VMS/$id"
                printf '{"drives": [{"drive_id": "d0", "path_on_host": "%s", "is_root_device": false, "is_read_only": false}]}' "$VMS/$id" >"$ENV/$id.json"
                vm $id "FCJAIL_CONFIG=$ENV/$id.json" FCJAIL_TAP= "FCJAIL_BIND=$VMS/$id:$VMS/$id:loop"
        done
        systemctl daemon-reload
        lose web1
        # A process has the uid: the VM may open it again.
        uid=$(basename "$(find $STATE/uid -lname 'web1/*')")
        setpriv --reuid "$uid" --clear-groups sleep 100 &
        eventually runs_as $! "$uid"
        not grep "the loop device" <<<"$(fcjail gc --dry-run)"
        kill $!
        wait $! || true
        forget_claims web1
        live web2
        systemctl start fcjail@web3
        # One that others have made, with a number as ours.
        mine=$(bound "$VMS/web1")
        mine=$((${mine#loop} + 100))
        mknod "/dev/loop$mine" b 7 $mine
        losetup "/dev/loop$mine" "$VMS/web4"
        rm -r $BASE/web1
        # Somebody else may have it open.
        mknod "/dev/$(bound "$VMS/web1")" b 7 "$(bound "$VMS/web1" | tr -d '[:lower:]')"
        exec 7<"/dev/$(bound "$VMS/web1")"
        is "" "$(fcjail gc --dry-run)"
        exec 7<&-
        is "the loop device /dev/$(bound "$VMS/web1")" "$(fcjail gc --dry-run)"
        # With the capabilities of the unit.
        systemctl start fcjail-gc.service
        is "" "$(bound "$VMS/web1")"
        for id in web2 web3 web4; do
                [[ $(bound "$VMS/$id") ]]
        done
        end_live web2
        systemctl stop fcjail@web3
        losetup -d "/dev/loop$mine"
        rm -r "$VMS"
        perl -e 'open(F, "+<", "/dev/loop-control") && ioctl(F, 0x4c81, $ARGV[0] + 0)' $mine
}

# network: one of CNI, with addresses that are leased.
network() {
        mkdir -p /etc/cni/net.d
        cat >/etc/cni/net.d/10-net1.conflist <<'END'
{"cniVersion": "1.0.0", "name": "net1", "plugins": [{"type": "bridge", "bridge": "cni0", "isGateway": true,
 "ipam": {"type": "host-local", "ranges": [[{"subnet": "10.78.0.0/24"}]], "dataDir": "/run/leases"}}]}
END
}

leases() {
        find /run/leases -type f -name '*.*.*.*' | wc -l
}

test_an_attachment_to_a_network_of_cni() {
        local id
        [[ -x /usr/lib/cni/bridge || -x /opt/cni/bin/bridge ]] || skip "needs the plugins of CNI"
        network
        for id in web1 web2 web3 web4; do
                vm $id FCJAIL_CNI=net1,antispoof=no FCJAIL_TAP=
        done
        systemctl daemon-reload
        # Of an earlier boot: its network namespace is gone, and the lease of its address is not.
        fcjail cni add web1
        umount /run/netns/fcjail-web1
        rm /run/netns/fcjail-web1
        # Of a unit that did not detach it.
        systemctl start fcjail-cni@web2
        cp $RECORDS/web2 /tmp/web2.record
        systemctl stop fcjail-cni@web2
        fcjail cni add web2
        cp /tmp/web2.record $RECORDS/web2
        # By another unit, to be used later; of a VM that runs, without its record.
        systemd-run -q --wait fcjail cni add web3
        live web4
        is 4 "$(leases)"
        is "web1 web2" "$(fcjail gc --dry-run | sed -n 's/: the attachment to the network net1$//p' | sort | xargs)"
        systemctl start fcjail-gc.service
        is "web3 web4" "$(cd $RECORDS && echo *)"
        is 2 "$(leases)"
        is "fcjail-web3 fcjail-web4" "$(cd /run/netns && echo *)"
        end_live web4
        # Who attaches the VM meanwhile waits.
        umount /run/netns/fcjail-web3
        strace -o /tmp/trace -P $STATE/net -e trace=unlinkat -e inject=unlinkat:delay_enter=1500000:when=1 fcjail gc 2>/tmp/err &
        eventually grep unlinkat /tmp/trace
        [[ -e $RECORDS/web3 ]]
        fcjail cni add web3
        wait $!
        grep "Removed the attachment to the network net1 of web3" /tmp/err
        [[ -e $RECORDS/web3 && -e /run/netns/fcjail-web3 ]]
        is 1 "$(leases)"
        fcjail cni del web3
        eventually test ! -e $RECORDS/web4
        is 0 "$(leases)"
        ip link del cni0
        rm -r /etc/cni/net.d /run/leases
}

# As a power failure could leave it with another file system.
test_a_damaged_record_of_a_network() {
        local verb
        [[ -x /usr/lib/cni/bridge || -x /opt/cni/bin/bridge ]] || skip "needs the plugins of CNI"
        network
        vm web1 FCJAIL_CNI=net1,antispoof=no FCJAIL_TAP=
        strace -f -o /tmp/trace -e trace=fsync,renameat fcjail cni add web1
        # Each record is on the disk before it has its name, and its name before the next step.
        is "fsync renameat fsync" "$(grep -o 'fsync\|renameat' /tmp/trace | head -n 3 | xargs)"
        cp $RECORDS/web1 /tmp/web1.record
        : >$RECORDS/web1
        for verb in add del; do
                not fcjail cni $verb web1 2>/tmp/err
                grep "the record $RECORDS/web1 is damaged; undo by hand what the plugins of its network have done, then remove that file" /tmp/err
        done
        cp /tmp/web1.record $RECORDS/web1
        fcjail cni del web1
        is 0 "$(leases)"
        ip link del cni0
        rm -r /etc/cni/net.d /run/leases
}

# With its capabilities.
test_the_unit_finds_all_of_them() {
        ip link add br0 up type bridge
        lose_pinned web1
        systemctl start fcjail-gc.service
        says_gc "Removed the jail directory $BASE/web1 of web1, which no VM has"
        says_gc "Removed the uplink fc-web1 of web1, which no VM has"
        says_gc "Removed the TAP tap0 in /run/netns/blue of web1, which no VM has"
        is "" "$(fcjail gc --dry-run)"
        ip link del br0
}

says_gc() {
        eventually journal_of_gc_has "$1"
}

journal_of_gc_has() {
        journalctl -q -u fcjail-gc -o cat --cursor="$cursor" | grep -F -- "$1" >/dev/null
}

test_ten_thousand_leftovers() {
        vm web1
        lose web1
        forget_claims web1
        mv $BASE/web1/.fcjail /tmp/mark
        rm -r $BASE/web1
        perl -e 'use File::Path "make_path"; my ($base, $mark) = @ARGV; open(my $in, "<", $mark); local $/; my $text = <$in>;
for my $i (1 .. 10000) { make_path("$base/v$i/root/run"); open(my $out, ">", "$base/v$i/.fcjail"); print $out $text =~ s/^ID=web1$/ID=v$i/mr; }' \
                $BASE /tmp/mark
        SECONDS=0
        fcjail gc 2>/tmp/err
        is 10000 "$(grep -c 'Removed the jail directory' /tmp/err)"
        is "" "$(ls $BASE)"
        figure "$SECONDS s"
}

main "$@"

# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2086
# What the escape probe finds bound in its jail (escape-binds.c), for the gates that start it; after lib.sh.

VMS=/mnt/vms
# shellcheck disable=SC2034
BINDS=("FCJAIL_BIND=$VMS/image:/bound/image $VMS/dir:/bound/dir" "FCJAIL_BIND_RO=$VMS/kernel:/bound/kernel $VMS/log:/run/bound")

# bound_file NAME OWNER MODE
bound_file() {
        echo "from the host" >"$VMS/$1"
        truncate -s 4096 "$VMS/$1"
        chown "$2" "$VMS/$1"
        chmod "$3" "$VMS/$1"
}

# make_bound OWNER: makes it; only the disk may be root's without a filter.
make_bound() {
        ext4_at $VMS
        rm -rf ${VMS:?}/*
        user lodger
        bound_file image "$1" 0600
        bound_file kernel root 0600
        bound_file log root 0640
        mkdir -m 0700 $VMS/dir
        chown lodger:root $VMS/dir
        read_only >/tmp/read-only
}

# All of what the VM may only read, but the time of the last look.
read_only() {
        find $VMS/kernel $VMS/log -printf '%p %y %m %U:%G %s %n %T@ %C@\n'
        sha256sum $VMS/kernel $VMS/log
}

# What was bound, as the host finds it afterwards. A VM may change the mode of a disk, of which it is the owner, but only
# its own bits; a whiteout is no device.
is_harmless() {
        diff /tmp/read-only <(read_only)
        is "$1" "$(stat -c %U:%G $VMS/image)"
        grep -q '^written' $VMS/image
        is '' "$(find $VMS ! -user root ! -user lodger; find $VMS/dir \( -user root -o -group root \) ! -path $VMS/dir)"
        is '' "$(find $VMS -perm /6000 \( -user root -o -group root \))"
        is '' "$(find $VMS -type b; find $VMS -type c ! -name whiteout)"
        is "0 0" "$(stat -c '%t %T' $VMS/dir/whiteout)"
        is "dir image kernel log" "$(cd $VMS && echo *)"
}

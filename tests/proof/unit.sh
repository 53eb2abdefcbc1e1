# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2317
# The unit with each of its directives taken away or made harmful: the start is refused with nothing left, or the jail
# holds all the same.
# shellcheck source-path=SCRIPTDIR source=../lab/lib.sh
. "$(dirname "$0")/../lab/lib.sh"
# shellcheck source=bound.sh
. "$(dirname "$0")/bound.sh"

UNIT=/lib/systemd/system/fcjail@.service
OVERRIDE=/run/systemd/system/fcjail@.service
# What else an administrator may come up with.
HARMFUL="NoNewPrivileges=no
CapabilityBoundingSet=~
AmbientCapabilities=~
SecureBits=keep-caps
SupplementaryGroups=adm shadow
PrivateUsers=yes
RootDirectory=/
PrivateDevices=yes
DevicePolicy=auto
UMask=0000
UMask=0777
Delegate=yes
KeyringMode=shared
LimitNOFILE=3
LimitNOFILE=1048576
LimitCORE=infinity
LimitFSIZE=0
LimitNPROC=2
LimitMEMLOCK=0
IgnoreSIGPIPE=no
MountFlags=shared
ProtectSystem=strict
ProtectProc=noaccess
ProcSubset=pid
PrivateNetwork=yes
PrivateTmp=yes
PrivateIPC=yes
PrivateMounts=yes
ProtectHostname=yes
StandardInput=file:/etc/passwd
StandardOutput=file:/tmp/vm.out
WorkingDirectory=/tmp
Environment=LD_PRELOAD=/lib/$(uname -m)-linux-gnu/libm.so.6
Environment=PATH=/tmp
SystemCallFilter=~chroot
SystemCallFilter=~seccomp
SystemCallFilter=~setresuid
RestrictNamespaces=yes
RestrictAddressFamilies=none
CPUSchedulingPolicy=rr
Nice=-5
OOMScoreAdjust=-1000
Personality=x86
TimeoutStartSec=1ms"

# What there may be no start with. With all others there is one, and the jail holds.
REFUSED="|without DeviceAllow=/dev/kvm rwm|without DeviceAllow=/dev/net/tun rwm|without DeviceAllow=/dev/userfaultfd rwm\
|with PrivateUsers=yes|with PrivateDevices=yes|with LimitNOFILE=3|with LimitFSIZE=0|with ProtectSystem=strict\
|with ProcSubset=pid|with SystemCallFilter=~chroot|with SystemCallFilter=~seccomp|with SystemCallFilter=~setresuid\
|with RestrictNamespaces=yes|with RestrictAddressFamilies=none|with Personality=x86|with TimeoutStartSec=1ms|"

# holds WHAT: starts the escape probe with the unit as it is now.
holds() {
        local line
        journalctl --sync
        cursor=$(journalctl -q -n 0 --show-cursor | sed -n 's/^-- cursor: //p')
        systemctl daemon-reload
        systemctl reset-failed fcjail@web1 2>/dev/null || true
        rm -f /tmp/vm.out
        if systemctl start fcjail@web1; then
                eventually has_result || fail "$1: no result"
                line=$(result)
                if [[ $line != *" succeeded=0 "* ]]; then
                        result SUCCEEDED
                        fail "$1: $line"
                fi
                started=$((started + 1))
                systemctl stop fcjail@web1
        else
                [[ $REFUSED == *"|$1|"* ]] || fail "$1: the start is refused"
                refused=$((refused + 1))
        fi
        eventually is_gone web1 || fail "$1: something is left"
        is_empty "$STATE/uid"
        n=$((n + 1))
}

result() {
        local files=(/dev/null)
        [[ ! -e /tmp/vm.out ]] || files+=(/tmp/vm.out)
        { journalctl -q -u fcjail@web1 -o cat --cursor="$cursor" --all && cat "${files[@]}"; } | grep "${1:-^attempts=}"
}

has_result() {
        result >/dev/null
}

test_P14_unit_mutations() {
        local directive n=0 started=0 refused=0
        # The uid is no other test's, as these may run at the same time and LimitNPROC= counts by uid.
        vm web1 FCJAIL_VMM=/usr/local/bin/escape FCJAIL_READY=exec FCJAIL_UID=4741 "${BINDS[@]}"
        make_bound root:root
        is '' "$(systemd-analyze verify --man=no "$UNIT" 2>&1)"
        mkdir -p /run/systemd/system/fcjail@web1.service.d
        # So many lines in so short a time are no attack.
        printf '%s\n' '[Service]' LogRateLimitIntervalSec=0 >/run/systemd/system/fcjail@web1.service.d/log.conf
        while IFS= read -r directive; do
                grep -vxF "$directive" "$UNIT" >"$OVERRIDE"
                holds "without $directive"
        done < <(grep -E '^(CapabilityBoundingSet|NoNewPrivileges|Device|Restrict|Lock|Memory|SystemCall|Keyring|IPAddress|UMask|StandardInput|Limit|Tasks|OOM|Kill|SuccessExit|Timeout|Slice|NotifyAccess|Delegate)[A-Za-z]*=' "$UNIT")
        while IFS= read -r directive; do
                cp "$UNIT" "$OVERRIDE"
                unit web1 "$directive"
                holds "with $directive"
                rm /run/systemd/system/fcjail@web1.service.d/test.conf
        done <<<"$HARMFUL"
        rm -f "$OVERRIDE"
        systemctl daemon-reload
        is_harmless root:root
        figure "$n mutations, $started times the jail held, $refused times the start was refused with nothing left"
}

main "$@"

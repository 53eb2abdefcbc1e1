# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# In the lab: what tests/gosdk/run has built, with one file system for all that is linked.

set -euo pipefail

systemd-sysusers
systemd-tmpfiles --create fcjail.conf
install -D /out/firecracker /usr/local/lib/jailed/firecracker
if [[ -e /out/kernel ]]; then
        export KERNEL=/srv/jailer/kernel
        cp /out/kernel "$KERNEL"
fi
/out/gosdk /usr/libexec/fcjail/jailer /usr/local/lib/jailed/firecracker /srv/jailer

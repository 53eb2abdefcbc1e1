#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# tests/proof/syscall-names.sh HEADER COMPILER…: the names of the system calls of one of the kernel's headers, as a C
# array.

set -euo pipefail

header=$1
shift
include="#include <$header>"
names=$("$@" -E -dM - <<<"$include" | sed -n 's/^#define __NR_\([a-z0-9_]*\) .*/\1/p' | sort)
echo '/* Made by syscall-names.sh. */'
echo '#pragma once'
echo '#define SYSCALLS_MAX 512'
echo 'static const char *const syscall_names[SYSCALLS_MAX] = {'
# Some are defined by another name, and some are no numbers.
{ echo "$include" && for name in $names; do echo "call __NR_$name $name"; done; } | "$@" -E -P - |
        sed -n 's/^call \([0-9]\{1,3\}\) \([a-z0-9_]*\)$/        [\1] = "\2",/p'
echo '};'

#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# tests/proof/syscall-names.sh COMPILER…: the names of the system calls of the kernel's headers, as a C array.

set -euo pipefail

names=$(echo '#include <sys/syscall.h>' | "$@" -E -dM - | sed -n 's/^#define __NR_\([a-z0-9_]*\) [0-9].*/\1/p' | sort)
echo '/* Made by syscall-names.sh. */'
echo '#pragma once'
echo '#include <sys/syscall.h>'
echo '#define SYSCALLS_MAX 512'
echo 'static const char *const syscall_names[SYSCALLS_MAX] = {'
for name in $names; do
        echo "        [__NR_$name] = \"$name\","
done
echo '};'

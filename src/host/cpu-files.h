/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "macro.h"

/* Where they are, on the host and in the jail. */
#define CPU_FILES_DIR "devices/system/cpu/cpu0"

/* Eight caches of six files, at most, and the directories; a file takes a page, which may be one of 64 KiB. */
#define CPU_FILES_INODES "80"
#define CPU_FILES_SIZE   "4m"

/*
 * Copies to the directory sys_fd what Firecracker reads on aarch64 from /sys, which is host_fd (O_PATH): of each cache of CPU 0
 * size, level, type and so on, and the register that names the CPU's maker (MIDR_EL1). What the host does not have is left out.
 *
 * 0, or -errno and *ret_object, the path of what could not be copied.
 */
int cpu_files_copy(int host_fd, int sys_fd, const char **ret_object) _must_check_;

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What the headers of the oldest system that fcjail is built on lack: glibc 2.31 and Linux 5.10. The numbers are the same
 * on x86_64 and aarch64, as of all system calls since Linux 5.1; those that only tests use are also here.
 */

#include <sched.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

/* In this order, and before any other header that includes the second: glibc before 2.36 cannot be compiled otherwise. */
/* clang-format off */
#include <sys/mount.h>
#include <linux/mount.h>
/* clang-format on */

#ifndef P_PIDFD
#define P_PIDFD 3 /* elsewhere an element of an enum */
#endif
#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x80
#endif

#ifndef MOUNT_ATTR_IDMAP /* Linux 5.12, with the structure */
#define MOUNT_ATTR_IDMAP 0x00100000
struct mount_attr {
        __u64 attr_set;
        __u64 attr_clr;
        __u64 propagation;
        __u64 userns_fd;
};
#endif

/* Linux 6.15 tells how a process has ended to whoever has a pidfd of it since before. */
#ifndef PIDFD_INFO_EXIT
#define PIDFD_INFO_EXIT (1UL << 3)
#define PIDFD_GET_INFO  _IOWR(0xff, 11, struct pidfd_info)
struct pidfd_info {
        __u64 mask;
        __u64 cgroupid;
        __u32 ids[11];
        __s32 exit_code;
};
#endif

#ifndef SYS_close_range
#define SYS_close_range 436
#endif
#ifndef SYS_openat2
#define SYS_openat2 437
#endif
#ifndef SYS_pidfd_getfd
#define SYS_pidfd_getfd 438
#endif
#ifndef SYS_faccessat2
#define SYS_faccessat2 439
#endif
#ifndef SYS_process_madvise
#define SYS_process_madvise 440
#endif
#ifndef SYS_mount_setattr
#define SYS_mount_setattr 442
#endif
#ifndef SYS_quotactl_fd
#define SYS_quotactl_fd 443
#endif
#ifndef SYS_process_mrelease
#define SYS_process_mrelease 448
#endif
#ifndef SYS_fchmodat2
#define SYS_fchmodat2 452
#endif
#ifndef SYS_statmount
#define SYS_statmount 457
#endif
#ifndef SYS_listmount
#define SYS_listmount 458
#endif
#ifndef SYS_open_tree_attr
#define SYS_open_tree_attr 467
#endif
#ifndef SYS_listns
#define SYS_listns 470
#endif

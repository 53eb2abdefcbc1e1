/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the VMM's filter refuses whatever the arguments: for the generator, and for the test that holds the numbers it
 * found against those of the kernel's headers. */

/* clang-format off */
/* Refused with EPERM, whatever the arguments. */
static const char *const refused[] = {
        /* namespaces */
        "unshare", "setns",
        /* mounts, by the old interface and the new one */
        "mount", "umount", "umount2", "pivot_root", "chroot", "open_tree", "move_mount",
        "fsopen", "fsconfig", "fsmount", "fspick", "swapon", "swapoff",
        /* other processes */
        "ptrace", "process_vm_readv", "process_vm_writev", "process_madvise",
        "pidfd_getfd", "kcmp",
        /* credentials: there is nothing left to change */
        "setuid", "setgid", "setreuid", "setregid", "setresuid", "setresgid", "setfsuid", "setfsgid",
        "setgroups", "capset", "personality",
        /* keys */
        "add_key", "request_key", "keyctl",
        /* programs and counters in the kernel, modules, other kernels */
        "bpf", "perf_event_open", "init_module", "finit_module", "delete_module", "create_module",
        "kexec_load", "kexec_file_load", "lookup_dcookie",
        /* System V IPC and POSIX message queues */
        "shmget", "shmat", "shmdt", "shmctl", "semget", "semop", "semtimedop", "semctl", "msgget",
        "msgsnd", "msgrcv", "msgctl", "ipc", "mq_open", "mq_unlink", "mq_timedsend", "mq_timedreceive",
        "mq_notify", "mq_getsetattr",
        /* in the place of a socket, a link would lead a client on the host to another VM's */
        "symlink", "symlinkat",
        /* files by handle, quotas, notifications about whole file systems */
        "open_by_handle_at", "name_to_handle_at", "quotactl", "fanotify_init",
        "fanotify_mark",
        /* the machine: its clock, name, log, ports, end */
        "reboot", "syslog", "settimeofday", "clock_settime", "clock_adjtime", "adjtimex", "stime",
        "sethostname", "setdomainname", "iopl", "ioperm", "vhangup", "nfsservctl", "uselib", "ustat",
        "sysfs", "_sysctl", "vm86", "vm86old", "modify_ldt",
        /* memory of others' nodes */
        "move_pages", "migrate_pages",
};

/* Newer than many a libseccomp. From 424 on the numbers are those of all architectures. In order. With ENOSYS a libc
 * falls back to an older call, whose arguments a filter can look at. */
static const struct {
        const char *name;
        unsigned nr;
        int error;
} refused_new[] = {
        { "openat2", 437, ENOSYS },
        { "mount_setattr", 442, EPERM },
        { "quotactl_fd", 443, EPERM },
        { "process_mrelease", 448, EPERM },
        { "fchmodat2", 452, ENOSYS },
        { "statmount", 457, EPERM },
        { "listmount", 458, EPERM },
        { "open_tree_attr", 467, EPERM },
        { "listns", 470, EPERM },
};

/* The calls that take the mode of a file: in which argument, and in which the flags are, if only some of them make a
 * file. */
static const struct {
        const char *name;
        unsigned mode, flags;
} takes_mode[] = {
        { "chmod", 1, 0 }, { "fchmod", 1, 0 }, { "fchmodat", 2, 0 },
        { "mkdir", 1, 0 }, { "mkdirat", 2, 0 }, { "mknod", 1, 0 }, { "mknodat", 2, 0 },
        { "creat", 1, 0 }, { "open", 2, 1 }, { "openat", 3, 2 },
};

/* IORING_OP_SOCKET and others get past every rule that looks at system calls. Firecracker's block engine Async
 * needs them. */
static const char *const refused_io_uring[] = { "io_uring_setup", "io_uring_enter", "io_uring_register" };
/* clang-format on */

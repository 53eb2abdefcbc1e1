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

/* Newer than many a libseccomp. From 424 on the numbers are those of all architectures. In order. */
static const struct {
        const char *name;
        unsigned nr;
} refused_new[] = {
        { "mount_setattr", 442 }, { "quotactl_fd", 443 }, { "process_mrelease", 448 },
        { "statmount", 457 },     { "listmount", 458 },   { "open_tree_attr", 467 },
        { "listns", 470 },
};

/* IORING_OP_SOCKET and others get past every rule that looks at system calls. Firecracker's block engine Async
 * needs them. */
static const char *const refused_io_uring[] = { "io_uring_setup", "io_uring_enter", "io_uring_register" };
/* clang-format on */

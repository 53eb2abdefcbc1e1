/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Build-time generator: prints the VMM's system call filters as C arrays: the default, and one that allows
 * io_uring.
 *
 * A deny list: Firecracker has an allow list of its own, which comes on top and changes with its versions.
 * This one is what remains when the VMM is taken over before that, or has none (--no-seccomp, debug builds):
 * the calls that make or enter namespaces, mount, trace, or reach parts of the kernel that no VMM needs.
 * userfaultfd and memfd_create are left alone, because Firecracker uses them.
 *
 * libseccomp kills the process for any other architecture than the one built for; x32 counts as another. It is the one
 * that builds, so there is no building for another (meson.build): of the calls that are refused by number libseccomp
 * could not tell what they are called there.
 */

#define _GNU_SOURCE /* the namespace flags; a build-time program gets no project arguments */

#include <errno.h>
#include <linux/filter.h>
#include <linux/if_tun.h>
#include <sched.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "filter-mark.h"

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

/* Newer than many a libseccomp. From 424 on the numbers are those of all architectures. */
static const struct {
        const char *name;
        int nr;
} refused_new[] = {
        { "mount_setattr", 442 }, { "quotactl_fd", 443 }, { "process_mrelease", 448 },
        { "statmount", 457 },     { "listmount", 458 },   { "open_tree_attr", 467 },
        { "listns", 470 },
};

/* IORING_OP_SOCKET and others get past every rule that looks at system calls. Firecracker's block engine Async
 * needs them. */
static const char *const refused_io_uring[] = { "io_uring_setup", "io_uring_enter", "io_uring_register" };
/* clang-format on */

static void check(int r, const char *what)
{
        if (r >= 0)
                return;
        fprintf(stderr, "filter-gen: %s: error %i\n", what, -r);
        exit(EXIT_FAILURE);
}

static void refuse_one(scmp_filter_ctx ctx, int nr, const char *name)
{
        int r = seccomp_rule_add_array(ctx, SCMP_ACT_ERRNO(EPERM), nr, 0, NULL);

        check(r == -EDOM ? 0 : r, name);
}

static void refuse(scmp_filter_ctx ctx, const char *const *names, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                int nr = seccomp_syscall_resolve_name(names[i]);

                /* Not every architecture has every call. */
                if (nr != __NR_SCMP_ERROR)
                        refuse_one(ctx, nr, names[i]);
        }
}

static void refuse_if(scmp_filter_ctx ctx, int nr, const char *name, struct scmp_arg_cmp condition)
{
        check(seccomp_rule_add_array(ctx, SCMP_ACT_ERRNO(EPERM), nr, 1, &condition), name);
}

/* For arguments that the kernel reads as 32 bits: a filter that looked at the others too would be passed by
 * setting one of them. */
static struct scmp_arg_cmp is(unsigned arg, uint32_t value)
{
        return (struct scmp_arg_cmp){ arg, SCMP_CMP_MASKED_EQ, UINT32_MAX, value };
}

/* A namespace flag in clone(2), its first argument everywhere but on s390. */
static void refuse_namespaces(scmp_filter_ctx ctx)
{
        static const unsigned long flags[] = {
                CLONE_NEWNS,   CLONE_NEWCGROUP, CLONE_NEWUTS, CLONE_NEWIPC,
                CLONE_NEWUSER, CLONE_NEWPID,    CLONE_NEWNET,
        };

        for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
                refuse_if(ctx, SCMP_SYS(clone), "clone",
                          (struct scmp_arg_cmp){ 0, SCMP_CMP_MASKED_EQ, flags[i], flags[i] });

        /* Its flags lie in memory, where no filter can look. */
        check(seccomp_rule_add_array(ctx, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0, NULL), "clone3");
}

/* No other family than AF_UNIX, which the API socket and vsock need. "Not equal" looks at all 64 bits, so
 * what is refused is more, not less, than what the kernel would take for another family. */
static void refuse_sockets(scmp_filter_ctx ctx)
{
        const struct scmp_arg_cmp other = { 0, SCMP_CMP_NE, AF_UNIX, 0 };

        refuse_if(ctx, SCMP_SYS(socket), "socket", other);
        refuse_if(ctx, SCMP_SYS(socketpair), "socketpair", other);
}

/* Typing into the terminal that the standard descriptors may be. */
static void refuse_terminal(scmp_filter_ctx ctx)
{
        refuse_if(ctx, SCMP_SYS(ioctl), "ioctl", is(1, TIOCSTI));
        refuse_if(ctx, SCMP_SYS(ioctl), "ioctl", is(1, TIOCLINUX));
}

/* Whoever is attached to a TAP may give it to others, without any capability: one without an owner is anybody's
 * who can open the node (CVE-2026-99281). */
static void refuse_tap(scmp_filter_ctx ctx)
{
        refuse_if(ctx, SCMP_SYS(ioctl), "ioctl", is(1, TUNSETOWNER));
        refuse_if(ctx, SCMP_SYS(ioctl), "ioctl", is(1, TUNSETGROUP));
        refuse_if(ctx, SCMP_SYS(ioctl), "ioctl", is(1, TUNSETPERSIST));
}

/* Reads what libseccomp exports to a file, as it can do nothing else. */
static void print(scmp_filter_ctx ctx, const char *name)
{
        struct sock_filter insn;
        FILE *f = tmpfile();

        if (!f)
                check(-errno, "tmpfile");
        check(seccomp_export_bpf(ctx, fileno(f)), "export");
        rewind(f);

        printf("\nstatic const struct sock_filter %s[] = {\n", name);
        while (fread(&insn, sizeof(insn), 1, f) == 1)
                printf("        { 0x%04x, %u, %u, 0x%08x },\n", insn.code, insn.jt, insn.jf, insn.k);
        printf("};\n");
        fclose(f);
}

static void generate(const char *name, bool io_uring)
{
        scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);

        check(ctx ? 0 : -ENOMEM, "init");
        check(seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS), "bad arch");
        /* A binary tree instead of a list: each call of the VMM goes through it. */
        check(seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2), "optimize");

        check(seccomp_rule_add_array(ctx, SCMP_ACT_ERRNO(FILTER_MARK_ERRNO), FILTER_MARK, 0, NULL), "mark");
        refuse(ctx, refused, sizeof(refused) / sizeof(refused[0]));
        for (size_t i = 0; i < sizeof(refused_new) / sizeof(refused_new[0]); i++)
                refuse_one(ctx, refused_new[i].nr, refused_new[i].name);
        if (!io_uring)
                refuse(ctx, refused_io_uring, sizeof(refused_io_uring) / sizeof(refused_io_uring[0]));
        refuse_namespaces(ctx);
        refuse_sockets(ctx);
        refuse_terminal(ctx);
        refuse_tap(ctx);
        print(ctx, name);
        seccomp_release(ctx);
}

int main(void)
{
        printf("/* Made by filter-gen.c. */\n#pragma once\n\n#include <linux/filter.h>\n");
        generate("filter_default", /* io_uring= */ false);
        generate("filter_io_uring", /* io_uring= */ true);
        return EXIT_SUCCESS;
}

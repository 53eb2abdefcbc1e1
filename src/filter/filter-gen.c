/* SPDX-License-Identifier: Apache-2.0 */

/*
 * filter-gen MACHINE: prints the VMM's system call filters as C arrays: the default, and one that allows
 * io_uring. It runs at build time, on a machine that may be of another kind than MACHINE, whose numbers count.
 *
 * A deny list: Firecracker has an allow list of its own, which comes on top and changes with its versions.
 * This one is what remains when the VMM is taken over before that, or has none (--no-seccomp, debug builds):
 * the calls that make or enter namespaces, mount, trace, or reach parts of the kernel that no VMM needs.
 * userfaultfd and memfd_create are left alone, because Firecracker uses them.
 *
 * libseccomp kills the process for any other architecture than MACHINE; x32 counts as another. It translates the
 * numbers that it knows by name. All else that is compared with here (errors, flags, modes, families, ioctls) has the
 * same numbers on the machines of the table below, but not on all of them that Linux runs on.
 */

#define _GNU_SOURCE /* the namespace flags; a build-time program gets no project arguments */

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/if_tun.h>
#include <linux/loop.h>
#include <linux/seccomp.h>
#include <linux/sockios.h>
#include <sched.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "filter-list.h"
#include "filter-mark.h"

#define N(array) (sizeof(array) / sizeof((array)[0]))

/* As meson calls them, and as libseccomp does, which is as the kernel does (AUDIT_ARCH_). */
static const struct {
        const char *name;
        uint32_t arch;
} machines[] = {
        { "x86_64", SCMP_ARCH_X86_64 },
        { "aarch64", SCMP_ARCH_AARCH64 },
};

static void die_unless_ok(int r, const char *what)
{
        if (r >= 0)
                return;
        fprintf(stderr, "filter-gen: %s: error %i\n", what, -r);
        exit(EXIT_FAILURE);
}

static void refuse(scmp_filter_ctx ctx, const char *const *names, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                int nr = seccomp_syscall_resolve_name(names[i]);

                /* Not every architecture has every call. */
                if (nr == __NR_SCMP_ERROR)
                        continue;
                int r = seccomp_rule_add_array(ctx, SCMP_ACT_ERRNO(EPERM), nr, 0, NULL);
                die_unless_ok(r == -EDOM ? 0 : r, names[i]);
        }
}

static void refuse_if(scmp_filter_ctx ctx, int nr, const char *name, struct scmp_arg_cmp condition)
{
        die_unless_ok(seccomp_rule_add_array(ctx, SCMP_ACT_ERRNO(EPERM), nr, 1, &condition), name);
}

/* For arguments that the kernel reads as 32 bits: setting an upper bit would pass a filter that also compares
 * the upper half. */
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

        for (size_t i = 0; i < N(flags); i++)
                refuse_if(ctx, SCMP_SYS(clone), "clone",
                          (struct scmp_arg_cmp){ 0, SCMP_CMP_MASKED_EQ, flags[i], flags[i] });

        /* Its flags lie in memory, where no filter can look. */
        die_unless_ok(seccomp_rule_add_array(ctx, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0, NULL),
                      "clone3");
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

/* Whoever is attached to a TAP may give it to others, without any capability: one without an owner is anybody's who can open
 * the node (CVE-2026-99281). It may also change the TAP's address, from which a bridge can take its own. */
static void refuse_tap(scmp_filter_ctx ctx)
{
        refuse_if(ctx, SCMP_SYS(ioctl), "ioctl", is(1, TUNSETOWNER));
        refuse_if(ctx, SCMP_SYS(ioctl), "ioctl", is(1, TUNSETGROUP));
        refuse_if(ctx, SCMP_SYS(ioctl), "ioctl", is(1, TUNSETPERSIST));
        refuse_if(ctx, SCMP_SYS(ioctl), "ioctl", is(1, SIOCSIFHWADDR));
}

/* The owner of a file may lease it, which the VM is of what is bound through an idmap, also read-only: whoever else opens it
 * then, such as another VM its kernel, waits until the lease is broken, 45 s. */
static void refuse_leases(scmp_filter_ctx ctx)
{
        const uint32_t set_deleg = F_SETLEASE + 16; /* F_SETDELEG, Linux 6.19 */

        refuse_if(ctx, SCMP_SYS(fcntl), "fcntl", is(1, F_SETLEASE));
        refuse_if(ctx, SCMP_SYS(fcntl), "fcntl", is(1, set_deleg));
}

/* All of a loop device's. Whoever has one open, also for reading alone, can unbind it without any capability and bind another
 * file to it; when its number is bound to another VM's image, it would have that. */
static void refuse_loop(scmp_filter_ctx ctx)
{
        const struct scmp_arg_cmp loop = { 1, SCMP_CMP_MASKED_EQ, 0xFFFFFF00, LOOP_SET_FD };

        refuse_if(ctx, SCMP_SYS(ioctl), "ioctl", loop);
}

/* The one of O_TMPFILE that is not O_DIRECTORY, which has another number on each machine. */
#define TMPFILE_FLAG (O_TMPFILE & ~O_DIRECTORY)

static void refuse_mode_bit(scmp_filter_ctx ctx, const char *name, unsigned mode, unsigned flags,
                            uint64_t bit)
{
        static const uint64_t makes[] = { O_CREAT, TMPFILE_FLAG };
        const int nr = seccomp_syscall_resolve_name(name);
        int r;

        /* Without a flag that makes a file nobody passes a mode: the argument is garbage. */
        for (size_t i = 0; i < (flags != 0 ? N(makes) : 1); i++) {
                const struct scmp_arg_cmp conditions[] = {
                        { mode, SCMP_CMP_MASKED_EQ, bit, bit },
                        { flags, SCMP_CMP_MASKED_EQ, makes[i], makes[i] },
                };

                r = seccomp_rule_add_array(ctx, SCMP_ACT_ERRNO(EPERM), nr, flags != 0 ? 2 : 1, conditions);
                /* Not every architecture has every call. */
                die_unless_ok(r == -EDOM ? 0 : r, name);
        }
}

/* On the host run/ is a directory like any other: a file that is setuid there would be the VM's uid for whoever
 * reaches it, also after its end, when that is another VM's. nosuid is what only the jail's own mounts have. */
static void refuse_setuid(scmp_filter_ctx ctx)
{
        for (size_t i = 0; i < N(takes_mode); i++) {
                refuse_mode_bit(ctx, takes_mode[i].name, takes_mode[i].mode, takes_mode[i].flags, S_ISUID);
                refuse_mode_bit(ctx, takes_mode[i].name, takes_mode[i].mode, takes_mode[i].flags, S_ISGID);
        }
}

static void print_insn(struct sock_filter insn)
{
        printf("        { 0x%04x, %u, %u, 0x%08x },\n", insn.code, insn.jt, insn.jf, insn.k);
}

/* The calls that are refused by number, in front of libseccomp's program. One that it has no name for it could not
 * translate to another machine's. */
static void print_new(uint32_t arch)
{
        const unsigned n = N(refused_new);

        print_insn((struct sock_filter) BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
                                                 offsetof(struct seccomp_data, arch)));
        print_insn((struct sock_filter) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, arch, 0, n + 4));
        print_insn(
                (struct sock_filter) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)));
        /* They are in order, and most calls are older. */
        print_insn((struct sock_filter) BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, refused_new[0].nr, 0, n + 2));
        for (unsigned i = 0; i < n; i++) {
                const unsigned left = n - 1 - i;

                print_insn((struct sock_filter) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, refused_new[i].nr,
                                                         refused_new[i].error == ENOSYS ? left + 1 : left,
                                                         left > 0 ? 0 : 2));
        }
        print_insn((struct sock_filter) BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM));
        print_insn((struct sock_filter) BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS));
}

/* Reads what libseccomp exports to a file, as it can do nothing else. */
static void print(scmp_filter_ctx ctx, uint32_t arch, const char *name)
{
        struct sock_filter insn;
        FILE *f = tmpfile();

        if (!f)
                die_unless_ok(-errno, "tmpfile");
        die_unless_ok(seccomp_export_bpf(ctx, fileno(f)), "export");
        rewind(f);

        printf("\nstatic const struct sock_filter %s[] = {\n", name);
        print_new(arch);
        while (fread(&insn, sizeof(insn), 1, f) == 1)
                print_insn(insn);
        printf("};\n");
        fclose(f);
}

static scmp_filter_ctx new_filter(uint32_t arch)
{
        scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);

        die_unless_ok(ctx ? 0 : -ENOMEM, "init");
        if (arch != seccomp_arch_native()) {
                die_unless_ok(seccomp_arch_add(ctx, arch), "arch");
                die_unless_ok(seccomp_arch_remove(ctx, SCMP_ARCH_NATIVE), "native arch");
        }
        die_unless_ok(seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS), "bad arch");
        /* A binary tree instead of a list: each call of the VMM goes through it. */
        die_unless_ok(seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2), "optimize");
        return ctx;
}

static void generate(uint32_t arch, const char *name, bool io_uring)
{
        scmp_filter_ctx ctx = new_filter(arch);

        die_unless_ok(seccomp_rule_add_array(ctx, SCMP_ACT_ERRNO(FILTER_MARK_ERRNO), FILTER_MARK, 0, NULL),
                      "mark");
        refuse(ctx, refused, N(refused));
        if (!io_uring)
                refuse(ctx, refused_io_uring, N(refused_io_uring));
        refuse_namespaces(ctx);
        refuse_sockets(ctx);
        refuse_terminal(ctx);
        refuse_tap(ctx);
        refuse_leases(ctx);
        refuse_loop(ctx);
        refuse_setuid(ctx);
        print(ctx, arch, name);
        seccomp_release(ctx);
}

int main(int argc, char **argv)
{
        for (size_t i = 0; i < N(machines); i++) {
                if (argc != 2 || strcmp(argv[1], machines[i].name) != 0)
                        continue;
                /* The kernel that builds need not know the actions: an emulated one has no seccomp(2). */
                die_unless_ok(seccomp_api_set(3), "API level");
                printf("/* Made by filter-gen.c for %s. */\n#pragma once\n\n#include <linux/filter.h>\n",
                       argv[1]);
                generate(machines[i].arch, "filter_default", /* io_uring= */ false);
                generate(machines[i].arch, "filter_io_uring", /* io_uring= */ true);
                return EXIT_SUCCESS;
        }

        fprintf(stderr, "filter-gen: unknown machine '%s'\n", argc == 2 ? argv[1] : "");
        return EXIT_FAILURE;
}

/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The system call filter of a machine that need not be this one, as the kernel would run it. The generator has its
 * numbers from libseccomp, this has them from the kernel's headers.
 */

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/fs.h>
#include <linux/if_tun.h>
#include <linux/kvm.h>
#include <linux/loop.h>
#include <linux/seccomp.h>
#include <linux/sockios.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "filter-list.h"
#include "macro.h"

#include FILTER_H
#include NAMES_H

#ifdef FOR_AARCH64
#define ARCH AUDIT_ARCH_AARCH64
#else
#define ARCH AUDIT_ARCH_X86_64
#endif

#define REFUSED(error) (SECCOMP_RET_ERRNO | (unsigned) (error))
#define ANY_NR_MAX     1024U

typedef struct Program {
        const struct sock_filter *insns;
        size_t n;
} Program;

static const Program programs[] = {
        { filter_default, ELEMENTSOF(filter_default) },
        { filter_io_uring, ELEMENTSOF(filter_io_uring) },
};

static uint32_t word_at(const struct seccomp_data *data, uint32_t offset)
{
        uint32_t word;

        cr_assert(offset % 4 == 0 && offset < sizeof(*data));
        memcpy(&word, (const char *) data + offset, sizeof(word));
        return word;
}

/* Of the instructions that the kernel has, those that occur. */
static uint32_t run(Program p, const struct seccomp_data *data)
{
        uint32_t a = 0;

        for (size_t i = 0; i < p.n; i++) {
                const struct sock_filter *f = &p.insns[i];

                switch (f->code) {
                case BPF_LD | BPF_W | BPF_ABS:
                        a = word_at(data, f->k);
                        break;
                case BPF_ALU | BPF_AND | BPF_K:
                        a &= f->k;
                        break;
                case BPF_JMP | BPF_JA:
                        i += f->k;
                        break;
                case BPF_JMP | BPF_JEQ | BPF_K:
                        i += a == f->k ? f->jt : f->jf;
                        break;
                case BPF_JMP | BPF_JGT | BPF_K:
                        i += a > f->k ? f->jt : f->jf;
                        break;
                case BPF_JMP | BPF_JGE | BPF_K:
                        i += a >= f->k ? f->jt : f->jf;
                        break;
                case BPF_RET | BPF_K:
                        return f->k;
                default:
                        cr_assert_fail("instruction %#x", f->code);
                        abort();
                }
        }
        cr_assert_fail("the program has no end");
        abort();
}

static uint32_t ask4(Program p, int nr, uint64_t arg0, uint64_t arg1, uint64_t arg2, uint64_t arg3)
{
        return run(p, &(struct seccomp_data){ .nr = nr, .arch = ARCH, .args = { arg0, arg1, arg2, arg3 } });
}

static uint32_t ask(Program p, int nr, uint64_t arg0, uint64_t arg1)
{
        return ask4(p, nr, arg0, arg1, 0, 0);
}

/* -1: this machine does not have it. */
static int nr_of(const char *name)
{
        for (int nr = 0; nr < SYSCALLS_MAX; nr++)
                if (syscall_names[nr] && strcmp(syscall_names[nr], name) == 0)
                        return nr;
        return -1;
}

static bool is_in(const char *const *names, size_t n, int nr)
{
        for (size_t i = 0; i < n; i++)
                if (nr_of(names[i]) == nr)
                        return true;
        return false;
}

/* What the lists say about a call whose arguments are all 0. */
static uint32_t wanted(int nr, bool io_uring)
{
        FOREACH_ARRAY (call, refused_new, ELEMENTSOF(refused_new))
                if (call->nr == (unsigned) nr)
                        return REFUSED(call->error);
        if (is_in(refused, ELEMENTSOF(refused), nr))
                return REFUSED(EPERM);
        if (!io_uring && is_in(refused_io_uring, ELEMENTSOF(refused_io_uring), nr))
                return REFUSED(EPERM);
        if (nr == nr_of("socket") || nr == nr_of("socketpair"))
                return REFUSED(EPERM);
        if (nr == nr_of("clone3"))
                return REFUSED(ENOSYS);
        if (nr == nr_of("acct")) /* the mark */
                return REFUSED(EBADE);
        return SECCOMP_RET_ALLOW;
}

Test(filter, refuses_what_the_lists_name_and_nothing_else)
{
        for (size_t i = 0; i < ELEMENTSOF(programs); i++)
                for (int nr = 0; nr < (int) ANY_NR_MAX; nr++)
                        cr_expect_eq(ask(programs[i], nr, 0, 0), wanted(nr, i == 1),
                                     "filter %zu, call %i %s", i, nr,
                                     nr < SYSCALLS_MAX && syscall_names[nr] ? syscall_names[nr] : "");
}

/* The headers may be older than a call, but not than these. */
Test(filter, knows_the_numbers_of_this_machine)
{
#ifdef FOR_AARCH64
        cr_expect_eq(nr_of("acct"), 89);
        cr_expect_eq(nr_of("unshare"), 97);
        cr_expect_eq(nr_of("setns"), 268);
        cr_expect_eq(nr_of("bpf"), 280);
        cr_expect_eq(nr_of("open"), -1);
#else
        cr_expect_eq(nr_of("acct"), 163);
        cr_expect_eq(nr_of("unshare"), 272);
        cr_expect_eq(nr_of("setns"), 308);
        cr_expect_eq(nr_of("bpf"), 321);
        cr_expect_eq(nr_of("open"), 2);
#endif
}

Test(filter, kills_a_call_of_any_other_architecture)
{
        static const uint32_t others[] = { AUDIT_ARCH_X86_64, AUDIT_ARCH_AARCH64, AUDIT_ARCH_I386,
                                           AUDIT_ARCH_ARM,    AUDIT_ARCH_RISCV64, 0 };

        FOREACH_ARRAY (arch, others, ELEMENTSOF(others))
                for (int nr = 0; nr < (int) ANY_NR_MAX && *arch != ARCH; nr++)
                        cr_expect_eq(run(programs[0], &(struct seccomp_data){ .nr = nr, .arch = *arch }),
                                     SECCOMP_RET_KILL_PROCESS, "architecture %#x, call %i", *arch, nr);
}

Test(filter, refuses_each_namespace_of_clone)
{
        static const uint64_t flags[] = { CLONE_NEWNS,   CLONE_NEWCGROUP, CLONE_NEWUTS, CLONE_NEWIPC,
                                          CLONE_NEWUSER, CLONE_NEWPID,    CLONE_NEWNET };
        const uint64_t thread = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD |
                                CLONE_SYSVSEM | CLONE_SETTLS | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID;
        const int nr = nr_of("clone");

        cr_expect_eq(ask(programs[0], nr, thread, 0), SECCOMP_RET_ALLOW);
        cr_expect_eq(ask(programs[0], nr, SIGCHLD, 0), SECCOMP_RET_ALLOW);
        FOREACH_ARRAY (flag, flags, ELEMENTSOF(flags)) {
                cr_expect_eq(ask(programs[0], nr, SIGCHLD | *flag, 0), REFUSED(EPERM));
                cr_expect_eq(ask(programs[0], nr, thread | *flag, 0), REFUSED(EPERM));
        }
}

Test(filter, allows_no_socket_but_those_of_unix)
{
        cr_expect_eq(ask(programs[0], nr_of("socket"), AF_UNIX, 0), SECCOMP_RET_ALLOW);
        cr_expect_eq(ask(programs[0], nr_of("socketpair"), AF_UNIX, 0), SECCOMP_RET_ALLOW);
        for (uint64_t family = 2; family < 64; family++)
                cr_expect_eq(ask(programs[0], nr_of("socket"), family, 0), REFUSED(EPERM));
}

Test(filter, looks_at_the_half_of_a_request_that_the_kernel_looks_at)
{
        static const uint64_t bad[] = { TIOCSTI,     TIOCLINUX,     TUNSETOWNER,
                                        TUNSETGROUP, TUNSETPERSIST, SIOCSIFHWADDR,
                                        LOOP_SET_FD, LOOP_CLR_FD,   LOOP_CONFIGURE };
        static const uint64_t good[] = { KVM_RUN,         KVM_CREATE_VM, TUNSETIFF,    TUNSETOFFLOAD,
                                         TUNSETVNETHDRSZ, TCGETS,        BLKGETSIZE64, BLKDISCARD };
        const int nr = nr_of("ioctl");

        FOREACH_ARRAY (request, bad, ELEMENTSOF(bad)) {
                cr_expect_eq(ask(programs[0], nr, 0, *request), REFUSED(EPERM));
                cr_expect_eq(ask(programs[0], nr, 0, *request | (1ULL << 40)), REFUSED(EPERM));
        }
        FOREACH_ARRAY (request, good, ELEMENTSOF(good))
                cr_expect_eq(ask(programs[0], nr, 0, *request), SECCOMP_RET_ALLOW);
}

Test(filter, refuses_leases)
{
        static const uint64_t good[] = { F_GETFD,         F_SETFD,     F_GETFL,   F_SETFL,
                                         F_DUPFD_CLOEXEC, F_OFD_SETLK, F_GETLEASE };
        const uint64_t bad[] = { F_SETLEASE, 1024 + 16 /* F_SETDELEG */ };
        const int nr = nr_of("fcntl");

        FOREACH_ARRAY (command, bad, ELEMENTSOF(bad)) {
                cr_expect_eq(ask(programs[0], nr, 0, *command), REFUSED(EPERM));
                cr_expect_eq(ask(programs[1], nr, 0, *command | (1ULL << 40)), REFUSED(EPERM));
        }
        FOREACH_ARRAY (command, good, ELEMENTSOF(good))
                cr_expect_eq(ask(programs[0], nr, 0, *command), SECCOMP_RET_ALLOW);
}

/* A call's mode, and what has to be among the flags for the kernel to read it. */
static const struct {
        const char *name;
        unsigned mode, flags;
        uint64_t needs;
} modes[] = {
        { "chmod", 1, 0, 0 },
        { "fchmod", 1, 0, 0 },
        { "fchmodat", 2, 0, 0 },
        { "creat", 1, 0, 0 },
        { "mkdir", 1, 0, 0 },
        { "mkdirat", 2, 0, 0 },
        { "mknod", 1, 0, 0 },
        { "mknodat", 2, 0, 0 },
        { "open", 2, 1, O_CREAT },
        { "openat", 3, 2, O_CREAT },
        /* O_TMPFILE without O_DIRECTORY, whose number is another one on each machine. */
        { "open", 2, 1, 020000000 },
        { "openat", 3, 2, 020000000 },
};

static uint32_t ask_mode(Program p, size_t i, uint64_t mode, uint64_t flags)
{
        uint64_t args[4] = {};

        if (modes[i].needs != 0)
                args[modes[i].flags] = flags;
        args[modes[i].mode] = mode;
        return ask4(p, nr_of(modes[i].name), args[0], args[1], args[2], args[3]);
}

Test(filter, refuses_setuid_and_setgid_files)
{
        static const uint64_t bad[] = {
                04000, 02000, 06755, 02750, 04000 | S_ISVTX, S_IFREG | 04755, 04000 | (1ULL << 40)
        };

        for (size_t i = 0; i < ELEMENTSOF(modes); i++) {
                if (nr_of(modes[i].name) < 0)
                        continue;
                FOREACH_ARRAY (mode, bad, ELEMENTSOF(bad)) {
                        const uint64_t flags = modes[i].needs | O_RDWR | O_CLOEXEC;

                        cr_expect_eq(ask_mode(programs[0], i, *mode, flags), REFUSED(EPERM), "%s",
                                     modes[i].name);
                        cr_expect_eq(ask_mode(programs[1], i, *mode, flags | (1ULL << 40)), REFUSED(EPERM),
                                     "%s", modes[i].name);
                }
                cr_expect_eq(ask_mode(programs[0], i, S_IFREG | 01777, modes[i].needs), SECCOMP_RET_ALLOW,
                             "%s", modes[i].name);
        }
}

/* Whoever makes no file passes no mode, but whatever is in the register. */
Test(filter, looks_at_no_mode_where_no_file_is_made)
{
        for (size_t i = 0; i < ELEMENTSOF(modes); i++)
                if (nr_of(modes[i].name) >= 0 && modes[i].needs != 0)
                        cr_expect_eq(ask_mode(programs[0], i, UINT64_MAX, O_RDWR | O_CLOEXEC | O_NOFOLLOW),
                                     SECCOMP_RET_ALLOW, "%s", modes[i].name);
}

/* The list of Firecracker 1.16 for its threads, without what depends on arguments. */
Test(filter, allows_what_firecracker_needs)
{
        static const char *const needed[] = {
                "accept4",
                "brk",
                "clock_gettime",
                "close",
                "connect",
                "epoll_ctl",
                "epoll_pwait",
                "eventfd2",
                "exit",
                "exit_group",
                "fcntl",
                "fstat",
                "fsync",
                "ftruncate",
                "futex",
                "getrandom",
                "gettid",
                "lseek",
                "madvise",
                "memfd_create",
                "mincore",
                "mmap",
                "mprotect",
                "mremap",
                "msync",
                "munmap",
                "newfstatat",
                "openat",
                "read",
                "readv",
                "recvfrom",
                "recvmsg",
                "restart_syscall",
                "rt_sigaction",
                "rt_sigprocmask",
                "rt_sigreturn",
                "sched_yield",
                "sendmsg",
                "sendto",
                "sigaltstack",
                "timerfd_create",
                "timerfd_settime",
                "tkill",
                "write",
                "writev",
                "userfaultfd",
                "execve",
                "prctl",
                "seccomp",
        };
        static const char *const io_uring[] = { "io_uring_setup", "io_uring_enter", "io_uring_register" };

        FOREACH_ARRAY (name, needed, ELEMENTSOF(needed)) {
                cr_assert(nr_of(*name) >= 0, "%s", *name);
                cr_expect_eq(ask(programs[0], nr_of(*name), 0, 0), SECCOMP_RET_ALLOW, "%s", *name);
        }
        FOREACH_ARRAY (name, io_uring, ELEMENTSOF(io_uring)) {
                cr_expect_eq(ask(programs[0], nr_of(*name), 0, 0), REFUSED(EPERM), "%s", *name);
                cr_expect_eq(ask(programs[1], nr_of(*name), 0, 0), SECCOMP_RET_ALLOW, "%s", *name);
        }
}

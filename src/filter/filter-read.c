/* SPDX-License-Identifier: Apache-2.0 */

#include <linux/audit.h>
#include <linux/seccomp.h>
#include <string.h>

#include "fd-util.h"
#include "filter-mark.h"
#include "filter-read.h"

#if defined(__x86_64__)
#define NATIVE_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define NATIVE_ARCH AUDIT_ARCH_AARCH64
#else
#error "unknown machine"
#endif

static const struct sock_filter mark[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, FILTER_MARK, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | FILTER_MARK_ERRNO),
};

#define READ_MAX ((BPF_MAXINSNS - ELEMENTSOF(mark)) * sizeof(struct sock_filter))

static int bad(char **ret_why, const char *why)
{
        *ret_why = strdup(why);
        return *ret_why ? -EBADMSG : -ENOMEM;
}

/* Calls of another architecture bypass a program that does not check the architecture first. */
static int check_arch(const struct sock_filter *p, size_t n, char **ret_why)
{
        if (n < 3 || p[0].code != (BPF_LD | BPF_W | BPF_ABS) ||
            p[0].k != offsetof(struct seccomp_data, arch) || p[1].code != (BPF_JMP | BPF_JEQ | BPF_K))
                return bad(ret_why, "does not check the architecture first");
        if (p[1].k != NATIVE_ARCH)
                return bad(ret_why, "is a filter for another architecture");
        return 0;
}

int filter_read(int fd, struct sock_filter **ret, size_t *ret_n, char **ret_why)
{
        size_t size;
        int r;

        /* The mark is put in front. */
        _cleanup_free_ char *buf = malloc(sizeof(mark) + READ_MAX + 1);
        if (!buf)
                return -ENOMEM;
        memcpy(buf, mark, sizeof(mark));

        r = fd_read(fd, &buf[sizeof(mark)], READ_MAX + 1, &size);
        if (r < 0)
                return r;
        if (size > READ_MAX)
                return bad(ret_why, "is larger than the kernel's limit for a filter");
        if (size == 0 || size % sizeof(struct sock_filter) != 0)
                return bad(ret_why, "is not a compiled filter: its size is not a multiple of 8 bytes");

        size_t n_insns = size / sizeof(struct sock_filter);
        r = check_arch((struct sock_filter *) buf + ELEMENTSOF(mark), n_insns, ret_why);
        if (r < 0)
                return r;

        *ret = (struct sock_filter *) TAKE_PTR(buf);
        *ret_n = ELEMENTSOF(mark) + n_insns;
        return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */

/*
 * `fcjail fill`: private copies of the VMM, made before a VM needs one, so that the next starts copy nothing (texts.h, D99).
 *
 * Should:  open, check and copy by the functions of a start. To the next start such a copy is like one that a VM has left.
 * Mustn't: remove a text for another one. Those that are there are ready as well.
 */

#include <sys/stat.h>
#include <sysexits.h>

#include "copy.h"
#include "fd-util.h"
#include "fill.h"
#include "plan-jail.h"
#include "proc.h"
#include "step.h"
#include "texts.h"
#include "tree.h"

_Static_assert(POOL_TEXTS_MAX == TEXTS_MAX, "nobody can ask for more than the pool has");

/* As step `paths`, of what there is without a VM. */
static int open_objects(Jail *jail)
{
        static int (*const checks[])(const Plan *p, HostObjects *o, Findings *f) = {
                host_check_writable,
                host_open_base,
                host_open_vmm,
        };

        FOREACH_ARRAY (check, checks, ELEMENTSOF(checks))
                if ((*check)(jail->plan, &jail->host, &jail->findings) == -ENOMEM)
                        return step_fail(jail, -ENOMEM, "the host");

        const Finding *e = findings_error(&jail->findings);
        return e ? step_fail_because(jail, e->error, e->exit_status, e->object, "%s", e->text) : 0;
}

static int name_text(Jail *jail, struct stat *ret_program, char ret[NAME_MAX])
{
        char boot[33];
        int r;

        r = boot_id(boot);
        if (r < 0)
                return step_fail(jail, r, "/proc/sys/kernel/random/boot_id");
        if (fstat(jail->host.vmm_fd, ret_program) < 0)
                return step_fail(jail, -errno, "%s", jail->plan->vmm);
        if (!text_name(ret_program, boot, ret))
                return step_fail_because(
                        jail, -EAGAIN, EX_TEMPFAIL, jail->plan->vmm,
                        "was changed a moment ago, and might change once more unnoticed; run `fcjail fill` again in 5 seconds");
        return 0;
}

static int fail_copy(Jail *jail, int r)
{
        if (r == -ESTALE)
                return step_fail_because(jail, r, EX_TEMPFAIL, jail->plan->vmm, COPY_CHANGED);
        return tree_fail_texts(jail, r);
}

/* -ENOBUFS: the pool is full. */
static int make_text(Jail *jail, int vmms_fd, const char *text, off_t size)
{
        _cleanup_close_ int pool_fd = -EBADF;
        int r;

        _cleanup_close_ int fd = texts_begin(vmms_fd, text, size, &pool_fd);
        if (fd < 0)
                return fd == -ENOBUFS ? fd : tree_fail_texts(jail, fd);
        r = copy_program(/* jail= */ NULL, jail->host.vmm_fd, text, fd, VMM_MODE);
        if (r >= 0)
                r = texts_finish(pool_fd, text, TAKE_FD(fd), VMM_MODE);
        if (r < 0)
                (void) texts_abandon(pool_fd, text); /* the first error counts; the next one removes it */
        return r < 0 ? fail_copy(jail, r) : 0;
}

int fill_texts(Jail *jail, unsigned *ret_made, bool *ret_full)
{
        char text[NAME_MAX];
        struct stat program = {};
        int r, there;

        *ret_made = 0;
        *ret_full = false;
        r = open_objects(jail);
        if (r < 0)
                return r;
        _cleanup_close_ int vmms_fd = tree_open_vmms(jail);
        if (vmms_fd < 0)
                return vmms_fd;
        r = tree_check_exec(jail, vmms_fd);
        if (r >= 0)
                r = name_text(jail, &program, text);
        if (r < 0)
                return r;
        there = texts_count(vmms_fd, text);
        if (there < 0)
                return tree_fail_texts(jail, there);

        for (unsigned i = (unsigned) there; r >= 0 && i < jail->plan->pool_texts; i++) {
                r = make_text(jail, vmms_fd, text, program.st_size);
                if (r == -ENOBUFS) {
                        *ret_full = true;
                        return 0;
                }
                *ret_made += r >= 0;
        }
        return r;
}

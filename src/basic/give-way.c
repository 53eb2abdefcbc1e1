/* SPDX-License-Identifier: Apache-2.0 */

/*
 * OUTSIDE is in nobody's way once INSIDE exists: what it does then takes long, or can wait.
 *
 * A batch process is not put before others when it wakes up, as OUTSIDE does when the VMM is executed. And one with a
 * longer slice than others' may be interrupted within it. Otherwise it keeps its CPU for a whole slice, which the copy of
 * the VMM does not use up, and whoever is woken up there has to wait: the kernel's thread, for one, that INSIDE's
 * umount(2) waits for.
 */

#include <errno.h>
#include <sched.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "give-way.h"

/* The kernel's struct sched_attr as it was first published; glibc has had it since 2.41. The runtime of an ordinary process
 * is its slice in ns; before Linux 6.12 it is 0, and ignored. */
typedef struct SchedAttr {
        uint32_t size;
        uint32_t policy;
        uint64_t flags;
        int32_t nice;
        uint32_t priority;
        uint64_t runtime, deadline, period;
} SchedAttr;
_Static_assert(sizeof(SchedAttr) == 48, "SCHED_ATTR_SIZE_VER0");

/* Just so that it is longer: with a much longer one it would get the CPU later. */
#define SLICE_MORE 1000 /* ns */

/* From SCHED_IDLE there is no way back without CAP_SYS_NICE, nor a need of one. */
int give_way(void)
{
        SchedAttr attr = { .size = sizeof(attr) };

        if (syscall(SYS_sched_getattr, 0, &attr, sizeof(attr), /* flags= */ 0U) < 0)
                return -errno;
        if (attr.policy != SCHED_OTHER)
                return 0;

        attr.policy = SCHED_BATCH;
        attr.runtime += SLICE_MORE;
        return RET_NERRNO(syscall(SYS_sched_setattr, 0, &attr, /* flags= */ 0U));
}

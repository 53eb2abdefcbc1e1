/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Loop devices with the mark of a start without a record; those of containers are also here. The mark has no id, so there is no
 * record to lock. None is needed: no later start has the same invocation, and a start has its record before it has a device.
 */

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "gc.h"
#include "log.h"
#include "loop.h"

typedef struct Search {
        const StateRoot *root;
        const char *invocation;
} Search;

/* 1: it is of this start, or nobody knows of which. */
static int is_of_start(const char *id, void *userdata)
{
        const Search *s = userdata;
        _cleanup_state_ State state = STATE_NULL;
        int r = state_load(s->root, id, &state);

        if (r == -ENOENT || r == -ENODATA)
                return 0;
        return r < 0 || strcmp(state.invocation, s->invocation) == 0;
}

/* 1: no process has it open. */
static int is_unused(Collection *c, dev_t rdev)
{
        int r;

        r = gc_procs_read(&c->procs);
        if (r >= 0)
                r = gc_procs_have_open(&c->procs, rdev);
        return r < 0 ? r : r == 0;
}

static int consider(const LoopFound *found, void *userdata)
{
        Collection *c = userdata;
        Search s = { c->root, found->invocation };
        char object[sizeof("/dev/loop") + 10];
        int r;

        if (!gc_procs_see(found->pid_ns) || state_each(c->root, is_of_start, &s) != 0 ||
            gc_start_runs(c, found->invocation))
                return 0;
        r = is_unused(c, found->rdev);
        if (r == 0)
                return 0;
        (void) snprintf(object, sizeof(object), "/dev/loop%u", found->number);
        if (r > 0)
                r = c->dry_run ? 0 : loop_let_go(found);
        if (r != -EBUSY) /* it is mounted */
                gc_done(c, r, /* id= */ NULL, "the loop device", object);
        return 0;
}

void gc_loops(Collection *c)
{
        int r = loop_each(consider, c);

        if (r >= 0)
                return;
        log_error("Failed to look at the loop devices: %s", strerror(-r));
        gc_fail(c, EX_OSERR);
}

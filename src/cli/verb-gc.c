/* SPDX-License-Identifier: Apache-2.0 */

/*
 * fcjail gc: cleans up after every VM that has ended and that nobody else cleans up after: those that were started in the place
 * of Firecracker's jailer, and those by hand whose starter was killed. After the VMs of units systemd cleans up. Then it goes
 * over what has no record any more, see gc.h.
 *
 * Should:  prove that a VM has ended, by its record, its lock and its process; age and names prove nothing.
 * Mustn't: stop at one that it cannot judge.
 */

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "common.h"
#include "fd-util.h"
#include "gc.h"
#include "log.h"
#include "step.h"
#include "verbs.h"

/* As long as somebody may wait who has started it by hand. */
#define LOCK_SECONDS 600

/* The caller has its lock, so nobody starts the VM, runs it by hand or cleans up after it. */
static void collect_locked(Collection *c, const char *id, int state_fd)
{
        _cleanup_state_ State s = STATE_NULL;
        bool identified;
        int r;

        r = state_read(state_fd, &s);
        if (r == -ENODATA) { /* a start was killed before it had made anything */
                if (!c->dry_run && state_remove(c->root, id) < 0)
                        gc_fail(c, EX_IOERR);
                return;
        }
        if (r < 0) {
                gc_fail(c, log_bad_record(id, r));
                return;
        }
        if (s.supervised)
                return;
        _cleanup_close_ int pid_fd = state_vmm_hold(&s, &identified);
        if (pid_fd >= 0)
                return;
        if (pid_fd != -ESRCH) {
                log_error("Cannot determine whether the VMM of '%s' is running: %s", id,
                          state_why_unknown(pid_fd));
                gc_fail(c, EX_OSERR);
                return;
        }

        if (c->dry_run)
                printf("%s\n", id);
        else if (clean_up(c->root, &s) < 0)
                gc_fail(c, EX_OSERR);
        else
                c->n_vms++;
}

static int collect(const char *id, void *userdata)
{
        Collection *c = userdata;

        _cleanup_close_ int fd = state_lock_to_collect(c->root, id, /* create= */ false);
        if (fd == -EBUSY || fd == -ENOENT)
                return 0;
        if (fd < 0)
                gc_fail(c, log_bad_record(id, fd));
        else
                collect_locked(c, id, fd);
        return 0;
}

static void collect_things(Collection *c)
{
        static void (*const kinds[])(Collection * c) = {
                gc_trees, gc_socks, gc_links, gc_loops, gc_claims, gc_cni,
        };

        FOREACH_ARRAY (kind, kinds, ELEMENTSOF(kinds))
                (*kind)(c);
        gc_procs_done(&c->procs);
}

static int collect_all(Collection *c)
{
        int r;

        /* One at a time, as state_lock_to_collect() needs it. */
        _cleanup_close_ int lock = lock_verb(c->root, "gc", LOCK_SECONDS);
        if (lock < 0)
                return EX_OSERR;
        r = state_each(c->root, collect, c);
        if (r < 0) {
                log_error("Failed to read /run/fcjail/vm: %s", strerror(-r));
                return EX_OSERR;
        }
        collect_things(c);
        return c->status;
}

int verb_gc(const CommandLine *c)
{
        _cleanup_state_root_ StateRoot root = { .fd = -EBADF, .vm_fd = -EBADF };
        Collection all = { .root = &root, .dry_run = option_value(c, "dry-run") };
        Caller caller;
        int status;

        log_open(NULL);
        status = become_root(&caller);
        if (status == EX_OK)
                status = open_state(&root);
        if (status != EX_OK)
                return status;
        status = collect_all(&all);
        if (all.dry_run)
                return fflush(stdout) == 0 ? status : EX_IOERR;
        if (all.n_vms > 0)
                log_info("VMs that had ended and were cleaned up after: %u", all.n_vms);
        return status;
}

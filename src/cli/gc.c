/* SPDX-License-Identifier: Apache-2.0 */

/* What all kinds of things that have no record have in common, see gc.h. */

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "at.h"
#include "chase.h"
#include "common.h"
#include "fd-util.h"
#include "gc.h"
#include "layout.h"
#include "log.h"

void gc_fail(Collection *c, int status)
{
        if (c->status == EX_OK)
                c->status = status;
}

void gc_cannot_look(Collection *c, const char *where, int r)
{
        if (r == -ENOENT || r == -EBUSY)
                return;
        log_error("Failed to look at %s: %s", where, chase_strerror(r));
        gc_fail(c, EX_OSERR);
}

const char *gc_next(Collection *c, DIR *d, const char *where)
{
        const char *name;
        int r = at_next(d, &name);

        if (r < 0)
                gc_cannot_look(c, where, r);
        return r > 0 ? name : NULL;
}

void gc_done(Collection *c, int r, const char *id, const char *what, const char *object)
{
        if (r < 0) {
                log_error("Failed to remove %s %s%s%s, which no VM has: %s", what, object, id ? " of " : "",
                          id ? id : "", strerror(-r));
                gc_fail(c, EX_OSERR);
                return;
        }
        if (c->dry_run)
                printf("%s%s%s %s\n", id ? id : "", id ? ": " : "", what, object);
        else
                log_info("Removed %s %s%s%s, which no VM has", what, object, id ? " of " : "", id ? id : "");
}

/* Where the link to its run/ leads: the directory above is its root, and nobody but root can change the way. A VM without a record,
 * which somebody has removed, still has that. */
static bool vm_lives(Collection *c, const char *id)
{
        char path[sizeof(LAYOUT_SOCK_DIR "/") + ID_LEN_MAX], target[PATH_MAX];
        struct stat st;

        (void) snprintf(path, sizeof(path), LAYOUT_SOCK_DIR "/%s", id);
        if (at_read_link(c->root->fd, path, target, sizeof(target)) < 0 || target[0] != '/')
                return false;
        *strrchr(target, '/') = '\0';
        _cleanup_close_ int fd = chase_open(target, O_PATH | O_DIRECTORY, CHASE_DEFAULT, NULL);
        if (fd < 0 || fstat(fd, &st) < 0)
                return fd != -ENOENT; /* not to know is not to be alone */
        return !gc_nobody(c, gc_has_root, &st);
}

/* 1: nobody's, 0: somebody's, or nobody knows whose. */
static int judge(Collection *c, const char *id, int r, const State *s, const char *invocation)
{
        if (r == -ENODATA || r == -ENOENT)
                return !vm_lives(c, id);
        return r >= 0 && invocation && strcmp(s->invocation, invocation) != 0;
}

/* Who only looks takes no lock (D90). */
static int glance(Collection *c, const char *id, const char *invocation)
{
        _cleanup_state_ State s = STATE_NULL;
        StateGlance g = {};
        int r = state_glance(c->root, id, &s, &g);

        return g.locked ? 0 : judge(c, id, r, &s, invocation);
}

int gc_hold(Collection *c, const char *id, const char *invocation, GcHold *ret)
{
        _cleanup_state_ State s = STATE_NULL;
        int r;

        *ret = GC_HOLD_NULL;
        if (c->dry_run)
                return glance(c, id, invocation);
        ret->fd = state_lock_to_collect(c->root, id, /* create= */ true);
        if (ret->fd == -EBUSY || ret->fd == -EBADMSG) /* the latter was said of the record */
                return 0;
        if (ret->fd < 0) {
                gc_fail(c, log_bad_record(id, ret->fd));
                return ret->fd;
        }
        r = state_read(ret->fd, &s);
        ret->empty = r == -ENODATA;
        r = judge(c, id, r, &s, invocation);
        if (r <= 0)
                gc_release(c, id, ret);
        return r;
}

void gc_release(Collection *c, const char *id, GcHold *hold)
{
        if (hold->fd >= 0 && hold->empty && state_remove(c->root, id) < 0)
                gc_fail(c, EX_IOERR);
        hold->fd = safe_close(hold->fd);
}

int gc_nobody(Collection *c, bool (*who)(const GcProc *p, const void *what), const void *what)
{
        int r = gc_procs_read(&c->procs);

        if (r < 0) {
                log_error("Cannot determine which processes run, and keeps what one of them may use: %s",
                          strerror(-r));
                gc_fail(c, EX_OSERR);
                return 0;
        }
        FOREACH_ARRAY (p, c->procs.items, c->procs.n_items)
                if (who(p, what))
                        return 0;
        return 1;
}

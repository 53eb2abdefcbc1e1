/* SPDX-License-Identifier: Apache-2.0 */

/* Claims of uids and images by starts that have no record any more, and that nobody uses. */

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "claim.h"
#include "gc.h"
#include "log.h"

static bool has_uid(const GcProc *p, const void *what)
{
        return p->uid == *(const uid_t *) what;
}

/* Two VMs with one uid could signal each other. */
static bool uid_is_unused(Collection *c, const char *name)
{
        uid_t uid;

        return parse_u32(name, 0, UINT32_MAX, &uid) >= 0 && gc_nobody(c, has_uid, &uid);
}

typedef struct Start {
        Collection *c;
        const char *invocation;
        bool runs;
} Start;

static void look_at(ClaimKind kind, const char *name, const State *s, void *userdata)
{
        Start *start = userdata;

        if (kind == CLAIM_UID && strcmp(s->invocation, start->invocation) == 0)
                start->runs |= !uid_is_unused(start->c, name);
}

bool gc_start_runs(Collection *c, const char *invocation)
{
        Start start = { .c = c, .invocation = invocation };
        int r = claims_each(c->root, look_at, &start);

        return r < 0 || start.runs; /* why was said, or gc_claims() says it */
}

static bool is_unused(Collection *c, ClaimKind kind, const char *name, const State *s)
{
        return kind == CLAIM_UID ? uid_is_unused(c, name) : !gc_start_runs(c, s->invocation);
}

static void consider(ClaimKind kind, const char *name, const State *s, void *userdata)
{
        Collection *c = userdata;
        const char *what = kind == CLAIM_UID ? "the claim of uid" : "the claim of the image";
        GcHold hold;

        if (gc_hold(c, s->id, s->invocation, &hold) <= 0)
                return;
        if (is_unused(c, kind, name, s))
                gc_done(c, c->dry_run ? 0 : claim_release(c->root, kind, name, s), s->id, what, name);
        gc_release(c, s->id, &hold);
}

void gc_claims(Collection *c)
{
        int r = claims_each(c->root, consider, c);

        if (r >= 0)
                return;
        log_error("Failed to look at the claims in /run/fcjail: %s", strerror(-r));
        gc_fail(c, EX_OSERR);
}

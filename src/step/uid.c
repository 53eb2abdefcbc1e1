/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Step `uid`: a uid that no other running VM has, unless both share it. If several starts want one, one gets it.
 *
 * Should:  give an id the uid that it had, and no uid that somebody else may own files with.
 * Mustn't: ask a name service, which could block a start.
 */

#include <stdio.h>
#include <sysexits.h>

#include "claim.h"
#include "kept-uid.h"
#include "step.h"
#include "uid-owners.h"

/* Another VM has it, or may have it. */
static bool is_taken(int r, const char *owner)
{
        return owner || r == -EBADMSG;
}

/* Records the uid, then tries to claim it. Returns as claim_take(). */
static int try_uid(Jail *jail, uid_t uid, gid_t gid, char **ret_owner)
{
        char name[CLAIM_NAME_MAX];
        int r, k;

        jail->state.uid = uid;
        jail->state.gid = gid;
        r = state_append(jail->state_fd, &jail->state, STATE_UID);
        if (r >= 0)
                r = claim_take(&jail->state_root, CLAIM_UID, claim_uid_name(uid, name),
                               jail->plan->uid_shared, &jail->state, ret_owner);
        if (is_taken(r, *ret_owner)) {
                /* Drops these lines again: otherwise a long search would make a long record. */
                jail->state.uid = UID_INVALID;
                jail->state.gid = GID_INVALID;
                k = state_write(jail->state_fd, &jail->state);
                return k < 0 ? k : r;
        }
        if (r < 0)
                return r;

        jail->uid = uid;
        jail->gid = gid;
        return 0;
}

typedef struct Search {
        UidOwners others; /* in /etc/passwd and /etc/subuid, of a range that an operator has chosen */
        bool take_kept;   /* also a uid that a VM had whose jail directory is still there */
        bool passed_kept; /* one was passed over */
} Search;

/* 1: the VM should not get this uid, 0, or -errno. */
static int is_reserved(const Jail *jail, Search *s, uid_t uid)
{
        int r;

        if (uid_owners_find(&s->others, uid))
                return 1;
        if (s->take_kept)
                return 0;
        r = kept_uid_is_anothers(&jail->state_root, uid, jail->plan->id);
        if (r > 0)
                s->passed_kept = true;
        return r;
}

/* The uids of the range in their order from `first` on, around the end. 0: the VM has one. 1: none is free. */
static int search_range(Jail *jail, Search *s, uid_t first)
{
        const UidRange *range = &jail->plan->uid_range;
        uint32_t n = range->last - range->first + 1;
        int r;

        for (uint32_t i = 0; i < n; i++) {
                _cleanup_free_ char *owner = NULL;
                uint32_t uid = range->first + (first - range->first + i) % n;

                r = is_reserved(jail, s, uid);
                if (r > 0)
                        continue;
                if (r == 0)
                        r = try_uid(jail, uid, jail->plan->gid != GID_INVALID ? jail->plan->gid : uid,
                                    &owner);
                if (r >= 0)
                        return 0;
                if (!is_taken(r, owner))
                        return step_fail(jail, r, "uid %u", uid);
        }
        return 1;
}

/* The uid that the id had, if its jail directory is still there and the uid in the range; otherwise *uid stays. */
static int take_kept(Jail *jail, uid_t *uid)
{
        const UidRange *range = &jail->plan->uid_range;
        uid_t kept;
        int r;

        r = kept_uid_find(&jail->state_root, jail->plan->id, &kept);
        if (r < 0 && r != -ENOENT)
                return step_fail(jail, r, "/run/fcjail/kept");
        if (r >= 0 && kept >= range->first && kept <= range->last)
                *uid = kept;
        return 0;
}

static int uid_from_range(Jail *jail)
{
        const UidRange *range = &jail->plan->uid_range;
        _cleanup_(uid_owners_done) UidOwners others = {};
        uid_t first = jail->plan->uid_first;
        const char *culprit;
        int r;

        r = take_kept(jail, &first);
        if (r < 0)
                return r;
        /* The default range is nobody else's, and a start need not read for that. */
        if (!jail->plan->uid_range_by_default) {
                r = uid_owners_read(range, &others, &culprit);
                if (r < 0)
                        return step_fail(jail, r, "%s", culprit);
        }

        Search s = { .others = others };
        r = search_range(jail, &s, first);
        if (r > 0 && s.passed_kept) {
                s.take_kept = true;
                r = search_range(jail, &s, first);
        }
        if (r <= 0)
                return r;
        return step_fail_because(
                jail, -EBUSY, EX_TEMPFAIL, jail->plan->id,
                "all uids of %u-%u are in use, or belong to others in /etc/passwd or /etc/subuid; stop a VM or widen FCJAIL_UID_RANGE=",
                range->first, range->last);
}

int step_uid(Jail *jail)
{
        const Plan *p = jail->plan;
        _cleanup_free_ char *owner = NULL;
        char object[32];
        int r;

        if (p->uid == UID_INVALID)
                return uid_from_range(jail);

        (void) snprintf(object, sizeof(object), "uid %u", p->uid);
        r = try_uid(jail, p->uid, p->gid, &owner);
        if (r == -EBUSY)
                return step_fail_because(
                        jail, r, EX_TEMPFAIL, object,
                        "belongs to the running VM '%s'; change or unset FCJAIL_UID= of this one, or set FCJAIL_SHARED_UID=yes for both",
                        owner);
        if (owner)
                return step_fail_because(
                        jail, r, EX_TEMPFAIL, object,
                        "may belong to VM '%s', but fcjail cannot determine whether that is running: %s; if it is not, remove /run/fcjail/vm/%s",
                        owner, state_why_unknown(r), owner);
        if (r == -EBADMSG)
                return step_fail_because(
                        jail, r, EX_IOERR, object,
                        "its record in /run/fcjail/uid is damaged; if no running VM has this uid, remove the record");
        return r < 0 ? step_fail(jail, r, "%s", object) : 0;
}

/* After that of `tree`, which has said what stays in the jail directory. */
int undo_uid(Undo *undo)
{
        const State *s = undo->state;
        char name[CLAIM_NAME_MAX];
        int r, k;

        if (s->uid == UID_INVALID)
                return 0;
        r = s->keep || undo->kept ? kept_uid_remember(undo->root, s->id, s->uid)
                                  : kept_uid_forget(undo->root, s->id);
        k = claim_release(undo->root, CLAIM_UID, claim_uid_name(s->uid, name), s);
        return r < 0 ? r : k;
}

/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Steps `state` and `uid`: whoever holds the lock on the VM's record owns the id, until its last process is
 * gone. Of any number that start at once, one gets it; and the same holds for a uid that is not shared.
 *
 * Should:  write down everything that the later steps make, before they make it.
 * Mustn't: touch anything of a VM that may be alive.
 */

#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sysexits.h>

#include "fd-util.h"
#include "parse.h"
#include "step.h"
#include "uid-record.h"

/* systemd's INVOCATION_ID, by which a cleanup knows that it is meant; a random one for a start by hand. */
static int find_invocation(const Plan *p, char ret[33])
{
        const char *env = getenv("INVOCATION_ID");
        uint8_t bytes[16];

        if (p->supervised) {
                if (!env || !id128_valid(env))
                        return -EBADMSG;
                memcpy(ret, env, 33);
                return 0;
        }

        if (getrandom(bytes, sizeof(bytes), /* flags= */ 0) != sizeof(bytes))
                return -errno;
        for (size_t i = 0; i < sizeof(bytes); i++)
                (void) snprintf(ret + 2 * i, 3, "%02x", bytes[i]);
        return 0;
}

static int dup_to(const char *s, char **ret)
{
        if (!s)
                return 0;
        *ret = strdup(s);
        return *ret ? 0 : -ENOMEM;
}

/* A namespace that lives longer than the VM keeps its TAPs; a private one takes them along. */
static int lasting_netns(const Plan *p, char **ret)
{
        char name[NETNS_NAME_MAX];
        int r;

        if (p->n_taps == 0 || p->netns == NETNS_PRIVATE)
                return 0;
        if (p->netns == NETNS_PATH)
                return dup_to(p->netns_path, ret);

        r = netns_name(name);
        return r < 0 ? r : dup_to(name, ret);
}

_Static_assert(TAPS_MAX <= STATE_TAPS_MAX, "a record has room for all TAPs of a plan");

static int make_state(const Plan *p, State *ret)
{
        char boot[33], invocation[33];
        _cleanup_state_ State s = {
                .supervised = p->supervised,
                .keep = p->keep,
                .stop_seconds = p->stop_seconds,
        };
        int r;

        r = boot_id(boot);
        if (r >= 0)
                r = find_invocation(p, invocation);
        if (r >= 0)
                r = dup_to(p->id, &s.id);
        if (r >= 0)
                r = dup_to(boot, &s.boot);
        if (r >= 0)
                r = dup_to(invocation, &s.invocation);
        if (r >= 0)
                r = dup_to(p->chroot_dir, &s.chroot_dir);
        if (r >= 0)
                r = dup_to(p->api, &s.api);
        if (r >= 0)
                r = lasting_netns(p, &s.netns);
        for (size_t i = 0; r >= 0 && i < p->n_taps; i++)
                r = dup_to(p->taps[i].name, &s.taps[s.n_taps++]);
        if (r < 0)
                return r;

        *ret = s;
        s = (State){};
        return 0;
}

/* An earlier life of the id, if it is over, is cleaned up here with what it wrote down itself. */
static int bury_earlier_life(Jail *jail)
{
        _cleanup_state_ State old = {};
        bool identified;
        int r;

        r = state_read(jail->state_fd, &old);
        if (r == -ENODATA)
                return 0;
        if (r < 0)
                return step_fail_because(jail, r, EX_IOERR, jail->plan->id,
                                         "its record in /run/fcjail/vm cannot be read; if no such VM runs, "
                                         "remove the record and start again");

        _cleanup_close_ int pid_fd = state_vmm_hold(&old, &identified);
        if (pid_fd >= 0)
                return step_fail_because(jail, -EBUSY, EX_TEMPFAIL, jail->plan->id,
                                         identified ? "a VM of this id runs already, as process %i"
                                                    : "a VM of this id runs already, as process %i; if that "
                                                      "process is no VMM, remove its record in "
                                                      "/run/fcjail/vm",
                                         old.vmm.pid);
        if (pid_fd != -ESRCH)
                return step_fail_because(jail, pid_fd, EX_TEMPFAIL, jail->plan->id,
                                         "cannot determine whether a VM of this id is running: %s",
                                         strerror(-pid_fd));

        r = steps_undo(&jail->state_root, &old);
        if (r < 0)
                return step_fail_because(jail, r, EX_TEMPFAIL, jail->plan->id,
                                         "what an earlier life left could not be cleaned up (see above)");
        return 0;
}

int step_state(Jail *jail)
{
        _cleanup_free_ char *culprit = NULL;
        int r;

        r = state_root_open(&jail->state_root, &culprit);
        if (r < 0)
                return step_fail(jail, r, "%s", culprit ? culprit : "/run/fcjail");

        jail->state_fd = state_lock(&jail->state_root, jail->plan->id, /* create= */ true);
        if (jail->state_fd == -EBUSY)
                return step_fail_because(jail, -EBUSY, EX_TEMPFAIL, jail->plan->id,
                                         "a VM of this id is being started, run by hand or cleaned up now");
        if (jail->state_fd < 0)
                return step_fail(jail, jail->state_fd, "/run/fcjail/vm/%s", jail->plan->id);

        r = bury_earlier_life(jail);
        if (r < 0)
                return r;

        r = make_state(jail->plan, &jail->state);
        if (r >= 0)
                r = state_write(jail->state_fd, &jail->state);
        if (r < 0)
                return step_fail(jail, r, "/run/fcjail/vm/%s", jail->plan->id);
        return 0;
}

/* Writes down which uid it will be, then tries to get it. -EBUSY: *ret_owner has it. */
static int try_uid(Jail *jail, uint32_t uid, uint32_t gid, char **ret_owner)
{
        off_t offset;
        int r, k;

        r = state_append_uid(jail->state_fd, uid, gid, &offset);
        if (r < 0)
                return r;
        r = uid_record_claim(&jail->state_root, uid, jail->plan->uid_shared, &jail->state, ret_owner);
        if (r == -EBUSY) {
                k = state_take_back_uid(jail->state_fd, offset);
                return k < 0 ? k : r;
        }
        if (r < 0)
                return r;

        jail->uid = jail->state.uid = uid;
        jail->gid = jail->state.gid = gid;
        return 0;
}

/* FNV-1a: the same id gets the same uid again if it can, which is friendly to files that the VM owns. */
static uint32_t hash_id(const char *id)
{
        uint32_t h = 2166136261U;

        for (const char *p = id; *p; p++)
                h = (h ^ (uint8_t) *p) * 16777619U;
        return h;
}

static int uid_from_range(Jail *jail)
{
        const UidRange *range = &jail->plan->uid_range;
        uint32_t n = range->last - range->first + 1;
        uint32_t offset = hash_id(jail->plan->id) % n;
        int r;

        for (uint32_t i = 0; i < n; i++) {
                _cleanup_free_ char *owner = NULL;
                uint32_t uid = range->first + (offset + i) % n;

                r = try_uid(jail, uid, jail->plan->gid != GID_INVALID ? jail->plan->gid : uid, &owner);
                if (r >= 0)
                        return 0;
                if (r != -EBUSY)
                        return step_fail(jail, r, "uid %u", uid);
        }

        return step_fail_because(jail, -EBUSY, EX_TEMPFAIL, jail->plan->id,
                                 "all uids of %u-%u are in use; stop a VM or widen FCJAIL_UID_RANGE=",
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

        r = try_uid(jail, p->uid, p->gid, &owner);
        if (r == 0)
                return 0;
        if (r != -EBUSY)
                return step_fail(jail, r, "uid %u", p->uid);

        (void) snprintf(object, sizeof(object), "uid %u", p->uid);
        return step_fail_because(jail, r, EX_TEMPFAIL, object,
                                 "belongs to the running VM '%s'; give this one another, or none at all, or "
                                 "say FCJAIL_SHARED_UID=yes for both",
                                 owner);
}

int undo_uid(Undo *undo)
{
        if (undo->state->uid == 0)
                return 0;
        return uid_record_release(undo->root, undo->state->uid, undo->state);
}

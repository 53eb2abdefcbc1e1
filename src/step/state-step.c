/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Step `state`: whoever holds the lock on the VM's record owns the id, until its last process has ended. If several
 * start at once, one gets it.
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
#include "text.h"
#include "texts.h"

/* The watcher of the earlier life may be at work, and soon ends. */
#define WATCHER_USEC (5U * 1000000U)

#define DAMAGED                                                                                             \
        "is damaged, or fcjail did not write it; if the VM is not running, remove the record and start again"

/* systemd's INVOCATION_ID, by which a cleanup knows that it is meant; a random one for a start by hand. */
static int find_invocation(const Plan *p, char ret[33])
{
        const char *env = getenv("INVOCATION_ID");
        uint8_t bytes[16];

        if (p->unit_cleans_up) {
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

/* A namespace that outlives the VM keeps its TAPs; with a private one they disappear. */
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

/* How each kind of file is removed. */
static int name_files(const Plan *p, State *s)
{
        StateNames *const lists[_FILE_KIND_MAX] = {
                [FILE_VMM] = &s->files,    [FILE_PLACE] = &s->places,  [FILE_RUN] = &s->trees,
                [FILE_CONFIG] = &s->files, [FILE_VM_DIR] = &s->places, [FILE_PID] = &s->files,
        };
        int r = 0;

        FOREACH_ARRAY (f, p->files, p->n_files) {
                StateNames *list = lists[f->kind];
                if (r >= 0)
                        r = dup_to(f->path, &list->names[list->n++]);
        }
        return r;
}
_Static_assert(FILE_PLANS_MAX <= STATE_NAMES_MAX, "a record has room for all files of a plan");

static int name_mount_points(const Jail *jail, State *s)
{
        const Plan *p = jail->plan;
        int r = 0;

        for (size_t i = 0; r >= 0 && i < p->n_binds; i++) {
                char **name = &s->mount_points.names[s->mount_points.n];

                if (jail->host.binds[i].taken)
                        continue;
                if (ASPRINTF(name, "/%s", p->binds[i].path) < 0)
                        r = -ENOMEM;
                s->mount_points.n++;
        }
        return r;
}
_Static_assert(BIND_PLANS_MAX <= STATE_NAMES_MAX, "a record has room for all mount points of a plan");

/* Where a bind puts it, if one does; of two the inner one. */
static int name_log(const Jail *jail, State *s)
{
        const Plan *p = jail->plan;
        const BindPlan *in = NULL;
        char *path;

        for (size_t i = 0; p->vmm_log && i < p->n_binds; i++)
                if (!jail->host.binds[i].taken && path_is_at_or_below(p->vmm_log, p->binds[i].path) &&
                    (!in || strlen(p->binds[i].path) > strlen(in->path)))
                        in = &p->binds[i];
        if (!in)
                return dup_to(p->vmm_log, &s->log);
        if (ASPRINTF(&path, "%s%s", in->source, p->vmm_log + strlen(in->path)) < 0)
                return -ENOMEM;
        s->log = path;
        return 0;
}

_Static_assert(TAPS_MAX <= STATE_TAPS_MAX, "a record has room for all TAPs of a plan");

static int name_text(const Jail *jail, State *s)
{
        char name[NAME_MAX];
        struct stat st;

        if (jail->plan->vmm_text != VMM_TEXT_RECYCLED)
                return 0;
        if (fstat(jail->host.vmm_fd, &st) < 0)
                return -errno;
        return text_name(&st, s->boot, name) ? dup_to(name, &s->text) : 0;
}

static int make_state(const Jail *jail, State *ret)
{
        const Plan *p = jail->plan;
        char boot[33], invocation[33];
        _cleanup_state_ State s = STATE_NULL;
        int r;

        s.version = STATE_VERSION;
        s.supervised = p->unit_cleans_up;
        s.keep = p->keep;
        s.vm_owns_root = p->vm_owns_root;
        s.stop_seconds = p->stop_seconds;

        r = boot_id(boot);
        if (r >= 0)
                r = pid_namespace(&s.vmm.ns);
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
                r = dup_to(p->vmm_name, &s.vmm_name);
        if (r >= 0)
                r = name_text(jail, &s);
        if (r >= 0)
                r = name_files(p, &s);
        if (r >= 0)
                r = name_mount_points(jail, &s);
        if (r >= 0)
                r = name_log(jail, &s);
        if (r >= 0)
                r = dup_to(p->id, &s.sock);
        if (r >= 0)
                r = dup_to(p->api, &s.api);
        if (r >= 0)
                r = lasting_netns(p, &s.netns);
        for (size_t i = 0; r >= 0 && i < p->n_taps; i++)
                r = dup_to(p->taps[i].name, &s.taps.names[s.taps.n++]);
        for (size_t i = 0; r >= 0 && i < p->n_taps; i++)
                if (p->taps[i].redirect[0])
                        r = dup_to(p->taps[i].redirect, &s.redirects.names[s.redirects.n++]);
        if (r >= 0 && p->uplink.kind != UPLINK_NONE)
                r = dup_to(p->uplink_name, &s.uplink);
        if (r < 0)
                return r;

        *ret = s;
        s = STATE_NULL;
        return 0;
}

/* A record that cannot be read, or only in part, may belong to a running VM, or name things that nobody else would
 * remove. */
static int read_earlier_life(Jail *jail, const char *record, State *ret)
{
        int r;

        r = state_read(jail->state_fd, ret);
        if (r == -EBADMSG)
                return step_fail_because(jail, r, EX_IOERR, record, DAMAGED);
        return r < 0 && r != -ENODATA ? step_fail(jail, r, "%s", record) : r;
}

static int check_dead(Jail *jail, const State *old)
{
        bool identified;

        _cleanup_close_ int pid_fd = state_vmm_hold(old, &identified);
        if (pid_fd == -ESRCH)
                return 0;
        if (pid_fd < 0)
                return step_fail_because(
                        jail, pid_fd, EX_TEMPFAIL, jail->plan->id,
                        "cannot determine whether a VM with this id is running: %s; if none is, remove /run/fcjail/vm/%s",
                        state_why_unknown(pid_fd), jail->plan->id);
        if (identified)
                return step_fail_because(jail, -EBUSY, EX_TEMPFAIL, jail->plan->id,
                                         "a VM with this id is already running as process %i", old->vmm.pid);
        return step_fail_because(
                jail, -EBUSY, EX_TEMPFAIL, jail->plan->id,
                "a VM with this id is already running as process %i; if that process is not a VMM, remove /run/fcjail/vm/%s",
                old->vmm.pid, jail->plan->id);
}

static int check_understood(Jail *jail, const char *record, const State *old)
{
        _cleanup_free_ char *unknown = NULL;
        CutText cut;

        if (state_is_understood(old))
                return 0;
        unknown = text_escape(old->unknown ? old->unknown : "");
        if (!unknown)
                return step_fail(jail, -ENOMEM, "%s", record);
        return step_fail_because(
                jail, -EPROTONOSUPPORT, EX_TEMPFAIL, record,
                "a newer fcjail wrote it (version %u, '%s'); run `fcjail cleanup %s` of that version, as this version removes only what it knows",
                old->version, text_cut(&cut, unknown), jail->plan->id);
}

/* Cleans up an earlier run of the id, if it has ended, by its own record. */
static int bury_earlier_life(Jail *jail, const char *record)
{
        _cleanup_state_ State old = STATE_NULL;
        int r;

        r = read_earlier_life(jail, record, &old);
        if (r < 0)
                return r == -ENODATA ? 0 : r;
        r = check_dead(jail, &old);
        if (r >= 0)
                r = check_understood(jail, record, &old);
        if (r < 0)
                return r;

        r = steps_undo(&jail->state_root, &old);
        if (r < 0)
                return step_fail_because(jail, r, EX_TEMPFAIL, jail->plan->id,
                                         "failed to clean up after an earlier run (see above)");
        return 0;
}

int step_state(Jail *jail)
{
        _cleanup_free_ char *culprit = NULL;
        char record[sizeof("/run/fcjail/vm/") + ID_LEN_MAX];
        int r;

        (void) snprintf(record, sizeof(record), "/run/fcjail/vm/%s", jail->plan->id);
        r = state_root_open(&jail->state_root, &culprit);
        if (r < 0)
                return step_fail(jail, r, "%s", culprit ? culprit : "/run/fcjail");

        jail->state_fd = state_lock_wait(&jail->state_root, jail->plan->id, /* create= */ true,
                                         jail->plan->watched ? WATCHER_USEC : 0);
        if (jail->state_fd == -EBUSY)
                return step_fail_because(
                        jail, -EBUSY, EX_TEMPFAIL, jail->plan->id,
                        "another fcjail is starting, running or cleaning up a VM with this id");
        if (jail->state_fd == -EBADMSG)
                return step_fail_because(jail, -EBADMSG, EX_IOERR, record, DAMAGED);
        if (jail->state_fd < 0)
                return step_fail(jail, jail->state_fd, "%s", record);

        r = bury_earlier_life(jail, record);
        if (r < 0)
                return r;

        r = make_state(jail, &jail->state);
        if (r >= 0)
                r = state_write(jail->state_fd, &jail->state);
        return r < 0 ? step_fail(jail, r, "%s", record) : 0;
}

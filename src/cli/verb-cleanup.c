/* SPDX-License-Identifier: Apache-2.0 */

/*
 * fcjail cleanup ID: the ExecStopPost= of fcjail@.service, and by hand after an accident. Works from the
 * record of what was made, not from the configuration, which may have changed since. Acts only on a start of
 * its own invocation, or on one whose VMM is provably gone.
 */

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "common.h"
#include "end.h"
#include "fd-util.h"
#include "log.h"
#include "messages.h"
#include "plan.h"
#include "state.h"
#include "step.h"
#include "systemd.h"
#include "verbs.h"
#include "vmm.h"

/* The lock of our own start is free as soon as its last process is gone. */
#define WAIT_USEC (5U * 1000000U)

/* Another start owns the id. After a start that did not get the id, systemd also calls us: no error. To a person, it is
 * one. */
static int leave_alone(const char *id)
{
        if (systemd_runs_us())
                return EX_OK;

        log_error("Another fcjail is starting, running or cleaning up VM '%s'", id);
        return EX_TEMPFAIL;
}

static int leave_vmm_alone(const State *s, bool identified)
{
        if (systemd_runs_us())
                return EX_OK;

        if (identified)
                log_error("VM '%s' is still running as process %i; stop it first", s->id, s->vmm.pid);
        else
                log_error(
                        "VM '%s' is still running as process %i; stop it first, or, if that process is not a VMM, remove /run/fcjail/vm/%s",
                        s->id, s->vmm.pid, s->id);
        return EX_TEMPFAIL;
}

/* Whether the record belongs to the start that systemd calls us for. */
static bool load_our_own(const StateRoot *root, const char *id, State *ret)
{
        const char *invocation = getenv("INVOCATION_ID");
        _cleanup_state_ State s = STATE_NULL;

        if (!invocation || !systemd_runs_us() || state_load(root, id, &s) < 0 ||
            strcmp(s.invocation, invocation) != 0)
                return false;

        *ret = s;
        s = STATE_NULL;
        return true;
}

/* No process of our own start may remain: a VMM that ignores signals, or INSIDE before it ends. */
static void kill_our_own(const State *s)
{
        _cleanup_vmm_ Vmm vmm = { .pid_fd = -EBADF };

        if (vmm_hold(s, &vmm) >= 0)
                (void) vmm_kill(&vmm); /* clean() looks at what came of it */
}

/* Somebody has removed it, or there was nothing to clean up. */
static int clean_without_record(const char *id)
{
        const Layout usual = { .base = DEFAULT_CHROOT_DIR, .vmm_name = DEFAULT_VMM_NAME, .id = id };
        char jail[PATH_MAX];
        LogField field = { "FCJAIL_OBJECT", jail };

        (void) layout_path(&usual, LAYOUT_VM, "", jail);
        bool stays = faccessat(AT_FDCWD, jail, F_OK, AT_SYMLINK_NOFOLLOW) >= 0;

        if (systemd_runs_us() && vmm_had_run()) {
                log_entry(
                        LOG_ERR, MESSAGE_RECORD_MISSING, -ENOENT, stays ? &field : NULL, stays ? 1 : 0,
                        "Failed to clean up '%s': the record /run/fcjail/vm/%s is missing; %s remains, and so do TAP devices in a persistent network namespace",
                        id, id, stays ? jail : "its jail directory");
                return EX_IOERR;
        }
        if (!systemd_runs_us() && stays)
                log_info("The record /run/fcjail/vm/%s is missing; %s remains", id, jail);
        return EX_OK;
}

static int clean(const StateRoot *root, const char *id, int state_fd, bool ours)
{
        _cleanup_state_ State s = STATE_NULL;
        bool identified;
        int r;

        r = state_read(state_fd, &s);
        /* The start was killed before it had made anything, or somebody has emptied the record. */
        if (r == -ENODATA)
                return state_remove(root, id) < 0 ? EX_IOERR : clean_without_record(id);
        if (r < 0)
                return log_bad_record(id, r);

        if (ours)
                kill_our_own(&s); /* written down since we have looked */
        _cleanup_close_ int pid_fd = state_vmm_hold(&s, &identified);
        if (pid_fd == -ESRCH)
                return clean_up(root, &s) < 0 ? EX_OSERR : EX_OK;
        if (pid_fd < 0) {
                log_error("Cannot determine whether the VMM of '%s' is running: %s", id,
                          state_why_unknown(pid_fd));
                return EX_OSERR;
        }
        if (!ours)
                return leave_vmm_alone(&s, identified);

        log_error("Failed to kill the VMM of '%s', process %i; run `fcjail cleanup %s` when it has ended",
                  id, s.vmm.pid, id);
        return EX_TEMPFAIL;
}

static int lock_and_clean(const StateRoot *root, const char *id, bool ours)
{
        _cleanup_close_ int state_fd = state_lock_wait(root, id, /* create= */ false, ours ? WAIT_USEC : 0);

        if (state_fd == -ENOENT)
                return clean_without_record(id);
        if (state_fd == -EBUSY && ours) {
                log_error(
                        "Failed to clean up '%s': another process has locked its record; find it with `lslocks`, then run `fcjail cleanup %s`",
                        id, id);
                return EX_TEMPFAIL;
        }
        if (state_fd == -EBUSY)
                return leave_alone(id);
        if (state_fd < 0)
                return log_bad_record(id, state_fd);

        return clean(root, id, state_fd, ours);
}

/* With the entry about the end: before a log in the jail directory is removed, and after the cleanup if that is on a file system
 * of the host's, which may hang. */
static int clean_and_log(const StateRoot *root, const char *id)
{
        _cleanup_state_ State own = STATE_NULL;
        const bool ours = load_our_own(root, id, &own);
        const bool later = own.log && own.log[0] == '/';

        if (ours)
                kill_our_own(&own);
        if (!later)
                log_unit_end(id, ours ? &own : NULL);
        int status = lock_and_clean(root, id, ours);
        if (later)
                log_unit_end(id, &own);
        return status;
}

int verb_cleanup(const CommandLine *c)
{
        _cleanup_state_root_ StateRoot root = { .fd = -EBADF, .vm_fd = -EBADF };
        const char *id = c->args[0];
        Caller caller;
        int status;

        log_open(id_valid(id) ? id : NULL);
        status = check_id(id);
        if (status == EX_OK)
                status = become_root(&caller);
        if (status == EX_OK)
                status = open_state(&root);
        return status == EX_OK ? clean_and_log(&root, id) : status;
}

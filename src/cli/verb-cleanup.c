/* SPDX-License-Identifier: Apache-2.0 */

/*
 * fcjail cleanup ID: the ExecStopPost= of fcjail@.service, and by hand after an accident. Works from the
 * record of what was made, not from the configuration, which may have changed since. Acts only on a start of
 * its own invocation, or on one whose VMM is provably gone.
 */

#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "common.h"
#include "fd-util.h"
#include "log.h"
#include "state.h"
#include "systemd.h"
#include "time-util.h"
#include "verbs.h"
#include "vmm.h"

#define WAIT_USEC  (5U * 1000000U)
#define RETRY_USEC 1000U

/* Somebody else's VM. To systemd, after a start that could not have the id, that is no error; to a person it
 * is what stands in the way. */
static int leave_alone(const char *id, pid_t pid)
{
        if (systemd_runs_us())
                return EX_OK;

        if (pid > 0)
                log_error("The VM '%s' runs as process %i: stop it first", id, pid);
        else
                log_error("The VM '%s' is being started, run by hand or cleaned up now", id);
        return EX_TEMPFAIL;
}

/* systemd calls us for this very start, so all that is left of it is to go: a VMM that is deaf to signals,
 * or INSIDE on its way to the end. */
static void end_our_own(const State *s)
{
        _cleanup_vmm_ Vmm vmm = { .pid_fd = -EBADF };

        if (vmm_hold(s, &vmm) >= 0)
                (void) vmm_kill(&vmm); /* see_whether_it_lives() says what came of it */
}

static bool is_our_own(const StateRoot *root, const char *id)
{
        const char *invocation = getenv("INVOCATION_ID");
        _cleanup_state_ State s = {};

        if (!invocation || !systemd_runs_us() || state_load(root, id, &s) < 0 ||
            strcmp(s.invocation, invocation) != 0)
                return false;

        end_our_own(&s);
        return true;
}

/* The lock of our own start is free as soon as its last process is gone. */
static int lock(const StateRoot *root, const char *id, bool ours)
{
        uint64_t deadline = now_usec() + (ours ? WAIT_USEC : 0);

        for (;;) {
                int fd = state_lock(root, id, /* create= */ false);
                if (fd != -EBUSY || now_usec() >= deadline)
                        return fd;
                (void) usleep(RETRY_USEC);
        }
}

/* 1: it lives, 0: it does not, or -errno; said, unless it is somebody else's VM. */
static int see_whether_it_lives(const State *s, bool ours)
{
        int r = state_vmm_alive(s);

        if (r > 0 && ours) {
                /* Written down since we have looked. */
                end_our_own(s);
                r = state_vmm_alive(s);
        }
        if (r > 0 && ours)
                log_error(
                        "The VMM of '%s', process %i, cannot be killed; `fcjail cleanup %s` cleans up when "
                        "it has ended",
                        s->id, s->vmm.pid, s->id);
        if (r < 0)
                log_error("Whether the VMM of '%s' lives cannot be told: %s", s->id, strerror(-r));
        return r;
}

static int clean(const StateRoot *root, const char *id, int state_fd, bool ours)
{
        _cleanup_state_ State s = {};
        int r;

        r = state_read(state_fd, &s);
        if (r == -ENODATA) /* a start that was killed before it had made anything */
                return state_remove(root, id) < 0 ? EX_IOERR : EX_OK;
        if (r < 0) {
                log_error("The record /run/fcjail/vm/%s cannot be read: %s", id, strerror(-r));
                return EX_IOERR;
        }

        r = see_whether_it_lives(&s, ours);
        if (r > 0)
                return ours ? EX_TEMPFAIL : leave_alone(id, s.vmm.pid);
        if (r < 0)
                return EX_OSERR;

        return clean_up(root, &s) < 0 ? EX_OSERR : EX_OK;
}

int verb_cleanup(char **args)
{
        _cleanup_state_root_ StateRoot root = { .fd = -EBADF, .vm_fd = -EBADF };
        const char *id = args[0];
        Caller caller;
        int status, r;

        log_open(id_valid(id) ? id : NULL);
        status = check_id(id);
        if (status == EX_OK)
                status = become_root(&caller);
        if (status != EX_OK)
                return status;

        r = state_root_open(&root, NULL);
        if (r < 0) {
                log_error("Failed to open /run/fcjail: %s", strerror(-r));
                return EX_OSERR;
        }
        bool ours = is_our_own(&root, id);
        _cleanup_close_ int state_fd = lock(&root, id, ours);
        if (state_fd == -ENOENT)
                return EX_OK;
        if (state_fd == -EBUSY && ours) {
                log_error("Failed to clean up '%s': its record is locked; `lslocks` shows by whom, then "
                          "`fcjail cleanup %s`",
                          id, id);
                return EX_TEMPFAIL;
        }
        if (state_fd == -EBUSY)
                return leave_alone(id, 0);
        if (state_fd < 0) {
                log_error("Failed to open /run/fcjail/vm/%s: %s", id, strerror(-state_fd));
                return EX_OSERR;
        }

        return clean(&root, id, state_fd, ours);
}

/* SPDX-License-Identifier: Apache-2.0 */

/*
 * fcjail cleanup ID: the ExecStopPost= of fcjail@.service, and by hand after an accident. Works from the
 * record of what was made, not from the configuration, which may have changed since. Acts only on a start of
 * its own invocation, or on one whose VMM is provably gone.
 */

#include <string.h>
#include <sysexits.h>

#include "common.h"
#include "fd-util.h"
#include "log.h"
#include "state.h"
#include "verbs.h"

/* Called by systemd for a start that has ended, a VM of this id that somebody runs by hand is none of our
 * business, and no error. Called by hand, it is what stands in the way. */
static int is_in_use(const char *id, const char *invocation, pid_t pid)
{
        if (invocation)
                return EX_OK;

        if (pid > 0)
                log_error("The VM '%s' runs as process %i: stop it first", id, pid);
        else
                log_error("The VM '%s' is being started, run by hand or cleaned up now", id);
        return EX_TEMPFAIL;
}

static int clean(const StateRoot *root, const char *id, int state_fd)
{
        const char *invocation = getenv("INVOCATION_ID");
        _cleanup_state_ State s = {};
        int r;

        r = state_read(state_fd, &s);
        if (r == -ENODATA) /* a start that was killed before it had made anything */
                return state_remove(root, id) < 0 ? EX_IOERR : EX_OK;
        if (r < 0) {
                log_error("The record /run/fcjail/vm/%s cannot be read: %s", id, strerror(-r));
                return EX_IOERR;
        }

        r = state_vmm_alive(&s);
        if (r != 0)
                return is_in_use(id, invocation && strcmp(invocation, s.invocation) != 0 ? invocation : NULL,
                                 s.vmm.pid);

        return clean_up(root, &s) < 0 ? EX_OSERR : EX_OK;
}

int verb_cleanup(char **args)
{
        _cleanup_state_root_ StateRoot root = { .fd = -EBADF, .vm_fd = -EBADF, .uid_fd = -EBADF };
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
        _cleanup_close_ int state_fd = state_lock(&root, id, /* create= */ false);
        if (state_fd == -ENOENT)
                return EX_OK;
        if (state_fd == -EBUSY)
                return is_in_use(id, getenv("INVOCATION_ID"), 0);
        if (state_fd < 0) {
                log_error("Failed to open /run/fcjail/vm/%s: %s", id, strerror(-state_fd));
                return EX_OSERR;
        }

        return clean(&root, id, state_fd);
}

/* SPDX-License-Identifier: Apache-2.0 */

/*
 * fcjail stop ID: the ExecStop= of fcjail@.service. Asks the guest to shut down by ctrl-alt-del and waits,
 * no longer than FCJAIL_STOP= said when the VM was started. Whatever comes of it, systemd goes on with
 * SIGHUP and SIGKILL; of a VM started by hand, that part is done here.
 */

#include <signal.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "api.h"
#include "common.h"
#include "fd-util.h"
#include "log.h"
#include "messages.h"
#include "systemd.h"
#include "text.h"
#include "time-util.h"
#include "verbs.h"
#include "vmm.h"

#define REQUEST_USEC (2U * 1000000U)
#define HANGUP_USEC  (2U * 1000000U) /* a VMM that gets SIGHUP flushes its metrics */

/* 0: the VMM has passed it on to the guest. */
static int press_ctrl_alt_del(const State *s, int pid_fd)
{
        _cleanup_api_reply_ ApiReply reply = {};
        int r;

        _cleanup_close_ int run_fd = open_run_dir(s);
        if (run_fd < 0)
                return run_fd;
        _cleanup_close_ int fd = api_connect(run_fd, api_name(s->api), s->uid, s->gid);
        if (fd < 0)
                return fd;

        r = api_request(fd, "PUT", "/actions", "{\"action_type\":\"SendCtrlAltDel\"}",
                        now_usec() + REQUEST_USEC, pid_fd, &reply);
        if (r < 0)
                return r;
        if (reply.status / 100 != 2) {
                _cleanup_free_ char *raw = api_fault(&reply), *fault = raw ? text_escape(raw) : NULL;
                log_info("The VMM of '%s' refused ctrl-alt-del: %.500s", s->id,
                         fault ? fault : "no reason given");
                return -EOPNOTSUPP;
        }
        return 0;
}

/* true: the guest has shut down. */
static bool ask_guest(const State *s, const Vmm *vmm)
{
        uint64_t deadline = now_usec() + s->stop_seconds * 1000000ULL;
        int r;

        if (s->stop_seconds == 0 || !s->api)
                return false;

        r = press_ctrl_alt_del(s, vmm->pid_fd);
        if (r == -ESRCH || r == -ECONNRESET)
                return vmm_wait(vmm, deadline);
        if (r == -EOPNOTSUPP) /* it was said why */
                return false;
        if (r < 0) {
                log_info("Failed to ask the guest of '%s' to shut down: %s", s->id, strerror(-r));
                return false;
        }
        if (!vmm_wait(vmm, deadline)) {
                log_warning("The guest of '%s' did not shut down within %u s", s->id, s->stop_seconds);
                return false;
        }
        return true;
}

/* What systemd does for a unit. */
static int end(const State *s, const Vmm *vmm)
{
        int r = vmm_signal(vmm, SIGHUP);

        if (r == -ESRCH || (r >= 0 && vmm_wait(vmm, now_usec() + HANGUP_USEC)) || vmm_kill(vmm))
                return EX_OK;
        log_error("Failed to kill the VMM of '%s', process %i", s->id, s->vmm.pid);
        return EX_OSERR;
}

static int stop(const State *s)
{
        _cleanup_vmm_ Vmm vmm = { .pid_fd = -EBADF };
        int r;

        r = vmm_hold(s, &vmm);
        if (r == -ESRCH)
                return EX_OK;
        if (r < 0) {
                log_error("Failed to inspect the VMM of '%s', process %i: %s", s->id, s->vmm.pid,
                          strerror(-r));
                return EX_OSERR;
        }

        if (ask_guest(s, &vmm)) {
                log_entry(LOG_INFO, MESSAGE_STOPPED, 0, NULL, 0, "The guest of '%s' has shut down", s->id);
                return EX_OK;
        }

        if (!s->supervised)
                return end(s, &vmm);
        if (!systemd_runs_us())
                log_info("VM '%s' is still running; stop it with `systemctl stop fcjail@%s`", s->id, s->id);
        return EX_OK;
}

/* For an active unit, systemd sets MAINPID; such a unit had a record when it started. */
static int stop_without_record(const char *id)
{
        const char *pid = systemd_runs_us() ? getenv("MAINPID") : NULL;

        if (pid)
                log_warning(
                        "The record /run/fcjail/vm/%s is missing; systemd kills process %s without a shutdown of the guest",
                        id, pid);
        else
                log_info("VM '%s' is not running", id);
        return EX_OK;
}

int verb_stop(const CommandLine *c)
{
        _cleanup_state_root_ StateRoot root = { .fd = -EBADF, .vm_fd = -EBADF };
        _cleanup_state_ State s = STATE_NULL;
        const char *id = c->args[0];
        Caller caller;
        int status, r;

        log_open(id_valid(id) ? id : NULL);
        status = check_id(id);
        if (status == EX_OK)
                status = become_root(&caller);
        if (status != EX_OK)
                return status;

        r = state_root_open(&root, NULL);
        if (r >= 0)
                r = state_load(&root, id, &s);
        if (r == -ENOENT || r == -ENODATA)
                return stop_without_record(id);
        return r < 0 ? log_bad_record(id, r) : stop(&s);
}

/* SPDX-License-Identifier: Apache-2.0 */

/*
 * fcjail stop ID: the ExecStop= of fcjail@.service. Asks the guest to shut down by ctrl-alt-del and waits,
 * no longer than FCJAIL_STOP= said when the VM was started. Whatever comes of it, systemd goes on with
 * SIGHUP and SIGKILL; of a VM started by hand, that part is done here.
 *
 * Each rung of this ladder is an entry of its own. It is not STATUS=: systemd takes notifications of an ExecStop= only with
 * NotifyAccess=exec, and the unit has main.
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

#define log_rung(s, priority, rung, format, ...)                                                            \
        log_entry(priority, MESSAGE_STOPPING, 0, &(const LogField){ "FCJAIL_RUNG", rung }, 1,               \
                  "Stopping VM '%s': " format, (s)->id, ##__VA_ARGS__)

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

        /* Before: the VMM of a fast guest ends without an answer. */
        log_rung(s, LOG_INFO, "ctrl-alt-del", "the guest is asked to shut down, and has %u s",
                 s->stop_seconds);
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
        int r;

        log_rung(s, LOG_INFO, "hangup", "SIGHUP is sent to the VMM, which has %u s to end",
                 HANGUP_USEC / 1000000U);
        r = vmm_signal(vmm, SIGHUP);
        if (r == -ESRCH || (r >= 0 && vmm_wait(vmm, now_usec() + HANGUP_USEC)))
                return EX_OK;
        log_rung(s, LOG_WARNING, "kill", "the VMM has not ended by SIGHUP, and SIGKILL is sent to it");
        if (vmm_kill(vmm))
                return EX_OK;
        log_error("Failed to kill the VMM of '%s', process %i", s->id, s->vmm.pid);
        return EX_OSERR;
}

/* Into the record, so that the entry about the end can tell a stop from a guest that ends by itself. Nothing else depends on
 * it, so nobody looks at the error. Of a VM by hand the starter has the lock, and it knows. */
static int record_stop(const StateRoot *root, const State *s, const char *by)
{
        _cleanup_state_ State now = STATE_NULL;
        int r;

        if (!s->supervised)
                return 0;
        (void) signal(SIGXFSZ, SIG_IGN); /* LimitFSIZE= of the unit */
        _cleanup_close_ int fd = state_lock_at_once(root, s->id);
        if (fd < 0)
                return fd;
        r = state_read(fd, &now);
        if (r < 0)
                return r;
        if (strcmp(now.invocation, s->invocation) != 0)
                return -ESTALE;
        free(now.stop_by);
        now.stop_by = strdup(by);
        return now.stop_by ? state_append(fd, &now, STATE_STOP) : -ENOMEM;
}

static int stop(const StateRoot *root, const State *s)
{
        _cleanup_vmm_ Vmm vmm = { .pid_fd = -EBADF };
        char span[TIME_SPAN_STR_MAX];
        uint64_t begin = now_usec();
        int r;

        r = vmm_hold(s, &vmm);
        if (r == -ESRCH)
                return EX_OK;
        if (r < 0) {
                log_error("Failed to inspect the VMM of '%s', process %i: %s", s->id, s->vmm.pid,
                          strerror(-r));
                return EX_OSERR;
        }

        (void) record_stop(root, s, systemd_runs_us() ? "systemd" : "fcjail");
        if (ask_guest(s, &vmm)) {
                log_entry(LOG_INFO, MESSAGE_STOPPED, 0, NULL, 0, "The guest of '%s' has shut down after %s",
                          s->id, time_span_to_string(now_usec() - begin, span));
                return EX_OK;
        }

        if (!s->supervised)
                return end(s, &vmm);
        if (systemd_runs_us()) {
                log_rung(s, LOG_INFO, "hangup",
                         "systemd sends SIGHUP to the VMM, and SIGKILL after TimeoutStopSec=");
                return EX_OK;
        }
        (void) record_stop(root, s, ""); /* it goes on */
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
        return r < 0 ? log_bad_record(id, r) : stop(&root, &s);
}

/* SPDX-License-Identifier: Apache-2.0 */

/* fcjail run ID: the ExecStart= of fcjail@.service. */

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "by-hand.h"
#include "common.h"
#include "fd-util.h"
#include "log.h"
#include "start.h"
#include "step.h"
#include "systemd.h"
#include "time-util.h"
#include "verbs.h"
#include "vmm.h"

/* Before anything is made: systemd would soon kill a VM that cannot report to it. */
static int connect_notify(const char *id, int *ret_fd)
{
        const char *address = getenv("NOTIFY_SOCKET");

        if (systemd_listens_to_another()) {
                log_error(
                        "NOTIFY_SOCKET= is set, but this is not the main process of its unit; make `fcjail run %s` the command of ExecStart=, in a shell with `exec` in front; by hand, unset NOTIFY_SOCKET",
                        id);
                return EX_CONFIG;
        }
        if (!address || !systemd_runs_us())
                return EX_OK;

        int fd = systemd_connect_notify(address);
        if (fd < 0) {
                log_error("Failed to connect to NOTIFY_SOCKET=%s: %s", address, strerror(-fd));
                return EX_OSERR;
        }
        *ret_fd = fd;
        return EX_OK;
}

static int succeed(Jail *jail)
{
        const Plan *p = jail->plan;
        _cleanup_close_ int signal_fd = p->starter_stays ? receive_signals() : -EBADF;

        /* The receiver is ready: whoever reads the entry may send a signal. */
        start_log(jail);
        if (p->starter_stays)
                return stay_with_vmm(jail, signal_fd);

        /* One datagram, and the last: what is sent after MAINPID= would come from a stranger. */
        char text[128];
        (void) snprintf(text, sizeof(text), "MAINPID=%i\nREADY=1\nSTATUS=VM runs as uid %u", jail->pid,
                        jail->uid);
        int r = systemd_notify(jail->notify_fd, text);
        if (r < 0)
                log_error("Failed to notify systemd: %s", strerror(-r));
        return r < 0 ? EX_OSERR : EX_OK;
}

static int run(Jail *jail)
{
        jail->config_usec = now_usec() - jail->start_usec;
        return steps_run(jail, SIDE_OUTSIDE) < 0 ? start_fail(jail) : succeed(jail);
}

int verb_run(const CommandLine *c)
{
        _cleanup_plan_ Plan plan = {};
        _cleanup_jail_ Jail jail = jail_new(&plan, now_usec());
        const char *id = c->args[0];
        Caller caller;
        int status;

        status = start_sanitize();
        log_open(id_valid(id) ? id : NULL);
        if (status == EX_OK)
                status = check_id(id);
        if (status == EX_OK)
                status = connect_notify(id, &jail.notify_fd);
        if (status == EX_OK)
                status = become_root(&caller);
        if (status == EX_OK)
                status = check_capabilities(/* in_place_of_jailer= */ false);
        if (status == EX_OK)
                status = load_plan(id, &caller, &jail.host, &jail.findings, &plan);
        if (status != EX_OK)
                return status;
        if (start_reduce_environment() < 0)
                return EX_OSERR;

        return run(&jail);
}

/* SPDX-License-Identifier: Apache-2.0 */

/*
 * fcjail cni add|del|check ID: the VM's attachment to the network of FCJAIL_CNI=, for fcjail-cni@.service. A verb of its own, so
 * that plugins never run in the process that starts a VM.
 *
 * Mustn't: add for a VM that runs: the undo of what fails then would take its address away.
 */

#include <string.h>
#include <sysexits.h>

#include "cni.h"
#include "common.h"
#include "fd-util.h"
#include "log.h"
#include "messages.h"
#include "verbs.h"

static void tell(const char *id, const char *text)
{
        log_entry(LOG_ERR, MESSAGE_CNI, 0, NULL, 0, "VM '%s': %s", id, text);
}

static int fail(const char *id, int r, const char *what)
{
        log_entry(LOG_ERR, MESSAGE_CNI, r, NULL, 0, "VM '%s': %s: %s", id, what,
                  r == -EBUSY ? "another process changes its network just now" : strerror(-r));
        return r == -EBUSY ? EX_TEMPFAIL : EX_OSERR;
}

/* What a damaged record named is nobody's to undo. */
static int fail_to_read(const char *id, int r)
{
        if (r != -EBADMSG)
                return fail(id, r, CNI_RECORD_DIR);
        log_entry(
                LOG_ERR, MESSAGE_CNI, r, NULL, 0,
                "VM '%s': the record " CNI_RECORD_DIR
                "/%s is damaged; undo by hand what the plugins of its network have done, then remove that file",
                id, id);
        return EX_OSERR;
}

/* An exit status; EX_OK: it does not run, as far as anybody knows. */
static int check_not_running(const char *id)
{
        _cleanup_state_root_ StateRoot root = { .fd = -EBADF, .vm_fd = -EBADF };
        _cleanup_state_ State s = STATE_NULL;
        int r;

        r = state_root_open(&root, NULL);
        if (r >= 0)
                r = state_load(&root, id, &s);
        if (r == -ENOENT || r == -ENODATA)
                return EX_OK;
        if (r >= 0)
                r = state_vmm_alive(&s);
        if (r == 0)
                return EX_OK;
        log_error("VM '%s' may be running; stop it first with `systemctl stop fcjail@%s`", id, id);
        return EX_TEMPFAIL;
}

/* An exit status. */
static int undo_earlier(const char *id)
{
        _cleanup_cni_attachment_ CniAttachment a = {};
        int r;

        r = cni_record_read(id, &a);
        if (r == -ENOENT)
                return EX_OK;
        if (r < 0)
                return fail_to_read(id, r);
        r = cni_del(&a, tell);
        return r < 0 ? fail(id, r, "an earlier network cannot be undone") : EX_OK;
}

/* With the lock. */
static int add(const char *id, const Plan *p)
{
        _cleanup_cni_attachment_ CniAttachment a = {};
        _cleanup_free_ char *why = NULL;
        int r;

        if (!p->cni.network[0]) {
                log_error("VM '%s' has no network of CNI; set FCJAIL_CNI=", id);
                return EX_CONFIG;
        }
        int status = check_not_running(id);
        if (status != EX_OK)
                return status;
        status = undo_earlier(id);
        if (status != EX_OK)
                return status;
        r = cni_attachment_make(id, &p->cni, &a, &why);
        if (r < 0 && why) {
                log_entry(LOG_ERR, MESSAGE_CNI, r, NULL, 0, "VM '%s': %s", id, why);
                return EX_CONFIG;
        }
        if (r < 0)
                return fail(id, r, p->cni.network);
        return cni_add(&a, tell) < 0 ? EX_UNAVAILABLE : EX_OK;
}

static int add_by_settings(const char *id)
{
        _cleanup_host_objects_ HostObjects objects = HOST_OBJECTS_NULL;
        _cleanup_findings_ Findings findings = {};
        _cleanup_plan_ Plan plan = {};
        const Caller caller = {
                .uid = UID_INVALID, .gid = GID_INVALID, .uid_later = true, .own_netns = TRISTATE_YES
        };
        int status = load_plan(id, &caller, &objects, &findings, &plan);

        return status == EX_OK ? add(id, &plan) : status;
}

/* What the record says, whatever the settings are now. */
static int of_record(const char *id, int (*what)(CniAttachment *a, CniTell tell))
{
        _cleanup_cni_attachment_ CniAttachment a = {};
        int r = cni_record_read(id, &a);

        if (r == -ENOENT) {
                r = cni_record_remove(id);
                return r < 0 ? fail(id, r, CNI_RECORD_DIR) : EX_OK;
        }
        if (r < 0)
                return fail_to_read(id, r);
        return what(&a, tell) < 0 ? EX_UNAVAILABLE : EX_OK;
}

int verb_cni(const CommandLine *c)
{
        const char *operation = c->args[0], *id = c->args[1];
        Caller caller;
        int status;

        log_open(id_valid(id) ? id : NULL);
        status = check_id(id);
        if (status == EX_OK)
                status = become_root(&caller);
        if (status != EX_OK)
                return status;
        _cleanup_close_ int lock = cni_lock(id);
        if (lock < 0)
                return fail(id, lock, "/run/fcjail/cni.lock");

        if (strcmp(operation, "add") == 0)
                return add_by_settings(id);
        if (strcmp(operation, "del") == 0)
                return of_record(id, cni_del);
        if (strcmp(operation, "check") == 0)
                return of_record(id, cni_check);
        log_error("Unknown operation '%s'; use add, del or check", operation);
        return EX_USAGE;
}

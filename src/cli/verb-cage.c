/* SPDX-License-Identifier: Apache-2.0 */

/*
 * fcjail cage make|remove: the cage of pool/cage.h, for fcjail-cage.service. `make` keeps a good one and replaces a bad one. VMs
 * that run have copies of their own, and notice nothing.
 */

#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "cage.h"
#include "common.h"
#include "fd-util.h"
#include "log.h"
#include "messages.h"
#include "namespaces.h"
#include "start.h"
#include "verbs.h"

/* VMs that start wait for the unit, so it waits for nobody for long. To make a cage takes milliseconds. */
#define LOCK_SECONDS 10

/* A start does without, or says itself what is wrong. */
static int fail(const char *what, int r)
{
        const char *remedy = cage_remedy(r);

        log_entry(LOG_ERR, MESSAGE_CAGE, r, NULL, 0, "Failed to %s the cage: " CAGE_PATH ": %s%s%s", what,
                  cage_strerror(r), remedy ? "; " : "", remedy ?: "");
        return EX_OSERR;
}

/* What is made in another mount namespace no start would see; and to remove a name there would take the pin from the host. */
static int check_mount_namespace(const char *operation)
{
        int r = mount_namespace_is_pid1s();

        if (r > 0)
                return EX_OK;
        if (r < 0)
                log_error(
                        "Failed to tell whether this mount namespace is that of PID 1: /proc/1/mountinfo: %s",
                        strerror(-r));
        else
                log_entry(
                        LOG_ERR, MESSAGE_CAGE, -EXDEV, NULL, 0,
                        "Failed to %s the cage: this mount namespace is not that of PID 1; run `systemctl restart "
                        "fcjail-cage.service` instead, without PrivateTmp= and the like in that unit",
                        operation);
        return EX_OSERR;
}

static int make(const StateRoot *root)
{
        int r = cage_make(root->fd);

        if (r < 0)
                return fail("make", r);
        log_info("The cage is %s: starts do not copy the host's mounts", r > 0 ? "made" : "there");
        return EX_OK;
}

int verb_cage(const CommandLine *c)
{
        const char *operation = c->args[0];
        _cleanup_state_root_ StateRoot root = { .fd = -EBADF, .vm_fd = -EBADF };
        Caller caller;
        int status, r;

        log_open(NULL);
        if (strcmp(operation, "make") != 0 && strcmp(operation, "remove") != 0) {
                log_error("Unknown operation '%s'; use make or remove", operation);
                return EX_USAGE;
        }
        status = start_sanitize();
        if (status == EX_OK)
                status = become_root(&caller);
        if (status == EX_OK)
                status = check_mount_namespace(operation);
        if (status == EX_OK)
                status = open_state(&root);
        if (status != EX_OK)
                return status;
        _cleanup_close_ int lock = lock_verb(&root, "cage", LOCK_SECONDS);
        if (lock < 0)
                return EX_OSERR;
        if (strcmp(operation, "make") == 0)
                return make(&root);
        r = cage_remove(root.fd);
        return r < 0 ? fail("remove", r) : EX_OK;
}

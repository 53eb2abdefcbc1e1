/* SPDX-License-Identifier: Apache-2.0 */

/*
 * fcjail cage make|remove: the cage of pool/cage.h, for fcjail-cage.service. `make` leaves one alone that is as it should be, and
 * replaces any other. VMs that run have nothing to do with it any more.
 */

#include <fcntl.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "cage.h"
#include "common.h"
#include "fd-util.h"
#include "log.h"
#include "messages.h"
#include "verbs.h"

#define CAGE_LOCK "cage.lock"

/* A start does without, or says itself what is wrong. */
static int fail(const char *what, int r)
{
        log_entry(LOG_ERR, MESSAGE_CAGE, r, NULL, 0, "Failed to %s the cage: " CAGE_PATH " %s", what,
                  cage_strerror(r));
        return EX_OSERR;
}

static int lock_cage(const StateRoot *root)
{
        struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

        _cleanup_close_ int fd =
                openat(root->fd, CAGE_LOCK, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
        if (fd < 0 || fcntl(fd, F_OFD_SETLKW, &lock) < 0)
                return -errno;
        return TAKE_FD(fd);
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
        status = become_root(&caller);
        if (status != EX_OK)
                return status;
        r = state_root_open(&root, NULL);
        if (r < 0) {
                log_error("Failed to open /run/fcjail: %s", strerror(-r));
                return EX_OSERR;
        }
        _cleanup_close_ int lock = lock_cage(&root);
        if (lock < 0) {
                log_error("Failed to lock /run/fcjail/" CAGE_LOCK ": %s", strerror(-lock));
                return EX_OSERR;
        }
        if (strcmp(operation, "make") == 0)
                return make(&root);
        r = cage_remove(root.fd);
        return r < 0 ? fail("remove", r) : EX_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Attachments to networks of CNI that no VM has and that nobody will detach: those of an earlier boot, whose addresses are still
 * leased, and those of a unit fcjail-cni@ID.service that is not active any more.
 *
 * Mustn't: detach what `fcjail cni add` has made by hand, as long as its network namespace is there: its VM may be started later.
 */

#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>

#include "at.h"
#include "cni.h"
#include "common.h"
#include "fd-util.h"
#include "gc.h"
#include "log.h"
#include "systemd.h"

static bool is_in_netns(const GcProc *p, const void *what)
{
        return p->netns == *(const ino_t *) what;
}

static bool netns_is_deserted(Collection *c, const char *id)
{
        struct stat st;

        _cleanup_close_ int fd = cni_pin_open(id);
        return fd >= 0 && fstat(fd, &st) >= 0 && gc_nobody(c, is_in_netns, &st.st_ino);
}

/* Without an answer it counts as active. */
static bool unit_has_ended(Collection *c, const char *id)
{
        _cleanup_systemd_question_ SystemdQuestion q = { .fd = -EBADF };
        _cleanup_systemd_units_ SystemdUnits u = {};
        _cleanup_free_ char *name = NULL;
        const char *active = "inactive";
        int r;

        if (!systemd_is_init() || ASPRINTF(&name, "fcjail-cni@%s.service", id) < 0)
                return false;
        r = systemd_units_ask(name, &q);
        if (r >= 0)
                r = systemd_units_answer(&q, &u);
        if (r < 0) {
                log_error("Cannot determine whether %s is active: %s", name, strerror(-r));
                gc_fail(c, EX_OSERR);
                return false;
        }
        FOREACH_ARRAY (i, u.items, u.n_items)
                if (strcmp(i->name, name) == 0)
                        active = i->active;
        return strcmp(active, "inactive") == 0 || strcmp(active, "failed") == 0;
}

static bool is_left_over(Collection *c, const CniAttachment *a)
{
        int r = cni_pin_exists(a->id);

        if (r <= 0)
                return r == 0;
        return a->of_unit && unit_has_ended(c, a->id) && netns_is_deserted(c, a->id);
}

static void tell(const char *id, const char *text)
{
        log_error("VM '%s': %s", id, text);
}

/* With both locks. */
static void consider(Collection *c, const char *id)
{
        _cleanup_cni_attachment_ CniAttachment a = {};
        int r;

        r = cni_record_read(id, &a);
        if (r == -ENOENT)
                return;
        if (r < 0) {
                log_error("The record " CNI_RECORD_DIR "/%s cannot be read: %s", id,
                          r == -EBADMSG ? "it is damaged" : strerror(-r));
                gc_fail(c, EX_IOERR);
                return;
        }
        if (is_left_over(c, &a))
                gc_done(c, c->dry_run ? 0 : cni_del(&a, tell), id, "the attachment to the network",
                        a.network.name);
}

static int collect(const char *id, void *userdata)
{
        Collection *c = userdata;
        _cleanup_close_ int lock = -EBADF;
        GcHold hold;

        if (gc_hold(c, id, /* invocation= */ NULL, &hold) <= 0)
                return 0;
        if (!c->dry_run)
                lock = cni_lock_to_collect(id);
        if (c->dry_run || lock >= 0)
                consider(c, id);
        else
                gc_cannot_look(c, "/run/fcjail/cni.lock", lock);
        gc_release(c, id, &hold);
        return 0;
}

void gc_cni(Collection *c)
{
        int r = cni_records_each(collect, c);

        if (r >= 0)
                return;
        log_error("Failed to read " CNI_RECORD_DIR ": %s", strerror(-r));
        gc_fail(c, EX_OSERR);
}

/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Step `images`: what the VM can write outside of its jail directory is no other running VM's, unless both share it.
 *
 * Should:  make the logs that are missing, because only what is there can be claimed.
 * Should:  refuse a source whose way another running VM can change.
 * Mustn't: cost anything if nothing is bound.
 */

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "at.h"
#include "claim.h"
#include "fd-util.h"
#include "fs-ids.h"
#include "step.h"

typedef struct Image {
        const BindPlan *bind;
        const char *name; /* of the claim, in the record */
        bool shared;
} Image;

typedef struct Images {
        Image items[BIND_PLANS_MAX];
        size_t n_items;
} Images;

/* It belongs to the owner of its directory. Never opened by its name again: that owner could put something else there. */
static int make_missing(Jail *jail, const BindPlan *bind, HostBind *b)
{
        const FsIds mine = fs_ids_get();
        int r, k;

        r = fs_ids_set((FsIds){ b->st.st_uid, b->st.st_gid });
        if (r >= 0)
                r = b->fd = at_make_file(b->dir_fd, strrchr(bind->source, '/') + 1, 0640);
        k = fs_ids_set(mine);
        if (r >= 0)
                r = k < 0 ? k : RET_NERRNO(fstat(b->fd, &b->st));
        return r < 0 ? step_fail_because(jail, r, EX_CANTCREAT, bind->source, "%s", strerror(-r)) : 0;
}

/* Of a FIFO and a socket each has its own use. */
static bool is_image(const BindPlan *bind, const HostBind *b)
{
        const mode_t type = b->st.st_mode & S_IFMT;

        return !bind->read_only && (type == S_IFREG || type == S_IFDIR || type == S_IFBLK);
}

/* What the VM gets twice is claimed once, and shared only if both say so. */
static int add_image(State *s, Images *images, const BindPlan *bind, const HostBind *b)
{
        char name[CLAIM_NAME_MAX];

        (void) claim_image_name(&b->st, name);
        FOREACH_ARRAY (i, images->items, images->n_items)
                if (strcmp(i->name, name) == 0) {
                        i->shared = i->shared && bind->shared;
                        return 0;
                }

        char *copy = strdup(name);
        if (!copy)
                return -ENOMEM;
        s->images.names[s->images.n++] = copy;
        images->items[images->n_items++] = (Image){ bind, copy, bind->shared };
        return 0;
}

static int list_images(Jail *jail, Images *images)
{
        const Plan *p = jail->plan;
        int r = 0;

        for (size_t i = 0; r >= 0 && i < p->n_binds; i++) {
                HostBind *b = &jail->host.binds[i];

                if (b->taken)
                        continue;
                if (b->fd < 0)
                        r = make_missing(jail, &p->binds[i], b);
                if (r >= 0 && is_image(&p->binds[i], b)) {
                        r = add_image(&jail->state, images, &p->binds[i], b);
                        if (r < 0)
                                return step_fail(jail, r, "%s", p->binds[i].source);
                }
        }
        return r;
}

static int claim(Jail *jail, const Image *image)
{
        const char *source = image->bind->source;
        _cleanup_free_ char *owner = NULL;
        int r;

        r = claim_take(&jail->state_root, CLAIM_IMAGE, image->name, image->shared, &jail->state, &owner);
        if (r == -EBUSY)
                return step_fail_because(
                        jail, r, EX_TEMPFAIL, source,
                        "the running VM '%s' already writes it; stop that VM, give this one its own copy, or set the option 'shared' for both in FCJAIL_BIND=",
                        owner);
        if (owner)
                return step_fail_because(
                        jail, r, EX_TEMPFAIL, source,
                        "VM '%s' may be writing it, but fcjail cannot determine whether that is running: %s; if it is not, remove /run/fcjail/vm/%s",
                        owner, state_why_unknown(r), owner);
        if (r == -EBADMSG)
                return step_fail_because(
                        jail, r, EX_IOERR, source,
                        "its record /run/fcjail/image/%s is damaged; if no running VM writes it, remove the record",
                        image->name);
        return r < 0 ? step_fail(jail, r, "%s", source) : 0;
}

static int claim_images(Jail *jail, const Images *images)
{
        int r;

        if (images->n_items == 0)
                return 0;
        r = state_append(jail->state_fd, &jail->state, STATE_IMAGES);
        if (r < 0)
                return step_fail(jail, r, "/run/fcjail/vm/%s", jail->plan->id);
        FOREACH_ARRAY (i, images->items, images->n_items)
                if (r >= 0)
                        r = claim(jail, i);
        return r;
}

static int check_directory(Jail *jail, const char *source, dev_t dev, ino_t ino)
{
        const struct stat st = { .st_mode = S_IFDIR, .st_dev = dev, .st_ino = ino };
        _cleanup_free_ char *owner = NULL;
        char name[CLAIM_NAME_MAX];
        int r;

        r = claim_look(&jail->state_root, CLAIM_IMAGE, claim_image_name(&st, name), &jail->state, &owner);
        if (r > 0)
                return step_fail_because(
                        jail, -EBUSY, EX_TEMPFAIL, source,
                        "leads through a directory that the running VM '%s' can write; move it to another one, or stop that VM",
                        owner);
        if (owner)
                return step_fail_because(
                        jail, r, EX_TEMPFAIL, source,
                        "leads through a directory that VM '%s' can write, but fcjail cannot determine whether that is running: %s; if it is not, remove /run/fcjail/vm/%s",
                        owner, state_why_unknown(r), owner);
        if (r == -EBADMSG)
                return step_fail_because(
                        jail, r, EX_IOERR, source,
                        "leads through a directory whose record /run/fcjail/image/%s is damaged; if no running VM writes it, remove the record",
                        name);
        return r < 0 ? step_fail(jail, r, "%s", source) : 0;
}

/* The walk to the source was before this look, so whoever claims such a directory afterwards is too late to lead it. */
static int check_ways(Jail *jail)
{
        const Plan *p = jail->plan;

        for (size_t i = 0; i < p->n_binds; i++) {
                const HostBind *b = &jail->host.binds[i];

                FOREACH_ARRAY (dir, b->dirs.items, b->taken ? 0 : b->dirs.n_items) {
                        int r = check_directory(jail, p->binds[i].source, dir->dev, dir->ino);
                        if (r < 0)
                                return r;
                }
        }
        return 0;
}

int step_images(Jail *jail)
{
        Images images = {};
        int r;

        r = list_images(jail, &images);
        if (r >= 0)
                r = claim_images(jail, &images);
        return r < 0 ? r : check_ways(jail);
}

int undo_images(Undo *undo)
{
        const StateNames *names = &undo->state->images;
        int r = 0;

        FOREACH_ARRAY (name, names->names, names->n) {
                int k = claim_release(undo->root, CLAIM_IMAGE, *name, undo->state);
                r = r < 0 ? r : k;
        }
        return r;
}

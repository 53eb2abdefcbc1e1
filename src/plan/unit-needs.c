/* SPDX-License-Identifier: Apache-2.0 */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "unit-needs.h"

/* By its name: what it is may not be there yet. These three are file systems. */
static bool is_device(const char *path)
{
        return path_is_at_or_below(path, "/dev") && !path_is_at_or_below(path, "/dev/shm") &&
               !path_is_at_or_below(path, "/dev/mqueue") && !path_is_at_or_below(path, "/dev/hugepages");
}

static void add(UnitNeeds *n, const char *path, bool writable)
{
        const bool device = is_device(path);
        size_t i = 0;

        while (i < n->n_items && strcmp(n->items[i].path, path) < 0)
                i++;
        if (i < n->n_items && strcmp(n->items[i].path, path) == 0) {
                n->items[i].writable |= device && writable;
                return;
        }

        assert(n->n_items < ELEMENTSOF(n->items));
        memmove(n->items + i + 1, n->items + i, (n->n_items - i) * sizeof(n->items[0]));
        n->items[i] = (UnitNeed){ path, device, device && writable };
        n->n_items++;
}

/* Where the defaults are is no setting: fcjail@.service has it. */
static void add_unless(UnitNeeds *n, const char *path, const char *fallback)
{
        if (strcmp(path, fallback) != 0)
                add(n, path, /* writable= */ false);
}

void unit_needs(const Plan *p, UnitNeeds *ret)
{
        UnitNeeds n = { .cni_id = p->cni.network[0] ? p->id : NULL };

        add_unless(&n, p->chroot_dir, DEFAULT_CHROOT_DIR);
        add_unless(&n, p->vmm, DEFAULT_VMM);
        if (p->config)
                add(&n, p->config, /* writable= */ false);
        FOREACH_ARRAY (b, p->binds, p->n_binds) {
                add(&n, b->source, !b->read_only);
                n.loop |= b->loop;
        }
        *ret = n;
}

/* FNV-1a, with the NUL, so that two paths are not one. */
static uint64_t hash(uint64_t h, const char *s)
{
        do
                h = (h ^ (uint8_t) *s) * 1099511628211U;
        while (*s++);
        return h;
}

const char *unit_stamp(const UnitNeeds *n, char buf[UNIT_STAMP_MAX])
{
        uint64_t h = hash(14695981039346656037U, n->loop ? "loop" : "");

        FOREACH_ARRAY (i, n->items, n->n_items)
                h = hash(hash(h, i->path), i->writable ? "w" : "");
        if (n->cni_id)
                h = hash(h, "cni");
        (void) snprintf(buf, UNIT_STAMP_MAX, "%016" PRIx64, h);
        return buf;
}

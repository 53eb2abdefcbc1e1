/* SPDX-License-Identifier: Apache-2.0 */

#include <stdio.h>
#include <string.h>

#include "device-unit.h"
#include "drop-in.h"

/* A word as systemd.syntax(7) reads it. A path has no control characters. */
static void put_word(FILE *f, const char *s)
{
        fputc('"', f);
        for (; *s; s++) {
                if (*s == '%' || *s == '"' || *s == '\\')
                        fputc(*s == '%' ? '%' : '\\', f);
                fputc(*s, f);
        }
        fputc('"', f);
}

static void put_mount(FILE *f, const char *path)
{
        fputs("RequiresMountsFor=", f);
        put_word(f, path);
        fputc('\n', f);
}

/* A unit's name has no character that needs quotes, and no '%'. */
static void put_device_unit(FILE *f, const char *path)
{
        char name[UNIT_NAME_SIZE];

        if (device_unit_name(path, name) >= 0)
                fprintf(f, "BindsTo=%s\nAfter=%s\n", name, name);
}

static void put_dependencies(FILE *f, const UnitNeeds *needs, DropInFlags flags)
{
        fputs("\n[Unit]\n", f);
        FOREACH_ARRAY (n, needs->items, needs->n_items)
                if (!n->device)
                        put_mount(f, n->path);
                else if (flags & DROP_IN_DEVICE_UNITS)
                        put_device_unit(f, n->path);
        if (needs->cni_id)
                fprintf(f, "Requires=fcjail-cni@%s.service\nAfter=fcjail-cni@%s.service\n", needs->cni_id,
                        needs->cni_id);
        /* Before the unit, because systemd looks "block-loop" up when it starts it. */
        if (needs->loop)
                fputs("Wants=modprobe@loop.service\nAfter=modprobe@loop.service\n", f);
}

/* "m", because fcjail makes the node. */
static void put_service(FILE *f, const UnitNeeds *needs, DropInFlags flags)
{
        char stamp[UNIT_STAMP_MAX];

        fputs("\n[Service]\n", f);
        FOREACH_ARRAY (n, needs->items, needs->n_items) {
                if (!n->device)
                        continue;
                fputs("DeviceAllow=", f);
                put_word(f, n->path);
                fprintf(f, " %s\n", n->writable ? "rwm" : "rm");
        }
        if (needs->loop)
                fputs("DeviceAllow=/dev/loop-control rw\nDeviceAllow=block-loop rwm\n", f);
        if (flags & DROP_IN_COMPLETE)
                fprintf(f, "Environment=" UNIT_STAMP_VARIABLE "=%s\n", unit_stamp(needs, stamp));
}

int drop_in_make(const UnitNeeds *needs, DropInFlags flags, char **ret)
{
        size_t size;
        char *text = NULL;

        FILE *f = open_memstream(&text, &size);
        if (!f)
                return -ENOMEM;
        if (needs->n_items > 0 || needs->loop || needs->cni_id) {
                fputs("# SPDX-License-Identifier: Apache-2.0\n"
                      "# Made by fcjail-generator(8), anew at each `systemctl daemon-reload`.\n",
                      f);
                put_dependencies(f, needs, flags);
                put_service(f, needs, flags);
        }
        if (fclose(f) != 0) {
                free(text);
                return -ENOMEM;
        }

        *ret = text;
        return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */

/* A configuration of Firecracker's. What is read of it is written down as JSON and must be read as the same. */

#include <json-c/json.h>
#include <string.h>

#include "fuzz.h"
#include "text.h"
#include "vmm-files.h"

static void check_file(const VmmFile *f)
{
        CHECK(f->path && f->pointer && f->pointer[0] == '/');
        CHECK(strrchr(f->pointer, '/')[1]);
        CHECK(f->read_only || f->kind == VMM_FILE_DRIVE);
}

static struct json_object *section(struct json_object *config, const VmmFile *f)
{
        struct json_object *o;

        if (f->kind != VMM_FILE_DRIVE) {
                if (!json_object_object_get_ex(config, "boot-source", &o)) {
                        o = json_object_new_object();
                        json_object_object_add(config, "boot-source", o);
                }
                return o;
        }

        struct json_object *drives;
        if (!json_object_object_get_ex(config, "drives", &drives)) {
                drives = json_object_new_array();
                json_object_object_add(config, "drives", drives);
        }
        o = json_object_new_object();
        json_object_array_add(drives, o);
        json_object_object_add(o, "is_read_only", json_object_new_boolean(f->read_only));
        if (f->label)
                json_object_object_add(o, "drive_id", json_object_new_string(f->label));
        return o;
}

static void check_again(const VmmFiles *files)
{
        struct json_object *config = json_object_new_object();
        _cleanup_vmm_files_ VmmFiles again = {};
        _cleanup_free_ char *why = NULL;

        FOREACH_ARRAY (f, files->items, files->n_items)
                json_object_object_add(section(config, f), strrchr(f->pointer, '/') + 1,
                                       json_object_new_string(f->path));
        const char *text = json_object_to_json_string(config);
        CHECK(vmm_files_read(text, strlen(text), &again, &why) == 0);
        json_object_put(config);

        CHECK(again.n_items == files->n_items);
        for (size_t i = 0; i < files->n_items; i++) {
                const VmmFile *a = &files->items[i], *b = &again.items[i];

                CHECK(a->kind == b->kind && a->read_only == b->read_only);
                CHECK(strcmp(a->path, b->path) == 0);
                CHECK(a->label ? b->label && strcmp(a->label, b->label) == 0 : !b->label);
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_vmm_files_ VmmFiles files = {};
        _cleanup_free_ char *why = NULL;
        /* Of exactly this size: a read behind it is seen. */
        char *text = malloc(size > 0 ? size : 1);

        CHECK(text);
        if (size > 0)
                memcpy(text, data, size);
        int r = vmm_files_read(text, size, &files, &why);
        free(text);
        if (r < 0) {
                CHECK(r == -EBADMSG && why && !strpbrk(why, "\n\r\t\033") && utf8_valid(why));
                CHECK(files.n_items == 0);
                return 0;
        }

        CHECK(!why);
        FOREACH_ARRAY (f, files.items, files.n_items)
                check_file(f);
        check_again(&files);
        return 0;
}

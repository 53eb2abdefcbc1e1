/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A configuration of Firecracker's. What is read of it is written down as JSON and must be read as the same. No plan of a
 * VM binds anything to a name that is the jail's, leads elsewhere or is there twice.
 */

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "fuzz.h"
#include "parse.h"
#include "plan.h"
#include "text.h"
#include "vmm-files.h"

static void check_file(const VmmFile *f)
{
        CHECK(f->path && f->role && f->pointer && f->pointer[0] == '/');
        CHECK(strrchr(f->pointer, '/')[1]);
        CHECK(!f->read_only || f->access == VMM_OPENS);
}

/* The member of the object, made if there is none. */
static struct json_object *member(struct json_object *o, const char *name,
                                  struct json_object *(*make)(void) )
{
        struct json_object *m;

        if (!json_object_object_get_ex(o, name, &m)) {
                m = make();
                json_object_object_add(o, name, m);
        }
        return m;
}

static const char *label_of(const char *section)
{
        return strcmp(section, "drives") == 0 ? "drive_id"
               : strcmp(section, "pmem") == 0 ? "id"
                                              : "iface_id";
}

/* The object that has the path: "/member", "/section/member" or "/section/N/member". */
static struct json_object *object_of(struct json_object *config, const VmmFile *f)
{
        char section[64];
        const char *end = strchr(f->pointer + 1, '/');

        if (!end)
                return config;
        CHECK(snprintf(section, sizeof(section), "%.*s", (int) (end - f->pointer - 1), f->pointer + 1) <
              (int) sizeof(section));
        if (!strchr(end + 1, '/'))
                return member(config, section, json_object_new_object);

        struct json_object *o = json_object_new_object();
        json_object_array_add(member(config, section, json_object_new_array), o);
        if (f->read_only_by)
                json_object_object_add(o, f->read_only_by, json_object_new_boolean(f->read_only));
        if (f->label)
                json_object_object_add(o, label_of(section), json_object_new_string(f->label));
        return o;
}

static void check_again(const VmmFiles *files)
{
        struct json_object *config = json_object_new_object();
        _cleanup_vmm_files_ VmmFiles again = {};
        _cleanup_free_ char *why = NULL;

        FOREACH_ARRAY (f, files->items, files->n_items)
                json_object_object_add(object_of(config, f), strrchr(f->pointer, '/') + 1,
                                       json_object_new_string(f->path));
        const char *text = json_object_to_json_string(config);
        CHECK(vmm_files_read(text, strlen(text), &again, &why) == 0);
        json_object_put(config);

        CHECK(again.n_items == files->n_items && again.n_unknown == 0);
        for (size_t i = 0; i < files->n_items; i++) {
                const VmmFile *a = &files->items[i], *b = &again.items[i];

                CHECK(a->access == b->access && a->read_only == b->read_only);
                CHECK(strcmp(a->path, b->path) == 0);
                CHECK(a->label ? b->label && strcmp(a->label, b->label) == 0 : !b->label);
        }
}

static void check_bind(const BindPlan *b)
{
        static const char *const reserved[] = { "firecracker", "fcjail.json", "run",
                                                "sys",         "dev/kvm",     "dev/net/tun" };

        CHECK(path_valid(b->source) && b->source[1] && strcmp(b->source + 1, b->path) == 0);
        CHECK(b->named_by[0] == '/' && strlen(b->named_by) < 300 && strcmp(b->path, "dev") != 0);
        FOREACH_ARRAY (name, reserved, ELEMENTSOF(reserved)) {
                const size_t n = strlen(*name);

                CHECK(strncmp(b->path, *name, n) != 0 || (b->path[n] != '\0' && b->path[n] != '/'));
        }
}

static void check_plan(const VmmFiles *files)
{
        const HostFacts facts = { .unit_uid = UID_INVALID,
                                  .unit_gid = GID_INVALID,
                                  .api_gid = GID_INVALID,
                                  .own_netns = TRISTATE_NO,
                                  .vmm_files = files };
        const Config c = { .uid = UID_INVALID, .gid = GID_INVALID, .config = (char *) "/vm.json" };
        _cleanup_diagnostics_ Diagnostics d = {};
        _cleanup_plan_ Plan plan = {};
        int r = plan_make("web1", &c, &facts, &d, &plan);

        CHECK(r == 0 || (r == -EBADMSG && d.n_items > 0));
        for (size_t i = 0; i < plan.n_binds; i++) {
                check_bind(&plan.binds[i]);
                CHECK(i == 0 || strcmp(plan.binds[i - 1].path, plan.binds[i].path) < 0);
        }
        for (size_t i = 1; i < plan.n_taps; i++)
                CHECK(ifname_valid(plan.taps[i].name) &&
                      strcmp(plan.taps[i].name, plan.taps[i - 1].name) != 0);
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
        check_plan(&files);
        return 0;
}

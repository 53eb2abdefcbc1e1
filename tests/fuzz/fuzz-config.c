/* SPDX-License-Identifier: Apache-2.0 */

/*
 * All of it: files in /etc/fcjail and an environment, to the plan and its two texts. In a mount namespace of its
 * own, because only files of root's in these very places count. The input is cut at each byte 0xff, which no
 * text has: default.env, web1.env, a drop-in, and then variables of the environment.
 */

#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "config-loader.h"
#include "fuzz.h"
#include "json-add.h"
#include "plan.h"
#include "text.h"

static const char *const files[] = {
        "/etc/fcjail/default.env",
        "/etc/fcjail/web1.env",
        "/run/fcjail/web1.env.d/50-more.env",
};

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
        static const char *const places[] = { "/etc", "/run" };

        (void) argc;
        (void) argv;
        if (unshare(CLONE_NEWNS) < 0) {
                printf("ok 1 - config # SKIP needs a mount namespace\n");
                exit(0);
        }
        CHECK(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
        for (size_t i = 0; i < ELEMENTSOF(places); i++)
                CHECK(mount("fuzz", places[i], "tmpfs", 0, "mode=0755") == 0);
        (void) umask(0022);
        CHECK(mkdir("/etc/fcjail", 0755) == 0 && mkdir("/run/fcjail", 0755) == 0);
        CHECK(mkdir("/run/fcjail/web1.env.d", 0755) == 0);
        return 0;
}

static void write_file(const char *path, const uint8_t *data, size_t size)
{
        int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

        CHECK(fd >= 0 && write(fd, data, size) == (ssize_t) size && close(fd) == 0);
}

/* The next part, and moves on. */
static const uint8_t *part(const uint8_t **data, size_t *size, size_t *ret_n)
{
        const uint8_t *start = *data;
        const uint8_t *end = *size > 0 ? memchr(start, 0xff, *size) : NULL;

        *ret_n = end ? (size_t) (end - start) : *size;
        *size -= *ret_n + (end != NULL);
        *data += *ret_n + (end != NULL);
        return start;
}

static void check_plan(const Config *c)
{
        static const HostFacts facts[] = {
                { .unit_uid = UID_INVALID,
                  .unit_gid = GID_INVALID,
                  .api_gid = GID_INVALID,
                  .own_netns = TRISTATE_NO,
                  .supervised = true,
                  .userfaultfd = 0xa7e,
                  .ctrl_alt_del = true },
                { .own_netns = TRISTATE_YES, .unit_uid = 30001, .unit_gid = 30001, .api_gid = 999 },
        };

        for (size_t i = 0; i < ELEMENTSOF(facts); i++) {
                _cleanup_diagnostics_ Diagnostics d = {};
                _cleanup_plan_ Plan plan = {};
                _cleanup_free_ char *text = NULL, *json = NULL;
                _cleanup_json_ struct json_object *o = json_object_new_object();
                _cleanup_strv_ char **argv = NULL;
                int r = plan_make("web1", c, &facts[i], &d, &plan);

                CHECK((r == 0) == (d.n_items == 0) && (r == 0 || r == -EBADMSG));
                if (r < 0)
                        continue;
                CHECK(plan.uid == UID_INVALID || vm_id_valid(plan.uid));
                CHECK(plan.uid != UID_INVALID || vm_id_valid(plan.uid_range.first));
                CHECK(plan.n_taps <= TAPS_MAX && path_valid(plan.vmm) && path_valid(plan.chroot_dir));
                CHECK(plan_dump(&plan, &text) == 0 && utf8_valid(text));
                CHECK(plan_json(&plan, o) == 0 && json_line(o, &json) == 0 &&
                      strchr(json, '\n') == json + strlen(json) - 1);
                CHECK(plan_argv(&plan, &(VmmTimes){}, &argv) == 0 && strv_length(argv) >= 3);
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_diagnostics_ Diagnostics d = {};
        _cleanup_config_loader_ ConfigLoader l;
        char *environment[8] = {};
        _cleanup_config_ Config c = CONFIG_UNSET;
        size_t n;

        for (size_t i = 0; i < ELEMENTSOF(files); i++) {
                const uint8_t *p = part(&data, &size, &n);

                write_file(files[i], p, n);
        }
        for (size_t i = 0; i + 1 < ELEMENTSOF(environment) && size > 0; i++) {
                const uint8_t *p = part(&data, &size, &n);

                environment[i] = input_string(p, n);
        }

        config_loader_init(&l, "web1", &d);
        CHECK(config_loader_add_files(&l) == 0);
        CHECK(config_loader_add_environment(&l, PLACE_ENVIRONMENT, NULL, environment) == 0);
        int r = config_loader_finish(&l, &c);
        CHECK((r == 0 && d.n_items == 0) || (r == -EBADMSG && d.n_items > 0));
        FOREACH_ARRAY (i, d.items, d.n_items)
                CHECK(utf8_valid(i->text) && !strpbrk(i->text, "\n\r\t\033"));
        if (r == 0)
                check_plan(&c);

        for (size_t i = 0; environment[i]; i++)
                free(environment[i]);
        return 0;
}

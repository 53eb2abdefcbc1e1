/* SPDX-License-Identifier: Apache-2.0 */

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "at.h"
#include "config-loader.h"
#include "fd-util.h"
#include "host.h"
#include "jailer-plan.h"
#include "jailer-words.h"
#include "log.h"

/* The whole path without links: the kernel says where they lead. Step `paths` looks at who can change it. */
static int resolve_path(const char *path, char ret[PATH_MAX])
{
        char link[FD_PATH_MAX];

        _cleanup_close_ int fd = openat(AT_FDCWD, path, O_PATH | O_CLOEXEC);
        return fd < 0 ? -errno : at_read_link(AT_FDCWD, fd_path(link, fd), ret, PATH_MAX);
}

/* As the layout has the program's real name. */
static int resolve(const char *option, char **path)
{
        char real[PATH_MAX];
        int r;

        r = resolve_path(*path, real);
        if (r < 0) {
                log_error("--%s: '%s' cannot be opened: %s", option, *path, strerror(-r));
                return EX_NOINPUT;
        }
        if (!path_valid(real)) {
                log_error("--%s: '%s' has control characters in its name", option, real);
                return EX_USAGE;
        }
        free(*path);
        *path = strdup(real);
        return *path ? EX_OK : EX_OSERR;
}

int jailer_resolve_paths(Config *c)
{
        int status;

        if (!c->chroot_dir)
                c->chroot_dir = strdup(DEFAULT_CHROOT_DIR);
        if (!c->chroot_dir)
                return EX_OSERR;
        status = resolve("exec-file", &c->vmm);
        if (status == EX_OK)
                status = resolve("chroot-base-dir", &c->chroot_dir);
        return status;
}

/* What the jailer's command line cannot say. */
static int load_files(JailerArgs *a, Diagnostics *d)
{
        _cleanup_config_loader_ ConfigLoader l;
        _cleanup_config_ Config files = CONFIG_UNSET;
        int r;

        config_loader_init(&l, a->id, d);
        r = config_loader_add_jailer_files(&l);
        if (r >= 0)
                r = config_loader_finish(&l, &files);
        if (r >= 0)
                jailer_args_over(a, &files);
        return r;
}

/* Only what the plan says is about the command line; the rest names a line of jailer.env. */
static void use_words_of_jailer(Diagnostics *d)
{
        FOREACH_ARRAY (i, d->items, d->n_items) {
                char *text = i->kind == DIAGNOSTIC_CONFLICT ? jailer_words(i->text) : NULL;
                if (!text)
                        continue;
                free(i->text);
                i->text = text;
        }
}

int jailer_plan(JailerArgs *a, Diagnostics *d, Plan *ret)
{
        const Caller caller = { .uid = UID_INVALID, .gid = GID_INVALID };
        HostFacts facts = {};
        int r;

        r = load_files(a, d);
        if (r >= 0)
                r = host_facts(&a->config, &caller, d, &facts);
        if (r >= 0)
                r = plan_make(a->id, &a->config, &facts, d, ret);
        use_words_of_jailer(d);
        return r;
}

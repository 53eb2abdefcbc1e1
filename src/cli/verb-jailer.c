/* SPDX-License-Identifier: Apache-2.0 */

/*
 * fcjail jailer OPTION…, also called jailer: in the place of Firecracker's jailer. Without --daemonize and --new-pid-ns this
 * process becomes the VMM.
 *
 * Should:  report every failure with the jailer's exit status, 1; what has gone wrong is said on standard error.
 */

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "at.h"
#include "common.h"
#include "config-loader.h"
#include "fd-util.h"
#include "host.h"
#include "jailer-args.h"
#include "jailer-words.h"
#include "log.h"
#include "start.h"
#include "step.h"
#include "time-util.h"
#include "verbs.h"

/* Whose command line this is. */
#define JAILER_VERSION_TEXT "1.16.1"

static int print_help(void)
{
        printf("Jailer v%s\n\n"
               "fcjail jailer OPTION... [-- ARGUMENT...]\n\n"
               "Starts a VMM in a jail, as Firecracker's jailer does. See fcjail-jailer(1).\n\n",
               JAILER_VERSION_TEXT);
        jailer_args_help(stdout);
        return fflush(stdout) == 0 ? EX_OK : EX_IOERR;
}

static int print_version(void)
{
        printf("Jailer v%s\n\nfcjail %s\n", JAILER_VERSION_TEXT, PROJECT_VERSION);
        return fflush(stdout) == 0 ? EX_OK : EX_IOERR;
}

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

static int resolve_paths(Config *c)
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

static int make_plan(JailerArgs *a, Plan *ret)
{
        _cleanup_diagnostics_ Diagnostics d = {};
        const Caller caller = { .uid = UID_INVALID, .gid = GID_INVALID };
        HostFacts facts = {};
        int r;

        r = load_files(a, &d);
        if (r >= 0)
                r = host_facts(&a->config, &caller, &d, &facts);
        if (r >= 0)
                r = plan_make(a->id, &a->config, &facts, &d, ret);
        use_words_of_jailer(&d);
        log_diagnostics(&d);
        return r < 0 ? fail_plan(a->id, r) : EX_OK;
}

static int start(JailerArgs *a)
{
        _cleanup_plan_ Plan plan = {};
        _cleanup_jail_ Jail jail = jail_new(&plan, now_usec());
        Caller caller;
        int status;

        log_open_beside(a->id);
        status = resolve_paths(&a->config);
        if (status == EX_OK)
                status = become_root(&caller);
        if (status == EX_OK)
                status = check_capabilities(/* in_place_of_jailer= */ true);
        if (status == EX_OK)
                status = make_plan(a, &plan);
        if (status != EX_OK)
                return status;
        if (plan.vm_is_root)
                log_warning("VM '%s' runs with uid %u and gid %u, as FCJAIL_JAILER_ROOT=yes allows", a->id,
                            plan.uid, plan.gid);
        if (start_reduce_environment() < 0)
                return EX_OSERR;

        jail.config_usec = now_usec() - jail.start_usec;
        if (steps_run(&jail, SIDE_OUTSIDE) < 0)
                return start_fail(&jail);
        start_log(&jail);
        return EX_OK;
}

static int jailer(char *const *argv)
{
        _cleanup_jailer_args_ JailerArgs args = { .config = CONFIG_UNSET };
        _cleanup_free_ char *why = NULL;
        int status, r;

        status = start_sanitize();
        if (status != EX_OK)
                return status;
        r = jailer_args_parse(argv, &args, &why);
        if (r < 0) {
                log_error("%s", why ? why : strerror(-r));
                return EX_USAGE;
        }
        if (args.request == JAILER_HELP)
                return print_help();
        return args.request == JAILER_VERSION ? print_version() : start(&args);
}

int verb_jailer(const CommandLine *c)
{
        return jailer(c->args) == EX_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}

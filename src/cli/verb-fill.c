/* SPDX-License-Identifier: Apache-2.0 */

/*
 * fcjail fill: private copies of the VMMs that the settings name, so that the next starts copy nothing: FCJAIL_POOL_TEXTS= of
 * each. fcjail-pool.service runs it once after a boot.
 *
 * Should:  take the settings as a start does, and all of them: that those of one VM are wrong is said, and hides no other.
 */

#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "common.h"
#include "config-loader.h"
#include "fd-util.h"
#include "fill.h"
#include "log.h"
#include "start.h"
#include "step.h"
#include "texts.h"
#include "time-util.h"
#include "verbs.h"

/* Of no VM: no env file can be for it. */
#define NO_ID "-"

/* VMs of the same boot wait for it. */
#define LOCK_SECONDS 20

typedef struct Filling {
        EnvDirs dirs;
        Plan *programs; /* of plan_program() */
        size_t n_programs;
        int status; /* of the first failure */
} Filling;

static void filling_done(Filling *f)
{
        FOREACH_ARRAY (p, f->programs, f->n_programs)
                plan_done(p);
        free(f->programs);
        env_dirs_done(&f->dirs);
}

static void fail(Filling *f, int status)
{
        if (f->status == EX_OK)
                f->status = status;
}

/* Each but once. Takes what the plan has. */
static int add_program(Filling *f, Plan *plan)
{
        FOREACH_ARRAY (p, f->programs, f->n_programs)
                if (strcmp(p->chroot_dir, plan->chroot_dir) == 0 && strcmp(p->vmm, plan->vmm) == 0)
                        return 0;

        Plan *longer = reallocarray(f->programs, f->n_programs + 1, sizeof(*longer));
        if (!longer)
                return -ENOMEM;
        f->programs = longer;
        f->programs[f->n_programs++] = *plan;
        *plan = (Plan){};
        return 0;
}

/* NO_ID: those of VMs that have no settings of their own. 0; -EBADMSG: *d has all errors; or another -errno. */
static int read_settings(Filling *f, const char *id, Diagnostics *d)
{
        _cleanup_config_loader_ ConfigLoader l;
        _cleanup_config_ Config config = CONFIG_UNSET;
        _cleanup_plan_ Plan plan = {};
        int r;

        config_loader_init(&l, id, d);
        l.dirs = &f->dirs;
        l.configured = true;
        r = config_loader_add_files(&l);
        if (r >= 0)
                r = config_loader_finish(&l, &config);
        if (r >= 0)
                r = plan_program(&config, &plan);
        return r >= 0 && plan.vmm_text == VMM_TEXT_RECYCLED ? add_program(f, &plan) : r;
}

/* 0, also after errors that it has said, or -ENOMEM. */
static int read_settings_of(Filling *f, const char *id)
{
        _cleanup_diagnostics_ Diagnostics d = {};
        int r = read_settings(f, id, &d);

        log_diagnostics(&d);
        if (r == -EBADMSG)
                fail(f, EX_CONFIG);
        return r == -EBADMSG ? 0 : r;
}

static int find_programs(Filling *f)
{
        _cleanup_diagnostics_ Diagnostics d = {};
        _cleanup_strv_ char **ids = NULL;
        int r;

        r = env_dirs_open(&d, &f->dirs);
        if (r >= 0)
                r = env_dirs_list(&f->dirs);
        if (r >= 0)
                r = env_dir_ids(&f->dirs, &ids);
        log_diagnostics(&d);
        if (d.n_items > 0)
                fail(f, EX_CONFIG);
        if (r >= 0)
                r = read_settings_of(f, NO_ID);
        if (f->status != EX_OK) /* the errors of what is for all VMs would come again for each */
                return r;
        for (size_t i = 0; r >= 0 && ids[i]; i++)
                r = read_settings_of(f, ids[i]);
        return r;
}

static void fill_program(Filling *f, const Plan *p)
{
        _cleanup_jail_ Jail jail = jail_new(p, now_usec());
        unsigned n_made = 0;
        bool full = false;

        if (fill_texts(&jail, &n_made, &full) < 0) {
                const Failure *why = &jail.failure;

                log_error("Failed to make a copy of %s for the next VM: %s: %s", p->vmm, why->object,
                          failure_text(why));
                fail(f, why->exit_status != 0 ? why->exit_status : EX_CANTCREAT);
        }
        if (n_made > 0)
                log_info("Copies of %s made for the next VMs below %s: %u", p->vmm, p->chroot_dir, n_made);
        if (full)
                log_warning(
                        "No room for %u copies of %s: %s/%s/%s has what it may have; remove copies there that no program needs",
                        p->pool_texts, p->vmm, p->chroot_dir, p->vmm_name, TEXTS_DIR);
}

static int fill(const StateRoot *root)
{
        _cleanup_(filling_done) Filling f = { .dirs = ENV_DIRS_NONE };
        int r;

        _cleanup_close_ int lock = lock_verb(root, "fill", LOCK_SECONDS);
        if (lock < 0)
                return EX_OSERR;
        r = find_programs(&f);
        if (r < 0) {
                log_error("Failed to read the settings of VMs: %s", strerror(-r));
                return EX_OSERR;
        }
        FOREACH_ARRAY (p, f.programs, f.n_programs)
                fill_program(&f, p);
        return f.status;
}

int verb_fill(const CommandLine *c)
{
        _cleanup_state_root_ StateRoot root = { .fd = -EBADF, .vm_fd = -EBADF };
        Caller caller;
        int status;

        (void) c;
        status = start_sanitize();
        log_open(NULL);
        if (status == EX_OK)
                status = become_root(&caller);
        if (status == EX_OK)
                status = open_state(&root);
        return status == EX_OK ? fill(&root) : status;
}

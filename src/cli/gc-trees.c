/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Jail directories without a record, as after a boot: <base>/<name of the VMM>/<id>, in /srv/jailer and in the chroot base of each
 * VM that has settings.
 *
 * Should:  believe only the mark that a start has left in it (tree-mark.h), and only where that start has put it: a copy of a
 *          jail is somebody else's.
 * Mustn't: touch one that a process has for its root directory, or that something is mounted on.
 */

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "at.h"
#include "chase.h"
#include "config-loader.h"
#include "fd-util.h"
#include "gc.h"
#include "layout.h"
#include "log.h"
#include "mount-util.h"
#include "plan.h"
#include "step.h"
#include "tree-mark.h"

typedef struct Trees {
        Collection *c;
        Layout layout;
        int base_fd, vmms_fd;
} Trees;

/* A directory that only root can have changed. */
static int open_roots(int dir_fd, const char *name)
{
        struct stat st;

        _cleanup_close_ int fd = at_open_dir(dir_fd, name);
        if (fd < 0)
                return fd;
        if (fstat(fd, &st) < 0)
                return -errno;
        return only_root_can_change(&st) ? TAKE_FD(fd) : -EPERM;
}

static bool is_same_dir(const char *path, int fd)
{
        struct stat a, b;

        _cleanup_close_ int other = chase_open(path, O_PATH | O_DIRECTORY, CHASE_DEFAULT, NULL);
        return other >= 0 && fstat(other, &a) >= 0 && fstat(fd, &b) >= 0 && same_object(&a, &b);
}

/* Another one that has the base too has its records elsewhere, and its processes. */
static bool is_of_this_host(const State *s)
{
        char machine[33];

        return s->machine && machine_id(machine) >= 0 && strcmp(s->machine, machine) == 0;
}

static bool is_of_here(const Trees *t, const State *s)
{
        return is_of_this_host(s) && strcmp(s->id, t->layout.id) == 0 &&
               strcmp(s->vmm_name, t->layout.vmm_name) == 0 && is_same_dir(s->chroot_dir, t->base_fd);
}

/* 1: nobody is in it, 0: somebody may be, or -errno. */
static int is_deserted(const Trees *t, int vm_fd, const State *s)
{
        struct stat st;
        int r;

        if (!gc_procs_see(s->vmm.ns))
                return 0;
        if (fstatat(vm_fd, "root", &st, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT) < 0)
                return errno == ENOENT ? 1 : -errno;
        r = mount_is_on(vm_fd, "root");
        if (r != 0)
                return r < 0 ? r : 0;
        return gc_nobody(t->c, gc_has_root, &st);
}

/* With the lock, in which the mark is read: a start writes a new one. */
static void consider(Trees *t, int vm_fd, const char *path)
{
        _cleanup_state_ State s = STATE_NULL;
        int r;

        r = tree_mark_read(vm_fd, &s);
        if (r == -EBADMSG)
                log_warning("Kept %s, whose " TREE_MARK " fcjail did not write", path);
        else if (r < 0)
                gc_cannot_look(t->c, path, r);
        if (r < 0 || s.keep || !is_of_here(t, &s))
                return;
        r = is_deserted(t, vm_fd, &s);
        if (r == 0)
                return;
        if (r > 0 && !t->c->dry_run)
                r = steps_undo(t->c->root, &s);
        gc_done(t->c, r, t->layout.id, "the jail directory", path);
}

static void consider_vm(Trees *t)
{
        const char *id = t->layout.id;
        char path[PATH_MAX];
        GcHold hold;

        _cleanup_close_ int vm_fd = open_roots(t->vmms_fd, id);
        if (vm_fd < 0 || faccessat(vm_fd, TREE_MARK, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
                return;
        if (gc_hold(t->c, id, /* invocation= */ NULL, &hold) <= 0)
                return;
        consider(t, vm_fd, layout_path(&t->layout, LAYOUT_VM, "", path));
        gc_release(t->c, id, &hold);
}

static void consider_vms(Trees *t)
{
        _cleanup_closedir_ DIR *d = NULL;
        char path[PATH_MAX];
        int r = at_list_dir(t->vmms_fd, ".", &d);

        (void) layout_path(&t->layout, LAYOUT_VMMS, "", path);
        if (r < 0) {
                gc_cannot_look(t->c, path, r);
                return;
        }
        for (const char *name; (name = gc_next(t->c, d, path));) {
                t->layout.id = name;
                if (jailer_id_valid(name))
                        consider_vm(t);
        }
}

static void collect_base(Collection *c, const char *base)
{
        Trees t = { .c = c, .layout.base = base };
        _cleanup_closedir_ DIR *d = NULL;

        _cleanup_close_ int fd = chase_open(base, O_PATH | O_DIRECTORY, CHASE_DEFAULT, NULL);
        t.base_fd = fd;
        int r = fd < 0 ? fd : at_list_dir(fd, ".", &d);
        if (r == -ENOENT)
                return;
        if (r < 0) {
                log_error("Failed to open %s: %s", base, chase_strerror(r));
                gc_fail(c, EX_OSERR);
                return;
        }
        for (const char *name; (name = gc_next(c, d, base));) {
                _cleanup_close_ int vmms_fd = open_roots(fd, name);
                t.vmms_fd = vmms_fd;
                t.layout.vmm_name = name;
                if (vmms_fd >= 0)
                        consider_vms(&t);
        }
}

/* As far as its settings can be read. NULL: the default. */
static char *base_of(const EnvDirs *dirs, const char *id)
{
        _cleanup_diagnostics_ Diagnostics d = {};
        _cleanup_config_loader_ ConfigLoader l;

        config_loader_init(&l, id, &d);
        l.dirs = dirs;
        if (config_loader_add_files(&l) < 0 || !l.config.chroot_dir)
                return NULL;
        return strdup(l.config.chroot_dir);
}

/* Each but once. */
static int add_base(char ***bases, const char *base)
{
        const size_t n = strv_length(*bases);

        for (char **b = *bases; b && *b; b++)
                if (strcmp(*b, base) == 0)
                        return 0;
        char **longer = reallocarray(*bases, n + 2, sizeof(char *));
        if (!longer)
                return -ENOMEM;
        *bases = longer;
        longer[n] = strdup(base);
        longer[n + 1] = NULL;
        return longer[n] ? 0 : -ENOMEM;
}

static int find_bases(char ***ret)
{
        _cleanup_env_dirs_ EnvDirs dirs = ENV_DIRS_NONE;
        _cleanup_diagnostics_ Diagnostics d = {};
        _cleanup_strv_ char **ids = NULL, **bases = NULL;
        int r;

        r = add_base(&bases, DEFAULT_CHROOT_DIR);
        if (r >= 0)
                r = env_dirs_open(&d, &dirs);
        if (r >= 0)
                r = env_dirs_list(&dirs);
        if (r >= 0)
                r = env_dir_ids(&dirs, &ids);
        for (size_t i = 0; r >= 0 && ids[i]; i++) {
                _cleanup_free_ char *base = base_of(&dirs, ids[i]);
                if (base)
                        r = add_base(&bases, base);
        }
        if (r >= 0)
                *ret = TAKE_PTR(bases);
        return r;
}

void gc_trees(Collection *c)
{
        _cleanup_strv_ char **bases = NULL;
        int r;

        r = find_bases(&bases);
        if (r < 0) {
                log_error("Failed to read the settings of VMs: %s", strerror(-r));
                gc_fail(c, EX_OSERR);
                return;
        }
        for (size_t i = 0; bases[i]; i++)
                collect_base(c, bases[i]);
}

/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Step `files`: what is in the jail's directory on the host besides the VMM, and clones of what is mounted from there.
 * tree.c undoes it.
 *
 * Should:  make the files and run/ anew, whatever an earlier life left under their names.
 * Should:  give the VM a disk that an operator has put there: the root is read-only, so each file that belongs to the VM
 *          becomes a mount of its own.
 */

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/acl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sysexits.h>
#include <unistd.h>

#include "at.h"
#include "below.h"
#include "binds.h"
#include "fd-util.h"
#include "fs-ids.h"
#include "missing.h"
#include "step.h"
#include "tolerated.h"
#include "tree.h"

static int set_acl(int run_fd, acl_type_t type, const char *text)
{
        char path[FD_PATH_MAX];
        int r;

        acl_t acl = acl_from_text(text);
        if (!acl)
                return -errno;
        /* libacl has no call for a default ACL by descriptor; the magic link is this very directory. */
        r = RET_NERRNO(acl_set_file(fd_path(path, run_fd), type, acl));
        (void) acl_free(acl);
        return r;
}

/* The managers' group may reach run/ (x) and use the sockets that the VMM makes in it (rw, by the default ACL), but
 * make nothing there. Without such a group both ACLs are also set, because run/ was born with what the default ACL of a
 * directory above says about others. */
static int let_managers_in(Jail *jail)
{
        static const struct {
                acl_type_t type;
                const char *may;
        } acls[] = { { ACL_TYPE_ACCESS, "--x" }, { ACL_TYPE_DEFAULT, "rw-" } };
        char managers[64] = "", text[128];
        int r = 0;

        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(acls); i++) {
                if (jail->plan->api_gid != GID_INVALID)
                        (void) snprintf(managers, sizeof(managers), "g:%u:%s,m::rwx,", jail->plan->api_gid,
                                        acls[i].may);
                (void) snprintf(text, sizeof(text), "u::rwx,g::rwx,%so::---", managers);
                r = set_acl(jail->run_fd, acls[i].type, text);
        }

        return jail->plan->api_group_required ? r : tolerate(TOLERATED_ACL, r);
}

static int make_run(Jail *jail, const FilePlan *run)
{
        FsIds mine = fs_ids_get();
        int r, k;

        r = tree_remove(jail->root_fd, run->path);
        if (r < 0)
                return r;

        /* root:<vm gid> by birth. Nothing is ever chowned. */
        r = fs_ids_set((FsIds){ mine.uid, jail->gid });
        if (r >= 0)
                jail->run_fd = r = at_make_dir(jail->root_fd, run->path, run->mode & 07777);
        k = fs_ids_set(mine);
        if (r >= 0)
                r = k < 0 ? k : let_managers_in(jail);
        return r;
}

static int make_config(Jail *jail, const FilePlan *config)
{
        FsIds mine = fs_ids_get();
        int r, k;

        r = at_remove(jail->root_fd, config->path);
        if (r < 0)
                return r;
        r = fs_ids_set((FsIds){ mine.uid, jail->gid });
        if (r >= 0)
                r = at_write_file(jail->root_fd, config->path, config->mode & 07777, jail->host.config,
                                  jail->host.config_size);
        k = fs_ids_set(mine);
        return r >= 0 ? k : r;
}

/* Born as the VM's. What is in one that is there already stays. In a root/ that has been the VM's before, one of root's is
 * none that an operator has put there. */
static int make_vm_dir(Jail *jail, const FilePlan *dir)
{
        const Layout layout = plan_layout(jail->plan);
        const FsIds mine = fs_ids_get();
        char path[PATH_MAX];
        int r, k;

        (void) layout_path(&layout, LAYOUT_ROOT, dir->path, path);
        r = fs_ids_set((FsIds){ jail->uid, jail->gid });
        if (r >= 0)
                r = at_make_dir(jail->root_fd, dir->path, VM_DIR_MODE);
        k = fs_ids_set(mine);
        if (r == -EACCES) /* one of root's, which only root can open */
                r = at_open_dir(jail->root_fd, dir->path);
        _cleanup_close_ int fd = r;
        if (k < 0)
                return step_fail(jail, k, "%s", path);
        return tree_take_vm_dir(jail, fd, path, jail->root_was_roots);
}

static int make_place(Jail *jail, const FilePlan *place)
{
        const Layout layout = plan_layout(jail->plan);
        _cleanup_close_ int fd = -EBADF;
        char path[PATH_MAX];

        (void) layout_path(&layout, LAYOUT_ROOT, place->path, path);
        if (jail->plan->vm_owns_root)
                return make_vm_dir(jail, place);
        return tree_open_dir(jail, jail->root_fd, place->path, 0755, path, &fd);
}

static int make_files(Jail *jail)
{
        /* Step `tree` has made the VMM, step `pidfile` makes what it is named after. */
        static int (*const makers[_FILE_KIND_MAX])(Jail * jail, const FilePlan *file) = {
                [FILE_PLACE] = make_place,
                [FILE_RUN] = make_run,
                [FILE_CONFIG] = make_config,
                [FILE_VM_DIR] = make_vm_dir,
        };
        int r;

        FOREACH_ARRAY (f, jail->plan->files, jail->plan->n_files) {
                r = makers[f->kind] ? makers[f->kind](jail, f) : 0;
                if (r < 0 && jail->failure.error < 0) /* it has said more */
                        return r;
                if (r < 0)
                        return tree_fail(jail, r, f->path);
        }
        return 0;
}

static bool belongs_to_vm(const Plan *p, const MountPlan *m)
{
        return m->source == MOUNT_DISKS || (m->source == MOUNT_ROOT && p->vm_owns_root);
}

/* A detached copy of the mount that the directory or file is on, which can be attached in any mount namespace. */
static int clone_tree(Jail *jail, const MountPlan *m, const char *path, int fd, const char *name)
{
        unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW;
        int tree_fd = (int) syscall(SYS_open_tree, fd, name, flags);

        return tree_fd < 0 ? -errno
                           : jail_add_mount(jail, path, m->flags, tree_fd,
                                            belongs_to_vm(jail->plan, m) ? jail->uid : 0);
}

static int clone_root(Jail *jail, const MountPlan *m)
{
        int r = clone_tree(jail, m, m->path, jail->root_fd, "");

        return r < 0 ? tree_fail(jail, r, "") : 0;
}

static int clone_run(Jail *jail, const MountPlan *m)
{
        int r = clone_tree(jail, m, m->path, jail->run_fd, "");

        return r < 0 ? tree_fail(jail, r, m->path) : 0;
}

static int clone_vmm(Jail *jail, const MountPlan *m)
{
        const bool shared = jail->plan->vmm_text == VMM_TEXT_SHARED;
        int r = shared ? clone_tree(jail, m, m->path, jail->host.vmm_fd, "")
                       : clone_tree(jail, m, m->path, jail->root_fd, m->path);

        if (r >= 0 && !shared && !tree_is_vmm(jail, &jail->mounts[jail->n_mounts - 1].st))
                r = -EBADE;
        return r < 0 ? tree_fail(jail, r, m->path) : 0;
}

/* The rest is for what is bound. */
#define DISKS_MAX (JAIL_MOUNTS_MAX - BIND_PLANS_MAX)

static int clone_disks_in(Jail *jail, const MountPlan *m, int dir_fd, const char *prefix, unsigned depth);

/* What is mounted over a name hides what is there. */
static bool is_covered(const Plan *p, const char *path)
{
        FOREACH_ARRAY (m, p->mounts, p->n_mounts)
                if (strcmp(m->path, path) == 0)
                        return true;
        return false;
}

static bool is_disk(const Jail *jail, const struct statx *sx)
{
        return S_ISREG(sx->stx_mode) && sx->stx_uid == jail->uid && (sx->stx_mode & S_IWUSR);
}

/* The jail has a clone of one mount, so files on another mount are not in it. */
static int clone_disk(Jail *jail, const MountPlan *m, int dir_fd, const char *name, const char *path,
                      unsigned depth)
{
        struct statx sx;
        int r = 0;

        if (is_covered(jail->plan, path))
                return 0;
        /* Not through glibc: without statx(2) it falls back to fstatat(2), which does not report mounts. */
        if (syscall(SYS_statx, dir_fd, name, AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, &sx) < 0)
                return tree_fail(jail, -errno, path);
        if (sx.stx_attributes & STATX_ATTR_MOUNT_ROOT)
                return 0;
        if (S_ISDIR(sx.stx_mode) && depth < DISK_DEPTH_MAX) {
                _cleanup_close_ int fd = at_open_dir(dir_fd, name);
                return fd < 0 ? tree_fail(jail, fd, path) : clone_disks_in(jail, m, fd, path, depth + 1);
        }
        if (is_disk(jail, &sx))
                r = jail->n_mounts < DISKS_MAX ? clone_tree(jail, m, path, dir_fd, name) : -E2BIG;
        if (r == -E2BIG)
                return step_fail_because(
                        jail, r, EX_CANTCREAT, path,
                        "is one of more than %i files in the jail directory that belong to the VM; `chown root` those that the VM only reads",
                        DISKS_MAX - MOUNT_PLANS_MAX);
        return r < 0 ? tree_fail(jail, r, path) : 0;
}

/* What is in a directory that others can change could be anybody's. */
static int clone_disks_in(Jail *jail, const MountPlan *m, int dir_fd, const char *prefix, unsigned depth)
{
        _cleanup_closedir_ DIR *d = NULL;
        struct stat st;
        int r;

        if (fstat(dir_fd, &st) < 0)
                return tree_fail(jail, -errno, prefix);
        if (!only_root_can_change(&st))
                return 0;
        r = at_list_dir(dir_fd, ".", &d);
        if (r < 0)
                return tree_fail(jail, r, prefix);

        while (r >= 0) {
                _cleanup_free_ char *path = NULL;

                errno = 0;
                struct dirent *de = readdir(d);
                if (!de)
                        return errno != 0 ? tree_fail(jail, -errno, prefix) : 0;
                if (at_is_dot(de->d_name))
                        continue;
                if (ASPRINTF(&path, "%s%s%s", prefix, prefix[0] ? "/" : "", de->d_name) < 0)
                        return -ENOMEM;
                r = clone_disk(jail, m, dir_fd, de->d_name, path, depth);
        }
        return r;
}

static int clone_disks(Jail *jail, const MountPlan *m)
{
        return clone_disks_in(jail, m, jail->root_fd, "", 0);
}

static int clone_mounts(Jail *jail)
{
        static int (*const clones[])(Jail * jail, const MountPlan *m) = {
                [MOUNT_ROOT] = clone_root,   [MOUNT_RUN] = clone_run,     [MOUNT_VMM] = clone_vmm,
                [MOUNT_DISKS] = clone_disks, [MOUNT_BELOW] = below_clone, [MOUNT_BINDS] = binds_clone,
        };
        int r = 0;

        FOREACH_ARRAY (m, jail->plan->mounts, jail->plan->n_mounts)
                if (r >= 0 && m->source < ELEMENTSOF(clones))
                        r = clones[m->source](jail, m);
        return r;
}

/* The VMM cannot make its socket where that of an earlier life is, to which nobody listens any more. Whatever else is there,
 * or on the way, is the VMM's affair. */
static int remove_stale_socket(Jail *jail)
{
        const char *path = jail->plan->api_socket, *name;
        struct stat st;

        _cleanup_close_ int fd = at_hold_parent(jail->root_fd, path, &name);
        if (fd < 0)
                return fd == -ENOENT || fd == -ENOTDIR || fd == -ELOOP ? 0 : tree_fail(jail, fd, path);
        if (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return errno == ENOENT ? 0 : tree_fail(jail, -errno, path);
        if (!S_ISSOCK(st.st_mode))
                return 0;
        int r = at_remove(fd, name);
        return r < 0 ? tree_fail(jail, r, path) : 0;
}

int step_files(Jail *jail)
{
        int r;

        r = make_files(jail);
        if (r >= 0 && jail->plan->api_socket)
                r = remove_stale_socket(jail);
        return r < 0 ? r : clone_mounts(jail);
}

/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Step `tree`: the jail's directory on the host, and the undo of all that is made in it.
 *
 *     <base>/firecracker/<id>/root/     root:root 0755, and in it the files of the plan
 *     <base>/firecracker/<id>/.fcjail   that fcjail has made it, see tree-mark.h
 *     <base>/firecracker/.texts/        private copies of the VMM for the next VM (texts.h, fill.c)
 *
 * In the place of Firecracker's jailer root/ is the VM's, 0700. That is the only owner that is ever changed: of a directory,
 * which has no second name, in one that only root can change, and by its descriptor.
 *
 * OUTSIDE makes as much of it as the copy of the VMM needs, INSIDE the rest (files.c).
 *
 * Should:  make the files and run/ anew, whatever an earlier life left under their names.
 * Mustn't: follow, change or remove anything else that is in root/: it belongs to somebody else.
 */

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sysexits.h>
#include <unistd.h>

#include "at.h"
#include "binds.h"
#include "chase.h"
#include "fd-util.h"
#include "mount-util.h"
#include "plan-jail.h"
#include "step.h"
#include "texts.h"
#include "tree-mark.h"
#include "tree.h"

/* What to do about an error of the file system that the jails are on. NULL: it has nothing to do with that. */
static const char *remedy_for(int r, const char *fs)
{
        switch (r) {
        case -ENOSPC:
                return "make space or free inodes there (see `df -h` and `df -i`), or set another FCJAIL_CHROOT_DIR=";
        case -EDQUOT:
                return "raise the quota there, or set another FCJAIL_CHROOT_DIR=";
        case -EROFS:
                return "remount it read-write, or set another FCJAIL_CHROOT_DIR=";
        case -EACCES:
        case -EPERM:
                return strcmp(fs, "nfs") == 0
                               ? "export it with no_root_squash, or set another FCJAIL_CHROOT_DIR="
                               : NULL;
        default:
                return NULL;
        }
}

static int fail_at(Jail *jail, int r, const char *path)
{
        char buf[FS_NAME_MAX];
        const char *fs = fs_name(buf, jail->host.base_fd), *remedy = remedy_for(r, fs);

        if (r == -ENOTEMPTY || r == -EEXIST)
                return step_fail_because(
                        jail, r, EX_CANTCREAT, path,
                        "is a directory that is not empty, but fcjail makes a file of this name; move it");
        if (remedy)
                return step_fail_because(jail, r, /* exit_status= */ 0, path, "%s (%s); %s", strerror(-r),
                                         fs, remedy);
        return step_fail(jail, r, "%s", path);
}

int tree_fail(Jail *jail, int r, const char *name)
{
        const Layout layout = plan_layout(jail->plan);
        char path[PATH_MAX];

        return fail_at(jail, r, layout_path(&layout, LAYOUT_ROOT, name, path));
}

int tree_open_dir(Jail *jail, int dir_fd, const char *name, mode_t mode, const char *path, int *ret_fd)
{
        struct stat st;

        _cleanup_close_ int fd = at_make_dir(dir_fd, name, mode);
        if (fd < 0)
                return fail_at(jail, fd, path);
        if (fstat(fd, &st) < 0)
                return fail_at(jail, -errno, path);
        if (!only_root_can_change(&st))
                return step_fail_because(
                        jail, -EPERM, EX_NOPERM, path,
                        "belongs to uid %u with mode %04o; `chown root:root` and `chmod 0755` it (Firecracker's jailer leaves it to the VM)",
                        st.st_uid, st.st_mode & 07777U);
        if (st.st_mode & S_ISGID)
                return step_fail_because(
                        jail, -EPERM, EX_NOPERM, path,
                        "is setgid, so files in it would get its group instead of the VM's; `chmod g-s` it");

        *ret_fd = TAKE_FD(fd);
        return 0;
}

/* By its descriptor, and a directory cannot have another name. */
static int give_to_vm(const Jail *jail, int fd, const struct stat *st)
{
        if ((st->st_uid != jail->uid || st->st_gid != jail->gid) && fchown(fd, jail->uid, jail->gid) < 0)
                return -errno;
        if ((st->st_mode & 07777U) != VM_DIR_MODE)
                return RET_NERRNO(fchmod(fd, VM_DIR_MODE));
        return 0;
}

int tree_take_vm_dir(Jail *jail, int dir_fd, const char *path, bool may_take)
{
        struct stat st;
        int r;

        if (dir_fd == -ENOTDIR || dir_fd == -ELOOP)
                return step_fail_because(jail, dir_fd, EX_CANTCREAT, path, "is not a directory; remove it");
        if (dir_fd < 0)
                return fail_at(jail, dir_fd, path);
        if (fstat(dir_fd, &st) < 0)
                return fail_at(jail, -errno, path);
        if (st.st_uid != jail->uid && (!may_take || !only_root_can_change(&st)))
                return step_fail_because(
                        jail, -EPERM, EX_NOPERM, path,
                        "belongs to uid %u with mode %04o, but should be the VM's; `chown %u:%u` or remove it",
                        st.st_uid, st.st_mode & 07777U, jail->uid, jail->gid);
        r = give_to_vm(jail, dir_fd, &st);
        return r < 0 ? fail_at(jail, r, path) : st.st_uid != jail->uid;
}

bool tree_is_vmm(const Jail *jail, const struct stat *st)
{
        return same_object(st, &jail->vmm_st) && st->st_nlink == 1 && st->st_uid == 0;
}

int tree_remove(int root_fd, const char *name)
{
        int r;

        _cleanup_close_ int fd = at_hold_dir(root_fd, name);
        if (fd < 0)
                return fd == -ENOENT ? 0 : fd;
        r = at_empty_dir(fd);
        if (r < 0)
                return r;
        return RET_NERRNO(unlinkat(root_fd, name, AT_REMOVEDIR));
}

int tree_fail_texts(Jail *jail, int r)
{
        const Layout layout = plan_layout(jail->plan);
        char path[PATH_MAX];

        (void) layout_path(&layout, LAYOUT_VMMS, TEXTS_DIR, path);
        if (r == -EPERM)
                return step_fail_because(
                        jail, r, EX_NOPERM, path,
                        "is not root's alone; remove it, and the next start makes its own copy of the VMM");
        if (r == -EBADE)
                return step_fail_because(jail, r, EX_NOPERM, path,
                                         "has a file that is no copy of the VMM; remove the directory");
        return fail_at(jail, r, path);
}

/* One that an earlier VM has left, or that was made ahead, whole. 1; 0: there is none. */
static int take_vmm(Jail *jail, const FilePlan *vmm, int vmms_fd)
{
        int r;

        if (!jail->state.text)
                return 0;
        r = texts_take(vmms_fd, jail->state.text, jail->root_fd, vmm->path, vmm->mode, &jail->vmm_st);
        if (r == -EPERM || r == -EBADE)
                return tree_fail_texts(jail, r);
        jail->vmm_is_whole = r > 0;
        return r < 0 ? tree_fail(jail, r, vmm->path) : r;
}

int tree_check_exec(Jail *jail, int dir_fd)
{
        struct statvfs sv;

        if (fstatvfs(dir_fd, &sv) < 0)
                return tree_fail(jail, -errno, "");
        if (sv.f_flag & ST_NOEXEC)
                return step_fail_because(
                        jail, -EACCES, EX_CANTCREAT, jail->plan->chroot_dir,
                        "is mounted noexec, so the kernel would not execute the VMM's private copy; remount it, move FCJAIL_CHROOT_DIR=, or set FCJAIL_VMM_TEXT=shared");
        return 0;
}

static int make_vmm(Jail *jail, int vmms_fd)
{
        const FilePlan *vmm = plan_file(jail->plan, FILE_VMM);
        int r;

        r = at_remove(jail->root_fd, vmm->path);
        if (r < 0)
                return tree_fail(jail, r, vmm->path);

        if (jail->plan->vmm_text == VMM_TEXT_SHARED) {
                /* Only a place to mount the host's binary on. */
                r = at_write_file(jail->root_fd, vmm->path, vmm->mode & 07777, "", 0);
                return r < 0 ? tree_fail(jail, r, vmm->path) : 0;
        }

        r = take_vmm(jail, vmm, vmms_fd);
        if (r != 0)
                return r;
        r = tree_check_exec(jail, jail->root_fd);
        if (r < 0)
                return r;

        /* Filled in, and made executable, by step `copy`. */
        _cleanup_close_ int fd = at_make_file(jail->root_fd, vmm->path, 0200);
        if (fd < 0)
                return tree_fail(jail, fd, vmm->path);
        return fstat(fd, &jail->vmm_st) < 0 ? tree_fail(jail, -errno, vmm->path) : 0;
}

static int open_vm_root(Jail *jail, int dir_fd, const char *name, const char *path, int *ret_fd)
{
        int r;

        *ret_fd = at_make_or_take_dir(dir_fd, name, VM_DIR_MODE, &jail->root_is_new);
        r = tree_take_vm_dir(jail, *ret_fd, path, /* may_take= */ true);
        jail->root_was_roots = r > 0;
        return r;
}

/* Below it are files of root's that the VM has made. */
static int check_is_roots_alone(Jail *jail, int fd, const char *path)
{
        struct stat st;

        if (fstat(fd, &st) < 0)
                return fail_at(jail, -errno, path);
        if ((st.st_mode & S_IXOTH) || (st.st_gid != 0 && (st.st_mode & S_IXGRP)))
                return step_fail_because(
                        jail, -EPERM, EX_NOPERM, path,
                        "has mode %04o, so that others could execute what a VM with uid or gid 0 leaves there; `chmod 0700` it",
                        st.st_mode & 07777U);
        return 0;
}

static int open_level(Jail *jail, LayoutLevel level, int above_fd)
{
        const Layout layout = plan_layout(jail->plan);
        const bool is_roots = jail->plan->vm_is_root && level == LAYOUT_VM;
        const char *name = layout_name(&layout, level);
        _cleanup_close_ int fd = -EBADF;
        char path[PATH_MAX];
        int r;

        (void) layout_path(&layout, level, "", path);
        if (level == LAYOUT_ROOT && jail->plan->vm_owns_root)
                r = open_vm_root(jail, above_fd, name, path, &fd);
        else
                r = tree_open_dir(jail, above_fd, name, is_roots ? 0700 : 0755, path, &fd);
        if (r >= 0 && is_roots)
                r = check_is_roots_alone(jail, fd, path);
        return r < 0 ? r : TAKE_FD(fd);
}

static int write_mark(Jail *jail, int vm_fd)
{
        const Layout layout = plan_layout(jail->plan);
        char path[PATH_MAX];
        int r = tree_mark_write(vm_fd, &jail->state);

        return r < 0 ? fail_at(jail, r, layout_path(&layout, LAYOUT_VM, TREE_MARK, path)) : 0;
}

int tree_open_vmms(Jail *jail)
{
        return open_level(jail, LAYOUT_VMMS, jail->host.base_fd);
}

int step_tree(Jail *jail)
{
        _cleanup_close_ int vmms_fd = tree_open_vmms(jail);
        if (vmms_fd < 0)
                return vmms_fd;
        _cleanup_close_ int vm_fd = open_level(jail, LAYOUT_VM, vmms_fd);
        if (vm_fd < 0)
                return vm_fd;
        int r = jail->plan->tree_marked ? write_mark(jail, vm_fd) : 0;
        if (r < 0)
                return r;
        jail->root_fd = open_level(jail, LAYOUT_ROOT, vm_fd);
        r = jail->root_fd < 0 ? jail->root_fd : make_vmm(jail, vmms_fd);
        if (r >= 0 && jail->plan->vm_owns_root)
                jail->state.text_inode = jail->state.text ? jail->vmm_st.st_ino
                                                          : 0; /* written with the next line, in `clone` */
        return r;
}

/* The names in a directory, for the log, put behind those in *names. */
static int list_names(int dir_fd, const char *prefix, char **names)
{
        _cleanup_closedir_ DIR *d = NULL;
        int r = at_list_dir(dir_fd, ".", &d);

        if (r < 0)
                return r;
        for (struct dirent *de; (de = readdir(d));) {
                char *longer;

                if (at_is_dot(de->d_name))
                        continue;
                if (ASPRINTF(&longer, "%s%s%s%s", *names ? *names : "", *names ? ", " : "", prefix,
                             de->d_name) < 0)
                        return -ENOMEM;
                free(*names);
                *names = longer;
        }

        return 0;
}

/* A directory that only root can have changed or, unless vm_uid is UID_INVALID, only the VM. The step refused any other,
 * such as a jail that Firecracker's own jailer has given to its VM, or a file, so nothing of ours is in it: -ENOENT. */
static int open_ours(int dir_fd, const char *name, uid_t vm_uid)
{
        struct stat st;

        _cleanup_close_ int fd = at_open_dir(dir_fd, name);
        if (fd < 0)
                return fd == -ENOTDIR || fd == -ELOOP ? -ENOENT : fd;
        if (fstat(fd, &st) < 0)
                return -errno;
        return only_root_can_change(&st) || st.st_uid == vm_uid ? TAKE_FD(fd) : -ENOENT;
}

/* Removes a directory of ours; if others put something into it, it stays and *kept names that. */
static int remove_level(int dir_fd, const char *name, const char *prefix, char **kept)
{
        if (unlinkat(dir_fd, name, AT_REMOVEDIR) >= 0 || errno == ENOENT)
                return 0;
        if (errno == ENOTDIR) /* not ours; the level above names it */
                return 0;
        if (errno == EBUSY) { /* so with one that others mount on */
                int r = mount_is_on(dir_fd, name);
                return r == 0 ? -EBUSY : r < 0 ? r : 0;
        }
        if (errno != ENOTEMPTY && errno != EEXIST)
                return -errno;

        _cleanup_close_ int fd = at_open_dir(dir_fd, name);
        return fd < 0 ? fd : list_names(fd, prefix, kept);
}

/* A directory that is not empty is not ours; it stays, and the log names it with what else is left in root/. */
static int remove_file(const State *s, int vmms_fd, int root_fd, const char *name)
{
        /* Where root/ is the VM's, another file may have the name: only that copy is given on, which nobody but root could change. */
        const bool is_text =
                s->text && strcmp(name, s->vmm_name) == 0 && (!s->vm_owns_root || s->text_inode != 0);
        int r = is_text ? texts_give(vmms_fd, s->text, root_fd, name, VMM_MODE, s->text_inode)
                        : at_remove(root_fd, name);

        return r == -ENOTEMPTY || r == -EEXIST ? 0 : r;
}

/* What is not of the kind that we made is not ours; it stays, and the log names it with what else is left in root/. */
static int undo_names(Undo *undo, int vmms_fd, int root_fd)
{
        const State *s = undo->state;
        char prefix[NAME_MAX + sizeof("root//")];
        int r = 0;

        FOREACH_ARRAY (name, s->files.names, s->files.n)
                if (r >= 0)
                        r = remove_file(s, vmms_fd, root_fd, *name);
        FOREACH_ARRAY (name, s->trees.names, s->trees.n)
                if (r >= 0)
                        r = tree_remove(root_fd, *name);
        if (r == -ENOTDIR)
                r = 0;
        if (r >= 0)
                r = binds_undo_places(s, root_fd);
        FOREACH_ARRAY (name, s->places.names, s->places.n)
                if (r >= 0) {
                        (void) snprintf(prefix, sizeof(prefix), "root/%s/", *name);
                        r = remove_level(root_fd, *name, prefix, &undo->kept);
                }
        return r;
}

/* Else the VM's directories would stay for nothing but that. */
static int remove_socket(const State *s, int root_fd)
{
        struct stat st;

        if (!s->vm_owns_root || !s->api)
                return 0;
        _cleanup_close_ int fd = at_hold_dir(root_fd, JAIL_RUN);
        if (fd < 0)
                return fd == -ENOENT || fd == -ENOTDIR || fd == -ELOOP ? 0 : fd;
        const char *name = strrchr(s->api, '/') + 1;
        if (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return errno == ENOENT ? 0 : -errno;
        return S_ISSOCK(st.st_mode) ? at_remove(fd, name) : 0;
}

static int undo_root(Undo *undo, const Layout *layout, int vmms_fd, int vm_fd)
{
        int r;

        _cleanup_close_ int root_fd = open_ours(vm_fd, layout_name(layout, LAYOUT_ROOT),
                                                undo->state->vm_owns_root ? undo->state->uid : UID_INVALID);
        if (root_fd < 0)
                return root_fd == -ENOENT ? 0 : root_fd;

        r = remove_socket(undo->state, root_fd);
        if (r >= 0)
                r = undo_names(undo, vmms_fd, root_fd);
        return r < 0 ? r : remove_level(vm_fd, layout_name(layout, LAYOUT_ROOT), "root/", &undo->kept);
}

int undo_tree(Undo *undo)
{
        const State *s = undo->state;
        const Layout layout = { .base = s->chroot_dir, .vmm_name = s->vmm_name, .id = s->id };
        int r;

        if (s->keep)
                return 0;

        _cleanup_close_ int base_fd = chase_open(layout.base, O_PATH | O_DIRECTORY, CHASE_DEFAULT, NULL);
        if (base_fd < 0)
                return base_fd == -ENOENT ? 0 : base_fd;
        _cleanup_close_ int vmms_fd = open_ours(base_fd, layout_name(&layout, LAYOUT_VMMS), UID_INVALID);
        if (vmms_fd < 0)
                return vmms_fd == -ENOENT ? 0 : vmms_fd;
        _cleanup_close_ int vm_fd = open_ours(vmms_fd, layout_name(&layout, LAYOUT_VM), UID_INVALID);
        if (vm_fd < 0)
                return vm_fd == -ENOENT ? 0 : vm_fd;

        r = undo_root(undo, &layout, vmms_fd, vm_fd);
        if (r >= 0)
                r = at_remove(vm_fd, TREE_MARK);
        if (r < 0 && r != -ENOTEMPTY && r != -EEXIST) /* somebody's directory */
                return r;
        /* The directory of all VMs stays: another start may just be going through it. */
        return undo->kept ? 0 : remove_level(vmms_fd, layout_name(&layout, LAYOUT_VM), "", &undo->kept);
}

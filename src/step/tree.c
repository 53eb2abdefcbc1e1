/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Step `tree`: the jail's directory on the host, and the undo of all that is made in it.
 *
 *     <base>/firecracker/<id>/root/             root:root 0755
 *     <base>/firecracker/<id>/root/firecracker  root:root 0511: a program that its process cannot read is not
 *                                               dumpable and cannot be traced by another one of its uid
 *   and by step `files`, as OUTSIDE has the VMM to copy:
 *     <base>/firecracker/<id>/root/dev/         root:root 0755, only a place to mount on
 *     <base>/firecracker/<id>/root/sys/         the same, on aarch64 only
 *     <base>/firecracker/<id>/root/run/         root:<vm gid> 0770, all that the VM may write
 *     <base>/firecracker/<id>/root/fcjail.json  root:<vm gid> 0440
 *
 * Should:  make the files and run/ anew, whatever an earlier life left under their names.
 * Mustn't: follow, change or remove anything else that is in root/: it belongs to somebody else.
 */

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sysexits.h>
#include <unistd.h>

#include "at.h"
#include "chase.h"
#include "fd-util.h"
#include "host.h"
#include "step.h"
#include "tree.h"

int tree_fail(Jail *jail, int r, const char *name)
{
        const char *base = jail->plan->chroot_dir, *id = jail->plan->id;

        if (!name)
                return step_fail(jail, r, "%s/" JAIL_VMM_DIR, base);
        (void) step_fail(jail, r, "%s/" JAIL_VMM_DIR "/%s%s%s", base, id, name[0] ? "/" : "", name);
        if (r == -ENOTEMPTY || r == -EEXIST)
                return step_fail_because(
                        jail, r, EX_CANTCREAT, strdupa(jail->failure.object),
                        "is a directory with something in it; move it, as fcjail makes a file of "
                        "this name");
        return r;
}

int tree_open_level(Jail *jail, int dir_fd, const char *name, const char *below, int *ret_fd)
{
        struct stat st;

        _cleanup_close_ int fd = at_make_dir(dir_fd, name, 0755);
        if (fd < 0)
                return tree_fail(jail, fd, below);
        if (fstat(fd, &st) < 0)
                return tree_fail(jail, -errno, below);
        if (!only_root_can_change(&st)) {
                (void) tree_fail(jail, -EPERM, below);
                return step_fail_because(
                        jail, -EPERM, EX_NOPERM, strdupa(jail->failure.object),
                        "belongs to uid %u with mode %04o; `chown root:root` and `chmod 0755` it "
                        "(Firecracker's own jailer gives it to the VM)",
                        st.st_uid, st.st_mode & 07777U);
        }

        if (st.st_mode & S_ISGID) {
                (void) tree_fail(jail, -EPERM, below);
                return step_fail_because(jail, -EPERM, EX_NOPERM, strdupa(jail->failure.object),
                                         "is setgid, so what is made in it would have its group and not the "
                                         "VM's; `chmod g-s` it");
        }

        *ret_fd = TAKE_FD(fd);
        return 0;
}

int tree_remove_run(int root_fd)
{
        int r;

        _cleanup_close_ int fd = at_hold_dir(root_fd, JAIL_RUN);
        if (fd < 0)
                return fd == -ENOENT ? 0 : fd;
        r = at_empty_dir(fd);
        if (r < 0)
                return r;
        return RET_NERRNO(unlinkat(root_fd, JAIL_RUN, AT_REMOVEDIR));
}

static int make_vmm(Jail *jail)
{
        struct statvfs sv;
        int r;

        r = at_remove(jail->root_fd, JAIL_VMM);
        if (r < 0)
                return tree_fail(jail, r, JAIL_ROOT "/" JAIL_VMM);

        if (jail->plan->vmm_text_shared) {
                /* Only a place to mount the host's binary on. */
                r = at_write_file(jail->root_fd, JAIL_VMM, VMM_MODE, "", 0);
                return r < 0 ? tree_fail(jail, r, JAIL_ROOT "/" JAIL_VMM) : 0;
        }

        if (fstatvfs(jail->root_fd, &sv) < 0)
                return tree_fail(jail, -errno, JAIL_ROOT);
        if (sv.f_flag & ST_NOEXEC)
                return step_fail_because(
                        jail, -EACCES, EX_CANTCREAT, jail->plan->chroot_dir,
                        "is mounted noexec, so a copy of the VMM there cannot be executed; "
                        "remount it, move FCJAIL_CHROOT_DIR=, or say FCJAIL_VMM_TEXT=shared");

        /* Filled in, and made executable, by step `copy`. */
        r = at_write_file(jail->root_fd, JAIL_VMM, 0200, "", 0);
        return r < 0 ? tree_fail(jail, r, JAIL_ROOT "/" JAIL_VMM) : 0;
}

int step_tree(Jail *jail)
{
        _cleanup_close_ int vmms_fd = -EBADF, vm_fd = -EBADF;
        int r;

        r = tree_open_level(jail, jail->host.base_fd, JAIL_VMM_DIR, NULL, &vmms_fd);
        if (r >= 0)
                r = tree_open_level(jail, vmms_fd, jail->plan->id, "", &vm_fd);
        if (r >= 0)
                r = tree_open_level(jail, vm_fd, JAIL_ROOT, JAIL_ROOT, &jail->root_fd);
        return r < 0 ? r : make_vmm(jail);
}

/* The names in a directory, for the log, put behind those in *names. */
static int list_names(int dir_fd, const char *prefix, char **names)
{
        int fd = at_open_dir(dir_fd, ".");
        if (fd < 0)
                return fd;
        _cleanup_closedir_ DIR *d = fdopendir(fd);
        if (!d) {
                (void) safe_close(fd);
                return -ENOMEM;
        }

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

/* A directory that only root can have made what it is. Another one, such as a jail that Firecracker's own jailer
 * has given to its VM, or something that is no directory at all, was refused by the step, so nothing of ours is
 * in it: -ENOENT. */
static int open_ours(int dir_fd, const char *name)
{
        struct stat st;

        _cleanup_close_ int fd = at_open_dir(dir_fd, name);
        if (fd < 0)
                return fd == -ENOTDIR || fd == -ELOOP ? -ENOENT : fd;
        if (fstat(fd, &st) < 0)
                return -errno;
        return only_root_can_change(&st) ? TAKE_FD(fd) : -ENOENT;
}

/* Removes a directory of ours; if others put something into it, it stays and *kept names that. */
static int remove_level(int dir_fd, const char *name, const char *prefix, char **kept)
{
        if (unlinkat(dir_fd, name, AT_REMOVEDIR) >= 0 || errno == ENOENT)
                return 0;
        if (errno == ENOTDIR) /* not ours; the level above names it */
                return 0;
        if (errno != ENOTEMPTY && errno != EEXIST)
                return -errno;

        _cleanup_close_ int fd = at_open_dir(dir_fd, name);
        return fd < 0 ? fd : list_names(fd, prefix, kept);
}

/* A directory with something in it is not ours, and named with what else is left in root/. */
static int remove_file(int root_fd, const char *name)
{
        int r = at_remove(root_fd, name);

        return r == -ENOTEMPTY || r == -EEXIST ? 0 : r;
}

static int undo_root(Undo *undo, int vm_fd)
{
        int r;

        _cleanup_close_ int root_fd = open_ours(vm_fd, JAIL_ROOT);
        if (root_fd < 0)
                return root_fd == -ENOENT ? 0 : root_fd;

        r = remove_file(root_fd, JAIL_CONFIG);
        if (r >= 0)
                r = remove_file(root_fd, JAIL_VMM);
        if (r >= 0)
                r = tree_remove_run(root_fd);
        if (r >= 0 || r == -ENOTDIR) /* not ours, then, and named below */
                r = remove_level(root_fd, JAIL_DEV, "root/dev/", &undo->kept);
        if (r >= 0 && HOST_HAS_CPU_FILES)
                r = remove_level(root_fd, JAIL_SYS, "root/sys/", &undo->kept);
        return r < 0 ? r : remove_level(vm_fd, JAIL_ROOT, "root/", &undo->kept);
}

int undo_tree(Undo *undo)
{
        int r;

        if (undo->state->keep)
                return 0;

        _cleanup_close_ int base_fd =
                chase_open(undo->state->chroot_dir, O_PATH | O_DIRECTORY, CHASE_DEFAULT, NULL);
        if (base_fd < 0)
                return base_fd == -ENOENT ? 0 : base_fd;
        _cleanup_close_ int vmms_fd = open_ours(base_fd, JAIL_VMM_DIR);
        if (vmms_fd < 0)
                return vmms_fd == -ENOENT ? 0 : vmms_fd;
        _cleanup_close_ int vm_fd = open_ours(vmms_fd, undo->state->id);
        if (vm_fd < 0)
                return vm_fd == -ENOENT ? 0 : vm_fd;

        r = undo_root(undo, vm_fd);
        if (r < 0)
                return r;
        /* <base>/firecracker stays: another start may just be going through it. */
        return undo->kept ? 0 : remove_level(vmms_fd, undo->state->id, "", &undo->kept);
}

/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Step `root`: the jail becomes "/", and nothing else is left.
 *
 * Should:  remount each mount by itself, since MS_BIND ignores MS_RDONLY.
 * Should:  unmount the old root exactly once. It lies on top of the new one, so a second call would take
 *          away the new one.
 * Should:  end with a chroot(2) into the sub-directory, see mounts.c.
 */

#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "at.h"
#include "fd-util.h"
#include "step.h"

static int remount(Jail *jail, const char *name, unsigned long flags)
{
        if (mount(NULL, name, NULL, MS_REMOUNT | MS_BIND | flags, NULL) < 0)
                return step_fail(jail, -errno, "remount of %s", name);
        return 0;
}

/* As it was attached: no link is followed on the way. The working directory is the jail, before and afterwards. */
static int restrict_mount(Jail *jail, const JailMount *m)
{
        const char *name;
        int r;

        if (!strchr(m->path, '/'))
                return remount(jail, m->path[0] ? m->path : ".", m->flags);
        _cleanup_close_ int fd = at_hold_parent(jail->jail_fd, m->path, &name);
        if (fd < 0 || fchdir(fd) < 0)
                return step_fail(jail, fd < 0 ? fd : -errno, "/%s", m->path);
        r = remount(jail, name, m->flags);
        if (r >= 0 && fchdir(jail->jail_fd) < 0)
                return step_fail(jail, -errno, "jail");
        return r;
}

static int restrict_mounts(Jail *jail)
{
        struct statvfs sv;
        int r;

        if (fchdir(jail->stage_fd) < 0)
                return step_fail(jail, -errno, "stage");
        r = remount(jail, ".", MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC);
        if (r < 0)
                return r;
        /* The audit checks the other mounts. It cannot see this one. */
        if (fstatvfs(jail->stage_fd, &sv) < 0)
                return step_fail(jail, -errno, "stage");
        if (!(sv.f_flag & ST_RDONLY))
                return step_differs(jail, "stage", "is still writable");

        if (fchdir(jail->jail_fd) < 0)
                return step_fail(jail, -errno, "jail");
        FOREACH_ARRAY (m, jail->mounts, jail->n_mounts) {
                r = restrict_mount(jail, m);
                if (r < 0)
                        return r;
        }

        return 0;
}

/* Two checks that are impossible after the chroot. pivot_root(2) has made the stage the root of the mount namespace: only
 * then does the kernel see the chroot into the jail, and refuse a user namespace for it. And nothing is mounted on the stage
 * any more: ".." leads to it from the jail. */
static int check_stage(Jail *jail)
{
        struct stat stage, root, parent;

        if (fstat(jail->stage_fd, &stage) < 0 || stat("/", &root) < 0 ||
            fstatat(jail->stage_fd, "jail/..", &parent, /* flags= */ 0) < 0)
                return step_fail(jail, -errno, "stage");
        if (!same_object(&stage, &root))
                return step_differs(jail, "stage", "is not the root of the mount namespace");
        if (!same_object(&stage, &parent))
                return step_differs(jail, "stage", "the host's root is still mounted on it");
        return 0;
}

int step_root(Jail *jail)
{
        int r;

        r = restrict_mounts(jail);
        if (r < 0)
                return r;

        if (fchdir(jail->stage_fd) < 0)
                return step_fail(jail, -errno, "stage");
        if (syscall(SYS_pivot_root, ".", ".") < 0)
                return step_fail(jail, -errno, "pivot_root");
        if (umount2(".", MNT_DETACH) < 0)
                return step_fail(jail, -errno, "unmount of the host's root");
        r = check_stage(jail);
        if (r < 0)
                return r;
        if (fchdir(jail->jail_fd) < 0)
                return step_fail(jail, -errno, "jail");
        if (chroot(".") < 0)
                return step_fail(jail, -errno, "chroot");
        if (chdir("/") < 0)
                return step_fail(jail, -errno, "/");
        return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Step `mounts`: a mount namespace, and in it the jail, not yet the root.
 *
 *     cage  tmpfs                  becomes "/" for a moment; afterwards nothing has a name for it. It also has the nodes of
 *                                  loop devices, of which step `nodes` mounts each by itself
 *     cage/jail                    <base>/firecracker/<id>/root
 *     cage/jail/…                  what the plan mounts in it; /dev is for step `nodes`
 *
 * The jail is a sub-directory of the cage so that `root` can end with a chroot into it: the kernel refuses a
 * new user namespace to a chrooted process, and without that refusal a process without any capability gets
 * all of them back by one unshare(CLONE_NEWUSER).
 *
 * Should:  make each mount private before anything is mounted on it.
 * Should:  attach detached trees only, so that nothing here depends on how many mounts the host has.
 */

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fd-util.h"
#include "mount-util.h"
#include "namespaces.h"
#include "step.h"

/* Any directory will do as a place for the cage: it is covered in this mount namespace only. */
#define CAGE_PLACE "/run/fcjail"
#define CAGE_JAIL  "jail"

static int new_mount_namespace(Jail *jail)
{
        uint64_t before, after;
        int r;

        r = root_mount_id(&before);
        if (r >= 0)
                r = RET_NERRNO(unshare(CLONE_NEWNS));
        if (r >= 0)
                r = root_mount_id(&after);
        if (r < 0)
                return step_fail(jail, r, "mount namespace");
        if (before == after)
                return step_differs(jail, "mount namespace", "is still the host's");

        /* Nothing that is mounted here may show on the host, nor the other way round. */
        r = mount_make_private("/", CAGE_PLACE);
        return r < 0 ? step_fail(jail, r, "private mount propagation") : 0;
}

static int make_cage(Jail *jail)
{
        char n_inodes[16];
        int r;

        (void) snprintf(n_inodes, sizeof(n_inodes), "%zu", 4 + jail->plan->n_binds);
        _cleanup_close_ int place = open(CAGE_PLACE, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (place < 0)
                return step_fail(jail, -errno, CAGE_PLACE);
        r = jail->cage_fd = new_tmpfs(n_inodes, "16k");
        if (r >= 0)
                r = mount_attach(jail->cage_fd, place, "");
        if (r >= 0)
                r = RET_NERRNO(mkdirat(jail->cage_fd, CAGE_JAIL, 0755));
        return r < 0 ? step_fail(jail, r, "cage") : 0;
}

/* A clone of a shared mount is shared: what is mounted on it would show on the host. */
static int attach(Jail *jail, const JailMount *m, int dir_fd, const char *name)
{
        int r;

        r = mount_attach(m->tree_fd, dir_fd, name);
        if (r >= 0)
                r = RET_NERRNO(fchdir(dir_fd));
        if (r >= 0) /* on a file nothing can be mounted that could be seen */
                r = mount_make_private(name, S_ISDIR(m->st.st_mode) ? name : ".");
        return r < 0 ? step_fail(jail, r, "/%s", m->path) : 0;
}

static int attach_root(Jail *jail)
{
        int r;

        r = attach(jail, &jail->mounts[0], jail->cage_fd, CAGE_JAIL);
        if (r < 0)
                return r;

        /* Opened anew, to stand on the mount and not below it. */
        jail->jail_fd = openat(jail->cage_fd, CAGE_JAIL, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        return jail->jail_fd < 0 ? step_fail(jail, -errno, "/" CAGE_JAIL) : 0;
}

int step_mounts(Jail *jail)
{
        int r;

        r = new_mount_namespace(jail);
        if (r >= 0)
                r = make_cage(jail);
        if (r >= 0)
                r = attach_root(jail);
        for (size_t i = 1; r >= 0 && i < jail->n_mounts; i++)
                r = attach(jail, &jail->mounts[i], jail->jail_fd, jail->mounts[i].path);
        return r;
}

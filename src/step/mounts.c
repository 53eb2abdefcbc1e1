/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Step `mounts`: a mount namespace, and in it the jail, not yet the root.
 *
 *     stage  tmpfs                 becomes "/" for a moment; afterwards nothing has a name for it. It also has the nodes of
 *                                  loop devices, of which step `nodes` mounts each by itself
 *     stage/jail                   <base>/firecracker/<id>/root
 *     stage/jail/…                 what the plan mounts in it; /dev is for step `nodes`
 *
 * The namespace is a copy of the cage (pool/cage.h), if there is one, and otherwise of the host's. In the cage no path of the
 * host leads anywhere any more: all that is mounted was opened and cloned before.
 *
 * The jail is a sub-directory of the stage so that `root` can end with a chroot into it: the kernel refuses a
 * new user namespace to a chrooted process, and without that refusal a process without any capability gets
 * all of them back by one unshare(CLONE_NEWUSER).
 *
 * Should:  make each mount private before anything is mounted on it.
 * Should:  attach detached trees only, so that nothing here depends on how many mounts the host has.
 */

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "at.h"
#include "cage.h"
#include "fd-util.h"
#include "mount-util.h"
#include "namespaces.h"
#include "step.h"
#include "tolerated.h"

#define STAGE_JAIL "jail"

static int copy_cage(Jail *jail)
{
        int r = cage_enter(jail->host.cage_fd);

        if (r == -EBADE)
                return step_fail_because(jail, r, /* exit_status= */ 0, CAGE_PATH, "%s; %s",
                                         cage_strerror(r), cage_remedy(r));
        return r < 0 ? step_fail(jail, r, "mount namespace") : 0;
}

static int copy_host(Jail *jail)
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
        return 0;
}

static int new_mount_namespace(Jail *jail)
{
        int r;

        r = jail->host.cage_fd >= 0 ? copy_cage(jail) : copy_host(jail);
        if (r < 0)
                return r;

        /* Nothing that is mounted here may show on the host, nor the other way round. */
        r = mount_make_private("/", "/");
        return r < 0 ? step_fail(jail, r, "private mount propagation") : 0;
}

/* On "/": it covers that in this mount namespace only. */
static int make_stage(Jail *jail)
{
        char n_inodes[16];
        int r;

        (void) snprintf(n_inodes, sizeof(n_inodes), "%zu", 4 + jail->plan->n_binds);
        _cleanup_close_ int place = open("/", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (place < 0)
                return step_fail(jail, -errno, "/");
        r = jail->stage_fd = new_tmpfs(n_inodes, "16k");
        if (r >= 0)
                r = mount_attach(jail->stage_fd, place, "");
        if (r >= 0)
                r = RET_NERRNO(mkdirat(jail->stage_fd, STAGE_JAIL, 0755));
        return r < 0 ? step_fail(jail, r, "stage") : 0;
}

/* A clone of a shared mount is shared: what is mounted on it would show on the host. With FCJAIL_JAILER_MOUNTS=live the root
 * still hears of the host's. */
static int attach(Jail *jail, const JailMount *m, int dir_fd, const char *name)
{
        const bool live = !m->path[0] && jail->plan->mounts_live;
        const char *on = S_ISDIR(m->st.st_mode)
                                 ? name
                                 : "."; /* on a file nothing can be mounted that could be seen */
        int r;

        r = mount_attach(m->tree_fd, dir_fd, name);
        if (r >= 0)
                r = RET_NERRNO(fchdir(dir_fd));
        if (r >= 0)
                r = live ? mount_make_slave(name, on) : mount_make_private(name, on);
        return r < 0 ? step_fail(jail, r, "/%s", m->path) : 0;
}

static int attach_root(Jail *jail)
{
        int r;

        r = attach(jail, &jail->mounts[0], jail->stage_fd, STAGE_JAIL);
        if (r < 0)
                return r;

        /* Opened anew, to stand on the mount and not below it. */
        jail->jail_fd = openat(jail->stage_fd, STAGE_JAIL, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        return jail->jail_fd < 0 ? step_fail(jail, -errno, "/" STAGE_JAIL) : 0;
}

/* Where there is none, the VMM finds none of its files. */
static int hold_sys(Jail *jail)
{
        int r;

        if (!plan_mount(jail->plan, MOUNT_SYS))
                return 0;
        jail->sys_fd = open("/sys", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        r = jail->sys_fd < 0 ? tolerate(TOLERATED_CPU_FILE, -errno) : 0;
        return r < 0 ? step_fail(jail, r, "/sys") : 0;
}

/* The directories on the way may be the VM's, so no link is followed. */
static int attach_in_jail(Jail *jail, const JailMount *m)
{
        const char *name;

        if (!strchr(m->path, '/'))
                return attach(jail, m, jail->jail_fd, m->path);
        _cleanup_close_ int fd = at_hold_parent(jail->jail_fd, m->path, &name);
        return fd < 0 ? step_fail(jail, fd, "/%s", m->path) : attach(jail, m, fd, name);
}

int step_mounts(Jail *jail)
{
        int r;

        r = hold_sys(jail);
        if (r >= 0)
                r = new_mount_namespace(jail);
        if (r >= 0)
                r = make_stage(jail);
        if (r >= 0)
                r = attach_root(jail);
        for (size_t i = 1; r >= 0 && i < jail->n_mounts; i++)
                r = attach_in_jail(jail, &jail->mounts[i]);
        return r;
}

/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Step `nodes`: the jail's /dev, a tmpfs of its own. So the nodes are on no disk, need none that is not
 * mounted nodev, and are never the host's own nodes, whose owner a bind mount would let the jail change. On aarch64 also
 * /sys, another tmpfs (cpu-files.c).
 *
 * Should:  make them while the tmpfs is attached nowhere.
 */

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "at.h"
#include "cpu-files.h"
#include "fd-util.h"
#include "mount-util.h"
#include "step.h"

static int make_node(Jail *jail, int dev_fd, const NodePlan *node)
{
        const char *slash = strchr(node->path, '/');
        char dir[64];
        int r;

        if (!slash) {
                r = at_make_node(dev_fd, node->path, S_IFCHR | node->mode, node->rdev);
                return r < 0 ? step_fail(jail, r, "/dev/%s", node->path) : 0;
        }

        /* One level at most: net/tun. */
        (void) snprintf(dir, sizeof(dir), "%.*s", (int) (slash - node->path), node->path);
        _cleanup_close_ int dir_fd = at_make_dir(dev_fd, dir, 0755);
        if (dir_fd < 0)
                return step_fail(jail, dir_fd, "/dev/%s", dir);
        r = at_make_node(dir_fd, slash + 1, S_IFCHR | node->mode, node->rdev);
        return r < 0 ? step_fail(jail, r, "/dev/%s", node->path) : 0;
}

static int make_dev(Jail *jail, int dev_fd)
{
        int r = 0;

        FOREACH_ARRAY (node, jail->plan->nodes, jail->plan->n_nodes)
                if (r >= 0)
                        r = make_node(jail, dev_fd, node);
        return r;
}

static int make_sys(Jail *jail, int sys_fd)
{
        const char *object;
        int r;

        r = cpu_files_copy(sys_fd, &object);
        return r < 0 ? step_fail(jail, r, "%s", object) : 0;
}

/* What is on a tmpfs, and how large it may be. */
static const struct {
        MountSource source;
        const char *n_inodes, *size;
        int (*fill)(Jail *jail, int fd);
} contents[] = {
        { MOUNT_DEV, "16", "16k", make_dev },
        { MOUNT_SYS, CPU_FILES_INODES, CPU_FILES_SIZE, make_sys },
};

/* Attached when it is whole. */
static int make_tmpfs(Jail *jail, const MountPlan *m, size_t what)
{
        int r;

        _cleanup_close_ int fd = new_tmpfs(contents[what].n_inodes, contents[what].size);
        if (fd < 0)
                return step_fail(jail, fd, "/%s", m->path);
        r = contents[what].fill(jail, fd);
        if (r < 0)
                return r;

        r = mount_attach(fd, jail->jail_fd, m->path);
        if (r >= 0)
                r = jail_add_mount(jail, m->path, m->flags, TAKE_FD(fd));
        return r < 0 ? step_fail(jail, r, "/%s", m->path) : 0;
}

int step_nodes(Jail *jail)
{
        int r = 0;

        FOREACH_ARRAY (m, jail->plan->mounts, jail->plan->n_mounts)
                for (size_t i = 0; r >= 0 && i < ELEMENTSOF(contents); i++)
                        if (m->source == contents[i].source)
                                r = make_tmpfs(jail, m, i);
        return r;
}

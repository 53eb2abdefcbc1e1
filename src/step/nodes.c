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

/* Attaches a tmpfs that is whole. */
static int attach(Jail *jail, int fd, const char *name)
{
        int r = mount_attach(fd, jail->jail_fd, name);

        return r < 0 ? step_fail(jail, r, "/%s", name) : 0;
}

static int make_dev(Jail *jail)
{
        int r;

        _cleanup_close_ int dev_fd = new_tmpfs("16", "16k");
        if (dev_fd < 0)
                return step_fail(jail, dev_fd, "/dev");

        FOREACH_ARRAY (node, jail->plan->nodes, jail->plan->n_nodes) {
                r = make_node(jail, dev_fd, node);
                if (r < 0)
                        return r;
        }

        return attach(jail, dev_fd, JAIL_DEV);
}

static int make_sys(Jail *jail)
{
        const char *object;
        int r;

        _cleanup_close_ int sys_fd = new_tmpfs(CPU_FILES_INODES, CPU_FILES_SIZE);
        if (sys_fd < 0)
                return step_fail(jail, sys_fd, "/sys");
        r = cpu_files_copy(sys_fd, &object);
        return r < 0 ? step_fail(jail, r, "%s", object) : attach(jail, sys_fd, JAIL_SYS);
}

int step_nodes(Jail *jail)
{
        int r;

        r = make_dev(jail);
        return r >= 0 && jail->plan->cpu_files ? make_sys(jail) : r;
}

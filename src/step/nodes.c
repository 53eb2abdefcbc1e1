/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Step `nodes`: the jail's /dev, a tmpfs of its own. So the nodes are on no disk, need none that is not
 * mounted nodev, and are never the host's own nodes, whose owner a bind mount would let the jail change.
 *
 * Should:  make them while the tmpfs is attached nowhere.
 */

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "at.h"
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

int step_nodes(Jail *jail)
{
        int r;

        _cleanup_close_ int dev_fd = new_tmpfs("16");
        if (dev_fd < 0)
                return step_fail(jail, dev_fd, "/dev");

        FOREACH_ARRAY (node, jail->plan->nodes, jail->plan->n_nodes) {
                r = make_node(jail, dev_fd, node);
                if (r < 0)
                        return r;
        }

        r = mount_attach(dev_fd, jail->jail_fd, JAIL_DEV);
        return r < 0 ? step_fail(jail, r, "/dev") : 0;
}

/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Step `nodes`: the jail's /dev, a tmpfs of its own. So the nodes are on no disk, need none that is not
 * mounted nodev, and are never the host's own nodes, whose owner a bind mount would let the jail change. On aarch64 also
 * /sys, another tmpfs (cpu-files.c).
 *
 * Should:  make them while the tmpfs is attached nowhere.
 * Should:  leave no room on it for anything else.
 */

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "at.h"
#include "cpu-files.h"
#include "fd-util.h"
#include "loop.h"
#include "mount-util.h"
#include "step.h"

/* A device that the unit's policy does not have: that of a plan is in the unit itself, that of a block device in what
 * fcjail-generator has made for it. */
static int cannot_make(Jail *jail, const NodePlan *node, int r)
{
        char path[PATH_MAX];

        (void) snprintf(path, sizeof(path), "/" JAIL_DEV "/%s", node->path);
        if (r == -EPERM && S_ISBLK(node->mode))
                return step_fail_because(
                        jail, r, EX_NOPERM, path,
                        "is not among the devices that the unit allows; run `systemctl daemon-reload`, see fcjail-generator(8)");
        return step_fail(jail, r, "%s", path);
}

/* `path` is what is left of the node's path below dir_fd. */
static int make_node(Jail *jail, int dir_fd, const char *path, const NodePlan *node)
{
        const char *slash = strchr(path, '/');
        int r;

        if (!slash) {
                r = at_make_node(dir_fd, path, node->mode, node->rdev);
                return r < 0 ? cannot_make(jail, node, r) : 0;
        }

        _cleanup_free_ char *name = strndup(path, (size_t) (slash - path));
        _cleanup_close_ int fd = name ? at_make_dir(dir_fd, name, 0755) : -ENOMEM;
        if (fd < 0)
                return step_fail(jail, fd, "/" JAIL_DEV "/%.*s", (int) (slash - node->path), node->path);
        return make_node(jail, fd, slash + 1, node);
}

/* Nodes and directories take no pages, and there are no inodes for anything else: one for the root, and what each path has by
 * itself, though two that share a directory need fewer. */
static int new_dev(Jail *jail)
{
        NodePlan nodes[JAIL_NODES_MAX];
        const size_t n_nodes = jail_list_nodes(jail, nodes);
        char n_inodes[16];
        unsigned n = 1;

        FOREACH_ARRAY (node, nodes, n_nodes) {
                n++;
                for (const char *slash = strchr(node->path, '/'); slash; slash = strchr(slash + 1, '/'))
                        n++;
        }
        (void) snprintf(n_inodes, sizeof(n_inodes), "%u", n);
        return new_tmpfs(n_inodes, "16k");
}

static int make_dev(Jail *jail, int dev_fd)
{
        NodePlan nodes[JAIL_NODES_MAX];
        const size_t n_nodes = jail_list_nodes(jail, nodes);
        int r = 0;

        FOREACH_ARRAY (node, nodes, n_nodes)
                if (r >= 0)
                        r = make_node(jail, dev_fd, node->path, node);
        return r;
}

static int new_sys(Jail *jail)
{
        (void) jail;
        return new_tmpfs(CPU_FILES_INODES, CPU_FILES_SIZE);
}

static int make_sys(Jail *jail, int sys_fd)
{
        const char *object;
        int r;

        if (jail->sys_fd < 0) /* the host has none */
                return 0;
        r = cpu_files_copy(jail->sys_fd, sys_fd, &object);
        return r < 0 ? step_fail(jail, r, "%s", object) : 0;
}

/* A tmpfs that has room for what is on it, and that. */
static const struct {
        MountSource source;
        int (*make)(Jail *jail);
        int (*fill)(Jail *jail, int fd);
} contents[] = {
        { MOUNT_DEV, new_dev, make_dev },
        { MOUNT_SYS, new_sys, make_sys },
};

/* Attached when it is whole. */
static int make_tmpfs(Jail *jail, const MountPlan *m, size_t what)
{
        int r;

        _cleanup_close_ int fd = contents[what].make(jail);
        if (fd < 0)
                return step_fail(jail, fd, "/%s", m->path);
        r = contents[what].fill(jail, fd);
        if (r < 0)
                return r;

        r = mount_attach(fd, jail->jail_fd, m->path);
        if (r >= 0)
                r = jail_add_mount(jail, m->path, m->flags, TAKE_FD(fd), 0);
        return r < 0 ? step_fail(jail, r, "/%s", m->path) : 0;
}

int step_nodes(Jail *jail)
{
        int r = 0;

        FOREACH_ARRAY (m, jail->plan->mounts, jail->plan->n_mounts) {
                for (size_t i = 0; r >= 0 && i < ELEMENTSOF(contents); i++)
                        if (m->source == contents[i].source)
                                r = make_tmpfs(jail, m, i);
                if (r >= 0 && m->source == MOUNT_LOOPS)
                        r = loop_mount_nodes(jail, m);
        }
        return r;
}

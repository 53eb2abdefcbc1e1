/* SPDX-License-Identifier: Apache-2.0 */

/* A network namespace that outlives whoever made it, at /run/netns/fcjail-<id>, where ip(8) finds it. */

#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "chase.h"
#include "cni.h"
#include "fd-util.h"
#include "namespaces.h"
#include "parse.h"
#include "pin.h"
#include "tolerated.h"

#define NAME_SIZE (sizeof(CNI_NETNS_PREFIX) + ID_LEN_MAX)

static int open_dir(const char *id, char ret_name[NAME_SIZE])
{
        (void) snprintf(ret_name, NAME_SIZE, CNI_NETNS_PREFIX "%s", id);
        return chase_open(CNI_NETNS_DIR, O_PATH | O_DIRECTORY, CHASE_MKDIR, NULL);
}

int cni_pin_exists(const char *id)
{
        char name[NAME_SIZE];
        struct statfs fs;

        _cleanup_close_ int dir = open_dir(id, name);
        if (dir < 0)
                return dir;
        _cleanup_close_ int fd = openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
                return errno == ENOENT ? 0 : -errno;
        if (fstatfs(fd, &fs) < 0)
                return -errno;
        return fs.f_type == NSFS_MAGIC;
}

int cni_pin_open(const char *id)
{
        char name[NAME_SIZE];

        _cleanup_close_ int dir = open_dir(id, name);
        if (dir < 0)
                return dir;
        return RET_NERRNO(openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
}

/* A new one routes if the host does: so a guest with a second TAP could send by it as somebody else. A plugin that wants it
 * turns it on again. Mustn't run anywhere but in the new one. */
static int stop_routing(void)
{
        _cleanup_close_ int v4 = open("/proc/sys/net/ipv4/ip_forward", O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
        if (v4 < 0 || write(v4, "0", 1) < 0)
                return -errno;
        _cleanup_close_ int v6 =
                open("/proc/sys/net/ipv6/conf/all/forwarding", O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
        if (v6 < 0)
                return tolerate(TOLERATED_NO_IPV6, -errno);
        return write(v6, "0", 1) < 0 ? -errno : 0;
}

/* The process is in the new one for a moment. */
static int new_netns(void)
{
        int r, k;

        _cleanup_close_ int home = netns_open_current();
        if (home < 0)
                return home;
        if (unshare(CLONE_NEWNET) < 0)
                return -errno;
        _cleanup_close_ int fd = netns_open_current();
        r = fd < 0 ? fd : stop_routing();
        k = netns_enter(home);
        if (r >= 0)
                r = k;
        return r < 0 ? r : TAKE_FD(fd);
}

int cni_pin_make(const char *id)
{
        char name[NAME_SIZE];
        int r;

        r = cni_pin_remove(id);
        if (r < 0)
                return r;
        _cleanup_close_ int dir = open_dir(id, name);
        if (dir < 0)
                return dir;
        _cleanup_close_ int netns = new_netns();
        return netns < 0 ? netns : pin_make(dir, name, netns);
}

/* Also of a start that was killed before it was mounted, and after a boot, when nothing is mounted any more. */
int cni_pin_remove(const char *id)
{
        char name[NAME_SIZE];

        _cleanup_close_ int dir = open_dir(id, name);
        return dir < 0 ? dir : pin_remove(dir, name);
}

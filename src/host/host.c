/* SPDX-License-Identifier: Apache-2.0 */

#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <linux/magic.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "at.h"
#include "fd-util.h"
#include "host.h"
#include "systemd.h"

/* /proc/1/ns/net needs CAP_SYS_PTRACE. The inode of this file also identifies the namespace, and anybody may see it. */
int in_netns_of_host(void)
{
        struct stat init, self;

        if (stat("/proc/1/net/dev", &init) < 0 || stat("/proc/self/net/dev", &self) < 0)
                return -errno;
        return same_object(&init, &self);
}

/* The unit that systemd has made our control group for. */
static int own_unit(char ret[NAME_MAX + 1])
{
        static const char suffix[] = ".service";
        _cleanup_free_ char *text = NULL;
        int r;

        r = at_read_file(AT_FDCWD, "/proc/self/cgroup", 2 * PATH_MAX, &text, NULL);
        if (r < 0)
                return r;
        char *line = strncmp(text, "0::", 3) == 0 ? text : strstr(text, "\n0::");
        if (!line)
                return -ENOENT;
        line[1 + strcspn(line + 1, "\n")] = '\0';

        const char *name = strrchr(line, '/');
        size_t n = name ? strlen(++name) : 0;
        if (n < sizeof(suffix) || n > NAME_MAX || strcmp(name + n - strlen(suffix), suffix) != 0)
                return -ENOENT;
        memcpy(ret, name, n + 1);
        return 0;
}

Tristate own_netns(void)
{
        _cleanup_systemd_unit_ SystemdUnit unit = {};
        char name[NAME_MAX + 1];
        int r;

        r = in_netns_of_host();
        if (r >= 0)
                return r == 0 ? TRISTATE_YES : TRISTATE_NO;
        if (!systemd_runs_us() || own_unit(name) < 0 || systemd_unit_query(name, &unit) < 0)
                return TRISTATE_UNSET;
        return systemd_unit_has_netns(&unit) ? TRISTATE_YES : TRISTATE_NO;
}

/* What the settings do not depend on is not asked. */
static Tristate find_own_netns(const Config *c, const Caller *caller)
{
        if (c->netns != NETNS_UNSET && c->netns != NETNS_INHERIT)
                return TRISTATE_UNSET;
        if (caller->own_netns == TRISTATE_YES)
                return TRISTATE_YES;

        Tristate own = own_netns();
        return own != TRISTATE_UNSET ? own : caller->own_netns;
}

int netns_open(const char *path)
{
        char link[FD_PATH_MAX];
        struct statfs sfs;
        int type;

        /* O_PATH first: opening a FIFO or a device would already be an action. */
        _cleanup_close_ int fd = open(path, O_PATH | O_CLOEXEC);
        if (fd < 0 || fstatfs(fd, &sfs) < 0)
                return -errno;
        if (sfs.f_type != NSFS_MAGIC)
                return -ENOTTY;

        _cleanup_close_ int netns_fd = open(fd_path(link, fd), O_RDONLY | O_CLOEXEC);
        if (netns_fd < 0)
                return -errno;
        type = ioctl(netns_fd, NS_GET_NSTYPE);
        if (type < 0)
                return -errno;
        if (type == 0) /* no namespace's: not an answer, and a cleanup must not take it for one */
                return -EBADE;
        return type == CLONE_NEWNET ? TAKE_FD(netns_fd) : -ENXIO;
}

int host_group(const char *name, gid_t *ret)
{
        _cleanup_fclose_ FILE *f = fopen("/etc/group", "re");

        if (!f)
                return -errno;
        for (struct group *g; (g = fgetgrent(f));)
                if (strcmp(g->gr_name, name) == 0) {
                        *ret = g->gr_gid;
                        return 0;
                }

        return -ENOENT;
}

static int cannot_see(Diagnostics *d, const char *path, int error)
{
        return diagnostics_add_file(d, DIAGNOSTIC_UNSAFE_FILE, path, "cannot be read: %s", strerror(-error));
}

static int find_api_gid(const Config *c, Diagnostics *d, gid_t *ret)
{
        struct stat st;
        int r;

        if (c->api_group) {
                r = host_group(c->api_group, ret);
                if (r == -ENOENT)
                        return config_conflict(
                                c, d, "FCJAIL_API_GROUP",
                                " names the group '%s', which is not in /etc/group; create it with `groupadd --system %s`",
                                c->api_group, c->api_group);
                return r == -ENOMEM || r >= 0 ? r : cannot_see(d, "/etc/group", r);
        }

        /* systemd-tmpfiles has made it root:fcjail; without the installed files nobody else gets access. */
        if (stat("/run/fcjail", &st) < 0)
                return errno == ENOENT ? 0 : cannot_see(d, "/run/fcjail", -errno);
        if (st.st_gid != 0)
                *ret = st.st_gid;
        return 0;
}

int host_facts(const Config *c, const Caller *caller, Diagnostics *d, HostFacts *ret)
{
        HostFacts facts = {
                .unit_uid = caller->uid,
                .unit_gid = caller->gid,
                .unit_uid_later = caller->uid_later,
                .own_netns = find_own_netns(c, caller),
                .supervised = getenv("NOTIFY_SOCKET") && systemd_runs_us(),
                .ctrl_alt_del = HOST_IS_PC,
                .cpu_files = HOST_HAS_CPU_FILES,
                .api_gid = GID_INVALID,
        };
        struct stat st;
        int r;

        if (stat("/dev/userfaultfd", &st) < 0) {
                if (errno != ENOENT)
                        return cannot_see(d, "/dev/userfaultfd", -errno);
        } else if (S_ISCHR(st.st_mode))
                facts.userfaultfd = st.st_rdev;

        r = find_api_gid(c, d, &facts.api_gid);
        if (r < 0)
                return r;

        *ret = facts;
        return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Step `cgroup`: in the place of Firecracker's jailer, <hierarchy>/<parent>/<id> with the values of --cgroup in it, and INSIDE
 * enters it. In other starts systemd does this.
 *
 * Should:  write all values before the VMM is in the group.
 * Should:  enter by writing 0, which is the writer, whatever its pid is called.
 * Mustn't: remove a group that was there before: the values in it are somebody's.
 */

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "at.h"
#include "chase.h"
#include "fd-util.h"
#include "step.h"
#include "tolerated.h"

/* Of a value in a cgroup, and of /proc/self/cgroup. */
#define VALUE_MAX      4096
#define MEMBERSHIP_MAX (16 * PATH_MAX)

static int cgroup_fail(Jail *jail, const HostCgroup *c, int r, const char *file)
{
        return step_fail(jail, r, "%s/%s/%s%s%s", c->path, jail->plan->cgroup.parent, jail->plan->id,
                         file[0] ? "/" : "", file);
}

static int write_value(int dir_fd, const char *file, const char *value)
{
        char text[VALUE_MAX];

        int n = snprintf(text, sizeof(text), "%s\n", value);
        if (n < 0 || (size_t) n >= sizeof(text))
                return -E2BIG;
        _cleanup_close_ int fd = openat(dir_fd, file, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        ssize_t written = write(fd, text, (size_t) n);
        return written < 0 ? -errno : written == n ? 0 : -EIO;
}

static int read_value(int dir_fd, const char *file, char **ret)
{
        int r = at_read_file(dir_fd, file, VALUE_MAX, ret, NULL);

        if (r >= 0)
                (*ret)[strcspn(*ret, "\n")] = '\0';
        return r;
}

/* A new cpuset of v1 has no CPUs and no memory, and takes no process. */
static int inherit(int parent_fd, int fd, const char *file)
{
        _cleanup_free_ char *mine = NULL, *above = NULL;
        int r;

        r = read_value(fd, file, &mine);
        if (r < 0 || mine[0])
                return r == -ENOENT ? 0 : r;
        r = read_value(parent_fd, file, &above);
        return r < 0 || !above[0] ? r : write_value(fd, file, above);
}

/* What is in it is known to its children only after this. */
static int enable_for_children(int fd, const char *file)
{
        char text[NAME_MAX + 2];

        (void) snprintf(text, sizeof(text), "+%.*s", (int) strcspn(file, "."), file);
        return write_value(fd, "cgroup.subtree_control", text);
}

/* The group of the VM is the last level; that it will be made is written down before. */
static int record(Jail *jail, const HostCgroup *c, int dir_fd, const char *name)
{
        StateNames *made = &jail->state.cgroups;
        struct stat st;
        char *path;

        if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) >= 0)
                return 0;
        if (made->n == STATE_NAMES_MAX)
                return -E2BIG;
        if (ASPRINTF(&path, "%s/%s/%s", c->path, jail->plan->cgroup.parent, name) < 0)
                return -ENOMEM;
        made->names[made->n++] = path;
        return state_append(jail->state_fd, &jail->state, STATE_CGROUP);
}

/* One level down, made if it is missing. */
static int descend(const HostCgroup *c, const char *file, int *fd, const char *name)
{
        int r;

        r = c->unified ? enable_for_children(*fd, file) : 0;
        if (r < 0)
                return r;
        _cleanup_close_ int next = at_make_dir(*fd, name, 0755);
        if (next < 0)
                return next;
        r = c->unified ? 0 : inherit(*fd, next, file);
        if (r < 0)
                return r;
        (void) safe_close(*fd);
        *fd = TAKE_FD(next);
        return 0;
}

static int open_group(Jail *jail, const HostCgroup *c, const char *file, int *ret_fd)
{
        _cleanup_free_ char *parent = strdup(jail->plan->cgroup.parent);
        _cleanup_close_ int fd = openat(c->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        char *rest = parent;
        int r = 0;

        if (!parent)
                return -ENOMEM;
        if (fd < 0)
                return -errno;
        for (char *name; r >= 0 && (name = strsep(&rest, "/"));)
                if (name[0])
                        r = descend(c, file, &fd, name);
        if (r >= 0)
                r = record(jail, c, fd, jail->plan->id);
        if (r >= 0)
                r = descend(c, file, &fd, jail->plan->id);
        if (r >= 0)
                *ret_fd = TAKE_FD(fd);
        return r;
}

static int set_attribute(Jail *jail, const HostCgroup *c, const CgroupAttribute *a, int *ret_fd)
{
        int r;

        r = open_group(jail, c, a->file, ret_fd);
        if (r < 0)
                return cgroup_fail(jail, c, r, "");
        r = write_value(*ret_fd, a->file, a->value);
        return r < 0 ? cgroup_fail(jail, c, r, a->file) : 0;
}

/* The kernel says it: one line for each hierarchy, with a path that ends as ours. */
static int check_entered(Jail *jail, size_t n_entered)
{
        _cleanup_free_ char *text = NULL, *suffix = NULL;
        const CgroupPlan *plan = &jail->plan->cgroup;
        size_t n = 0;
        int r;

        if (ASPRINTF(&suffix, "/%s%s%s\n", plan->parent, plan->n_attributes > 0 ? "/" : "",
                     plan->n_attributes > 0 ? jail->plan->id : "") < 0)
                return step_fail(jail, -ENOMEM, "/proc/self/cgroup");
        r = at_read_file(AT_FDCWD, "/proc/self/cgroup", MEMBERSHIP_MAX, &text, NULL);
        if (r < 0)
                return step_fail(jail, r, "/proc/self/cgroup");
        for (char *p = text; (p = strstr(p, suffix)); p++)
                n++;
        return n >= n_entered ? 0
                              : step_differs(jail, "/proc/self/cgroup", "the process is not in its cgroup");
}

/* Only where there is such a group: the jailer makes none for this. */
static int join_parent(Jail *jail)
{
        const HostCgroup *c = &jail->host.cgroups[0];
        int r;

        _cleanup_close_ int fd =
                openat(c->fd, jail->plan->cgroup.parent, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0 && errno == ENOENT)
                return 0;
        r = fd < 0 ? -errno : write_value(fd, "cgroup.procs", "0");
        if (r < 0)
                return step_fail(jail, r, "%s/%s/cgroup.procs", c->path, jail->plan->cgroup.parent);
        return check_entered(jail, 1);
}

static bool is_first(const HostCgroup *all, size_t i)
{
        for (size_t k = 0; k < i; k++)
                if (strcmp(all[k].path, all[i].path) == 0)
                        return false;
        return true;
}

int step_cgroup(Jail *jail)
{
        const CgroupPlan *plan = &jail->plan->cgroup;
        const HostCgroup *all = jail->host.cgroups;
        int fds[CGROUP_ATTRIBUTES_MAX];
        size_t n = 0, n_entered = 0;
        int r = 0;

        if (plan->version == 0)
                return 0;
        if (plan->n_attributes == 0)
                return join_parent(jail);

        while (r >= 0 && n < plan->n_attributes) {
                fds[n] = -EBADF;
                r = set_attribute(jail, &all[n], &plan->attributes[n], &fds[n]);
                n++;
        }
        for (size_t i = 0; i < n; i++) {
                if (r >= 0 && is_first(all, i)) {
                        n_entered++;
                        r = write_value(fds[i], "cgroup.procs", "0");
                        if (r < 0)
                                (void) cgroup_fail(jail, &all[i], r, "cgroup.procs");
                }
                (void) safe_close(fds[i]);
        }
        return r < 0 ? r : check_entered(jail, n_entered);
}

/* A process leaves its group a moment after its parent has heard of its end. */
#define BUSY_TRIES 20
#define BUSY_USEC  5000

static int remove_when_empty(int dir_fd, const char *name)
{
        int r = RET_NERRNO(unlinkat(dir_fd, name, AT_REMOVEDIR));

        for (int i = 0; r == -EBUSY && i < BUSY_TRIES; i++) {
                (void) usleep(BUSY_USEC);
                r = RET_NERRNO(unlinkat(dir_fd, name, AT_REMOVEDIR));
        }
        return r;
}

static int remove_group(const char *path)
{
        _cleanup_free_ char *parent = strndup(path, (size_t) (strrchr(path, '/') - path));
        int r;

        if (!parent)
                return -ENOMEM;
        _cleanup_close_ int fd = chase_open(parent, O_PATH | O_DIRECTORY, CHASE_DEFAULT, NULL);
        if (fd < 0)
                return fd == -ENOENT ? 0 : fd;
        r = remove_when_empty(fd, strrchr(path, '/') + 1);
        return r == -ENOENT ? 0 : tolerate(TOLERATED_CGROUP, r);
}

int undo_cgroup(Undo *undo)
{
        const StateNames *made = &undo->state->cgroups;
        int first = 0;

        FOREACH_ARRAY (path, made->names, made->n) {
                int r = remove_group(*path);
                first = first < 0 ? first : r;
        }
        return first;
}

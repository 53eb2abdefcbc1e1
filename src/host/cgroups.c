/* SPDX-License-Identifier: Apache-2.0 */

/* One pass over the host's mounts, and only if the command line of the jailer has asked for a cgroup. */

#include <fcntl.h>
#include <mntent.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "at.h"
#include "cgroups.h"
#include "chase.h"
#include "fd-util.h"

#define MOUNTS "/proc/self/mounts"

/* Each controller has a name, and there are some twenty. */
#define CONTROLLERS_MAX 4096

void host_cgroups_free(HostCgroup *c, size_t n)
{
        FOREACH_ARRAY (i, c, n) {
                i->fd = safe_close(i->fd);
                free(i->path);
        }
        free(c);
}

/* "cpuset" of "cpuset.cpus". */
static char *controller_of(const char *file)
{
        return strndup(file, strcspn(file, "."));
}

static bool has_word(const char *words, const char *word)
{
        const size_t n = strlen(word);

        for (const char *p = words; (p = strstr(p, word)); p += n)
                if ((p == words || p[-1] == ' ') && (p[n] == ' ' || p[n] == '\n' || p[n] == '\0'))
                        return true;
        return false;
}

/* 1: it has the controller. */
static int unified_has(const char *root, const char *controller)
{
        _cleanup_free_ char *text = NULL;
        int r;

        _cleanup_close_ int fd = chase_open(root, O_PATH | O_DIRECTORY, CHASE_DEFAULT, NULL);
        if (fd < 0)
                return fd;
        r = at_read_file(fd, "cgroup.controllers", CONTROLLERS_MAX, &text, NULL);
        return r < 0 ? r : has_word(text, controller);
}

/* The root of the hierarchy of this version that has the controller (NULL: any). 1, 0 or -errno. */
static int find_root(bool unified, const char *controller, char **ret)
{
        FILE *f = setmntent(MOUNTS, "re");
        int r = 0;

        if (!f)
                return -errno;
        for (struct mntent *m; r == 0 && (m = getmntent(f));) {
                if (strcmp(m->mnt_type, unified ? "cgroup2" : "cgroup") != 0)
                        continue;
                r = !controller ? 1
                    : unified   ? unified_has(m->mnt_dir, controller)
                                : hasmntopt(m, controller) != NULL;
                if (r > 0) {
                        *ret = strdup(m->mnt_dir);
                        r = *ret ? 1 : -ENOMEM;
                }
        }
        (void) endmntent(f);
        return r;
}

static int find(uint32_t version, const char *controller, HostCgroup *ret)
{
        int r = 0;

        if (version == 1)
                r = find_root(false, controller, &ret->path);
        if (r == 0) {
                ret->unified = true;
                r = find_root(true, controller, &ret->path);
        }
        return r;
}

static int open_one(uint32_t version, const char *file, Findings *f, HostCgroup *ret)
{
        _cleanup_free_ char *controller = file ? controller_of(file) : NULL;
        int r;

        if (file && !controller)
                return -ENOMEM;
        r = find(version, controller, ret);
        if (r == 0)
                return findings_add(f, SEVERITY_ERROR, -ENODEV, EX_UNAVAILABLE,
                                    file ? "--cgroup" : "--cgroup-version",
                                    "look for one in /proc/self/mounts, and in cgroup.controllers there",
                                    "no hierarchy of cgroup v%u%s%s is mounted", version,
                                    controller ? " with the controller " : "", controller ? controller : "");
        if (ret->path)
                r = ret->fd = chase_open(ret->path, O_PATH | O_DIRECTORY, CHASE_DEFAULT, NULL);
        if (r < 0 && r != -ENOMEM)
                return findings_add(f, SEVERITY_ERROR, r, EX_UNAVAILABLE, ret->path ? ret->path : MOUNTS,
                                    NULL, "cannot be opened: %s", chase_strerror(r));
        return r < 0 ? r : 0;
}

int host_cgroups_open(const Plan *p, Findings *f, HostCgroup **ret, size_t *ret_n)
{
        const CgroupPlan *plan = &p->cgroup;
        const size_t n = plan->version == 0 ? 0 : plan->n_attributes > 0 ? plan->n_attributes : 1;
        int r = 0;

        if (n == 0)
                return 0;
        HostCgroup *all = calloc(n, sizeof(*all));
        if (!all)
                return -ENOMEM;
        FOREACH_ARRAY (c, all, n)
                c->fd = -EBADF;
        *ret = all;
        *ret_n = n;
        for (size_t i = 0; r >= 0 && i < n; i++)
                r = open_one(plan->version, plan->n_attributes > 0 ? plan->attributes[i].file : NULL, f,
                             &all[i]);
        return r;
}

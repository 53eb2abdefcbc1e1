/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What others have mounted below root/ before the start, in the place of Firecracker's jailer: callers such as Kata Containers
 * mount kernels, images and FIFOs there. Each becomes a mount of its own in the jail, private, with the flags of the plan, and
 * is read back like every other one. The jailer clones the whole tree, with the flags that it has on the host.
 *
 * Who can mount there: root, and by fusermount3(1) a process on the host with the VM's uid, whose file system answers when it
 * likes. A VM cannot mount.
 *
 * Should:  read the list of mounts only if something can be there: it is as long as the host has mounts.
 * Should:  open the mounts in the order of their paths, and look at one before a name below it is looked up.
 * Mustn't: loosen a mount: what is read-only or nodev stays so.
 * Mustn't: show the host: a /proc that is mounted there would.
 */

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sysexits.h>
#include <unistd.h>

#include "at.h"
#include "below.h"
#include "fd-util.h"
#include "missing.h"
#include "mount-list.h"
#include "tree.h"

#define BELOW_MAX (JAIL_MOUNTS_MAX - MOUNT_PLANS_MAX)

typedef struct Below {
        uint64_t id;
        char *path; /* relative to root/ */
        char *type, *options;
} Below;

typedef struct BelowList {
        Below *items;
        size_t n_items;
} BelowList;

static void below_list_done(BelowList *l)
{
        FOREACH_ARRAY (b, l->items, l->n_items) {
                free(b->path);
                free(b->type);
                free(b->options);
        }
        free(l->items);
}

static int add(BelowList *l, const MountLine *line, const char *path)
{
        Below *grown = reallocarray(l->items, l->n_items + 1, sizeof(*l->items));

        if (!grown)
                return -ENOMEM;
        l->items = grown;
        Below *b = &l->items[l->n_items++];
        *b = (Below){ line->id, strdup(path), strdup(line->type), strdup(line->options) };
        return b->path && b->type && b->options ? 0 : -ENOMEM;
}

static int read_list(const char *root, BelowList *ret)
{
        _cleanup_fclose_ FILE *f = fopen("/proc/self/mountinfo", "re");
        _cleanup_free_ char *text = NULL;
        const size_t n = strlen(root);
        size_t size = 0;
        MountLine line;
        int r = 0;

        if (!f)
                return -errno;
        while (r >= 0 && (errno = 0, getline(&text, &size, f) >= 0)) {
                r = mount_line_parse(text, &line);
                if (r >= 0 && strncmp(line.path, root, n) == 0 && line.path[n] == '/')
                        r = add(ret, &line, line.path + n + 1);
        }
        return r < 0 ? r : -errno;
}

static int by_path(const void *a, const void *b)
{
        return strcmp(((const Below *) a)->path, ((const Below *) b)->path);
}

/* The plan has something else there, or covers a directory above. */
static bool is_covered(const Plan *p, const char *path)
{
        FOREACH_ARRAY (m, p->mounts, p->n_mounts) {
                const size_t n = strlen(m->path);

                if (n > 0 && strncmp(path, m->path, n) == 0 && (path[n] == '\0' || path[n] == '/'))
                        return true;
        }
        return false;
}

/* What a name in root/ leads to, if that is the mount. *ret_fd stays as it is if another one is on top of it, or it is below
 * something that is. */
static int open_mount(const Jail *jail, const Below *b, int *ret_fd)
{
        struct statx sx;
        const char *name;

        _cleanup_close_ int dir_fd = at_hold_parent(jail->root_fd, b->path, &name);
        if (dir_fd < 0)
                return dir_fd == -ENOENT || dir_fd == -ENOTDIR || dir_fd == -ELOOP ? 0 : dir_fd;
        _cleanup_close_ int fd = openat(dir_fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
                return errno == ENOENT ? 0 : -errno;
        /* The kernel always tells the id. Who asks for nothing else asks no file system, which need not answer. */
        if (syscall(SYS_statx, fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, /* mask= */ 0, &sx) < 0)
                return -errno;
        if (!(sx.stx_mask & STATX_MNT_ID))
                return -EOPNOTSUPP;
        if (sx.stx_mnt_id == b->id)
                *ret_fd = TAKE_FD(fd);
        return 0;
}

/* They tell of the host, or let it be changed. */
static bool shows_host(const char *type)
{
        static const char *const types[] = {
                "autofs",  "binfmt_misc", "bpf",       "cgroup",     "cgroup2", "configfs", "debugfs",
                "devpts",  "efivarfs",    "fusectl",   "nfsd",       "nsfs",    "proc",     "pstore",
                "resctrl", "rpc_pipefs",  "selinuxfs", "securityfs", "smackfs", "sysfs",    "tracefs",
        };

        FOREACH_ARRAY (t, types, ELEMENTSOF(types))
                if (strcmp(*t, type) == 0)
                        return true;
        return false;
}

/* A process of that user answers for its files, or never does. */
static bool is_of_a_user(const Below *b)
{
        const char *id = strstr(b->options, "user_id=");

        return (strcmp(b->type, "fuse") == 0 || strncmp(b->type, "fuse.", strlen("fuse.")) == 0 ||
                strcmp(b->type, "fuseblk") == 0) &&
               (!id || strncmp(id, "user_id=0,", strlen("user_id=0,")) != 0);
}

static int check_type(Jail *jail, const Below *b)
{
        const bool shows = shows_host(b->type);

        if (!shows && !is_of_a_user(b))
                return 0;
        return step_fail_because(
                jail, -EPERM, EX_NOPERM, b->path,
                "is mounted in the jail's directory, but %s (%s); unmount it, or set FCJAIL_JAILER_MOUNTS=no",
                shows ? "a VM must not see what it shows of the host" : "is a file system of a user's",
                b->type);
}

/* A directory of the host's is only to be read, unless it is the VM's own. */
static unsigned long flags_for(const Jail *jail, const MountPlan *m, const struct stat *st,
                               const struct statvfs *sv)
{
        const bool is_vms = st->st_uid == jail->uid && !jail->plan->vm_is_root;
        unsigned long flags = m->flags | (sv->f_flag & ST_RDONLY);

        if (S_ISDIR(st->st_mode) && !is_vms)
                flags |= MS_RDONLY;
        /* Of a single node, which the caller has chosen. */
        if (S_ISBLK(st->st_mode) && !(sv->f_flag & ST_NODEV))
                flags &= ~(unsigned long) MS_NODEV;
        return flags;
}

static int clone_one(Jail *jail, const MountPlan *m, const Below *b, size_t n_before)
{
        _cleanup_close_ int fd = -EBADF;
        struct statvfs sv;
        struct stat st;
        int r;

        if (is_covered(jail->plan, b->path))
                return 0;
        r = open_mount(jail, b, &fd);
        if (r < 0)
                return tree_fail(jail, r, b->path);
        if (fd < 0)
                return 0;
        r = check_type(jail, b);
        if (r < 0)
                return r;
        if (fstat(fd, &st) < 0 || fstatvfs(fd, &sv) < 0)
                return tree_fail(jail, -errno, b->path);

        if (jail->n_mounts - n_before == BELOW_MAX)
                return step_fail_because(
                        jail, -E2BIG, EX_CANTCREAT, b->path,
                        "is one of more than %i mounts in the jail's directory; unmount some, or set FCJAIL_JAILER_MOUNTS=no",
                        BELOW_MAX);

        int tree_fd =
                (int) syscall(SYS_open_tree, fd, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);
        if (tree_fd < 0)
                return tree_fail(jail, -errno, b->path);
        r = jail_add_mount(jail, b->path, flags_for(jail, m, &st, &sv), tree_fd, UID_INVALID);
        return r < 0 ? tree_fail(jail, r, b->path) : 0;
}

int below_clone(Jail *jail, const MountPlan *m)
{
        _cleanup_(below_list_done) BelowList list = {};
        const Layout layout = plan_layout(jail->plan);
        const size_t n_before = jail->n_mounts;
        char root[PATH_MAX];
        int r;

        if (jail->root_is_new)
                return 0;
        r = read_list(layout_path(&layout, LAYOUT_ROOT, "", root), &list);
        if (r < 0)
                return step_fail(jail, r, "/proc/self/mountinfo");
        if (list.n_items > 0)
                qsort(list.items, list.n_items, sizeof(*list.items), by_path);
        FOREACH_ARRAY (b, list.items, list.n_items)
                if (r >= 0)
                        r = clone_one(jail, m, b, n_before);
        return r;
}

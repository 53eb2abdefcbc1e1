/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What the VM gets from elsewhere on the host: clones of its sources, each mounted on a place of its own in root/.
 *
 * Should:  make the VM the owner of what the source's owner owns, by an idmapped mount. Nothing is ever chowned.
 * Should:  bind what step `paths` has judged: only the descriptors are used.
 * Mustn't: cover what somebody else has put into root/.
 */

#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sysexits.h>
#include <unistd.h>

#include "at.h"
#include "binds.h"
#include "fd-util.h"
#include "idmap.h"
#include "missing.h"
#include "mount-util.h"
#include "tree.h"

/* User namespaces for the idmaps, one for each pair of owner and group, and for what becomes of the group. */
#define MAPS_MAX BIND_PLANS_MAX

typedef struct Map {
        uid_t uid;
        gid_t gid;
        bool keep_gid;
        int fd;
} Map;

typedef struct Maps {
        Map items[MAPS_MAX];
        size_t n_items;
} Maps;

static void maps_done(Maps *m)
{
        FOREACH_ARRAY (i, m->items, m->n_items)
                i->fd = safe_close(i->fd);
}

static bool is_mounted(const HostBind *b)
{
        return !b->taken && !(b->fd >= 0 && S_ISBLK(b->st.st_mode));
}

/* Below another one, the place is in that one's source. */
static bool needs_place(const Plan *p, const BindPlan *bind, const HostBind *b)
{
        return is_mounted(b) && !bind_is_in_dev(bind) && !plan_bind_above(p, bind);
}

/* Without the last name. */
static size_t parent_length(const char *path)
{
        const char *slash = strrchr(path, '/');

        return slash ? (size_t) (slash - path) : 0;
}

/* Opens a directory in root/, and makes what is missing of it. */
static int open_way(Jail *jail, const char *path, size_t length, int *ret_fd)
{
        const Layout layout = plan_layout(jail->plan);
        char names[PATH_MAX], way[PATH_MAX], above[PATH_MAX], *rest = names;
        int r;

        (void) snprintf(names, sizeof(names), "%.*s", (int) length, path);
        _cleanup_close_ int fd = at_hold_dir(jail->root_fd, ".");
        for (char *name; fd >= 0 && (name = strsep(&rest, "/")) && name[0];) {
                int below = -EBADF;

                (void) snprintf(way, sizeof(way), "%.*s", (int) (name - names + (ptrdiff_t) strlen(name)),
                                path);
                (void) layout_path(&layout, LAYOUT_ROOT, way, above);
                r = tree_open_dir(jail, fd, name, PLACE_DIR_MODE, above, &below);
                if (r < 0)
                        return r;
                (void) safe_close(fd);
                fd = below;
        }
        if (fd < 0)
                return tree_fail(jail, fd, path);
        *ret_fd = TAKE_FD(fd);
        return 0;
}

/* run/ is made anew for each start, so nothing else is in it. */
static int open_parent(Jail *jail, const char *path, size_t length, int *ret_fd)
{
        if (length == strlen(JAIL_RUN) && strncmp(path, JAIL_RUN, length) == 0) {
                int fd = at_hold_dir(jail->run_fd, ".");
                if (fd < 0)
                        return tree_fail(jail, fd, JAIL_RUN);
                *ret_fd = fd;
                return 0;
        }
        return open_way(jail, path, length, ret_fd);
}

static int make_place(Jail *jail, const BindPlan *bind, int parent_fd, bool directory)
{
        const size_t length = parent_length(bind->path);
        int r = at_make_place(parent_fd, bind->path + length + (length > 0 ? 1 : 0), directory);

        if (r == -EEXIST)
                return step_fail_because(
                        jail, r, EX_CANTCREAT, bind->path,
                        "is in the jail's directory already, so nothing can be bound there; remove it, or the setting (%s)",
                        bind->named_by);
        return r < 0 ? tree_fail(jail, r, bind->path) : 0;
}

/* Most are in the directory of the one before them. */
static int make_places(Jail *jail)
{
        const Plan *p = jail->plan;
        const BindPlan *before = NULL;
        _cleanup_close_ int parent_fd = -EBADF;
        int r = 0;

        for (size_t i = 0; r >= 0 && i < p->n_binds; i++) {
                const BindPlan *bind = &p->binds[i];
                const HostBind *b = &jail->host.binds[i];
                const size_t n = parent_length(bind->path);

                if (!needs_place(p, bind, b))
                        continue;
                if (!before || parent_length(before->path) != n ||
                    strncmp(before->path, bind->path, n) != 0) {
                        parent_fd = safe_close(parent_fd);
                        r = open_parent(jail, bind->path, n, &parent_fd);
                }
                if (r >= 0)
                        r = make_place(jail, bind, parent_fd, b->fd >= 0 && S_ISDIR(b->st.st_mode));
                before = bind;
        }
        return r;
}

static int find_map(Jail *jail, Maps *maps, Map map)
{
        FOREACH_ARRAY (m, maps->items, maps->n_items)
                if (m->uid == map.uid && m->gid == map.gid && m->keep_gid == map.keep_gid)
                        return m->fd;
        if (maps->n_items == MAPS_MAX)
                return -E2BIG;

        map.fd = idmap_userns(map.uid, jail->uid, map.gid, jail->gid, map.keep_gid);
        if (map.fd >= 0)
                maps->items[maps->n_items++] = map;
        return map.fd;
}

/* Whoever owns a file and is in its group can make it setgid, or a new one where he may make one. So the VM does not get
 * the group of what it may write, unless the filter forbids that, and never root's. */
static bool keeps_gid(const Jail *jail, const BindPlan *bind, gid_t gid)
{
        return gid == 0 || (!bind->read_only && !plan_filter_forbids_io_uring(jail->plan));
}

static int cannot_map(Jail *jail, const BindPlan *bind, int fd, int r)
{
        char name[FS_NAME_MAX];

        if (r == -ENOSPC || r == -EUSERS)
                return step_fail_because(
                        jail, r, EX_CONFIG, bind->source,
                        "needs a user namespace to be mapped to the VM's uid, but the sysctl user.max_user_namespaces allows none; raise it, or `chown %u` the file",
                        jail->uid);
        if (r == -EINVAL || r == -ENOSYS || r == -EOPNOTSUPP)
                return step_fail_because(
                        jail, r, EX_UNAVAILABLE, bind->source,
                        "is on %s, whose files this kernel cannot map to the VM's uid; `chown %u` it, or set the option noidmap or loop in FCJAIL_BIND=",
                        fs_name(name, fd), jail->uid);
        return step_fail(jail, r, "idmap of %s", bind->source);
}

static int map(Jail *jail, Maps *maps, const BindPlan *bind, const HostBind *b, int tree_fd)
{
        const uid_t from = host_bind_from(bind, b);
        const gid_t gid = b->st.st_gid;
        int r;

        /* Step `paths` has refused it already, but what a VM could do with such a directory is too bad for one check. */
        if (S_ISDIR(b->st.st_mode) && !bind->read_only && (from == 0 || b->st.st_uid == 0))
                return step_differs(jail, bind->source, "is a writable directory of root's");
        if (!host_bind_needs_map(bind, b, jail->uid))
                return 0;
        r = find_map(jail, maps, (Map){ from, gid, keeps_gid(jail, bind, gid), -EBADF });
        if (r >= 0)
                r = tree_idmap(tree_fd, r);
        return r < 0 ? cannot_map(jail, bind, tree_fd, r) : 1;
}

static int clone_bind(Jail *jail, Maps *maps, const MountPlan *m, const BindPlan *bind, const HostBind *b)
{
        const unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH;
        const unsigned long mount_flags = m->flags | (bind->read_only ? MS_RDONLY : 0);
        int r, mapped;

        _cleanup_close_ int tree_fd = RET_NERRNO((int) syscall(SYS_open_tree, b->fd, "", flags));
        if (tree_fd < 0)
                return step_fail(jail, tree_fd, "%s", bind->source);
        mapped = map(jail, maps, bind, b, tree_fd);
        if (mapped < 0)
                return mapped;

        /* With idmap= the directory itself may be anybody's. */
        uid_t owner = !mapped ? b->st.st_uid : bind->ids == BIND_IDS_OWNER ? jail->uid : UID_INVALID;
        r = jail_add_mount(jail, bind->path, mount_flags, TAKE_FD(tree_fd), owner);
        return r < 0 ? step_fail(jail, r, "%s", bind->source) : 0;
}

int binds_clone(Jail *jail, const MountPlan *m)
{
        _cleanup_(maps_done) Maps maps = {};
        const Plan *p = jail->plan;
        int r = make_places(jail);

        for (size_t i = 0; r >= 0 && i < p->n_binds; i++)
                if (is_mounted(&jail->host.binds[i]) && !p->binds[i].loop) /* see loop.c */
                        r = clone_bind(jail, &maps, m, &p->binds[i], &jail->host.binds[i]);
        return r;
}

/* Whether it is one of ours is seen by what it looks like: somebody may have put something else in its place. */
static int remove_place(int dir_fd, const char *name)
{
        struct stat st;

        if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return errno == ENOENT ? 0 : -errno;
        if (!at_is_place(&st))
                return 0;
        if (unlinkat(dir_fd, name, S_ISDIR(st.st_mode) ? AT_REMOVEDIR : 0) >= 0)
                return 0;
        return errno == ENOTEMPTY || errno == EEXIST || errno == ENOENT ? 0 : -errno;
}

/* Depth first: the name that the path begins with goes last. */
static int remove_way(int dir_fd, char *path)
{
        char *slash = strchr(path, '/');
        int r = 0;

        if (slash) {
                *slash = '\0';
                _cleanup_close_ int fd = at_hold_dir(dir_fd, path);
                if (fd >= 0)
                        r = remove_way(fd, slash + 1);
                else if (fd != -ENOENT && fd != -ENOTDIR && fd != -ELOOP) /* something else has the name */
                        r = fd;
        }
        return r < 0 ? r : remove_place(dir_fd, path);
}

int binds_undo_places(const State *s, int root_fd)
{
        int r = 0;

        for (size_t i = 0; r >= 0 && i < s->mount_points.n; i++) {
                char path[PATH_MAX];

                (void) snprintf(path, sizeof(path), "%s", s->mount_points.names[i] + 1);
                r = remove_way(root_fd, path);
        }
        return r;
}

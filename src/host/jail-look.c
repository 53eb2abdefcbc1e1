/* SPDX-License-Identifier: Apache-2.0 */

/* Should: go to each name as the VMM would: from the jail's root, on one mount. */

#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "at.h"
#include "fd-util.h"
#include "jail-look.h"
#include "missing.h"

static const char *skip_root(const char *path)
{
        while (path[0] == '/' || (path[0] == '.' && path[1] == '/'))
                path++;
        return path;
}

/* All that the VMM would pass on the way must let it pass. */
static int open_in_jail(int root_fd, const char *path)
{
        const struct open_how how = {
                .flags = O_PATH | O_CLOEXEC,
                .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS,
        };

        return RET_NERRNO((int) syscall(SYS_openat2, root_fd, path, &how, sizeof(how)));
}

/* The name in the jail, with all links resolved. */
static int name_of(const Look *l, int fd, char ret[PATH_MAX])
{
        char link[FD_PATH_MAX], root[PATH_MAX], path[PATH_MAX];
        ssize_t n, m;

        n = readlinkat(AT_FDCWD, fd_path(link, l->root_fd), root, sizeof(root) - 1);
        m = n < 0 ? n : readlinkat(AT_FDCWD, fd_path(link, fd), path, sizeof(path) - 1);
        if (m < 0)
                return -errno;
        root[n] = path[m] = '\0';
        if (!path_is_at_or_below(path, root))
                return -EXDEV;
        (void) snprintf(ret, PATH_MAX, "%s", skip_root(path + n));
        return 0;
}

/* What a start makes, empties or covers. NULL: it leaves the name alone. */
static const FilePlan *made_by_start(const Plan *p, const char *name)
{
        FOREACH_ARRAY (f, p->files, p->n_files)
                if (path_is_at_or_below(name, f->path))
                        return f;
        return NULL;
}

static bool is_link(const Look *l)
{
        struct stat st;

        return l->root_fd >= 0 && fstatat(l->root_fd, l->name, &st, AT_SYMLINK_NOFOLLOW) >= 0 &&
               S_ISLNK(st.st_mode);
}

/* A relative path is the jail's, an absolute one the host's too. */
static const char *remedy_for_missing(const Look *l)
{
        if (l->plan->config_bind && l->file->path[0] != '/')
                return "set its absolute path on the host";
        return l->class->missing;
}

int look_not_found(Look *l, int error)
{
        const char *verb = l->class->verb;

        if (error == -ENOENT && is_link(l))
                return CANNOT(
                        l, error, "put the file itself there with ln or cp",
                        "is a symbolic link whose target is missing in the jail, so the VMM cannot %s its %s",
                        verb, l->role);
        if (error == -ENOENT || error == -ENOTDIR)
                return CANNOT(l, error, remedy_for_missing(l), "does not exist, so the VMM cannot %s its %s",
                              verb, l->role);
        if (error == -EXDEV)
                return CANNOT(
                        l, error, l->class->mounted,
                        "is on another mount, which the jail does not have, so the VMM cannot %s its %s",
                        verb, l->role);
        if (error == -EACCES && l->as_vm)
                return CANNOT(l, error, "`chmod a+x` the directories above it",
                              "cannot be reached by uid %u and gid %u, so the VMM cannot %s its %s",
                              l->vm.uid, l->vm.gid, verb, l->role);
        if (error == -EACCES || error == -ENOSYS)
                return findings_add(l->findings, SEVERITY_NOTE, error, EX_NOPERM, l->path, NULL,
                                    "cannot be checked by uid %u; check it as root", geteuid());
        return CANNOT(l, error, NULL, "does not open as the VMM's %s: %s", l->role, strerror(-error));
}

int look_not_kept(Look *l)
{
        const char *remedy = l->plan->config_bind ? "choose another path" : "put it elsewhere in root/";

        if (l->made->kind == FILE_RUN)
                return CANNOT(l, -ENOENT, remedy,
                              "is in run/, which each start empties, so the VMM cannot %s its %s",
                              l->class->verb, l->role);
        return CANNOT(l, -ENOENT, remedy,
                      "is hidden in the jail by fcjail's own /%s, so the VMM cannot %s its %s",
                      l->made->path, l->class->verb, l->role);
}

const char *look_name_in_run(const Look *l)
{
        const char *below = strchr(l->name, '/');

        if (!below || !l->made || l->made->kind != FILE_RUN)
                return NULL;
        below = skip_root(below);
        return below[0] && !strchr(below, '/') ? below : NULL;
}

/* What is in run/ now, such as a link that a VM made, says nothing about the next start. */
static bool made_by_name(const Look *l, const char *path)
{
        return !strstr(path, "..") && made_by_start(l->plan, skip_root(path));
}

/* By the file-system uid and gid, like an open. */
bool look_may(const Look *l, int mode)
{
        return !l->as_vm || syscall(SYS_faccessat2, l->fd, "", mode, AT_EMPTY_PATH | AT_EACCESS) >= 0 ||
               errno != EACCES;
}

void look_at(Look *l, const char *path)
{
        const Layout layout = plan_layout(l->plan);

        l->fd = made_by_name(l, path) ? -ENOENT
                : l->root_fd < 0      ? l->root_fd
                                      : open_in_jail(l->root_fd, path);
        if (l->fd < 0 || name_of(l, l->fd, l->name) < 0)
                (void) snprintf(l->name, sizeof(l->name), "%s", skip_root(path));
        (void) layout_path(&layout, LAYOUT_ROOT, l->name, l->path);
        l->made = made_by_start(l->plan, l->name);
}

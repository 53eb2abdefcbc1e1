/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What FCJAIL_BIND= has bound, or the directory of a socket: whether the VMM finds there what its configuration names.
 *
 * Should: look with the ids of whom the VM is on the host, by the idmap.
 */

#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "at.h"
#include "fd-util.h"
#include "jail-look.h"
#include "missing.h"

static bool writes(const VmmFile *f)
{
        return f->access == VMM_CREATES || f->access == VMM_BINDS ||
               (f->access == VMM_OPENS && !f->read_only);
}

/* The VMM makes it, in the directory. */
static bool makes(const VmmFile *f)
{
        return f->access == VMM_BINDS || f->access == VMM_CREATES;
}

static int is_read_only(Look *l, const BindPlan *b)
{
        char remedy[64];

        (void) snprintf(remedy, sizeof(remedy), "use FCJAIL_BIND=%s%s",
                        l->file->read_only_by ? ", or set " : "",
                        l->file->read_only_by ? l->file->read_only_by : "");
        return CANNOT(l, -EROFS, remedy, "is bound read-only by %.*s, so the VMM cannot %s its %s",
                      bind_name(b), b->named_by, makes(l->file) ? l->class->verb : "write", l->role);
}

/* A link that leads out of the directory may lead to something else in the jail. */
static int open_in_bind(int source_fd, const char *path)
{
        const struct open_how how = {
                .flags = O_PATH | O_CLOEXEC,
                .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
        };

        return RET_NERRNO((int) syscall(SYS_openat2, source_fd, path[0] ? path : ".", &how, sizeof(how)));
}

/* A process with root's uid also has its capabilities, and the VM has not. */
static bool may(const Look *l, const struct stat *st, uid_t uid, mode_t mode)
{
        if (uid != 0)
                return look_may(l, (int) mode);
        return ((st->st_uid == 0 ? st->st_mode >> 6 : st->st_mode) & mode) == mode;
}

static int check_access(Look *l, const struct stat *st, uid_t uid, mode_t mode)
{
        if (may(l, st, uid, mode))
                return 0;
        return CANNOT(l, -EACCES, "`chown` it to that, or change its mode",
                      "cannot be %s by uid %u, which the VM is there, so the VMM cannot %s its %s",
                      mode == R_OK  ? "read"
                      : mode & R_OK ? "read and written"
                                    : "written",
                      uid, l->class->verb, l->role);
}

static int is_another_kind(Look *l, mode_t mode, const char *kind)
{
        return CANNOT(l, -EBADFD, NULL, "is %s, not %s, so the VMM cannot %s its %s", file_kind(mode), kind,
                      l->class->verb, l->role);
}

static int check_there(Look *l, uid_t uid)
{
        const VmmFile *f = l->file;
        struct stat st;

        if (fstat(l->fd, &st) < 0)
                return look_not_found(l, -errno);
        if (makes(f) && S_ISDIR(st.st_mode))
                return check_access(l, &st, uid, W_OK | X_OK);
        if (f->access == VMM_CONNECTS)
                return S_ISSOCK(st.st_mode) ? check_access(l, &st, uid, W_OK)
                                            : is_another_kind(l, st.st_mode, "a socket");
        if (!S_ISREG(st.st_mode) && !(f->access == VMM_CREATES && S_ISFIFO(st.st_mode)))
                return is_another_kind(l, st.st_mode, "a regular file");
        if (f->not_empty && st.st_size == 0)
                return CANNOT(l, -ENODATA, "give it a size with truncate",
                              "is empty, so the VMM cannot open its %s", l->role);
        return check_access(l, &st, uid, writes(f) ? R_OK | W_OK : R_OK);
}

/* Of a file that the VMM may make its directory will do. */
static int look_in_bind(Look *l, const BindPlan *b, int source_fd, uid_t uid)
{
        const char *path = l->file->path + 1 + strlen(b->path);

        path += path[0] == '/';
        (void) snprintf(l->path, sizeof(l->path), "%s%s%s", b->source, path[0] ? "/" : "", path);
        l->fd = open_in_bind(source_fd, path);
        if (l->fd == -ENOENT && makes(l->file)) {
                char dir[PATH_MAX];
                const char *slash = strrchr(path, '/');

                (void) snprintf(dir, sizeof(dir), "%.*s", slash ? (int) (slash - path) : 0, path);
                l->fd = open_in_bind(source_fd, dir);
        }
        if (l->fd == -EXDEV)
                return 0;
        return l->fd < 0 ? look_not_found(l, l->fd) : check_there(l, uid);
}

/* The VM never gets root's group. */
static FsIds ids_in_bind(const Look *l, const BindPlan *b, const HostBind *host)
{
        const uid_t from = host_bind_from(b, host);
        const gid_t gid = host->st.st_gid;

        return from == UID_INVALID ? l->vm : (FsIds){ from, gid != 0 ? gid : l->vm.gid };
}

int jail_check_in_bind(Look *l, const BindPlan *b, const HostBind *host)
{
        int r, k;

        if (host->fd < 0 || S_ISBLK(host->st.st_mode) || b->loop)
                return 0;
        if (l->file->access == VMM_BINDS && !S_ISDIR(host->st.st_mode))
                return CANNOT(l, -EADDRINUSE, "give it another name",
                              "is bound by %.*s, so the VMM cannot make its %s", bind_name(b), b->named_by,
                              l->role);
        if (b->read_only && writes(l->file))
                return is_read_only(l, b);
        const FsIds ids = ids_in_bind(l, b, host);
        if (!l->as_vm)
                return look_in_bind(l, b, host->fd, ids.uid);

        r = fs_ids_set(ids);
        if (r >= 0)
                r = look_in_bind(l, b, host->fd, ids.uid);
        k = fs_ids_set(l->vm);
        return k < 0 ? k : r;
}

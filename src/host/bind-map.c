/* SPDX-License-Identifier: Apache-2.0 */

/* Whether the kernel can make the VM the owner of a source. A start finds out while it makes the mount. Should: try it, as
 * neither a version nor the name of a file system tells; the mount and the namespace end with this function. */

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bind-source.h"
#include "fd-util.h"
#include "idmap.h"
#include "missing.h"
#include "mount-util.h"

bool host_bind_needs_map(const BindPlan *plan, const HostBind *bind, uid_t uid)
{
        const uid_t from = host_bind_from(plan, bind);
        const mode_t mode = bind->st.st_mode;

        if (from == UID_INVALID || from == uid)
                return false;
        /* What everybody may read needs no map to be read. */
        return !(plan->read_only && S_ISREG(mode) && (mode & S_IROTH));
}

static int try_map(const Source *s, int fd, uid_t uid)
{
        const unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH;
        const gid_t gid = s->host->st.st_gid;

        _cleanup_close_ int tree_fd = RET_NERRNO((int) syscall(SYS_open_tree, fd, "", flags));
        if (tree_fd < 0)
                return tree_fd;
        _cleanup_close_ int userns_fd =
                idmap_userns(host_bind_from(s->bind, s->host), uid, gid, gid != 0 ? gid : uid, true);
        return userns_fd < 0 ? userns_fd : tree_idmap(tree_fd, userns_fd);
}

static int check_map(const Source *s, uid_t uid)
{
        const int fd = s->host->fd >= 0 ? s->host->fd : s->host->dir_fd;
        char name[FS_NAME_MAX];

        if (fd < 0 || s->host->taken || s->bind->loop || S_ISBLK(s->host->st.st_mode) ||
            !host_bind_needs_map(s->bind, s->host, uid))
                return 0;
        int r = try_map(s, fd, uid);
        if (r == -ENOSPC || r == -EUSERS)
                return WRONG(s, r, EX_CONFIG,
                             "raise it, or set FCJAIL_UID= and `chown` the file to that uid",
                             "needs a user namespace, but the sysctl user.max_user_namespaces allows none");
        if (r == -EINVAL || r == -ENOSYS || r == -EOPNOTSUPP)
                return WRONG(
                        s, r, EX_UNAVAILABLE,
                        "set FCJAIL_UID= and `chown` it to that uid, or the option noidmap or loop in FCJAIL_BIND=",
                        "is on %s, whose files this kernel cannot map to the VM's uid", fs_name(name, fd));
        return r == -ENOMEM ? r : 0;
}

int host_binds_check_maps(const Plan *plan, const HostBind *binds, Findings *f)
{
        const uid_t uid = plan->uid != UID_INVALID ? plan->uid : plan->uid_first;
        int r = 0;

        for (size_t i = 0; binds && i < plan->n_binds && r != -ENOMEM; i++) {
                HostBind host = binds[i];

                r = check_map(&(Source){ plan, &plan->binds[i], f, &host }, uid);
        }
        return r == -ENOMEM ? r : 0;
}

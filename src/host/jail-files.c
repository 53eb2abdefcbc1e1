/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Should:  go to each file as the VMM would: from the jail's root, on one mount, with the VM's uid and gid, so that it is the
 *          kernel that knows about links, modes and ACLs.
 * Mustn't: open anything but regular files: the open of a device or a FIFO does something.
 */

#include <fcntl.h>
#include <grp.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "at.h"
#include "fd-util.h"
#include "fs-ids.h"
#include "jail-files.h"
#include "missing.h"
#include "vmm-files.h"

typedef struct Look {
        const Plan *plan;
        Findings *findings;
        FsIds vm;    /* that of a start without FCJAIL_UID= may be another */
        bool as_vm;  /* the process has these now */
        int root_fd; /* the jail's root, O_PATH; -errno: as of a VM that has never been started */

        /* of the file that is looked at */
        char name[PATH_MAX]; /* in the jail, relative to its root */
        char path[PATH_MAX]; /* on the host */
        char *role;          /* "drive 'disk'" */
} Look;

/* A start of this VM fails, as the VMM cannot do something with the file. */
#define CANNOT(l, error, remedy, ...)                                                                       \
        findings_add((l)->findings, SEVERITY_ERROR, error, EX_NOINPUT, (l)->path, remedy, __VA_ARGS__)

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
        if (strncmp(path, root, (size_t) n) != 0)
                return -EXDEV;
        (void) snprintf(ret, PATH_MAX, "%s", skip_root(path + n));
        return 0;
}

/* What a start makes, empties or covers. NULL: it leaves the name alone. */
static const FilePlan *made_by_start(const Plan *p, const char *name)
{
        const size_t n = strcspn(name, "/");

        FOREACH_ARRAY (f, p->files, p->n_files)
                if (strlen(f->path) == n && strncmp(f->path, name, n) == 0)
                        return f;
        return NULL;
}

static bool is_link(const Look *l)
{
        struct stat st;

        return l->root_fd >= 0 && fstatat(l->root_fd, l->name, &st, AT_SYMLINK_NOFOLLOW) >= 0 &&
               S_ISLNK(st.st_mode);
}

static int not_found(Look *l, int error)
{
        if (error == -ENOENT && is_link(l))
                return CANNOT(l, error, "put the file itself there with ln or cp",
                              "is a symbolic link to what is not in the jail, so the VMM cannot open its %s",
                              l->role);
        if (error == -ENOENT || error == -ENOTDIR)
                return CANNOT(l, error, "put it there with ln or cp",
                              "does not exist, so the VMM cannot open its %s", l->role);
        if (error == -EXDEV)
                return CANNOT(
                        l, error, "copy the file into root/",
                        "is on another mount, which the jail does not have, so the VMM cannot open its %s",
                        l->role);
        if (error == -EACCES && l->as_vm)
                return CANNOT(l, error, "`chmod a+x` the directories above it",
                              "cannot be reached by uid %u and gid %u, so the VMM cannot open its %s",
                              l->vm.uid, l->vm.gid, l->role);
        if (error == -EACCES || error == -ENOSYS)
                return findings_add(l->findings, SEVERITY_NOTE, error, EX_NOPERM, l->path, NULL,
                                    "it cannot be looked at by uid %u; root can", geteuid());
        return CANNOT(l, error, NULL, "does not open as the VMM's %s: %s", l->role, strerror(-error));
}

/* What a VM that gets one of several uids can write is chance. */
static int check_owner_by_chance(Look *l, const struct stat *st)
{
        const UidRange *range = &l->plan->uid_range;

        if (st->st_uid == 0 ||
            (!l->plan->uid_later && (st->st_uid < range->first || st->st_uid > range->last)))
                return CANNOT(l, -EROFS, "set FCJAIL_UID= and give it to that uid with chown",
                              "belongs to uid %u, so the VMM cannot write its %s", st->st_uid, l->role);
        return findings_add(
                l->findings, SEVERITY_NOTE, -EROFS, EX_NOINPUT, l->path, "set FCJAIL_UID= to that uid",
                "belongs to uid %u, and the VMM can write its %s only if the next start gets that uid",
                st->st_uid, l->role);
}

static int check_owner(Look *l, const struct stat *st)
{
        uid_t uid = l->plan->uid;

        if (uid == UID_INVALID)
                return check_owner_by_chance(l, st);
        if (st->st_uid != uid)
                return CANNOT(
                        l, -EROFS, NULL,
                        "belongs to uid %u, so the VMM cannot write its %s; `chown %u %s`, or set is_read_only",
                        st->st_uid, l->role, uid, l->path);
        if (!(st->st_mode & S_IWUSR))
                return CANNOT(
                        l, -EROFS, NULL,
                        "has mode %04o, so the VMM cannot write its %s; `chmod u+w %s`, or set is_read_only",
                        st->st_mode & 07777U, l->role, l->path);
        return 0;
}

/* Step `files` takes no disk out of a directory that others can change, or from far down. */
static int check_directories(Look *l)
{
        struct stat st;
        int depth = 0;

        for (char *p = l->name; (p = strchr(p, '/')); p++) {
                *p = '\0';
                int r = RET_NERRNO(fstatat(l->root_fd, l->name, &st, AT_SYMLINK_NOFOLLOW));
                *p = '/';
                if (r < 0)
                        return not_found(l, r);
                if (++depth > DISK_DEPTH_MAX)
                        return CANNOT(l, -EROFS, "move it up",
                                      "is more than %i directories down, so the VMM cannot write its %s",
                                      DISK_DEPTH_MAX, l->role);
                if (!only_root_can_change(&st))
                        return CANNOT(
                                l, -EROFS, "`chown root` and `chmod go-w` that",
                                "is below a directory that not only root can change, so the VMM cannot write its %s",
                                l->role);
        }
        return 0;
}

static int check_writable(Look *l, const struct stat *st)
{
        int r = check_owner(l, st);

        return r < 0 ? r : check_directories(l);
}

static int check_readable(Look *l, int fd, const struct stat *st)
{
        char link[FD_PATH_MAX];

        if (!l->as_vm)
                return 0;
        _cleanup_close_ int file_fd = RET_NERRNO(open(fd_path(link, fd), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
        if (file_fd == -EACCES)
                return CANNOT(l, file_fd,
                              st->st_uid == l->vm.uid ? "`chmod u+r` it"
                                                      : "`chgrp` it to that gid and `chmod g+r` it",
                              "cannot be read by uid %u and gid %u, so the VMM cannot open its %s",
                              l->vm.uid, l->vm.gid, l->role);
        return file_fd < 0 ? not_found(l, file_fd) : 0;
}

static int check_found(Look *l, const VmmFile *file, int fd)
{
        struct stat st;
        int r = 0;

        if (fstat(fd, &st) < 0)
                return not_found(l, -errno);
        if (!S_ISREG(st.st_mode))
                return CANNOT(l, -EBADFD, NULL, "is %s, not a regular file, so the VMM cannot open its %s",
                              file_kind(st.st_mode), l->role);
        if (!file->read_only)
                r = check_writable(l, &st);
        return r < 0 ? r : check_readable(l, fd, &st);
}

static int not_kept(Look *l, const FilePlan *made)
{
        static const char remedy[] = "put it elsewhere in root/";

        if (made->kind == FILE_RUN)
                return CANNOT(l, -ENOENT, remedy,
                              "is in run/, which each start empties, so the VMM cannot open its %s",
                              l->role);
        return CANNOT(l, -ENOENT, remedy,
                      "is hidden in the jail by fcjail's own /%s, so the VMM cannot open its %s", made->path,
                      l->role);
}

static int check_file(Look *l, const VmmFile *file)
{
        const Layout layout = plan_layout(l->plan);

        _cleanup_close_ int fd = l->root_fd < 0 ? l->root_fd : open_in_jail(l->root_fd, file->path);
        if (fd < 0 || name_of(l, fd, l->name) < 0)
                (void) snprintf(l->name, sizeof(l->name), "%s", skip_root(file->path));
        (void) layout_path(&layout, LAYOUT_ROOT, l->name, l->path);

        const FilePlan *made = made_by_start(l->plan, l->name);
        if (made)
                return not_kept(l, made);
        return fd < 0 ? not_found(l, fd) : check_found(l, file, fd);
}

static int check_files(Look *l, const VmmFiles *files)
{
        static const char *const roles[] = {
                [VMM_FILE_KERNEL] = "kernel",
                [VMM_FILE_INITRD] = "initrd",
                [VMM_FILE_DRIVE] = "drive",
        };

        FOREACH_ARRAY (f, files->items, files->n_items) {
                if (ASPRINTF(&l->role, f->label ? "%s '%s'" : "%s", roles[f->kind], f->label) < 0)
                        return -ENOMEM;
                int r = check_file(l, f);
                free(TAKE_PTR(l->role));
                if (r == -ENOMEM)
                        return r;
        }
        return 0;
}

/* With no group of ours, such as root's, and afterwards with all of them again. */
static int check_files_as_vm(Look *l, const VmmFiles *files)
{
        const FsIds mine = fs_ids_get();
        int n = getgroups(0, NULL), r = 0;

        _cleanup_free_ gid_t *groups = calloc((size_t) n + 1, sizeof(gid_t));
        if (!groups)
                return -ENOMEM;
        n = getgroups(n, groups);
        l->as_vm = n >= 0 && geteuid() == 0 && setgroups(0, NULL) >= 0;
        if (l->as_vm && fs_ids_set(l->vm) >= 0)
                r = check_files(l, files);
        if (l->as_vm && (fs_ids_set(mine) < 0 || setgroups((size_t) n, groups) < 0))
                return -EPERM;
        return l->as_vm ? r : check_files(l, files);
}

static int read_config(const Plan *p, const HostObjects *o, Findings *f, VmmFiles *ret)
{
        _cleanup_free_ char *text = malloc(VMM_CONFIG_SIZE_MAX + 1), *why = NULL;
        size_t size;
        int r;

        if (!text)
                return -ENOMEM;
        r = fd_read(o->config_fd, text, VMM_CONFIG_SIZE_MAX + 1, &size);
        if (r >= 0 && size > VMM_CONFIG_SIZE_MAX)
                return 0; /* host_open() has said it */
        if (r >= 0)
                r = vmm_files_read(text, size, ret, &why);
        if (r == -ENOMEM)
                return r;
        return r < 0 ? findings_add(f, SEVERITY_ERROR, r, EX_NOINPUT, p->config, NULL, "%s",
                                    why ? why : strerror(-r))
                     : 0;
}

static int open_root(const Plan *p, int base_fd)
{
        const Layout layout = plan_layout(p);
        _cleanup_close_ int fd = RET_NERRNO(fcntl(base_fd, F_DUPFD_CLOEXEC, 3));

        for (LayoutLevel i = 0; fd >= 0 && i < _LAYOUT_LEVEL_MAX; i++) {
                int below = at_hold_dir(fd, layout_name(&layout, i));
                (void) safe_close(fd);
                fd = below;
        }
        return TAKE_FD(fd);
}

int jail_files_check(const Plan *plan, const HostObjects *o, Findings *f)
{
        _cleanup_vmm_files_ VmmFiles files = {};
        int r;

        if (o->config_fd < 0)
                return 0;
        r = read_config(plan, o, f, &files);
        if (r < 0 || o->base_fd < 0)
                return r == -ENOMEM ? r : 0;

        _cleanup_close_ int root_fd = open_root(plan, o->base_fd);
        const uid_t uid = plan->uid != UID_INVALID ? plan->uid : plan->uid_first;
        Look look = {
                .plan = plan,
                .findings = f,
                .vm = { uid, plan->gid != GID_INVALID ? plan->gid : uid },
                .root_fd = root_fd,
        };
        return check_files_as_vm(&look, &files);
}

/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The rules are systemd's for its own drop-ins (systemd.unit(5)), so that nobody has to learn others.
 *
 * A file is chosen by its name alone and judged when it is opened, by chase_open(): the file and everything
 * on the way to it belongs to root and is writable by nobody else. A hidden file is never opened, so a
 * broken one of a package can be repaired in /etc.
 *
 * Every start waits for this, and most of the time goes into opening. So the directories are chased once, and their
 * regular files of root are opened from there. Everything else, and every error, goes the long way.
 */

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "at.h"
#include "chase.h"
#include "env-dir.h"
#include "env-file.h"
#include "fd-util.h"
#include "parse.h"

const EnvDir env_dirs[ENV_DIRS_MAX] = {
        { "/usr/lib/fcjail", false },
        { "/run/fcjail", true },
        { "/etc/fcjail", true },
};

/* One try at naming the files of one scope. */
typedef struct Listing {
        EnvScope scope;
        char name[ID_LEN_MAX +
                  sizeof(".env.d")]; /* of the file; with ".d" that of the drop-ins' directory */
        const EnvDirs *dirs;
        Diagnostics *d;
        EnvPaths paths;
} Listing;

void env_paths_done(EnvPaths *p)
{
        FOREACH_ARRAY (i, p->items, p->n_items)
                free(i->path);
        free(p->items);
        *p = (EnvPaths){};
}

void env_dirs_done(EnvDirs *dirs)
{
        for (size_t i = 0; i < ENV_DIRS_MAX; i++) {
                dirs->fds[i] = safe_close(dirs->fds[i]);
                FOREACH_ARRAY (name, dirs->names[i], dirs->n_names[i])
                        free(name->name);
                free(dirs->names[i]);
        }
        *dirs = (EnvDirs) ENV_DIRS_NONE;
}

/* Always -EBADMSG or -ENOMEM. */
static int complain(Diagnostics *d, const char *path, const char *culprit, int error)
{
        bool other = culprit && strcmp(path, culprit) != 0;

        if (chase_is_unsafe(error) || error == -EBADFD)
                return diagnostics_add_file(d, DIAGNOSTIC_UNSAFE_FILE, path, "%s%s%s", other ? culprit : "",
                                            other ? " " : "", chase_strerror(error));
        return diagnostics_add_file(d, DIAGNOSTIC_UNSAFE_FILE, path, "cannot be read: %s%s%s",
                                    other ? culprit : "", other ? ": " : "", chase_strerror(error));
}

/* The name exists, also as a dangling link, or cannot be checked. */
static bool name_taken(const char *path)
{
        struct stat st;

        return lstat(path, &st) >= 0 || errno != ENOENT;
}

/* The same for a name in a directory; *ret_regular: it is a regular file. */
static bool name_taken_in(const EnvDirs *dirs, size_t dir, const char *name, bool *ret_regular)
{
        struct stat st = {};

        if (dirs->names[dir]) {
                const EnvName *found = env_dirs_find(dirs, dir, name);
                *ret_regular = found && found->regular;
                return found;
        }
        bool taken = fstatat(dirs->fds[dir], name, &st, AT_SYMLINK_NOFOLLOW) >= 0 || errno != ENOENT;

        *ret_regular = S_ISREG(st.st_mode);
        return taken;
}

/* Returns a descriptor, or -EBADMSG after an error, or -ENOMEM. */
static int open_env_dir(const char *path, Diagnostics *d)
{
        _cleanup_free_ char *culprit = NULL;

        int fd = chase_open(path, O_RDONLY | O_DIRECTORY, CHASE_DEFAULT, &culprit);
        return fd < 0 ? complain(d, path, culprit, fd) : fd;
}

int env_dirs_open(Diagnostics *d, EnvDirs *ret)
{
        _cleanup_env_dirs_ EnvDirs dirs = ENV_DIRS_NONE;

        for (size_t i = 0; i < ENV_DIRS_MAX; i++) {
                _cleanup_free_ char *culprit = NULL;

                /* Most hosts have those of VMs, and no package's. */
                if (!env_dirs[i].vm && !name_taken(env_dirs[i].path))
                        continue;
                dirs.fds[i] = chase_open(env_dirs[i].path, O_PATH | O_DIRECTORY, CHASE_DEFAULT, &culprit);
                /* It does not exist, so it does not matter who may change the directories above. */
                if (dirs.fds[i] < 0 && !name_taken(env_dirs[i].path))
                        continue;
                if (dirs.fds[i] < 0)
                        dirs.fds[i] = complain(d, env_dirs[i].path, culprit, dirs.fds[i]);
                if (dirs.fds[i] == -ENOMEM)
                        return -ENOMEM;
        }

        *ret = dirs;
        dirs = (EnvDirs) ENV_DIRS_NONE;
        return 0;
}

/* The directory's descriptor, or a negative number if the scope has no files in it. */
static int dir_of_scope(const Listing *l, size_t dir)
{
        return l->scope != ENV_SCOPE_VM || env_dirs[dir].vm ? l->dirs->fds[dir] : -ENOENT;
}

/* dir_fd: as in EnvPath. */
static int add_path(Listing *l, const char *dir, const char *name, int dir_fd)
{
        EnvPaths *p = &l->paths;
        char *path;

        EnvPath *items = reallocarray(p->items, p->n_items + 1, sizeof(EnvPath));
        if (!items)
                return -ENOMEM;
        p->items = items;
        if (ASPRINTF(&path, "%s/%s", dir, name) < 0)
                return -ENOMEM;

        items[p->n_items++] = (EnvPath){ .path = path, .scope = l->scope, .dir_fd = dir_fd };
        return 0;
}

static int list_main(Listing *l)
{
        for (size_t i = ENV_DIRS_MAX; i-- > 0;) {
                int fd = dir_of_scope(l, i);
                bool regular;

                if (fd >= 0 && name_taken_in(l->dirs, i, l->name, &regular))
                        return add_path(l, env_dirs[i].path, l->name, regular ? fd : -EBADF);
        }

        return 0;
}

/* "x.env", but not a hidden file. */
static bool is_drop_in(const char *name)
{
        size_t n = strlen(name);

        return name[0] != '.' && n > 4 && strcmp(name + n - 4, ".env") == 0;
}

static const char *name_of(const EnvPath *p)
{
        return strrchr(p->path, '/') + 1;
}

static bool is_hidden(const Listing *l, size_t first, const char *name)
{
        for (size_t i = first; i < l->paths.n_items; i++)
                if (strcmp(name_of(l->paths.items + i), name) == 0)
                        return true;
        return false;
}

static int list_drop_in_dir(Listing *l, size_t first, const char *path)
{
        _cleanup_closedir_ DIR *dir = NULL;
        int r;

        _cleanup_close_ int fd = open_env_dir(path, l->d);
        if (fd < 0)
                return fd == -ENOMEM ? fd : 0;
        dir = fdopendir(fd);
        if (!dir)
                return -errno;
        TAKE_FD(fd);

        for (;;) {
                errno = 0;
                struct dirent *de = readdir(dir);
                if (!de && errno == 0)
                        return 0;
                if (!de) {
                        r = complain(l->d, path, NULL, -errno);
                        return r == -ENOMEM ? r : 0;
                }
                if (!is_drop_in(de->d_name) || is_hidden(l, first, de->d_name))
                        continue;
                r = add_path(l, path, de->d_name, -EBADF);
                if (r < 0)
                        return r;
        }
}

static int compare_names(const void *a, const void *b)
{
        return strcmp(name_of(a), name_of(b));
}

static int list_drop_ins(Listing *l)
{
        size_t first = l->paths.n_items, n = strlen(l->name);
        bool regular;
        int r = 0;

        memcpy(l->name + n, ".d", sizeof(".d"));
        for (size_t i = ENV_DIRS_MAX; r >= 0 && i-- > 0;) {
                _cleanup_free_ char *path = NULL;
                int fd = dir_of_scope(l, i);

                if (fd < 0 || !name_taken_in(l->dirs, i, l->name, &regular))
                        continue;
                if (ASPRINTF(&path, "%s/%s", env_dirs[i].path, l->name) < 0)
                        return -ENOMEM;
                r = list_drop_in_dir(l, first, path);
        }

        if (l->paths.n_items > first)
                qsort(l->paths.items + first, l->paths.n_items - first, sizeof(EnvPath), compare_names);
        return r;
}

static int list_scope(Listing *l, EnvScope scope, const char *stem)
{
        int r;

        l->scope = scope;
        (void) snprintf(l->name, sizeof(l->name), "%s.env", stem);
        r = list_main(l);
        return r < 0 ? r : list_drop_ins(l);
}

int env_dir_list(const EnvDirs *dirs, const char *id, Diagnostics *d, EnvPaths *ret)
{
        Listing l = { .dirs = dirs, .d = d };
        int r;

        r = list_scope(&l, ENV_SCOPE_DEFAULT, "default");
        if (r >= 0)
                r = list_scope(&l, ENV_SCOPE_VM, id);
        if (r < 0) {
                env_paths_done(&l.paths);
                return r;
        }

        *ret = l.paths;
        return 0;
}

int env_dir_list_jailer(const EnvDirs *dirs, Diagnostics *d, EnvPaths *ret)
{
        Listing l = { .dirs = dirs, .d = d };
        int r;

        r = list_scope(&l, ENV_SCOPE_JAILER, "jailer");
        if (r < 0)
                env_paths_done(&l.paths);
        else
                *ret = l.paths;
        return r;
}

/* What masks a file, under whatever name. */
static bool leads_to_dev_null(const char *path)
{
        struct stat st;

        _cleanup_close_ int fd = chase_open(path, O_PATH, CHASE_DEFAULT, NULL);
        return fd >= 0 && fstat(fd, &st) >= 0 && S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3);
}

/* A descriptor or a negative number: the long way finds out why. The listing has seen a regular file, so opening it is
 * no action; it is not followed if it has become a link. */
static int open_quickly(const EnvPath *path)
{
        struct stat st;

        if (path->dir_fd < 0)
                return -EBADF;
        _cleanup_close_ int fd = openat(path->dir_fd, strrchr(path->path, '/') + 1,
                                        O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || !only_root_can_change(&st))
                return -EBADF;

        return TAKE_FD(fd);
}

/* Returns a descriptor, -EBADF if the file is masked: only then *ret_masked is set. */
static int open_env_file(const char *path, bool *ret_masked, char **ret_culprit)
{
        struct stat st;

        _cleanup_close_ int fd = chase_open(path, O_RDONLY, CHASE_DEFAULT, ret_culprit);
        if (fd == -EBADFD && leads_to_dev_null(path)) {
                *ret_masked = true;
                return -EBADF;
        }
        if (fd < 0)
                return fd;
        if (fstat(fd, &st) < 0)
                return -errno;
        return S_ISREG(st.st_mode) ? TAKE_FD(fd) : -EBADFD;
}

/* Reads up to one byte more than a file may have: the parser refuses a file that is too large, and needs one byte behind the
 * text. A buffer of that size would take pages that nothing else touches, so it is as large as the file, as long as that does
 * not grow. */
static int read_all(int fd, char **ret_data, size_t *ret_size)
{
        const size_t max = ENV_FILE_SIZE_MAX + 1;
        _cleanup_free_ char *data = NULL;
        size_t size = 0, more, room;
        struct stat st;
        int r;

        if (fstat(fd, &st) < 0)
                return -errno;
        room = st.st_size < ENV_FILE_SIZE_MAX ? (size_t) st.st_size + 1 : max;
        for (;; room = max) {
                char *larger = realloc(data, room + 1);
                if (!larger)
                        return -ENOMEM;
                data = larger;
                r = fd_read(fd, data + size, room - size, &more);
                if (r < 0)
                        return r;
                size += more;
                if (size < room || room == max)
                        break;
        }

        *ret_data = TAKE_PTR(data);
        *ret_size = size;
        return 1;
}

int env_dir_read(const EnvPath *path, Diagnostics *d, char **ret_data, size_t *ret_size)
{
        _cleanup_free_ char *culprit = NULL;
        bool masked = false;
        int r;

        _cleanup_close_ int fd = open_quickly(path);
        if (fd < 0)
                fd = open_env_file(path->path, &masked, &culprit);
        if (masked)
                return 0;

        r = fd < 0 ? fd : read_all(fd, ret_data, ret_size);
        if (r < 0 && r != -ENOMEM)
                return complain(d, path->path, culprit, r);
        return r;
}

/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The rules are systemd's for its own drop-ins (systemd.unit(5)), so that nobody has to learn others.
 *
 * A file is chosen by its name alone and judged when it is opened, by chase_open(): the file and everything
 * on the way to it belongs to root and is writable by nobody else. A hidden file is never opened, so a
 * broken one of a package can be repaired in /etc.
 */

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "chase.h"
#include "env-dir.h"
#include "env-file.h"
#include "fd-util.h"

/* Weakest first. */
static const struct EnvDir {
        const char *path;
        bool vm; /* has files of one VM too: those of a package are for all of them */
} env_dirs[] = {
        { "/usr/lib/fcjail", false },
        { "/run/fcjail", true },
        { "/etc/fcjail", true },
};

/* One try at naming the files of one scope. */
typedef struct Listing {
        const char *stem; /* "default" or the id */
        EnvScope scope;
        bool usable[ELEMENTSOF(env_dirs)];
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

/* Always -EBADMSG or -ENOMEM. */
static int complain(Diagnostics *d, const char *path, const char *culprit, int error)
{
        bool sentence = chase_is_unsafe(error) || error == -EBADFD;
        const char *who = !culprit || strcmp(path, culprit) == 0 ? "it" : culprit;

        if (sentence)
                return diagnostics_add_file(d, DIAGNOSTIC_UNSAFE_FILE, path, "refused: %s %s", who,
                                            chase_strerror(error));
        if (strcmp(who, "it") == 0)
                return diagnostics_add_file(d, DIAGNOSTIC_UNSAFE_FILE, path, "cannot be read: %s",
                                            chase_strerror(error));
        return diagnostics_add_file(d, DIAGNOSTIC_UNSAFE_FILE, path, "cannot be read: %s: %s", who,
                                    chase_strerror(error));
}

/* Something has this name, be it a link into nowhere, or it cannot be known. */
static bool name_taken(const char *path)
{
        struct stat st;

        return lstat(path, &st) >= 0 || errno != ENOENT;
}

/* Returns a descriptor, -ENOENT if there is no such directory, -EBADMSG after an error, or -ENOMEM. */
static int open_dir(const char *path, Diagnostics *d)
{
        _cleanup_free_ char *culprit = NULL;

        if (!name_taken(path))
                return -ENOENT;

        int fd = chase_open(path, O_RDONLY | O_DIRECTORY, CHASE_DEFAULT, &culprit);
        return fd < 0 ? complain(d, path, culprit, fd) : fd;
}

/* Finds out, once, which of the directories can be used at all. */
static int probe_dirs(Listing *l)
{
        for (size_t i = 0; i < ELEMENTSOF(env_dirs); i++) {
                _cleanup_close_ int fd = open_dir(env_dirs[i].path, l->d);

                if (fd == -ENOMEM)
                        return fd;
                l->usable[i] = fd >= 0;
        }

        return 0;
}

/* The path of "<stem>.env<suffix>" in the directory, NULL if the scope has none there. 0 or -ENOMEM. */
static int make_path(const Listing *l, size_t dir, const char *suffix, char **ret)
{
        char *path = NULL;

        if (l->usable[dir] && (l->scope == ENV_SCOPE_DEFAULT || env_dirs[dir].vm) &&
            ASPRINTF(&path, "%s/%s.env%s", env_dirs[dir].path, l->stem, suffix) < 0)
                return -ENOMEM;

        *ret = path;
        return 0;
}

/* Takes the path, also on failure. */
static int push(EnvPaths *p, char *path, EnvScope scope)
{
        EnvPath *items = reallocarray(p->items, p->n_items + 1, sizeof(EnvPath));
        if (!items) {
                free(path);
                return -ENOMEM;
        }

        p->items = items;
        p->items[p->n_items++] = (EnvPath){ .path = path, .scope = scope };
        return 0;
}

static int list_main(Listing *l)
{
        int r;

        for (size_t i = ELEMENTSOF(env_dirs); i-- > 0;) {
                _cleanup_free_ char *path = NULL;

                r = make_path(l, i, "", &path);
                if (r < 0)
                        return r;
                if (path && name_taken(path))
                        return push(&l->paths, TAKE_PTR(path), l->scope);
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

        _cleanup_close_ int fd = open_dir(path, l->d);
        if (fd < 0)
                return fd == -ENOMEM ? fd : 0;
        dir = fdopendir(fd);
        if (!dir)
                return -errno;
        TAKE_FD(fd);

        for (;;) {
                char *file;

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
                if (ASPRINTF(&file, "%s/%s", path, de->d_name) < 0)
                        return -ENOMEM;
                r = push(&l->paths, file, l->scope);
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
        size_t first = l->paths.n_items;
        int r;

        for (size_t i = ELEMENTSOF(env_dirs); i-- > 0;) {
                _cleanup_free_ char *path = NULL;

                r = make_path(l, i, ".d", &path);
                if (r >= 0 && path)
                        r = list_drop_in_dir(l, first, path);
                if (r < 0)
                        return r;
        }

        if (l->paths.n_items > first)
                qsort(l->paths.items + first, l->paths.n_items - first, sizeof(EnvPath), compare_names);
        return 0;
}

static int list_scope(Listing *l, EnvScope scope, const char *stem)
{
        int r;

        l->scope = scope;
        l->stem = stem;
        r = list_main(l);
        return r < 0 ? r : list_drop_ins(l);
}

int env_dir_list(const char *id, Diagnostics *d, EnvPaths *ret)
{
        Listing l = { .d = d };
        int r;

        r = probe_dirs(&l);
        if (r >= 0)
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

static bool is_dev_null(const struct stat *st)
{
        return S_ISCHR(st->st_mode) && st->st_rdev == makedev(1, 3);
}

/* Returns a descriptor, -EBADF if the file is masked: only then *ret_masked is set. */
static int open_file(const char *path, bool *ret_masked, char **ret_culprit)
{
        char magic[FD_PATH_MAX];
        struct stat st;

        _cleanup_close_ int fd = chase_open(path, O_PATH, CHASE_DEFAULT, ret_culprit);
        if (fd < 0)
                return fd;
        if (fstat(fd, &st) < 0)
                return -errno;
        if (is_dev_null(&st)) {
                *ret_masked = true;
                return -EBADF;
        }
        if (!S_ISREG(st.st_mode))
                return -EBADFD;

        return RET_NERRNO(open(fd_path(magic, fd), O_RDONLY | O_CLOEXEC));
}

/* Reads up to one byte more than a file may have: the parser is who refuses a file that is too large. It needs one byte
 * behind the text. */
static int read_all(int fd, char **ret_data, size_t *ret_size)
{
        _cleanup_free_ char *data = malloc(ENV_FILE_SIZE_MAX + 2);
        size_t size;
        int r;

        if (!data)
                return -ENOMEM;
        r = fd_read(fd, data, ENV_FILE_SIZE_MAX + 1, &size);
        if (r < 0)
                return r;

        *ret_data = TAKE_PTR(data);
        *ret_size = size;
        return 1;
}

int env_dir_read(const char *path, Diagnostics *d, char **ret_data, size_t *ret_size)
{
        _cleanup_free_ char *culprit = NULL;
        bool masked = false;
        int r;

        _cleanup_close_ int fd = open_file(path, &masked, &culprit);
        if (masked)
                return 0;

        r = fd < 0 ? fd : read_all(fd, ret_data, ret_size);
        if (r < 0 && r != -ENOMEM)
                return complain(d, path, culprit, r);
        return r;
}

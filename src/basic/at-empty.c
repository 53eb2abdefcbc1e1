/* SPDX-License-Identifier: Apache-2.0 */

/*
 * at_empty_dir() walks down and up again with the last few directories open. It goes back to those above by "..", so that no
 * depth can make a cleanup fail. It moves nothing: an owner cannot move a directory that is closed to that owner, and nobody
 * can on a full file system.
 */

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "at.h"
#include "fd-util.h"
#include "fs-ids.h"

#define EMPTY_OPEN_MAX 8

typedef struct Level {
        DIR *dir; /* NULL: closed for the time being */
        FsIds owner;
        dev_t dev;
        ino_t ino;
        long offset; /* of the entry by which the walk went down */
        bool again;  /* to be read once more, as there are directories in it that have been emptied */
} Level;

typedef struct Emptying {
        Level *levels; /* the top first, and where the walk is last */
        size_t n_levels;
        unsigned n_entries;
} Emptying;

/* 0, or -EBUSY: it is a mount point. By its attribute, because a bind mount of the same file system has the same st_dev. */
static int check_no_mount(int fd)
{
        struct statx sx;

        if (statx(fd, "", AT_EMPTY_PATH, 0, &sx) < 0)
                return -errno;
        if (!(sx.stx_attributes_mask & STATX_ATTR_MOUNT_ROOT))
                return -EOPNOTSUPP;
        return sx.stx_attributes & STATX_ATTR_MOUNT_ROOT ? -EBUSY : 0;
}

static int unlock_dir(int path_fd, const struct stat *st)
{
        char path[FD_PATH_MAX];

        if ((st->st_mode & S_IRWXU) == S_IRWXU)
                return 0;
        /* fchmod(2) does not take an O_PATH descriptor; its magic link is the same object. */
        return RET_NERRNO(fchmodat(AT_FDCWD, fd_path(path, path_fd), 0700, /* flags= */ 0));
}

/* Opens it with what its owner may do, which is all that the walk may do in it. */
static int open_level(int path_fd, const struct stat *st, DIR **ret)
{
        char path[FD_PATH_MAX];
        int r;

        r = check_no_mount(path_fd);
        if (r >= 0)
                r = fs_ids_set((FsIds){ st->st_uid, st->st_gid });
        if (r >= 0)
                r = unlock_dir(path_fd, st);
        if (r < 0)
                return r;

        _cleanup_close_ int fd =
                RET_NERRNO(open(fd_path(path, path_fd), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        if (fd < 0)
                return fd;
        *ret = fdopendir(fd);
        if (!*ret)
                return -ENOMEM;
        TAKE_FD(fd);
        return 0;
}

static void close_level(Level *level)
{
        if (level->dir)
                (void) closedir(level->dir);
        level->dir = NULL;
}

static int go_down(Emptying *e, int path_fd)
{
        struct stat st;
        DIR *dir;
        int r;

        Level *longer = reallocarray(e->levels, e->n_levels + 1, sizeof(Level));
        if (!longer)
                return -ENOMEM;
        e->levels = longer;
        if (fstat(path_fd, &st) < 0)
                return -errno;
        r = open_level(path_fd, &st, &dir);
        if (r < 0)
                return r;

        e->levels[e->n_levels++] = (Level){
                .dir = dir,
                .owner = { st.st_uid, st.st_gid },
                .dev = st.st_dev,
                .ino = st.st_ino,
        };
        if (e->n_levels > EMPTY_OPEN_MAX)
                close_level(&e->levels[e->n_levels - 1 - EMPTY_OPEN_MAX]);
        return 0;
}

/* Opens the one above the last one again, where the walk left it. */
static int reopen_level(Emptying *e, Level *level)
{
        struct stat st;
        int r;

        _cleanup_close_ int path_fd = at_hold_dir(dirfd(e->levels[e->n_levels - 1].dir), "..");
        if (path_fd < 0)
                return path_fd;
        if (fstat(path_fd, &st) < 0)
                return -errno;
        /* Somebody has moved the last one meanwhile. */
        if (st.st_dev != level->dev || st.st_ino != level->ino)
                return -ESTALE;
        r = open_level(path_fd, &st, &level->dir);
        if (r < 0)
                return r;

        seekdir(level->dir, level->offset);
        return 0;
}

static int go_up(Emptying *e)
{
        Level *level = &e->levels[e->n_levels - 2];
        int r;

        if (!level->dir) {
                r = reopen_level(e, level);
                if (r < 0)
                        return r;
        }
        close_level(&e->levels[--e->n_levels]);
        level->again = true;
        return fs_ids_set(level->owner);
}

/* 1 after the last entry of the directory. */
static int empty_entry(Emptying *e)
{
        Level *level = &e->levels[e->n_levels - 1];
        int r;

        level->offset = telldir(level->dir);
        errno = 0;
        struct dirent *de = readdir(level->dir);
        if (!de)
                return errno != 0 ? -errno : 1;
        if (at_is_dot(de->d_name))
                return 0;
        if (++e->n_entries > EMPTY_ENTRIES_MAX)
                return -E2BIG;

        r = at_remove(dirfd(level->dir), de->d_name);
        if (r != -ENOTEMPTY && r != -EEXIST)
                return r;
        _cleanup_close_ int path_fd = at_hold_dir(dirfd(level->dir), de->d_name);
        return path_fd < 0 ? path_fd : go_down(e, path_fd);
}

static int empty(Emptying *e)
{
        int r;

        for (;;) {
                Level *level = &e->levels[e->n_levels - 1];

                r = empty_entry(e);
                if (r < 0)
                        return r;
                if (r == 0)
                        continue;

                if (level->again) {
                        rewinddir(level->dir);
                        level->again = false;
                } else if (e->n_levels > 1) {
                        r = go_up(e);
                        if (r < 0)
                                return r;
                } else
                        return 0;
        }
}

int at_empty_dir(int dir_fd)
{
        FsIds mine = fs_ids_get();
        Emptying e = {};
        int r;

        r = go_down(&e, dir_fd);
        if (r >= 0)
                r = empty(&e);
        FOREACH_ARRAY (level, e.levels, e.n_levels)
                close_level(level);
        free(e.levels);

        int k = fs_ids_set(mine);
        return r < 0 ? r : k;
}

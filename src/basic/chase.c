/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The walk keeps one descriptor, of the directory it stands in, and the path still to go. A symbolic link is
 * spliced into the path to go, so a link can only ever lead to a place that is walked, and judged, the same
 * way as if it had been written in the configuration.
 *
 * Order per component: open it O_PATH|O_NOFOLLOW, then judge the open object. Nothing is judged by name, so
 * nothing can be exchanged between the judgement and the use.
 */

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "at.h"
#include "chase.h"
#include "fd-util.h"
#include "fs-ids.h"

#define LINKS_MAX 40 /* as the kernel's own limit, MAXSYMLINKS */

/* Its paths are on the heap, and as long as they are: every start walks some, and two arrays of PATH_MAX would be pages of the
 * stack that nothing else touches. */
typedef struct Walk {
        ChaseFlags flags;
        int dir_fd;       /* the directory we stand in */
        char *done;       /* its path, for messages; "" is the root */
        const char *todo; /* what is still to go: of the caller's path, or of `link` */
        char *link;       /* the target of the last link, with what was still to go behind it */
        unsigned n_links;
        bool shared;     /* the directory we stand in is */
        FsIds dir_owner; /* of the directory we stand in */
        uid_t owner;     /* of a source; once not root's, all the rest must belong to this one */
        ChaseDirs *dirs; /* NULL: no source, so that everything must be root's */
} Walk;

/* Sticky, such as /tmp: others may put things into it, but cannot exchange what root has there. */
static bool is_shared(const struct stat *st)
{
        return S_ISDIR(st->st_mode) && st->st_uid == 0 && (st->st_mode & S_ISVTX) != 0 &&
               !only_root_can_change(st);
}

/* Only root may change what this object is, or at least what is in it. The mode of a symbolic link means nothing. */
static int judge(const struct stat *st)
{
        if (is_shared(st))
                return 0;
        if (S_ISLNK(st->st_mode))
                return st->st_uid == 0 ? 0 : -ENOLINK;
        if (S_ISCHR(st->st_mode))
                return st->st_uid == 0 ? 0 : -EPERM;
        return only_root_can_change(st) ? 0 : -EPERM;
}

static int remember(ChaseDirs *dirs, const struct stat *st)
{
        if (dirs->n_items == CHASE_DIRS_MAX)
                return -ENAMETOOLONG;
        dirs->items[dirs->n_items].dev = st->st_dev;
        dirs->items[dirs->n_items++].ino = st->st_ino;
        return 0;
}

/* Whose the last component is, and who may write to it, is the caller's affair. */
static int judge_source(Walk *w, const struct stat *st)
{
        bool last = w->todo[0] == '\0';

        if (w->owner != 0 && S_ISLNK(st->st_mode))
                return CHASE_LINK;
        if (w->owner != 0 && st->st_uid != w->owner)
                return CHASE_FOREIGN;
        if (S_ISLNK(st->st_mode))
                return st->st_uid == 0 ? 0 : -ENOLINK;
        if (last || is_shared(st))
                return 0;
        if (st->st_mode & (S_IWGRP | S_IWOTH))
                return CHASE_WRITABLE;
        if (st->st_uid == 0)
                return 0;
        w->owner = st->st_uid;
        return remember(w->dirs, st);
}

/* In a shared directory others can make a hard link to what is root's elsewhere, but to no directory. */
static int judge_name(Walk *w, const struct stat *st)
{
        int r = w->dirs ? judge_source(w, st) : judge(st);

        if (r < 0)
                return r;
        return w->shared && !S_ISDIR(st->st_mode) && st->st_nlink != 1 ? -EMLINK : 0;
}

static int append_done(Walk *w, const char *name)
{
        size_t n = strlen(w->done), k = strlen(name);

        if (n + 1 + k >= PATH_MAX)
                return -ENAMETOOLONG;
        char *longer = realloc(w->done, n + 1 + k + 1);
        if (!longer)
                return -ENOMEM;
        longer[n] = '/';
        memcpy(longer + n + 1, name, k + 1);
        w->done = longer;
        return 0;
}

/* Takes the descriptor. */
static void stand_in(Walk *w, int fd, const struct stat *st)
{
        (void) safe_close(w->dir_fd);
        w->dir_fd = fd;
        w->shared = is_shared(st);
        w->dir_owner = (FsIds){ st->st_uid, st->st_gid };
}

static int enter_root(Walk *w)
{
        struct stat st;
        int r;

        char *done = realloc(w->done, 1);
        if (!done)
                return -ENOMEM;
        done[0] = '\0';
        w->done = done;
        _cleanup_close_ int fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        if (fstat(fd, &st) < 0)
                return -errno;
        r = judge(&st);
        if (r >= 0)
                stand_in(w, TAKE_FD(fd), &st);
        return r;
}

/* Puts the target of the link fd in front of what is still to go. Returns whether it is absolute. Not inline: its
 * buffer is for the few paths that have links in them. */
static _noinline_ int splice_link(Walk *w, int link_fd)
{
        char target[PATH_MAX];
        char *joined;

        if (++w->n_links > LINKS_MAX)
                return -ELOOP;

        ssize_t n = readlinkat(link_fd, "", target, sizeof(target) - 1);
        if (n < 0)
                return -errno;
        target[n] = '\0';

        if ((size_t) n + 1 + strlen(w->todo) >= PATH_MAX)
                return -ENAMETOOLONG;
        if (ASPRINTF(&joined, "%s/%s", target, w->todo) < 0)
                return -ENOMEM;
        free(w->link);
        w->todo = w->link = joined;

        return target[0] == '/';
}

/* w->done names the directory of the link, which is where it is relative to; a message about the link itself has to
 * name that. */
static int follow(Walk *w, const char *name, int link_fd)
{
        int absolute = splice_link(w, link_fd);

        if (absolute < 0) {
                (void) append_done(w, name);
                return absolute;
        }
        return absolute ? enter_root(w) : 0;
}

/* ".." of a link's target. The parent was judged when we came through it, but it costs nothing to be sure.
 */
static int enter_parent(Walk *w)
{
        _cleanup_close_ int fd = openat(w->dir_fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
        struct stat st;
        int r;

        if (fd < 0 || fstat(fd, &st) < 0)
                return -errno;
        r = judge(&st);
        if (r < 0)
                return r;

        char *slash = strrchr(w->done, '/');
        if (slash)
                *slash = '\0';
        stand_in(w, TAKE_FD(fd), &st);
        return 0;
}

/* Takes the next component off w->todo. Returns false when there is none. */
static bool next_component(Walk *w, char name[NAME_MAX + 2])
{
        const char *p = w->todo + strspn(w->todo, "/");
        size_t n = strcspn(p, "/");

        if (n == 0)
                return false;

        /* A longer name is cut, keeps its NAME_MAX + 1 bytes and gets ENAMETOOLONG from the kernel. */
        size_t copy = n <= NAME_MAX ? n : NAME_MAX + 1;
        memcpy(name, p, copy);
        name[copy] = '\0';

        p += n;
        w->todo = p + strspn(p, "/");
        return true;
}

/* O_PATH. */
static int hold(const Walk *w, const char *name)
{
        const int flags = O_PATH | O_NOFOLLOW | O_CLOEXEC;
        int r;

        if (!w->dirs || w->dir_owner.uid == 0 || geteuid() != 0)
                return RET_NERRNO(openat(w->dir_fd, name, flags));

        const FsIds mine = fs_ids_get();
        r = fs_ids_set(w->dir_owner);
        if (r < 0)
                return r;
        _cleanup_close_ int fd = RET_NERRNO(openat(w->dir_fd, name, flags));
        r = fs_ids_set(mine);
        return r < 0 ? r : TAKE_FD(fd);
}

static int open_component(Walk *w, const char *name, int *ret_fd, struct stat *ret_st)
{
        bool last = w->todo[0] == '\0';
        int r;

        _cleanup_close_ int fd = hold(w, name);
        if (fd == -ENOENT && last && (w->flags & CHASE_MKDIR)) {
                if (mkdirat(w->dir_fd, name, 0755) < 0 && errno != EEXIST)
                        return -errno;
                fd = hold(w, name);
        }
        if (fd < 0)
                return fd;
        if (fstat(fd, ret_st) < 0)
                return -errno;

        r = judge_name(w, ret_st);
        if (r < 0)
                return r;

        *ret_fd = TAKE_FD(fd);
        return 0;
}

/* Walks one component. If it was the last one and no link, *ret_fd is the object and *ret_st its status; otherwise both are
 * untouched. */
static int step(Walk *w, int *ret_fd, struct stat *ret_st)
{
        _cleanup_close_ int fd = -EBADF;
        char name[NAME_MAX + 2];
        struct stat st = {};
        int r;

        if (!next_component(w, name)) {
                /* The path was "/", or ended in a link to ".." or to the root. */
                if (fstat(w->dir_fd, ret_st) < 0)
                        return -errno;
                *ret_fd = TAKE_FD(w->dir_fd);
                return 0;
        }
        if (strcmp(name, ".") == 0)
                return 0;
        if (strcmp(name, "..") == 0)
                return enter_parent(w);

        r = open_component(w, name, &fd, &st);
        if (r >= 0 && S_ISLNK(st.st_mode))
                return follow(w, name, fd);

        /* From here on messages name the component itself. */
        int k = append_done(w, name);
        if (r < 0 || k < 0)
                return r < 0 ? r : k;

        if (w->todo[0] == '\0') {
                *ret_st = st;
                *ret_fd = TAKE_FD(fd);
                return 0;
        }
        if (!S_ISDIR(st.st_mode))
                return -ENOTDIR;

        stand_in(w, TAKE_FD(fd), &st);
        return 0;
}

/* Opens the object that an O_PATH descriptor stands for. */
static int reopen_path(int path_fd, int open_flags)
{
        char path[FD_PATH_MAX];

        if (open_flags & O_DIRECTORY)
                return RET_NERRNO(openat(path_fd, ".", open_flags | O_CLOEXEC));

        /* The magic link leads to this very object. */
        return RET_NERRNO(open(fd_path(path, path_fd), (open_flags & ~O_NOFOLLOW) | O_CLOEXEC));
}

static int walk(Walk *w, const char *path, int open_flags, struct stat *ret_st)
{
        _cleanup_close_ int fd = -EBADF;
        struct stat st = {};
        int r;

        if (path[0] != '/')
                return -EINVAL;
        if (strlen(path) >= PATH_MAX)
                return -ENAMETOOLONG;
        w->todo = path;

        r = enter_root(w);
        while (r >= 0 && fd < 0)
                r = step(w, &fd, &st);
        if (r < 0)
                return r;
        if (is_shared(&st))
                return -EUSERS;
        if ((open_flags & O_DIRECTORY) && !S_ISDIR(st.st_mode))
                return -ENOTDIR;
        /* Opening these for reading could block for ever or act on a device. */
        if (!(open_flags & O_PATH) && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
                return -EBADFD;

        *ret_st = st;
        return open_flags & O_PATH ? TAKE_FD(fd) : reopen_path(fd, open_flags);
}

static int chase(Walk *w, const char *path, int open_flags, struct stat *ret_st, char **ret_culprit)
{
        int r;

        r = walk(w, path, open_flags, ret_st);
        w->dir_fd = safe_close(w->dir_fd);

        if (r < 0 && ret_culprit)
                *ret_culprit = strdup(w->done && w->done[0] ? w->done : "/");
        free(w->done);
        free(w->link);
        return r;
}

int chase_open(const char *path, int open_flags, ChaseFlags flags, char **ret_culprit)
{
        Walk w = { .flags = flags, .dir_fd = -EBADF };
        struct stat st;

        return chase(&w, path, open_flags, &st, ret_culprit);
}

int chase_source(const char *path, ChaseDirs *ret_dirs, struct stat *ret_st, char **ret_culprit)
{
        Walk w = { .dir_fd = -EBADF, .dirs = ret_dirs };

        *ret_dirs = (ChaseDirs){};
        return chase(&w, path, O_PATH, ret_st, ret_culprit);
}

/* What others could replace, and why; together a sentence about it. */
#define UNSAFE(error, text, remedy)                                                                         \
        {                                                                                                   \
                error, text, remedy, text "; " remedy                                                       \
        }

static const struct Unsafe {
        int error;
        const char *text, *remedy, *sentence;
} unsafe[] = {
        UNSAFE(-EPERM, "is not owned by root, or its group or others may write to it",
               "`chown root:root` and `chmod go-w` it"),
        UNSAFE(-ENOLINK, "is a symbolic link that does not belong to root", "`chown -h root:root` it"),
        UNSAFE(-EUSERS, "is a directory in which others may create files",
               "use a directory in it that belongs to root"),
        UNSAFE(-EMLINK, "has more than one hard link, and others may have made this one",
               "replace it with a copy"),
        UNSAFE(-ELOOP, "is part of a loop of symbolic links, or of a chain of more than 40",
               "remove one of them"),
        UNSAFE(CHASE_FOREIGN, "does not belong to the owner of the directory that it is in",
               "move it to a directory of root's, or `chown` it"),
        UNSAFE(CHASE_WRITABLE, "is a directory that its group or others may write to", "`chmod go-w` it"),
        UNSAFE(CHASE_LINK, "is a symbolic link in a directory that is not root's, where no link is followed",
               "set the path of the file itself"),
};

static const struct Unsafe *find_unsafe(int error)
{
        FOREACH_ARRAY (u, unsafe, ELEMENTSOF(unsafe))
                if (u->error == error)
                        return u;
        return NULL;
}

bool chase_is_unsafe(int r)
{
        return find_unsafe(r);
}

const char *chase_text(int r)
{
        const struct Unsafe *u = find_unsafe(r);

        if (u)
                return u->text;
        return r == -EBADFD ? "is not a regular file" : strerror(-r);
}

const char *chase_remedy(int r)
{
        const struct Unsafe *u = find_unsafe(r);

        return u ? u->remedy : NULL;
}

const char *chase_strerror(int r)
{
        const struct Unsafe *u = find_unsafe(r);

        return u ? u->sentence : chase_text(r);
}

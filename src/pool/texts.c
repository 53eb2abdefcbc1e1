/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "at.h"
#include "fd-util.h"
#include "texts.h"

/* File systems keep times with a tick of the kernel's, at most 10 ms; FAT with 2 s. */
#define SETTLED_SECONDS 3

static void write_name(const struct stat *st, const char *boot, char ret[NAME_MAX])
{
        (void) snprintf(ret, NAME_MAX,
                        "%.32s-%" PRIx64 "-%" PRIx64 "-%" PRIx64 "-%" PRIx64 ".%lx-%" PRIx64 ".%lx", boot,
                        (uint64_t) st->st_dev, (uint64_t) st->st_ino, (uint64_t) st->st_size,
                        (uint64_t) st->st_mtim.tv_sec, st->st_mtim.tv_nsec, (uint64_t) st->st_ctim.tv_sec,
                        st->st_ctim.tv_nsec);
}

bool text_name(const struct stat *program, const char *boot, char ret[NAME_MAX])
{
        struct timespec now;

        write_name(program, boot, ret);
        return clock_gettime(CLOCK_REALTIME, &now) >= 0 &&
               program->st_ctim.tv_sec < now.tv_sec - SETTLED_SECONDS;
}

bool text_is_of(const char *text, const struct stat *program)
{
        char name[NAME_MAX];

        write_name(program, text, name);
        return strcmp(name, text) == 0;
}

static bool is_copy(const struct stat *st, mode_t mode)
{
        return st->st_mode == mode && st->st_uid == 0 && st->st_gid == 0 && st->st_nlink == 1;
}

static bool is_roots_alone(const struct stat *st)
{
        return st->st_uid == 0 && (st->st_mode & 07777) == 0700;
}

/* Whether an entry is a copy of the text. */
static bool is_of_text(const char *entry, const char *text)
{
        const size_t n = strlen(text);

        return strncmp(entry, text, n) == 0 && entry[n] == '.';
}

static bool is_of_this_boot(const char *entry, const char *text)
{
        return strncmp(entry, text, strcspn(text, "-") + 1) == 0;
}

static void entry_name(const char *text, const struct stat *copy, char ret[NAME_MAX + 1])
{
        (void) snprintf(ret, NAME_MAX + 1, "%s.%" PRIx64 "-%" PRIx64 "-%" PRIx64 ".%lx", text,
                        (uint64_t) copy->st_ino, (uint64_t) copy->st_size, (uint64_t) copy->st_mtim.tv_sec,
                        copy->st_mtim.tv_nsec);
}

/* As if it had just been made. By its name it is the one that was put there, and has not been written since. */
static int check_taken(int dir_fd, const char *name, mode_t mode, const char *text, const char *entry,
                       struct stat *ret)
{
        char expected[NAME_MAX + 1];

        _cleanup_close_ int fd = openat(dir_fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0 || fstat(fd, ret) < 0)
                return -errno;
        entry_name(text, ret, expected);
        return is_copy(ret, mode) && strcmp(expected, entry) == 0 ? 1 : -EBADE;
}

static int take_from(DIR *d, const char *text, int dir_fd, const char *name, mode_t mode, struct stat *ret)
{
        const char *entry;
        int r;

        while ((r = at_next(d, &entry)) > 0) {
                if (!is_of_text(entry, text))
                        continue;
                if (renameat2(dirfd(d), entry, dir_fd, name, RENAME_NOREPLACE) >= 0)
                        return check_taken(dir_fd, name, mode, text, entry, ret);
                if (errno != ENOENT) /* another start has it */
                        return -errno;
        }
        return r;
}

/* 1 and *ret, which is to be closed also after an error; 0: there is no pool. */
static int list_pool(int parent_fd, DIR **ret)
{
        struct stat st;
        int r;

        r = at_list_dir(parent_fd, TEXTS_DIR, ret);
        if (r == -ENOTDIR || r == -ELOOP)
                return -EPERM;
        if (r < 0)
                return r == -ENOENT ? 0 : r;
        if (fstat(dirfd(*ret), &st) < 0)
                return -errno;
        if (!is_roots_alone(&st))
                return -EPERM;
        return 1;
}

int texts_take(int parent_fd, const char *text, int dir_fd, const char *name, mode_t mode, struct stat *ret)
{
        _cleanup_closedir_ DIR *d = NULL;
        int r = list_pool(parent_fd, &d);

        return r <= 0 ? r : take_from(d, text, dir_fd, name, mode, ret);
}

int texts_count(int parent_fd, const char *text)
{
        _cleanup_closedir_ DIR *d = NULL;
        const char *entry;
        int r, n = 0;

        r = list_pool(parent_fd, &d);
        if (r <= 0)
                return r;
        while ((r = at_next(d, &entry)) > 0)
                n += is_of_text(entry, text);
        return r < 0 ? r : n;
}

typedef struct Stock {
        size_t n;
        off_t size;
        char oldest[NAME_MAX + 1]; /* in the pool, not as a copy */
        struct timespec since;
} Stock;

static bool is_older(const struct timespec *a, const struct timespec *b)
{
        return a->tv_sec != b->tv_sec ? a->tv_sec < b->tv_sec : a->tv_nsec < b->tv_nsec;
}

/* Counts an entry, or removes it if no start of this boot would take it. */
static int take_stock_of(int pool_fd, const char *entry, const char *text, Stock *stock)
{
        struct stat st;

        if (!is_of_this_boot(entry, text))
                return at_remove(pool_fd, entry);
        if (fstatat(pool_fd, entry, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return errno == ENOENT ? 0 : -errno;
        stock->n++;
        stock->size += st.st_size;
        /* A rename is a change of status. */
        if (stock->n == 1 || is_older(&st.st_ctim, &stock->since)) {
                stock->since = st.st_ctim;
                (void) snprintf(stock->oldest, sizeof(stock->oldest), "%s", entry);
        }
        return 0;
}

static int take_stock(int pool_fd, const char *text, Stock *ret)
{
        _cleanup_closedir_ DIR *d = NULL;
        const char *entry;
        int r;

        *ret = (Stock){};
        r = at_list_dir(pool_fd, ".", &d);
        while (r >= 0 && (r = at_next(d, &entry)) > 0)
                r = take_stock_of(pool_fd, entry, text, ret);
        return r;
}

static bool has_room(const Stock *stock, off_t size)
{
        return stock->n < TEXTS_MAX && stock->size + size <= TEXTS_SIZE_MAX;
}

/* What was put there longest ago goes: it may be of a program that has been replaced. */
static int make_room(int pool_fd, const char *text, off_t size)
{
        Stock stock;
        int r;

        for (;;) {
                r = take_stock(pool_fd, text, &stock);
                if (r < 0 || has_room(&stock, size))
                        return r;
                r = at_remove(pool_fd, stock.oldest);
                if (r < 0)
                        return r;
        }
}

static int open_pool(int parent_fd)
{
        struct stat st;

        _cleanup_close_ int fd = at_make_dir(parent_fd, TEXTS_DIR, 0700);
        if (fd < 0)
                return fd;
        if (fstat(fd, &st) < 0)
                return -errno;
        return is_roots_alone(&st) ? TAKE_FD(fd) : -EPERM;
}

static int keep(int parent_fd, const char *text, int dir_fd, const char *name, const struct stat *st)
{
        char entry[NAME_MAX + 1];
        struct stat moved;
        int r;

        if (st->st_size > TEXTS_SIZE_MAX)
                return -EFBIG;
        _cleanup_close_ int pool_fd = open_pool(parent_fd);
        if (pool_fd < 0)
                return pool_fd;
        r = make_room(pool_fd, text, st->st_size);
        if (r < 0)
                return r;
        entry_name(text, st, entry);
        if (renameat2(dir_fd, name, pool_fd, entry, RENAME_NOREPLACE) < 0)
                return -errno;
        /* Where others can change the directory, the name may have led to another file meanwhile. */
        if (fstatat(pool_fd, entry, &moved, AT_SYMLINK_NOFOLLOW) < 0)
                return -errno;
        return same_object(&moved, st) ? 0 : at_remove(pool_fd, entry);
}

int texts_give(int parent_fd, const char *text, int dir_fd, const char *name, mode_t mode, uint64_t inode)
{
        struct stat st;

        if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return errno == ENOENT ? 0 : -errno;
        /* Whatever is in the way, the next VM gets a new copy. In the end nothing has the name. */
        if (is_copy(&st, mode) && (inode == 0 || st.st_ino == inode))
                (void) keep(parent_fd, text, dir_fd, name, &st);
        return at_remove(dir_fd, name);
}

/* Of this boot, so that no cleanup takes it for a rest, and of no text. */
static void new_name(const char *text, char ret[NAME_MAX])
{
        (void) snprintf(ret, NAME_MAX, "%.*s-new", (int) strcspn(text, "-"), text);
}

int texts_begin(int parent_fd, const char *text, off_t size, int *ret_pool_fd)
{
        char name[NAME_MAX];
        Stock stock;
        int r;

        _cleanup_close_ int pool_fd = open_pool(parent_fd);
        if (pool_fd < 0)
                return pool_fd == -ENOTDIR || pool_fd == -ELOOP ? -EPERM : pool_fd;
        r = texts_abandon(pool_fd, text);
        if (r >= 0)
                r = take_stock(pool_fd, text, &stock);
        if (r < 0)
                return r;
        if (!has_room(&stock, size))
                return -ENOBUFS;

        new_name(text, name);
        r = at_make_file(pool_fd, name, 0200);
        if (r >= 0)
                *ret_pool_fd = TAKE_FD(pool_fd);
        return r;
}

int texts_finish(int pool_fd, const char *text, int fd, mode_t mode)
{
        char name[NAME_MAX], entry[NAME_MAX + 1];
        struct stat st, now;
        int r;

        r = RET_NERRNO(fstat(fd, &st));
        (void) safe_close(fd);
        if (r < 0)
                return r;
        new_name(text, name);
        if (fstatat(pool_fd, name, &now, AT_SYMLINK_NOFOLLOW) < 0)
                return -errno;
        if (!same_object(&st, &now) || !is_copy(&now, mode))
                return -EBADE;
        entry_name(text, &now, entry);
        return RET_NERRNO(renameat2(pool_fd, name, pool_fd, entry, RENAME_NOREPLACE));
}

int texts_abandon(int pool_fd, const char *text)
{
        char name[NAME_MAX];

        new_name(text, name);
        return at_remove(pool_fd, name);
}

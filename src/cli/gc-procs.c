/* SPDX-License-Identifier: Apache-2.0 */

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "at.h"
#include "fd-util.h"
#include "gc-procs.h"
#include "parse.h"
#include "proc.h"

void gc_procs_done(GcProcs *p)
{
        free(p->items);
        *p = (GcProcs){};
}

/* 1, 0: the process has ended, or -errno. */
static int state_of(int r)
{
        return r == -ENOENT || r == -ESRCH ? 0 : r < 0 ? r : 1;
}

/* What the file system knows already will do: one that hangs must not hang us. */
static int find_root(int dir_fd, GcProc *p)
{
        struct statx sx;

        if (statx(dir_fd, "root", AT_STATX_DONT_SYNC, STATX_INO, &sx) < 0)
                return -errno;
        p->root_dev = makedev(sx.stx_dev_major, sx.stx_dev_minor);
        p->root_ino = sx.stx_ino;
        return 0;
}

static int find_netns(int dir_fd, GcProc *p)
{
        struct stat st;

        if (fstatat(dir_fd, "ns/net", &st, /* flags= */ 0) < 0)
                return -errno;
        p->netns = st.st_ino;
        return 0;
}

/* The directory of a process that is not dumpable belongs to root. */
static int find_uid(int dir_fd, GcProc *p)
{
        _cleanup_free_ char *text = NULL;
        char *real, *effective, *end;
        int r;

        r = at_read_file(dir_fd, "status", 16384, &text, NULL);
        if (r < 0)
                return r;
        real = strstr(text, "\nUid:");
        if (!real)
                return -EBADMSG;
        (void) strtoul(real + strlen("\nUid:"), &effective, 10);
        p->uid = (uid_t) strtoul(effective, &end, 10);
        return end > effective ? 0 : -EBADMSG;
}

static int look_at(int proc_fd, const char *name, GcProc *ret)
{
        GcProc p = { .pid = (pid_t) strtol(name, NULL, 10) };
        int r;

        _cleanup_close_ int fd = at_hold_dir(proc_fd, name);
        if (fd < 0)
                return state_of(fd);
        r = find_root(fd, &p);
        if (r >= 0)
                r = find_netns(fd, &p);
        if (r >= 0)
                r = find_uid(fd, &p);
        *ret = p;
        return state_of(r);
}

static bool is_number(const char *name)
{
        return name[0] && name[strspn(name, "0123456789")] == '\0';
}

static int add(GcProcs *p, const GcProc *proc)
{
        GcProc *items = reallocarray(p->items, p->n_items + 1, sizeof(*items));

        if (!items)
                return -ENOMEM;
        items[p->n_items++] = *proc;
        p->items = items;
        return 0;
}

/* 1: it runs, 0: it has ended, or -errno. */
static int add_one(GcProcs *p, int dir_fd, const char *name)
{
        GcProc proc;
        int r = look_at(dir_fd, name, &proc);

        return r > 0 && (r = add(p, &proc)) >= 0 ? 1 : r;
}

/* Of a process whose first thread has ended: that has no root any more, and the others go on. */
static int add_threads(GcProcs *p, int proc_fd, const char *name)
{
        _cleanup_closedir_ DIR *d = NULL;
        char path[NAME_MAX + sizeof("/task")];
        const char *thread;
        int r;

        (void) snprintf(path, sizeof(path), "%s/task", name);
        r = at_list_dir(proc_fd, path, &d);
        while (r >= 0 && (r = at_next(d, &thread)) > 0)
                if (is_number(thread))
                        r = add_one(p, dirfd(d), thread);
        return r < 0 ? state_of(r) : 0;
}

int gc_procs_read(GcProcs *p)
{
        _cleanup_closedir_ DIR *d = NULL;
        const char *name;
        int r;

        if (p->complete)
                return 0;
        p->n_items = 0;
        r = at_list_dir(AT_FDCWD, "/proc", &d);
        while (r >= 0 && (r = at_next(d, &name)) > 0) {
                if (!is_number(name))
                        continue;
                r = add_one(p, dirfd(d), name);
                if (r == 0)
                        r = add_threads(p, dirfd(d), name);
        }
        p->complete = r == 0;
        return r;
}

/* What the file system knows already will do here as well. */
static bool is_device(int dir_fd, const char *name, dev_t rdev)
{
        struct statx sx;

        return statx(dir_fd, name, AT_STATX_DONT_SYNC, STATX_TYPE, &sx) >= 0 && S_ISBLK(sx.stx_mode) &&
               makedev(sx.stx_rdev_major, sx.stx_rdev_minor) == rdev;
}

static int has_open(pid_t pid, dev_t rdev)
{
        _cleanup_closedir_ DIR *d = NULL;
        const char *name;
        char path[32];
        int r;

        (void) snprintf(path, sizeof(path), "/proc/%i/fd", pid);
        r = at_list_dir(AT_FDCWD, path, &d);
        while (r >= 0 && (r = at_next(d, &name)) > 0)
                if (is_number(name) && is_device(dirfd(d), name, rdev))
                        return 1;
        return r < 0 ? state_of(r) : 0;
}

int gc_procs_have_open(const GcProcs *p, dev_t rdev)
{
        int r = 0;

        FOREACH_ARRAY (i, p->items, p->n_items)
                if (r == 0 && i->pid != getpid())
                        r = has_open(i->pid, rdev);
        return r;
}

bool gc_has_root(const GcProc *p, const void *st)
{
        const struct stat *root = st;

        return p->root_dev == root->st_dev && p->root_ino == root->st_ino;
}

bool gc_procs_see(uint64_t pid_ns)
{
        uint64_t own;

        return pid_namespace(&own) >= 0 && own == pid_ns;
}

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
        unsigned uid;
        int r;

        r = at_read_file(dir_fd, "status", 16384, &text, NULL);
        if (r < 0)
                return r;
        const char *line = strstr(text, "\nUid:");
        if (!line || sscanf(line, "\nUid: %*u %u", &uid) != 1)
                return -EBADMSG;
        p->uid = uid;
        return 0;
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

int gc_procs_read(GcProcs *p)
{
        _cleanup_closedir_ DIR *d = NULL;
        GcProc proc;
        int r;

        if (p->complete)
                return 0;
        p->n_items = 0;
        r = at_list_dir(AT_FDCWD, "/proc", &d);
        while (r >= 0) {
                errno = 0;
                struct dirent *de = readdir(d);
                if (!de) {
                        p->complete = errno == 0;
                        return -errno;
                }
                if (!is_number(de->d_name))
                        continue;
                r = look_at(dirfd(d), de->d_name, &proc);
                if (r > 0)
                        r = add(p, &proc);
        }
        return r;
}

static int has_open(pid_t pid, bool (*is)(const struct stat *st, const void *what), const void *what)
{
        _cleanup_closedir_ DIR *d = NULL;
        char path[32];
        struct stat st;
        int r;

        (void) snprintf(path, sizeof(path), "/proc/%i/fd", pid);
        r = at_list_dir(AT_FDCWD, path, &d);
        if (r < 0)
                return state_of(r);
        for (struct dirent *de; (de = readdir(d));)
                if (is_number(de->d_name) && fstatat(dirfd(d), de->d_name, &st, /* flags= */ 0) >= 0 &&
                    is(&st, what))
                        return 1;
        return 0;
}

int gc_procs_have_open(const GcProcs *p, bool (*is)(const struct stat *st, const void *what),
                       const void *what)
{
        int r = 0;

        FOREACH_ARRAY (i, p->items, p->n_items)
                if (r == 0 && i->pid != getpid())
                        r = has_open(i->pid, is, what);
        return r;
}

bool gc_procs_see(uint64_t pid_ns)
{
        uint64_t own;

        return pid_namespace(&own) >= 0 && own == pid_ns;
}

/* SPDX-License-Identifier: Apache-2.0 */

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "at.h"
#include "claim.h"
#include "fd-util.h"

#define RECORD_MAX (ID_LEN_MAX + 1 + 64)

/* Below /run/fcjail. */
static const char *const directories[] = {
        [CLAIM_UID] = "uid",
        [CLAIM_IMAGE] = "image",
};

typedef struct Records {
        int fd; /* of its own, for the lock that closing it gives back */
        char shared[CLAIM_NAME_MAX + sizeof(".shared")];
} Records;

const char *claim_uid_name(uid_t uid, char buf[CLAIM_NAME_MAX])
{
        (void) snprintf(buf, CLAIM_NAME_MAX, "%u", uid);
        return buf;
}

const char *claim_image_name(const struct stat *st, char buf[CLAIM_NAME_MAX])
{
        if (S_ISBLK(st->st_mode))
                (void) snprintf(buf, CLAIM_NAME_MAX, "b%u:%u", major(st->st_rdev), minor(st->st_rdev));
        else
                (void) snprintf(buf, CLAIM_NAME_MAX, "%u:%u:%ju", major(st->st_dev), minor(st->st_dev),
                                (uintmax_t) st->st_ino);
        return buf;
}

bool claim_image_name_valid(const char *name)
{
        size_t n = strspn(name, "b0123456789:");

        return n > 0 && n < CLAIM_NAME_MAX && name[n] == '\0';
}

/* For root alone: who may open it may lock it, and all starts would wait for that. */
static int open_directory(const StateRoot *root, ClaimKind kind)
{
        struct stat st;

        _cleanup_close_ int fd = at_make_dir(root->fd, directories[kind], 0700);
        if (fd < 0)
                return fd;
        if (fstat(fd, &st) < 0)
                return -errno;
        if (!only_root_can_change(&st))
                return -EPERM;
        /* That of an older version was 0755. */
        if ((st.st_mode & 07777U) != 0700 && fchmod(fd, 0700) < 0)
                return -errno;
        return TAKE_FD(fd);
}

static int records_open(const StateRoot *root, ClaimKind kind, const char *name, Records *ret)
{
        Records r = { .fd = open_directory(root, kind) };

        if (r.fd < 0)
                return r.fd;
        if (flock(r.fd, LOCK_EX) < 0) {
                int k = -errno;
                (void) safe_close(r.fd);
                return k;
        }
        (void) snprintf(r.shared, sizeof(r.shared), "%s.shared", name);
        *ret = r;
        return 0;
}

static void records_done(Records *r)
{
        r->fd = safe_close(r->fd);
}

/* 1: the record stands for a living start of another id, *ret_owner is that id. 0: there is none, or a dead
 * one, which is removed if the lock is held. -errno: also with an owner, if nobody knows whether that lives. */
static int record_alive(const StateRoot *root, int dir_fd, const char *name, bool locked, const State *self,
                        char **ret_owner)
{
        char target[RECORD_MAX];
        int r;

        r = at_read_link(dir_fd, name, target, sizeof(target));
        if (r < 0)
                return r == -ENOENT ? 0 : r == -EBADFD || r == -ENAMETOOLONG ? -EBADMSG : r;

        char *slash = strchr(target, '/');
        if (!slash)
                return -EBADMSG;
        *slash = '\0';

        /* The same id: its earlier life is over, or we would not hold its state. */
        if (strcmp(target, self->id) != 0) {
                r = state_invocation_alive(root, target, slash + 1);
                if (r != 0) {
                        *ret_owner = strdup(target);
                        return *ret_owner ? r : -ENOMEM;
                }
        }

        return locked ? at_remove(dir_fd, name) : 0;
}

static int shared_alive(const StateRoot *root, int dir_fd, const char *name, bool locked, const State *self,
                        char **ret_owner)
{
        _cleanup_closedir_ DIR *d = NULL;
        int r = at_list_dir(dir_fd, name, &d);

        if (r < 0)
                return r == -ENOENT ? 0 : r == -ENOTDIR || r == -ELOOP ? -EBADMSG : r;
        while (r == 0) {
                errno = 0;
                struct dirent *de = readdir(d);
                if (!de)
                        return errno != 0 ? -errno : 0; /* not to know is not to be alone */
                if (de->d_name[0] != '.')
                        r = record_alive(root, dirfd(d), de->d_name, locked, self, ret_owner);
        }
        return r;
}

static int add_record(int dir_fd, const char *name, const State *s)
{
        char target[RECORD_MAX], found[RECORD_MAX];

        (void) snprintf(target, sizeof(target), "%s/%s", s->id, s->invocation);
        if (symlinkat(target, dir_fd, name) < 0)
                return -errno;

        /* That the name is nobody else's rests on this alone. */
        ssize_t n = readlinkat(dir_fd, name, found, sizeof(found));
        if ((size_t) n == strlen(target) && memcmp(found, target, (size_t) n) == 0)
                return 0;
        int r = n < 0 ? -errno : -EBADE;
        (void) unlinkat(dir_fd, name, /* flags= */ 0);
        return r;
}

static int add_shared(const Records *rec, const State *s)
{
        _cleanup_close_ int fd = at_make_dir(rec->fd, rec->shared, 0755);
        int r;

        if (fd < 0)
                return fd;
        r = at_remove(fd, s->id);
        return r < 0 ? r : add_record(fd, s->id, s);
}

int claim_take(const StateRoot *root, ClaimKind kind, const char *name, bool shared, const State *s,
               char **ret_owner)
{
        _cleanup_(records_done) Records rec = { .fd = -EBADF };
        int r;

        r = records_open(root, kind, name, &rec);
        if (r < 0)
                return r;

        r = record_alive(root, rec.fd, name, /* locked= */ true, s, ret_owner);
        if (r == 0 && !shared)
                r = shared_alive(root, rec.fd, rec.shared, /* locked= */ true, s, ret_owner);
        if (r != 0)
                return r < 0 ? r : -EBUSY;

        return shared ? add_shared(&rec, s) : add_record(rec.fd, name, s);
}

/* Nothing is claimed in most directories that a start looks at, and then this is two calls. */
int claim_look(const StateRoot *root, ClaimKind kind, const char *name, const State *s, char **ret_owner)
{
        char path[sizeof("image/") + CLAIM_NAME_MAX + sizeof(".shared")];
        int r;

        (void) snprintf(path, sizeof(path), "%s/%s", directories[kind], name);
        r = record_alive(root, root->fd, path, /* locked= */ false, s, ret_owner);
        if (r != 0)
                return r;
        (void) snprintf(path, sizeof(path), "%s/%s.shared", directories[kind], name);
        return shared_alive(root, root->fd, path, /* locked= */ false, s, ret_owner);
}

/* Something else than a link is damaged, and not ours either. */
static int release(int dir_fd, const char *name, const State *s)
{
        char target[RECORD_MAX], own[RECORD_MAX];

        int r = at_read_link(dir_fd, name, target, sizeof(target));
        if (r < 0)
                return r == -ENOENT || r == -EBADFD || r == -ENAMETOOLONG ? 0 : r;
        (void) snprintf(own, sizeof(own), "%s/%s", s->id, s->invocation);

        return strcmp(target, own) == 0 ? at_remove(dir_fd, name) : 0;
}

int claim_release(const StateRoot *root, ClaimKind kind, const char *name, const State *s)
{
        _cleanup_(records_done) Records rec = { .fd = -EBADF };
        int r;

        r = records_open(root, kind, name, &rec);
        if (r < 0)
                return r;
        r = release(rec.fd, name, s);
        if (r < 0)
                return r;

        _cleanup_close_ int fd = at_open_dir(rec.fd, rec.shared);
        if (fd < 0)
                return fd == -ENOENT || fd == -ENOTDIR ? 0 : fd;
        r = release(fd, s->id, s);
        if (r < 0)
                return r;

        /* Gone with its last record. */
        if (unlinkat(rec.fd, rec.shared, AT_REMOVEDIR) < 0 && errno != ENOTEMPTY)
                return -errno;
        return 0;
}

typedef struct Each {
        void (*each)(ClaimKind kind, const char *name, const State *s, void *userdata);
        void *userdata;
} Each;

/* Not what is damaged. */
static void look_at(const Each *o, ClaimKind kind, int dir_fd, const char *link, const char *name)
{
        char target[RECORD_MAX];

        if (at_read_link(dir_fd, link, target, sizeof(target)) < 0)
                return;
        char *slash = strchr(target, '/');
        if (!slash)
                return;
        *slash = '\0';
        const State s = { .id = target, .invocation = slash + 1 };
        if (jailer_id_valid(s.id) && id128_valid(s.invocation))
                o->each(kind, name, &s, o->userdata);
}

static int look_at_shared(const Each *o, ClaimKind kind, int dir_fd, const char *shared)
{
        _cleanup_closedir_ DIR *d = NULL;
        char name[CLAIM_NAME_MAX];
        const char *link;
        const size_t n = strlen(shared) - strlen(".shared");
        int r;

        if (n >= sizeof(name))
                return 0;
        memcpy(name, shared, n);
        name[n] = '\0';
        r = at_list_dir(dir_fd, shared, &d);
        if (r < 0)
                return r == -ENOENT ? 0 : r; /* just gone with its last record */
        while ((r = at_next(d, &link)) > 0)
                look_at(o, kind, dirfd(d), link, name);
        return r;
}

static bool is_shared(const char *name)
{
        const size_t n = strlen(name), end = strlen(".shared");

        return n > end && strcmp(name + n - end, ".shared") == 0;
}

static int look_at_all(const Each *o, ClaimKind kind, int root_fd)
{
        _cleanup_closedir_ DIR *d = NULL;
        const char *name;
        int r;

        r = at_list_dir(root_fd, directories[kind], &d);
        if (r < 0)
                return r == -ENOENT ? 0 : r;
        while (r >= 0 && (r = at_next(d, &name)) > 0)
                if (is_shared(name))
                        r = look_at_shared(o, kind, dirfd(d), name);
                else if (strlen(name) < CLAIM_NAME_MAX)
                        look_at(o, kind, dirfd(d), name, name);
        return r;
}

int claims_each(const StateRoot *root,
                void (*each)(ClaimKind kind, const char *name, const State *s, void *userdata),
                void *userdata)
{
        const Each o = { each, userdata };
        int r = 0;

        for (ClaimKind kind = 0; r >= 0 && kind < ELEMENTSOF(directories); kind++)
                r = look_at_all(&o, kind, root->fd);
        return r;
}

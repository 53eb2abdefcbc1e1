/* SPDX-License-Identifier: Apache-2.0 */

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "at.h"
#include "chase.h"
#include "fd-util.h"
#include "fs-ids.h"
#include "state.h"
#include "time-util.h"

#define STATE_DIR  "/run/fcjail"
#define RETRY_USEC 1000U

/* It needs no walk: only root can change what lies above. */
static int open_vm_dir(int root_fd, char **ret_culprit)
{
        struct stat st;
        int r;

        _cleanup_close_ int fd = at_open_dir(root_fd, "vm");
        if (fd == -ENOENT)
                fd = at_make_dir(root_fd, "vm", 0755);
        if (fd < 0)
                r = fd;
        else if (fstat(fd, &st) < 0)
                r = -errno;
        else
                r = only_root_can_change(&st) ? 0 : -EPERM;

        if (r < 0 && ret_culprit && !(*ret_culprit = strdup(STATE_DIR "/vm")))
                return -ENOMEM;
        return r < 0 ? r : TAKE_FD(fd);
}

int state_root_open(StateRoot *ret, char **ret_culprit)
{
        _cleanup_close_ int fd = -EBADF, vm_fd = -EBADF;
        struct stat st;

        fd = chase_open(STATE_DIR, O_RDONLY | O_DIRECTORY, CHASE_MKDIR, ret_culprit);
        if (fd < 0)
                return fd;
        if (fstat(fd, &st) < 0)
                return -errno;
        vm_fd = open_vm_dir(fd, ret_culprit);
        if (vm_fd < 0)
                return vm_fd;

        *ret = (StateRoot){
                .fd = TAKE_FD(fd),
                .vm_fd = TAKE_FD(vm_fd),
                .group = st.st_gid,
        };
        return 0;
}

int state_root_look(StateRoot *ret)
{
        struct stat st;

        _cleanup_close_ int fd = chase_open(STATE_DIR, O_RDONLY | O_DIRECTORY, CHASE_DEFAULT, NULL);
        if (fd < 0)
                return fd;
        if (fstat(fd, &st) < 0)
                return -errno;
        _cleanup_close_ int vm_fd = at_open_dir(fd, "vm");
        if (vm_fd < 0)
                return vm_fd;

        *ret = (StateRoot){ .fd = TAKE_FD(fd), .vm_fd = TAKE_FD(vm_fd), .group = st.st_gid };
        return 0;
}

void state_root_done(StateRoot *root)
{
        root->fd = safe_close(root->fd);
        root->vm_fd = safe_close(root->vm_fd);
}

static void names_done(StateNames *names)
{
        FOREACH_ARRAY (name, names->names, names->n)
                free(*name);
}

void state_done(State *s)
{
        free(s->id);
        free(s->boot);
        free(s->machine);
        free(s->invocation);
        free(s->chroot_dir);
        free(s->vmm_name);
        names_done(&s->files);
        names_done(&s->places);
        names_done(&s->trees);
        names_done(&s->mount_points);
        names_done(&s->images);
        free(s->log);
        free(s->sock);
        free(s->api);
        free(s->netns);
        free(s->uplink);
        free(s->text);
        free(s->stop_by);
        names_done(&s->cgroups);
        names_done(&s->redirects);
        FOREACH_ARRAY (name, s->taps.names, s->taps.n)
                free(*name);
        free(s->unknown);
        *s = STATE_NULL;
}

#define MARK_BEGIN "fcjail "

const char *state_mark(const State *s, char buf[STATE_MARK_MAX])
{
        (void) snprintf(buf, STATE_MARK_MAX, MARK_BEGIN "%s %s %" PRIu64, s->id, s->invocation, s->vmm.ns);
        return buf;
}

/* The next word of *rest, which it cuts off. */
static const char *next_word(char **rest)
{
        const char *word = strsep(rest, " ");

        return word ? word : "";
}

bool state_mark_read(const char *mark, StateMark *ret)
{
        char text[STATE_MARK_MAX], *rest = text;
        StateMark m = {};

        if (strncmp(mark, MARK_BEGIN, strlen(MARK_BEGIN)) != 0 || strlen(mark) >= sizeof(text))
                return false;
        (void) snprintf(text, sizeof(text), "%s", mark + strlen(MARK_BEGIN));
        const char *id = next_word(&rest), *invocation = next_word(&rest);
        if (!jailer_id_valid(id) || !id128_valid(invocation) ||
            (rest && parse_u64(rest, 0, UINT64_MAX, &m.pid_ns) < 0))
                return false;
        (void) snprintf(m.id, sizeof(m.id), "%s", id);
        (void) snprintf(m.invocation, sizeof(m.invocation), "%s", invocation);
        *ret = m;
        return true;
}

bool state_id_of_mark(const char *mark, char ret_id[ID_LEN_MAX + 1])
{
        StateMark m;

        if (!state_mark_read(mark, &m))
                return false;
        (void) snprintf(ret_id, ID_LEN_MAX + 1, "%s", m.id);
        return true;
}

static struct flock whole_file(short type)
{
        return (struct flock){ .l_type = type, .l_whence = SEEK_SET };
}

/* -EBADMSG: whatever has the name, it is no record. */
static int open_record(const StateRoot *root, const char *id, int flags)
{
        int fd = openat(root->vm_fd, id, flags | O_NOFOLLOW | O_CLOEXEC, 0640);

        if (fd < 0)
                return errno == EISDIR || errno == ELOOP || errno == ENXIO ? -EBADMSG : -errno;
        return fd;
}

/* 1: fd is what the name leads to, 0: it was removed, and perhaps made anew, before we had the lock. */
static int is_current(const StateRoot *root, const char *id, int fd)
{
        struct stat held, named;

        if (fstat(fd, &held) < 0)
                return -errno;
        if (fstatat(root->vm_fd, id, &named, AT_SYMLINK_NOFOLLOW) < 0)
                return errno == ENOENT ? 0 : -errno;

        return same_object(&held, &named);
}

/* The type of the lock that is in the way of one of that type. F_UNLCK: none is. */
static short lock_in_the_way(int fd, short type)
{
        struct flock lock = whole_file(type);

        if (fcntl(fd, F_OFD_GETLK, &lock) < 0)
                return F_WRLCK;
        return lock.l_type;
}

int state_root_lock(const StateRoot *root, const char *name, uint64_t usec)
{
        const uint64_t deadline = now_usec() + usec;
        struct flock lock = whole_file(F_WRLCK);

        _cleanup_close_ int fd =
                openat(root->fd, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
        if (fd < 0)
                return -errno;
        while (fcntl(fd, F_OFD_SETLK, &lock) < 0) {
                if (errno != EAGAIN && errno != EACCES)
                        return -errno;
                if (now_usec() >= deadline)
                        return -EAGAIN;
                (void) usleep(RETRY_USEC);
        }
        return TAKE_FD(fd);
}

/* Its own lock is on a file that only root can open. */
static bool a_collector_works(const StateRoot *root)
{
        _cleanup_close_ int fd =
                openat(root->fd, STATE_GC_LOCK, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

        return fd >= 0 && lock_in_the_way(fd, F_RDLCK) == F_WRLCK;
}

/* A collector has a read lock, and holds gc.lock, which only root can: whoever may read a record can also lock it for reading. Both
 * are asked twice, because one collector may end and another one begin meanwhile. */
static bool is_a_collectors(const StateRoot *root, int fd)
{
        for (unsigned i = 0; i < 2; i++) {
                short type = lock_in_the_way(fd, F_WRLCK);
                if (type != F_RDLCK)
                        return type == F_UNLCK;
                if (a_collector_works(root))
                        return true;
        }
        return false;
}

/* -EAGAIN: a collector has the lock, or had it a moment ago. */
static int lock_record(const StateRoot *root, const char *id, bool create, short type)
{
        struct flock lock = whole_file(type);
        FsIds mine = fs_ids_get();
        int r, k;

        for (;;) {
                /* root:<group> 0640: who may read it may also lock it, which would hold up a start. It takes CAP_SETGID,
                 * which the watcher of a VM does not have. */
                r = fs_ids_set((FsIds){ mine.uid, create ? root->group : mine.gid });
                if (r < 0)
                        return r;
                _cleanup_close_ int fd = open_record(root, id, O_RDWR | (create ? O_CREAT : 0));
                k = fs_ids_set(mine);
                if (fd < 0 || k < 0)
                        return fd < 0 ? fd : k;
                if (create && fchmod(fd, 0640) < 0)
                        return -errno;
                if (fcntl(fd, F_OFD_SETLK, &lock) < 0)
                        return errno != EAGAIN && errno != EACCES ? -errno
                               : is_a_collectors(root, fd)        ? -EAGAIN
                                                                  : -EBUSY;

                /* In each turn another process has just removed a record, so this ends. */
                r = is_current(root, id, fd);
                if (r < 0)
                        return r;
                if (r > 0)
                        return TAKE_FD(fd);
        }
}

int state_lock(const StateRoot *root, const char *id, bool create)
{
        int fd;

        while ((fd = lock_record(root, id, create, F_WRLCK)) == -EAGAIN)
                (void) usleep(RETRY_USEC);
        return fd;
}

int state_lock_at_once(const StateRoot *root, const char *id)
{
        int fd = lock_record(root, id, /* create= */ false, F_WRLCK);

        return fd == -EAGAIN ? -EBUSY : fd;
}

int state_lock_to_collect(const StateRoot *root, const char *id, bool create)
{
        int fd = lock_record(root, id, create, F_RDLCK);

        return fd == -EAGAIN ? -EBUSY : fd;
}

int state_lock_wait(const StateRoot *root, const char *id, bool create, uint64_t usec)
{
        const uint64_t deadline = now_usec() + usec;
        int fd;

        while ((fd = state_lock(root, id, create)) == -EBUSY && now_usec() < deadline)
                (void) usleep(RETRY_USEC);
        return fd;
}

bool state_is_understood(const State *s)
{
        return s->version <= STATE_VERSION && !s->unknown;
}

int state_load(const StateRoot *root, const char *id, State *ret)
{
        _cleanup_close_ int fd = open_record(root, id, O_RDONLY);

        return fd < 0 ? fd : state_read(fd, ret);
}

static int is_locked(int fd, bool *ret)
{
        struct flock lock = whole_file(F_WRLCK);

        if (fcntl(fd, F_OFD_GETLK, &lock) < 0)
                return -errno;
        *ret = lock.l_type != F_UNLCK;
        return 0;
}

int state_glance(const StateRoot *root, const char *id, State *ret, StateGlance *ret_glance)
{
        bool before = false, after = false;
        struct stat st;
        int r, k;

        /* O_NONBLOCK: what has the name may be a FIFO. */
        _cleanup_close_ int fd = open_record(root, id, O_RDONLY | O_NONBLOCK);
        if (fd < 0)
                return fd;

        /* Whatever begins or ends meanwhile, a record of a start under way is not taken for one of nobody. */
        r = is_locked(fd, &before);
        k = r < 0 ? r : state_read(fd, ret);
        r = r < 0 ? r : is_locked(fd, &after);
        if (r < 0 || fstat(fd, &st) < 0)
                return r < 0 ? r : -errno;
        *ret_glance = (StateGlance){ .locked = before || after, .written = st.st_mtim };
        return k;
}

int state_each(const StateRoot *root, int (*each)(const char *id, void *userdata), void *userdata)
{
        _cleanup_closedir_ DIR *d = NULL;
        int r = at_list_dir(root->vm_fd, ".", &d);

        while (r == 0) {
                errno = 0;
                struct dirent *de = readdir(d);
                if (!de)
                        return -errno;
                if (jailer_id_valid(de->d_name))
                        r = each(de->d_name, userdata);
        }
        return r;
}

static bool is_of_this_boot(const State *s)
{
        char boot[33];

        return boot_id(boot) >= 0 && strcmp(boot, s->boot) == 0;
}

int state_vmm_hold(const State *s, bool *ret_identified)
{
        bool identified;

        int fd = proc_hold(&s->vmm, &identified);
        if (fd >= 0)
                *ret_identified = identified && is_of_this_boot(s);
        return fd;
}

const char *state_why_unknown(int r)
{
        switch (r) {
        case -EBADMSG:
                return "its record is damaged";
        case -EREMOTE:
                return "it was started in another PID namespace";
        default:
                return strerror(-r);
        }
}

int state_vmm_alive(const State *s)
{
        return proc_alive(&s->vmm);
}

int state_invocation_alive(const StateRoot *root, const char *id, const char *invocation)
{
        struct flock lock = whole_file(F_WRLCK);
        _cleanup_state_ State s = STATE_NULL;
        int r;

        _cleanup_close_ int fd = open_record(root, id, O_RDWR);
        if (fd < 0)
                return fd == -ENOENT ? 0 : fd;

        /* A query only: taking the lock for a moment could make the rightful holder fail. */
        if (fcntl(fd, F_OFD_GETLK, &lock) < 0)
                return -errno;

        r = state_read(fd, &s);
        if (r == -ENODATA) /* about to be written, perhaps with this invocation, or abandoned */
                return lock.l_type == F_WRLCK;
        if (r < 0)
                return r;
        assert(s.invocation); /* or it were -EBADMSG */
        if (strcmp(s.invocation, invocation) != 0)
                return 0;
        if (lock.l_type == F_WRLCK) /* not that of a collector */
                return 1;
        return state_vmm_alive(&s);
}

int state_remove(const StateRoot *root, const char *id)
{
        return at_remove(root->vm_fd, id);
}

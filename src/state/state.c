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

#define STATE_DIR      "/run/fcjail"
#define STATE_SIZE_MAX 65536

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

void state_root_done(StateRoot *root)
{
        root->fd = safe_close(root->fd);
        root->vm_fd = safe_close(root->vm_fd);
}

void state_done(State *s)
{
        free(s->id);
        free(s->boot);
        free(s->invocation);
        free(s->chroot_dir);
        free(s->api);
        free(s->netns);
        for (size_t i = 0; i < s->n_taps; i++)
                free(s->taps[i]);
        *s = (State){};
}

#define MARK_BEGIN "fcjail "

const char *state_mark(const State *s, char buf[STATE_MARK_MAX])
{
        (void) snprintf(buf, STATE_MARK_MAX, MARK_BEGIN "%s %s", s->id, s->invocation);
        return buf;
}

bool state_id_of_mark(const char *mark, char ret_id[ID_LEN_MAX + 1])
{
        if (strncmp(mark, MARK_BEGIN, strlen(MARK_BEGIN)) != 0)
                return false;
        mark += strlen(MARK_BEGIN);
        size_t n = strcspn(mark, " ");
        if (n > ID_LEN_MAX || !id128_valid(mark[n] ? mark + n + 1 : ""))
                return false;
        memcpy(ret_id, mark, n);
        ret_id[n] = '\0';
        return id_valid(ret_id);
}

static struct flock whole_file(short type)
{
        return (struct flock){ .l_type = type, .l_whence = SEEK_SET };
}

/* 1: fd is what the name leads to, 0: it was removed, and perhaps made anew, before we had the lock. */
static int is_current(const StateRoot *root, const char *id, int fd)
{
        struct stat held, named;

        if (fstat(fd, &held) < 0)
                return -errno;
        if (fstatat(root->vm_fd, id, &named, AT_SYMLINK_NOFOLLOW) < 0)
                return errno == ENOENT ? 0 : -errno;

        return held.st_ino == named.st_ino && held.st_dev == named.st_dev;
}

int state_lock(const StateRoot *root, const char *id, bool create)
{
        struct flock lock = whole_file(F_WRLCK);
        int flags = O_RDWR | O_NOFOLLOW | O_CLOEXEC | (create ? O_CREAT : 0);
        FsIds mine = fs_ids_get();
        int r, k;

        for (;;) {
                /* root:<group> 0640: who may read it may also lock it, which would hold up a start. */
                r = fs_ids_set((FsIds){ mine.uid, root->group });
                if (r < 0)
                        return r;
                _cleanup_close_ int fd = openat(root->vm_fd, id, flags, 0640);
                r = fd < 0 ? -errno : 0;
                k = fs_ids_set(mine);
                if (r < 0 || k < 0)
                        return r < 0 ? r : k;
                if (create && fchmod(fd, 0640) < 0)
                        return -errno;
                if (fcntl(fd, F_OFD_SETLK, &lock) < 0)
                        return errno == EAGAIN || errno == EACCES ? -EBUSY : -errno;

                /* Every turn means that another process has just removed one: this ends. */
                r = is_current(root, id, fd);
                if (r < 0)
                        return r;
                if (r > 0)
                        return TAKE_FD(fd);
        }
}

typedef struct Line {
        const char *key;
        size_t offset; /* of a char* in State */
} Line;

static const Line string_lines[] = {
        { "ID", offsetof(State, id) },
        { "BOOT_ID", offsetof(State, boot) },
        { "INVOCATION_ID", offsetof(State, invocation) },
        { "CHROOT_DIR", offsetof(State, chroot_dir) },
        { "API", offsetof(State, api) },
        { "NETNS", offsetof(State, netns) },
};

static char **string_of(State *s, const Line *l)
{
        return (char **) ((char *) s + l->offset);
}

static int read_vmm(char *value, ProcRef *ret)
{
        uint32_t pid;
        uint64_t start;
        int r;

        char *space = strchr(value, ' ');
        if (!space)
                return -EBADMSG;
        *space = '\0';
        r = parse_u32(value, 1, INT32_MAX, &pid);
        if (r >= 0)
                r = parse_u64(space + 1, 0, UINT64_MAX, &start);
        if (r < 0)
                return -EBADMSG;

        *ret = (ProcRef){ .pid = (pid_t) pid, .start = start };
        return 0;
}

static int read_tap(const char *value, State *s)
{
        if (s->n_taps == STATE_TAPS_MAX || !ifname_valid(value))
                return -EBADMSG;
        s->taps[s->n_taps] = strdup(value);
        if (!s->taps[s->n_taps])
                return -ENOMEM;
        s->n_taps++;
        return 0;
}

static int read_line(char *line, State *s)
{
        char *value = strchr(line, '=');

        if (!value)
                return -EBADMSG;
        *value++ = '\0';

        FOREACH_ARRAY (l, string_lines, ELEMENTSOF(string_lines)) {
                if (strcmp(line, l->key) != 0)
                        continue;
                free(*string_of(s, l));
                *string_of(s, l) = strdup(value);
                return *string_of(s, l) ? 0 : -ENOMEM;
        }
        if (strcmp(line, "SUPERVISED") == 0)
                return parse_yes_no(value, &s->supervised);
        if (strcmp(line, "KEEP") == 0)
                return parse_yes_no(value, &s->keep);
        if (strcmp(line, "STOP_SECONDS") == 0)
                return parse_u32(value, 0, UINT32_MAX, &s->stop_seconds);
        if (strcmp(line, "UID") == 0)
                return parse_vm_id(value, &s->uid);
        if (strcmp(line, "GID") == 0)
                return parse_vm_id(value, &s->gid);
        if (strcmp(line, "TAP") == 0)
                return read_tap(value, s);
        if (strcmp(line, "VMM") == 0)
                return read_vmm(value, &s->vmm);

        return -EBADMSG;
}

/* Everything is made after "COMPLETE" only; what ends earlier, or is no whole line, tells of nothing. */
static int read_lines(char *text, State *s)
{
        bool complete = false;
        int r;

        for (char *line = text, *end; (end = strchr(line, '\n')); line = end + 1) {
                *end = '\0';
                if (strcmp(line, "COMPLETE") == 0) {
                        complete = true;
                        continue;
                }
                r = read_line(line, s);
                if (r < 0)
                        return r == -ENOMEM ? r : -EBADMSG;
        }

        if (!complete)
                return -ENODATA;
        return s->id && s->boot && s->invocation && s->chroot_dir ? 0 : -EBADMSG;
}

int state_read(int fd, State *ret)
{
        _cleanup_state_ State s = {};
        _cleanup_free_ char *text = malloc(STATE_SIZE_MAX);
        int r;

        if (!text)
                return -ENOMEM;

        ssize_t n = pread(fd, text, STATE_SIZE_MAX - 1, 0);
        if (n < 0)
                return -errno;
        if ((size_t) n == STATE_SIZE_MAX - 1 || memchr(text, '\0', (size_t) n))
                return -EBADMSG;
        text[n] = '\0';

        r = read_lines(text, &s);
        if (r < 0)
                return r;

        *ret = s;
        s = (State){};
        return 0;
}

int state_load(const StateRoot *root, const char *id, State *ret)
{
        _cleanup_close_ int fd = openat(root->vm_fd, id, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        return state_read(fd, ret);
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

int state_vmm_alive(const State *s)
{
        return proc_alive(&s->vmm);
}

int state_invocation_alive(const StateRoot *root, const char *id, const char *invocation)
{
        struct flock lock = whole_file(F_WRLCK);
        _cleanup_state_ State s = {};
        int r;

        _cleanup_close_ int fd = openat(root->vm_fd, id, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
                return errno == ENOENT ? 0 : -errno;

        /* Asks only: taking the lock for a moment could make the rightful holder fail. */
        if (fcntl(fd, F_OFD_GETLK, &lock) < 0)
                return -errno;

        r = state_read(fd, &s);
        if (r == -ENODATA) /* about to be written, perhaps with this invocation, or abandoned */
                return lock.l_type != F_UNLCK;
        if (r < 0)
                return r;
        assert(s.invocation); /* or it were -EBADMSG */
        if (strcmp(s.invocation, invocation) != 0)
                return 0;
        if (lock.l_type != F_UNLCK)
                return 1;
        return state_vmm_alive(&s);
}

static int append(int fd, const char *text, size_t size)
{
        if (lseek(fd, 0, SEEK_END) < 0)
                return -errno;
        ssize_t n = write(fd, text, size);
        if (n < 0)
                return -errno;
        return (size_t) n == size ? 0 : -EIO;
}

int state_write(int fd, const State *s)
{
        _cleanup_free_ char *text = NULL;
        size_t size = 0;

        FILE *f = open_memstream(&text, &size);
        if (!f)
                return -errno;
        FOREACH_ARRAY (l, string_lines, ELEMENTSOF(string_lines)) {
                const char *value = *string_of((State *) s, l);
                if (value)
                        fprintf(f, "%s=%s\n", l->key, value);
        }
        fprintf(f, "SUPERVISED=%s\n", s->supervised ? "yes" : "no");
        fprintf(f, "KEEP=%s\n", s->keep ? "yes" : "no");
        fprintf(f, "STOP_SECONDS=%u\n", s->stop_seconds);
        for (size_t i = 0; i < s->n_taps; i++)
                fprintf(f, "TAP=%s\n", s->taps[i]);
        fprintf(f, "COMPLETE\n");
        if (fclose(f) != 0)
                return -ENOMEM;

        if (ftruncate(fd, 0) < 0)
                return -errno;
        return append(fd, text, size);
}

int state_append_uid(int fd, uint32_t uid, uint32_t gid, off_t *ret_offset)
{
        char text[64];
        int n = snprintf(text, sizeof(text), "UID=%u\nGID=%u\n", uid, gid);

        *ret_offset = lseek(fd, 0, SEEK_END);
        return *ret_offset < 0 ? -errno : append(fd, text, (size_t) n);
}

int state_take_back_uid(int fd, off_t offset)
{
        return RET_NERRNO(ftruncate(fd, offset));
}

int state_append_vmm(int fd, const ProcRef *vmm)
{
        char text[64];
        int n = snprintf(text, sizeof(text), "VMM=%i %" PRIu64 "\n", vmm->pid, vmm->start);

        return append(fd, text, (size_t) n);
}

int state_remove(const StateRoot *root, const char *id)
{
        return at_remove(root->vm_fd, id);
}

/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Step `loop`: images that the VM gets as loop devices of their own. It then has the data, and of the file neither the inode
 * nor the owner: for file systems that cannot map owners.
 *
 * The devices have numbers of their own, far above those that losetup(8) takes, so that a rule of udev's knows them: what they
 * hold is the guest's. A device is unbound again at cleanup, and stays as such for the next start: to remove one takes
 * 50 ms.
 *
 * Should:  write a number down before its device is bound, and mark the device as this start's: a cleanup lets go of devices
 *          with its mark alone.
 * Mustn't: let the last close unbind it: between the exec and the open of the VMM, and when the API exchanges a drive, nobody
 *          has it open.
 */

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sysexits.h>
#include <unistd.h>

#include "at.h"
#include "fd-util.h"
#include "fs-ids.h"
#include "loop-device.h"
#include "loop.h"
#include "missing.h"
#include "mount-util.h"
#include "step.h"

/* Numbers that also exist where each device has room for 255 partitions. The same are in udev/50-fcjail.rules. */
#define NUMBER_FIRST 1000U
#define NUMBER_LAST  4095U

/* Starts of different VMs begin their search apart, so that those at the same time do not wait for each other; and not
 * further apart, because each number that was ever used stays a device. */
#define SPREAD 64U

typedef struct LoopMaker {
        Jail *jail;
        int control_fd;
        int dir_fd;      /* for nodes, for a moment */
        unsigned number; /* the next one to try */
        char mark[LOOP_MARK_MAX];
} LoopMaker;

static void loop_maker_done(LoopMaker *m)
{
        m->control_fd = safe_close(m->control_fd);
        m->dir_fd = safe_close(m->dir_fd);
}

#define MARK_BEGIN "fcjail "

/* The id is in the record; a mark of a TAP, which has it, would be too long. */
static const char *make_mark(const State *s, char buf[LOOP_MARK_MAX])
{
        (void) snprintf(buf, LOOP_MARK_MAX, MARK_BEGIN "%s %" PRIu64, s->invocation, s->vmm.ns);
        return buf;
}

/* For one node. */
static int new_node_dir(void)
{
        return new_tmpfs("2", "16k");
}

static int cannot_use(Jail *jail, int r, const char *device)
{
        if (r == -EPERM || r == -EACCES)
                return step_fail_because(
                        jail, r, EX_NOPERM, device,
                        "is not among the devices that the unit allows; run `systemctl daemon-reload`, see fcjail-generator(8), or add loop.conf of the examples to the unit");
        if (r == -ENOENT || r == -ENODEV || r == -ENXIO)
                return step_fail_because(jail, r, EX_UNAVAILABLE, device,
                                         "is missing on this host; load it with `modprobe loop`");
        return step_fail(jail, r, "%s", device);
}

static int prepare(LoopMaker *m, Jail *jail)
{
        *m = (LoopMaker){ .jail = jail, .control_fd = -EBADF, .dir_fd = -EBADF };
        m->number = NUMBER_FIRST + jail->uid % SPREAD;
        (void) make_mark(&jail->state, m->mark);
        m->control_fd = loop_control_open();
        if (m->control_fd < 0)
                return cannot_use(jail, m->control_fd, "/dev/loop-control");
        m->dir_fd = new_node_dir();
        return m->dir_fd < 0 ? step_fail(jail, m->dir_fd, "tmpfs for a node") : 0;
}

/* With the rights of the owner, as the file system may not know root (NFS). */
static int open_image(const HostBind *b, bool read_only, bool *ret_direct)
{
        const FsIds mine = fs_ids_get();
        const int flags = (read_only ? O_RDONLY : O_RDWR) | O_NONBLOCK | O_CLOEXEC;
        char link[FD_PATH_MAX];
        struct stat st;
        int r, k;

        r = fs_ids_set((FsIds){ b->st.st_uid, b->st.st_gid });
        if (r < 0)
                return r;
        _cleanup_close_ int fd = RET_NERRNO(open(fd_path(link, b->fd), flags | O_DIRECT));
        *ret_direct = fd != -EINVAL; /* that is what a file system says that has none */
        if (fd == -EINVAL)
                fd = RET_NERRNO(open(fd_path(link, b->fd), flags));
        k = fs_ids_set(mine);
        if (k < 0 || fd < 0)
                return k < 0 ? k : fd;
        if (fstat(fd, &st) < 0)
                return -errno;
        /* overlayfs may give a file another number when it copies it up, and step `images` has claimed that which it had. */
        return same_object(&st, &b->st) ? TAKE_FD(fd) : -ESTALE;
}

static int record(LoopMaker *m, unsigned number)
{
        StateLoops *loops = &m->jail->state.loops;

        if (loops->n == STATE_LOOPS_MAX)
                return -E2BIG;
        loops->numbers[loops->n++] = number;
        return state_append(m->jail->state_fd, &m->jail->state, STATE_LOOPS);
}

/* -EBUSY: the device is bound to something else. */
static int try_number(LoopMaker *m, int file_fd, const LoopSpec *spec, dev_t *ret_rdev)
{
        dev_t rdev;
        int r;

        r = loop_add(m->control_fd, spec->number);
        if (r < 0)
                return r;
        _cleanup_close_ int fd = loop_open(m->dir_fd, spec->number, spec->read_only, &rdev);
        if (fd < 0)
                return fd;
        r = loop_is_marked(fd, spec->mark); /* 1: by an earlier row */
        if (r != 0)
                return r < 0 ? r : -EBUSY;
        r = record(m, spec->number);
        if (r >= 0)
                r = loop_bind(fd, file_fd, spec);
        if (r >= 0)
                *ret_rdev = rdev;
        return r;
}

static int make_device(LoopMaker *m, const BindPlan *bind, const HostBind *b, dev_t *ret_rdev)
{
        LoopSpec spec = { .read_only = bind->read_only, .mark = m->mark };
        char device[32];
        int r = -EBUSY;

        _cleanup_close_ int file_fd = open_image(b, bind->read_only, &spec.direct);
        if (file_fd == -ESTALE)
                return step_fail_because(
                        m->jail, file_fd, EX_TEMPFAIL, bind->source,
                        "was copied to another layer of its file system when it was opened; start the VM again");
        if (file_fd < 0)
                return step_fail(m->jail, file_fd, "%s", bind->source);
        while (r == -EBUSY && m->number <= NUMBER_LAST) {
                spec.number = m->number++;
                r = try_number(m, file_fd, &spec, ret_rdev);
        }
        if (r == -EBUSY || r == -E2BIG)
                return step_fail_because(m->jail, r, EX_TEMPFAIL, bind->source,
                                         "needs a loop device, but those from %u to %u are in use",
                                         NUMBER_FIRST, NUMBER_LAST);
        (void) snprintf(device, sizeof(device), "/dev/loop%u", spec.number);
        return r < 0 ? cannot_use(m->jail, r, device) : 0;
}

static bool is_loop(const Jail *jail, size_t i)
{
        return jail->plan->binds[i].loop && !jail->host.binds[i].taken;
}

int step_loop(Jail *jail)
{
        _cleanup_(loop_maker_done) LoopMaker m = { .control_fd = -EBADF, .dir_fd = -EBADF };
        const Plan *p = jail->plan;
        int r = 0;

        if (!plan_mount(p, MOUNT_LOOPS))
                return 0;
        r = prepare(&m, jail);
        for (size_t i = 0; r >= 0 && i < p->n_binds; i++)
                if (is_loop(jail, i))
                        r = make_device(&m, &p->binds[i], &jail->host.binds[i], &jail->loops[i]);
        return r;
}

static int undo_number(int dir_fd, unsigned number, const char *mark)
{
        int r;

        _cleanup_close_ int fd = loop_open(dir_fd, number, /* read_only= */ true, NULL);
        if (fd < 0)
                return fd == -ENXIO || fd == -ENODEV ? 0 : fd;
        r = loop_is_marked(fd, mark);
        if (r <= 0)
                return r == -EBUSY ? 0 : r;
        return loop_clear(fd);
}

int undo_loop(Undo *undo)
{
        const StateLoops *loops = &undo->state->loops;
        char mark[LOOP_MARK_MAX];
        int r = 0;

        if (loops->n == 0)
                return 0;
        _cleanup_close_ int dir_fd = new_node_dir();
        if (dir_fd < 0)
                return dir_fd;
        (void) make_mark(undo->state, mark);
        FOREACH_ARRAY (number, loops->numbers, loops->n)
                if (r >= 0)
                        r = undo_number(dir_fd, *number, mark);
        return r;
}

static bool read_mark(char *mark, LoopFound *ret)
{
        char *invocation = mark + strlen(MARK_BEGIN), *space;

        if (strncmp(mark, MARK_BEGIN, strlen(MARK_BEGIN)) != 0 || !(space = strchr(invocation, ' ')))
                return false;
        *space = '\0';
        ret->invocation = invocation;
        return id128_valid(invocation) && parse_u64(space + 1, 0, UINT64_MAX, &ret->pid_ns) >= 0;
}

/* Nobody unbinds one of another start meanwhile: a mark stays what it is as long as the device is bound. */
static int look_at(int dir_fd, unsigned number, int (*each)(const LoopFound *found, void *userdata),
                   void *userdata)
{
        char mark[LOOP_MARK_MAX];
        LoopFound found = { .number = number };
        int r;

        _cleanup_close_ int fd = loop_open(dir_fd, number, /* read_only= */ true, &found.rdev);
        if (fd < 0)
                return fd == -ENXIO || fd == -ENODEV ? 0 : fd;
        r = loop_read_mark(fd, mark);
        if (r < 0)
                return r == -ENXIO ? 0 : r;
        if (!read_mark(mark, &found))
                return 0;
        found.fd = fd;
        return each(&found, userdata);
}

static bool is_bound(int block_fd, const char *name)
{
        char path[NAME_MAX + sizeof("/loop")];

        (void) snprintf(path, sizeof(path), "%s/loop", name);
        return faccessat(block_fd, path, F_OK, /* flags= */ 0) >= 0;
}

int loop_each(int (*each)(const LoopFound *found, void *userdata), void *userdata)
{
        _cleanup_closedir_ DIR *d = NULL;
        const char *name;
        uint32_t number;
        int r, first = 0;

        r = at_list_dir(AT_FDCWD, "/sys/block", &d);
        if (r < 0)
                return r == -ENOENT ? 0 : r;
        _cleanup_close_ int dir_fd = new_node_dir();
        if (dir_fd < 0)
                return dir_fd;
        while ((r = at_next(d, &name)) > 0) {
                if (strncmp(name, "loop", 4) != 0 ||
                    parse_u32(name + 4, NUMBER_FIRST, NUMBER_LAST, &number) < 0 || !is_bound(dirfd(d), name))
                        continue;
                r = look_at(dir_fd, number, each, userdata);
                if (r > 0)
                        return r;
                first = first < 0 ? first : r;
        }
        return first < 0 ? first : r;
}

int loop_let_go(const LoopFound *found)
{
        int r = loop_is_unclaimed(found->fd);

        if (r <= 0)
                return r < 0 ? r : -EBUSY;
        return loop_clear(found->fd);
}

bool loop_node(const Jail *jail, size_t i, NodePlan *ret)
{
        const BindPlan *b = &jail->plan->binds[i];

        if (jail->loops[i] == 0 || bind_is_in_dev(b))
                return false;
        *ret = (NodePlan){ b->path, bind_node_mode(b), jail->loops[i] };
        return true;
}

/* The stage has the node, where nobody can see it; the jail sees this one name of the stage's tmpfs. */
static int mount_node(Jail *jail, const MountPlan *m, const NodePlan *node)
{
        const unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_SYMLINK_NOFOLLOW;
        char name[32];
        int r;

        (void) snprintf(name, sizeof(name), "loop-%zu", jail->n_mounts);
        r = at_make_node(jail->stage_fd, name, node->mode, node->rdev);
        if (r < 0)
                return step_fail(jail, r, "node for /%s", node->path);
        _cleanup_close_ int tree_fd = RET_NERRNO((int) syscall(SYS_open_tree, jail->stage_fd, name, flags));
        if (tree_fd < 0)
                return step_fail(jail, tree_fd, "/%s", node->path);
        r = mount_attach(tree_fd, jail->jail_fd, node->path);
        if (r >= 0)
                r = jail_add_mount(jail, node->path, m->flags, TAKE_FD(tree_fd), 0);
        return r < 0 ? step_fail(jail, r, "/%s", node->path) : 0;
}

int loop_mount_nodes(Jail *jail, const MountPlan *m)
{
        NodePlan node;
        int r = 0;

        for (size_t i = 0; r >= 0 && i < jail->plan->n_binds; i++)
                if (loop_node(jail, i, &node))
                        r = mount_node(jail, m, &node);
        return r;
}

/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Step `audit`: trusts no earlier step. It reads every property that the jail promises back, through another call than the one
 * that set it; any difference prevents the exec. A prototype that checked every return value still ran the VMM as root
 * when one call was made to lie.
 *
 * Should:  come before the seccomp filter: with it on, a setuid(0) fails whoever tries.
 * Mustn't: repair anything. What is wrong here is a bug, or an attack.
 */

#include <inttypes.h>
#include <limits.h>
#include <linux/capability.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "at.h"
#include "drop.h"
#include "loop.h"
#include "step.h"

/* More descriptors than these are not checked one by one. Few per call: an array that is touched for the first time is
 * a page fault for every 512 of them, which takes longer than a call. */
#define FDS_MAX      2048
#define FDS_PER_POLL 256

static int audit_ids(Jail *jail)
{
        uid_t ruid = 0, euid = 0, suid = 0;
        gid_t rgid = 0, egid = 0, sgid = 0;

        if (getresuid(&ruid, &euid, &suid) < 0 || ruid != jail->uid || euid != jail->uid ||
            suid != jail->uid)
                return step_differs(jail, "uid", "real, effective and saved are %u, %u, %u instead of %u",
                                    ruid, euid, suid, jail->uid);
        if (getresgid(&rgid, &egid, &sgid) < 0 || rgid != jail->gid || egid != jail->gid ||
            sgid != jail->gid)
                return step_differs(jail, "gid", "real, effective and saved are %u, %u, %u instead of %u",
                                    rgid, egid, sgid, jail->gid);
        if ((uid_t) setfsuid((uid_t) -1) != jail->uid || (gid_t) setfsgid((gid_t) -1) != jail->gid)
                return step_differs(jail, "fsuid and fsgid", "are not %u and %u", jail->uid, jail->gid);

        int n = getgroups(0, NULL);
        if (n != 0)
                return step_differs(jail, "groups", "the process still has %i supplementary groups", n);
        return 0;
}

static int audit_cap_sets(Jail *jail)
{
        struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
        struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

        memset(data, 0xff, sizeof(data));
        if (syscall(SYS_capget, &header, data) < 0)
                return step_differs(jail, "capabilities", "cannot be read");
        FOREACH_ARRAY (d, data, ELEMENTSOF(data))
                if (d->effective != 0 || d->permitted != 0 || d->inheritable != 0)
                        return step_differs(
                                jail, "capabilities",
                                "effective, permitted and inheritable are still %08x, %08x, %08x",
                                d->effective, d->permitted, d->inheritable);
        return 0;
}

static int audit_cap_bounds(Jail *jail)
{
        for (unsigned long cap = 0; cap <= CAPABILITIES_MAX; cap++) {
                int bound = prctl(PR_CAPBSET_READ, cap, 0, 0, 0);

                if (bound < 0 && errno == EINVAL) /* the kernel does not have it */
                        continue;
                if (bound != 0)
                        return step_differs(jail, "bounding set",
                                            "capability %lu is still in the bounding set", cap);
                if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, cap, 0, 0) != 0)
                        return step_differs(jail, "ambient set",
                                            "capability %lu is still in the ambient set", cap);
        }

        /* Every kernel has this one. If it is "absent", because all calls return EINVAL, they lie. */
        if (prctl(PR_CAPBSET_READ, (unsigned long) CAP_SYS_ADMIN, 0, 0, 0) != 0)
                return step_differs(jail, "bounding set", "cannot be read");
        return 0;
}

static int audit_bits(Jail *jail)
{
        int bits = prctl(PR_GET_SECUREBITS, 0, 0, 0, 0);
        if (bits < 0 || (unsigned) bits != JAIL_SECUREBITS)
                return step_differs(jail, "securebits", "are %#x instead of %#x", (unsigned) bits,
                                    (unsigned) JAIL_SECUREBITS);
        if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
                return step_differs(jail, "no_new_privs", "is not set");
        /* fs.suid_dumpable decides between 0 and 2. Both are safe: with 2, only root could read a core. */
        int dumpable = prctl(PR_GET_DUMPABLE, 0, 0, 0, 0);
        if (dumpable != 0 && dumpable != 2)
                return step_differs(
                        jail, "dumpable",
                        "the process is still dumpable; set the sysctl fs.suid_dumpable to 0 or 2");
        return 0;
}

/* The chroot refuses a user namespace for good, with EPERM. A limit of 0 (ENOSPC, once EUSERS) and a kernel without user
 * namespaces (EINVAL) refuse it earlier, and a limit may change while the VM runs. So no errno is the proof: `root` has seen
 * the stage become the root of the mount namespace, and audit_root() sees that our root is another directory. */
static bool is_refusal(int error)
{
        return error == EPERM || error == ENOSPC || error == EUSERS || error == EINVAL;
}

/* Tries what must be impossible. Who has an id may set it, so root tries to become somebody else. */
static int audit_no_way_back(Jail *jail)
{
        const uid_t uid = jail->uid == 0;
        const gid_t gid = jail->gid == 0;

        if (setuid(uid) >= 0 || errno != EPERM)
                return step_differs(jail, uid == 0 ? "setuid(0)" : "setuid(1)",
                                    "the kernel did not refuse it");
        if (setgid(gid) >= 0 || errno != EPERM)
                return step_differs(jail, gid == 0 ? "setgid(0)" : "setgid(1)",
                                    "the kernel did not refuse it");
        if (unshare(CLONE_NEWUSER) >= 0 || !is_refusal(errno))
                return step_differs(jail, "unshare(CLONE_NEWUSER)", "the kernel did not refuse it");
        return 0;
}

static int audit_root(Jail *jail)
{
        struct stat root, parent, cwd;

        if (stat("/", &root) < 0 || stat("/..", &parent) < 0 || stat(".", &cwd) < 0)
                return step_differs(jail, "/", "cannot be inspected");
        if (!same_object(&root, &parent))
                return step_differs(jail, "/..", "leads out of the jail");
        if (!same_object(&root, &cwd))
                return step_differs(jail, "working directory", "is not /");
        if (jail->plan->vm_owns_root &&
            (root.st_mode != (S_IFDIR | VM_DIR_MODE) || root.st_gid != jail->gid))
                return step_differs(jail, "/", "has mode %o and gid %u instead of %o and %u", root.st_mode,
                                    root.st_gid, S_IFDIR | (unsigned) VM_DIR_MODE, jail->gid);
        return 0;
}

_Static_assert((int) ST_RDONLY == (int) MS_RDONLY && (int) ST_NOSUID == (int) MS_NOSUID &&
                       (int) ST_NODEV == (int) MS_NODEV && (int) ST_NOEXEC == (int) MS_NOEXEC,
               "what is mounted and what is reported are the same bits");

static int audit_mount(Jail *jail, const JailMount *m)
{
        const unsigned long mask = ST_RDONLY | ST_NOSUID | ST_NODEV | ST_NOEXEC;
        char path[PATH_MAX];
        struct statvfs sv;
        struct stat st;

        (void) snprintf(path, sizeof(path), "/%s", m->path);
        if (lstat(path, &st) < 0 || statvfs(path, &sv) < 0)
                return step_differs(jail, path, "cannot be inspected");
        if (!same_object(&st, &m->st))
                return step_differs(jail, path, "another file or directory is mounted there");
        if (m->uid != UID_INVALID && st.st_uid != m->uid)
                return step_differs(jail, path, "belongs to uid %u instead of %u", st.st_uid, m->uid);
        if ((sv.f_flag & mask) != m->flags)
                return step_differs(jail, path, "has mount flags %#lx instead of %#lx", sv.f_flag & mask,
                                    m->flags);
        return 0;
}

static int audit_mounts(Jail *jail)
{
        int r = 0;

        FOREACH_ARRAY (m, jail->mounts, jail->n_mounts)
                if (r >= 0)
                        r = audit_mount(jail, m);
        return r;
}

/* Who owns what fcjail made, and who may do what with it; of run/ the group's bits are the mask of its ACL. */
static int audit_files(Jail *jail)
{
        char path[NAME_MAX + 2];
        struct stat st;

        FOREACH_ARRAY (f, jail->plan->files, jail->plan->n_files) {
                if (f->kind == FILE_VMM) /* OUTSIDE may be filling it in; step `exec` looks at it */
                        continue;
                if (f->kind == FILE_PID) /* OUTSIDE makes it, and the VM may change it */
                        continue;
                const uid_t owner = f->kind == FILE_VM_DIR ? jail->uid : 0;
                (void) snprintf(path, sizeof(path), "/%s", f->path);
                if (lstat(path, &st) < 0)
                        return step_differs(jail, path, "is missing");
                if (st.st_mode != f->mode || st.st_uid != owner || st.st_gid != jail->gid)
                        return step_differs(jail, path,
                                            "has mode %o and owner %u:%u instead of %o and %u:%u",
                                            st.st_mode, st.st_uid, st.st_gid, f->mode, owner, jail->gid);
        }

        return 0;
}

static int audit_node(Jail *jail, const NodePlan *n, const char *path)
{
        struct stat st;

        if (lstat(path, &st) < 0)
                return step_differs(jail, path, "is missing");
        if (st.st_mode != n->mode || st.st_rdev != n->rdev)
                return step_differs(jail, path,
                                    "has mode %o and device number %u:%u instead of %o and %u:%u",
                                    st.st_mode, major(st.st_rdev), minor(st.st_rdev), n->mode,
                                    major(n->rdev), minor(n->rdev));
        if (st.st_uid != 0 || st.st_gid != jail->gid)
                return step_differs(jail, path, "has owner %u:%u instead of 0:%u", st.st_uid, st.st_gid,
                                    jail->gid);
        return 0;
}

static int audit_nodes(Jail *jail)
{
        NodePlan nodes[JAIL_NODES_MAX], node;
        const size_t n_nodes = jail_list_nodes(jail, nodes);
        char path[PATH_MAX];
        int r = 0;

        FOREACH_ARRAY (n, nodes, n_nodes)
                if (r >= 0) {
                        (void) snprintf(path, sizeof(path), "/" JAIL_DEV "/%s", n->path);
                        r = audit_node(jail, n, path);
                }
        for (size_t i = 0; r >= 0 && i < jail->plan->n_binds; i++)
                if (loop_node(jail, i, &node)) {
                        (void) snprintf(path, sizeof(path), "/%s", node.path);
                        r = audit_node(jail, &node, path);
                }
        return r;
}

/* One call for many descriptors: poll(2) reports for each whether it is open. */
static int audit_some_fds(Jail *jail, size_t first, size_t end)
{
        struct pollfd fds[FDS_PER_POLL];
        size_t n = end - first < ELEMENTSOF(fds) ? end - first : ELEMENTSOF(fds);

        for (size_t i = 0; i < n; i++)
                fds[i] = (struct pollfd){ .fd = (int) (first + i) };
        if (poll(fds, n, 0) < 0)
                return step_differs(jail, "descriptors", "cannot be inspected");
        for (size_t i = 0; i < n; i++) {
                bool open = !(fds[i].revents & POLLNVAL);
                if (open != (first + i <= CHANNEL_FD))
                        return step_differs(jail, "descriptors", "descriptor %zu is %s", first + i,
                                            open ? "still open" : "closed");
        }

        return 0;
}

static int audit_fds(Jail *jail)
{
        struct rlimit limit;
        int r;

        if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
                return step_differs(jail, "descriptors", "RLIMIT_NOFILE cannot be read");
        size_t end = limit.rlim_cur < FDS_MAX ? limit.rlim_cur : FDS_MAX;

        for (size_t first = 0; first < end; first += FDS_PER_POLL) {
                r = audit_some_fds(jail, first, end);
                if (r < 0)
                        return r;
        }

        return 0;
}

static int audit_limits(Jail *jail)
{
        struct rlimit limit;

        FOREACH_ARRAY (l, jail->plan->limits, jail->plan->n_limits)
                if (getrlimit((__rlimit_resource_t) l->resource, &limit) < 0 || limit.rlim_cur != l->value ||
                    limit.rlim_max != l->value)
                        return step_differs(jail, l->name, "the limit is not %" PRIu64, l->value);
        return 0;
}

static int audit_stdio(Jail *jail)
{
        struct stat st;

        for (int fd = STDIN_FILENO; jail->plan->stdio_is_null && fd <= STDERR_FILENO; fd++)
                if (fstat(fd, &st) < 0 || !S_ISCHR(st.st_mode) || st.st_rdev != makedev(1, 3))
                        return step_differs(jail, "descriptors", "descriptor %i is not /dev/null", fd);
        return 0;
}

static int audit_process(Jail *jail)
{
        if ((jail->plan->new_namespaces & CLONE_NEWPID) && getpid() != 1)
                return step_differs(jail, "pid", "is %i instead of 1 in the PID namespace", getpid());
        if (jail->plan->own_session && getsid(0) != getpid())
                return step_differs(jail, "session", "the process is not the leader of its session");
        /* Setting it returns what it was. LockPersonality= of the unit refuses a mere query. */
        if (personality(PER_LINUX) != PER_LINUX)
                return step_differs(jail, "personality", "is not PER_LINUX");
        return 0;
}

/* The mask last: to look at a signal's action, the C library may block all signals for a moment (glibc 2.41 does, at
 * SIGABRT). The set is full at first, so that a call that did nothing is noticed; and each signal is asked for, because
 * an older sigisemptyset() looks at more than the kernel has written. */
static int audit_signals(Jail *jail)
{
        struct sigaction sa;
        sigset_t blocked;

        for (int sig = 1; sig < NSIG; sig++)
                if (sigaction(sig, NULL, &sa) >= 0 && sa.sa_handler == SIG_IGN)
                        return step_differs(jail, "signals", "signal %i is ignored", sig);

        (void) sigfillset(&blocked);
        if (sigprocmask(SIG_BLOCK, NULL, &blocked) < 0)
                return step_differs(jail, "signals", "the mask of blocked signals cannot be read");
        for (int sig = 1; sig < NSIG; sig++)
                if (sigismember(&blocked, sig) != 0)
                        return step_differs(jail, "signals", "signal %i is blocked", sig);
        return 0;
}

/* The attempts here change nothing unless they succeed, which ends the start. `audit_signals` stays last: it reads back what
 * the C library may change by itself, after the last call with which it could. */
int step_audit(Jail *jail)
{
        static int (*const checks[])(Jail *) = {
                audit_ids,   audit_cap_sets, audit_cap_bounds, audit_bits,    audit_no_way_back,
                audit_root,  audit_mounts,   audit_files,      audit_nodes,   audit_fds,
                audit_stdio, audit_limits,   audit_process,    audit_signals,
        };
        int r;

        FOREACH_ARRAY (check, checks, ELEMENTSOF(checks)) {
                r = (*check)(jail);
                if (r < 0)
                        return r;
        }

        return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Step `audit`: nothing of what was done before is believed. Every property that the jail promises is read
 * back here, through another call than the one that set it; any difference forbids the exec. A prototype
 * that checked every return value still ran the VMM as root when one call was made to lie.
 *
 * Should:  come before the seccomp filter: with it on, a setuid(0) fails whoever tries.
 * Mustn't: repair anything. What is wrong here is a bug, or an attack.
 */

#include <limits.h>
#include <linux/capability.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
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
#include "step.h"

/* More descriptors than these are not looked at one by one. Few per call: an array that is touched for the first time is
 * a page fault for every 512 of them, which takes longer than a call. */
#define FDS_MAX      2048
#define FDS_PER_POLL 256

static _printf_(3, 4) int wrong(Jail *jail, const char *what, const char *format, ...)
{
        char reason[256];
        va_list ap;

        va_start(ap, format);
        (void) vsnprintf(reason, sizeof(reason), format, ap);
        va_end(ap);
        return step_fail_because(jail, -EBADE, /* exit_status= */ 0, what, "%s", reason);
}

static int audit_ids(Jail *jail)
{
        uid_t ruid = 0, euid = 0, suid = 0;
        gid_t rgid = 0, egid = 0, sgid = 0;

        if (getresuid(&ruid, &euid, &suid) < 0 || ruid != jail->uid || euid != jail->uid ||
            suid != jail->uid)
                return wrong(jail, "uid", "it is %u, %u, %u instead of %u", ruid, euid, suid, jail->uid);
        if (getresgid(&rgid, &egid, &sgid) < 0 || rgid != jail->gid || egid != jail->gid ||
            sgid != jail->gid)
                return wrong(jail, "gid", "it is %u, %u, %u instead of %u", rgid, egid, sgid, jail->gid);
        if ((uid_t) setfsuid((uid_t) -1) != jail->uid || (gid_t) setfsgid((gid_t) -1) != jail->gid)
                return wrong(jail, "fsuid", "it is not %u", jail->uid);

        int n = getgroups(0, NULL);
        if (n != 0)
                return wrong(jail, "groups", "%i supplementary ones are left", n);
        return 0;
}

static int audit_cap_sets(Jail *jail)
{
        struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
        struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

        memset(data, 0xff, sizeof(data));
        if (syscall(SYS_capget, &header, data) < 0)
                return wrong(jail, "capabilities", "they cannot be read");
        FOREACH_ARRAY (d, data, ELEMENTSOF(data))
                if (d->effective != 0 || d->permitted != 0 || d->inheritable != 0)
                        return wrong(jail, "capabilities", "%08x, %08x, %08x are left", d->effective,
                                     d->permitted, d->inheritable);
        return 0;
}

static int audit_cap_bounds(Jail *jail)
{
        for (unsigned long cap = 0; cap <= CAPABILITIES_MAX; cap++) {
                int bound = prctl(PR_CAPBSET_READ, cap, 0, 0, 0);

                if (bound < 0 && errno == EINVAL) /* the kernel does not have it */
                        continue;
                if (bound != 0)
                        return wrong(jail, "bounding set", "capability %lu is left", cap);
                if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, cap, 0, 0) != 0)
                        return wrong(jail, "ambient set", "capability %lu is left", cap);
        }

        /* The kernel has this one: that it is "absent" because all calls say EINVAL would be a lie. */
        if (prctl(PR_CAPBSET_READ, (unsigned long) CAP_SYS_ADMIN, 0, 0, 0) != 0)
                return wrong(jail, "bounding set", "it cannot be read");
        return 0;
}

static int audit_bits(Jail *jail)
{
        int bits = prctl(PR_GET_SECUREBITS, 0, 0, 0, 0);
        if (bits < 0 || (unsigned) bits != JAIL_SECUREBITS)
                return wrong(jail, "securebits", "they are %#x", (unsigned) bits);
        if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
                return wrong(jail, "no_new_privs", "it is not set");
        /* 2 is as good as 0: only root could read a core. Which it is, fs.suid_dumpable says. */
        int dumpable = prctl(PR_GET_DUMPABLE, 0, 0, 0, 0);
        if (dumpable != 0 && dumpable != 2)
                return wrong(jail, "dumpable", "the process still is; fs.suid_dumpable must be 0 or 2");
        return 0;
}

/* What refuses a user namespace for good is the chroot, with EPERM. A limit of 0 (ENOSPC, once EUSERS) and a kernel without
 * them (EINVAL) refuse before that is asked, and a limit may change while the VM runs. So no errno is the proof: `root` has
 * seen the cage become the root of the mount namespace, and audit_root() sees that ours is another directory. */
static bool is_refusal(int error)
{
        return error == EPERM || error == ENOSPC || error == EUSERS || error == EINVAL;
}

/* The proof of the pudding: what must not be possible is tried. */
static int audit_no_way_back(Jail *jail)
{
        if (setuid(0) >= 0 || errno != EPERM)
                return wrong(jail, "setuid(0)", "it was not refused");
        if (setgid(0) >= 0 || errno != EPERM)
                return wrong(jail, "setgid(0)", "it was not refused");
        if (unshare(CLONE_NEWUSER) >= 0 || !is_refusal(errno))
                return wrong(jail, "unshare(CLONE_NEWUSER)", "it was not refused");
        return 0;
}

static int audit_root(Jail *jail)
{
        struct stat root, parent, cwd;

        if (stat("/", &root) < 0 || stat("/..", &parent) < 0 || stat(".", &cwd) < 0)
                return wrong(jail, "/", "it cannot be looked at");
        if (!same_object(&root, &parent))
                return wrong(jail, "/..", "it leads out of the jail");
        if (!same_object(&root, &cwd))
                return wrong(jail, "working directory", "it is not /");
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
                return wrong(jail, path, "it cannot be looked at");
        if (!same_object(&st, &m->st))
                return wrong(jail, path, "something else is mounted there");
        if (S_ISREG(st.st_mode) && !(m->flags & MS_RDONLY) && st.st_uid != jail->uid)
                return wrong(jail, path, "it can be written and belongs to uid %u", st.st_uid);
        if ((sv.f_flag & mask) != m->flags)
                return wrong(jail, path, "its mount flags are %#lx instead of %#lx", sv.f_flag & mask,
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
                (void) snprintf(path, sizeof(path), "/%s", f->path);
                if (lstat(path, &st) < 0)
                        return wrong(jail, path, "it is not there");
                if (st.st_mode != f->mode || st.st_uid != 0 || st.st_gid != jail->gid)
                        return wrong(jail, path, "it is %o and belongs to %u:%u", st.st_mode, st.st_uid,
                                     st.st_gid);
        }

        return 0;
}

static int audit_nodes(Jail *jail)
{
        char path[80];
        struct stat st;

        FOREACH_ARRAY (n, jail->plan->nodes, jail->plan->n_nodes) {
                (void) snprintf(path, sizeof(path), "/" JAIL_DEV "/%s", n->path);
                if (lstat(path, &st) < 0)
                        return wrong(jail, path, "it is not there");
                if (st.st_mode != (S_IFCHR | n->mode) || st.st_rdev != n->rdev)
                        return wrong(jail, path, "it is %o %u:%u", st.st_mode, major(st.st_rdev),
                                     minor(st.st_rdev));
                if (st.st_uid != 0 || st.st_gid != jail->gid)
                        return wrong(jail, path, "it belongs to %u:%u", st.st_uid, st.st_gid);
        }

        return 0;
}

/* One call for many of them: poll(2) says of each whether it is open. */
static int audit_some_fds(Jail *jail, size_t first, size_t end)
{
        struct pollfd fds[FDS_PER_POLL];
        size_t n = end - first < ELEMENTSOF(fds) ? end - first : ELEMENTSOF(fds);

        for (size_t i = 0; i < n; i++)
                fds[i] = (struct pollfd){ .fd = (int) (first + i) };
        if (poll(fds, n, 0) < 0)
                return wrong(jail, "descriptors", "they cannot be looked at");
        for (size_t i = 0; i < n; i++) {
                bool open = !(fds[i].revents & POLLNVAL);
                if (open != (first + i <= CHANNEL_FD))
                        return wrong(jail, "descriptors", "number %zu is %s", first + i,
                                     open ? "open" : "closed");
        }

        return 0;
}

static int audit_fds(Jail *jail)
{
        struct rlimit limit;
        int r;

        if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
                return wrong(jail, "descriptors", "their limit cannot be read");
        size_t end = limit.rlim_cur < FDS_MAX ? limit.rlim_cur : FDS_MAX;

        for (size_t first = 0; first < end; first += FDS_PER_POLL) {
                r = audit_some_fds(jail, first, end);
                if (r < 0)
                        return r;
        }

        return 0;
}

static int audit_process(Jail *jail)
{
        if ((jail->plan->new_namespaces & CLONE_NEWPID) && getpid() != 1)
                return wrong(jail, "pid", "it is %i in its namespace", getpid());
        if (getsid(0) != getpid())
                return wrong(jail, "session", "it is not its own");
        /* To set it tells what it was. Only to ask is what LockPersonality= of the unit refuses. */
        if (personality(PER_LINUX) != PER_LINUX)
                return wrong(jail, "personality", "it is not the plain one");
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
                        return wrong(jail, "signals", "number %i is ignored", sig);

        (void) sigfillset(&blocked);
        if (sigprocmask(SIG_BLOCK, NULL, &blocked) < 0)
                return wrong(jail, "signals", "it cannot be read which are blocked");
        for (int sig = 1; sig < NSIG; sig++)
                if (sigismember(&blocked, sig) != 0)
                        return wrong(jail, "signals", "number %i is blocked", sig);
        return 0;
}

/* What is tried here changes nothing unless it succeeds, which ends the start. What the C library may change by itself is
 * read back after the last call with which it could: `audit_signals` stays the last. */
int step_audit(Jail *jail)
{
        static int (*const checks[])(Jail *) = {
                audit_ids,    audit_cap_sets, audit_cap_bounds, audit_bits, audit_no_way_back, audit_root,
                audit_mounts, audit_files,    audit_nodes,      audit_fds,  audit_process,     audit_signals,
        };
        int r;

        FOREACH_ARRAY (check, checks, ELEMENTSOF(checks)) {
                r = (*check)(jail);
                if (r < 0)
                        return r;
        }

        return 0;
}

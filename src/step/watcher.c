/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The watcher: in the place of Firecracker's jailer, with FCJAIL_JAILER_CLEANUP=yes, a process that waits until the VM has
 * ended, and then removes what the record names. OUTSIDE makes it and ends before the VMM is executed, so the watcher is
 * a child of process 1, or of whoever else reaps orphans there, and never one of the VMM.
 *
 * Should:  hold nothing of the caller's: who reads a pipe waits for its end, and the descriptors, the session and the working
 *          directory are also the caller's.
 * Should:  keep no capability but those that the undo needs.
 * Should:  look for its own start in the record: another one may have the id when it wakes up.
 * Mustn't: hold the lock while the VM runs: by it others know that nobody starts the VM or cleans up.
 */

#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "drop.h"
#include "end.h"
#include "fd-util.h"
#include "log.h"
#include "step.h"
#include "time-util.h"
#include "watcher.h"

#define LOCK_USEC   (60U * 1000000U)
#define RETRY_USEC  5000U
#define REAPED_USEC (2U * 1000000U)

/* Of these two. */
enum { PID_FD = 3, READY_FD, _FD_MAX };

static int become_daemon(void)
{
        const struct sigaction sa = { .sa_handler = SIG_IGN };

        /* The end of the session, or of the unit, may be that of the VM as well. */
        if (setsid() < 0 || chdir("/") < 0 || sigaction(SIGHUP, &sa, NULL) < 0 ||
            sigaction(SIGINT, &sa, NULL) < 0 || sigaction(SIGTERM, &sa, NULL) < 0)
                return -errno;
        (void) prctl(PR_SET_NAME, "fcjail-watcher"); /* for ps(1) */
        return 0;
}

/* Keeps the two. The low numbers may be in use, by one of them as well. */
static int leave_descriptors(int pid_fd, int ready_fd)
{
        log_close(); /* before its numbers are theirs */
        int fd = fcntl(ready_fd, F_DUPFD_CLOEXEC, _FD_MAX);

        pid_fd = fcntl(pid_fd, F_DUPFD_CLOEXEC, _FD_MAX);
        if (fd < 0 || pid_fd < 0 || dup3(pid_fd, PID_FD, O_CLOEXEC) < 0 || dup3(fd, READY_FD, O_CLOEXEC) < 0)
                return -errno;

        fd = open("/dev/null", O_RDWR | O_CLOEXEC);
        for (int i = STDIN_FILENO; fd >= 0 && i <= STDERR_FILENO; i++)
                if (dup2(fd, i) < 0)
                        return -errno;
        return fd < 0 ? -errno : fd_close_from(_FD_MAX);
}

/* What is in root/ is the VM's. TAPs in a namespace that outlives the VM are removed in there. */
static bool is_needed(const Jail *jail, cap_value_t cap)
{
        if (cap == CAP_SYS_ADMIN || cap == CAP_NET_ADMIN)
                return jail->state.netns;
        return cap == CAP_DAC_OVERRIDE || cap == CAP_FOWNER;
}

static int add_cap(cap_t caps, cap_value_t cap)
{
        return cap_set_flag(caps, CAP_EFFECTIVE, 1, &cap, CAP_SET) < 0 ||
                               cap_set_flag(caps, CAP_PERMITTED, 1, &cap, CAP_SET) < 0
                       ? -errno
                       : 0;
}

static int reduce_capabilities(const Jail *jail)
{
        cap_t caps = cap_init();
        int r = caps ? 0 : -ENOMEM;

        for (cap_value_t cap = 0; r >= 0 && cap <= (cap_value_t) CAPABILITIES_MAX; cap++)
                if (is_needed(jail, cap))
                        r = add_cap(caps, cap);
                else if (prctl(PR_CAPBSET_DROP, (unsigned long) cap, 0, 0, 0) < 0 && errno != EINVAL)
                        r = -errno;
        if (r >= 0 && (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0 ||
                       prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || cap_set_proc(caps) < 0))
                r = -errno;
        if (caps)
                (void) cap_free(caps);
        return r;
}

/* 1: it is that start's, 0: it is not, or -errno. */
static int is_of_start(int r, const State *s, const char *invocation)
{
        return r < 0 ? r : strcmp(s->invocation, invocation) == 0;
}

/* Whether the start is still the one that has the id. */
static bool is_replaced(const StateRoot *root, const char *id, const char *invocation)
{
        _cleanup_state_ State s = STATE_NULL;
        int r = state_load(root, id, &s);

        return r == -ENOENT || is_of_start(r, &s, invocation) == 0;
}

/* A start that has failed cleans up by itself, as may others. */
static int lock(const StateRoot *root, const char *id, const char *invocation)
{
        const uint64_t deadline = now_usec() + LOCK_USEC;
        int fd;

        while ((fd = state_lock(root, id, /* create= */ false)) == -EBUSY) {
                if (is_replaced(root, id, invocation))
                        return -ENOENT;
                if (now_usec() >= deadline)
                        return fd;
                (void) usleep(RETRY_USEC);
        }
        return fd;
}

/* Its parent reaps it, sooner or later. */
static void log_end(const State *s, uint64_t uptime_usec)
{
        const uint64_t deadline = now_usec() + REAPED_USEC;
        siginfo_t si;
        int r;

        while ((r = proc_end(PID_FD, &si)) == 0 && now_usec() < deadline)
                (void) usleep(RETRY_USEC);
        if (r > 0)
                log_end_by_hand(s, &si, s->stop_by && s->stop_by[0], uptime_usec);
        else
                log_end_unknown(s, uptime_usec);
}

/* The entry about the end comes last: nobody waits for it. */
static int clean_up_after(const StateRoot *root, const char *id, const char *invocation)
{
        _cleanup_state_ State s = STATE_NULL;
        bool identified;
        int r;

        _cleanup_close_ int fd = lock(root, id, invocation);
        if (fd < 0)
                return fd == -ENOENT ? 0 : fd;
        r = is_of_start(state_read(fd, &s), &s, invocation);
        if (r <= 0)
                return r;
        _cleanup_close_ int pid_fd = state_vmm_hold(&s, &identified);
        if (pid_fd != -ESRCH)
                return pid_fd < 0 ? pid_fd : -EBUSY;
        const uint64_t uptime_usec = vmm_uptime_usec(&s);
        r = clean_up(root, &s);
        (void) safe_close(TAKE_FD(fd));
        log_end(&s, uptime_usec);
        return r;
}

static void wait_for_end(void)
{
        struct pollfd p = { .fd = PID_FD, .events = POLLIN };

        while (poll(&p, 1, /* timeout= */ -1) < 0)
                if (errno != EINTR)
                        return; /* the record tells whether it has ended */
}

/* All that it keeps of its memory. */
typedef struct Watch {
        char *id, *invocation;
} Watch;

static void watch(const Watch *w)
{
        _cleanup_state_root_ StateRoot root = { .fd = -EBADF, .vm_fd = -EBADF };
        int r;

        wait_for_end();
        log_open_journal(w->id);
        r = state_root_open(&root, NULL);
        if (r >= 0)
                r = clean_up_after(&root, w->id, w->invocation);
        if (r < 0)
                log_error("Failed to clean up '%s': %s; run `fcjail cleanup %s`", w->id, strerror(-r),
                          w->id);
}

static _noreturn_ void run_watcher(Jail *jail, int pid_fd, int ready_fd)
{
        Watch w = { strdup(jail->state.id), strdup(jail->state.invocation) };
        int r;

        r = w.id && w.invocation ? reduce_capabilities(jail) : -ENOMEM;
        if (r >= 0)
                r = become_daemon();
        if (r >= 0)
                r = leave_descriptors(pid_fd, ready_fd);
        if (r < 0)
                _exit(EXIT_FAILURE);
        if (write(READY_FD, "", 1) != 1)
                _exit(EXIT_FAILURE);
        (void) close(READY_FD);
        (void) malloc_trim(0);
        watch(&w);
        _exit(EXIT_SUCCESS);
}

/* INSIDE is our child, whose pidfd `clone` has, or our parent: while it is, its pid is its own. */
static int hold_inside(const Jail *jail)
{
        int fd = jail->pid_fd >= 0 ? fcntl(jail->pid_fd, F_DUPFD_CLOEXEC, 0)
                                   : (int) syscall(SYS_pidfd_open, jail->pid, 0);

        if (fd < 0)
                return -errno;
        if (jail->pid_fd < 0 && getppid() != jail->pid) {
                (void) safe_close(fd);
                return -ESRCH;
        }
        return fd;
}

int watcher_start(Jail *jail)
{
        int ready[2];
        char byte;

        _cleanup_close_ int pid_fd = hold_inside(jail);
        if (pid_fd < 0)
                return pid_fd;
        if (pipe2(ready, O_CLOEXEC) < 0)
                return -errno;
        pid_t pid = fork();
        if (pid == 0)
                run_watcher(jail, pid_fd, ready[1]);
        int r = pid < 0 ? -errno : 0;
        (void) safe_close(ready[1]);
        if (r >= 0 && read(ready[0], &byte, 1) != 1)
                r = -ECHILD;
        (void) safe_close(ready[0]);
        return r;
}

/* SPDX-License-Identifier: Apache-2.0 */

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fd-util.h"
#include "systemd-query.h"
#include "time-util.h"

#define ARGUMENTS_MAX 8

/* Without capabilities, also those that an exec by root would give back (who is not root has none), and with an empty
 * environment. */
int systemd_become_query(const char *const *arguments)
{
        const char *args[ARGUMENTS_MAX + 2] = { "fcjail-systemd" }, *environment[] = { NULL };

        for (size_t i = 0; i < ARGUMENTS_MAX && arguments[i]; i++)
                args[i + 1] = arguments[i];
        if (geteuid() == 0 && cap_set_mode(CAP_MODE_NOPRIV) < 0)
                return -errno;
        return RET_NERRNO(execve(PEER_PATH, (char **) args, (char **) environment));
}

static _noreturn_ void become_peer(const char *const *arguments, int out_fd)
{
        if (dup2(out_fd, STDOUT_FILENO) >= 0)
                (void) !systemd_become_query(arguments);
        _exit(EXIT_FAILURE);
}

/* Waits for something to read, or the end of it. */
static int wait_readable(int fd, uint64_t deadline_usec)
{
        struct pollfd p = { .fd = fd, .events = POLLIN };

        for (;;) {
                uint64_t now = now_usec();
                int msec = -1;
                if (deadline_usec != SYSTEMD_QUERY_NO_TIMEOUT)
                        msec = now < deadline_usec ? (int) ((deadline_usec - now + 999) / 1000) : 0;
                int n = poll(&p, 1, msec);
                if (n > 0)
                        return 0;
                if (n == 0)
                        return -ETIMEDOUT;
                if (errno != EINTR)
                        return -errno;
        }
}

static int read_all(int fd, uint64_t deadline_usec, char *buf, size_t size, size_t *ret)
{
        size_t n = 0;
        int r;

        while (n < size) {
                r = wait_readable(fd, deadline_usec);
                if (r < 0)
                        return r;
                ssize_t got = read(fd, buf + n, size - n);
                if (got < 0 && errno != EINTR)
                        return -errno;
                if (got == 0)
                        break;
                n += got > 0 ? (size_t) got : 0;
        }

        *ret = n;
        return n == size ? -E2BIG : 0;
}

int systemd_ask(const char *const *arguments, SystemdQuestion *ret)
{
        int pair[2];

        if (access(PEER_PATH, X_OK) < 0 || pipe2(pair, O_CLOEXEC) < 0)
                return -errno;
        _cleanup_close_ int in_fd = pair[0], out_fd = pair[1];
        pid_t pid = fork();
        if (pid < 0)
                return -errno;
        if (pid == 0)
                become_peer(arguments, out_fd);
        *ret = (SystemdQuestion){ pid, TAKE_FD(in_fd) };
        return 0;
}

/* It ends, at the latest when it writes what nobody reads. */
static int wait_for_peer(SystemdQuestion *q)
{
        int status;

        q->fd = safe_close(q->fd);
        while (waitpid(q->pid, &status, 0) < 0)
                if (errno != EINTR)
                        return -errno;
        q->pid = 0;
        return WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS ? 0 : -EREMOTEIO;
}

int systemd_hear(SystemdQuestion *q, uint64_t timeout_usec, char *buf, size_t size, size_t *ret)
{
        uint64_t deadline_usec =
                timeout_usec == SYSTEMD_QUERY_NO_TIMEOUT ? timeout_usec : now_usec() + timeout_usec;
        size_t n = 0;
        int r, k;

        r = read_all(q->fd, deadline_usec, buf, size, &n);
        if (r == -ETIMEDOUT) {
                systemd_question_done(q);
                return r;
        }
        k = wait_for_peer(q);
        if (r < 0 || k < 0)
                return r < 0 ? r : k;
        *ret = n;
        return 0;
}

/* Not waited for: it may hang in the kernel. It becomes a child of init's when we end. */
void systemd_question_done(SystemdQuestion *q)
{
        if (q->pid > 0)
                (void) kill(q->pid, SIGKILL);
        q->pid = 0;
        q->fd = safe_close(q->fd);
}

int systemd_query(const char *const *arguments, uint64_t timeout_usec, char *buf, size_t size, size_t *ret)
{
        SystemdQuestion q = { .fd = -EBADF };
        int r;

        r = systemd_ask(arguments, &q);
        return r < 0 ? r : systemd_hear(&q, timeout_usec, buf, size, ret);
}

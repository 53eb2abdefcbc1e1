/* SPDX-License-Identifier: Apache-2.0 */

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/mman.h>
#include <sysexits.h>
#include <unistd.h>

#include "fd-util.h"
#include "parse.h"
#include "systemd-peer.h"
#include "systemd.h"

/* What was collected; not freed, as it is wanted until the end. */
static struct {
        char *text;
        size_t size, allocated;
        bool notifies;
} said;

bool systemd_runs_us(void)
{
        const char *exec_pid = getenv("SYSTEMD_EXEC_PID");
        uint32_t pid;

        if (!getenv("INVOCATION_ID"))
                return false;
        /* systemd 247 does not say it, but its service processes are its children. */
        if (!exec_pid)
                return getppid() == 1;
        return parse_u32(exec_pid, 1, INT32_MAX, &pid) >= 0 && (pid_t) pid == getpid();
}

static int reserve(size_t size)
{
        size_t wanted = said.size + size;

        if (wanted > PEER_TEXT_MAX)
                return -ENOBUFS;
        if (wanted <= said.allocated)
                return 0;
        wanted = wanted * 2;
        char *text = realloc(said.text, wanted);
        if (!text)
                return -ENOMEM;

        said.text = text;
        said.allocated = wanted;
        return 0;
}

static void say(const void *s, size_t n)
{
        memcpy(said.text + said.size, s, n);
        said.size += n;
        said.text[said.size++] = '\0';
}

int systemd_journal(const struct iovec *fields, size_t n)
{
        size_t size = sizeof(PEER_JOURNAL) + 1;
        int r;

        FOREACH_ARRAY (f, fields, n)
                size += f->iov_len + 1;
        r = reserve(size);
        if (r < 0)
                return r;

        say(PEER_JOURNAL, strlen(PEER_JOURNAL));
        FOREACH_ARRAY (f, fields, n)
                say(f->iov_base, f->iov_len);
        say("", 0);
        return 0;
}

int systemd_notify(const char *state)
{
        size_t n = strlen(state);
        int r;

        r = reserve(sizeof(PEER_NOTIFY) + n + 2);
        if (r < 0)
                return r;

        said.notifies = true;
        say(PEER_NOTIFY, strlen(PEER_NOTIFY));
        say(state, n);
        say("", 0);
        return 0;
}

int peer_exec(const char *verb, const char *argument)
{
        char notify[256];
        const char *args[] = { "fcjail-systemd", verb, argument, NULL }, *environment[] = { NULL, NULL },
                   *socket = getenv("NOTIFY_SOCKET");

        if (socket) {
                if ((size_t) snprintf(notify, sizeof(notify), "NOTIFY_SOCKET=%s", socket) >= sizeof(notify))
                        return -ENAMETOOLONG;
                environment[0] = notify;
        }
        /* Also what an exec by root would give back. Who is not root has none. */
        if (geteuid() == 0 && cap_set_mode(CAP_MODE_NOPRIV) < 0)
                return -errno;

        (void) execve(PEER_PATH, (char **) args, (char **) environment);
        return -errno;
}

/* As standard input, which nobody needs any more. */
static int become_peer(int status)
{
        char text[16];

        /* Where no file may grow, not even this one can: an error, and not the end. */
        (void) signal(SIGXFSZ, SIG_IGN);
        _cleanup_close_ int fd = memfd_create("fcjail", MFD_CLOEXEC);
        if (fd < 0)
                return -errno;
        ssize_t n = write(fd, said.text, said.size);
        if (n < 0)
                return -errno;
        if ((size_t) n != said.size)
                return -EIO;
        if (lseek(fd, 0, SEEK_SET) < 0 || dup2(fd, STDIN_FILENO) < 0)
                return -errno;

        (void) snprintf(text, sizeof(text), "%i", status);
        return peer_exec("send", text);
}

int systemd_finish(int status)
{
        static const char message[] = "MESSAGE=";
        int r;

        if (said.size == 0)
                return status;

        r = become_peer(status);
        for (const char *s = said.text; s < said.text + said.size; s += strlen(s) + 1)
                if (strncmp(s, message, strlen(message)) == 0)
                        (void) dprintf(STDERR_FILENO, "fcjail: %s\n", s + strlen(message));
        (void) dprintf(STDERR_FILENO, "fcjail: Failed to execute " PEER_PATH ": %s\n", strerror(-r));
        return status == EX_OK && said.notifies ? EX_OSERR : status;
}

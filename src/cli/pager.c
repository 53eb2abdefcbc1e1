/* SPDX-License-Identifier: Apache-2.0 */

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fd-util.h"
#include "pager.h"

static bool is_wanted(void)
{
        const char *pager = getenv("SYSTEMD_PAGER"), *term = getenv("TERM");

        if (!pager)
                pager = getenv("PAGER");
        if (pager && (!pager[0] || strcmp(pager, "cat") == 0))
                return false;
        return isatty(STDOUT_FILENO) && term && strcmp(term, "dumb") != 0 &&
               access("/usr/bin/less", X_OK) == 0;
}

static int print(int fd, const char *text)
{
        for (size_t left = strlen(text); left > 0;) {
                ssize_t n = write(fd, text, left);
                if (n < 0 && errno != EINTR)
                        return -errno;
                if (n > 0) {
                        text += n;
                        left -= (size_t) n;
                }
        }

        return 0;
}

static _noreturn_ void become_less(int text_fd)
{
        char term[128];
        char *args[] = { (char *) "less", NULL };
        char *environment[] = { (char *) "LESS=FRSXMK", (char *) "LESSSECURE=1",
                                (char *) "LESSCHARSET=utf-8", term, NULL };

        (void) snprintf(term, sizeof(term), "TERM=%s", getenv("TERM"));
        if (dup2(text_fd, STDIN_FILENO) >= 0)
                (void) execve("/usr/bin/less", args, environment);
        _exit(EXIT_FAILURE);
}

int pager_print(const char *text)
{
        int fds[2], status;

        if (!is_wanted())
                return print(STDOUT_FILENO, text);

        if (pipe2(fds, O_CLOEXEC) < 0)
                return -errno;
        pid_t pid = fork();
        if (pid == 0)
                become_less(fds[0]);
        (void) close(fds[0]);
        _cleanup_close_ int fd = fds[1];
        if (pid < 0)
                return -errno;

        /* Who leaves less(1) early has seen enough. */
        (void) signal(SIGPIPE, SIG_IGN);
        int r = print(fd, text);
        fd = safe_close(fd);
        while (waitpid(pid, &status, 0) < 0)
                if (errno != EINTR)
                        return -errno;
        if (WIFEXITED(status) && WEXITSTATUS(status) != EXIT_SUCCESS)
                return print(STDOUT_FILENO, text);
        return r == -EPIPE ? 0 : r;
}

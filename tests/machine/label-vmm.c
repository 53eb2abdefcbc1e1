/* SPDX-License-Identifier: Apache-2.0 */

/* A VMM that says in one line what it may do, and stays until SIGHUP: "exec: ok" if it may execute itself, which the jail
 * allows and a profile does not; "run: ok" if it may make a file in /run, which both allow. */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define EXECUTED 42

static const char *try_exec(void)
{
        char *argv[] = { "firecracker", "--executed", NULL };
        int status = 0;

        pid_t pid = fork();
        if (pid == 0) {
                (void) execve("/firecracker", argv, argv + 2);
                _exit(errno);
        }
        if (pid < 0 || waitpid(pid, &status, 0) < 0)
                return strerror(errno);
        int code = WEXITSTATUS(status);
        return code == EXECUTED ? "ok" : strerror(code);
}

static void end(int sig)
{
        (void) sig;
        _exit(0);
}

int main(int argc, char **argv)
{
        if (argc > 1 && strcmp(argv[1], "--executed") == 0)
                return EXECUTED;

        (void) signal(SIGHUP, end);
        int fd = open("/run/file", O_WRONLY | O_CREAT | O_EXCL, 0600);
        printf("exec: %s, run: %s\n", try_exec(), fd >= 0 ? "ok" : strerror(errno));
        (void) fflush(stdout);
        for (;;)
                (void) pause();
}

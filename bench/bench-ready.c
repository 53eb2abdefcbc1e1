/* SPDX-License-Identifier: Apache-2.0 */

/*
 * bench-ready ROUNDS COMMAND…
 *
 * In the place of systemd: starts COMMAND as the main process of a service of Type=notify, whose VMM must be
 * `bench-vmm --bench-ready`. Measures until READY=1 arrives, from the moment when the API could be connected to, and from the
 * one when it answers. %i is another id each time; $ID of the environment is the same for the command in $SWEEP, which is run
 * after each start, unmeasured.
 */

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

#define NOTIFY_SOCKET "/run/bench-ready.socket"

static int listen_to_notifications(void)
{
        struct sockaddr_un sa = { .sun_family = AF_UNIX, .sun_path = NOTIFY_SOCKET };
        int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

        (void) unlink(NOTIFY_SOCKET);
        if (fd < 0 || bind(fd, (struct sockaddr *) &sa, sizeof(sa)) < 0)
                die("bind");
        return fd;
}

static __attribute__((noreturn)) void become(char **args, const char *id, int in, int out)
{
        char *command[64], pid[16];
        size_t n = 0;

        for (; args[n]; n++)
                command[n] = with_id(args[n], id);
        command[n] = NULL;
        (void) snprintf(pid, sizeof(pid), "%i", getpid());
        (void) setenv("NOTIFY_SOCKET", NOTIFY_SOCKET, 1);
        (void) setenv("INVOCATION_ID", "0123456789abcdef0123456789abcdef", 1);
        (void) setenv("SYSTEMD_EXEC_PID", pid, 1);
        (void) dup2(in, 0);
        (void) dup2(out, 1);
        (void) execv(command[0], command);
        _exit(127);
}

static int64_t wait_for_ready(int fd)
{
        char text[1024];

        for (;;) {
                ssize_t n = recv(fd, text, sizeof(text) - 1, 0);
                int64_t now = now_ns();
                if (n < 0)
                        die("recv");
                text[n] = '\0';
                if (strstr(text, "READY=1"))
                        return now;
                if (strstr(text, "Failed"))
                        die(text);
        }
}

static void start(char **args, const char *id, int notify_fd, Contestant *listening, Contestant *answering)
{
        char line[128] = "";
        int in[2], out[2];

        if (pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0)
                die("pipe");
        pid_t pid = fork();
        if (pid < 0)
                die("fork");
        if (pid == 0)
                become(args, id, in[0], out[1]);

        int64_t ready = wait_for_ready(notify_fd);
        if (read(out[0], line, sizeof(line) - 1) <= 0)
                die("the VMM");
        char *end;
        int64_t listens = strtoll(line, &end, 10), answers = strtoll(end, NULL, 10);
        listening->samples[listening->n_samples++] = ready - listens;
        answering->samples[answering->n_samples++] = ready - answers;

        for (int i = 0; i < 2; i++)
                (void) close(in[i]), (void) close(out[i]);
        /* The VMM is a child of ours as well. */
        while (wait(NULL) > 0)
                ;
        if (system(getenv("SWEEP")) != 0)
                die("sweep");
}

int main(int argc, char **argv)
{
        if (argc < 3 || !getenv("SWEEP"))
                return EXIT_FAILURE;
        unsigned rounds = (unsigned) atoi(argv[1]);
        Contestant listening = { .name = "fcjail", .samples = calloc(rounds, sizeof(int64_t)) },
                   answering = { .name = "fcjail", .samples = calloc(rounds, sizeof(int64_t)) };
        int fd = listen_to_notifications();

        for (unsigned i = 0; i < rounds; i++) {
                char id[32];
                (void) snprintf(id, sizeof(id), "r%u", i);
                (void) setenv("ID", id, 1);
                start(argv + 2, id, fd, &listening, &answering);
        }
        print_results("READY=1 after the API listens", &listening, 1);
        print_results("READY=1 after the API has answered", &answering, 1);
        return EXIT_SUCCESS;
}

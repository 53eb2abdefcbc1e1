/* SPDX-License-Identifier: Apache-2.0 */

/*
 * bench-exec TITLE ROUNDS PARALLEL ROW SWEEP -- NAME COMMAND… [-- NAME COMMAND…]…
 *
 * From right before the exec of COMMAND to the first instruction of the VMM that it executes, which must be
 * bench-vmm. The contestants take turns, round by round, so that the machine's moods are everybody's. A turn is ROW
 * starts, one after the other, or PARALLEL at once: with 1 each finds the caches as another contestant has left them,
 * with more most find them as on a host, which has only one. %i is another id each time. COMMAND may begin with
 * VARIABLE=value, as in a shell, and with @FILE, a network namespace to be started in. SWEEP is a shell command that is run
 * before each turn and after the last, unmeasured; $CONTESTANT is whose turn is next.
 */

#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

typedef struct Run {
        pid_t pid;
        int in, out;
        int64_t *begin; /* where its process says when that was */
} Run;

static int null_fd;     /* for what the contestants have to say */
static int64_t *begins; /* shared with the processes: PARALLEL_MAX of them */

/* What is in front of the command; returns that. In the process that becomes it. */
static char **prepare(char **args)
{
        for (; args[0][0] == '@' || strchr(args[0], '='); args++) {
                if (args[0][0] != '@') {
                        (void) putenv(args[0]);
                        continue;
                }
                int fd = open(args[0] + 1, O_RDONLY | O_CLOEXEC);
                if (fd < 0 || setns(fd, CLONE_NEWNET) < 0)
                        die(args[0]);
        }
        return args;
}

static Run start(const Contestant *c, unsigned serial, int64_t *begin)
{
        int in[2], out[2];
        char *args[64], id[32];
        size_t n = 0;
        Run run = { .begin = begin };

        (void) snprintf(id, sizeof(id), "b%u", serial);
        for (; c->args[n]; n++)
                args[n] = with_id(c->args[n], id);
        args[n] = NULL;
        /* No start gets the pipes of another: the VMMs end one by one when theirs do. */
        if (pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0)
                die("pipe");

        run.pid = fork();
        if (run.pid < 0)
                die("fork");
        if (run.pid == 0) {
                (void) dup2(in[0], 0);
                (void) dup2(out[1], 1);
                (void) dup2(null_fd, 2);
                char **command = prepare(args);
                *begin = now_ns();
                (void) execv(command[0], command);
                _exit(127);
        }
        (void) close(in[0]);
        (void) close(out[1]);
        run.in = in[1];
        run.out = out[0];
        for (size_t i = 0; i < n; i++)
                free(args[i]);
        return run;
}

static int64_t first_line(int fd)
{
        char text[64] = "";
        ssize_t n = read(fd, text, sizeof(text) - 1);

        return n > 0 ? strtoll(text, NULL, 10) : 0;
}

static void start_all(Contestant *c, unsigned parallel, unsigned *serial)
{
        Run runs[PARALLEL_MAX];

        for (unsigned i = 0; i < parallel; i++)
                runs[i] = start(c, (*serial)++, &begins[i]);
        for (unsigned i = 0; i < parallel; i++) {
                int64_t end = first_line(runs[i].out);
                if (end <= 0) {
                        fprintf(stderr, "bench-exec: %s failed\n", c->name);
                        exit(EXIT_FAILURE);
                }
                c->samples[c->n_samples++] = end - *runs[i].begin;
        }
        for (unsigned i = 0; i < parallel; i++) {
                struct rusage usage;
                (void) close(runs[i].in);
                while (wait4(runs[i].pid, NULL, 0, &usage) != runs[i].pid)
                        ;
                (void) close(runs[i].out);
                c->cpu_usec += (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000LL +
                               usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
                if (usage.ru_maxrss > c->rss_kib)
                        c->rss_kib = usage.ru_maxrss;
        }
}

static void sweep(const char *command, const char *next)
{
        (void) setenv("CONTESTANT", next, /* overwrite= */ 1);
        if (system(command) != 0)
                die("sweep");
}

int main(int argc, char **argv)
{
        Contestant c[CONTESTANTS_MAX];
        unsigned serial = 0;

        if (argc < 9)
                return EXIT_FAILURE;
        unsigned rounds = (unsigned) atoi(argv[2]), parallel = (unsigned) atoi(argv[3]),
                 row = (unsigned) atoi(argv[4]);
        size_t n = take_contestants(argv + 6, c, (size_t) rounds * parallel * row);

        null_fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
        begins = mmap(NULL, sizeof(*begins) * PARALLEL_MAX, PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (begins == MAP_FAILED)
                die("mmap");
        for (unsigned round = 0; round < rounds; round++)
                for (size_t i = 0; i < n; i++) {
                        Contestant *next = &c[(i + round) % n];
                        sweep(argv[5], next->name);
                        for (unsigned k = 0; k < row; k++)
                                start_all(next, parallel, &serial);
                }
        sweep(argv[5], "");
        print_results(argv[1], c, n);
        return EXIT_SUCCESS;
}

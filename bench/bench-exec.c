/* SPDX-License-Identifier: Apache-2.0 */

/*
 * bench-exec TITLE ROUNDS PARALLEL ROW SWEEP -- NAME COMMAND… [-- NAME COMMAND…]…
 *
 * From right before the exec of COMMAND to the first instruction of the VMM that it executes, which must be
 * bench-vmm. The contestants take turns, round by round, so that the machine's moods are everybody's. A turn is ROW
 * starts, one after the other, or PARALLEL at once: with 1 each finds the caches as another contestant has left them,
 * with more most find them as on a host, which has only one. %i is another id each time. SWEEP is a shell command that is
 * run after each turn, unmeasured.
 */

#include <fcntl.h>
#include <sys/mman.h>
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
        if (pipe(in) < 0 || pipe(out) < 0)
                die("pipe");

        run.pid = fork();
        if (run.pid < 0)
                die("fork");
        if (run.pid == 0) {
                (void) dup2(in[0], 0);
                (void) dup2(out[1], 1);
                (void) dup2(null_fd, 2);
                (void) close(in[0]), (void) close(in[1]), (void) close(out[0]), (void) close(out[1]);
                *begin = now_ns();
                (void) execv(args[0], args);
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
                (void) close(runs[i].in);
                while (waitpid(runs[i].pid, NULL, 0) != runs[i].pid)
                        ;
                (void) close(runs[i].out);
        }
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
                        for (unsigned k = 0; k < row; k++)
                                start_all(&c[(i + round) % n], parallel, &serial);
                        if (system(argv[5]) != 0)
                                die("sweep");
                }
        print_results(argv[1], c, n);
        return EXIT_SUCCESS;
}

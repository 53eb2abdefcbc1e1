/* SPDX-License-Identifier: Apache-2.0 */

/*
 * bench-unit TITLE ROUNDS PARALLEL accept|ready -- NAME UNIT SOCKET [-- NAME UNIT SOCKET]…
 *
 * From the request to start a unit until its API socket accepts a connection, or until systemd says that it is
 * started. %i is another instance each time; the units are stopped after each turn, unmeasured.
 */

#include <errno.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#include "bench.h"

#define MANAGER    "org.freedesktop.systemd1"
#define LIMIT_NS   INT64_C(20000000000)
#define PAUSE_USEC 100

static sd_bus *bus;
static char *jobs[PARALLEL_MAX]; /* NULL: done */
static int64_t done_at[PARALLEL_MAX];
static unsigned n_failed;

static int job_removed(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        const char *path, *unit, *result;
        uint32_t id;

        (void) userdata;
        (void) error;
        if (sd_bus_message_read(m, "uoss", &id, &path, &unit, &result) < 0)
                return 0;
        for (size_t i = 0; i < PARALLEL_MAX; i++)
                if (jobs[i] && strcmp(jobs[i], path) == 0) {
                        if (strcmp(result, "done") != 0)
                                n_failed++;
                        done_at[i] = now_ns();
                        free(jobs[i]);
                        jobs[i] = NULL;
                }
        return 0;
}

static void connect_bus(void)
{
        if (sd_bus_new(&bus) < 0 || sd_bus_set_address(bus, "unix:path=/run/systemd/private") < 0 ||
            sd_bus_start(bus) < 0)
                die("bus");
        if (sd_bus_call_method(bus, NULL, "/org/freedesktop/systemd1", MANAGER ".Manager", "Subscribe", NULL,
                               NULL, "") < 0 ||
            sd_bus_match_signal(bus, NULL, NULL, "/org/freedesktop/systemd1", MANAGER ".Manager",
                                "JobRemoved", job_removed, NULL) < 0)
                die("subscribe");
}

static char *request(const char *method, const char *unit)
{
        sd_bus_message *reply = NULL;
        const char *path;

        if (sd_bus_call_method(bus, NULL, "/org/freedesktop/systemd1", MANAGER ".Manager", method, NULL,
                               &reply, "ss", unit, "replace") < 0 ||
            sd_bus_message_read(reply, "o", &path) < 0)
                die(method);
        char *copy = strdup(path);
        sd_bus_message_unref(reply);
        return copy;
}

static bool accepts(const char *path)
{
        struct sockaddr_un sa = { .sun_family = AF_UNIX };
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

        (void) snprintf(sa.sun_path, sizeof(sa.sun_path), "%s", path);
        bool yes = connect(fd, (struct sockaddr *) &sa, sizeof(sa)) >= 0;
        (void) close(fd);
        return yes;
}

/* Handles what has arrived, and waits a moment for more. */
static void process(uint64_t usec)
{
        int r;

        while ((r = sd_bus_process(bus, NULL)) > 0)
                ;
        if (r < 0 || sd_bus_wait(bus, usec) < 0)
                die("bus");
}

static void wait_for_jobs(unsigned parallel)
{
        for (unsigned i = 0; i < parallel; i++)
                while (jobs[i])
                        process(1000000);
}

static void wait_for_sockets(char **sockets, unsigned parallel, int64_t *at)
{
        unsigned left = parallel;

        memset(at, 0, sizeof(*at) * parallel);
        for (int64_t limit = now_ns() + LIMIT_NS; left > 0 && now_ns() < limit; process(PAUSE_USEC))
                for (unsigned i = 0; i < parallel; i++)
                        if (at[i] == 0 && accepts(sockets[i])) {
                                at[i] = now_ns();
                                left--;
                        }
        if (left > 0)
                n_failed++;
}

static void turn(Contestant *c, unsigned parallel, bool ready, unsigned *serial)
{
        char *units[PARALLEL_MAX], *sockets[PARALLEL_MAX];
        int64_t at[PARALLEL_MAX];

        for (unsigned i = 0; i < parallel; i++) {
                char id[32];
                (void) snprintf(id, sizeof(id), "b%u", (*serial)++);
                units[i] = with_id(c->args[0], id);
                sockets[i] = with_id(c->args[1], id);
        }

        int64_t begin = now_ns();
        for (unsigned i = 0; i < parallel; i++)
                jobs[i] = request("StartUnit", units[i]);
        if (!ready)
                wait_for_sockets(sockets, parallel, at);
        wait_for_jobs(parallel);
        for (unsigned i = 0; i < parallel; i++)
                c->samples[c->n_samples++] = (ready ? done_at[i] : at[i]) - begin;

        for (unsigned i = 0; i < parallel; i++)
                jobs[i] = request("StopUnit", units[i]);
        wait_for_jobs(parallel);
        for (unsigned i = 0; i < parallel; i++) {
                free(units[i]);
                free(sockets[i]);
        }
        if (n_failed > 0) {
                fprintf(stderr, "bench-unit: %s failed\n", c->name);
                exit(EXIT_FAILURE);
        }
}

int main(int argc, char **argv)
{
        Contestant c[CONTESTANTS_MAX];
        unsigned serial = 0;

        if (argc < 8)
                return EXIT_FAILURE;
        unsigned rounds = (unsigned) atoi(argv[2]), parallel = (unsigned) atoi(argv[3]);
        bool ready = strcmp(argv[4], "ready") == 0;
        size_t n = take_contestants(argv + 5, c, (size_t) rounds * parallel);

        connect_bus();
        for (unsigned round = 0; round < rounds; round++)
                for (size_t i = 0; i < n; i++)
                        turn(&c[(i + round) % n], parallel, ready, &serial);
        print_results(argv[1], c, n);
        return EXIT_SUCCESS;
}

/* SPDX-License-Identifier: Apache-2.0 */

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "vmm.h"

#define CONFIG_MAX 65536

static unsigned long long usec(clockid_t clock)
{
        struct timespec ts;

        (void) clock_gettime(clock, &ts);
        return (unsigned long long) ts.tv_sec * 1000000U + (unsigned long long) ts.tv_nsec / 1000U;
}

/* Firecracker handles these, and neither SIGTERM nor SIGINT. */
static void on_signal(int sig)
{
        static const struct {
                int sig, status;
        } statuses[] = {
                { SIGSYS, 148 },  { SIGBUS, 149 },  { SIGSEGV, 150 }, { SIGXFSZ, 151 },
                { SIGXCPU, 154 }, { SIGPIPE, 155 }, { SIGHUP, 156 },  { SIGILL, 157 },
        };

        for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
                if (sig == 0)
                        (void) signal(statuses[i].sig, on_signal);
                else if (sig == statuses[i].sig)
                        _exit(statuses[i].status);
        }
}

static __attribute__((noreturn)) void bad_arguments(const char *what, const char *argument)
{
        fprintf(stderr, "demo-vmm: Arguments parsing error: %s '%s'\n", what, argument);
        exit(EXIT_BAD_ARGS);
}

static unsigned long long number(const char *option, const char *text)
{
        char *end;
        unsigned long long n = strtoull(text, &end, 10);

        if (!*text || *end)
                bad_arguments("not a number for", option);
        return n;
}

static Options parse_arguments(int argc, char **argv)
{
        Options o = { .api_sock = "/run/firecracker.socket" };
        bool no_api = false;

        for (int i = 1; i < argc; i++) {
                const char *a = argv[i];

                if (strcmp(a, "--version") == 0) {
                        puts("demo-vmm v" VERSION);
                        exit(EXIT_SUCCESS);
                }
                if (strcmp(a, "--no-api") == 0) {
                        no_api = true;
                        continue;
                }
                if (strcmp(a, "--no-seccomp") == 0) /* there is no filter of its own */
                        continue;
                if (strcmp(a, "--probe") == 0) {
                        o.probe = true;
                        continue;
                }
                const char *value = argv[i + 1];
                const struct {
                        const char *name;
                        const char **text;
                        unsigned long long *n;
                } with_value[] = {
                        { "--id", &vm_id, NULL },
                        { "--api-sock", &o.api_sock, NULL },
                        { "--config-file", &o.config_file, NULL },
                        { "--log-path", &o.log_path, NULL },
                        { "--start-time-us", NULL, &o.start_usec },
                        { "--start-time-cpu-us", NULL, &o.start_cpu_usec },
                        { "--parent-cpu-time-us", NULL, &o.parent_cpu_usec },
                };
                size_t k, n = sizeof(with_value) / sizeof(with_value[0]);
                for (k = 0; k < n && strcmp(a, with_value[k].name) != 0; k++)
                        ;
                if (k == n)
                        bad_arguments("unexpected", a);
                if (!value)
                        bad_arguments("a value is missing for", a);
                if (with_value[k].text)
                        *with_value[k].text = value;
                else
                        *with_value[k].n = number(a, value);
                i++;
        }

        if (no_api) {
                if (!o.config_file)
                        bad_arguments("--config-file is missing for", "--no-api");
                o.api_sock = NULL;
        }
        return o;
}

static bool read_file(const char *path, char *buf, size_t size)
{
        FILE *f = fopen(path, "re");

        if (!f)
                return false;
        size_t n = fread(buf, 1, size - 1, f);
        buf[n] = '\0';
        bool whole = !ferror(f) && feof(f);
        fclose(f);
        return whole;
}

/* {"demo": {"address": "172.16.0.2"}} is all that Firecracker's format does not have. */
static void configure(const Options *o)
{
        static char text[CONFIG_MAX];
        char address[32];
        bool good = read_file(o->config_file, text, sizeof(text));

        if (good && json_valid(text) &&
            json_string(json_member(json_member(text, "demo"), "address"), address, sizeof(address)))
                good = inet_pton(AF_INET, address, &net_address) == 1;
        if (!good)
                (void) fail(-EINVAL, "%s cannot be read", o->config_file);
        if (good && api_configure(text) >= 0)
                return;

        log_line("%s error: Failed to build MicroVM from Json: %s",
                 o->api_sock ? "RunWithApiError" : "RunWithoutApiError", failure());
        exit(EXIT_FAILURE);
}

int main(int argc, char **argv, char **envp)
{
        Options o = parse_arguments(argc, argv);
        int listen_fd = -1;

        if (log_open(o.log_path) < 0)
                bad_arguments("cannot open", o.log_path);
        on_signal(0);
        log_line("Running demo-vmm v" VERSION " as VM '%s'", vm_id);
        if (o.start_usec > 0)
                log_line("process_startup_time: %llu us, CPU %llu us", usec(CLOCK_MONOTONIC) - o.start_usec,
                         usec(CLOCK_PROCESS_CPUTIME_ID) - o.start_cpu_usec + o.parent_cpu_usec);
        if (o.probe)
                probe(argc, argv, envp);

        (void) inet_pton(AF_INET, "172.16.0.2", &net_address);
        if (o.api_sock) {
                listen_fd = api_listen(o.api_sock);
                if (listen_fd < 0) {
                        log_line("Failed to open the API socket at %s: %s", o.api_sock,
                                 strerror(-listen_fd));
                        return EXIT_FAILURE;
                }
        }
        if (o.config_file)
                configure(&o);

        api_serve(listen_fd);
}

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the two benchmarks share: contestants on the command line, and their samples. */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CONTESTANTS_MAX 8
#define PARALLEL_MAX    128

typedef struct Contestant {
        const char *name;
        char **args;
        int64_t *samples; /* ns */
        size_t n_samples;
        int64_t cpu_usec; /* of all of them, with what they waited for; 0: not measured */
        long rss_kib;     /* the peak */
} Contestant;

static inline int64_t now_ns(void)
{
        struct timespec ts;

        (void) clock_gettime(CLOCK_MONOTONIC, &ts);
        return (int64_t) ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static inline __attribute__((noreturn)) void die(const char *what)
{
        perror(what);
        exit(EXIT_FAILURE);
}

/* "-- NAME ARG… -- NAME ARG…", in place: each "--" becomes the NULL that ends the arguments before it. */
static inline size_t take_contestants(char **argv, Contestant *c, size_t n_samples)
{
        size_t n = 0;

        for (; *argv; argv++) {
                if (strcmp(*argv, "--") != 0)
                        continue;
                *argv = NULL;
                if (n == CONTESTANTS_MAX || !argv[1] || !argv[2])
                        exit(EXIT_FAILURE);
                c[n++] = (Contestant){ .name = argv[1],
                                       .args = argv + 2,
                                       .samples = calloc(n_samples, sizeof(int64_t)) };
        }
        return n;
}

static inline int compare(const void *a, const void *b)
{
        int64_t x = *(const int64_t *) a, y = *(const int64_t *) b;

        return (x > y) - (x < y);
}

/* One line of JSON per contestant. */
static inline void print_results(const char *title, Contestant *c, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                qsort(c[i].samples, c[i].n_samples, sizeof(int64_t), compare);
                printf("{\"case\":\"%s\",\"name\":\"%s\",\"n\":%zu,\"median_us\":%" PRId64
                       ",\"p90_us\":%" PRId64 ",\"cpu_us\":%" PRId64 ",\"rss_kib\":%li}\n",
                       title, c[i].name, c[i].n_samples, c[i].samples[c[i].n_samples / 2] / 1000,
                       c[i].samples[c[i].n_samples * 9 / 10] / 1000,
                       c[i].cpu_usec / (int64_t) c[i].n_samples, c[i].rss_kib);
        }
}

/* A copy of s with each %i replaced by id. */
static inline char *with_id(const char *s, const char *id)
{
        static char text[4096];
        const char *p = strstr(s, "%i");

        if (!p)
                return strdup(s);
        (void) snprintf(text, sizeof(text), "%.*s%s%s", (int) (p - s), s, id, p + 2);
        return with_id(text, id);
}

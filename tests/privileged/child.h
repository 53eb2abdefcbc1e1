/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Tests against the real kernel. Each runs in a forked child with namespaces of its own, since a test process of
 * Criterion has two threads and an assertion there must not be reached from a child: CHILD_TEST and CHECK.
 */

#include <criterion/criterion.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fd-util.h"
#include "macro.h"

#define CHILD_SKIP 77

#define CHECK(condition)                                                                                    \
        do {                                                                                                \
                if (!(condition)) {                                                                         \
                        fprintf(stderr, "%s:%i: %s (errno: %s)\n", __FILE__, __LINE__, #condition,          \
                                strerror(errno));                                                           \
                        _exit(EXIT_FAILURE);                                                                \
                }                                                                                           \
        } while (0)

#define CHECK_IS(got, want)                                                                                 \
        do {                                                                                                \
                long long _got = (long long) (got), _want = (long long) (want);                             \
                if (_got != _want) {                                                                        \
                        fprintf(stderr, "%s:%i: %s is %lli, not %lli\n", __FILE__, __LINE__, #got, _got,    \
                                _want);                                                                     \
                        _exit(EXIT_FAILURE);                                                                \
                }                                                                                           \
        } while (0)

/* What went on in the child, as its exit status; 128 + N if signal N ended it. */
static inline int run_child(void (*body)(void))
{
        int status = 0;

        pid_t pid = fork();
        if (pid == 0) {
                (void) umask(0077);
                body();
                _exit(EXIT_SUCCESS);
        }
        if (pid < 0 || waitpid(pid, &status, 0) != pid)
                return -1;
        return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* Mounts and network of its own; /run and /srv are empty. */
static inline void own_world(void)
{
        if (geteuid() != 0 || unshare(CLONE_NEWNS | CLONE_NEWNET) < 0)
                _exit(CHILD_SKIP);
        CHECK(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) >= 0);
        CHECK(mount("test", "/run", "tmpfs", 0, "mode=0755") >= 0);
        CHECK(mount("test", "/srv", "tmpfs", 0, "mode=0755") >= 0);
}

#define CHILD_TEST(suite, name)                                                                             \
        static void suite##_##name(void);                                                                   \
        static void suite##_##name##_child(void)                                                            \
        {                                                                                                   \
                own_world();                                                                                \
                suite##_##name();                                                                           \
        }                                                                                                   \
        Test(suite, name)                                                                                   \
        {                                                                                                   \
                int status = run_child(suite##_##name##_child);                                             \
                if (status == CHILD_SKIP)                                                                   \
                        cr_skip_test("needs root, or a newer kernel");                                      \
                cr_assert(status == 0, "status %i", status);                                                \
        }                                                                                                   \
        static void suite##_##name(void)

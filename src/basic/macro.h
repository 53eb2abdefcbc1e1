/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The few macros that every other file leans on. Naming follows systemd's so that a reader who knows one
 * code base knows the other.
 */

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

#define _cleanup_(f)   __attribute__((cleanup(f)))
#define _must_check_   __attribute__((warn_unused_result))
#define _noinline_     __attribute__((noinline))
#define _noreturn_     __attribute__((noreturn))
#define _pure_         __attribute__((pure))
#define _printf_(a, b) __attribute__((format(printf, a, b)))

#define ELEMENTSOF(x) (sizeof(x) / sizeof((x)[0]))

/* Loops over a C array: FOREACH_ARRAY(i, array, n) { use(*i); } */
#define FOREACH_ARRAY(i, array, n)                                                                          \
        for (typeof((array)[0]) *i = (array), *i##_end = (n) > 0 ? i + (n) : i; i < i##_end; i++)

/* Hands ownership on: the variable is left empty, so that its _cleanup_ does nothing. */
#define TAKE_PTR(p)                                                                                         \
        ({                                                                                                  \
                typeof(p) _taken = (p);                                                                     \
                (p) = NULL;                                                                                 \
                _taken;                                                                                     \
        })
#define TAKE_FD(fd)                                                                                         \
        ({                                                                                                  \
                int _taken = (fd);                                                                          \
                (fd) = -EBADF;                                                                              \
                _taken;                                                                                     \
        })

/* Turns the libc convention (-1 and errno) into ours (-errno). */
#define RET_NERRNO(call)                                                                                    \
        ({                                                                                                  \
                __typeof__(call) _ret = (call);                                                             \
                _ret < 0 ? -errno : (int) _ret;                                                             \
        })

/* asprintf(3), and the pointer is NULL after a failure, where libc may leave anything for a cleanup to free. */
#define ASPRINTF(ret, ...)                                                                                  \
        ({                                                                                                  \
                int _n = asprintf(ret, __VA_ARGS__);                                                        \
                if (_n < 0)                                                                                 \
                        *(ret) = NULL;                                                                      \
                _n;                                                                                         \
        })

static inline void freep(void *p)
{
        free(*(void **) p);
}

#define _cleanup_free_ _cleanup_(freep)

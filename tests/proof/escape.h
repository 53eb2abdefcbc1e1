/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What a VMM that its guest has taken over could try. */

#include <stdbool.h>
#include <stddef.h>

/* Who refuses it in a jail. Without fcjail's filter, and without systemd's, the kernel alone has to. */
typedef enum By {
        BY_KERNEL,
        BY_FILTER,
        BY_FILTER_ENOSYS, /* so that a libc falls back to what a filter can look at */
} By;

typedef struct Attempt {
        const char *name;
        By by;
        bool not_outside;          /* outside of a jail it would do harm */
        long (*deed)(long number); /* >= 0, or -1 and errno; NULL: the call `number` with `args` */
        long number;
        long args[6];
} Attempt;

/* Abstract sockets have no directory that could be closed; only the network namespace keeps them apart. */
#define ABSTRACT_ADDRESS                                                                                    \
        {                                                                                                   \
                .sun_family = AF_UNIX, .sun_path = "\0fcjail-host"                                          \
        }
#define ABSTRACT_LENGTH (offsetof(struct sockaddr_un, sun_path) + sizeof("\0fcjail-host") - 1)

extern const Attempt calls[];
extern const size_t n_calls;
extern const Attempt deeds[];
extern const size_t n_deeds;
extern const Attempt on_binds[];
extern const size_t n_on_binds;

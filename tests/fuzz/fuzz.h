/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * One target per file: LLVMFuzzerTestOneInput() gives bytes to a parser and holds the result against what must
 * be true of it. Linked with libFuzzer (meson -Dfuzz=true, clang) it looks for inputs; linked with replay.c, in
 * every build with tests, it reads those that are kept in corpus/.
 */

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "macro.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

/* Not assert(): a build without it must not be one without tests. */
#define CHECK(condition)                                                                                    \
        do {                                                                                                \
                if (!(condition)) {                                                                         \
                        fprintf(stderr, "%s:%i: not true: %s\n", __FILE__, __LINE__, #condition);           \
                        abort();                                                                            \
                }                                                                                           \
        } while (0)

/* The input as a string, up to its first NUL, in memory of exactly its size. To be freed. */
static inline char *input_string(const uint8_t *data, size_t size)
{
        char *s = strndup((const char *) data, size);

        CHECK(s);
        return s;
}

/* A file with this content, at its beginning. To be closed. */
static inline int input_file(const void *data, size_t size)
{
        int fd = memfd_create("input", MFD_CLOEXEC);

        CHECK(fd >= 0);
        CHECK(write(fd, data, size) == (ssize_t) size);
        CHECK(lseek(fd, 0, SEEK_SET) == 0);
        return fd;
}

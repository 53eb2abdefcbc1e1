/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Reads many configurations of Firecracker, which mostly are in one directory. */

#include "macro.h"
#include "vmm-files.h"

typedef struct ConfigReader {
        char *dir; /* the directory of the last one, with the '/' at its end; NULL: none */
        int dir_fd;
        char *text; /* has room for the largest */
} ConfigReader;

#define CONFIG_READER_NULL                                                                                  \
        (ConfigReader)                                                                                      \
        {                                                                                                   \
                .dir_fd = -EBADF                                                                            \
        }

void config_reader_done(ConfigReader *r);

/*
 * What the configuration at an absolute path names, as a start would find it: only if nobody but root could have changed it.
 * 0, to be freed with vmm_files_done(); -ENOMEM; or another -errno, and *ret_why (to be freed) continues a sentence about the path.
 */
int config_reader_read(ConfigReader *r, const char *path, VmmFiles *ret, char **ret_why) _must_check_;

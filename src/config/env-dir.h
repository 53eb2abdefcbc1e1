/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Which env files apply to a VM, in which order, and their content. */

#include "diagnostics.h"
#include "macro.h"

typedef enum EnvScope {
        ENV_SCOPE_DEFAULT, /* default.env and default.env.d: of every VM */
        ENV_SCOPE_VM,      /* <id>.env and <id>.env.d */
} EnvScope;

typedef struct EnvPath {
        char *path;
        EnvScope scope;
        int dir_fd; /* of EnvPaths: its directory, if it is a regular file; -EBADF: it has to be opened by its path */
} EnvPath;

#define ENV_DIRS_MAX 3

typedef struct EnvPaths {
        EnvPath *items; /* in the order in which they apply */
        size_t n_items;
        int dir_fds[ENV_DIRS_MAX];
} EnvPaths;

#define ENV_PATHS_NONE                                                                                      \
        {                                                                                                   \
                .dir_fds = { -EBADF, -EBADF, -EBADF }                                                       \
        }

void env_paths_done(EnvPaths *p);

/*
 * Lists the files that apply to the VM `id`: default.env, default.env.d, <id>.env, <id>.env.d. A name in
 * /etc hides the same name in /run and /usr/lib. Whatever has the name is listed, of whatever kind, so that
 * a link into nowhere is an error later and not a missing file.
 *
 * Returns 0 or -ENOMEM. Directories that cannot be trusted or read are told to `d` and left out.
 */
int env_dir_list(const char *id, Diagnostics *d, EnvPaths *ret) _must_check_;

/*
 * Reads one of them. Returns 1 and the content, which may be empty and has room for one byte more; 0 if the file is masked by a link to
 * /dev/null; -EBADMSG if it cannot be trusted or read, which was told to `d`; -ENOMEM.
 */
int env_dir_read(const EnvPath *path, Diagnostics *d, char **ret_data, size_t *ret_size) _must_check_;

#define _cleanup_env_paths_ _cleanup_(env_paths_done)

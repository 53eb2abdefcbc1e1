/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Which env files apply to a VM, in which order, and their content. */

#include "diagnostics.h"
#include "macro.h"

typedef enum EnvScope {
        ENV_SCOPE_DEFAULT, /* default.env and default.env.d: of every VM */
        ENV_SCOPE_VM,      /* <id>.env and <id>.env.d */
        ENV_SCOPE_JAILER, /* jailer.env and jailer.env.d: of every VM in the place of Firecracker's jailer */
} EnvScope;

typedef struct EnvPath {
        char *path;
        EnvScope scope;
        int dir_fd; /* of EnvDirs: its directory, if it is a regular file; -EBADF: it has to be opened by its path */
} EnvPath;

#define ENV_DIRS_MAX 3

typedef struct EnvDir {
        const char *path;
        bool vm; /* also has files of one VM: those of a package are for all VMs */
} EnvDir;

extern const EnvDir env_dirs[ENV_DIRS_MAX]; /* weakest first */

typedef struct EnvName {
        char *name;
        bool regular; /* a regular file, as far as the directory tells */
} EnvName;

/* The directories, open for any number of VMs. */
typedef struct EnvDirs {
        int fds[ENV_DIRS_MAX];        /* negative: that directory is missing or cannot be used */
        EnvName *names[ENV_DIRS_MAX]; /* of env_dirs_list(), sorted; NULL: each name is asked for */
        size_t n_names[ENV_DIRS_MAX];
} EnvDirs;

#define ENV_DIRS_NONE                                                                                       \
        {                                                                                                   \
                .fds = { -EBADF, -EBADF, -EBADF }                                                           \
        }

void env_dirs_done(EnvDirs *dirs);
#define _cleanup_env_dirs_ _cleanup_(env_dirs_done)

/* 0 or -ENOMEM. Directories that cannot be trusted or read are told to `d` and left out. */
int env_dirs_open(Diagnostics *d, EnvDirs *ret) _must_check_;

/* For many VMs: reads all names once. 0 or -errno. */
int env_dirs_list(EnvDirs *dirs) _must_check_;

/* Whether the listed directory has the name. */
const EnvName *env_dirs_find(const EnvDirs *dirs, size_t dir, const char *name);

typedef struct EnvPaths {
        EnvPath *items; /* in the order in which they apply */
        size_t n_items;
} EnvPaths;

void env_paths_done(EnvPaths *p);
#define _cleanup_env_paths_ _cleanup_(env_paths_done)

/*
 * Lists the files that apply to the VM `id`: default.env, default.env.d, <id>.env, <id>.env.d. A name in
 * /etc hides the same name in /run and /usr/lib. Whatever has the name is listed, of whatever kind, so that
 * a link into nowhere is an error later and not a missing file.
 *
 * Returns 0 or -ENOMEM. Directories of drop-ins that cannot be trusted or read are told to `d` and left out. The paths can
 * be read as long as `dirs` is open.
 */
int env_dir_list(const EnvDirs *dirs, const char *id, Diagnostics *d, EnvPaths *ret) _must_check_;

/* The same for jailer.env and jailer.env.d, and no others. */
int env_dir_list_jailer(const EnvDirs *dirs, Diagnostics *d, EnvPaths *ret) _must_check_;

/*
 * Reads one of them. Returns 1 and the content, which may be empty and has room for one byte more; 0 if the file is masked by a link to
 * /dev/null; -EBADMSG if it cannot be trusted or read, which was told to `d`; -ENOMEM.
 */
int env_dir_read(const EnvPath *path, Diagnostics *d, char **ret_data, size_t *ret_size) _must_check_;

/* The ids of all VMs that have a file or drop-ins of their own, by the names that env_dirs_list() has read: each once, sorted,
 * to be freed with strv_free(). 0 or -ENOMEM. */
int env_dir_ids(const EnvDirs *dirs, char ***ret) _must_check_;

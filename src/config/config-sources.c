/* SPDX-License-Identifier: Apache-2.0 */

/* The sources of a VM in a unit: its env files, and environments. */

#include <string.h>

#include "config-loader.h"
#include "config-table.h"
#include "env-dir.h"
#include "env-file.h"

static int add_text(ConfigLoader *l, char *data, size_t size)
{
        EnvFile file;
        EnvEntry e;
        int r;

        r = env_file_begin(data, size, l->source.name, l->d, &file);
        while (r >= 0) {
                r = env_file_next(&file, &e);
                if (r <= 0)
                        return r;
                r = config_loader_add(l, e.line, e.key, e.value);
        }

        return r;
}

static int add_env_file(ConfigLoader *l, const EnvPath *path)
{
        _cleanup_free_ char *data = NULL;
        size_t size;
        int r;

        r = config_loader_begin(l, PLACE_FILE, path->path, path->scope);
        if (r < 0)
                return r;
        r = env_dir_read(path, l->d, &data, &size);
        /* A file that exists but cannot be read also counts as settings of this VM. A masked file does not. */
        if (path->scope == ENV_SCOPE_VM && r != 0)
                l->configured = true;
        if (r <= 0)
                return r == -EBADMSG ? 0 : r;

        return add_text(l, data, size);
}

int config_loader_add_files(ConfigLoader *l)
{
        _cleanup_env_dirs_ EnvDirs own = ENV_DIRS_NONE;
        _cleanup_env_paths_ EnvPaths paths = {};
        size_t n_before = l->d->n_items;
        int r = 0;

        if (!l->dirs)
                r = env_dirs_open(l->d, &own);
        if (r >= 0)
                r = env_dir_list(l->dirs ? l->dirs : &own, l->id, l->d, &paths);
        if (l->d->n_items > n_before)
                l->configured = true; /* what an unreadable directory has for this VM is not known */
        FOREACH_ARRAY (p, paths.items, paths.n_items)
                if (r >= 0)
                        r = add_env_file(l, p);
        return r;
}

int config_loader_add_jailer_files(ConfigLoader *l)
{
        _cleanup_env_dirs_ EnvDirs dirs = ENV_DIRS_NONE;
        _cleanup_env_paths_ EnvPaths paths = {};
        int r;

        l->configured = true;
        r = env_dirs_open(l->d, &dirs);
        if (r >= 0)
                r = env_dir_list_jailer(&dirs, l->d, &paths);
        FOREACH_ARRAY (p, paths.items, paths.n_items)
                if (r >= 0)
                        r = add_env_file(l, p);
        return r;
}

int config_loader_add_environment(ConfigLoader *l, PlaceKind kind, const char *name,
                                  char *const *environment)
{
        int r;

        r = config_loader_begin(l, kind, name, ENV_SCOPE_VM);
        for (char *const *e = environment; r >= 0 && e && *e; e++) {
                const char *equals = strchr(*e, '=');
                if (!equals || !config_key_is_ours(*e))
                        continue;

                _cleanup_free_ char *key = strndup(*e, (size_t) (equals - *e));
                r = key ? config_loader_add(l, 0, key, equals + 1) : -ENOMEM;
                if (r > 0)
                        l->configured = true;
        }

        return r < 0 ? r : 0;
}

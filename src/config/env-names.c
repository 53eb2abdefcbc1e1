/* SPDX-License-Identifier: Apache-2.0 */

/* The names in the directories of env files, read once for many VMs. */

#include <string.h>

#include "at.h"
#include "env-dir.h"
#include "fd-util.h"
#include "parse.h"

/* Of a list that grows by one: how many it has room for, as long as only this has grown it. */
static size_t room_for(size_t n)
{
        size_t room = 16;

        while (room < n)
                room *= 2;
        return room;
}

/* Makes room for one more, and one behind that. */
static int grow(void **list, size_t n, size_t size)
{
        if (n > 0 && room_for(n + 1) == room_for(n + 2))
                return 0;
        void *grown = reallocarray(*list, room_for(n + 2), size);
        if (!grown)
                return -ENOMEM;
        *list = grown;
        return 0;
}

static int compare_names(const void *a, const void *b)
{
        return strcmp(((const EnvName *) a)->name, ((const EnvName *) b)->name);
}

static int read_names(DIR *dir, EnvDirs *dirs, size_t i)
{
        for (;;) {
                errno = 0;
                struct dirent *de = readdir(dir);
                if (!de)
                        return -errno;
                if (grow((void **) &dirs->names[i], dirs->n_names[i], sizeof(EnvName)) < 0)
                        return -ENOMEM;
                char *name = strdup(de->d_name);
                if (!name)
                        return -ENOMEM;
                dirs->names[i][dirs->n_names[i]++] = (EnvName){ name, de->d_type == DT_REG };
        }
}

/* Each has "." at least, so the list is never NULL. */
static int list_dir(EnvDirs *dirs, size_t i)
{
        _cleanup_closedir_ DIR *dir = NULL;
        int r = at_list_dir(dirs->fds[i], ".", &dir);

        if (r >= 0)
                r = read_names(dir, dirs, i);
        if (r >= 0)
                qsort(dirs->names[i], dirs->n_names[i], sizeof(EnvName), compare_names);
        return r;
}

int env_dirs_list(EnvDirs *dirs)
{
        int r = 0;

        for (size_t i = 0; r >= 0 && i < ENV_DIRS_MAX; i++)
                if (dirs->fds[i] >= 0)
                        r = list_dir(dirs, i);
        return r;
}

const EnvName *env_dirs_find(const EnvDirs *dirs, size_t dir, const char *name)
{
        const EnvName wanted = { .name = (char *) name };

        return bsearch(&wanted, dirs->names[dir], dirs->n_names[dir], sizeof(EnvName), compare_names);
}

/* The id in "<id>.env" and "<id>.env.d". */
static bool id_of_file(const char *file, char ret[ID_LEN_MAX + 1])
{
        size_t n = strcspn(file, ".");

        if (n > ID_LEN_MAX || (strcmp(file + n, ".env") != 0 && strcmp(file + n, ".env.d") != 0))
                return false;
        memcpy(ret, file, n);
        ret[n] = '\0';
        return id_valid(ret);
}

static int add_id(char ***ids, size_t *n, const char *id)
{
        int r = grow((void **) ids, *n, sizeof(char *));

        if (r < 0)
                return r;
        (*ids)[*n + 1] = NULL;
        (*ids)[*n] = strdup(id);
        return (*ids)[(*n)++] ? 0 : -ENOMEM;
}

static int compare_ids(const void *a, const void *b)
{
        return strcmp(*(char *const *) a, *(char *const *) b);
}

/* Of a sorted list. */
static void drop_duplicates(char **ids, size_t n)
{
        size_t kept = 0;

        FOREACH_ARRAY (id, ids, n)
                if (kept > 0 && strcmp(*id, ids[kept - 1]) == 0)
                        free(*id);
                else
                        ids[kept++] = *id;
        ids[kept] = NULL;
}

int env_dir_ids(const EnvDirs *dirs, char ***ret)
{
        _cleanup_strv_ char **ids = calloc(room_for(2), sizeof(char *));
        char id[ID_LEN_MAX + 1];
        size_t n = 0;

        if (!ids)
                return -ENOMEM;
        for (size_t i = 0; i < ENV_DIRS_MAX; i++)
                FOREACH_ARRAY (name, dirs->names[i], env_dirs[i].vm ? dirs->n_names[i] : 0)
                        if (id_of_file(name->name, id) && add_id(&ids, &n, id) < 0)
                                return -ENOMEM;

        qsort(ids, n, sizeof(char *), compare_ids);
        drop_duplicates(ids, n);
        *ret = TAKE_PTR(ids);
        return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */

#include <string.h>

#include "at.h"
#include "env-dir.h"
#include "fd-util.h"
#include "parse.h"

typedef struct Ids {
        char **names;
        size_t n, allocated;
} Ids;

static void ids_done(Ids *ids)
{
        FOREACH_ARRAY (name, ids->names, ids->n)
                free(*name);
        free(ids->names);
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

/* There is room for one more behind the last, for NULL. */
static int add_id(Ids *ids, const char *id)
{
        if (ids->n + 1 >= ids->allocated) {
                size_t more = 2 * ids->allocated + 16;
                char **grown = reallocarray(ids->names, more, sizeof(char *));

                if (!grown)
                        return -ENOMEM;
                ids->names = grown;
                ids->allocated = more;
        }

        ids->names[ids->n] = strdup(id);
        if (!ids->names[ids->n])
                return -ENOMEM;
        ids->n++;
        return 0;
}

static int add_dir(Ids *ids, int dir_fd)
{
        char id[ID_LEN_MAX + 1];
        int r;

        _cleanup_close_ int fd = at_open_dir(dir_fd, ".");
        _cleanup_closedir_ DIR *dir = fd < 0 ? NULL : fdopendir(fd);
        if (!dir)
                return -errno;
        TAKE_FD(fd);

        for (;;) {
                errno = 0;
                struct dirent *de = readdir(dir);
                if (!de)
                        return -errno;
                r = id_of_file(de->d_name, id) ? add_id(ids, id) : 0;
                if (r < 0)
                        return r;
        }
}

static int compare(const void *a, const void *b)
{
        return strcmp(*(char *const *) a, *(char *const *) b);
}

/* Of a sorted list. */
static void drop_duplicates(Ids *ids)
{
        size_t kept = 0;

        FOREACH_ARRAY (name, ids->names, ids->n)
                if (kept > 0 && strcmp(*name, ids->names[kept - 1]) == 0)
                        free(*name);
                else
                        ids->names[kept++] = *name;
        ids->n = kept;
}

int env_dir_ids(const EnvDirs *dirs, char ***ret)
{
        _cleanup_(ids_done) Ids ids = {};
        int r = 0;

        for (size_t i = 0; r >= 0 && i < ENV_DIRS_MAX; i++)
                if (env_dirs[i].vm && dirs->fds[i] >= 0)
                        r = add_dir(&ids, dirs->fds[i]);
        if (r < 0)
                return r;
        if (!ids.names)
                ids.names = calloc(1, sizeof(char *));
        if (!ids.names)
                return -ENOMEM;

        qsort(ids.names, ids.n, sizeof(char *), compare);
        drop_duplicates(&ids);
        ids.names[ids.n] = NULL;
        *ret = ids.names;
        ids = (Ids){};
        return 0;
}

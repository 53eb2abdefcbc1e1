/* SPDX-License-Identifier: Apache-2.0 */

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "at.h"
#include "fd-util.h"
#include "kept-uid.h"

#define KEPT "kept"

/* Ids have no dots, so no name of an id is that of a uid. */
#define NAME_LEN (ID_LEN_MAX + sizeof(".uid"))

static const char *name_of_id(const char *id, char buf[NAME_LEN])
{
        (void) snprintf(buf, NAME_LEN, "%s.id", id);
        return buf;
}

static const char *name_of_uid(uid_t uid, char buf[NAME_LEN])
{
        (void) snprintf(buf, NAME_LEN, "%u.uid", uid);
        return buf;
}

/* -ENOENT: there is none, or something else has the name. */
static int read_link(const StateRoot *root, const char *name, char ret_target[ID_LEN_MAX + 1])
{
        char path[sizeof(KEPT "/") + NAME_LEN];

        (void) snprintf(path, sizeof(path), KEPT "/%s", name);
        int r = at_read_link(root->fd, path, ret_target, ID_LEN_MAX + 1);
        return r == -EBADFD || r == -ENAMETOOLONG || r == -ENOTDIR ? -ENOENT : r;
}

int kept_uid_find(const StateRoot *root, const char *id, uid_t *ret)
{
        char name[NAME_LEN], target[ID_LEN_MAX + 1];
        int r;

        r = read_link(root, name_of_id(id, name), target);
        if (r < 0)
                return r;
        return parse_vm_id(target, ret) < 0 ? -ENOENT : 0;
}

int kept_uid_is_anothers(const StateRoot *root, uid_t uid, const char *id)
{
        char name[NAME_LEN], target[ID_LEN_MAX + 1];
        int r;

        r = read_link(root, name_of_uid(uid, name), target);
        if (r < 0)
                return r == -ENOENT ? 0 : r;
        return strcmp(target, id) != 0;
}

static int replace_link(int dir_fd, const char *name, const char *target)
{
        int r = at_remove(dir_fd, name);

        if (r < 0)
                return r;
        /* Of two VMs with one uid another may be faster. */
        return symlinkat(target, dir_fd, name) < 0 && errno != EEXIST ? -errno : 0;
}

int kept_uid_remember(const StateRoot *root, const char *id, uid_t uid)
{
        char name[NAME_LEN], number[sizeof("4294967295")];
        int r;

        r = kept_uid_forget(root, id); /* an earlier one */
        if (r < 0)
                return r;
        _cleanup_close_ int fd = at_make_dir(root->fd, KEPT, 0700);
        if (fd < 0)
                return fd;
        r = replace_link(fd, name_of_uid(uid, name), id);
        if (r < 0)
                return r;
        (void) snprintf(number, sizeof(number), "%u", uid);
        return replace_link(fd, name_of_id(id, name), number);
}

int kept_uid_forget(const StateRoot *root, const char *id)
{
        char name[NAME_LEN];
        uid_t uid;
        int r;

        r = kept_uid_find(root, id, &uid);
        if (r < 0)
                return r == -ENOENT ? 0 : r;
        _cleanup_close_ int fd = at_open_dir(root->fd, KEPT);
        if (fd < 0)
                return fd;
        r = kept_uid_is_anothers(root, uid, id);
        if (r == 0)
                r = at_remove(fd, name_of_uid(uid, name));
        return r < 0 ? r : at_remove(fd, name_of_id(id, name));
}

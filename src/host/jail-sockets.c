/* SPDX-License-Identifier: Apache-2.0 */

/* Sockets that the VMM makes, and those that it connects to. Mustn't: connect to one, which its owner would notice. */

#include <stdio.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "at.h"
#include "jail-look.h"

#define SOCKET_PATH_MAX (sizeof(((struct sockaddr_un *) NULL)->sun_path) - 1)

int look_length(Look *l)
{
        const size_t n = strlen(l->file->path);
        const bool socket = l->file->access == VMM_BINDS || l->file->access == VMM_CONNECTS;

        if (!socket || n <= SOCKET_PATH_MAX)
                return 0;
        return CANNOT(l, -ENAMETOOLONG, "set one of at most 107 bytes",
                      "has a path of %zu bytes in the jail, so the VMM cannot %s its %s", n, l->class->verb,
                      l->role);
}

/* The VMM can do without it, but not each of its clients. */
static int check_length_on_host(Look *l, const char *name)
{
        const Layout layout = plan_layout(l->plan);
        size_t n = strlen(l->path);
        char path[PATH_MAX], remedy[PATH_MAX + 64];

        if (n <= SOCKET_PATH_MAX)
                return 0;
        if (strlen(layout_sock(&layout, name, path)) <= SOCKET_PATH_MAX)
                (void) snprintf(remedy, sizeof(remedy), "connect to %s", path);
        else
                (void) snprintf(remedy, sizeof(remedy), "give it a shorter name, or change to %s first",
                                layout_sock(&layout, "", path));
        return NOTE(l, remedy,
                    "has a path of %zu bytes on the host, and a client can connect to 107 at most", n);
}

int jail_check_bound(Look *l)
{
        const char *name = look_name_in_run(l), *api = l->plan->api;
        int r = look_length(l);

        if (r < 0)
                return r;
        if (!name)
                return CANNOT(l, -EROFS, "set /run/NAME",
                              "is not directly in run/, so the VMM cannot %s its %s", l->class->verb,
                              l->role);
        if (api && strcmp(strrchr(api, '/') + 1, name) == 0)
                return CANNOT(l, -EADDRINUSE, "give it another name",
                              "is the API socket of FCJAIL_API=, so the VMM cannot %s its %s",
                              l->class->verb, l->role);
        return check_length_on_host(l, name);
}

static int check_found(Look *l)
{
        struct stat st;

        if (fstat(l->fd, &st) < 0)
                return look_not_found(l, -errno);
        if (!S_ISSOCK(st.st_mode))
                return CANNOT(l, -ENOTSOCK, NULL, "is %s, not a socket, so the VMM cannot %s its %s",
                              file_kind(st.st_mode), l->class->verb, l->role);
        if (!look_may(l, W_OK))
                return CANNOT(l, -EACCES, "`chgrp` it to that gid and `chmod g+w` it",
                              "cannot be written by uid %u and gid %u, so the VMM cannot %s its %s",
                              l->vm.uid, l->vm.gid, l->class->verb, l->role);
        return 0;
}

int jail_check_connected(Look *l)
{
        int r = look_length(l);

        if (r < 0)
                return r;
        if (l->made)
                return look_not_kept(l);
        return l->fd < 0 ? look_not_found(l, l->fd) : check_found(l);
}

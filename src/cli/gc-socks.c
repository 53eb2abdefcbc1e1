/* SPDX-License-Identifier: Apache-2.0 */

/* Links in /run/fcjail/sock, whose jail directory and whose record are gone. A link that leads somewhere has a jail directory. */

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "at.h"
#include "chase.h"
#include "fd-util.h"
#include "gc.h"
#include "layout.h"

/* Nobody but root can change the way to the directory above. What is in it is the VM's, and could lead anywhere. */
static bool leads_nowhere(int dir_fd, const char *name)
{
        char target[PATH_MAX];
        struct stat st;

        if (at_read_link(dir_fd, name, target, sizeof(target)) < 0 || target[0] != '/')
                return false;
        char *run = strrchr(target, '/');
        *run++ = '\0';
        _cleanup_close_ int fd = chase_open(target, O_PATH | O_DIRECTORY, CHASE_DEFAULT, NULL);
        if (fd < 0)
                return fd == -ENOENT;
        return fstatat(fd, run, &st, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT) < 0 && errno == ENOENT;
}

static void consider(Collection *c, int dir_fd, const char *id)
{
        GcHold hold;

        if (!leads_nowhere(dir_fd, id) || gc_hold(c, id, /* invocation= */ NULL, &hold) <= 0)
                return;
        if (leads_nowhere(dir_fd, id))
                gc_done(c, c->dry_run ? 0 : at_remove(dir_fd, id), id, "the link in", LAYOUT_SOCKS);
        gc_release(c, id, &hold);
}

void gc_socks(Collection *c)
{
        _cleanup_closedir_ DIR *d = NULL;
        int r = at_list_dir(c->root->fd, LAYOUT_SOCK_DIR, &d);

        if (r < 0) {
                gc_cannot_look(c, LAYOUT_SOCKS, r);
                return;
        }
        for (const char *id; (id = gc_next(c, d, LAYOUT_SOCKS));)
                if (jailer_id_valid(id))
                        consider(c, dirfd(d), id);
}

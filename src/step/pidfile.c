/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Step `pidfile`: in the place of Firecracker's jailer, <root>/<name of the VMM>.pid, by which managers find a VMM that is not
 * the process they have started: digits, without a newline.
 *
 * root/ is the VM's, which can put another file there. So fcjail itself never reads it.
 */

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "at.h"
#include "step.h"
#include "tree.h"

/* A file that is there and has another number would lead to another process. */
static int read_back(const Jail *jail, const FilePlan *file, const char *text)
{
        _cleanup_free_ char *found = NULL;
        struct stat st;
        int r;

        r = at_read_file(jail->root_fd, file->path, 16, &found, NULL);
        if (r < 0)
                return r;
        if (fstatat(jail->root_fd, file->path, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return -errno;
        return st.st_mode == file->mode && strcmp(found, text) == 0 ? 0 : -EBADE;
}

int step_pidfile(Jail *jail)
{
        const FilePlan *file = plan_file(jail->plan, FILE_PID);
        char text[16];
        int r;

        if (!file)
                return 0;
        (void) snprintf(text, sizeof(text), "%i", jail->pid);
        r = at_remove(jail->root_fd, file->path);
        if (r >= 0)
                r = at_write_file(jail->root_fd, file->path, file->mode & 07777, text, strlen(text));
        if (r >= 0)
                r = read_back(jail, file, text);
        return r < 0 ? tree_fail(jail, r, file->path) : 0;
}

/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Step `pidfile`: in the place of Firecracker's jailer, <root>/<name of the VMM>.pid, by which managers find a VMM that is not
 * the process they have started: digits, without a newline.
 *
 * root/ is the VM's, which can put another file there. So fcjail itself never reads it.
 */

#include <stdio.h>
#include <string.h>

#include "at.h"
#include "step.h"
#include "tree.h"

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
        return r < 0 ? tree_fail(jail, r, file->path) : 0;
}

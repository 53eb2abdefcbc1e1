/* SPDX-License-Identifier: Apache-2.0 */

#include <fcntl.h>
#include <unistd.h>

#include "at.h"
#include "fd-util.h"
#include "tolerated.h"
#include "tree-mark.h"

/* Of what else the record names nothing outlives a boot, or it is found by a mark of its own. */
static State without_devices(const State *s)
{
        State files = *s;

        files.images.n = 0;
        files.loops.n = 0;
        files.text = NULL; /* a copy that a power failure may have cut is none to be kept */
        files.sock = NULL;
        files.netns = NULL;
        files.taps.n = 0;
        files.redirects.n = 0;
        files.uplink = NULL;
        return files;
}

int tree_mark_write(int vm_fd, const State *s)
{
        State files = without_devices(s);
        char machine[33];
        int r;

        /* Hosts may share the base, and what is the first PID namespace of one is that of each. */
        r = machine_id(machine);
        files.machine = r >= 0 ? machine : NULL;
        r = tolerate(TOLERATED_MACHINE_ID, r);
        if (r >= 0)
                r = at_remove(vm_fd, TREE_MARK);
        if (r < 0)
                return r;
        _cleanup_close_ int fd = at_make_file(vm_fd, TREE_MARK, 0600);
        if (fd < 0)
                return fd;
        return state_write_all(fd, &files);
}

int tree_mark_read(int vm_fd, State *ret)
{
        struct stat st;
        int r;

        _cleanup_close_ int fd =
                openat(vm_fd, TREE_MARK, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
        if (fd < 0)
                return errno == ELOOP || errno == ENXIO ? -EBADMSG : -errno;
        if (fstat(fd, &st) < 0)
                return -errno;
        if (!S_ISREG(st.st_mode) || !only_root_can_change(&st) || st.st_nlink != 1)
                return -EBADMSG;
        r = state_read(fd, ret);
        return r == -ENODATA ? -EBADMSG : r;
}

/* SPDX-License-Identifier: Apache-2.0 */

/* plant FILE: mounts a tmpfs on "/" in the mount namespace that is pinned there, as somebody would who leaves something for others
 * who enter it. */

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>

int main(int argc, char **argv)
{
        int fd = argc == 2 ? open(argv[1], O_RDONLY | O_CLOEXEC) : -1;

        if (fd < 0 || setns(fd, CLONE_NEWNS) < 0 || mount("planted", "/", "tmpfs", 0, NULL) < 0) {
                perror("plant");
                return 1;
        }
        return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */

#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fd-util.h"
#include "missing.h"

int safe_close(int fd)
{
        if (fd >= 0) {
                int saved = errno;

                /* After EINTR or EIO the descriptor is also closed, see close(2). */
                (void) close(fd);
                errno = saved;
        }

        return -EBADF;
}

int fd_read(int fd, char *buf, size_t size, size_t *ret)
{
        size_t n = 0;

        while (n < size) {
                ssize_t more = read(fd, buf + n, size - n);
                if (more < 0 && errno == EINTR)
                        continue;
                if (more < 0)
                        return -errno;
                if (more == 0)
                        break;
                n += (size_t) more;
        }

        *ret = n;
        return 0;
}

int fd_close_from(unsigned first)
{
        return RET_NERRNO(syscall(SYS_close_range, first, ~0U, /* flags= */ 0));
}

int fd_fix_stdio(void)
{
        struct stat st;

        for (int fd = 0; fd <= 2; fd++) {
                if (fstat(fd, &st) >= 0) {
                        if (S_ISDIR(st.st_mode))
                                return -EISDIR;
                        continue;
                }
                if (errno != EBADF)
                        return -errno;

                /* All lower ones are open, so this one is the lowest free. */
                int n = open("/dev/null", O_RDWR); /* no O_CLOEXEC: the VMM gets 0, 1 and 2 */
                if (n < 0)
                        return -errno;
                if (n != fd) {
                        (void) safe_close(n);
                        return -EBADF;
                }
        }

        return 0;
}

const char *fd_path(char buf[FD_PATH_MAX], int fd)
{
        assert(fd >= 0);

        (void) snprintf(buf, FD_PATH_MAX, "/proc/self/fd/%i", fd);
        return buf;
}

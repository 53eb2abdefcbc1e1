/* SPDX-License-Identifier: Apache-2.0 */

#include <fcntl.h>
#include <linux/loop.h>
#include <linux/major.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "at.h"
#include "fd-util.h"
#include "loop-device.h"
#include "parse.h"

#define NODE        "loop"
#define SECTOR_SIZE 512U

/* With a size that is no multiple of this one, larger sectors would hide the rest of the file. */
#define SECTOR_SIZE_MAX 4096

_Static_assert(LOOP_MARK_MAX == LO_NAME_SIZE, "a mark is the name that the driver keeps");

int loop_control_open(void)
{
        return RET_NERRNO(open("/dev/loop-control", O_RDWR | O_CLOEXEC));
}

int loop_add(int control_fd, unsigned number)
{
        int r = RET_NERRNO(ioctl(control_fd, LOOP_CTL_ADD, (unsigned long) number));

        return r < 0 && r != -EEXIST ? r : 0;
}

/* Each loop device has room for this many partitions, a power of two less one, and as many minor numbers. */
static int minor_of(unsigned number, unsigned *ret)
{
        _cleanup_free_ char *text = NULL;
        uint32_t max_part;
        int r;

        r = at_read_file(AT_FDCWD, "/sys/module/loop/parameters/max_part", 4096, &text, NULL);
        if (r < 0)
                return r == -ENOENT ? -ENODEV : r;
        text[strcspn(text, "\n")] = '\0';
        r = parse_u32(text, 0, 255, &max_part);
        if (r < 0)
                return -EBADMSG;
        *ret = number * (max_part + 1);
        return 0;
}

int loop_open(int dir_fd, unsigned number, bool read_only, dev_t *ret_rdev)
{
        unsigned minor;
        int r;

        r = minor_of(number, &minor);
        if (r < 0)
                return r;
        const dev_t rdev = makedev(LOOP_MAJOR, minor);
        r = at_make_node(dir_fd, NODE, S_IFBLK | 0600, rdev);
        if (r < 0)
                return r;
        _cleanup_close_ int fd =
                RET_NERRNO(openat(dir_fd, NODE, (read_only ? O_RDONLY : O_RDWR) | O_NOFOLLOW | O_CLOEXEC));
        r = at_remove(dir_fd, NODE);
        if (fd < 0)
                return fd;
        if (r < 0)
                return r;
        if (ret_rdev)
                *ret_rdev = rdev;
        return TAKE_FD(fd);
}

static bool has_mark(const struct loop_info64 *info, const char *mark)
{
        return strncmp((const char *) info->lo_file_name, mark, LO_NAME_SIZE) == 0;
}

static int read_back(int fd, const struct stat *file, const LoopSpec *spec)
{
        const uint32_t flags = spec->read_only ? LO_FLAGS_READ_ONLY : 0;
        struct loop_info64 info = {};

        if (ioctl(fd, LOOP_GET_STATUS64, &info) < 0)
                return -errno;
        if (info.lo_number != spec->number || info.lo_inode != file->st_ino ||
            info.lo_device != file->st_dev || info.lo_offset != 0 || info.lo_sizelimit != 0 ||
            (info.lo_flags & (LO_FLAGS_READ_ONLY | LO_FLAGS_AUTOCLEAR)) != flags ||
            !has_mark(&info, spec->mark))
                return -EBADE;
        return 0;
}

int loop_bind(int fd, int file_fd, const LoopSpec *spec)
{
        struct loop_config config = {
                .fd = (__u32) file_fd,
                .info.lo_flags = (spec->read_only ? LO_FLAGS_READ_ONLY : 0U) |
                                 (spec->direct ? LO_FLAGS_DIRECT_IO : 0U),
        };
        struct stat st;

        if (fstat(file_fd, &st) < 0)
                return -errno;
        /* 0: as large as direct I/O needs. */
        config.block_size = st.st_size % SECTOR_SIZE_MAX == 0 ? 0 : SECTOR_SIZE;
        memcpy(config.info.lo_file_name, spec->mark, strnlen(spec->mark, LO_NAME_SIZE - 1));
        if (ioctl(fd, LOOP_CONFIGURE, &config) < 0)
                return -errno;
        return read_back(fd, &st, spec);
}

int loop_is_marked(int fd, const char *mark)
{
        struct loop_info64 info = {};

        if (ioctl(fd, LOOP_GET_STATUS64, &info) < 0)
                return errno == ENXIO ? 0 : -errno;
        return has_mark(&info, mark) ? 1 : -EBUSY;
}

int loop_read_mark(int fd, char ret[LOOP_MARK_MAX])
{
        struct loop_info64 info = {};

        if (ioctl(fd, LOOP_GET_STATUS64, &info) < 0)
                return -errno;
        memcpy(ret, info.lo_file_name, LOOP_MARK_MAX);
        ret[LOOP_MARK_MAX - 1] = '\0';
        return 0;
}

int loop_is_unclaimed(int fd)
{
        char link[FD_PATH_MAX];

        _cleanup_close_ int alone = open(fd_path(link, fd), O_RDONLY | O_EXCL | O_CLOEXEC);
        return alone >= 0 ? 1 : errno == EBUSY ? 0 : -errno;
}

/* The kernel forgets what is only in the cache of the device. */
int loop_clear(int fd)
{
        if (fsync(fd) < 0)
                return -errno;
        return RET_NERRNO(ioctl(fd, LOOP_CLR_FD, 0));
}

/* SPDX-License-Identifier: Apache-2.0 */

/* Loop devices. Each test has one of its own, by a number that nobody else takes. */

#include <linux/fs.h>
#include <linux/loop.h>
#include <sys/ioctl.h>

#include "child.h"
#include "loop-device.h"

#define NUMBER_FIRST 3000U
#define SIZE         (1024 * 1024)

static int control_fd = -EBADF, dir_fd = -EBADF, file_fd = -EBADF;
static unsigned number;
static dev_t rdev;

static void remove_device(void)
{
        (void) ioctl(control_fd, LOOP_CTL_REMOVE, (unsigned long) number);
}

static int open_device(bool read_only)
{
        return loop_open(dir_fd, number, read_only, &rdev);
}

/* A descriptor of a device that is bound to nothing; there is a file for it. */
static int new_device(void)
{
        control_fd = loop_control_open();
        if (control_fd < 0)
                _exit(CHILD_SKIP);
        dir_fd = open("/srv", O_PATH | O_DIRECTORY | O_CLOEXEC);
        file_fd = open("/srv/image", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        CHECK(dir_fd >= 0 && file_fd >= 0 && ftruncate(file_fd, SIZE) >= 0);
        number = NUMBER_FIRST + (unsigned) getpid() % 1000;
        CHECK_IS(loop_add(control_fd, number), 0);
        CHECK_IS(loop_add(control_fd, number), 0); /* as it exists */
        int fd = open_device(/* read_only= */ false);
        CHECK(fd >= 0 && faccessat(dir_fd, "loop", F_OK, 0) < 0);
        return fd;
}

static int bind_device(int fd, bool read_only)
{
        return loop_bind(fd, file_fd, &(LoopSpec){ number, read_only, true, "this one" });
}

static void end(int fd)
{
        CHECK_IS(loop_clear(fd), 0);
        CHECK(close(fd) >= 0);
        fd = open_device(/* read_only= */ true);
        CHECK_IS(loop_is_marked(fd, "this one"), 0);
        CHECK(close(fd) >= 0);
        remove_device();
}

CHILD_TEST(loop, a_device_has_the_data_of_its_file)
{
        int fd = new_device();
        char text[5] = "";
        uint64_t size;

        CHECK_IS(loop_is_marked(fd, "this one"), 0);
        CHECK_IS(bind_device(fd, /* read_only= */ false), 0);
        CHECK_IS(loop_is_marked(fd, "this one"), 1);
        CHECK_IS(loop_is_marked(fd, "another one"), -EBUSY);
        CHECK(ioctl(fd, BLKGETSIZE64, &size) >= 0 && size == SIZE);
        CHECK_IS(pwrite(fd, "data", 4, 8192), 4);
        end(fd); /* nobody has synced it */
        CHECK_IS(pread(file_fd, text, 4, 8192), 4);
        CHECK(strcmp(text, "data") == 0);
}

CHILD_TEST(loop, a_bound_device_is_busy)
{
        int fd = new_device();

        CHECK_IS(bind_device(fd, /* read_only= */ false), 0);
        CHECK_IS(bind_device(fd, /* read_only= */ false), -EBUSY);
        end(fd);
}

CHILD_TEST(loop, a_device_stays_bound_when_nobody_has_it_open)
{
        int fd = new_device();

        CHECK_IS(bind_device(fd, /* read_only= */ false), 0);
        CHECK(close(fd) >= 0);
        fd = open_device(/* read_only= */ true);
        CHECK_IS(loop_is_marked(fd, "this one"), 1);
        end(fd);
}

CHILD_TEST(loop, a_read_only_device_cannot_be_written)
{
        int fd = new_device();

        CHECK(close(fd) >= 0);
        fd = open_device(/* read_only= */ true);
        CHECK_IS(bind_device(fd, /* read_only= */ true), 0);
        int another = open_device(/* read_only= */ false);
        CHECK(another < 0 || pwrite(another, "data", 4, 0) < 0);
        (void) safe_close(another);
        end(fd);
}

/* With a descriptor that cannot write, the kernel makes it read-only by itself. */
CHILD_TEST(loop, another_device_than_was_asked_for_is_noticed)
{
        int fd = new_device();

        CHECK(close(fd) >= 0);
        fd = open_device(/* read_only= */ true);
        CHECK_IS(bind_device(fd, /* read_only= */ false), -EBADE);
        end(fd);
}

/* Why the filter refuses these requests: neither the mode of the node nor a capability is in the way. */
CHILD_TEST(loop, without_a_filter_anybody_with_the_node_can_unbind_it)
{
        int fd = new_device();

        CHECK_IS(bind_device(fd, /* read_only= */ false), 0);
        CHECK(close(fd) >= 0);
        CHECK(mknod("/srv/node", S_IFBLK | 0600, rdev) >= 0 && chown("/srv/node", 0, 4711) >= 0 &&
              chmod("/srv/node", 0440) >= 0);
        pid_t pid = fork();
        if (pid == 0) {
                CHECK(setresgid(4711, 4711, 4711) >= 0 && setresuid(4711, 4711, 4711) >= 0);
                fd = open("/srv/node", O_RDONLY | O_CLOEXEC);
                CHECK(fd >= 0 && ioctl(fd, LOOP_CLR_FD, 0) >= 0);
                _exit(EXIT_SUCCESS);
        }
        int status = -1;
        CHECK(waitpid(pid, &status, 0) == pid && status == 0);
        fd = open_device(/* read_only= */ true);
        CHECK_IS(loop_is_marked(fd, "this one"), 0);
        CHECK(close(fd) >= 0);
        remove_device();
}

/* SPDX-License-Identifier: Apache-2.0 */

/* Who uses a block device. Each test has a loop device of its own, which goes with its last user. */

#include <linux/blkpg.h>
#include <linux/loop.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>
#include <sysexits.h>

#include "block.h"
#include "child.h"

#define SIZE (1024 * 1024)

static char loop_path[32];
static dev_t loop_rdev;

/* A descriptor of a fresh loop device. The one that LOOP_CTL_GET_FREE names may be gone when it is configured. */
static int new_loop(void)
{
        const struct loop_config none = { .fd = (unsigned) -1 };

        int file = open("/srv/image", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        CHECK(file >= 0 && ftruncate(file, SIZE) >= 0);
        _cleanup_close_ int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
        for (int tries = 0; control >= 0 && tries < 20; tries++) {
                struct loop_config config = none;
                struct stat st;

                int number = ioctl(control, LOOP_CTL_GET_FREE);
                if (number < 0)
                        _exit(CHILD_SKIP);
                (void) snprintf(loop_path, sizeof(loop_path), "/srv/loop%i", number);
                if (mknod(loop_path, S_IFBLK | 0600, makedev(7, (unsigned) number)) < 0 && errno != EEXIST)
                        _exit(CHILD_SKIP);
                int fd = open(loop_path, O_RDWR | O_CLOEXEC);
                config.fd = (unsigned) file;
                config.info.lo_flags = LO_FLAGS_AUTOCLEAR;
                if (fd >= 0 && ioctl(fd, LOOP_CONFIGURE, &config) >= 0) {
                        CHECK(fstat(fd, &st) >= 0);
                        loop_rdev = st.st_rdev;
                        return fd;
                }
                (void) safe_close(fd);
        }
        _exit(CHILD_SKIP);
}

static int check(Findings *f)
{
        _cleanup_close_ int fd = open(loop_path, O_PATH | O_CLOEXEC);

        CHECK(fd >= 0);
        return block_check(loop_path, fd, f);
}

CHILD_TEST(block, a_free_device_is_free)
{
        _cleanup_findings_ Findings f = {};
        int fd = new_loop();

        CHECK_IS(check(&f), 0);
        /* An open descriptor of another process, such as a VMM's, is no use. */
        CHECK(fd >= 0);
        CHECK_IS(check(&f), 0);
        CHECK_IS(f.n_items, 0);
}

CHILD_TEST(block, a_claimed_device_is_in_use)
{
        _cleanup_findings_ Findings f = {};
        int fd = new_loop();

        int claim = open(loop_path, O_RDONLY | O_EXCL | O_CLOEXEC);
        CHECK(fd >= 0 && claim >= 0);
        CHECK_IS(check(&f), -EBUSY);
        CHECK_IS(f.items[0].severity, SEVERITY_ERROR);
        CHECK_IS(f.items[0].exit_status, EX_TEMPFAIL);
        CHECK(strcmp(f.items[0].object, loop_path) == 0);
        CHECK(strstr(f.items[0].text, "is in use by the host; release it"));
        CHECK(close(claim) >= 0);
        CHECK_IS(check(&f), 0);
}

/* Such as that of another start, at a boot. */
CHILD_TEST(block, a_claim_that_ends_soon_is_no_use)
{
        _cleanup_findings_ Findings f = {};
        int fd = new_loop(), pair[2];
        char byte;

        CHECK(fd >= 0 && pipe2(pair, O_CLOEXEC) >= 0);
        pid_t pid = fork();
        if (pid == 0) {
                int claim = open(loop_path, O_RDONLY | O_EXCL | O_CLOEXEC);
                _exit(claim >= 0 && write(pair[1], "", 1) == 1 && usleep(5000) == 0 ? 0 : 1);
        }
        CHECK(close(pair[1]) >= 0 && read(pair[0], &byte, 1) == 1);
        CHECK_IS(check(&f), 0);
        CHECK_IS(f.n_items, 0);
        CHECK(waitpid(pid, NULL, 0) == pid);
}

static void make_file_system(void)
{
        char command[80];

        (void) snprintf(command, sizeof(command), "mkfs.ext4 -q -F %s >&2", loop_path);
        if (system(command) != 0)
                _exit(CHILD_SKIP);
}

CHILD_TEST(block, a_mounted_device_is_in_use_and_the_place_is_named)
{
        _cleanup_findings_ Findings f = {};
        int fd = new_loop();

        make_file_system();
        CHECK(fd >= 0 && mkdir("/srv/mnt", 0700) >= 0);
        CHECK(mount(loop_path, "/srv/mnt", "ext4", 0, NULL) >= 0);
        CHECK_IS(check(&f), -EBUSY);
        CHECK(strstr(f.items[0].text, "is in use by the host: it is mounted on /srv/mnt; release it"));
        CHECK(umount("/srv/mnt") >= 0);
        CHECK_IS(check(&f), 0);
}

/* Makes the first half of the loop device a partition. */
static dev_t add_partition(int fd)
{
        struct blkpg_partition partition = { .length = SIZE / 2, .pno = 1 };
        struct blkpg_ioctl_arg arg = { .op = BLKPG_ADD_PARTITION, .data = &partition };
        struct loop_info64 info;
        char path[80];
        unsigned ma, mi;

        CHECK(ioctl(fd, LOOP_GET_STATUS64, &info) >= 0);
        info.lo_flags |= LO_FLAGS_PARTSCAN; /* there is no table, but now it may have partitions */
        CHECK(ioctl(fd, LOOP_SET_STATUS64, &info) >= 0);
        CHECK(ioctl(fd, BLKPG, &arg) >= 0);
        (void) snprintf(path, sizeof(path), "/sys/block/loop%u/loop%up1/dev", minor(loop_rdev),
                        minor(loop_rdev));
        FILE *f = fopen(path, "re");
        CHECK(f && fscanf(f, "%u:%u", &ma, &mi) == 2 && fclose(f) == 0);
        return makedev(ma, mi);
}

CHILD_TEST(block, a_disk_with_a_mounted_partition_is_in_use)
{
        _cleanup_findings_ Findings f = {};
        int fd = new_loop();

        dev_t partition = add_partition(fd);
        CHECK(mknod("/srv/partition", S_IFBLK | 0600, partition) >= 0);
        char disk[sizeof(loop_path)];
        (void) strcpy(disk, loop_path);
        (void) strcpy(loop_path, "/srv/partition");
        CHECK_IS(check(&f), 0);
        make_file_system();
        CHECK(mkdir("/srv/mnt", 0700) >= 0 && mount(loop_path, "/srv/mnt", "ext4", 0, NULL) >= 0);
        CHECK_IS(check(&f), -EBUSY);
        (void) strcpy(loop_path, disk);
        CHECK_IS(check(&f), -EBUSY);
        CHECK(strstr(f.items[0].text, ": it is mounted on /srv/mnt"));
        CHECK(strstr(f.items[1].text, ": it is on one disk with "));
        CHECK(strstr(f.items[1].text, ", which is mounted on /srv/mnt;"));
        CHECK(umount("/srv/mnt") >= 0);
}

CHILD_TEST(block, a_partition_of_a_claimed_disk_is_in_use)
{
        _cleanup_findings_ Findings f = {};
        int fd = new_loop();

        dev_t partition = add_partition(fd);
        CHECK(mknod("/srv/partition", S_IFBLK | 0600, partition) >= 0);
        CHECK(open(loop_path, O_RDONLY | O_EXCL | O_CLOEXEC) >= 0);
        (void) strcpy(loop_path, "/srv/partition");
        CHECK_IS(check(&f), -EBUSY);
}

CHILD_TEST(block, a_part_of_another_device_is_named)
{
        CHECK(mount("test", "/sys", "tmpfs", 0, "mode=0755") >= 0);
        CHECK(system("mkdir -p /sys/dev/block/7:99/holders/dm-0") == 0);
        _cleanup_free_ char *user = block_user(makedev(7, 99));
        CHECK(user && strcmp(user, "a part of dm-0") == 0);
}

CHILD_TEST(block, an_unknown_user_has_no_name)
{
        int fd = new_loop();

        CHECK(fd >= 0);
        CHECK(!block_user(loop_rdev));
        CHECK(!block_user(makedev(4095, 1)));
}

CHILD_TEST(block, others_than_root_get_a_note)
{
        _cleanup_findings_ Findings f = {};
        int fd = new_loop();

        CHECK(fd >= 0 && setuid(1) >= 0);
        CHECK_IS(check(&f), -EACCES);
        CHECK_IS(f.items[0].severity, SEVERITY_NOTE);
}

/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The drives, files that are opened as Firecracker opens them, and the controller by which the guest reaches them.
 * Data go through a register, byte by byte, and not through the guest's memory: on aarch64 a guest without an MMU
 * does not see what is still in the host's cache.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "guest.h"
#include "vmm.h"

#define DRIVES_MAX 8

static struct {
        int fd;
        bool read_only;
        off_t size; /* when it was opened; no file grows by its guest */
} drives[DRIVES_MAX];
static size_t n_drives;

DiskState disk_state;

int disk_add(const char *path, bool read_only)
{
        if (n_drives == DRIVES_MAX)
                return -ENOSPC;

        int fd = open(path, (read_only ? O_RDONLY : O_RDWR) | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        off_t size = lseek(fd, 0, SEEK_END);
        if (size < 0) {
                int r = -errno;
                (void) close(fd);
                return r;
        }

        drives[n_drives].fd = fd;
        drives[n_drives].read_only = read_only;
        drives[n_drives++].size = size;
        return 0;
}

static uint8_t next_drive(void)
{
        if (disk_state.n_seen == n_drives)
                return 0;
        return drives[disk_state.n_seen++].read_only ? DISK_READ_ONLY : DISK_WRITABLE;
}

static bool transfer(bool out)
{
        off_t at = (off_t) disk_state.sector * SECTOR_SIZE;
        ssize_t n = -1;

        errno = ENXIO;
        if (disk_state.n_seen > 0 && at + SECTOR_SIZE <= drives[disk_state.n_seen - 1].size) {
                int fd = drives[disk_state.n_seen - 1].fd;
                n = out ? pwrite(fd, disk_state.buffer, SECTOR_SIZE, at)
                        : pread(fd, disk_state.buffer, SECTOR_SIZE, at);
        }
        if (n < 0)
                log_line("Failed to %s sector %u of drive %u: %s", out ? "write" : "read", disk_state.sector,
                         disk_state.n_seen, strerror(errno));
        return n == SECTOR_SIZE;
}

uint8_t disk_in(unsigned reg)
{
        switch (reg) {
        case DISK_NEXT:
                return next_drive();
        case DISK_READ:
                return transfer(/* out= */ false);
        case DISK_WRITE:
                return transfer(/* out= */ true);
        case DISK_DATA:
                return disk_state.position < SECTOR_SIZE ? disk_state.buffer[disk_state.position++] : 0;
        default:
                return 0;
        }
}

void disk_out(unsigned reg, uint8_t value)
{
        if (reg == DISK_SECTOR) {
                disk_state.sector = value;
                disk_state.position = 0;
                memset(disk_state.buffer, 0, sizeof(disk_state.buffer));
        }
        if (reg == DISK_DATA && disk_state.position < SECTOR_SIZE)
                disk_state.buffer[disk_state.position++] = value;
}

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Loop devices: the data of a file as a block device. None here depends on what udev or devtmpfs make of them. */

#include <stdbool.h>
#include <sys/types.h>

#include "macro.h"

/* Of the mark of a loop device, with its NUL. */
#define LOOP_MARK_MAX 64

/* /dev/loop-control: a descriptor or -errno. -EPERM: the unit does not allow it. */
int loop_control_open(void) _must_check_;

/* Makes the loop device with this number, bound to no file, unless it exists. 0 or -errno. */
int loop_add(int control_fd, unsigned number) _must_check_;

/*
 * Opens the loop device by a node of its own in the directory, which is on a mount without nodev and gets the node for a moment;
 * *ret_rdev, unless NULL, is the device number. A descriptor or -errno. -ENXIO or -ENODEV: there is no such device. -EPERM: the
 * unit does not allow it.
 */
int loop_open(int dir_fd, unsigned number, bool read_only, dev_t *ret_rdev) _must_check_;

typedef struct LoopSpec {
        unsigned number;
        bool read_only;
        bool direct; /* I/O to the file; the kernel goes through its cache if it knows that this is impossible */
        const char *mark;
} LoopSpec;

/* Binds the device to the file, whose descriptor may be closed afterwards, and reads that back. Both descriptors are open for
 * writing unless it is read-only. 0 or -errno. -EBUSY: it is bound already. -EBADE: the kernel did something else. */
int loop_bind(int fd, int file_fd, const LoopSpec *spec) _must_check_;

/* Whether it is bound and has this mark: 1, 0 or -errno. -EBUSY: it has another one. */
int loop_is_marked(int fd, const char *mark) _must_check_;

/* Reads the mark. 0; -ENXIO: it is not bound; or another -errno. */
int loop_read_mark(int fd, char ret[LOOP_MARK_MAX]) _must_check_;

/* 1 if nobody has claimed it, as who has mounted it, 0 if somebody has, or -errno. */
int loop_is_unclaimed(int fd) _must_check_;

/* Writes everything to the file, and lets go of it when the last descriptor of the device is closed, which may be this one. 0 or
 * -errno. */
int loop_clear(int fd) _must_check_;

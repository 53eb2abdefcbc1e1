/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Block devices that a VM gets. */

#include <sys/types.h>

#include "findings.h"
#include "macro.h"

/*
 * Checks that nobody on this host uses the block device, which `fd` holds (O_PATH will do): it is not mounted, no swap, no
 * part of another device, and neither is a partition of it or the disk that it is a partition of. A VMM does not count.
 * Returns 0, or the error of its finding about `path`; -EBUSY: somebody uses it, which a restart may find changed.
 */
int block_check(const char *path, int fd, Findings *f) _must_check_;

/* Who uses it, as it continues "the device is …": "mounted on /mnt", "a part of dm-0"; to be freed. NULL: unknown. Takes
 * longer with each mount of the host. */
char *block_user(dev_t rdev);

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The uid and gid that count for what a process does to files and that files are born with. */

#include <sys/types.h>

#include "macro.h"

typedef struct FsIds {
        uid_t uid;
        gid_t gid;
} FsIds;

FsIds fs_ids_get(void);

/* Takes these, and reads them back, as setfsuid(2) reports no error. -EPERM: they are others now. Loses the
 * file capabilities with a uid that is not 0, and has them again with 0. */
int fs_ids_set(FsIds ids) _must_check_;

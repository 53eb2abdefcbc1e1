/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <sys/fsuid.h>

#include "fs-ids.h"

/* Asking for an impossible id returns the present one. */
FsIds fs_ids_get(void)
{
        return (FsIds){ (uid_t) setfsuid((uid_t) -1), (gid_t) setfsgid((gid_t) -1) };
}

int fs_ids_set(FsIds ids)
{
        /* The gid first: it takes a capability that a change of the uid could take away. */
        (void) setfsgid(ids.gid);
        (void) setfsuid(ids.uid);

        FsIds now = fs_ids_get();
        return now.uid == ids.uid && now.gid == ids.gid ? 0 : -EPERM;
}

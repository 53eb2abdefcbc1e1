/* SPDX-License-Identifier: Apache-2.0 */

#include "tolerated.h"

static const struct {
        Tolerated what;
        int error;
        const char *reason;
} table[] = {
        { TOLERATED_KEYRING, -ENOSYS, "a kernel without keyrings shares none" },
        { TOLERATED_KEYRING, -EDQUOT,
          "others have used up the uid's quota of keys; the filter refuses all key calls, or KeyringMode=private has given the unit a session keyring of its own. Not tolerated without either" },
        { TOLERATED_ACL, -EOPNOTSUPP,
          "without ACLs only root can use the API's socket, which is the safe side. Not tolerated if FCJAIL_API_GROUP= names a group" },
        { TOLERATED_CLONE, -EXDEV,
          "the VMM is copied, because it is on another file system or, before Linux 5.19, on another mount" },
        { TOLERATED_CLONE, -EINVAL, "the VMM is copied, because only one of both files has checksums" },
        { TOLERATED_RESERVE, -EOPNOTSUPP,
          "without reserved blocks the copy only takes longer; a full file system fails it later" },
        { TOLERATED_PIPE_SIZE, -EPERM, "with a smaller fs.pipe-max-size the copy only takes longer" },
        { TOLERATED_CPU_FILE, -ENOENT,
          "the VMM starts without the facts about the CPU that the host does not show" },
        { TOLERATED_CGROUP, -EBUSY,
          "a process of somebody else's is in it; all that remains is a control group" },
        { TOLERATED_MACHINE_ID, -ENOENT, "`fcjail gc` leaves a jail directory whose host it does not know" },
        { TOLERATED_MACHINE_ID, -EBADMSG, "the same, of a host that has no id yet (\"uninitialized\")" },
        { TOLERATED_NO_IPV6, -ENOENT, "a kernel without IPv6 routes none" },
};

int tolerate(Tolerated what, int r)
{
        FOREACH_ARRAY (row, table, ELEMENTSOF(table))
                if (row->what == what && row->error == r)
                        return 0;
        return r;
}

/* SPDX-License-Identifier: Apache-2.0 */

#include "tolerated.h"

static const struct {
        Tolerated what;
        int error;
        const char *reason;
} table[] = {
        { TOLERATED_KEYRING, -ENOSYS, "a kernel without key rings has none that could be shared" },
        { TOLERATED_KEYRING, -EDQUOT,
          "the uid's quota of keys is used up by others of this uid; the filter refuses every key call, or KeyringMode=private has given the unit a session ring of its own. Not tolerated where there is neither" },
        { TOLERATED_ACL, -EOPNOTSUPP,
          "a file system without ACLs shuts the managers' group out; only root can use the socket then, which is the safe side. Not tolerated when FCJAIL_API_GROUP= asks for a group by name" },
        { TOLERATED_RESERVE, -EOPNOTSUPP,
          "a file system that reserves no blocks only takes longer to copy to; that it is full, it says later" },
        { TOLERATED_PIPE_SIZE, -EPERM,
          "where fs.pipe-max-size is smaller, a copy takes more turns through a pipe of the usual size" },
        { TOLERATED_CPU_FILE, -ENOENT,
          "what the host does not tell of its CPU the VMM cannot tell its guest; it does without" },
};

int tolerate(Tolerated what, int r)
{
        FOREACH_ARRAY (row, table, ELEMENTSOF(table))
                if (row->what == what && row->error == r)
                        return 0;
        return r;
}

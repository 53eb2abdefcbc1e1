/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Step `copy`: the VMM's text, a matter of milliseconds, while INSIDE is busy with itself. INSIDE may execute it
 * when it has been told to go on.
 *
 * Should:  open the file for writing only now. A descriptor that INSIDE had inherited would make its execve(2) fail
 *          with ETXTBSY.
 */

#include "at.h"
#include "inside.h"
#include "step.h"

int step_copy(Jail *jail)
{
        int r;

        if (!jail->plan->vmm_text_shared) {
                r = at_fill_file(jail->root_fd, JAIL_VMM, VMM_MODE, jail->vmm_fd);
                if (r < 0)
                        return step_fail(jail, r, "%s/" JAIL_VMM_DIR "/%s/" JAIL_ROOT "/" JAIL_VMM,
                                         jail->plan->chroot_dir, jail->plan->id);
        }

        /* If it is gone, the channel tells why. */
        r = message_send(jail, MESSAGE_GO);
        return r < 0 && r != -EPIPE ? step_fail(jail, r, "channel") : 0;
}

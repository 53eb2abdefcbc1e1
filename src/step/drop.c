/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Step `drop`: everything that could still be used against the host is given up, each thing while that is
 * still possible.
 *
 * Should:  keep the permitted set over setresuid(2), and raise SETPCAP again: a plain setresuid() loses it,
 *          and the bounding set would stay full.
 * Should:  clear the ambient set by itself: of a start as User= with AmbientCapabilities= everything would
 *          survive the change of the uid.
 * Should:  go back to the plain personality: it outlives every exec, and without address randomization the VMM
 *          would be an easier target for its guest.
 * Should:  drop numbers up to 63, and stop at EINVAL only: the kernel may know more capabilities than our
 *          headers, and a loop that any error ends leaves the rest in place.
 */

#include <fcntl.h>
#include <linux/keyctl.h>
#include <sys/capability.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "drop.h"
#include "fd-util.h"
#include "step.h"
#include "tolerated.h"

static void cap_freep(cap_t *c)
{
        if (*c)
                (void) cap_free(*c);
}

/* Sets all three sets: SETPCAP, or nothing, in effective and permitted; inheritable is always empty. */
static int set_caps(bool setpcap)
{
        const cap_value_t cap = CAP_SETPCAP;

        _cleanup_(cap_freep) cap_t c = cap_init();
        if (!c)
                return -ENOMEM;
        if (setpcap && (cap_set_flag(c, CAP_PERMITTED, 1, &cap, CAP_SET) < 0 ||
                        cap_set_flag(c, CAP_EFFECTIVE, 1, &cap, CAP_SET) < 0))
                return -errno;
        return RET_NERRNO(cap_set_proc(c));
}

static int drop_bounding_set(Jail *jail)
{
        for (unsigned long cap = 0; cap <= CAPABILITIES_MAX; cap++) {
                if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) >= 0)
                        continue;
                if (errno == EINVAL && cap > CAP_SETPCAP) /* one more than the last that this kernel has */
                        return 0;
                return step_fail(jail, -errno, "bounding set, capability %lu", cap);
        }

        return 0;
}

/* A new session keyring. Its number is read back: with the old one the VMM would have the keys of whoever
 * started it. */
static int join_keyring(void)
{
        long joined = syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL);
        if (joined < 0)
                return -errno;

        long found = syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0);
        if (found < 0)
                return -errno;
        return joined == found ? 0 : -EBADE;
}

static int drop_uid(Jail *jail)
{
        int r;

        if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
                return step_fail(jail, -errno, "keepcaps");
        if (setresuid(jail->uid, jail->uid, jail->uid) < 0)
                return step_fail(jail, -errno, "uid %u", jail->uid);
        r = set_caps(/* setpcap= */ true);
        if (r < 0)
                return step_fail(jail, r, "capabilities");

        /* As the VM's uid, so that it is this uid's quota, and no link to root's keys is left. */
        r = join_keyring();
        /* With the quota used up the old one stays. */
        if (r != -EDQUOT || !jail->plan->keyring_required)
                r = tolerate(TOLERATED_KEYRING, r);
        return r < 0 ? step_fail(jail, r, "session keyring") : 0;
}

static int drop_caps(Jail *jail)
{
        int r;

        if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
                return step_fail(jail, -errno, "ambient set");
        r = drop_bounding_set(jail);
        if (r < 0)
                return r;
        if (prctl(PR_SET_SECUREBITS, JAIL_SECUREBITS, 0, 0, 0) < 0)
                return step_fail(jail, -errno, "securebits");
        r = set_caps(/* setpcap= */ false);
        if (r < 0)
                return step_fail(jail, r, "capabilities");
        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
                return step_fail(jail, -errno, "no_new_privs");
        return 0;
}

/* Keeps 0, 1, 2 and the channel. The exec would also close all others. */
static int drop_fds(Jail *jail)
{
        int r;

        if (jail->channel_fd != CHANNEL_FD && dup3(jail->channel_fd, CHANNEL_FD, O_CLOEXEC) < 0)
                return step_fail(jail, -errno, "channel");
        jail->channel_fd = CHANNEL_FD;

        r = fd_close_from(CHANNEL_FD + 1);
        return r < 0 ? step_fail(jail, r, "descriptors") : 0;
}

int step_drop(Jail *jail)
{
        int r;

        r = drop_fds(jail);
        if (r >= 0 && personality(PER_LINUX) < 0)
                r = step_fail(jail, -errno, "personality");
        if (r >= 0)
                r = drop_uid(jail);
        if (r >= 0)
                r = drop_caps(jail);
        return r;
}

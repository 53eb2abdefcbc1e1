/* SPDX-License-Identifier: Apache-2.0 */

/* clang-format off */
/*
 * Theory of operation
 *
 * A start is this table, from the first row to the last. It is done by two processes:
 *
 *   OUTSIDE  the process that was started. It stays in the host's namespaces the whole time, decides,
 *            records, logs, and is the only one that talks to systemd. `clone` makes
 *   INSIDE   the process that becomes the VMM. From `group` on it changes only itself. It reports a failure through
 *            the channel, because after `root` neither the journal nor systemd can be reached by name any more.
 *
 * Why this order:
 *
 *   paths    Everything that comes from a path is opened, verified and held before anything is made, so that
 *            a bad configuration leaves no trace.
 *   state    Then the record of what will be made, then the things: a kill at any moment leaves nothing that
 *            is not written down.
 *   uid      Before anything that is born with the VM's gid. Nothing is ever chowned.
 *   tree     As much of the jail's directory as `copy` needs.
 *   clone    As early as INSIDE can be of use. It is born into a PID namespace.
 *   copy     What takes long and INSIDE does not need yet: the VMM's text.
 *   netns    And the IPC, UTS and cgroup namespaces. Before `tap`, because /dev/net/tun belongs to the network namespace
 *            it is opened in. Not with the clone, because OUTSIDE would wait for it.
 *   tap      While the process may still do it. The TAP is persistent only when it has its owner.
 *   files    The rest of that directory, the last thing that is made on the host's file systems; undone by `tree`. While
 *            INSIDE is in the host's mount namespace and group.
 *   group    From here on everything that is made belongs to root and the VM's group.
 *   label    While /proc can still be reached. It takes effect at the exec.
 *   mounts   An own mount table with the jail's root in it …
 *   nodes    … its device nodes, on a tmpfs so that they are on no disk …
 *   root     … which becomes the root, and is all that is left of the host.
 *   drop     All privileges, in the order in which each can still be dropped.
 *   audit    Reads everything back, before the filter: with the filter on, a setuid(0) fails even for a
 *            process that is all-powerful, and would prove nothing.
 *   seccomp  After the audit, and has an audit of its own.
 *   exec     Only if OUTSIDE is still there, and says that all is in place.
 *   launch   OUTSIDE learns what became of INSIDE,
 *   ready    and waits until the VMM does what its users wait for.
 */
/* clang-format on */

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "log.h"
#include "messages.h"
#include "step.h"
#include "systemd.h"
#include "time-util.h"

const Step steps[] = {
        { "paths", STEP_OUTSIDE, step_paths, NULL, EX_NOINPUT, MESSAGE_PATHS,
          "open and verify the chroot base, the VMM, its configuration and the network namespace" },
        { "state", STEP_OUTSIDE, step_state, NULL, EX_TEMPFAIL, MESSAGE_STATE,
          "take the VM's id, clean up a dead earlier life, record what will be made" },
        { "uid", STEP_OUTSIDE, step_uid, undo_uid, EX_TEMPFAIL, MESSAGE_UID, "take the VM's uid" },
        { "tree", STEP_OUTSIDE, step_tree, undo_tree, EX_CANTCREAT, MESSAGE_TREE,
          "make the jail directory, with a place for the VMM" },
        { "clone", STEP_OUTSIDE, step_clone, NULL, EX_OSERR, MESSAGE_CLONE,
          "make the process that becomes the VMM" },
        { "copy", STEP_OUTSIDE, step_copy, NULL, EX_CANTCREAT, MESSAGE_COPY,
          "fill in the VMM meanwhile, and let that process go on" },
        { "netns", STEP_INSIDE, step_netns, NULL, EX_OSERR, MESSAGE_NETNS,
          "make or enter the network namespace, make the others" },
        { "tap", STEP_INSIDE, step_tap, undo_tap, EX_OSERR, MESSAGE_TAP, "make the TAP devices in it" },
        { "files", STEP_INSIDE, step_files, NULL, EX_CANTCREAT, MESSAGE_FILES,
          "make what else is in the jail directory, copy the VMM's configuration" },
        { "group", STEP_INSIDE, step_group, NULL, EX_OSERR, MESSAGE_GROUP,
          "take the VM's group, and no other" },
        { "label", STEP_INSIDE, step_label, NULL, EX_OSERR, MESSAGE_LABEL,
          "say to AppArmor or SELinux what the VMM will run as" },
        { "mounts", STEP_INSIDE, step_mounts, NULL, EX_OSERR, MESSAGE_MOUNTS,
          "make a mount namespace with the jail's root in it" },
        { "nodes", STEP_INSIDE, step_nodes, NULL, EX_OSERR, MESSAGE_NODES, "make the device nodes" },
        { "root", STEP_INSIDE, step_root, NULL, EX_OSERR, MESSAGE_ROOT,
          "make it the root directory and leave the host's file systems" },
        { "drop", STEP_INSIDE, step_drop, NULL, EX_OSERR, MESSAGE_DROP, "drop all privileges" },
        { "audit", STEP_INSIDE, step_audit, NULL, EX_OSERR, MESSAGE_AUDIT, "read the whole end state back" },
        { "seccomp", STEP_INSIDE, step_seccomp, NULL, EX_OSERR, MESSAGE_SECCOMP,
          "install the system call filter, and try it" },
        { "exec", STEP_INSIDE, step_exec, NULL, EX_OSERR, MESSAGE_EXEC, "execute the VMM" },
        { "launch", STEP_AFTER, step_launch, NULL, EX_OSERR, MESSAGE_LAUNCH, "see the VMM executed" },
        { "ready", STEP_AFTER, step_ready, NULL, EX_UNAVAILABLE, MESSAGE_READY, "see the VMM ready" },
};
const size_t n_steps = ELEMENTSOF(steps);
_Static_assert(ELEMENTSOF(steps) <= STEPS_MAX, "STEPS_MAX");

int step_index(int (*run)(Jail *jail))
{
        size_t i = 0;

        while (i < n_steps - 1 && steps[i].run != run)
                i++;
        return (int) i;
}

int steps_run(Jail *jail, StepSide side)
{
        int r;

        for (size_t i = 0; i < n_steps; i++) {
                if (steps[i].side != side)
                        continue;
                /* Of what waits for others. Of the steps before, PID 1 would show it on a CPU that INSIDE could have. */
                if (side == STEP_AFTER)
                        systemd_notify_status(jail->notify_fd, "Starting: %s", steps[i].name);
                uint64_t begin = now_usec();
                r = steps[i].run(jail);
                jail->step_usec[i] = (uint32_t) (now_usec() - begin);
                if (r < 0) {
                        /* A failure that INSIDE reported names the step it came from. */
                        if (jail->failure.step < 0)
                                jail->failure.step = (int) i;
                        return r;
                }
        }

        return 0;
}

void steps_take_times(Jail *jail, const uint32_t *usec)
{
        for (size_t i = 0; i < n_steps; i++)
                if (steps[i].side == STEP_INSIDE)
                        jail->step_usec[i] = usec[i];
}

int steps_undo(const StateRoot *root, const State *state)
{
        Undo undo = { .root = root, .state = state };
        int first = 0, r;

        for (size_t i = n_steps; i-- > 0;) {
                if (!steps[i].undo)
                        continue;
                r = steps[i].undo(&undo);
                if (r < 0) {
                        log_entry(LOG_ERR, MESSAGE_CLEANUP_FAILED, r,
                                  &(LogField){ "FCJAIL_STEP", steps[i].name }, 1,
                                  "Failed to undo step %s of '%s': %s", steps[i].name, state->id,
                                  strerror(-r));
                        first = first < 0 ? first : r;
                }
        }

        if (undo.kept)
                log_entry(LOG_NOTICE, MESSAGE_KEPT, 0, &(LogField){ "FCJAIL_OBJECT", undo.kept }, 1,
                          "Kept what others put into the jail directory of '%s': %s", state->id, undo.kept);
        free(undo.kept);
        return first;
}

int failure_log(const Plan *plan, const Failure *f)
{
        const Step *step = &steps[f->step];
        const LogField fields[] = {
                { "FCJAIL_STEP", step->name },
                { "FCJAIL_OBJECT", f->object },
        };

        log_entry(LOG_ERR, step->message_id, f->error, fields, ELEMENTSOF(fields),
                  "Failed at step %s of '%s': %s: %s", step->name, plan->id, f->object,
                  f->reason[0] ? f->reason : strerror(-f->error));

        return f->exit_status != 0 ? f->exit_status : step->exit_status;
}

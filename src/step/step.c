/* SPDX-License-Identifier: Apache-2.0 */

/* clang-format off */
/*
 * Theory of operation
 *
 * A start is the table below. Two processes go through it, each through its own rows in their order:
 *
 *   OUTSIDE  the process that was started. It stays in the host's namespaces the whole time, decides,
 *            records, logs, and is the only one that talks to systemd.
 *   INSIDE   the process that becomes the VMM. From `group` on it changes only itself. It reports a failure through
 *            the channel, because after `root` neither the journal nor systemd can be reached by name any more.
 *
 *            OUTSIDE                            INSIDE
 *            paths
 *            state
 *            uid
 *            images
 *            loop
 *            tree
 *            clone ───────────────────────────▶ cgroup
 *            sock                               netns
 *            pidfile                            uplink
 *            copy                               tap
 *              │                                files
 *              │  ◀── a failure ends the copy   group … seccomp
 *              └──────── copy is done ────────▶ exec
 *            launch ◀── "the next is the exec" ─┘ the VMM
 *            ready  ◀───── it answers ──────────  │
 *
 * A row of INSIDE can wait for one of OUTSIDE (`after`). Why this order:
 *
 *   paths    Everything that comes from a path is opened, verified and held before anything is made, so that
 *            a bad configuration leaves no trace.
 *   state    Then the record of what will be made, then the things: a kill at any moment leaves nothing that
 *            is not written down.
 *   uid      Before anything that is born with the VM's gid. Nothing is ever chowned.
 *   images   Before anything is made for a VM that would write what another one writes. After `paths` has walked to the
 *            sources: only then does it help to know that no other VM can change the way.
 *   loop     Before the clone: INSIDE makes the nodes, and OUTSIDE, which cleans up by hand, knows the numbers.
 *   tree     As much of the jail's directory as `copy` needs.
 *   clone    As early as INSIDE can be of use. It is born into a PID namespace. Which of the two becomes the VMM is
 *            decided there and nowhere else.
 *   sock     While INSIDE makes what the link leads to. Nobody looks before the VM is ready.
 *   pidfile  Before `copy`, which INSIDE waits for: a VMM that runs has one.
 *   copy     What takes long and INSIDE does not need yet: the VMM's text.
 *   cgroup   Before there is a cgroup namespace, whose root it becomes.
 *   netns    And the IPC, UTS and cgroup namespaces. Before `tap`, because /dev/net/tun belongs to the network namespace
 *            it is opened in. Not with the clone, because OUTSIDE would wait for it.
 *   uplink   As soon as there is a namespace for its end; before `tap`, which may connect a TAP to it.
 *   tap      While the process may still do it. The TAP is persistent only when it has its owner.
 *   files    The rest of that directory, the last thing that is made on the host's file systems; undone by `tree`. While
 *            INSIDE is in the host's mount namespace and group.
 *   group    From here on everything that is made belongs to root and the VM's group.
 *   label    While /proc can still be reached. It takes effect at the exec.
 *   mounts   A mount table with nothing but the jail in it. In the cage no path of the host can be opened any more …
 *   nodes    … its device nodes, on a tmpfs so that they are on no disk …
 *   root     … which becomes the root, and is all that is left of the host.
 *   limits   While they can still be raised, and when nothing is left to be written.
 *   drop     All privileges, in the order in which each can still be dropped.
 *   audit    Reads everything back, before the filter: with the filter on, a setuid(0) fails even for a
 *            process that is all-powerful, and would prove nothing.
 *   seccomp  After the audit, and has an audit of its own.
 *   exec     Only if the VMM is whole, and OUTSIDE is still there.
 *   launch   OUTSIDE learns what became of INSIDE,
 *   ready    and waits until the VMM does what its users wait for.
 */
/* clang-format on */

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "channel.h"
#include "jailer-words.h"
#include "log.h"
#include "messages.h"
#include "step.h"
#include "time-util.h"

const Step steps[] = {
        { "paths", SIDE_OUTSIDE, step_paths, NULL, EX_NOINPUT, MESSAGE_PATHS,
          "open and verify the chroot base, the VMM, its configuration and the network namespace" },
        { "state", SIDE_OUTSIDE, step_state, NULL, EX_TEMPFAIL, MESSAGE_STATE,
          "reserve the VM's id, clean up an earlier run, record what will be made" },
        { "uid", SIDE_OUTSIDE, step_uid, undo_uid, EX_TEMPFAIL, MESSAGE_UID, "reserve a uid for the VM" },
        { "images", SIDE_OUTSIDE, step_images, undo_images, EX_TEMPFAIL, MESSAGE_IMAGES,
          "make missing logs, reserve what the VM can write outside of its jail" },
        { "loop", SIDE_OUTSIDE, step_loop, undo_loop, EX_OSERR, MESSAGE_LOOP,
          "make loop devices for images that are bound with the option loop" },
        { "tree", SIDE_OUTSIDE, step_tree, undo_tree, EX_CANTCREAT, MESSAGE_TREE,
          "make the jail directory, with an empty file for the VMM" },
        { "clone", SIDE_OUTSIDE, step_clone, NULL, EX_OSERR, MESSAGE_CLONE,
          "make the process that becomes the VMM" },
        { "sock", SIDE_OUTSIDE, step_sock, undo_sock, EX_CANTCREAT, MESSAGE_SOCK,
          "make the link /run/fcjail/sock/ID to the VM's run/" },
        { "pidfile", SIDE_OUTSIDE, step_pidfile, NULL, EX_CANTCREAT, MESSAGE_PIDFILE,
          "in the place of the jailer: write the VMM's process id into the jail" },
        { "copy", SIDE_OUTSIDE, step_copy, NULL, EX_CANTCREAT, MESSAGE_COPY,
          "copy the VMM into that file, then let the new process execute it" },
        { "cgroup", SIDE_INSIDE, step_cgroup, undo_cgroup, EX_OSERR, MESSAGE_CGROUP,
          "in the place of the jailer: make the VM's cgroup, enter it" },
        { "netns", SIDE_INSIDE, step_netns, NULL, EX_OSERR, MESSAGE_NETNS,
          "make or enter the network namespace, make the IPC, UTS and cgroup namespaces" },
        { "uplink", SIDE_INSIDE, step_uplink, undo_uplink, EX_OSERR, MESSAGE_UPLINK,
          "make the VM's eth0, connect it to the host" },
        { "tap", SIDE_INSIDE, step_tap, undo_tap, EX_OSERR, MESSAGE_TAP, "make the TAP devices" },
        { "files", SIDE_INSIDE, step_files, NULL, EX_CANTCREAT, MESSAGE_FILES,
          "make the rest of the jail directory, copy the VMM's configuration" },
        { "group", SIDE_INSIDE, step_group, NULL, EX_OSERR, MESSAGE_GROUP,
          "change to the VM's group, drop all other groups" },
        { "label", SIDE_INSIDE, step_label, NULL, EX_OSERR, MESSAGE_LABEL,
          "set the AppArmor or SELinux label of the VMM" },
        { "mounts", SIDE_INSIDE, step_mounts, NULL, EX_OSERR, MESSAGE_MOUNTS,
          "make a mount namespace, in the cage if there is one; mount the jail in it" },
        { "nodes", SIDE_INSIDE, step_nodes, NULL, EX_OSERR, MESSAGE_NODES, "make the device nodes" },
        { "root", SIDE_INSIDE, step_root, NULL, EX_OSERR, MESSAGE_ROOT,
          "make the jail the root directory, detach the host's file systems" },
        { "limits", SIDE_INSIDE, step_limits, NULL, EX_OSERR, MESSAGE_LIMITS,
          "in the place of the jailer: set resource limits" },
        { "drop", SIDE_INSIDE, step_drop, NULL, EX_OSERR, MESSAGE_DROP, "drop all privileges" },
        { "audit", SIDE_INSIDE, step_audit, NULL, EX_OSERR, MESSAGE_AUDIT,
          "read the state of the process and of the jail back, compare it with the plan" },
        { "seccomp", SIDE_INSIDE, step_seccomp, NULL, EX_OSERR, MESSAGE_SECCOMP,
          "install the system call filter, and test it" },
        { "exec", SIDE_INSIDE, step_exec, NULL, EX_OSERR, MESSAGE_EXEC, "execute the VMM",
          .after = step_copy },
        { "launch", SIDE_OUTSIDE, step_launch, NULL, EX_OSERR, MESSAGE_LAUNCH,
          "wait until the VMM is executed" },
        { "ready", SIDE_OUTSIDE, step_ready, NULL, EX_UNAVAILABLE, MESSAGE_READY,
          "wait until the VMM is ready" },
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

static bool is_awaited(const Step *step)
{
        FOREACH_ARRAY (s, steps, n_steps)
                if (s->after == step->run)
                        return true;
        return false;
}

/* OUTSIDE sends nothing else before. If it has ended, nobody would look after the VMM. */
static int wait_for_outside(Jail *jail, const Step *step)
{
        Tell m;
        int r = channel_hear(jail, &m);

        if (r < 0)
                return step_fail(jail, r, "channel");
        if (r == 0 || m.kind != TELL_DONE || m.step != step_index(step->after))
                return step_fail(jail, -ECANCELED, "the starting process");
        return 0;
}

static int run_step(Jail *jail, const Step *step)
{
        int r = 0;

        if (step->after)
                r = wait_for_outside(jail, step);
        if (r >= 0)
                r = step->run(jail);
        if (r < 0 || !is_awaited(step))
                return r;

        /* If INSIDE is gone, `launch` hears why. */
        r = channel_tell(jail, TELL_DONE, step_index(step->run));
        return r < 0 && r != -EPIPE ? step_fail(jail, r, "channel") : 0;
}

int steps_run(Jail *jail, StepSide side)
{
        int r;

        for (size_t i = 0; i < n_steps; i++) {
                if (steps[i].side != side)
                        continue;
                uint64_t begin = now_usec();
                r = run_step(jail, &steps[i]);
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
                if (steps[i].side == SIDE_INSIDE)
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

        /* In the place of the jailer it is what the caller expects. */
        if (undo.kept && !state->vm_owns_root)
                log_entry(LOG_NOTICE, MESSAGE_KEPT, 0, &(LogField){ "FCJAIL_OBJECT", undo.kept }, 1,
                          "Kept what others put into the jail directory of '%s': %s", state->id, undo.kept);
        free(undo.kept);
        return first;
}

int failure_log(const Plan *plan, const Failure *f)
{
        const Step *step = &steps[f->step];
        const bool by_jailer = plan->starter_leaves; /* nobody else does */
        _cleanup_free_ char *object = by_jailer ? jailer_words(f->object) : NULL,
                            *text = by_jailer ? jailer_words(failure_text(f)) : NULL;
        const LogField fields[] = {
                { "FCJAIL_STEP", step->name },
                { "FCJAIL_OBJECT", object ? object : f->object },
        };

        log_entry(LOG_ERR, step->message_id, f->error, fields, ELEMENTSOF(fields),
                  "Failed at step %s of '%s': %s: %s", step->name, plan->id, object ? object : f->object,
                  text ? text : failure_text(f));

        return f->exit_status != 0 ? f->exit_status : step->exit_status;
}

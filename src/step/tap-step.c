/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Step `tap`: the VM's TAP devices, made inside its network namespace, owned by its uid and gid. net/tap.c
 * has the order in which a TAP is made, and why.
 *
 * Should:  read each back from the kernel before going on.
 * Mustn't: take over a TAP that is there already: it may be somebody else's.
 */

#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "fd-util.h"
#include "host.h"
#include "inside.h"
#include "log.h"
#include "step.h"
#include "tap.h"

static const char *netns_text(const Plan *p)
{
        switch (p->netns) {
        case NETNS_PATH:
                return p->netns_path;
        case NETNS_HOST:
                return "the host's";
        case NETNS_INHERIT:
                return "the unit's";
        default:
                return "its own";
        }
}

/* The VM that a device is marked as made for. */
static bool find_vm_of(const char *name, char ret_id[ID_LEN_MAX + 1])
{
        char mark[TAP_ALIAS_MAX];

        return tap_read_alias(name, mark) >= 0 && state_id_of_mark(mark, ret_id);
}

static int fail(Jail *jail, const TapConfig *tap, int r, const char *what)
{
        char object[512], id[ID_LEN_MAX + 1];

        (void) snprintf(object, sizeof(object), "%.15s in netns '%.400s'", tap->name,
                        netns_text(jail->plan));
        if (what)
                return step_fail_because(jail, r, EX_OSERR, object, "its %s is not what was asked for",
                                         what);
        if ((r == -EBUSY || r == -EEXIST) && find_vm_of(tap->name, id))
                return step_fail_because(jail, r, EX_TEMPFAIL, object,
                                         "the VM '%s' has this device; FCJAIL_TAP= names another, or, if "
                                         "that VM has ended, `fcjail cleanup %s` removes it",
                                         id, id);
        if (r == -EBUSY || r == -EEXIST)
                return step_fail_because(
                        jail, r, EX_TEMPFAIL, object,
                        "there is a device of this name, which fcjail did not make; `ip link del %s` "
                        "there removes it, FCJAIL_TAP= names another",
                        tap->name);
        return step_fail(jail, r, "%s", object);
}

int step_tap(Jail *jail)
{
        char mark[STATE_MARK_MAX];
        int r;

        FOREACH_ARRAY (tap, jail->plan->taps, jail->plan->n_taps) {
                const TapSpec spec = {
                        .name = tap->name,
                        .owner = jail->uid,
                        .group = jail->gid,
                        .mtu = tap->mtu,
                        .mac = tap->has_mac ? &tap->mac : NULL,
                        .addresses = tap->addresses,
                        .n_addresses = tap->n_addresses,
                        .alias = state_mark(&jail->state, mark),
                };
                const char *what = NULL;

                r = tap_create(&spec);
                if (r >= 0)
                        r = tap_verify(&spec, &what);
                if (r < 0)
                        return fail(jail, tap, r, what);
        }

        return 0;
}

static int remove_all(const State *s)
{
        char mark[STATE_MARK_MAX];
        int r, first = 0;

        for (size_t i = 0; i < s->taps.n; i++) {
                r = tap_remove(s->taps.names[i], state_mark(s, mark));
                if (r < 0 && first == 0)
                        first = r;
        }

        return first;
}

/* Read back: in any other namespace there is nothing of ours, and all would seem to be removed. */
static int enter(int netns_fd)
{
        ino_t now[_NAMESPACE_MAX];
        struct stat st;
        int r;

        if (setns(netns_fd, CLONE_NEWNET) < 0 || fstat(netns_fd, &st) < 0)
                return -errno;
        r = namespaces_read(CLONE_NEWNET, now);
        if (r < 0)
                return r;
        return st.st_ino == now[NAMESPACE_NET] ? 0 : -EBADE;
}

/* In a child, because whoever cleans up stays in the namespace it is in. */
static int remove_all_in(int netns_fd, const State *s)
{
        int status;

        pid_t pid = fork();
        if (pid < 0)
                return -errno;
        if (pid == 0) {
                int r = enter(netns_fd);
                if (r >= 0)
                        r = remove_all(s);
                _exit(r < 0 ? -r : 0);
        }

        while (waitpid(pid, &status, 0) < 0)
                if (errno != EINTR)
                        return -errno;
        if (!WIFEXITED(status))
                return -EIO;
        return -WEXITSTATUS(status);
}

/* Where the start ran, as ExecStopPost= does. From anywhere else that namespace cannot be reached, if it still exists. */
static int remove_all_here(const State *s)
{
        char name[NETNS_NAME_MAX];
        int r;

        r = netns_name(name);
        if (r < 0)
                return r;
        if (strcmp(name, s->netns) == 0)
                return remove_all(s);

        for (size_t i = 0; i < s->taps.n; i++)
                log_warning("Kept %s of '%s' in %s, another network namespace than this one; if that still "
                            "exists, "
                            "`ip link del %s` there removes it",
                            s->taps.names[i], s->id, s->netns, s->taps.names[i]);
        return 0;
}

int undo_tap(Undo *undo)
{
        const State *s = undo->state;

        if (!s->netns || s->taps.n == 0)
                return 0;
        if (s->netns[0] != '/')
                return remove_all_here(s);

        _cleanup_close_ int fd = netns_open(s->netns);
        /* With the namespace the devices in it are gone, whatever is at its path now. */
        if (fd == -ENOENT || fd == -ENOTTY || fd == -ENXIO)
                return 0;
        return fd < 0 ? fd : remove_all_in(fd, s);
}

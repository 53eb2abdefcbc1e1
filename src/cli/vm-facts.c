/* SPDX-License-Identifier: Apache-2.0 */

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "api.h"
#include "common.h"
#include "fd-util.h"
#include "vm-facts.h"

#define SOCK_DIR "/run/fcjail/sock"

static const char *const state_names[_VM_STATE_MAX] = {
        [VM_STARTING] = "starting", [VM_RUNNING] = "running",       [VM_PAUSED] = "paused",
        [VM_STOPPING] = "stopping", [VM_FAILED] = "failed",         [VM_LEFTOVER] = "leftover",
        [VM_UNKNOWN] = "unknown",   [VM_UNREADABLE] = "unreadable",
};

const char *vm_state_to_string(VmState s)
{
        return s >= 0 && s < _VM_STATE_MAX ? state_names[s] : "invalid";
}

static bool unit_is(const VmEvidence *e, const char *active)
{
        return e->unit && strcmp(e->unit, active) == 0;
}

static VmState state_without_record(const VmEvidence *e)
{
        static const struct {
                const char *unit;
                VmState state;
        } states[] = {
                { "failed", VM_FAILED },
                { "activating", VM_STARTING },
                { "active", VM_RUNNING },
                { "deactivating", VM_STOPPING },
        };

        FOREACH_ARRAY (s, states, ELEMENTSOF(states))
                if (unit_is(e, s->unit))
                        return s->state;
        return _VM_STATE_INVALID;
}

/* A start has the lock until the VM is ready, and one by hand until the VMM has ended. */
static VmState state_of_living(const VmEvidence *e)
{
        if (!e->supervised)
                return e->locked && !e->is_jailed ? VM_STARTING : VM_RUNNING;
        if (unit_is(e, "deactivating"))
                return VM_STOPPING;
        if (unit_is(e, "active"))
                return VM_RUNNING;
        return e->locked || unit_is(e, "activating") ? VM_STARTING : VM_RUNNING;
}

VmState vm_state(const VmEvidence *e)
{
        if (e->record == -ENOENT)
                return state_without_record(e);
        if (e->record < 0 && e->record != -ENODATA)
                return VM_UNREADABLE;
        if (e->was_cloned && e->alive < 0)
                return VM_UNKNOWN;
        if (e->was_cloned && e->alive > 0)
                return state_of_living(e);
        if (e->locked)
                return e->was_cloned ? VM_STOPPING : VM_STARTING;
        return e->supervised && unit_is(e, "deactivating") ? VM_STOPPING : VM_LEFTOVER;
}

void vm_facts_done(VmFacts *v)
{
        state_done(&v->record);
        free(v->api);
        free(v->netns);
}

static int find_netns(VmEyes *eyes, VmFacts *v)
{
        char name[64];

        if (v->record.netns)
                v->netns = strdup(v->record.netns);
        else if (v->pid > 0 && vm_proc_netns(eyes, v->pid, name, sizeof(name)) >= 0)
                v->netns = strdup(name);
        else
                return 0;
        return v->netns ? 0 : -ENOMEM;
}

static int find_api(VmFacts *v)
{
        const State *s = &v->record;

        if (v->pid == 0 || !s->api || !s->sock)
                return 0;
        return ASPRINTF(&v->api, SOCK_DIR "/%s/%s", s->sock, api_name(s->api)) < 0 ? -ENOMEM : 0;
}

static void look_at_process(VmEyes *eyes, VmFacts *v, VmEvidence *e)
{
        const State *s = &v->record;

        e->alive = vm_proc_alive(eyes, &s->vmm);
        if (e->alive <= 0)
                return;
        v->pid = s->vmm.pid;
        v->since_usec = eyes->boot_usec + s->vmm.start * 1000000 / (uint64_t) sysconf(_SC_CLK_TCK);
        e->is_jailed = !e->supervised && e->locked && vm_proc_has_uid(eyes, v->pid, s->uid);
        vm_proc_usage(eyes, s, &v->usage);
}

int vm_facts_look(const StateRoot *root, VmEyes *eyes, VmFacts *v)
{
        VmEvidence *e = &v->evidence;
        StateGlance glance = {};
        int r;

        v->record = STATE_NULL;
        e->record = root->vm_fd >= 0 ? state_glance(root, v->id, &v->record, &glance) : -ENOENT;
        if (e->record == -ENOMEM)
                return -ENOMEM;
        if (e->record >= 0 && (!v->record.id || strcmp(v->record.id, v->id) != 0)) {
                state_done(&v->record);
                e->record = -EBADMSG;
        }
        v->since_usec =
                (uint64_t) glance.written.tv_sec * 1000000 + (uint64_t) glance.written.tv_nsec / 1000;
        e->locked = glance.locked;
        e->supervised = v->record.supervised;
        e->was_cloned = v->record.vmm.pid > 0;
        if (e->was_cloned)
                look_at_process(eyes, v, e);
        r = find_netns(eyes, v);
        return r < 0 ? r : find_api(v);
}

void vm_facts_settle(VmFacts *v)
{
        const VmEvidence *e = &v->evidence;

        v->state = vm_state(e);
        v->error = v->state == VM_UNREADABLE ? e->record : v->state == VM_UNKNOWN ? e->alive : 0;
}

void vm_facts_ask(VmFacts *v, uint64_t deadline_usec)
{
        _cleanup_api_reply_ ApiReply reply = {};
        const State *s = &v->record;

        if (v->state != VM_RUNNING || v->pid == 0 || !s->api)
                return;
        _cleanup_close_ int run_fd = open_run_dir(s);
        if (run_fd < 0)
                return;
        _cleanup_close_ int fd = api_connect(run_fd, api_name(s->api), s->uid, s->gid);
        if (fd >= 0 && api_request(fd, "GET", "/", NULL, deadline_usec, /* pid_fd= */ -EBADF, &reply) >= 0 &&
            api_says_paused(&reply) > 0)
                v->state = VM_PAUSED;
}

/* SPDX-License-Identifier: Apache-2.0 */

/*
 * In the place of Firecracker's jailer: whoever calls it finds the same directories, the same process and the same
 * arguments. What is stricter is in fcjail-jailer(1), with the reasons.
 */

#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "plan-jailer.h"

void plan_jailer_done(Plan *p)
{
        free(p->pid_file);
        free(p->api_socket);
        free(p->cgroup.parent);
        FOREACH_ARRAY (a, p->cgroup.attributes, p->cgroup.n_attributes) {
                free(a->file);
                free(a->value);
        }
}

/* Where the VMM will make its API's socket, as its own arguments say; NULL: nowhere. */
static const char *find_api_socket(const Plan *p)
{
        const char *socket = DEFAULT_API;

        for (char **a = p->vmm_args; a && *a; a++) {
                if (strcmp(*a, "--no-api") == 0)
                        return NULL;
                if (strcmp(*a, "--api-sock") == 0 && a[1])
                        socket = *++a;
        }
        return socket;
}

/* `fcjail stop` and `fcjail api` only look in run/. */
static int plan_api(const HostFacts *facts, Plan *p)
{
        const char *socket = find_api_socket(p);
        char path[PATH_MAX];

        if (!socket)
                return 0;
        (void) snprintf(path, sizeof(path), "%s%s", socket[0] == '/' ? "" : "/", socket);
        if (!path_valid(path))
                return 0;
        p->api_socket = strdup(path + 1);
        if (!p->api_socket)
                return -ENOMEM;

        const char *name = path + strlen("/" JAIL_RUN "/");
        if (strncmp(path, "/" JAIL_RUN "/", strlen("/" JAIL_RUN "/")) != 0 || !filename_valid(name))
                return 0;
        p->stop_seconds = facts->ctrl_alt_del ? DEFAULT_STOP : 0;
        p->api = strdup(path);
        return p->api ? 0 : -ENOMEM;
}

static int plan_cgroup(const JailerConfig *j, Plan *p)
{
        CgroupPlan *cgroup = &p->cgroup;

        /* Without --cgroup the jailer moves the VM only where version 2 is asked for. */
        if (j->n_cgroups == 0 && j->cgroup_version == 1)
                return 0;
        cgroup->version = j->cgroup_version;
        cgroup->parent = strdup(j->parent_cgroup ? j->parent_cgroup : p->vmm_name);
        if (!cgroup->parent)
                return -ENOMEM;
        FOREACH_ARRAY (from, j->cgroups, j->n_cgroups) {
                CgroupAttribute *a = &cgroup->attributes[cgroup->n_attributes++];

                *a = (CgroupAttribute){ strdup(from->file), strdup(from->value) };
                if (!a->file || !a->value)
                        return -ENOMEM;
        }
        return 0;
}

static void add_limit(Plan *p, int resource, const char *name, uint64_t value)
{
        assert(p->n_limits < ELEMENTSOF(p->limits));
        p->limits[p->n_limits++] = (LimitPlan){ resource, name, value };
}

HostFacts plan_jailer_facts(const Config *c, const HostFacts *facts)
{
        HostFacts f = *facts;

        f.supervised = false;
        if (!c->api_group) /* nobody has asked for one */
                f.api_gid = GID_INVALID;
        return f;
}

static int check_name(const Plan *p, Diagnostics *d)
{
        static const char *const taken[] = { JAIL_DEV, JAIL_RUN, JAIL_SYS };

        FOREACH_ARRAY (name, taken, ELEMENTSOF(taken))
                if (strcmp(p->vmm_name, *name) == 0)
                        return diagnostics_add(
                                d, DIAGNOSTIC_CONFLICT, NULL, NULL,
                                "--exec-file: '%s' has a name that something else has in the jail; rename it",
                                p->vmm);
        return 0;
}

static int refuse_root(Diagnostics *d, const char *what, const char *remedy)
{
        return diagnostics_add(d, DIAGNOSTIC_CONFLICT, NULL, NULL, "%s; %s", what, remedy);
}

/* See D88 in docs/decisions.md: without a capability uid 0 still is who owns the host's processes and listens on its abstract
 * sockets. */
static int plan_root(const Config *c, Diagnostics *d, Plan *p)
{
        char what[96];

        p->vm_is_root = p->uid == 0 || p->gid == 0;
        if (!p->vm_is_root)
                return 0;
        if (c->jailer_root != TRISTATE_YES) {
                (void) snprintf(what, sizeof(what), "--%cid is 0, but fcjail runs no VMM as root",
                                p->uid == 0 ? 'u' : 'g');
                return refuse_root(
                        d, what,
                        "give each VM an id of its own, or set FCJAIL_JAILER_ROOT=yes in jailer.env");
        }
        if (!plan_filter_is_ours(p))
                return refuse_root(d, "A VM with uid or gid 0 needs fcjail's own system call filter",
                                   "remove FCJAIL_SECCOMP=");
        if (c->vmm_text == VMM_TEXT_SHARED)
                return refuse_root(
                        d, "A VM with uid or gid 0 needs a copy of the VMM, as it would own the host's",
                        "remove FCJAIL_VMM_TEXT=shared");
        if (p->netns != NETNS_PATH)
                return refuse_root(d, "A VM with uid or gid 0 needs a network namespace of its own",
                                   "give --netns");
        if (!c->jailer.new_pid_ns && !c->jailer.daemonize)
                return refuse_root(d, "A VM with uid or gid 0 needs a PID namespace of its own",
                                   "give --new-pid-ns or --daemonize");
        return 0;
}

/* Not by default where root/ is the VM's: next to the VMs' directories callers would find the pool. */
static int plan_text(const Config *c, Diagnostics *d, Plan *p)
{
        if (c->vmm_text == VMM_TEXT_RECYCLED && p->vm_is_root)
                return refuse_root(d, "A VM with uid or gid 0 needs a copy of the VMM that no other VM had",
                                   "remove FCJAIL_VMM_TEXT=recycled");
        if (c->vmm_text == VMM_TEXT_UNSET)
                p->vmm_text = p->vm_owns_root || p->vm_is_root ? VMM_TEXT_PRIVATE : VMM_TEXT_RECYCLED;
        return 0;
}

/* What takes a root/ of root's, as `fcjail run` has it: then only run/ is the VM's to write. */
static int plan_read_only(const Config *c, Diagnostics *d, const Plan *p)
{
        if (p->vm_owns_root)
                return !c->api_group
                               ? 0
                               : config_conflict(
                                         c, d, "FCJAIL_API_GROUP",
                                         " needs a run/ that is not the VM's; also set FCJAIL_JAILER_READ_ONLY=yes");
        if (!p->api_socket || p->api)
                return 0;
        return diagnostics_add(
                d, DIAGNOSTIC_CONFLICT, NULL, NULL,
                "--api-sock: the VMM cannot make '/%s', because FCJAIL_JAILER_READ_ONLY=yes leaves it only /run; give it as /run/NAME",
                p->api_socket);
}

int plan_jailer(const Config *c, const HostFacts *facts, Diagnostics *d, Plan *p)
{
        const JailerConfig *j = &c->jailer;
        int r;

        if (!p->vmm_name) /* there was no memory for more */
                return -ENOMEM;
        p->vm_owns_root = c->jailer_read_only != TRISTATE_YES;
        r = check_name(p, d);
        if (r >= 0)
                r = plan_root(c, d, p);
        if (r >= 0)
                r = plan_text(c, d, p);
        if (r >= 0)
                r = plan_api(facts, p);
        if (r >= 0)
                r = plan_read_only(c, d, p);
        if (r < 0)
                return r;
        p->starter_stays = false;
        p->starter_leaves = true;
        p->watched = c->jailer_cleanup == TRISTATE_YES;
        p->starter_becomes_vmm = !j->daemonize && !j->new_pid_ns;
        p->own_session =
                !p->starter_becomes_vmm; /* a process may be the leader of its group, which it cannot leave */
        p->stdio_is_null = j->daemonize;
        p->takes_mounts = c->jailer_mounts != JAILER_MOUNTS_NO;
        p->mounts_live = c->jailer_mounts == JAILER_MOUNTS_LIVE;
        p->tree_marked =
                p->watched; /* else the caller removes what the jailer makes, and knows nothing else */
        p->args_as_given = true;
        if (!j->new_pid_ns && !p->vm_is_root)
                p->new_namespaces &= ~CLONE_NEWPID;

        if (j->has_fsize)
                add_limit(p, RLIMIT_FSIZE, "fsize", j->fsize);
        add_limit(p, RLIMIT_NOFILE, "no-file", j->no_file);
        if (ASPRINTF(&p->pid_file, "%s.pid", p->vmm_name) < 0)
                return -ENOMEM;
        return plan_cgroup(j, p);
}

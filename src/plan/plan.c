/* SPDX-License-Identifier: Apache-2.0 */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "plan-binds.h"
#include "plan-jail.h"
#include "plan-jailer.h"
#include "plan-net.h"
#include "plan-vmm-files.h"
#include "plan.h"

/* Of fcjail.env(5). The range lies outside of everything that systemd hands out (uids-gids.txt). */
static const UidRange default_range = { 1879048192, 1879113727 };

/* Shorter than the unit's TimeoutStartSec=, so that fcjail reports what is missing. */
#define READY_TIMEOUT_USEC (10U * 1000000U)

void plan_done(Plan *p)
{
        free(p->id);
        free(p->chroot_dir);
        free(p->vmm);
        free(p->vmm_name);
        strv_free(p->vmm_args);
        free(p->vmm_log);
        free(p->config);
        plan_binds_done(p);
        free(p->api);
        free(p->netns_path);
        free(p->seccomp_path);
        free(p->apparmor);
        free(p->selinux);
        plan_jailer_done(p);
        *p = (Plan){};
}

static int dup_or(const char *value, const char *fallback, char **ret)
{
        if (!value)
                value = fallback;
        if (!value)
                return 0;
        *ret = strdup(value);
        return *ret ? 0 : -ENOMEM;
}

/* The VM's group may do anything in its run/, the API's group may only use what is there. If both were the same group, its
 * members could add files there, and read the VM's configuration. */
static int check_group(const Config *c, const HostFacts *facts, Diagnostics *d, const Plan *p)
{
        const gid_t api = facts->api_gid;

        if (api == GID_INVALID)
                return 0;
        if (p->gid == GID_INVALID && p->uid_later) /* systemd chooses none that a group has */
                return 0;
        if (p->gid == GID_INVALID) {
                if (api < p->uid_range.first || api > p->uid_range.last)
                        return 0;
                return config_conflict(
                        c, d, "FCJAIL_UID_RANGE",
                        " contains gid %u, the group that may use the API; set FCJAIL_GID= or a range without that number",
                        api);
        }
        if (p->gid != api)
                return 0;
        if (c->gid != GID_INVALID || c->uid == p->gid)
                return config_conflict(
                        c, d, c->gid != GID_INVALID ? "FCJAIL_GID" : "FCJAIL_UID",
                        " is gid %u, which is also the group that may use the API; set another FCJAIL_GID= or FCJAIL_API_GROUP=",
                        api);
        return diagnostics_add(
                d, DIAGNOSTIC_CONFLICT, NULL, NULL,
                "Group= of the unit is gid %u, which is also the group that may use the API; set FCJAIL_GID= or another FCJAIL_API_GROUP=",
                api);
}

/* The same id gets the same uid again if possible, which helps with files that the VM owns. */
static uid_t first_uid(const char *id, const UidRange *range)
{
        return range->first + id_hash(id) % (range->last - range->first + 1);
}

static int plan_identity(const Config *c, const HostFacts *facts, Diagnostics *d, Plan *p)
{
        int r;

        p->uid_range_by_default = c->uid_range.first == 0;
        p->uid_range = p->uid_range_by_default ? default_range : c->uid_range;
        p->uid_first = first_uid(p->id, &p->uid_range);
        p->uid = c->uid;
        p->gid = c->gid;
        p->uid_later = c->uid == UID_INVALID && facts->unit_uid_later;

        if (p->uid == UID_INVALID && facts->unit_uid != UID_INVALID) {
                p->uid = facts->unit_uid;
                if (!vm_id_valid(p->uid))
                        return diagnostics_add(
                                d, DIAGNOSTIC_CONFLICT, NULL, NULL,
                                "User= of the unit is uid %u, which no VM may have; set FCJAIL_UID= or another User=",
                                p->uid);
        }
        if (p->gid == GID_INVALID && facts->unit_gid != GID_INVALID) {
                p->gid = facts->unit_gid;
                if (!vm_id_valid(p->gid))
                        return diagnostics_add(
                                d, DIAGNOSTIC_CONFLICT, NULL, NULL,
                                "Group= of the unit is gid %u, which no VM may have; set FCJAIL_GID= or another Group=",
                                p->gid);
        }
        if (p->gid == GID_INVALID && p->uid != UID_INVALID)
                p->gid = p->uid;
        r = check_group(c, facts, d, p);
        if (r != 0)
                return r;

        /* metald ran all its VMs as 1000, so its settings can only mean that the uid is shared. */
        p->uid_shared_by_alias = c->shared_uid == TRISTATE_UNSET && config_set_by_alias(c, "FCJAIL_UID");
        p->uid_shared = c->shared_uid == TRISTATE_YES || p->uid_shared_by_alias;
        if (p->uid_shared && p->uid == UID_INVALID && !p->uid_later)
                return config_conflict(c, d, "FCJAIL_SHARED_UID",
                                       "yes needs a uid to share; also set FCJAIL_UID=");
        return 0;
}

int plan_program(const Config *c, Plan *p)
{
        int r;

        r = dup_or(c->chroot_dir, DEFAULT_CHROOT_DIR, &p->chroot_dir);
        if (r >= 0)
                r = dup_or(c->vmm, DEFAULT_VMM, &p->vmm);
        if (r >= 0)
                r = dup_or(c->jailer.on ? strrchr(c->vmm, '/') + 1 : NULL, DEFAULT_VMM_NAME, &p->vmm_name);
        p->vmm_text = c->vmm_text == VMM_TEXT_UNSET ? VMM_TEXT_RECYCLED : c->vmm_text;
        p->pool_texts = c->pool_texts > 0 ? c->pool_texts : DEFAULT_POOL_TEXTS;
        return r;
}

static int plan_vmm(const Config *c, const HostFacts *facts, Diagnostics *d, Plan *p)
{
        int r;

        r = plan_program(c, p);
        if (r >= 0)
                r = strv_copy(c->vmm_args, &p->vmm_args);
        if (r >= 0)
                r = dup_or(c->config, NULL, &p->config);
        if (r >= 0 && !c->api_off)
                r = dup_or(c->api, DEFAULT_API, &p->api);
        if (r < 0)
                return r;

        p->api_gid = facts->api_gid;
        p->api_group_required = c->api_group != NULL;
        p->keep = c->keep == TRISTATE_YES;
        p->tree_marked = true;

        p->ready_timeout_usec = READY_TIMEOUT_USEC;
        p->ready = c->ready;
        if (p->ready == READY_UNSET)
                p->ready = p->api ? READY_API : READY_EXEC;
        if (p->ready == READY_API && !p->api)
                return config_conflict(c, d, "FCJAIL_READY",
                                       "api needs an API, but FCJAIL_API=no is set; remove one of the two");
        if (!p->api && !p->config && !c->jailer.on)
                return config_conflict(c, d, "FCJAIL_API",
                                       "no leaves the VMM with nothing to do; also set FCJAIL_CONFIG=");
        return 0;
}

bool plan_filter_is_ours(const Plan *p)
{
        return p->seccomp == SECCOMP_DEFAULT || p->seccomp == SECCOMP_IO_URING;
}

bool plan_filter_forbids_io_uring(const Plan *p)
{
        return p->seccomp == SECCOMP_DEFAULT;
}

static int plan_confinement(const Config *c, Diagnostics *d, Plan *p)
{
        int r;

        p->seccomp = c->seccomp != SECCOMP_UNSET ? c->seccomp : SECCOMP_DEFAULT;
        r = dup_or(c->seccomp_path, NULL, &p->seccomp_path);
        if (r >= 0)
                r = dup_or(c->apparmor, NULL, &p->apparmor);
        if (r >= 0)
                r = dup_or(c->selinux, NULL, &p->selinux);
        if (r < 0)
                return r;

        p->keyring_required = !p->unit_cleans_up && !plan_filter_is_ours(p);
        if (p->apparmor && p->selinux)
                return config_conflict(
                        c, d, "FCJAIL_SELINUX",
                        " and FCJAIL_APPARMOR= are both set, but a host has only one of the two modules; remove one");
        return 0;
}

static int plan_stop(const Config *c, const HostFacts *facts, Diagnostics *d, Plan *p)
{
        StopKind kind = c->stop;

        if (kind == STOP_UNSET)
                kind = facts->ctrl_alt_del && p->api ? STOP_CTRL_ALT_DEL : STOP_KILL;
        if (kind == STOP_CTRL_ALT_DEL && !p->api)
                return config_conflict(
                        c, d, "FCJAIL_STOP",
                        "ctrl-alt-del needs an API, but FCJAIL_API=no is set; remove one of the two");
        if (kind == STOP_CTRL_ALT_DEL && !facts->ctrl_alt_del)
                return config_conflict(c, d, "FCJAIL_STOP",
                                       "ctrl-alt-del exists only on x86_64; set FCJAIL_STOP=kill");

        if (kind == STOP_CTRL_ALT_DEL)
                p->stop_seconds = c->stop_seconds != 0 ? c->stop_seconds : DEFAULT_STOP;
        return 0;
}

int plan_make(const char *id, const Config *c, const HostFacts *host, Diagnostics *d, Plan *ret)
{
        const HostFacts of_jailer = plan_jailer_facts(c, host), *facts = c->jailer.on ? &of_jailer : host;
        _cleanup_plan_ Plan p = {
                .adopted = facts->supervised,
                .starter_stays = !facts->supervised,
                .unit_cleans_up = facts->supervised,
                .own_session = true,
        };
        size_t n_before = d->n_items;

        p.id = strdup(id);
        if (!p.id)
                return -ENOMEM;

        /* All of them, so that all contradictions are told at once. */
        int results[] = {
                plan_identity(c, facts, d, &p), plan_vmm(c, facts, d, &p),  plan_net(c, facts, d, &p),
                plan_confinement(c, d, &p),     plan_stop(c, facts, d, &p),
        };
        FOREACH_ARRAY (r, results, ELEMENTSOF(results))
                if (*r == -ENOMEM)
                        return *r;

        if (c->jailer.on && plan_jailer(c, facts, d, &p) == -ENOMEM)
                return -ENOMEM;
        plan_jail(facts, &p);
        if (plan_binds(c, d, &p) == -ENOMEM || plan_vmm_files(c, facts, d, &p) < 0 ||
            (d->n_items == n_before && plan_uplink(c, facts, d, &p) == -ENOMEM) ||
            (d->n_items == n_before && plan_guest_network(c, d, &p) == -ENOMEM))
                return -ENOMEM;
        plan_binds_sort(&p);
        plan_jail_mounts(facts, &p);
        if (d->n_items > n_before)
                return -EBADMSG;

        *ret = p;
        p = (Plan){};
        return 0;
}

/* A vector that grows by one copied string at a time. */
static int push(char ***v, const char *s)
{
        size_t n = strv_length(*v);
        char **grown = reallocarray(*v, n + 2, sizeof(char *));

        if (!grown)
                return -ENOMEM;
        *v = grown;
        grown[n + 1] = NULL;
        grown[n] = strdup(s);
        return grown[n] ? 0 : -ENOMEM;
}

static int push_pair(char ***v, const char *option, const char *value)
{
        int r = push(v, option);

        return r < 0 ? r : push(v, value);
}

static int push_usec(char ***v, const char *option, uint64_t usec)
{
        char text[24];

        (void) snprintf(text, sizeof(text), "%" PRIu64, usec);
        return push_pair(v, option, text);
}

int plan_argv(const Plan *p, const VmmTimes *times, char ***ret)
{
        _cleanup_strv_ char **v = NULL;
        const char *root = p->args_as_given ? "/" : "";
        char name[NAME_MAX + 2];
        int r;

        (void) snprintf(name, sizeof(name), "%s%s", root, p->vmm_name);
        r = push(&v, name);
        if (r >= 0)
                r = push_pair(&v, "--id", p->id);
        if (r >= 0)
                r = push_usec(&v, "--start-time-us", times->start_usec);
        if (r >= 0)
                r = push_usec(&v, "--start-time-cpu-us", times->start_cpu_usec);
        if (r >= 0)
                r = push_usec(&v, "--parent-cpu-time-us", times->parent_cpu_usec);
        if (r >= 0 && !p->args_as_given)
                r = p->api ? push_pair(&v, "--api-sock", p->api) : push(&v, "--no-api");
        if (r >= 0 && p->config)
                r = push_pair(&v, "--config-file", "/" JAIL_CONFIG);
        for (char **a = p->vmm_args; r >= 0 && a && *a; a++)
                r = push(&v, *a);
        if (r < 0)
                return r;

        *ret = TAKE_PTR(v);
        return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */

/* Which names in the jail may be bound, and in which order. What is at a source is looked at later, when it is open. */

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "plan-binds.h"

static void bind_plan_done(BindPlan *b)
{
        free(b->source);
        free(b->path);
        free(b->named_by);
        *b = (BindPlan){};
}

void plan_binds_done(Plan *p)
{
        FOREACH_ARRAY (b, p->binds, p->n_binds)
                bind_plan_done(b);
        p->n_binds = 0;
}

static const char *key_of(const BindConfig *b)
{
        return b->read_only ? "FCJAIL_BIND_RO" : "FCJAIL_BIND";
}

/* The sentence begins with the setting, the source and the destination. */
#define CONFLICT(d, b, format, ...)                                                                         \
        diagnostics_add(d, DIAGNOSTIC_CONFLICT, &(b)->place, key_of(b), "%s= binds %s to %s" format,        \
                        key_of(b), (b)->source, (b)->destination, ##__VA_ARGS__)

bool plan_has_node(const Plan *p, const char *path)
{
        if (!path_is_at_or_below(path, JAIL_DEV))
                return false;
        FOREACH_ARRAY (n, p->nodes, p->n_nodes) {
                char node[PATH_MAX];

                (void) snprintf(node, sizeof(node), JAIL_DEV "/%s", n->path);
                if (path_is_at_or_below(path, node) || path_is_at_or_below(node, path))
                        return true;
        }
        return false;
}

/* A name in the jail, relative to its root, that a bind would hide from the VMM or from fcjail. Those that not every VM
 * has are reserved for all, so that a setting does not depend on the host. */
static bool is_our_own(const Plan *p, const char *path)
{
        static const char *const trees[] = { JAIL_SYS, JAIL_CONFIG };

        for (size_t i = 0; i < ELEMENTSOF(trees); i++)
                if (path_is_at_or_below(path, trees[i]))
                        return true;
        return path_is_at_or_below(path, p->vmm_name) || strcmp(path, JAIL_DEV) == 0 ||
               strcmp(path, JAIL_RUN) == 0 || (p->api && strcmp(path, p->api + 1) == 0) ||
               plan_has_node(p, path);
}

/* run/ is the VM's own: whatever is on the way to a deeper name there was made by it. */
static bool is_deep_in_run(const char *path)
{
        return path_is_at_or_below(path, JAIL_RUN) && path[strlen(JAIL_RUN)] == '/' &&
               strchr(path + sizeof(JAIL_RUN), '/');
}

static const BindConfig *find_same_destination(const Config *c, const BindConfig *b)
{
        for (const BindConfig *other = c->binds; other < b; other++)
                if (strcmp(other->destination, b->destination) == 0)
                        return other;
        return NULL;
}

static int check_destination(const Config *c, const BindConfig *b, Diagnostics *d, const Plan *p)
{
        const char *path = b->destination + 1;

        if (is_our_own(p, path))
                return CONFLICT(d, b, ", which the jail itself uses; choose another destination");
        if (is_deep_in_run(path))
                return CONFLICT(d, b,
                                ", but in /run only /run/<name> can be bound; choose another destination");

        const BindConfig *other = find_same_destination(c, b);
        if (!other)
                return 0;
        _cleanup_free_ char *where = place_to_string(&other->place);
        if (!where)
                return -ENOMEM;
        return CONFLICT(d, b, ", but %s= in %s binds %s there; remove one, or choose another destination",
                        key_of(other), where, other->source);
}

/* Whoever has a loop device open, also for reading alone, can unbind it and wait until its number is that of somebody
 * else's. Only the filter forbids that. */
static int check_loop(const BindConfig *b, Diagnostics *d, const Plan *p)
{
        if (!b->loop || plan_filter_is_ours(p))
                return 0;
        return CONFLICT(
                d, b,
                " as a loop device, which a VM could exchange without fcjail's filter; set FCJAIL_SECCOMP= to default or io_uring, or remove the option loop");
}

static int add_bind(const BindConfig *b, Plan *p)
{
        char named_by[sizeof("FCJAIL_BIND_RO=")];

        (void) snprintf(named_by, sizeof(named_by), "%s=", key_of(b));
        assert(p->n_binds < ELEMENTSOF(p->binds));
        BindPlan *bind = &p->binds[p->n_binds++];
        *bind = (BindPlan){
                .kind = BIND_ANY,
                .source = strdup(b->source),
                .path = strdup(b->destination + 1),
                .read_only = b->read_only,
                .ids = b->ids,
                .uid = b->uid,
                .loop = b->loop,
                .shared = b->shared,
                .named_by = strdup(named_by),
        };
        return bind->source && bind->path && bind->named_by ? 0 : -ENOMEM;
}

static int compare_paths(const void *a, const void *b)
{
        return strcmp(((const BindPlan *) a)->path, ((const BindPlan *) b)->path);
}

int plan_binds(const Config *c, Diagnostics *d, Plan *p)
{
        size_t n_before = d->n_items;
        int r = 0;

        p->config_bind = p->config && c->config_bind != TRISTATE_NO;
        FOREACH_ARRAY (b, c->binds, c->n_binds) {
                if (r >= 0)
                        r = diagnostics_go_on(check_destination(c, b, d, p));
                if (r >= 0)
                        r = diagnostics_go_on(check_loop(b, d, p));
                if (r >= 0)
                        r = add_bind(b, p);
        }
        if (r < 0)
                return r;
        return d->n_items > n_before ? -EBADMSG : 0;
}

void plan_binds_sort(Plan *p)
{
        qsort(p->binds, p->n_binds, sizeof(BindPlan), compare_paths);
}

bool bind_is_in_dev(const BindPlan *b)
{
        return strncmp(b->path, JAIL_DEV "/", strlen(JAIL_DEV "/")) == 0;
}

const BindPlan *plan_bind_above(const Plan *p, const BindPlan *bind)
{
        FOREACH_ARRAY (b, p->binds, p->n_binds)
                if (b != bind && path_is_at_or_below(bind->path, b->path))
                        return b;
        return NULL;
}

mode_t bind_node_mode(const BindPlan *b)
{
        return S_IFBLK | (b->read_only ? 0440 : 0660);
}

const char *plan_bind_ids(const BindPlan *b, char buf[BIND_IDS_TEXT_MAX])
{
        if (b->loop)
                return "as a loop device";
        if (b->ids == BIND_IDS_NONE)
                return "owners unchanged";
        if (b->ids == BIND_IDS_OWNER)
                return "the VM is its owner";
        (void) snprintf(buf, BIND_IDS_TEXT_MAX, "the VM is uid %u", b->uid);
        return buf;
}

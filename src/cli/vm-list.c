/* SPDX-License-Identifier: Apache-2.0 */

/* systemd is asked first and heard last: it answers while the records are read. A VM that has appeared meanwhile is looked at
 * after that. */

#include <stdio.h>
#include <string.h>

#include "fd-util.h"
#include "time-util.h"
#include "vm-list.h"

#define UNIT_PREFIX "fcjail@"
#define UNIT_SUFFIX ".service"

/* For the answers of all VMs together, and of one of them: a VMM that was taken over may never answer. */
#define ANSWERS_USEC 1000000U
#define ANSWER_USEC  200000U

void vm_list_done(VmList *l)
{
        FOREACH_ARRAY (v, l->vms, l->n_vms)
                vm_facts_done(v);
        free(l->vms);
        systemd_units_done(&l->units);
        state_root_done(&l->root);
        *l = VM_LIST_NULL;
}

static bool is_wanted(const VmList *l, const char *id)
{
        FOREACH_ARRAY (i, l->ids, l->n_ids)
                if (strcmp(*i, id) == 0)
                        return true;
        return l->n_ids == 0;
}

static int add(const char *id, void *userdata)
{
        VmList *l = userdata;

        if (!is_wanted(l, id))
                return 0;
        if (l->n_vms == l->room) {
                const size_t room = l->room > 0 ? 2 * l->room : 64;
                VmFacts *longer = reallocarray(l->vms, room, sizeof(*longer));
                if (!longer)
                        return -ENOMEM;
                l->vms = longer;
                l->room = room;
        }
        VmFacts *v = &l->vms[l->n_vms++];
        *v = (VmFacts){ .record = STATE_NULL, .evidence.record = -ENOENT };
        (void) snprintf(v->id, sizeof(v->id), "%s", id);
        return 0;
}

static int compare(const void *a, const void *b)
{
        const VmFacts *x = a, *y = b;

        return strcmp(x->id, y->id);
}

static void sort(VmList *l)
{
        if (l->n_vms > 0)
                qsort(l->vms, l->n_vms, sizeof(*l->vms), compare);
}

static int compare_id(const void *id, const void *v)
{
        return strcmp(id, ((const VmFacts *) v)->id);
}

static VmFacts *find(const VmList *l, const char *id, size_t n)
{
        return n > 0 ? bsearch(id, l->vms, n, sizeof(*l->vms), compare_id) : NULL;
}

const VmFacts *vm_list_find(const VmList *l, const char *id)
{
        return find(l, id, l->n_vms);
}

static int add_records(VmList *l, VmEyes *eyes)
{
        int r;

        r = state_root_look(&l->root);
        if (r == -ENOENT)
                return 0;
        if (r >= 0)
                r = state_each(&l->root, add, l);
        FOREACH_ARRAY (v, l->vms, l->n_vms)
                if (r >= 0)
                        r = vm_facts_look(&l->root, eyes, v);
        sort(l);
        return r;
}

/* false: it is none of ours. */
static bool id_of_unit(const char *name, char ret[ID_LEN_MAX + 1])
{
        const size_t n = strlen(name), prefix = strlen(UNIT_PREFIX), suffix = strlen(UNIT_SUFFIX);

        if (n <= prefix + suffix || n - prefix - suffix > ID_LEN_MAX ||
            strncmp(name, UNIT_PREFIX, prefix) != 0 || strcmp(name + n - suffix, UNIT_SUFFIX) != 0)
                return false;
        (void) snprintf(ret, ID_LEN_MAX + 1, "%.*s", (int) (n - prefix - suffix), name + prefix);
        return jailer_id_valid(ret);
}

/* The first n VMs have records and are sorted. */
static int add_unit(VmList *l, VmEyes *eyes, const SystemdUnitState *u, size_t n)
{
        char id[ID_LEN_MAX + 1];
        int r;

        if (!id_of_unit(u->name, id))
                return 0;
        VmFacts *v = find(l, id, n);
        if (v) {
                v->evidence.unit = u->active;
                return 0;
        }
        const size_t before = l->n_vms;
        r = add(id, l);
        if (r < 0 || l->n_vms == before)
                return r;
        l->vms[before].evidence.unit = u->active;
        return vm_facts_look(&l->root, eyes, &l->vms[before]);
}

/* Those of which nothing is known any more are left out. */
static void settle(VmList *l)
{
        size_t n = 0;

        FOREACH_ARRAY (v, l->vms, l->n_vms) {
                vm_facts_settle(v);
                if (v->state == _VM_STATE_INVALID)
                        vm_facts_done(v);
                else
                        l->vms[n++] = *v;
        }
        l->n_vms = n;
        sort(l);
}

static void ask(VmList *l)
{
        const uint64_t end = now_usec() + ANSWERS_USEC;

        FOREACH_ARRAY (v, l->vms, l->n_vms) {
                const uint64_t now = now_usec();
                if (now < end)
                        vm_facts_ask(v, now + ANSWER_USEC < end ? now + ANSWER_USEC : end);
        }
}

int vm_list_make(VmList *l)
{
        _cleanup_vm_eyes_ VmEyes eyes = { .proc_fd = -EBADF, .cgroups_fd = -EBADF };
        _cleanup_systemd_question_ SystemdQuestion question = { .fd = -EBADF };
        int r;

        l->units_unknown =
                !systemd_is_init() || systemd_units_ask(UNIT_PREFIX "*" UNIT_SUFFIX, &question) < 0;
        r = vm_eyes_open(&eyes);
        if (r >= 0)
                r = add_records(l, &eyes);
        if (!l->units_unknown)
                l->units_unknown = systemd_units_answer(&question, &l->units) < 0;
        const size_t n_records = l->n_vms;
        FOREACH_ARRAY (u, l->units.items, l->units.n_items)
                if (r >= 0)
                        r = add_unit(l, &eyes, u, n_records);
        if (r < 0)
                return r;
        settle(l);
        if (l->n_ids > 0)
                ask(l);
        return 0;
}

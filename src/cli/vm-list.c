/* SPDX-License-Identifier: Apache-2.0 */

#include <stdio.h>
#include <string.h>
#include <unistd.h>

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
        free(l->names);
        systemd_units_done(&l->units);
        state_root_done(&l->root);
        *l = VM_LIST_NULL;
}

static int add_name(VmList *l, const char *id, size_t n, const char *unit_state)
{
        if (l->n_names == l->room) {
                const size_t room = l->room > 0 ? 2 * l->room : 64;
                VmName *longer = reallocarray(l->names, room, sizeof(*longer));
                if (!longer)
                        return -ENOMEM;
                l->names = longer;
                l->room = room;
        }
        VmName *name = &l->names[l->n_names];
        (void) snprintf(name->id, sizeof(name->id), "%.*s", (int) n, id);
        name->unit_state = unit_state;
        l->n_names += jailer_id_valid(name->id);
        return 0;
}

static int add_record(const char *id, void *userdata)
{
        return add_name(userdata, id, strlen(id), NULL);
}

static int add_unit(VmList *l, const SystemdUnitState *u)
{
        const size_t n = strlen(u->name), prefix = strlen(UNIT_PREFIX), suffix = strlen(UNIT_SUFFIX);

        if (n <= prefix + suffix || n - prefix - suffix > ID_LEN_MAX ||
            strncmp(u->name, UNIT_PREFIX, prefix) != 0 || strcmp(u->name + n - suffix, UNIT_SUFFIX) != 0)
                return 0;
        return add_name(l, u->name + prefix, n - prefix - suffix, u->active);
}

static int compare(const void *a, const void *b)
{
        const VmName *x = a, *y = b;

        return strcmp(x->id, y->id);
}

/* An id with a record and a unit is there twice. */
static void sort(VmList *l)
{
        size_t n = 0;

        if (l->n_names == 0)
                return;
        qsort(l->names, l->n_names, sizeof(*l->names), compare);
        for (size_t i = 1; i < l->n_names; i++)
                if (strcmp(l->names[n].id, l->names[i].id) != 0)
                        l->names[++n] = l->names[i];
                else if (!l->names[n].unit_state)
                        l->names[n].unit_state = l->names[i].unit_state;
        l->n_names = n + 1;
}

/* Makes no directory: without one there are no records. */
static int add_records(VmList *l)
{
        int r;

        if (access("/run/fcjail/vm", F_OK) < 0 && errno == ENOENT)
                return 0;
        r = state_root_open(&l->root, NULL);
        return r < 0 ? r : state_each(&l->root, add_record, l);
}

int vm_list_find(VmList *l)
{
        int r = 0;

        l->units_unknown =
                !systemd_is_init() || systemd_units_query(UNIT_PREFIX "*" UNIT_SUFFIX, &l->units) < 0;
        FOREACH_ARRAY (u, l->units.items, l->units.n_items)
                if (r >= 0)
                        r = add_unit(l, u);
        if (r >= 0)
                r = add_records(l);
        sort(l);
        return r;
}

/* One that was gone meanwhile is left out. */
static int look(VmList *l, VmEyes *eyes, const VmName *name)
{
        VmFacts *v = &l->vms[l->n_vms];
        int r;

        r = vm_facts_look(&l->root, eyes, name->id, name->unit_state, v);
        if (r < 0)
                return r;
        if (v->state == _VM_STATE_INVALID)
                vm_facts_done(v);
        else
                l->n_vms++;
        return 0;
}

static bool is_among(const char *id, char *const *ids, size_t n_ids)
{
        FOREACH_ARRAY (i, ids, n_ids)
                if (strcmp(*i, id) == 0)
                        return true;
        return false;
}

static bool is_listed(const VmList *l, const char *id)
{
        FOREACH_ARRAY (v, l->vms, l->n_vms)
                if (strcmp(v->id, id) == 0)
                        return true;
        return false;
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

int vm_list_look(VmList *l, char *const *ids, size_t n_ids, void (*missing)(const char *id, void *userdata),
                 void *userdata)
{
        int r;

        l->n_vms = 0;
        l->vms = calloc(l->n_names + 1, sizeof(*l->vms));
        if (!l->vms)
                return -ENOMEM;
        _cleanup_vm_eyes_ VmEyes eyes = { .proc_fd = -EBADF, .cgroups_fd = -EBADF };
        r = vm_eyes_open(&eyes);
        FOREACH_ARRAY (name, l->names, l->n_names)
                if (r >= 0 && (n_ids == 0 || is_among(name->id, ids, n_ids)))
                        r = look(l, &eyes, name);
        if (r < 0)
                return r;

        if (n_ids > 0)
                ask(l);
        FOREACH_ARRAY (id, ids, n_ids)
                if (!is_listed(l, *id))
                        missing(*id, userdata);
        return 0;
}

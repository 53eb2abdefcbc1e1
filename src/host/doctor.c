/* SPDX-License-Identifier: Apache-2.0 */

#include "doctor-read.h"

/* In the order of their topics. */
static const DoctorGroup *const groups[] = {
        &doctor_kvm,    &doctor_kernel, &doctor_limits, &doctor_base,   &doctor_network,
        &doctor_system, &doctor_vmm,    &doctor_cpu,    &doctor_memory, &doctor_guide,
};

const DoctorCheck *doctor_check(size_t i)
{
        FOREACH_ARRAY (group, groups, ELEMENTSOF(groups)) {
                if (i < (*group)->n)
                        return &(*group)->checks[i];
                i -= (*group)->n;
        }
        return NULL;
}

int doctor_look(const DoctorCheck *check, const DoctorHost *h, Findings *f)
{
        _cleanup_host_objects_ HostObjects o = HOST_OBJECTS_NULL;
        const size_t before = f->n_items;
        int r;

        o.by_check = true;
        r = check->look ? check->look(h, f) : check->start(h->plan, &o, f);
        if (r != -ENOMEM && f->n_items == before)
                r = DOCTOR_OK(f, check->object, "%s", check->fine);
        return r == -ENOMEM ? r : 0;
}

/* SPDX-License-Identifier: Apache-2.0 */

#include "look.h"
#include "cni-look.h"
#include "jail-files.h"
#include "uid-owners.h"
#include "unit.h"
#include "uplink-look.h"
#include "vmm-resources.h"

int look_at_vm(const SystemdUnit *u, const Caller *caller, const Plan *p, HostObjects *o, Findings *f)
{
        int r;

        r = unit_check(u, p, f);
        if (r >= 0)
                r = host_open(p, o, f);
        if (r >= 0)
                r = host_binds_check_maps(p, o->binds, f);
        if (r >= 0)
                r = uid_owners_check(p, caller->uid, f);
        if (r >= 0)
                r = jail_files_check(p, o, f);
        if (r >= 0)
                r = uplink_check(p, f);
        if (r >= 0)
                r = cni_look(p, f);
        if (r >= 0 && o->config)
                r = vmm_resources_check(p, u, &o->vmm_files, f);
        return r;
}

/* SPDX-License-Identifier: Apache-2.0 */

#include <string.h>

#include "slips.h"
#include "vmm-sections.h"

/* Of Firecracker 1.16. "serial" is none: only the API has it. */
static const char *const sections[] = {
        "balloon", "boot-source", "cpu-config",         "drives",
        "entropy", "logger",      "machine-config",     "memory-hotplug",
        "metrics", "mmds-config", "network-interfaces", "pmem",
        "vsock",
};

bool vmm_section_known(const char *name)
{
        FOREACH_ARRAY (s, sections, ELEMENTSOF(sections))
                if (strcmp(*s, name) == 0)
                        return true;
        return false;
}

const char *vmm_section_guess(const char *name)
{
        const char *guess = NULL;
        size_t least = SLIPS_MAX + 1;

        FOREACH_ARRAY (s, sections, ELEMENTSOF(sections)) {
                size_t n = slips(name, *s);

                if (n < least) {
                        least = n;
                        guess = *s;
                }
        }
        return guess;
}

/* SPDX-License-Identifier: Apache-2.0 */

/* Step `limits`: resource limits, soft and hard, which the unit sets in other starts. `audit` reads them back. */

#include <inttypes.h>
#include <sys/resource.h>

#include "step.h"

int step_limits(Jail *jail)
{
        FOREACH_ARRAY (l, jail->plan->limits, jail->plan->n_limits) {
                const struct rlimit limit = { l->value, l->value };

                if (setrlimit((__rlimit_resource_t) l->resource, &limit) < 0)
                        return step_fail(jail, -errno, "--resource-limit %s=%" PRIu64, l->name, l->value);
        }
        return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */

#include <stdio.h>

#include "layout.h"

const char *layout_name(const Layout *l, LayoutLevel level)
{
        return level == LAYOUT_VMMS ? l->vmm_name : level == LAYOUT_VM ? l->id : "root";
}

const char *layout_path(const Layout *l, LayoutLevel level, const char *below, char ret[PATH_MAX])
{
        int n = snprintf(ret, PATH_MAX, "%s", l->base);

        for (LayoutLevel i = 0; i <= level && n < PATH_MAX; i++)
                n += snprintf(ret + n, PATH_MAX - (size_t) n, "/%s", layout_name(l, i));
        if (below[0] && n < PATH_MAX)
                (void) snprintf(ret + n, PATH_MAX - (size_t) n, "/%s", below);
        return ret;
}

const char *layout_sock(const Layout *l, const char *below, char ret[PATH_MAX])
{
        (void) snprintf(ret, PATH_MAX, LAYOUT_SOCKS "/%s%s%s", l->id, below[0] ? "/" : "", below);
        return ret;
}

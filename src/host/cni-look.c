/* SPDX-License-Identifier: Apache-2.0 */

#include <sysexits.h>

#include "cni-look.h"
#include "cni-network.h"
#include "cni-plugin.h"

static int look_at_plugins(const Plan *p, const CniNetwork *network, Findings *f)
{
        int r = 0;

        for (size_t i = 0; r != -ENOMEM && i < cni_network_length(network); i++) {
                struct json_object *plugin = cni_network_plugin(network, i);
                _cleanup_free_ char *path = NULL, *why = NULL;

                if (cni_plugin_is_built_in(plugin))
                        continue;
                r = cni_plugin_find(cni_plugin_type(plugin), &path, &why);
                if (r < 0 && r != -ENOMEM)
                        r = findings_add(f, SEVERITY_ERROR, r, EX_UNAVAILABLE, p->cni.network, "install it",
                                         "has the plugin '%s', which %s", cni_plugin_type(plugin), why);
        }
        return r;
}

int cni_look(const Plan *p, Findings *f)
{
        _cleanup_cni_network_ CniNetwork network = {};
        _cleanup_free_ char *why = NULL;
        int r;

        if (!p->cni.network[0])
                return 0;
        r = cni_network_load(p->cni.network, &network, &why);
        if (r < 0 && r != -ENOMEM)
                r = findings_add(f, SEVERITY_ERROR, r, EX_CONFIG, "FCJAIL_CNI=", NULL, "%s", why);
        else if (r >= 0)
                r = look_at_plugins(p, &network, f);
        return r == -ENOMEM ? r : 0;
}

/* SPDX-License-Identifier: Apache-2.0 */

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "cni-look.h"
#include "cni-network.h"
#include "cni-plugin.h"
#include "cni.h"

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

int cni_facts_open(const Plan *p, HostObjects *o, Findings *f)
{
        char path[sizeof(CNI_FACTS_DIR) + ID_LEN_MAX + 8];
        int r;

        if (!p->cni.network[0] || o->by_check)
                return 0;
        r = cni_facts_read(p->id, &o->guest_net);
        (void) snprintf(path, sizeof(path), CNI_FACTS_DIR "/%s.json", p->id);
        if (r == -ENOENT)
                return findings_add(f, SEVERITY_ERROR, r, EX_NOINPUT, path,
                                    "make the network anew with `fcjail cni add ID`",
                                    "does not exist, but FCJAIL_CNI= is set");
        if (r == -E2BIG)
                return findings_add(f, SEVERITY_ERROR, r, EX_CONFIG, path, NULL,
                                    "has more than %i addresses", TAP_ADDRESSES_MAX);
        if (r < 0)
                return findings_add(f, SEVERITY_ERROR, r, EX_NOINPUT, path,
                                    "make the network anew with `fcjail cni add ID`", "cannot be read: %s",
                                    strerror(-r));
        return 0;
}

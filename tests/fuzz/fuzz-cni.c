/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A list of plugins of CNI, and what each of them gets: what is in the list, with name and version of the network, without
 * "capabilities", and with no more of the settings than it declares.
 */

#include <string.h>

#include "cni.h"
#include "fuzz.h"
#include "parse.h"
#include "text.h"

static struct json_object *member(struct json_object *o, const char *name)
{
        struct json_object *m = NULL;

        (void) json_object_object_get_ex(o, name, &m);
        return m;
}

static void check_request(const CniAttachment *a, size_t i)
{
        struct json_object *plugin = cni_network_plugin(&a->network, i);
        _cleanup_free_ char *text = cni_request(a, i);

        CHECK(text && filename_valid(cni_plugin_type(plugin)));
        struct json_object *o = json_tokener_parse(text);
        CHECK(json_object_is_type(o, json_type_object));
        CHECK(strcmp(json_object_get_string(member(o, "name")), a->network.name) == 0);
        CHECK(strcmp(json_object_get_string(member(o, "cniVersion")), a->network.version) == 0);
        CHECK(strcmp(json_object_get_string(member(o, "type")), cni_plugin_type(plugin)) == 0);
        CHECK(!member(o, "capabilities") && !member(o, "prevResult"));
        struct json_object *given = member(o, "runtimeConfig");
        if (json_object_is_type(given, json_type_object)) {
                json_object_object_foreach(given, name, value)
                {
                        (void) value;
                        CHECK(member(plugin, "runtimeConfig") ||
                              json_object_get_boolean(member(member(plugin, "capabilities"), name)));
                }
        }
        json_object_put(o);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_cni_attachment_ CniAttachment a = {
                .id = strdup("web1"), .capabilities = json_tokener_parse("{\"mac\": \"x\", \"ips\": []}")
        };
        _cleanup_free_ char *why = NULL, *text = strndup((const char *) data, size);

        CHECK(text && a.id && a.capabilities);
        int r = cni_network_read(json_tokener_parse(text), &a.network, &why);
        if (r < 0) {
                CHECK(r == -EBADMSG && why && !strpbrk(why, "\n\r\t\033") && utf8_valid(why));
                return 0;
        }
        CHECK(!why && cni_network_length(&a.network) > 0);
        for (size_t i = 0; i < cni_network_length(&a.network); i++)
                check_request(&a, i);
        return 0;
}

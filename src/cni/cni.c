/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Should:  undo even the plugin that has failed, because some leave half of what they make. Go on after an error of DEL: a
 *          stop would leave rules behind.
 * Mustn't: run a plugin without a record of what it is about to do, nor DEL with less than ADD had.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cni-plugin.h"
#include "cni.h"

static void tell_plugin(const CniAttachment *a, const char *command, struct json_object *plugin, int r,
                        const char *why, CniTell tell)
{
        _cleanup_free_ char *text = NULL;

        if (ASPRINTF(&text, "network '%s': %s: plugin '%s' %s", a->network.name, command,
                     cni_plugin_type(plugin), why ? why : strerror(-r)) >= 0)
                tell(a->id, text);
}

/* What is built in is not called, and has no output. Some plugins fail if the path is that of a file which is no namespace. */
static int call(const CniAttachment *a, const char *command, size_t i, char **ret_output, CniTell tell)
{
        struct json_object *plugin = cni_network_plugin(&a->network, i);
        _cleanup_free_ char *why = NULL, *input = NULL;
        int r;

        if (cni_plugin_is_built_in(plugin))
                return 0;
        input = cni_request(a, i);
        r = cni_pin_exists(a->id);
        const CniCall c = {
                .command = command,
                .type = cni_plugin_type(plugin),
                .container = a->id,
                .netns = r > 0 ? a->netns : "",
                .ifname = CNI_IFNAME,
                .input = input,
        };
        if (r >= 0)
                r = input ? cni_plugin_call(&c, ret_output, &why) : -ENOMEM;
        if (r < 0)
                tell_plugin(a, command, plugin, r, why, tell);
        return r;
}

/* What ADD answers is handed to the next plugin, and kept for CHECK and DEL. */
static int take_result(CniAttachment *a, size_t i, const char *output, CniTell tell)
{
        struct json_object *o = json_tokener_parse(output);

        if (!json_object_is_type(o, json_type_object)) {
                json_object_put(o);
                tell_plugin(a, "ADD", cni_network_plugin(&a->network, i), -EBADMSG,
                            "has answered with something that is not a JSON object", tell);
                return -EBADMSG;
        }
        json_object_put(a->result);
        a->result = o;
        return 0;
}

static int write_record(const CniAttachment *a, CniTell tell)
{
        _cleanup_free_ char *text = NULL;
        int r = cni_record_write(a);

        if (r < 0 && ASPRINTF(&text, CNI_RECORD_DIR "/%s: %s", a->id, strerror(-r)) >= 0)
                tell(a->id, text);
        return r;
}

static int add_all(CniAttachment *a, CniTell tell)
{
        int r = 0;

        for (size_t i = 0; r >= 0 && i < cni_network_length(&a->network); i++) {
                _cleanup_free_ char *output = NULL;

                r = call(a, "ADD", i, &output, tell);
                if (r >= 0 && output)
                        r = take_result(a, i, output, tell);
                if (r >= 0)
                        r = write_record(a, tell);
        }
        return r;
}

static const char *why_no_facts(int r)
{
        switch (r) {
        case -EBADMSG:
                return "the result of the plugins has no interface eth0 in the VM's namespace";
        case -EADDRNOTAVAIL:
                return "the result of the plugins has an address that is invalid or without a prefix length";
        default:
                return strerror(-r);
        }
}

static int add_with_netns(CniAttachment *a, CniTell tell)
{
        int r;

        r = cni_pin_make(a->id);
        if (r < 0) {
                _cleanup_free_ char *text = NULL;
                if (ASPRINTF(&text, "%s: %s", a->netns, strerror(-r)) >= 0)
                        tell(a->id, text);
                return r;
        }
        r = add_all(a, tell);
        if (r < 0)
                return r;
        r = cni_facts_write(a);
        if (r < 0)
                tell(a->id, why_no_facts(r));
        return r;
}

int cni_add(CniAttachment *a, CniTell tell)
{
        int r;

        r = write_record(a, tell);
        if (r < 0)
                return r;
        r = add_with_netns(a, tell);
        if (r < 0)
                (void) !cni_del(a, tell); /* tells what it cannot undo */
        return r;
}

int cni_del(CniAttachment *a, CniTell tell)
{
        int r, first = 0;

        for (size_t i = cni_network_length(&a->network); i-- > 0;) {
                _cleanup_free_ char *output = NULL;

                r = call(a, "DEL", i, &output, tell);
                first = first < 0 ? first : r;
        }
        r = cni_facts_remove(a->id);
        first = first < 0 ? first : r;
        if (first < 0) {
                tell(a->id,
                     "its network is not undone completely; the next start tries again, as does `fcjail cni del`");
                return first;
        }
        r = cni_pin_remove(a->id);
        if (r >= 0)
                r = cni_record_remove(a->id);
        if (r < 0)
                tell(a->id, strerror(-r));
        return r;
}

int cni_check(CniAttachment *a, CniTell tell)
{
        int r, first = 0;

        if (!cni_network_can_check(&a->network)) {
                tell(a->id, "its network has no CHECK");
                return -EOPNOTSUPP;
        }
        for (size_t i = 0; i < cni_network_length(&a->network); i++) {
                _cleanup_free_ char *output = NULL;

                r = call(a, "CHECK", i, &output, tell);
                first = first < 0 ? first : r;
        }
        return first;
}

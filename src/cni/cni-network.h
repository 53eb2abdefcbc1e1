/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A network of CNI: a list of plugins, as the files in /etc/cni/net.d have it. */

#include <json-c/json.h>

#include "macro.h"

#define CNI_CONFIG_DIR      "/etc/cni/net.d"
#define CNI_CONFIG_SIZE_MAX (1024 * 1024)

typedef struct CniNetwork {
        struct json_object
                *list; /* "name", "plugins", … as in the file; that of a single plugin is a list of one */
        const char *name;    /* in the list */
        const char *version; /* of the specification, the highest that the list and we know */
        bool disable_check;
} CniNetwork;

void cni_network_done(CniNetwork *n);
#define _cleanup_cni_network_ _cleanup_(cni_network_done)

/* The first file, by name, that has the network. 0; -ENOENT or another -errno: *ret_why (to be freed) is a whole sentence
 * about the file. */
int cni_network_load(const char *name, CniNetwork *ret, char **ret_why) _must_check_;

/* Takes the object. The same from a text of it; *ret_why continues a sentence about the text. */
int cni_network_read(struct json_object *list, CniNetwork *ret, char **ret_why) _must_check_;

size_t cni_network_length(const CniNetwork *n) _pure_;
struct json_object *cni_network_plugin(const CniNetwork *n, size_t i);

/* The name of its program. */
const char *cni_plugin_type(struct json_object *plugin);

/* What it does to eth0, a start does: it is not run. */
bool cni_plugin_is_built_in(struct json_object *plugin);

/* The version knows the command CHECK. */
bool cni_network_can_check(const CniNetwork *n) _pure_;

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* One call of a plugin: a program that gets JSON on its standard input, and answers with JSON. */

#include "macro.h"

/* Where they are looked for, in this order. */
#define CNI_PATH "/usr/lib/cni:/opt/cni/bin:/usr/libexec/cni"

typedef struct CniCall {
        const char *command;   /* ADD, DEL or CHECK */
        const char *type;      /* name of the program */
        const char *container; /* whose network it is */
        const char *netns;     /* path; "": it is gone */
        const char *ifname;
        const char *input; /* JSON */
} CniCall;

/* How long a plugin may take, and what it may answer. */
#define CNI_SECONDS_MAX 60
#define CNI_OUTPUT_MAX  (1024 * 1024)

/* 0: *ret_output (to be freed) is what it wrote, which may be "". -ENOENT: there is no such program; -ETIME, -EFBIG, -EBADE (it
 * failed) or another -errno: *ret_why (to be freed) continues a sentence about the plugin. */
int cni_plugin_call(const CniCall *call, char **ret_output, char **ret_why) _must_check_;

/* Whether the program is there, and only root can change it. As above. */
int cni_plugin_find(const char *type, char **ret_path, char **ret_why) _must_check_;

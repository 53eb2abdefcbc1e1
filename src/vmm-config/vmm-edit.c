/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The copy is written anew by json-c, and not pieced together: what reads it has no other idea than json-c of where a string
 * ends. Numbers keep their digits, and vmm_files_read() has refused what json-c and Firecracker read differently.
 *
 * Mustn't: add what Firecracker does by itself without boot_args: an argument would replace all of it.
 */

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "vmm-edit.h"
#include "vmm-twice.h"

#define IP "ip="

/* Of Firecracker, with the NUL. */
#define BOOT_ARGS_SIZE_MAX 2048

#define WRONG(ret_why, ...) (ASPRINTF(ret_why, __VA_ARGS__) < 0 ? -ENOMEM : -EBADMSG)

static struct json_object *member_of(struct json_object *o, const char *name)
{
        struct json_object *member = NULL;

        if (json_object_is_type(o, json_type_object))
                (void) json_object_object_get_ex(o, name, &member);
        return member;
}

static int set_string(struct json_object *o, const char *name, const char *value)
{
        struct json_object *string = json_object_new_string(value);

        if (!string)
                return -ENOMEM;
        if (json_object_object_add(o, name, string) < 0) {
                json_object_put(string);
                return -ENOMEM;
        }
        return 0;
}

/* Linux takes the quotes around an argument away. */
static bool has_argument(const char *arguments, const char *name)
{
        for (const char *a = arguments; (a = strstr(a, name)); a++)
                if (a == arguments || strchr(" \t\"", a[-1]))
                        return true;
        return false;
}

/* The second is an older name for the first. */
static bool has_ip(const char *arguments)
{
        return has_argument(arguments, IP) || has_argument(arguments, "nfsaddrs=");
}

static int add_argument(struct json_object *config, const char *argument, char **ret_why)
{
        struct json_object *source = member_of(config, "boot-source"), *o = member_of(source, "boot_args");
        _cleanup_free_ char *all = NULL;

        if (!json_object_is_type(o, json_type_string))
                return WRONG(ret_why, "has no /boot-source/boot_args, to which " IP " could be added");
        const char *arguments = json_object_get_string(o);
        if (strlen(arguments) != (size_t) json_object_get_string_len(o))
                return WRONG(ret_why, "has a NUL in /boot-source/boot_args");
        if (has_ip(arguments))
                return WRONG(ret_why, "already has " IP " in /boot-source/boot_args");
        if (ASPRINTF(&all, "%s%s%s", argument, arguments[0] ? " " : "", arguments) < 0)
                return -ENOMEM;
        if (strlen(all) >= BOOT_ARGS_SIZE_MAX)
                return WRONG(ret_why, "would have more than %i bytes in /boot-source/boot_args with '%s'",
                             BOOT_ARGS_SIZE_MAX - 1, argument);
        return set_string(source, "boot_args", all);
}

static int add_mac(struct json_object *config, const char *tap, const char *mac, char **ret_why)
{
        struct json_object *interfaces = member_of(config, "network-interfaces");
        const size_t n =
                json_object_is_type(interfaces, json_type_array) ? json_object_array_length(interfaces) : 0;

        for (size_t i = 0; i < n; i++) {
                struct json_object *one = json_object_array_get_idx(interfaces, i);
                const char *name = json_object_get_string(member_of(one, "host_dev_name"));

                if (name && strcmp(name, tap) == 0)
                        return !mac || member_of(one, "guest_mac") ? 0 : set_string(one, "guest_mac", mac);
        }
        return WRONG(ret_why, "has no interface with the \"host_dev_name\" %s in /network-interfaces", tap);
}

static int write_text(struct json_object *config, char **ret)
{
        const char *text = json_object_to_json_string_ext(config, JSON_C_TO_STRING_PLAIN |
                                                                          JSON_C_TO_STRING_NOSLASHESCAPE);

        *ret = text ? strdup(text) : NULL;
        return *ret ? 0 : -ENOMEM;
}

/* vmm_files_read() has parsed it already. */
static struct json_object *parse(const char *text)
{
        struct json_tokener *tok = json_tokener_new_ex(JSON_DEPTH_MAX);
        struct json_object *o = tok ? json_tokener_parse_ex(tok, text, (int) strlen(text) + 1) : NULL;

        if (tok)
                json_tokener_free(tok);
        return o;
}

int vmm_edit_network(const char *text, const char *tap, const char *mac, const char *argument, char **ret,
                     char **ret_why)
{
        struct json_object *config = parse(text);
        int r;

        r = config ? add_argument(config, argument, ret_why) : -ENOMEM;
        if (r >= 0)
                r = add_mac(config, tap, mac, ret_why);
        if (r >= 0)
                r = write_text(config, ret);
        json_object_put(config);
        return r;
}

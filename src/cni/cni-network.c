/* SPDX-License-Identifier: Apache-2.0 */

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "at.h"
#include "chase.h"
#include "cni-network.h"
#include "fd-util.h"
#include "parse.h"
#include "text.h"

#define WRONG(ret_why, ...) (ASPRINTF(ret_why, __VA_ARGS__) < 0 ? -ENOMEM : -EBADMSG)

/* Of the specification, rising. */
static const char *const versions[] = { "0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0" };
#define VERSION_CHECK   2 /* from here on there is CHECK */
#define VERSION_DEFAULT "0.3.0"

void cni_network_done(CniNetwork *n)
{
        json_object_put(n->list);
        *n = (CniNetwork){};
}

static const char *string_of(struct json_object *o, const char *name)
{
        struct json_object *member = NULL;

        if (!json_object_object_get_ex(o, name, &member) || !json_object_is_type(member, json_type_string))
                return NULL;
        return json_object_get_string(member);
}

static size_t find_version(const char *version)
{
        size_t i = 0;

        while (i < ELEMENTSOF(versions) && strcmp(versions[i], version) != 0)
                i++;
        return i;
}

/* The highest of "cniVersions" that we know, otherwise "cniVersion". */
static int choose_version(CniNetwork *n, char **ret_why)
{
        const char *said = string_of(n->list, "cniVersion");
        struct json_object *all = NULL;
        size_t best;

        if (!said)
                said = VERSION_DEFAULT;
        best = find_version(said);
        (void) json_object_object_get_ex(n->list, "cniVersions", &all);
        for (size_t i = 0; json_object_is_type(all, json_type_array) && i < json_object_array_length(all);
             i++) {
                const char *one = json_object_get_string(json_object_array_get_idx(all, i));
                size_t k = one ? find_version(one) : ELEMENTSOF(versions);
                if (k < ELEMENTSOF(versions) && (best == ELEMENTSOF(versions) || k > best))
                        best = k;
        }
        if (best < ELEMENTSOF(versions)) {
                n->version = versions[best];
                return 0;
        }

        _cleanup_free_ char *text = text_escape(said);
        CutText cut;
        if (!text)
                return -ENOMEM;
        return WRONG(ret_why, "has the version '%s' of CNI, which is none from 0.3.0 to 1.1.0",
                     text_cut(&cut, text));
}

static int check_plugins(const CniNetwork *n, char **ret_why)
{
        struct json_object *plugins = NULL;

        if (!json_object_object_get_ex(n->list, "plugins", &plugins) ||
            !json_object_is_type(plugins, json_type_array) || json_object_array_length(plugins) == 0)
                return WRONG(ret_why, "has no \"plugins\"");
        for (size_t i = 0; i < json_object_array_length(plugins); i++) {
                struct json_object *plugin = json_object_array_get_idx(plugins, i);
                const char *type =
                        json_object_is_type(plugin, json_type_object) ? string_of(plugin, "type") : NULL;
                /* It becomes the name of a program. */
                if (!type || !filename_valid(type))
                        return WRONG(ret_why, "has a plugin, number %zu, without a valid \"type\"", i + 1);
        }
        return 0;
}

int cni_network_read(struct json_object *list, CniNetwork *ret, char **ret_why)
{
        _cleanup_cni_network_ CniNetwork n = { .list = list };
        struct json_object *flag = NULL;
        int r;

        n.name = json_object_is_type(list, json_type_object) ? string_of(list, "name") : NULL;
        if (!n.name)
                return WRONG(ret_why, "has no \"name\"");
        r = choose_version(&n, ret_why);
        if (r >= 0)
                r = check_plugins(&n, ret_why);
        if (r < 0)
                return r;
        if (json_object_object_get_ex(list, "disableCheck", &flag))
                n.disable_check = json_object_get_boolean(flag);

        *ret = n;
        n = (CniNetwork){};
        return 0;
}

/* A file with one plugin only, as before version 1.0. */
static struct json_object *list_of_one(struct json_object *plugin)
{
        struct json_object *list = json_object_new_object(), *plugins = json_object_new_array();
        const char *name = string_of(plugin, "name"), *version = string_of(plugin, "cniVersion");

        if (!list || !plugins)
                goto fail;
        if (json_object_array_add(plugins, json_object_get(plugin)) < 0 ||
            json_object_object_add(list, "plugins", plugins) < 0)
                goto fail;
        plugins = NULL;
        if ((name && json_object_object_add(list, "name", json_object_new_string(name)) < 0) ||
            (version && json_object_object_add(list, "cniVersion", json_object_new_string(version)) < 0))
                goto fail;
        json_object_put(plugin);
        return list;
fail:
        json_object_put(list);
        json_object_put(plugins);
        json_object_put(plugin);
        return NULL;
}

static int read_text(const char *path, char **ret, size_t *ret_size, char **ret_why)
{
        _cleanup_free_ char *text = malloc(CNI_CONFIG_SIZE_MAX + 1);
        int r;

        if (!text)
                return -ENOMEM;
        _cleanup_close_ int fd = chase_open(path, O_RDONLY | O_NONBLOCK, CHASE_DEFAULT, NULL);
        if (fd < 0)
                return ASPRINTF(ret_why, "%s: %s", path, chase_strerror(fd)) < 0 ? -ENOMEM : fd;
        r = fd_read(fd, text, CNI_CONFIG_SIZE_MAX + 1, ret_size);
        if (r >= 0 && *ret_size > CNI_CONFIG_SIZE_MAX)
                r = -EFBIG;
        if (r < 0)
                return ASPRINTF(ret_why, "%s: %s", path, strerror(-r)) < 0 ? -ENOMEM : r;
        *ret = TAKE_PTR(text);
        return 0;
}

static int parse_text(const char *path, const char *text, size_t size, struct json_object **ret,
                      char **ret_why)
{
        struct json_tokener *tok = json_tokener_new();
        int r = 0;

        if (!tok)
                return -ENOMEM;
        json_tokener_set_flags(tok, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
        struct json_object *o = json_tokener_parse_ex(tok, text, (int) size);
        if (json_tokener_get_error(tok) != json_tokener_success ||
            !json_object_is_type(o, json_type_object)) {
                const enum json_tokener_error e = json_tokener_get_error(tok);
                r = WRONG(ret_why, "%s is not a JSON object: %s", path,
                          e == json_tokener_continue  ? "unexpected end of the file"
                          : e == json_tokener_success ? "it is something else"
                                                      : json_tokener_error_desc(e));
                json_object_put(o);
        } else
                *ret = o;
        json_tokener_free(tok);
        return r;
}

/* 0; -ESRCH: it is another network; or an error as cni_network_load() returns it. */
static int try_file(const char *path, const char *name, CniNetwork *ret, char **ret_why)
{
        _cleanup_free_ char *text = NULL, *why = NULL;
        struct json_object *o = NULL;
        size_t size = 0;
        int r;

        r = read_text(path, &text, &size, ret_why);
        if (r >= 0)
                r = parse_text(path, text, size, &o, ret_why);
        if (r < 0)
                return r;
        const char *found = string_of(o, "name");
        if (!found || strcmp(found, name) != 0) {
                json_object_put(o);
                return -ESRCH;
        }
        if (string_of(o, "type"))
                o = list_of_one(o);
        if (!o)
                return -ENOMEM;
        r = cni_network_read(o, ret, &why);
        if (r == -EBADMSG && ASPRINTF(ret_why, "%s %s", path, why) < 0)
                return -ENOMEM;
        return r;
}

static bool is_config(const char *name)
{
        const char *dot = strrchr(name, '.');

        return dot &&
               (strcmp(dot, ".conflist") == 0 || strcmp(dot, ".conf") == 0 || strcmp(dot, ".json") == 0);
}

static int compare(const void *a, const void *b)
{
        return strcmp(*(char *const *) a, *(char *const *) b);
}

static int add_name(char ***names, size_t n, const char *name)
{
        char **grown = reallocarray(*names, n + 2, sizeof(char *));

        if (!grown)
                return -ENOMEM;
        *names = grown;
        grown[n] = strdup(name);
        grown[n + 1] = NULL;
        return grown[n] ? 0 : -ENOMEM;
}

/* The names of all files there, sorted; NULL: there is none. */
static int list_files(char ***ret)
{
        _cleanup_strv_ char **names = NULL;
        _cleanup_closedir_ DIR *dir = NULL;
        size_t n = 0;
        int r;

        _cleanup_close_ int fd = chase_open(CNI_CONFIG_DIR, O_PATH | O_DIRECTORY, CHASE_DEFAULT, NULL);
        r = fd < 0 ? fd : at_list_dir(fd, ".", &dir);
        for (const struct dirent *e; r >= 0 && (e = readdir(dir));)
                if (is_config(e->d_name))
                        r = add_name(&names, n++, e->d_name);
        if (r < 0)
                return r;
        if (names)
                qsort(names, n, sizeof(char *), compare);
        *ret = TAKE_PTR(names);
        return 0;
}

/* A file that cannot be read may be that of another network: it counts only if no other has this one. */
int cni_network_load(const char *name, CniNetwork *ret, char **ret_why)
{
        _cleanup_free_ char *first_why = NULL;
        _cleanup_strv_ char **names = NULL;
        int r, first = 0;

        r = list_files(&names);
        if (r < 0 && r != -ENOENT)
                return ASPRINTF(ret_why, CNI_CONFIG_DIR ": %s", chase_strerror(r)) < 0 ? -ENOMEM : r;
        for (char **n = names; n && *n; n++) {
                _cleanup_free_ char *why = NULL, *path = NULL;

                if (ASPRINTF(&path, CNI_CONFIG_DIR "/%s", *n) < 0)
                        return -ENOMEM;
                r = try_file(path, name, ret, &why);
                if (r >= 0 || r == -ENOMEM)
                        return r;
                if (r != -ESRCH && first == 0) {
                        first = r;
                        first_why = TAKE_PTR(why);
                }
        }
        if (first != 0) {
                *ret_why = TAKE_PTR(first_why);
                return first;
        }
        return ASPRINTF(ret_why, "no file in " CNI_CONFIG_DIR " has the network '%s'", name) < 0 ? -ENOMEM
                                                                                                 : -ENOENT;
}

size_t cni_network_length(const CniNetwork *n)
{
        struct json_object *plugins = NULL;

        (void) json_object_object_get_ex(n->list, "plugins", &plugins);
        return json_object_array_length(plugins);
}

struct json_object *cni_network_plugin(const CniNetwork *n, size_t i)
{
        struct json_object *plugins = NULL;

        (void) json_object_object_get_ex(n->list, "plugins", &plugins);
        return json_object_array_get_idx(plugins, i);
}

const char *cni_plugin_type(struct json_object *plugin)
{
        return string_of(plugin, "type");
}

bool cni_plugin_is_built_in(struct json_object *plugin)
{
        const char *type = cni_plugin_type(plugin);

        return type && strcmp(type, "tc-redirect-tap") == 0;
}

bool cni_network_can_check(const CniNetwork *n)
{
        return !n->disable_check && find_version(n->version) >= VERSION_CHECK;
}

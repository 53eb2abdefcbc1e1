/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Should:  read what Firecracker (1.16) would read. Members that the table does not know are Firecracker's affair.
 * Mustn't: take the last of two members of one name, as json-c does and Firecracker does not: what is read here would not be
 *          what the VMM opens.
 */

#include <json-c/json.h>
#include <json-c/json_visit.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "vmm-files.h"
#include "vmm-sections.h"
#include "vmm-twice.h"

/* Of a VM without "machine-config". */
#define MEM_MIB_DEFAULT 128

/* One row per place in the configuration. */
typedef struct Row {
        VmmAccess access;
        bool not_empty, may_be_loop; /* as in VmmFile */
        const char *role;
        const char *section;   /* NULL: the member is a section itself, and no path if it is no string */
        const char *member;    /* "/section/member", or "/section/N/member" if the section is a list */
        const char *label;     /* the member beside it that names it; NULL: the section is no list */
        const char *read_only; /* the member beside it that says that it is only read; NULL: nothing does */
        const char
                *engine; /* the member beside it that says how it is read and written; NULL: nothing does */
} Row;

/* A table is read by its columns. */
/* clang-format off */
static const Row rows[] = {
        { VMM_OPENS,    false, false, "kernel",            "boot-source",        "kernel_image_path", NULL, NULL, NULL },
        { VMM_OPENS,    false, false, "initrd",            "boot-source",        "initrd_path",       NULL, NULL, NULL },
        { VMM_OPENS,    false, false, "CPU template",      NULL,                 "cpu-config",        NULL, NULL, NULL },
        { VMM_OPENS,    false, true,  "drive",             "drives",             "path_on_host",      "drive_id", "is_read_only", "io_engine" },
        { VMM_CONNECTS, false, false, "vhost-user drive",  "drives",             "socket",            "drive_id", NULL, NULL },
        { VMM_OPENS,    true,  false, "pmem device",       "pmem",               "path_on_host",      "id", "read_only", NULL },
        { VMM_BINDS,    false, false, "vsock socket",      "vsock",              "uds_path",          NULL, NULL, NULL },
        { VMM_CREATES,  false, false, "log",               "logger",             "log_path",          NULL, NULL, NULL },
        { VMM_CREATES,  false, false, "metrics",           "metrics",            "metrics_path",      NULL, NULL, NULL },
        { VMM_BINDS,    false, false, "gdb socket",        "machine-config",     "gdb_socket_path",   NULL, NULL, NULL },
        { VMM_ATTACHES, false, false, "network interface", "network-interfaces", "host_dev_name",     "iface_id", NULL, NULL },
};
/* clang-format on */

static void vmm_file_done(VmmFile *f)
{
        free(f->pointer);
        free(f->label);
        free(f->path);
        free(f->mac);
}

void vmm_files_done(VmmFiles *f)
{
        FOREACH_ARRAY (i, f->items, f->n_items)
                vmm_file_done(i);
        free(f->items);
        FOREACH_ARRAY (name, f->unknown, f->n_unknown)
                free(*name);
        free(f->unknown);
        *f = (VmmFiles){};
}

/* Each returns -EBADMSG, or -ENOMEM. */
#define WRONG(ret_why, ...) (ASPRINTF(ret_why, __VA_ARGS__) < 0 ? -ENOMEM : -EBADMSG)

/* NULL, which is also what json-c makes of null: there is none. */
static struct json_object *member_of(struct json_object *o, const char *name)
{
        struct json_object *member = NULL;

        (void) json_object_object_get_ex(o, name, &member);
        return member;
}

/* What a path cannot hold would cut it. */
static int read_string(struct json_object *object, const char *where, const char *name, char **ret,
                       char **ret_why)
{
        struct json_object *o = member_of(object, name);

        if (!json_object_is_type(o, json_type_string))
                return WRONG(ret_why, "%s/%s is not a string", where, name);
        const char *s = json_object_get_string(o);
        if (strlen(s) != (size_t) json_object_get_string_len(o))
                return WRONG(ret_why, "%s/%s has a NUL character", where, name);

        char *copy = strdup(s);
        if (!copy)
                return -ENOMEM;
        *ret = copy;
        return 0;
}

/* A member that is absent leaves *ret. */
static int read_mib(struct json_object *config, const char *section, const char *name, unsigned *ret,
                    char **ret_why)
{
        struct json_object *object = member_of(config, section), *o;

        if (!object)
                return 0;
        if (!json_object_is_type(object, json_type_object))
                return WRONG(ret_why, "/%s is not an object", section);
        o = member_of(object, name);
        if (!o)
                return 0;
        /* json-c makes the nearest one of an integer that int64_t does not hold. */
        int64_t value = json_object_is_type(o, json_type_int) ? json_object_get_int64(o) : -1;
        if (value < 0 || value > INT32_MAX)
                return WRONG(ret_why, "/%s/%s is not a number from 0 to %i", section, name, INT32_MAX);
        *ret = (unsigned) value;
        return 0;
}

static int is_member(struct json_object *object, const char *where, const char *name, const char *value,
                     bool *ret, char **ret_why)
{
        _cleanup_free_ char *s = NULL;
        int r;

        if (!object || !member_of(object, name))
                return 0;
        r = read_string(object, where, name, &s, ret_why);
        if (r >= 0)
                *ret = strcmp(s, value) == 0;
        return r;
}

static int read_bool(struct json_object *object, const char *where, const char *name, bool *ret,
                     char **ret_why)
{
        struct json_object *o = member_of(object, name);

        if (o && !json_object_is_type(o, json_type_boolean))
                return WRONG(ret_why, "%s/%s is neither true nor false", where, name);
        *ret = json_object_get_boolean(o);
        return 0;
}

static int append(VmmFiles *files, VmmFile *f)
{
        VmmFile *items = reallocarray(files->items, files->n_items + 1, sizeof(VmmFile));

        if (!items)
                return -ENOMEM;
        files->items = items;
        items[files->n_items++] = *f;
        *f = (VmmFile){};
        return 0;
}

/* What is not as Firecracker wants it is its affair. */
static bool has_limiter(struct json_object *object, const char *name)
{
        struct json_object *o = member_of(object, name);

        return json_object_is_type(o, json_type_object) &&
               (member_of(o, "bandwidth") || member_of(o, "ops"));
}

/* `where` is the pointer to the object. */
static int read_object(const Row *row, struct json_object *object, const char *where, VmmFiles *files,
                       char **ret_why)
{
        _cleanup_(vmm_file_done) VmmFile f = {
                .access = row->access,
                .role = row->role,
                .not_empty = row->not_empty,
                .may_be_loop = row->may_be_loop,
                .read_only = row->access == VMM_OPENS,
                .read_only_by = row->read_only,
        };
        int r;

        if (!json_object_is_type(object, json_type_object))
                return WRONG(ret_why, "%s is not an object", where);
        if (!member_of(object, row->member))
                return 0;
        if (ASPRINTF(&f.pointer, "%s/%s", where, row->member) < 0)
                return -ENOMEM;
        f.limited = has_limiter(object, "rate_limiter") ||
                    (has_limiter(object, "rx_rate_limiter") && has_limiter(object, "tx_rate_limiter"));

        r = read_string(object, where, row->member, &f.path, ret_why);
        if (r >= 0 && row->label && member_of(object, row->label))
                r = read_string(object, where, row->label, &f.label, ret_why);
        if (r >= 0 && row->access == VMM_ATTACHES && member_of(object, "guest_mac"))
                r = read_string(object, where, "guest_mac", &f.mac, ret_why);
        if (r >= 0 && row->read_only)
                r = read_bool(object, where, row->read_only, &f.read_only, ret_why);
        if (r >= 0 && row->engine)
                r = is_member(object, where, row->engine, "Async", &f.async, ret_why);
        return r < 0 ? r : append(files, &f);
}

static int read_row(const Row *row, struct json_object *config, VmmFiles *files, char **ret_why)
{
        struct json_object *section = member_of(config, row->section ? row->section : row->member);
        char where[64];
        int r = 0;

        if (!row->section)
                return json_object_is_type(section, json_type_string)
                               ? read_object(row, config, "", files, ret_why)
                               : 0;
        if (!section)
                return 0;
        (void) snprintf(where, sizeof(where), "/%s", row->section);
        if (!row->label)
                return read_object(row, section, where, files, ret_why);
        if (!json_object_is_type(section, json_type_array))
                return WRONG(ret_why, "%s is not an array", where);

        for (size_t i = 0; r >= 0 && i < json_object_array_length(section); i++) {
                (void) snprintf(where, sizeof(where), "/%s/%zu", row->section, i);
                r = read_object(row, json_object_array_get_idx(section, i), where, files, ret_why);
        }
        return r;
}

static int read_machine(struct json_object *config, VmmMachine *ret, char **ret_why)
{
        static const char section[] = "machine-config";
        VmmMachine m = { .mem_mib = MEM_MIB_DEFAULT };
        int r;

        r = read_mib(config, section, "mem_size_mib", &m.mem_mib, ret_why);
        if (r >= 0)
                r = is_member(member_of(config, section), "/machine-config", "huge_pages", "2M",
                              &m.huge_pages, ret_why);
        if (r >= 0)
                r = read_mib(config, "memory-hotplug", "total_size_mib", &m.hotplug_mib, ret_why);
        if (r >= 0)
                *ret = m;
        return r;
}

static int read_unknown(struct json_object *config, VmmFiles *files)
{
        files->unknown = calloc((size_t) json_object_object_length(config) + 1, sizeof(char *));
        if (!files->unknown)
                return -ENOMEM;

        json_object_object_foreach(config, name, section)
        {
                (void) section;
                if (vmm_section_known(name))
                        continue;
                files->unknown[files->n_unknown] = strdup(name);
                if (!files->unknown[files->n_unknown])
                        return -ENOMEM;
                files->n_unknown++;
        }
        return 0;
}

/* Of valid JSON, in which each member has one. */
static size_t count_colons(const char *text, size_t size)
{
        bool quoted = false;
        size_t n = 0;

        for (size_t i = 0; i < size; i++) {
                if (text[i] == '"')
                        quoted = !quoted;
                else if (quoted && text[i] == '\\')
                        i++;
                else if (!quoted && text[i] == ':')
                        n++;
        }
        return n;
}

static int count_member(struct json_object *o, int flags, struct json_object *parent, const char *key,
                        size_t *index, void *n)
{
        (void) o;
        (void) parent;
        (void) index;
        if (key && !(flags & JSON_C_VISIT_SECOND))
                (*(size_t *) n)++;
        return JSON_C_VISIT_RETURN_CONTINUE;
}

static bool has_duplicates(struct json_object *config, const char *text, size_t size)
{
        size_t n = 0;

        return json_c_visit(config, 0, count_member, &n) < 0 || n != count_colons(text, size);
}

/* A name in it that a message could not show as it is says nothing. */
static int bad_names(const char *text, size_t size, char **ret_why)
{
        size_t line, length;
        const char *name;
        int r;

        r = vmm_find_twice(text, size, &line, &name, &length);
        if (r == -ENOMEM)
                return r;
        if (r < 0)
                return WRONG(ret_why, "has an object with two members of the same name");
        for (size_t i = 0; i < length; i++)
                if (name[i] <= ' ' || name[i] > '~')
                        length = 0;
        return WRONG(ret_why, "has an object with two members of the same name, at line %zu%s%.*s%s", line,
                     length > 0 ? ": '" : "", (int) length, name, length > 0 ? "'" : "");
}

/* Of the line and column where the parser stopped. */
static int bad_syntax(struct json_tokener *tok, const char *text, size_t size, char **ret_why)
{
        enum json_tokener_error e = json_tokener_get_error(tok);
        size_t offset = json_tokener_get_parse_end(tok), line = 1, column = 1;

        if (offset > size)
                offset = size;
        for (size_t i = 0; i < offset; i++, column++)
                if (text[i] == '\n') {
                        line++;
                        column = 0;
                }
        return WRONG(ret_why, "is not valid JSON at line %zu, column %zu: %s", line, column,
                     e == json_tokener_continue  ? "unexpected end of the file"
                     : e == json_tokener_success ? "unexpected character"
                                                 : json_tokener_error_desc(e));
}

static void json_putp(struct json_object **o)
{
        json_object_put(*o);
}

static int parse(const char *text, size_t size, struct json_object **ret, char **ret_why)
{
        int r = 0;

        struct json_tokener *tok = json_tokener_new_ex(JSON_DEPTH_MAX);
        if (!tok)
                return -ENOMEM;
        json_tokener_set_flags(tok, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
        struct json_object *o = json_tokener_parse_ex(tok, text, (int) size);
        /* A NUL is an end to json-c. */
        if (json_tokener_get_error(tok) != json_tokener_success || json_tokener_get_parse_end(tok) != size)
                r = bad_syntax(tok, text, size, ret_why);
        json_tokener_free(tok);
        if (r < 0)
                json_object_put(o);
        else
                *ret = o;
        return r;
}

int vmm_files_read(const char *text, size_t size, VmmFiles *ret, char **ret_why)
{
        _cleanup_(json_putp) struct json_object *config = NULL;
        _cleanup_vmm_files_ VmmFiles files = {};
        int r;

        if (size > VMM_CONFIG_SIZE_MAX)
                return WRONG(ret_why, "is larger than %i bytes", VMM_CONFIG_SIZE_MAX);
        r = parse(text, size, &config, ret_why);
        if (r < 0)
                return r;
        if (!json_object_is_type(config, json_type_object))
                return WRONG(ret_why, "is not a JSON object");
        if (has_duplicates(config, text, size))
                return bad_names(text, size, ret_why);

        r = read_unknown(config, &files);
        if (r >= 0)
                r = read_machine(config, &files.machine, ret_why);
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(rows); i++)
                r = read_row(&rows[i], config, &files, ret_why);
        if (r < 0)
                return r;
        *ret = files;
        files = (VmmFiles){};
        return 0;
}

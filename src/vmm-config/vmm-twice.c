/* SPDX-License-Identifier: Apache-2.0 */

/* Only for a message: that there are two is known by their number, which no way of writing a name can change. */

#include <json-c/json.h>
#include <string.h>

#include "vmm-twice.h"

typedef struct Scan {
        struct json_object *names[JSON_DEPTH_MAX + 1]; /* of each object around the place; NULL: a list */
        size_t depth;
} Scan;

static void scan_done(Scan *s)
{
        FOREACH_ARRAY (o, s->names, s->depth)
                json_object_put(*o);
}

static int enter(Scan *s, bool object)
{
        struct json_object *names = object ? json_object_new_object() : NULL;

        if (object && !names)
                return -ENOMEM;
        if (s->depth == ELEMENTSOF(s->names))
                return -ENOENT;
        s->names[s->depth++] = names;
        return 0;
}

static void leave(Scan *s)
{
        if (s->depth > 0)
                json_object_put(s->names[--s->depth]);
}

/* Behind the string that begins there. */
static size_t string_end(const char *text, size_t size, size_t i)
{
        for (i++; i < size && text[i] != '"'; i++)
                if (text[i] == '\\')
                        i++;
        return i < size ? i + 1 : size;
}

static bool is_name(const char *text, size_t size, size_t end)
{
        while (end < size && strchr(" \t\r\n", text[end]))
                end++;
        return end < size && text[end] == ':';
}

/* 1: it is there already. */
static int add_name(Scan *s, const char *name, size_t length)
{
        struct json_object *names = s->depth > 0 ? s->names[s->depth - 1] : NULL;
        _cleanup_free_ char *copy = strndup(name, length);

        if (!copy)
                return -ENOMEM;
        if (!names)
                return 0;
        if (json_object_object_get_ex(names, copy, NULL))
                return 1;
        return json_object_object_add(names, copy, NULL) < 0 ? -ENOMEM : 0;
}

int vmm_find_twice(const char *text, size_t size, size_t *ret_line, const char **ret_name,
                   size_t *ret_length)
{
        _cleanup_(scan_done) Scan s = {};
        size_t line = 1, end;
        int r = 0;

        for (size_t i = 0; r == 0 && i < size; i = end) {
                end = i + 1;
                if (text[i] == '\n')
                        line++;
                else if (text[i] == '{' || text[i] == '[')
                        r = enter(&s, text[i] == '{');
                else if (text[i] == '}' || text[i] == ']')
                        leave(&s);
                else if (text[i] == '"') {
                        end = string_end(text, size, i);
                        if (is_name(text, size, end))
                                r = add_name(&s, text + i + 1, end - i - 2);
                        if (r > 0) {
                                *ret_line = line;
                                *ret_name = text + i + 1;
                                *ret_length = end - i - 2;
                                return 0;
                        }
                }
        }
        return r < 0 ? r : -ENOENT;
}

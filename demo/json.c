/* SPDX-License-Identifier: Apache-2.0 */

#include <string.h>

#include "vmm.h"

#define DEPTH_MAX 32

static const char *blanks(const char *p)
{
        return p + strspn(p, " \t\r\n");
}

static const char *skip_string(const char *p)
{
        for (p++; *p && *p != '"'; p++)
                if (*p == '\\' && p[1])
                        p++;
        return *p ? p + 1 : NULL;
}

static const char *skip_value(const char *p, int depth);

/* From the bracket to behind the one that closes it. */
static const char *skip_container(const char *p, int depth)
{
        bool object = *p == '{';
        char close = object ? '}' : ']';

        p = blanks(p + 1);
        if (*p == close)
                return p + 1;
        for (;;) {
                if (object) {
                        if (*p != '"' || !(p = skip_string(p)))
                                return NULL;
                        p = blanks(p);
                        if (*p != ':')
                                return NULL;
                        p = blanks(p + 1);
                }
                p = skip_value(p, depth + 1);
                if (!p)
                        return NULL;
                p = blanks(p);
                if (*p == close)
                        return p + 1;
                if (*p != ',')
                        return NULL;
                p = blanks(p + 1);
        }
}

static const char *skip_value(const char *p, int depth)
{
        static const char *const words[] = { "true", "false", "null" };

        if (depth > DEPTH_MAX)
                return NULL;
        if (*p == '"')
                return skip_string(p);
        if (*p == '{' || *p == '[')
                return skip_container(p, depth);
        for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
                if (strncmp(p, words[i], strlen(words[i])) == 0)
                        return p + strlen(words[i]);

        size_t n = strspn(p, "+-0123456789.eE");
        return n > 0 ? p + n : NULL;
}

bool json_valid(const char *text)
{
        const char *end = skip_value(blanks(text), 0);

        return end && *blanks(end) == '\0';
}

const char *json_member(const char *object, const char *name)
{
        if (!object || *(object = blanks(object)) != '{')
                return NULL;

        const char *p = blanks(object + 1);
        while (*p == '"') {
                const char *key = p + 1;
                p = skip_string(p);
                if (!p)
                        return NULL;
                bool found = strlen(name) == (size_t) (p - 1 - key) && strncmp(key, name, strlen(name)) == 0;
                p = blanks(blanks(p) + 1); /* the colon */
                if (found)
                        return strncmp(p, "null", 4) == 0 ? NULL : p;
                p = skip_value(p, 0);
                if (!p || *(p = blanks(p)) != ',')
                        return NULL;
                p = blanks(p + 1);
        }
        return NULL;
}

const char *json_element(const char *array, size_t index)
{
        if (!array || *(array = blanks(array)) != '[')
                return NULL;

        const char *p = blanks(array + 1);
        if (*p == ']')
                return NULL;
        for (; index > 0; index--) {
                p = skip_value(p, 0);
                if (!p || *(p = blanks(p)) != ',')
                        return NULL;
                p = blanks(p + 1);
        }
        return p;
}

const char *json_end(const char *value)
{
        return skip_value(value, 0);
}

bool json_string(const char *value, char *buf, size_t size)
{
        if (!value || *value != '"')
                return false;

        size_t n = strcspn(value + 1, "\"\\");
        if (value[1 + n] != '"' || n >= size)
                return false;
        memcpy(buf, value + 1, n);
        buf[n] = '\0';
        return true;
}

bool json_true(const char *value)
{
        return value && strncmp(value, "true", 4) == 0;
}

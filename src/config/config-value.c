/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Each value is read completely into locals and stored at the end, so a bad one changes nothing. A value
 * with several members always stores all of them: a later file replaces what an earlier one said as a whole. Only
 * binds add up (config-bind.c).
 */

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

#include "config-value.h"
#include "config.h"
#include "text.h"

int config_why(char **ret_why, const char *format, ...)
{
        va_list ap;
        int k;

        va_start(ap, format);
        k = vasprintf(ret_why, format, ap);
        va_end(ap);
        if (k < 0) {
                *ret_why = NULL; /* its content is undefined then */
                return -ENOMEM;
        }

        return -EINVAL;
}

/* Stores a copy, or NULL for NULL, in place of the old string. */
static int replace_string(char **field, const char *value)
{
        char *copy = value ? strdup(value) : NULL;
        if (value && !copy)
                return -ENOMEM;

        free(*field);
        *field = copy;
        return 0;
}

/* Position of a word in a NULL terminated list, or -EINVAL. */
static int find_word(const char *const *words, const char *value)
{
        for (int i = 0; words[i]; i++)
                if (strcmp(words[i], value) == 0)
                        return i;
        return -EINVAL;
}

/* The same for a setting that is a word of a list, and an enumeration in its order: 0 is that it is unset. */
static int parse_word(const char *const *words, const char *value, void *field)
{
        unsigned *setting = field;
        int i = find_word(words, value);

        if (i < 0)
                return i;
        *setting = 1 + (unsigned) i;
        return 0;
}

int config_parse_tristate(const char *value, void *field, char **ret_why)
{
        Tristate *t = field;
        bool b;
        int r;

        (void) ret_why;
        r = parse_yes_no(value, &b);
        if (r < 0)
                return r;

        *t = b ? TRISTATE_YES : TRISTATE_NO;
        return 0;
}

int config_parse_vm_id(const char *value, void *field, char **ret_why)
{
        uint32_t *id = field, v;

        if (parse_u32(value, 1, UINT32_MAX - 2, &v) < 0)
                return -EINVAL;
        if (!vm_id_valid(v))
                return config_why(
                        ret_why, "must not be %u, which the system reserves for \"nobody\" or \"unset\"", v);

        *id = v;
        return 0;
}

int config_parse_pool_texts(const char *value, void *field, char **ret_why)
{
        uint32_t *n = field;

        (void) ret_why;
        return parse_u32(value, 1, POOL_TEXTS_MAX, n) < 0 ? -EINVAL : 0;
}

int config_parse_uid_range(const char *value, void *field, char **ret_why)
{
        UidRange *range = field, v;
        char first[sizeof("4294967293")];

        const char *dash = strchr(value, '-');
        if (!dash || (size_t) (dash - value) >= sizeof(first))
                return -EINVAL;
        (void) snprintf(first, sizeof(first), "%.*s", (int) (dash - value), value);

        if (parse_u32(first, 1, UINT32_MAX - 2, &v.first) < 0 ||
            parse_u32(dash + 1, 1, UINT32_MAX - 2, &v.last) < 0)
                return -EINVAL;
        if (v.first > v.last)
                return config_why(ret_why, "must not end before it begins: '%s'", value);
        if (v.first <= 65535 && v.last >= 65534)
                return config_why(ret_why, "must not contain the reserved ids 65534 and 65535: '%s'", value);

        *range = v;
        return 0;
}

/* "/" is a valid path, but no key means the root directory. */
int config_parse_path(const char *value, void *field, char **ret_why)
{
        (void) ret_why;
        if (!path_valid(value) || strcmp(value, "/") == 0)
                return -EINVAL;

        return replace_string(field, value);
}

/* What fcjail passes itself, and what sets it. */
static const struct {
        const char *arg;
        const char *instead;
} own_args[] = {
        { "--id", "fcjail itself" },
        { "--api-sock", "FCJAIL_API=" },
        { "--no-api", "FCJAIL_API=no" },
        { "--config-file", "FCJAIL_CONFIG=" },
        { "--start-time-us", "fcjail itself" },
        { "--start-time-cpu-us", "fcjail itself" },
        { "--parent-cpu-time-us", "fcjail itself" },
};

static int check_vmm_arg(const char *arg, char **ret_why)
{
        for (size_t i = 0; i < ELEMENTSOF(own_args); i++) {
                size_t n = strlen(own_args[i].arg);

                if (strncmp(arg, own_args[i].arg, n) == 0 && (arg[n] == '\0' || arg[n] == '='))
                        return config_why(ret_why, "must not contain %s, which %s sets", own_args[i].arg,
                                          own_args[i].instead);
        }

        for (const char *p = arg; *p; p++)
                if ((unsigned char) *p < 0x20 || *p == 0x7f)
                        return config_why(ret_why, "must not contain control characters");

        return 0;
}

int config_parse_vmm_args(const char *value, void *field, char **ret_why)
{
        _cleanup_strv_ char **args = NULL;
        char ***v = field;
        int r;

        r = split_words(value, &args);
        if (r < 0)
                return r;
        if (!args[0])
                return -EINVAL;

        for (char **a = args; *a; a++) {
                r = check_vmm_arg(*a, ret_why);
                if (r < 0)
                        return r;
        }

        strv_free(*v);
        *v = TAKE_PTR(args);
        return 0;
}

int config_parse_vmm_text(const char *value, void *field, char **ret_why)
{
        static const char *const words[] = { "recycled", "private", "shared", NULL };

        (void) ret_why;
        return parse_word(words, value, field);
}

int config_parse_guest_network(const char *value, void *field, char **ret_why)
{
        static const char *const words[] = { "none", "boot-arg", NULL };

        (void) ret_why;
        return parse_word(words, value, field);
}

int config_parse_jailer_mounts(const char *value, void *field, char **ret_why)
{
        static const char *const words[] = { "no", "start", "live", NULL };

        (void) ret_why;
        return parse_word(words, value, field);
}

/* As systemd's strict rule for a name in /etc/group: [A-Za-z_][A-Za-z0-9_-]*, below the size of utmp's
 * field. */
#define GROUP_FIRST   "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_"
#define GROUP_CHARS   GROUP_FIRST "0123456789-"
#define GROUP_LEN_MAX 31

int config_parse_group(const char *value, void *field, char **ret_why)
{
        size_t n = strlen(value);

        (void) ret_why;
        if (n > GROUP_LEN_MAX || strspn(value, GROUP_FIRST) == 0 || strspn(value, GROUP_CHARS) != n)
                return -EINVAL;

        return replace_string(field, value);
}

int config_parse_ready(const char *value, void *field, char **ret_why)
{
        static const char *const words[] = { "api", "exec", NULL };

        (void) ret_why;
        return parse_word(words, value, field);
}

/* run/ is the only place in the jail where the VMM may make a socket. */
int config_parse_api(const char *value, void *field, char **ret_why)
{
        static const char run[] = "/run/";
        bool off = strcmp(value, "no") == 0;
        Config *c = field;
        int r;

        if (!off && (strncmp(value, run, strlen(run)) != 0 || !filename_valid(value + strlen(run))))
                return -EINVAL;
        if (!off && strlen(value) >= sizeof(((struct sockaddr_un *) NULL)->sun_path))
                return config_why(ret_why, "is too long for the path of a socket (107 bytes at most)");

        r = replace_string(&c->api, off ? NULL : value);
        if (r < 0)
                return r;

        c->api_off = off;
        return 0;
}

static int set_netns(Config *c, NetnsKind kind, const char *path)
{
        int r;

        r = replace_string(&c->netns_path, path);
        if (r < 0)
                return r;

        c->netns = kind;
        return 0;
}

int config_parse_netns(const char *value, void *field, char **ret_why)
{
        static const char *const words[] = { "private", "inherit", "host", NULL };
        static const NetnsKind kinds[] = { NETNS_PRIVATE, NETNS_INHERIT, NETNS_HOST };
        _cleanup_free_ char *path = NULL;
        int i;

        (void) ret_why;
        i = find_word(words, value);
        if (i >= 0)
                return set_netns(field, kinds[i], NULL);

        if (value[0] == '/')
                return path_valid(value) && value[1] ? set_netns(field, NETNS_PATH, value) : -EINVAL;

        if (!filename_valid(value))
                return -EINVAL;
        if (ASPRINTF(&path, "/run/netns/%s", value) < 0)
                return -ENOMEM;
        return set_netns(field, NETNS_PATH, path);
}

int config_parse_seccomp(const char *value, void *field, char **ret_why)
{
        static const char *const words[] = { "default", "io_uring", "off", NULL };
        static const SeccompKind kinds[] = { SECCOMP_DEFAULT, SECCOMP_IO_URING, SECCOMP_OFF };
        Config *c = field;
        int i, r;

        (void) ret_why;
        i = find_word(words, value);
        if (i < 0 && (!path_valid(value) || strcmp(value, "/") == 0))
                return -EINVAL;

        r = replace_string(&c->seccomp_path, i < 0 ? value : NULL);
        if (r < 0)
                return r;

        c->seccomp = i < 0 ? SECCOMP_PATH : kinds[i];
        return 0;
}

/* What the kernel takes is up to the security module; what is certainly a mistake is not passed on. */
#define LABEL_LEN_MAX 255

int config_parse_label(const char *value, void *field, char **ret_why)
{
        (void) ret_why;
        if (strlen(value) > LABEL_LEN_MAX)
                return -EINVAL;
        for (const char *p = value; *p; p++)
                if ((unsigned char) *p <= ' ' || (unsigned char) *p >= 0x7f)
                        return -EINVAL;

        return replace_string(field, value);
}

int config_parse_selinux(const char *value, void *field, char **ret_why)
{
        const char *colon = strchr(value, ':');

        if (!colon || !strchr(colon + 1, ':'))
                return -EINVAL;
        return config_parse_label(value, field, ret_why);
}

int config_parse_stop(const char *value, void *field, char **ret_why)
{
        static const char word[] = "ctrl-alt-del";
        StopKind kind = STOP_CTRL_ALT_DEL;
        Config *c = field;
        uint32_t seconds = 0;

        (void) ret_why;
        if (strcmp(value, "kill") == 0)
                kind = STOP_KILL;
        else if (strncmp(value, word, strlen(word)) != 0 ||
                 (value[strlen(word)] != '\0' &&
                  (value[strlen(word)] != ':' ||
                   parse_u32(value + sizeof(word), 1, STOP_SECONDS_MAX, &seconds) < 0)))
                return -EINVAL;

        c->stop = kind;
        c->stop_seconds = seconds;
        return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */

#include <stdarg.h>
#include <string.h>

#include "jailer-args.h"

/* As Firecracker's jailer. */
#define DEFAULT_NO_FILE        2048
#define DEFAULT_CGROUP_VERSION 1

typedef struct Option {
        const char *name;
        const char *value; /* what it is, for --help; NULL: the option takes none */
        bool required, repeated;
        /* The value is what follows, or NULL. 0; -EINVAL: *why, if set, says more than "is not …"; -ENOMEM. */
        int (*parse)(JailerArgs *a, const char *value, char **why);
        const char *takes; /* "a uid …", after "must be" */
        const char *summary;
} Option;

void jailer_args_done(JailerArgs *a)
{
        config_done(&a->config);
}

static _printf_(2, 3) int refuse(char **why, const char *format, ...)
{
        va_list ap;
        int n;

        va_start(ap, format);
        n = vasprintf(why, format, ap);
        va_end(ap);
        if (n < 0)
                *why = NULL;
        return n < 0 ? -ENOMEM : -EINVAL;
}

static int dup_to(const char *value, char **ret)
{
        free(*ret);
        *ret = strdup(value);
        return *ret ? 0 : -ENOMEM;
}

static int parse_id(JailerArgs *a, const char *value, char **why)
{
        (void) why;
        if (!jailer_id_valid(value))
                return -EINVAL;
        a->id = value;
        return 0;
}

static int parse_exec_file(JailerArgs *a, const char *value, char **why)
{
        (void) why;
        return value[0] ? dup_to(value, &a->config.vmm) : -EINVAL;
}

/* "+10" and "010" are 10, as they are for the jailer. */
static const char *without_padding(const char *value)
{
        if (value[0] == '+')
                value++;
        while (value[0] == '0' && value[1])
                value++;
        return value;
}

static int parse_some_id(const char *value, uint32_t *ret, char **why)
{
        uint32_t id;

        if (parse_u32(without_padding(value), 0, UINT32_MAX, &id) < 0)
                return -EINVAL;
        if (id != 0 && !vm_id_valid(id)) /* of 0 the plan decides */
                return refuse(why, "is %u, which stands for nobody; give each VM an id of its own", id);
        *ret = id;
        return 0;
}

static int parse_uid(JailerArgs *a, const char *value, char **why)
{
        return parse_some_id(value, &a->config.uid, why);
}

static int parse_gid(JailerArgs *a, const char *value, char **why)
{
        return parse_some_id(value, &a->config.gid, why);
}

static int parse_base(JailerArgs *a, const char *value, char **why)
{
        (void) why;
        return value[0] ? dup_to(value, &a->config.chroot_dir) : -EINVAL;
}

static int parse_netns(JailerArgs *a, const char *value, char **why)
{
        (void) why;
        a->config.netns = NETNS_PATH;
        return value[0] ? dup_to(value, &a->config.netns_path) : -EINVAL;
}

static int parse_daemonize(JailerArgs *a, const char *value, char **why)
{
        (void) value;
        (void) why;
        a->config.jailer.daemonize = true;
        return 0;
}

static int parse_new_pid_ns(JailerArgs *a, const char *value, char **why)
{
        (void) value;
        (void) why;
        a->config.jailer.new_pid_ns = true;
        return 0;
}

/* A slash too many is none for the jailer either, nor is a "." that is not the first. */
static int parse_parent_cgroup(JailerArgs *a, const char *value, char **why)
{
        _cleanup_free_ char *path = malloc(strlen(value) + 2);
        size_t n = 0;

        (void) why;
        if (!path)
                return -ENOMEM;
        for (const char *p = value; *p; p += strspn(p, "/")) {
                size_t length = strcspn(p, "/");

                if (p == value || length != 1 || p[0] != '.') {
                        path[n++] = '/';
                        memcpy(path + n, p, length);
                        n += length;
                }
                p += length;
        }
        path[n] = '\0';
        if (value[0] == '/' || !path_valid(path))
                return -EINVAL;
        return dup_to(path + 1, &a->config.jailer.parent_cgroup);
}

static int parse_cgroup_version(JailerArgs *a, const char *value, char **why)
{
        (void) why;
        return parse_u32(without_padding(value), 0, UINT8_MAX, &a->config.jailer.cgroup_version) < 0
                       ? -EINVAL
                       : 0;
}

/* The name of a file in a cgroup: "cpuset.cpus". */
static bool is_attribute(const char *name, size_t n)
{
        const char *dot = memchr(name, '.', n);

        return n > 0 && n < 256 && !memchr(name, '/', n) && dot && dot > name && dot < name + n - 1;
}

static int parse_cgroup(JailerArgs *a, const char *value, char **why)
{
        JailerConfig *j = &a->config.jailer;
        const char *equals = strchr(value, '=');

        if (!equals || !equals[1] || strchr(equals + 1, '=') ||
            !is_attribute(value, (size_t) (equals - value)))
                return -EINVAL;
        if (j->n_cgroups == ELEMENTSOF(j->cgroups))
                return refuse(why, "is given more than %zu times", ELEMENTSOF(j->cgroups));

        CgroupAttribute *attribute = &j->cgroups[j->n_cgroups++];
        attribute->file = strndup(value, (size_t) (equals - value));
        attribute->value = strdup(equals + 1);
        return attribute->file && attribute->value ? 0 : -ENOMEM;
}

static int parse_limit(JailerArgs *a, const char *value, char **why)
{
        JailerConfig *j = &a->config.jailer;
        uint64_t *limit;

        (void) why;
        if (strncmp(value, "fsize=", strlen("fsize=")) == 0) {
                limit = &j->fsize;
                j->has_fsize = true;
        } else if (strncmp(value, "no-file=", strlen("no-file=")) == 0)
                limit = &j->no_file;
        else
                return -EINVAL;
        return parse_u64(without_padding(strchr(value, '=') + 1), 0, UINT64_MAX, limit) < 0 ? -EINVAL : 0;
}

static int ask_version(JailerArgs *a, const char *value, char **why)
{
        (void) value;
        (void) why;
        a->request = JAILER_VERSION;
        return 0;
}

static int ask_help(JailerArgs *a, const char *value, char **why)
{
        (void) value;
        (void) why;
        a->request = JAILER_HELP;
        return 0;
}

/* clang-format off */
static const Option options[] = {
        { "id",              "ID",         true,  false, parse_id,
          "1 to 64 letters, digits or '-'",              "the VM's id" },
        { "exec-file",       "PATH",       true,  false, parse_exec_file,
          "the path of a program",                       "the VMM, a static program" },
        { "uid",             "UID",        true,  false, parse_uid,
          "a number from 1 to 4294967293",               "the VM's uid" },
        { "gid",             "GID",        true,  false, parse_gid,
          "a number from 1 to 4294967293",               "the VM's gid" },
        { "chroot-base-dir", "PATH",       false, false, parse_base,
          "the path of a directory",                     "where the jails are; default /srv/jailer" },
        { "netns",           "PATH",       false, false, parse_netns,
          "the path of a network namespace",             "the network namespace to join" },
        { "daemonize",       NULL,         false, false, parse_daemonize,
          NULL,                                          "a session of its own, nothing on standard output" },
        { "new-pid-ns",      NULL,         false, false, parse_new_pid_ns,
          NULL,                                          "a PID namespace of its own" },
        { "cgroup",          "FILE=VALUE", false, true,  parse_cgroup,
          "file=value, with a file of cgroups such as cpuset.cpus", "write this in the VM's cgroup" },
        { "cgroup-version",  "1|2",        false, false, parse_cgroup_version,
          "1 or 2",                                      "where --cgroup is meant; default 1" },
        { "parent-cgroup",   "PATH",       false, false, parse_parent_cgroup,
          "a relative path without '.' and '..'",        "the cgroup above; default the VMM's name" },
        { "resource-limit",  "NAME=VALUE", false, true,  parse_limit,
          "fsize=<bytes> or no-file=<descriptors>",      "fsize=… or no-file=…; default no-file=2048" },
        { "version",         NULL,         false, true,  ask_version, NULL, "print the version" },
        { "help",            NULL,         false, true,  ask_help,    NULL, "print this help" },
};
/* clang-format on */

static const Option *find_option(const char *name, size_t n)
{
        FOREACH_ARRAY (o, options, ELEMENTSOF(options))
                if (strlen(o->name) == n && memcmp(o->name, name, n) == 0)
                        return o;
        return NULL;
}

static int take_value(JailerArgs *a, const Option *o, const char *value, char **why)
{
        _cleanup_free_ char *reason = NULL;
        int r;

        r = o->parse(a, value, &reason);
        if (r != -EINVAL)
                return r;
        return reason ? refuse(why, "--%s %s", o->name, reason)
                      : refuse(why, "--%s must be %s, not '%s'", o->name, o->takes, value);
}

/* One option, whose value may be the next argument. The number of arguments that it took, or -errno. */
static int take_option(JailerArgs *a, char *const *argv, bool given[], char **why)
{
        const char *arg = argv[0], *equals, *value;

        if (strcmp(arg, "-h") == 0)
                arg = "--help";
        if (strncmp(arg, "--", 2) != 0)
                return refuse(why, "'%s' is not an option; arguments of the VMM come after '--'", arg);

        equals = strchr(arg, '=');
        const Option *o = find_option(arg + 2, equals ? (size_t) (equals - arg) - 2 : strlen(arg + 2));
        if (!o)
                return refuse(why, "unknown option '%s'; arguments of the VMM come after '--'", arg);
        if (given[o - options] && !o->repeated)
                return refuse(why, "--%s is given more than once", o->name);
        given[o - options] = true;
        if (!o->value && equals)
                return refuse(why, "--%s takes no value", o->name);

        value = !o->value ? NULL : equals ? equals + 1 : argv[1];
        if (o->value && (!value || (!equals && strncmp(value, "--", 2) == 0)))
                return refuse(why, "--%s needs a value, %s", o->name, o->takes);
        int r = take_value(a, o, value, why);
        return r < 0 ? r : o->value && !equals ? 2 : 1;
}

static int check_required(const bool given[], char **why)
{
        for (size_t i = 0; i < ELEMENTSOF(options); i++)
                if (options[i].required && !given[i])
                        return refuse(why, "--%s is missing; it must be %s", options[i].name,
                                      options[i].takes);
        return 0;
}

/* The jailer takes any version where no group is asked for. */
static int check_version(JailerConfig *j, char **why)
{
        if (j->cgroup_version == 1 || j->cgroup_version == 2)
                return 0;
        if (j->n_cgroups > 0)
                return refuse(why, "--cgroup-version must be 1 or 2 for --cgroup, not %u",
                              j->cgroup_version);
        j->cgroup_version = DEFAULT_CGROUP_VERSION;
        return 0;
}

static int parse(char *const *argv, JailerArgs *a, char **why)
{
        bool given[ELEMENTSOF(options)] = {};
        int r;

        /* Whatever is wrong besides: who asks for help gets it. */
        for (char *const *arg = argv; *arg && strcmp(*arg, "--") != 0; arg++) {
                if (strcmp(*arg, "--help") == 0 || strcmp(*arg, "-h") == 0)
                        return ask_help(a, NULL, why);
                if (strcmp(*arg, "--version") == 0)
                        return ask_version(a, NULL, why);
        }

        while (*argv && strcmp(*argv, "--") != 0) {
                r = take_option(a, argv, given, why);
                if (r < 0)
                        return r;
                argv += r;
        }
        r = check_required(given, why);
        if (r >= 0)
                r = check_version(&a->config.jailer, why);
        if (r < 0 || !*argv)
                return r;
        return strv_copy(argv + 1, &a->config.vmm_args);
}

int jailer_args_parse(char *const *argv, JailerArgs *ret, char **ret_why)
{
        _cleanup_jailer_args_ JailerArgs a = { .config = CONFIG_UNSET };
        int r;

        a.config.jailer = (JailerConfig){
                .on = true,
                .cgroup_version = DEFAULT_CGROUP_VERSION,
                .no_file = DEFAULT_NO_FILE,
        };
        a.config.netns = NETNS_HOST;
        a.config.shared_uid = TRISTATE_YES;
        a.config.taps_set = true;
        a.config.api_off = true;
        a.config.ready = READY_EXEC;
        r = parse(argv, &a, ret_why);
        if (r < 0)
                return r;

        *ret = a;
        a.config = (Config) CONFIG_UNSET;
        return 0;
}

void jailer_args_over(JailerArgs *a, Config *files)
{
        Config *c = &a->config;

        c->vmm_text = files->vmm_text;
        c->seccomp = files->seccomp;
        c->seccomp_path = TAKE_PTR(files->seccomp_path);
        c->jailer_cleanup = files->jailer_cleanup;
        c->jailer_root = files->jailer_root;
        c->jailer_mounts = files->jailer_mounts;
        c->jailer_read_only = files->jailer_read_only;
        c->api_group = TAKE_PTR(files->api_group);
        c->apparmor = TAKE_PTR(files->apparmor);
        c->selinux = TAKE_PTR(files->selinux);
        memcpy(c->taps, files->taps, sizeof(c->taps));
        c->n_taps = files->taps_set ? files->n_taps : 0;
        memcpy(c->places, files->places, sizeof(c->places));
        c->names = TAKE_PTR(files->names);
}

void jailer_args_help(FILE *f)
{
        FOREACH_ARRAY (o, options, ELEMENTSOF(options))
                fprintf(f, "  --%s%s%-*s %s\n", o->name, o->value ? " " : "",
                        (int) (28 - strlen(o->name) - (o->value ? 1 : 0)), o->value ? o->value : "",
                        o->summary);
}

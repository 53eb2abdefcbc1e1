/* SPDX-License-Identifier: Apache-2.0 */

#include <inttypes.h>
#include <string.h>

#include "config-table.h"
#include "convert.h"
#include "plan.h"
#include "text.h"

#define UNIT_NO_FILE 2048 /* LimitNOFILE= of fcjail@.service */

/* Needs quotes neither in an env file nor in a shell. */
static bool is_plain(const char *s)
{
        return s[0] &&
               s[strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./:=,@%+-")] ==
                       '\0';
}

/* It would end a line of what is printed. */
static bool has_newline(const char *s)
{
        return s[strcspn(s, "\n\r")] != '\0';
}

static int refuse(char **why, const char *what, const char *value)
{
        CutText cut;

        return asprintf(why, "%s has characters that no setting can have: '%s'", what,
                        text_cut(&cut, value)) < 0
                       ? -ENOMEM
                       : -EINVAL;
}

/* In single quotes, within which nothing is special, and at the end of its line. */
static int put_setting(FILE *f, const char *key, const char *value, char **why)
{
        if (!value[0] || value[strcspn(value, "'\n\r")])
                return refuse(why, key, value);
        fprintf(f, is_plain(value) ? "%s=%s\n" : "%s='%s'\n", key, value);
        return 0;
}

/* The arguments of the VMM, with what is a setting of its own taken out. */
typedef struct VmmArguments {
        const char *api, *config;
        bool no_api;
        char *rest; /* quoted as in ExecStart=; NULL: none */
} VmmArguments;

static int add_word(char **rest, const char *word, char **why)
{
        char *longer;

        if (!word[0] || word[strcspn(word, "\"\\'\n\r")])
                return refuse(why, "an argument of the VMM", word);
        if (asprintf(&longer, is_plain(word) ? "%s%s%s" : "%s%s\"%s\"", *rest ? *rest : "", *rest ? " " : "",
                     word) < 0)
                return -ENOMEM;
        free(*rest);
        *rest = longer;
        return 0;
}

static int read_arguments(char *const *args, VmmArguments *ret, char **why)
{
        int r = 0;

        for (char *const *a = args; r >= 0 && a && *a; a++) {
                if (strcmp(*a, "--no-api") == 0)
                        ret->no_api = true;
                else if (strcmp(*a, "--api-sock") == 0 && a[1])
                        ret->api = *++a;
                else if (strcmp(*a, "--config-file") == 0 && a[1])
                        ret->config = *++a;
                else
                        r = add_word(&ret->rest, *a, why);
        }
        return r;
}

/* fcjail has the API's socket in run/, where a VM can make nothing but sockets and files of its own. */
static int put_api(FILE *f, const VmmArguments *v, char **why)
{
        const char *slash = v->api ? strrchr(v->api, '/') : NULL;
        const char *name = slash ? slash + 1 : v->api;
        _cleanup_free_ char *path = NULL;

        if (v->no_api)
                return put_setting(f, "FCJAIL_API", "no", why);
        if (!v->api || strcmp(v->api, DEFAULT_API) == 0)
                return 0;
        if (ASPRINTF(&path, "/run/%s", name) < 0)
                return -ENOMEM;
        if (strcmp(path, v->api) != 0)
                fprintf(f, "# --api-sock %s: the socket of the API is always in /run\n", v->api);
        return put_setting(f, "FCJAIL_API", path, why);
}

static int put_config(FILE *f, const JailerArgs *a, const VmmArguments *v, char **why)
{
        const Config *c = &a->config;
        _cleanup_free_ char *path = NULL;

        if (!v->config)
                return 0;
        if (ASPRINTF(&path, "%s/%s/%s/root%s%s", c->chroot_dir ? c->chroot_dir : DEFAULT_CHROOT_DIR,
                     strrchr(c->vmm, '/') + 1, a->id, v->config[0] == '/' ? "" : "/", v->config) < 0)
                return -ENOMEM;
        fprintf(f,
                "# The VM gets a copy. The files that it names may stay where they are: use their paths on the host.\n");
        return put_setting(f, "FCJAIL_CONFIG", path, why);
}

static int put_network(FILE *f, const Config *c, char **why)
{
        int r;

        r = put_setting(f, "FCJAIL_NETNS", c->netns_path ? c->netns_path : "host", why);
        if (r < 0)
                return r;
        fprintf(f,
                "# As with the jailer, somebody else makes the TAPs. fcjail makes them: FCJAIL_TAP=tap0\n");
        return put_setting(f, "FCJAIL_TAP", "none", why);
}

static int put_env_file(FILE *f, const JailerArgs *a, char **why)
{
        const Config *c = &a->config;
        _cleanup_free_ char *rest = NULL;
        VmmArguments v = {};
        int r;

        fprintf(f, "cat >/etc/fcjail/%s.env <<'END'\n", a->id);
        fprintf(f, "FCJAIL_UID=%u\nFCJAIL_GID=%u\n", c->uid, c->gid);
        r = read_arguments(c->vmm_args, &v, why);
        rest = v.rest;
        if (r >= 0 && c->chroot_dir && strcmp(c->chroot_dir, DEFAULT_CHROOT_DIR) != 0)
                r = put_setting(f, "FCJAIL_CHROOT_DIR", c->chroot_dir, why);
        if (r >= 0 && strcmp(c->vmm, DEFAULT_VMM) != 0)
                r = put_setting(f, "FCJAIL_VMM", c->vmm, why);
        if (r >= 0)
                r = put_config(f, a, &v, why);
        if (r >= 0 && v.rest)
                r = put_setting(f, "FCJAIL_VMM_ARGS", v.rest, why);
        if (r >= 0)
                r = put_api(f, &v, why);
        if (r >= 0)
                r = put_network(f, c, why);
        fprintf(f, "END\n");
        return r;
}

/* Files of cgroups and the directives of systemd.resource-control(5) that write them. */
static const struct {
        const char *file, *directive;
} directives[] = {
        { "cpuset.cpus", "AllowedCPUs" }, { "cpuset.mems", "AllowedMemoryNodes" },
        { "memory.max", "MemoryMax" },    { "memory.limit_in_bytes", "MemoryMax" },
        { "memory.high", "MemoryHigh" },  { "memory.low", "MemoryLow" },
        { "memory.min", "MemoryMin" },    { "memory.swap.max", "MemorySwapMax" },
        { "cpu.weight", "CPUWeight" },    { "io.weight", "IOWeight" },
        { "pids.max", "TasksMax" },
};

/* "50000 100000" µs: half a CPU. */
static bool put_quota(FILE *f, const char *value)
{
        const char *space = strchr(value, ' ');
        uint32_t quota, period;

        _cleanup_free_ char *first = space ? strndup(value, (size_t) (space - value)) : NULL;
        if (!first || parse_u32(first, 1, UINT32_MAX, &quota) < 0 ||
            parse_u32(space + 1, 1, UINT32_MAX, &period) < 0)
                return false;
        fprintf(f, "CPUQuota=%" PRIu64 "%%\n", (uint64_t) quota * 100 / period);
        return true;
}

static void put_attribute(FILE *f, const CgroupAttribute *a)
{
        if (strcmp(a->file, "cpu.max") == 0 && put_quota(f, a->value))
                return;
        FOREACH_ARRAY (d, directives, ELEMENTSOF(directives))
                if (strcmp(d->file, a->file) == 0) {
                        fprintf(f, "%s=%s\n", d->directive,
                                strcmp(a->value, "max") == 0 ? "infinity" : a->value);
                        return;
                }
        fprintf(f, "# --cgroup %s=%s: no directive of systemd.resource-control(5) writes this\n", a->file,
                a->value);
}

static bool needs_drop_in(const JailerConfig *j)
{
        return j->has_fsize || j->no_file != UNIT_NO_FILE || j->n_cgroups > 0 || j->parent_cgroup;
}

static int put_drop_in(FILE *f, const JailerArgs *a, char **why)
{
        const JailerConfig *j = &a->config.jailer;

        FOREACH_ARRAY (attribute, j->cgroups, j->n_cgroups)
                if (has_newline(attribute->file) || has_newline(attribute->value))
                        return refuse(why, "--cgroup", attribute->value);
        fprintf(f, "mkdir -p /etc/systemd/system/fcjail@%s.service.d\n", a->id);
        fprintf(f, "cat >/etc/systemd/system/fcjail@%s.service.d/limits.conf <<'END'\n[Service]\n", a->id);
        if (j->no_file != UNIT_NO_FILE)
                fprintf(f, "LimitNOFILE=%" PRIu64 "\n", j->no_file);
        if (j->has_fsize)
                fprintf(f, "LimitFSIZE=%" PRIu64 "\n", j->fsize);
        FOREACH_ARRAY (attribute, j->cgroups, j->n_cgroups)
                put_attribute(f, attribute);
        if (j->parent_cgroup)
                fprintf(f, "# --parent-cgroup %s: the VM is in fcjail.slice; Slice= names another one\n",
                        j->parent_cgroup);
        fprintf(f, "END\n");
        return 0;
}

int convert_jailer(const JailerArgs *a, FILE *f, char **ret_why)
{
        const Config *c = &a->config;
        const char *name = strrchr(c->vmm, '/');
        int r;

        if (!id_valid(a->id))
                return refuse(ret_why, "--id, which becomes a part of the name of a unit,", a->id);
        if (c->uid == 0 || c->gid == 0) {
                *ret_why = strdup("a unit runs no VM with uid or gid 0; choose others");
                return *ret_why ? -EINVAL : -ENOMEM;
        }
        if (c->vmm[0] != '/' || (c->chroot_dir && c->chroot_dir[0] != '/') ||
            (c->netns_path && c->netns_path[0] != '/'))
                return asprintf(ret_why, "paths must be absolute, as the unit starts in another directory") <
                                       0
                               ? -ENOMEM
                               : -EINVAL;

        if (c->jailer.daemonize)
                fprintf(f,
                        "# --daemonize: the VM of a unit has no terminal, and its output is in the journal.\n");
        if (c->jailer.new_pid_ns)
                fprintf(f, "# --new-pid-ns: each VM has a PID namespace of its own.\n");
        if (strcmp(name + 1, DEFAULT_VMM_NAME) != 0)
                fprintf(f,
                        "# The jail is now %s/" DEFAULT_VMM_NAME
                        "/%s/root; move there what the VM finds in its root directory.\n",
                        c->chroot_dir ? c->chroot_dir : DEFAULT_CHROOT_DIR, a->id);
        r = put_env_file(f, a, ret_why);
        if (r >= 0 && needs_drop_in(&c->jailer))
                r = put_drop_in(f, a, ret_why);
        if (r >= 0)
                fprintf(f, "systemctl daemon-reload\nsystemctl start fcjail@%s\n", a->id);
        return r;
}

/* What fcjail does not take under this name. */
static const struct {
        const char *key, *note;
} metald[] = {
        { "UNKEY_METALD_JAILER_BINARY", "fcjail is the jailer" },
        { "UNKEY_METALD_FIRECRACKER_BINARY", NULL }, /* FCJAIL_VMM= */
};

static const char *value_of(const char *assignment, const char *key)
{
        const size_t n = strlen(key);

        return strncmp(assignment, key, n) == 0 && assignment[n] == '=' ? assignment + n + 1 : NULL;
}

static int put_metald(FILE *f, const char *assignment, char **why)
{
        const char *value;

        FOREACH_ARRAY (m, metald, ELEMENTSOF(metald)) {
                value = value_of(assignment, m->key);
                if (value && !m->note)
                        return put_setting(f, "FCJAIL_VMM", value, why);
                if (value) {
                        fprintf(f, "# %s: %s\n", m->key, m->note);
                        return 0;
                }
        }
        FOREACH_ARRAY (k, config_keys, CONFIG_KEYS_MAX) {
                value = k->alias_of ? value_of(assignment, k->name) : NULL;
                if (value)
                        return put_setting(f, k->alias_of, value, why);
        }
        fprintf(f, "# %.*s: fcjail has no such setting\n", (int) strcspn(assignment, "="), assignment);
        return 0;
}

int convert_metald(char *const *environment, FILE *f, char **ret_why)
{
        bool shared = false;
        int r = 0;

        fprintf(f, "cat >/etc/fcjail/default.env <<'END'\n"
                   "# A VM needs no file of its own then.\nFCJAIL_ANY_ID=yes\n");
        for (char *const *e = environment; r >= 0 && *e; e++)
                if (strncmp(*e, "UNKEY_METALD_", strlen("UNKEY_METALD_")) == 0) {
                        r = has_newline(*e) ? refuse(ret_why, "the environment", *e)
                                            : put_metald(f, *e, ret_why);
                        shared = shared || value_of(*e, "UNKEY_METALD_JAILER_UID");
                }
        if (shared)
                fprintf(f,
                        "# metald has all its VMs run as one user. Without these three each has its own.\n"
                        "FCJAIL_SHARED_UID=yes\n");
        fprintf(f, "END\n");
        return r;
}

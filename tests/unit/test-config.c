/* SPDX-License-Identifier: Apache-2.0 */

#include <stddef.h>
#include <stdio.h>

#include "config-loader.h"
#include "config-table.h"
#include "fixture.h"

TestSuite(config, .init = fixture_enter);

#define ENV(...) ((char *const[]){ __VA_ARGS__ __VA_OPT__(, ) NULL })

/* The files of web1, what its unit has in Environment=, and the environment. */
static int load_all(char *const *unit, char *const *environment, Diagnostics *d, Config *ret)
{
        _cleanup_config_loader_ ConfigLoader l;

        config_loader_init(&l, "web1", d);
        cr_assert_eq(config_loader_add_files(&l), 0);
        cr_assert_eq(config_loader_add_environment(&l, PLACE_UNIT, "fcjail@web1.service", unit), 0);
        cr_assert_eq(config_loader_add_environment(&l, PLACE_ENVIRONMENT, NULL, environment), 0);
        return config_loader_finish(&l, ret);
}

static void load(char *const *environment, Config *ret)
{
        _cleanup_diagnostics_ Diagnostics d = {};
        int r;

        r = load_all(NULL, environment, &d, ret);
        cr_assert_eq(r, 0, "%i: %s", r, d.n_items > 0 ? d.items[0].text : "");
        cr_expect_eq(d.n_items, 0);
}

/* What VMs in the place of Firecracker's jailer get. */
static void load_jailer(Config *ret)
{
        _cleanup_diagnostics_ Diagnostics d = {};
        _cleanup_config_loader_ ConfigLoader l;

        config_loader_init(&l, "web1", &d);
        cr_assert_eq(config_loader_add_jailer_files(&l), 0);
        cr_assert_eq(config_loader_finish(&l, ret), 0, "%s", d.n_items > 0 ? d.items[0].text : "");
}

/* All errors, each on a line. */
static void expect_errors(char *const *environment, const char *want)
{
        _cleanup_diagnostics_ Diagnostics d = {};
        char got[8192] = "";
        Config c = { .stop_seconds = 42 };
        size_t n = 0;

        cr_expect_eq(load_all(NULL, environment, &d, &c), -EBADMSG);
        cr_expect_eq(c.stop_seconds, 42);
        for (size_t i = 0; i < d.n_items; i++)
                n += (size_t) snprintf(got + n, sizeof(got) - n, "%s\n", d.items[i].text);
        cr_expect_str_eq(got, want);
}

static DiagnosticKind first_kind(char *const *environment)
{
        _cleanup_diagnostics_ Diagnostics d = {};
        Config c;

        cr_expect_eq(load_all(NULL, environment, &d, &c), -EBADMSG);
        return d.n_items > 0 ? d.items[0].kind : _DIAGNOSTIC_INVALID;
}

Test(config, leaves_unset_what_nobody_set)
{
        _cleanup_config_ Config c = CONFIG_UNSET, zero = CONFIG_UNSET;

        file("/etc/fcjail/web1.env", "");
        load(ENV(), &c);
        strv_free(c.names); /* of what was read, which sets nothing */
        c.names = NULL;
        cr_expect_arr_eq((char *) &c, (char *) &zero, sizeof(c));
}

/* Every key with a value that it takes. */
static const struct {
        const char *key, *value;
} samples[] = {
        { "FCJAIL_ANY_ID", "no" },
        { "FCJAIL_UID", "1000" },
        { "FCJAIL_GID", "1001" },
        { "FCJAIL_UID_RANGE", "2000-3000" },
        { "FCJAIL_SHARED_UID", "yes" },
        { "FCJAIL_CHROOT_DIR", "/srv/x" },
        { "FCJAIL_VMM", "/opt/firecracker" },
        { "FCJAIL_VMM_ARGS", "--level Debug" },
        { "FCJAIL_VMM_TEXT", "shared" },
        { "FCJAIL_CONFIG", "/etc/vm.json" },
        { "FCJAIL_API", "/run/api" },
        { "FCJAIL_API_GROUP", "wheel" },
        { "FCJAIL_READY", "exec" },
        { "FCJAIL_NETNS", "blue" },
        { "FCJAIL_TAP", "tap7" },
        { "FCJAIL_UPLINK", "bridge=br0,isolated" },
        { "FCJAIL_CNI", "net1,port=8080:80" },
        { "FCJAIL_GUEST_NETWORK", "boot-arg" },
        { "FCJAIL_STOP", "ctrl-alt-del:7" },
        { "FCJAIL_KEEP", "no" },
        { "FCJAIL_SECCOMP", "/etc/vm.bpf" },
        { "FCJAIL_APPARMOR", "fcjail-vmm" },
        { "FCJAIL_SELINUX", "system_u:system_r:svirt_t:s0" },
        { "UNKEY_METALD_JAILER_UID", "1000" },
        { "UNKEY_METALD_JAILER_GID", "1001" },
        { "UNKEY_METALD_JAILER_CHROOT_DIR", "/srv/x" },
        { "FCJAIL_CONFIG_BIND", "no" },
        { "FCJAIL_BIND", "/srv/a.img:/b.img:idmap=1000" },
        { "FCJAIL_BIND_RO", "/srv/c.img" },
        { "FCJAIL_JAILER_CLEANUP", "yes" },
        { "FCJAIL_JAILER_MOUNTS", "live" },
        { "FCJAIL_JAILER_READ_ONLY", "yes" },
        { "FCJAIL_JAILER_ROOT", "yes" },
        { "FCJAIL_POOL_TEXTS", "16" },
};

/* Loads all samples, but for a key without which the others make sense. */
static void load_samples(const char *without, Config *ret)
{
        char text[4096] = "";
        size_t n = 0;

        FOREACH_ARRAY (s, samples, ELEMENTSOF(samples))
                if (!config_key_find(s->key)->default_only && !config_key_find(s->key)->only_by_jailer &&
                    strcmp(s->key, without) != 0)
                        n += (size_t) snprintf(text + n, sizeof(text) - n, "%s=%s\n", s->key, s->value);
        file("/etc/fcjail/web1.env", text);
        file("/etc/fcjail/default.env", "FCJAIL_ANY_ID=no\n");
        load(ENV(), ret);
}

/* Each alone makes another configuration than none. */
Test(config, takes_every_key_of_the_table)
{
        _cleanup_config_ Config none = CONFIG_UNSET;

        file("/etc/fcjail/web1.env", "");
        load(ENV(), &none);
        FOREACH_ARRAY (k, config_keys, CONFIG_KEYS_MAX) {
                _cleanup_config_ Config c = CONFIG_UNSET;
                char text[256] = "";

                FOREACH_ARRAY (s, samples, ELEMENTSOF(samples))
                        if (strcmp(s->key, k->name) == 0)
                                (void) snprintf(text, sizeof(text), "%s=%s\n", s->key, s->value);
                cr_assert_str_neq(text, "", "%s has no sample", k->name);
                file("/etc/fcjail/web1.env", k->default_only ? "" : text);
                file("/etc/fcjail/default.env", k->default_only ? text : "");
                if (k->only_by_jailer) {
                        file("/etc/fcjail/web1.env", "");
                        file("/etc/fcjail/jailer.env", text);
                        load_jailer(&c);
                } else
                        load(ENV(), &c);
                cr_expect_neq(memcmp(&c, &none, offsetof(Config, places)), 0, "%s", k->name);
        }
}

Test(config, takes_every_key)
{
        _cleanup_config_ Config c = CONFIG_UNSET, labelled = CONFIG_UNSET;

        load_samples("FCJAIL_SELINUX", &labelled);
        cr_expect_str_eq(labelled.apparmor, "fcjail-vmm");
        load_samples("FCJAIL_APPARMOR", &c);
        cr_expect_str_eq(c.selinux, "system_u:system_r:svirt_t:s0");
        cr_expect_eq(c.seccomp, SECCOMP_PATH);
        cr_expect_str_eq(c.seccomp_path, "/etc/vm.bpf");
        cr_expect_eq(c.any_id, TRISTATE_NO);
        cr_expect_eq(c.uid, 1000);
        cr_expect_eq(c.gid, 1001);
        cr_expect_not(config_set_by_alias(&c, "FCJAIL_UID"));
        cr_expect_eq(c.uid_range.first, 2000);
        cr_expect_eq(c.uid_range.last, 3000);
        cr_expect_eq(c.shared_uid, TRISTATE_YES);
        cr_expect_str_eq(c.chroot_dir, "/srv/x");
        cr_expect_str_eq(c.vmm, "/opt/firecracker");
        cr_assert_eq(strv_length(c.vmm_args), 2);
        cr_expect_eq(c.vmm_text, VMM_TEXT_SHARED);
        cr_expect_str_eq(c.config, "/etc/vm.json");
        cr_expect_str_eq(c.api, "/run/api");
        cr_expect_str_eq(c.api_group, "wheel");
        cr_expect_eq(c.ready, READY_EXEC);
        cr_expect_eq(c.netns, NETNS_PATH);
        cr_expect_str_eq(c.netns_path, "/run/netns/blue");
        cr_expect_eq(c.n_taps, 1);
        cr_expect_eq(c.stop, STOP_CTRL_ALT_DEL);
        cr_expect_eq(c.stop_seconds, 7);
        cr_expect_eq(c.keep, TRISTATE_NO);
        cr_expect_eq(c.config_bind, TRISTATE_NO);
        cr_assert_eq(c.n_binds, 2);
        cr_expect_str_eq(c.binds[0].destination, "/b.img");
        cr_expect_eq(c.binds[0].uid, 1000);
        cr_expect(c.binds[1].read_only);
}

Test(config, later_wins_key_by_key)
{
        _cleanup_config_ Config c = CONFIG_UNSET;

        file("/usr/lib/fcjail/default.env",
             "FCJAIL_UID=1\nFCJAIL_GID=1\nFCJAIL_API_GROUP=a\nFCJAIL_VMM=/a\nFCJAIL_STOP=kill\n");
        file("/usr/lib/fcjail/default.env.d/50.env",
             "FCJAIL_UID=2\nFCJAIL_GID=2\nFCJAIL_API_GROUP=b\nFCJAIL_VMM=/b\n");
        file("/etc/fcjail/web1.env", "FCJAIL_UID=3\nFCJAIL_GID=3\nFCJAIL_API_GROUP=c\n");
        file("/run/fcjail/web1.env.d/50.env", "FCJAIL_UID=4\nFCJAIL_GID=4\n");
        load(ENV("FCJAIL_UID=5", "PATH=/bin"), &c);
        cr_expect_eq(c.uid, 5);
        cr_expect_eq(c.gid, 4);
        cr_expect_str_eq(c.api_group, "c");
        cr_expect_str_eq(c.vmm, "/b");
        cr_expect_eq(c.stop, STOP_KILL);
}

Test(config, a_later_value_replaces_the_whole_earlier_one)
{
        _cleanup_config_ Config c = CONFIG_UNSET;

        file("/etc/fcjail/default.env",
             "FCJAIL_NETNS=blue\nFCJAIL_API=/run/x\nFCJAIL_STOP=ctrl-alt-del:9\nFCJAIL_TAP=a,mtu=100 b\n");
        file("/etc/fcjail/web1.env",
             "FCJAIL_NETNS=host\nFCJAIL_API=no\nFCJAIL_STOP=kill\nFCJAIL_TAP=none\n");
        load(ENV(), &c);
        cr_expect_eq(c.netns, NETNS_HOST);
        cr_expect_null(c.netns_path);
        cr_expect(c.api_off);
        cr_expect_null(c.api);
        cr_expect_eq(c.stop_seconds, 0);
        cr_expect(c.taps_set);
        cr_expect_eq(c.n_taps, 0);
}

/* In the order of the files, each with its place. */
Test(config, binds_add_up)
{
        _cleanup_config_ Config c = CONFIG_UNSET;

        file("/usr/lib/fcjail/default.env", "FCJAIL_BIND_RO=/a\n");
        file("/etc/fcjail/web1.env", "\nFCJAIL_BIND=/b /c\n");
        file("/etc/fcjail/web1.env.d/60.env", "FCJAIL_BIND_RO=/d\nFCJAIL_BIND=/e\n");
        load(ENV("FCJAIL_BIND=/f"), &c);
        cr_assert_eq(c.n_binds, 6);
        for (size_t i = 0; i < c.n_binds; i++) {
                const char source[] = { '/', (char) ('a' + i), '\0' };

                cr_expect_str_eq(c.binds[i].source, source);
                cr_expect_eq(c.binds[i].read_only, i == 0 || i == 3);
        }
        cr_expect_str_eq(c.binds[0].place.name, "/usr/lib/fcjail/default.env");
        cr_expect_eq(c.binds[2].place.line, 2);
        cr_expect_str_eq(c.binds[4].place.name, "/etc/fcjail/web1.env.d/60.env");
        cr_expect_eq(c.binds[4].place.line, 2);
        cr_expect_eq(c.binds[5].place.kind, PLACE_ENVIRONMENT);
}

Test(config, counts_the_binds_of_all_places)
{
        file("/etc/fcjail/default.env", "FCJAIL_BIND=/1 /2 /3 /4 /5 /6 /7 /8 /9 /10 /11 /12\n");
        file("/etc/fcjail/web1.env", "FCJAIL_BIND_RO=/1 /2 /3 /4 /5 /6 /7 /8 /9 /10 /11 /12\n");
        file("/etc/fcjail/web1.env.d/1.env", "FCJAIL_BIND=/13\n");
        expect_errors(
                ENV(),
                "/etc/fcjail/web1.env.d/1.env:1: FCJAIL_BIND= has too many binds; at most 24 are allowed in all files, FCJAIL_BIND= and FCJAIL_BIND_RO= together\n");
}

Test(config, checks_a_value_that_is_overridden)
{
        file("/etc/fcjail/default.env", "FCJAIL_UID=x\n");
        file("/etc/fcjail/web1.env", "FCJAIL_UID=1\n");
        expect_errors(
                ENV(),
                "/etc/fcjail/default.env:1: FCJAIL_UID= must be a number from 1 to 4294967293, not 'x'\n");
}

Test(config, checks_nothing_that_is_hidden)
{
        _cleanup_config_ Config c = CONFIG_UNSET;

        file("/usr/lib/fcjail/default.env", "FCJAIL_UID=x\n");
        file("/etc/fcjail/default.env", "");
        file("/run/fcjail/web1.env.d/a.env", "garbage");
        link_to("/etc/fcjail/web1.env.d/a.env", "/dev/null");
        file("/etc/fcjail/web1.env", "");
        load(ENV(), &c);
}

Test(config, ignores_what_is_not_ours)
{
        _cleanup_config_ Config c = CONFIG_UNSET;

        file("/etc/fcjail/web1.env",
             "PATH=/bin\nPATH=/sbin\nXFCJAIL_UID=x\nfcjail_uid=x\nUNKEY_METALD_JAILER_X=1\nEMPTY=\n");
        load(ENV("PATH=/bin", "PATH=/x", "=x", "nothing", ""), &c);
        cr_expect_eq(c.uid, UID_INVALID);
        cr_expect_eq(c.gid, GID_INVALID);
}

Test(config, rejects_an_unknown_key)
{
        file("/etc/fcjail/web1.env", "\nFCJAIL_UIDD=1\nFCJAIL_DISK=/x\nFCJAIL_=1\n");
        expect_errors(ENV("FCJAIL_FOO=1", "FCJAIL_a b\n=1"),
                      "/etc/fcjail/web1.env:2: unknown setting FCJAIL_UIDD=, did you mean FCJAIL_UID=?\n"
                      "/etc/fcjail/web1.env:3: unknown setting FCJAIL_DISK=\n"
                      "/etc/fcjail/web1.env:4: unknown setting FCJAIL_=\n"
                      "the environment: unknown setting FCJAIL_FOO=\n"
                      "the environment: unknown setting FCJAIL_a b\\n=\n");
        cr_expect_eq(first_kind(ENV()), DIAGNOSTIC_UNKNOWN_KEY);
}

Test(config, rejects_an_empty_value)
{
        file("/etc/fcjail/web1.env", "FCJAIL_UID=\nFCJAIL_VMM_ARGS=''\n");
        expect_errors(
                ENV("FCJAIL_READY="),
                "/etc/fcjail/web1.env:1: FCJAIL_UID= must be a number from 1 to 4294967293, not empty\n"
                "/etc/fcjail/web1.env:2: FCJAIL_VMM_ARGS= must be arguments of the VMM, quoted as in ExecStart=, not empty\n"
                "the environment: FCJAIL_READY= must be api or exec, not empty\n");
        cr_expect_eq(first_kind(ENV()), DIAGNOSTIC_VALUE);
}

Test(config, rejects_a_key_twice_in_one_place)
{
        file("/etc/fcjail/web1.env",
             "FCJAIL_UID=1\n\nFCJAIL_UID=1\nUNKEY_METALD_JAILER_GID=1\nUNKEY_METALD_JAILER_GID=2\n");
        expect_errors(ENV("FCJAIL_GID=1", "FCJAIL_GID=1"),
                      "/etc/fcjail/web1.env:3: FCJAIL_UID= is already set in line 1\n"
                      "/etc/fcjail/web1.env:5: UNKEY_METALD_JAILER_GID= is already set in line 4\n"
                      "the environment: FCJAIL_GID= is set twice\n");
        cr_expect_eq(first_kind(ENV()), DIAGNOSTIC_DUPLICATE);
}

Test(config, says_why_and_shows_the_value)
{
        file("/etc/fcjail/web1.env",
             "FCJAIL_UID=65534\n"
             "FCJAIL_VMM='/a\x1b[2J'\n"
             "FCJAIL_CONFIG=xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n"
             "FCJAIL_TAP=tap0,mtu=1\n");
        expect_errors(
                ENV(),
                "/etc/fcjail/web1.env:1: FCJAIL_UID= must not be 65534, which the system reserves for \"nobody\" or \"unset\"\n"
                "/etc/fcjail/web1.env:2: FCJAIL_VMM= must be an absolute path without '//', '.', '..' or a '/' at its end, not '/a\\x1b[2J'\n"
                "/etc/fcjail/web1.env:3: FCJAIL_CONFIG= must be an absolute path without '//', '.', '..' or a '/' at its end, not 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…'\n"
                "/etc/fcjail/web1.env:4: FCJAIL_TAP= has an invalid mtu= for tap0: '1' is not a number from 68 to 65521\n");
}

Test(config, rejects_an_environment_that_is_no_text)
{
        expect_errors(ENV("FCJAIL_VMM=/\xff"), "the environment: FCJAIL_VMM= is not valid UTF-8\n");
}

Test(config, tells_errors_in_the_order_of_the_lines)
{
        file("/etc/fcjail/web1.env", "FCJAIL_UID=x\nnonsense\nFCJAIL_GID=x\n");
        expect_errors(
                ENV(),
                "/etc/fcjail/web1.env:1: FCJAIL_UID= must be a number from 1 to 4294967293, not 'x'\n"
                "/etc/fcjail/web1.env:2: 'nonsense' is not an assignment (KEY=value)\n"
                "/etc/fcjail/web1.env:3: FCJAIL_GID= must be a number from 1 to 4294967293, not 'x'\n");
}

Test(config, any_id_is_for_the_defaults_only)
{
        file("/etc/fcjail/default.env", "FCJAIL_ANY_ID=yes\n");
        file("/etc/fcjail/default.env.d/a.env", "FCJAIL_ANY_ID=no\n");
        file("/etc/fcjail/web1.env", "FCJAIL_ANY_ID=yes\n");
        file("/etc/fcjail/web1.env.d/a.env", "FCJAIL_ANY_ID=yes\n");
        expect_errors(
                ENV("FCJAIL_ANY_ID=yes"),
                "/etc/fcjail/web1.env:1: FCJAIL_ANY_ID= is allowed only in default.env and default.env.d/\n"
                "/etc/fcjail/web1.env.d/a.env:1: FCJAIL_ANY_ID= is allowed only in default.env and default.env.d/\n"
                "the environment: FCJAIL_ANY_ID= is allowed only in default.env and default.env.d/\n");
}

#define UNKNOWN_ID                                                                                          \
        "no settings found for VM 'web1'; create /etc/fcjail/web1.env, which may be empty, or set FCJAIL_ANY_ID=yes in /etc/fcjail/default.env\n"

Test(config, refuses_an_id_that_nobody_configured)
{
        expect_errors(ENV(), UNKNOWN_ID);
        cr_expect_eq(first_kind(ENV()), DIAGNOSTIC_UNKNOWN_ID);
        file("/etc/fcjail/default.env", "FCJAIL_UID=1\n");
        file("/etc/fcjail/web2.env", "");
        file("/etc/fcjail/web1.env.d/readme", "");
        expect_errors(ENV("PATH=/bin"), UNKNOWN_ID);
        file("/etc/fcjail/default.env", "FCJAIL_ANY_ID=no\n");
        expect_errors(ENV(), UNKNOWN_ID);
}

Test(config, a_mask_is_no_configuration)
{
        link_to("/etc/fcjail/web1.env", "/dev/null");
        file("/run/fcjail/web1.env", "FCJAIL_UID=1\n");
        expect_errors(ENV(), UNKNOWN_ID);
}

Test(config, any_of_these_configures_an_id)
{
        _cleanup_config_ Config a = CONFIG_UNSET, b = CONFIG_UNSET, c = CONFIG_UNSET, d = CONFIG_UNSET;

        load(ENV("FCJAIL_KEEP=no"), &a);
        load(ENV("UNKEY_METALD_JAILER_UID=5"), &b);
        file("/run/fcjail/web1.env.d/x.env", "");
        load(ENV(), &c);
        cr_assert_eq(unlink("/run/fcjail/web1.env.d/x.env"), 0);
        file("/usr/lib/fcjail/default.env.d/x.env", "FCJAIL_ANY_ID=yes\n");
        load(ENV(), &d);
        cr_expect_eq(d.any_id, TRISTATE_YES);
}

Test(config, an_unreadable_file_is_not_also_an_unknown_id)
{
        file("/etc/fcjail/web1.env", "");
        mode("/etc/fcjail/web1.env", 0666);
        expect_errors(
                ENV(),
                "/etc/fcjail/web1.env: is not owned by root, or its group or others may write to it; `chown root:root` and `chmod go-w` it\n");
        cr_expect_eq(first_kind(ENV()), DIAGNOSTIC_UNSAFE_FILE);
        mode("/etc/fcjail/web1.env", 0644);
        mode("/etc/fcjail", 0777);
        expect_errors(
                ENV(),
                "/etc/fcjail: is not owned by root, or its group or others may write to it; `chown root:root` and `chmod go-w` it\n");
}

Test(config, an_alias_stands_for_its_key)
{
        _cleanup_config_ Config c = CONFIG_UNSET;

        file("/etc/fcjail/web1.env",
             "UNKEY_METALD_JAILER_UID=5\nUNKEY_METALD_JAILER_GID=6\nUNKEY_METALD_JAILER_CHROOT_DIR=/srv/x\n");
        load(ENV(), &c);
        cr_expect_eq(c.uid, 5);
        cr_expect(config_set_by_alias(&c, "FCJAIL_UID"));
        cr_expect_eq(c.gid, 6);
        cr_expect_str_eq(c.chroot_dir, "/srv/x");
}

Test(config, only_the_uid_remembers_its_alias)
{
        _cleanup_config_ Config c = CONFIG_UNSET, both = CONFIG_UNSET;

        file("/etc/fcjail/web1.env", "FCJAIL_UID=5\nUNKEY_METALD_JAILER_GID=6\n");
        load(ENV(), &c);
        cr_expect_not(config_set_by_alias(&c, "FCJAIL_UID"));
        load(ENV("UNKEY_METALD_JAILER_UID=5"), &both);
        cr_expect_eq(both.uid, 5);
        cr_expect_not(config_set_by_alias(&both, "FCJAIL_UID"));
}

Test(config, rejects_a_key_and_its_alias_with_different_values)
{
        file("/etc/fcjail/default.env",
             "UNKEY_METALD_JAILER_UID=5\nUNKEY_METALD_JAILER_CHROOT_DIR=/a\nFCJAIL_GID=1\n");
        file("/etc/fcjail/web1.env", "#\nFCJAIL_UID=6\n");
        expect_errors(
                ENV("FCJAIL_CHROOT_DIR=/b", "UNKEY_METALD_JAILER_GID=2"),
                "/etc/fcjail/web1.env:2: FCJAIL_UID= is '6', but its alias UNKEY_METALD_JAILER_UID= is '5' in /etc/fcjail/default.env:1\n"
                "/etc/fcjail/default.env:3: FCJAIL_GID= is '1', but its alias UNKEY_METALD_JAILER_GID= is '2' in the environment\n"
                "the environment: FCJAIL_CHROOT_DIR= is '/b', but its alias UNKEY_METALD_JAILER_CHROOT_DIR= is '/a' in /etc/fcjail/default.env:2\n");
        cr_expect_eq(first_kind(ENV()), DIAGNOSTIC_DUPLICATE);
}

Test(config, an_alias_counts_with_its_last_value)
{
        _cleanup_config_ Config c = CONFIG_UNSET;

        file("/etc/fcjail/default.env", "UNKEY_METALD_JAILER_UID=5\n");
        file("/etc/fcjail/web1.env", "UNKEY_METALD_JAILER_UID=6\n");
        load(ENV("FCJAIL_UID=6"), &c);
        cr_expect_eq(c.uid, 6);
}

Test(config, rejects_bad_values_of_an_alias_by_its_name)
{
        file("/etc/fcjail/web1.env", "UNKEY_METALD_JAILER_UID=root\n");
        expect_errors(
                ENV(),
                "/etc/fcjail/web1.env:1: UNKEY_METALD_JAILER_UID= must be a number from 1 to 4294967293, not 'root'\n");
}

Test(config, tells_everything_at_once)
{
        file("/etc/fcjail/default.env", "FCJAIL_READY=now\n");
        file("/etc/fcjail/default.env.d/a.env", "");
        mode("/etc/fcjail/default.env.d/a.env", 0777);
        file("/etc/fcjail/web1.env", "FCJAIL_UID=-1\nFCJAIL_UID=5\nFCJAIL_FOO=1\nFCJAIL_VMM=\"/x\n");
        expect_errors(
                ENV("FCJAIL_KEEP=maybe"),
                "/etc/fcjail/default.env:1: FCJAIL_READY= must be api or exec, not 'now'\n"
                "/etc/fcjail/default.env.d/a.env: is not owned by root, or its group or others may write to it; `chown root:root` and `chmod go-w` it\n"
                "/etc/fcjail/web1.env:1: FCJAIL_UID= must be a number from 1 to 4294967293, not '-1'\n"
                "/etc/fcjail/web1.env:2: FCJAIL_UID= is already set in line 1\n"
                "/etc/fcjail/web1.env:3: unknown setting FCJAIL_FOO=\n"
                "/etc/fcjail/web1.env:4: the quoted value has no closing \"\n"
                "the environment: FCJAIL_KEEP= must be yes or no, not 'maybe'\n");
}

Test(config, tells_the_units_environment_from_the_own)
{
        _cleanup_diagnostics_ Diagnostics d = {};
        _cleanup_config_ Config c = CONFIG_UNSET, none = CONFIG_UNSET;

        file("/etc/fcjail/web1.env", "FCJAIL_UID=1\nFCJAIL_GID=1\nFCJAIL_KEEP=no\n");
        cr_assert_eq(load_all(ENV("FCJAIL_UID=2", "FCJAIL_GID=2", "PATH=/x"), ENV("FCJAIL_UID=3"), &d, &c),
                     0);
        cr_expect_eq(c.uid, 3);
        cr_expect_eq(c.gid, 2);
        cr_expect_eq(c.keep, TRISTATE_NO);

        cr_assert_eq(load_all(ENV("FCJAIL_UID=x", "FCJAIL_FOO=1"), ENV("FCJAIL_UID=3"), &d, &none),
                     -EBADMSG);
        cr_assert_eq(d.n_items, 2);
        cr_expect_str_eq(
                d.items[0].text,
                "Environment= of fcjail@web1.service: FCJAIL_UID= must be a number from 1 to 4294967293, not 'x'");
        cr_expect_str_eq(d.items[1].text,
                         "Environment= of fcjail@web1.service: unknown setting FCJAIL_FOO=");
}

/* The text of a conflict about a key. */
static void expect_conflict(char *const *unit, char *const *environment, const char *key, const char *want)
{
        _cleanup_diagnostics_ Diagnostics d = {};
        _cleanup_config_ Config c = CONFIG_UNSET;

        cr_assert_eq(load_all(unit, environment, &d, &c), 0);
        cr_expect_eq(config_conflict(&c, &d, key, " is %i", 7), -EBADMSG);
        cr_assert_eq(d.n_items, 1);
        cr_expect_str_eq(d.items[0].text, want);
}

Test(config, a_conflict_names_what_was_written)
{
        file("/etc/fcjail/web1.env", "\nUNKEY_METALD_JAILER_UID=5\nFCJAIL_GID=6\n");
        expect_conflict(ENV(), ENV(), "FCJAIL_UID", "/etc/fcjail/web1.env:2: UNKEY_METALD_JAILER_UID= is 7");
        expect_conflict(ENV(), ENV(), "FCJAIL_GID", "/etc/fcjail/web1.env:3: FCJAIL_GID= is 7");
        expect_conflict(ENV("FCJAIL_UID=5"), ENV(), "FCJAIL_UID",
                        "Environment= of fcjail@web1.service: FCJAIL_UID= is 7");
        expect_conflict(ENV(), ENV("FCJAIL_KEEP=no"), "FCJAIL_KEEP", "the environment: FCJAIL_KEEP= is 7");
        expect_conflict(ENV(), ENV(), "FCJAIL_KEEP", "FCJAIL_KEEP= is 7");
}

Test(config, adds_to_what_is_in_the_list_already)
{
        _cleanup_diagnostics_ Diagnostics d = {};
        _cleanup_config_ Config c = CONFIG_UNSET;

        cr_expect_lt(diagnostics_add(&d, DIAGNOSTIC_CONFLICT, NULL, NULL, "before"), 0);
        cr_expect_eq(load_all(NULL, ENV("FCJAIL_UID=5"), &d, &c), 0);
        cr_expect_eq(d.n_items, 1);
}

Test(config, can_be_freed_twice)
{
        Config c = CONFIG_UNSET;

        file("/etc/fcjail/web1.env", "FCJAIL_VMM=/x\nFCJAIL_VMM_ARGS=a\n");
        load(ENV(), &c);
        config_done(&c);
        config_done(&c);
}

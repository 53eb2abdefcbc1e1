/* SPDX-License-Identifier: Apache-2.0 */

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "config-table.h"
#include "config-value.h"
#include "config.h"

/* Why a reader that is to refuse a value does so; "" for the general sentence of the table. */
static void expect_refused(ConfigParse parse, const char *value, const char *want_why)
{
        Config c = CONFIG_UNSET, zero = CONFIG_UNSET;
        _cleanup_free_ char *why = NULL;

        cr_expect_eq(parse(value, &c, &why), -EINVAL, "'%s'", value);
        cr_expect_str_eq(why ? why : "", want_why, "'%s'", value);
        cr_expect_arr_eq((char *) &c, (char *) &zero, sizeof(c), "'%s' left something", value);
}

static void expect_all_refused(ConfigParse parse, const char *const *values)
{
        for (; *values; values++)
                expect_refused(parse, *values, "");
}

#define LIST(...) ((const char *const[]){ __VA_ARGS__, NULL })

static void must(int r)
{
        cr_assert_eq(r, 0);
}

Test(value, tristate_is_yes_or_no)
{
        Tristate t = TRISTATE_UNSET;

        must(config_parse_tristate("yes", &t, NULL));
        cr_expect_eq(t, TRISTATE_YES);
        must(config_parse_tristate("no", &t, NULL));
        cr_expect_eq(t, TRISTATE_NO);
        expect_all_refused(config_parse_tristate, LIST("y", "true", "1", "Yes", "yes "));
}

Test(value, uid_is_an_id_a_vm_may_have)
{
        uint32_t id = 0;

        must(config_parse_vm_id("1", &id, NULL));
        cr_expect_eq(id, 1);
        must(config_parse_vm_id("4294967293", &id, NULL));
        cr_expect_eq(id, 4294967293U);
        expect_all_refused(config_parse_vm_id,
                           LIST("0", "-1", "root", "01", "4294967294", "4294967295", " 1"));
}

Test(value, uid_says_which_ids_are_reserved)
{
        expect_refused(config_parse_vm_id, "65534",
                       "must not be 65534, which the system reserves for \"nobody\" or \"unset\"");
        expect_refused(config_parse_vm_id, "65535",
                       "must not be 65535, which the system reserves for \"nobody\" or \"unset\"");
}

Test(value, range_includes_both_ends)
{
        UidRange range = {};

        must(config_parse_uid_range("1879048192-1879113727", &range, NULL));
        cr_expect_eq(range.first, 1879048192);
        cr_expect_eq(range.last, 1879113727);
        must(config_parse_uid_range("5-5", &range, NULL));
        cr_expect_eq(range.first, 5);
        cr_expect_eq(range.last, 5);
        must(config_parse_uid_range("1-65533", &range, NULL));
        must(config_parse_uid_range("65536-4294967293", &range, NULL));
        expect_all_refused(config_parse_uid_range,
                           LIST("5", "-", "5-", "-5", "5 - 6", "5-6-7", "0-5", "5-4294967294", "05-6", "5:6",
                                "42949672930-42949672931", "a-b", "5--6"));
}

Test(value, range_is_in_order_and_avoids_reserved_ids)
{
        expect_refused(config_parse_uid_range, "6-5", "must not end before it begins: '6-5'");
        expect_refused(config_parse_uid_range, "1-65534",
                       "must not contain the reserved ids 65534 and 65535: '1-65534'");
        expect_refused(config_parse_uid_range, "65535-70000",
                       "must not contain the reserved ids 65534 and 65535: '65535-70000'");
        expect_refused(config_parse_uid_range, "1-100000",
                       "must not contain the reserved ids 65534 and 65535: '1-100000'");
}

Test(value, path_is_absolute_and_normalized)
{
        _cleanup_free_ char *path = NULL;

        must(config_parse_path("/srv/a b", &path, NULL));
        cr_expect_str_eq(path, "/srv/a b");
        must(config_parse_path("/x", &path, NULL));
        cr_expect_str_eq(path, "/x");
        expect_all_refused(config_parse_path,
                           LIST("/", "x", "./x", "/x/", "/x//y", "/x/../y", "/x\n", "~/x"));
}

Test(value, vmm_args_are_words)
{
        char **args = NULL;

        must(config_parse_vmm_args("--boot-timer  --level 'a b'", &args, NULL));
        cr_assert_eq(strv_length(args), 3);
        cr_expect_str_eq(args[0], "--boot-timer");
        cr_expect_str_eq(args[2], "a b");
        must(config_parse_vmm_args("--ids --id-x -id id --no-api-x", &args, NULL));
        cr_expect_eq(strv_length(args), 5);
        strv_free(args);
        expect_all_refused(config_parse_vmm_args, LIST("'a", "a\\", "  "));
}

Test(value, vmm_args_are_not_what_fcjail_passes)
{
        expect_refused(config_parse_vmm_args, "--id x", "must not contain --id, which fcjail itself sets");
        expect_refused(config_parse_vmm_args, "--id=x", "must not contain --id, which fcjail itself sets");
        expect_refused(config_parse_vmm_args, "-v '--id'",
                       "must not contain --id, which fcjail itself sets");
        expect_refused(config_parse_vmm_args, "--api-sock /x",
                       "must not contain --api-sock, which FCJAIL_API= sets");
        expect_refused(config_parse_vmm_args, "--no-api",
                       "must not contain --no-api, which FCJAIL_API=no sets");
        expect_refused(config_parse_vmm_args, "--config-file /x",
                       "must not contain --config-file, which FCJAIL_CONFIG= sets");
        expect_refused(config_parse_vmm_args, "--start-time-us 1",
                       "must not contain --start-time-us, which fcjail itself sets");
        expect_refused(config_parse_vmm_args, "--start-time-cpu-us 1",
                       "must not contain --start-time-cpu-us, which fcjail itself sets");
        expect_refused(config_parse_vmm_args, "--parent-cpu-time-us 1",
                       "must not contain --parent-cpu-time-us, which fcjail itself sets");
        expect_refused(config_parse_vmm_args, "a\nb", "must not contain control characters");
}

Test(value, words_are_exact)
{
        VmmText text = VMM_TEXT_UNSET;
        Ready ready = READY_UNSET;

        must(config_parse_vmm_text("recycled", &text, NULL));
        cr_expect_eq(text, VMM_TEXT_RECYCLED);
        must(config_parse_vmm_text("private", &text, NULL));
        cr_expect_eq(text, VMM_TEXT_PRIVATE);
        must(config_parse_vmm_text("shared", &text, NULL));
        cr_expect_eq(text, VMM_TEXT_SHARED);
        expect_all_refused(config_parse_vmm_text, LIST("Private", "share", "private "));

        must(config_parse_ready("api", &ready, NULL));
        cr_expect_eq(ready, READY_API);
        must(config_parse_ready("exec", &ready, NULL));
        cr_expect_eq(ready, READY_EXEC);
        expect_all_refused(config_parse_ready, LIST("guest", "API", "no"));
}

Test(value, group_is_a_name)
{
        _cleanup_free_ char *group = NULL;

        must(config_parse_group("fcjail", &group, NULL));
        must(config_parse_group("_a-B_9", &group, NULL));
        cr_expect_str_eq(group, "_a-B_9");
        must(config_parse_group("abcdefghijklmnopqrstuvwxyz01234", &group, NULL));
        expect_all_refused(config_parse_group, LIST("0", "1000", "-a", "a b", "a:b", "a.b", "a/b", "a$",
                                                    "abcdefghijklmnopqrstuvwxyz012345"));
}

Test(value, api_is_a_socket_in_run_or_none)
{
        _cleanup_config_ Config c = CONFIG_UNSET;

        must(config_parse_api("/run/a.socket", &c, NULL));
        cr_expect_str_eq(c.api, "/run/a.socket");
        cr_expect_not(c.api_off);
        must(config_parse_api("no", &c, NULL));
        cr_expect_null(c.api);
        cr_expect(c.api_off);
        must(config_parse_api("/run/b", &c, NULL));
        cr_expect_not(c.api_off);
        expect_all_refused(config_parse_api, LIST("yes", "/run", "/run/", "/run/.", "/run/..", "/run/a/b",
                                                  "/run//a", "/tmp/a", "run/a", "/runa", "/run/a\n"));
}

Test(value, api_fits_into_a_socket_address)
{
        _cleanup_config_ Config c = CONFIG_UNSET;
        char path[109];

        memset(path, 'x', sizeof(path));
        memcpy(path, "/run/", 5);
        path[108] = '\0';
        expect_refused(config_parse_api, path, "is too long for the path of a socket (107 bytes at most)");
        path[107] = '\0';
        must(config_parse_api(path, &c, NULL));
}

Test(value, netns_is_a_word_a_name_or_a_path)
{
        _cleanup_config_ Config c = CONFIG_UNSET;

        must(config_parse_netns("blue", &c, NULL));
        cr_expect_eq(c.netns, NETNS_PATH);
        cr_expect_str_eq(c.netns_path, "/run/netns/blue");
        must(config_parse_netns("/proc/1/ns/net", &c, NULL));
        cr_expect_str_eq(c.netns_path, "/proc/1/ns/net");
        must(config_parse_netns("host", &c, NULL));
        cr_expect_eq(c.netns, NETNS_HOST);
        cr_expect_null(c.netns_path);
        must(config_parse_netns("inherit", &c, NULL));
        cr_expect_eq(c.netns, NETNS_INHERIT);
        must(config_parse_netns("private", &c, NULL));
        cr_expect_eq(c.netns, NETNS_PRIVATE);
        expect_all_refused(config_parse_netns,
                           LIST(".", "..", "a/b", "../x", "/", "/a/", "/a/../b", "a\nb"));
}

Test(value, stop_is_a_way_and_a_time)
{
        Config c = CONFIG_UNSET;

        must(config_parse_stop("ctrl-alt-del:1", &c, NULL));
        cr_expect_eq(c.stop, STOP_CTRL_ALT_DEL);
        cr_expect_eq(c.stop_seconds, 1);
        must(config_parse_stop("ctrl-alt-del:600", &c, NULL));
        cr_expect_eq(c.stop_seconds, 600);
        must(config_parse_stop("ctrl-alt-del", &c, NULL));
        cr_expect_eq(c.stop_seconds, 0);
        must(config_parse_stop("kill", &c, NULL));
        cr_expect_eq(c.stop, STOP_KILL);
        expect_all_refused(config_parse_stop, LIST("ctrl-alt-del:", "ctrl-alt-del:0", "ctrl-alt-del:601",
                                                   "ctrl-alt-del:01", "ctrl-alt-del:5s", "ctrl-alt-del 5",
                                                   "ctrl-alt-delx", "ctrl-alt", "kill:5", "KILL"));
}

Test(tap, may_be_none)
{
        Config c = CONFIG_UNSET;

        must(config_parse_tap("none", &c, NULL));
        cr_expect(c.taps_set);
        cr_expect_eq(c.n_taps, 0);
}

Test(tap, takes_names_and_options)
{
        char buf[ADDRESS_STR_MAX];
        Config c = CONFIG_UNSET;

        must(config_parse_tap(
                " tap0,mtu=1400,mac=06:00:AC:10:00:01,address=192.0.2.1/30,address=2001:db8::1/64 \ttap1 ",
                &c, NULL));
        cr_expect(c.taps_set);
        cr_assert_eq(c.n_taps, 2);
        cr_expect_str_eq(c.taps[0].name, "tap0");
        cr_expect_eq(c.taps[0].mtu, 1400);
        cr_expect(c.taps[0].has_mac);
        cr_expect_eq(c.taps[0].mac.ether_addr_octet[2], 0xac);
        cr_assert_eq(c.taps[0].n_addresses, 2);
        cr_expect_str_eq(address_to_string(&c.taps[0].addresses[0], buf), "192.0.2.1/30");
        cr_expect_str_eq(address_to_string(&c.taps[0].addresses[1], buf), "2001:db8::1/64");
        cr_expect_str_eq(c.taps[1].name, "tap1");
        cr_expect_eq(c.taps[1].mtu, 0);
        cr_expect_not(c.taps[1].has_mac);
        cr_expect_eq(c.taps[1].n_addresses, 0);
}

Test(tap, replaces_the_former_list)
{
        Config c = CONFIG_UNSET;

        must(config_parse_tap("a,mtu=1500 b c", &c, NULL));
        must(config_parse_tap("d", &c, NULL));
        cr_expect_eq(c.n_taps, 1);
        cr_expect_eq(c.taps[0].mtu, 0);
        cr_expect_eq(c.taps[1].name[0], '\0');
}

/* The kernel refuses the address with nothing but EINVAL. */
Test(tap, has_ipv6_only_with_an_mtu_for_it)
{
        _cleanup_config_ Config c = CONFIG_UNSET;

        must(config_parse_tap("a,mtu=1280,address=fd00::1/64 b,mtu=1000,address=192.0.2.1/30", &c, NULL));
        expect_refused(config_parse_tap, "a,mtu=1279,address=192.0.2.1/30,address=fd00::1/64",
                       "has mtu=1279 for a, but its IPv6 address fd00::1/64 needs at least 1280");
        expect_refused(config_parse_tap, "a,address=fd00::1/64,mtu=1000",
                       "has mtu=1000 for a, but its IPv6 address fd00::1/64 needs at least 1280");
}

Test(tap, bounds_the_mtu)
{
        Config c = CONFIG_UNSET;

        must(config_parse_tap("a,mtu=68 b,mtu=65521", &c, NULL));
        expect_refused(config_parse_tap, "a,mtu=67",
                       "has an invalid mtu= for a: '67' is not a number from 68 to 65521");
        expect_refused(config_parse_tap, "a,mtu=65522",
                       "has an invalid mtu= for a: '65522' is not a number from 68 to 65521");
        expect_refused(config_parse_tap,
                       "a,mtu=", "has an invalid mtu= for a: '' is not a number from 68 to 65521");
        expect_refused(config_parse_tap, "a,mtu=1500,mtu=1500", "has mtu= twice for a");
}

Test(tap, refuses_names_that_are_none)
{
        static const char *const names[] = { "",    "0a",      "a/b", "lo",
                                             "all", "default", "a:b", "abcdefghijklmnop",
                                             "a%d" };
        char value[64], want[128];

        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                (void) snprintf(value, sizeof(value), "tap0 %s,mtu=1500", names[i]);
                (void) snprintf(want, sizeof(want), "has an invalid TAP name '%s'", names[i]);
                expect_refused(config_parse_tap, value, want);
        }
        expect_refused(config_parse_tap, "tap0 none", "has an invalid TAP name 'none'");
        expect_refused(config_parse_tap, " \t", "");
        expect_refused(config_parse_tap, "tap0 tap1 tap0", "has the TAP tap0 twice");
}

Test(tap, refuses_options_that_are_none)
{
        expect_refused(
                config_parse_tap, "a,",
                "has an unknown option '' for a; use mtu=, mac=, address=, bridge=, redirect= or txqueuelen=");
        expect_refused(
                config_parse_tap, "a,,mtu=1500",
                "has an unknown option '' for a; use mtu=, mac=, address=, bridge=, redirect= or txqueuelen=");
        expect_refused(
                config_parse_tap, "a,mtu",
                "has an unknown option 'mtu' for a; use mtu=, mac=, address=, bridge=, redirect= or txqueuelen=");
        expect_refused(
                config_parse_tap, "a,MTU=1500",
                "has an unknown option 'MTU=1500' for a; use mtu=, mac=, address=, bridge=, redirect= or txqueuelen=");
        expect_refused(
                config_parse_tap, "a,bond=br0",
                "has an unknown option 'bond=br0' for a; use mtu=, mac=, address=, bridge=, redirect= or txqueuelen=");
}

Test(tap, refuses_bad_addresses)
{
        static const char *const macs[] = { "", "01:00:5e:00:00:01", "00:00:00:00:00:00", "6:0:0:0:0:1" };
        static const char *const addresses[] = {
                "",       "192.0.2.1",  "0.0.0.0/8", "224.0.0.1/4",  "255.0.0.1/8", "2001:db8::1/0",
                "::/64",  "ff02::1/64", "x/24",      "192.0.2.1/33", "192.0.2.1/",  "::1",
                "::1/128"
        };
        char value[128], want[256];

        for (size_t i = 0; i < ELEMENTSOF(macs); i++) {
                (void) snprintf(value, sizeof(value), "a,mac=%s", macs[i]);
                (void) snprintf(
                        want, sizeof(want),
                        "has an invalid mac= for a: '%s' is not a unicast address such as 06:00:ac:10:00:01",
                        macs[i]);
                expect_refused(config_parse_tap, value, want);
        }
        for (size_t i = 0; i < ELEMENTSOF(addresses); i++) {
                (void) snprintf(value, sizeof(value), "a,address=%s", addresses[i]);
                (void) snprintf(
                        want, sizeof(want),
                        "has an invalid address= for a: '%s' is not a host address with a prefix length, such as 192.0.2.1/30 or 2001:db8::1/64",
                        addresses[i]);
                expect_refused(config_parse_tap, value, want);
        }
        expect_refused(config_parse_tap, "a,mac=06:00:ac:10:00:01,mac=06:00:ac:10:00:01",
                       "has mac= twice for a");
        expect_refused(config_parse_tap, "a,address=192.0.2.1/30,address=192.0.2.1/24",
                       "has the address 192.0.2.1/24 twice for a");
        expect_refused(config_parse_tap, "a,address=2001:db8::1/64,address=2001:db8:0::1/64",
                       "has the address 2001:db8:0::1/64 twice for a");
}

Test(tap, bounds_the_lists)
{
        Config c = CONFIG_UNSET;
        char value[512] = "a";

        must(config_parse_tap("a b c d e f g h", &c, NULL));
        cr_expect_eq(c.n_taps, TAPS_MAX);
        expect_refused(config_parse_tap, "a b c d e f g h i", "has more than 8 TAPs");

        for (size_t i = 1; i <= TAP_ADDRESSES_MAX; i++)
                (void) snprintf(value + strlen(value), sizeof(value) - strlen(value),
                                ",address=192.0.2.%zu/24", i);
        must(config_parse_tap(value, &c, NULL));
        cr_expect_eq(c.taps[0].n_addresses, TAP_ADDRESSES_MAX);
        strcat(value, ",address=192.0.2.99/24");
        expect_refused(config_parse_tap, value, "has more than 8 addresses for a");
}

Test(table, is_whole)
{
        FOREACH_ARRAY (k, config_keys, CONFIG_KEYS_MAX) {
                cr_assert_not_null(k->name);
                cr_expect_not_null(k->parse, "%s", k->name);
                cr_expect_gt(strlen(k->takes), 5, "%s", k->name);
                cr_expect_lt(k->offset, sizeof(Config), "%s", k->name);
                cr_expect_eq(config_key_find(k->name), k, "%s is there twice", k->name);
                if (!k->alias_of)
                        continue;
                const ConfigKey *target = config_key_find(k->alias_of);
                cr_assert_not_null(target, "%s", k->name);
                cr_expect_null(target->alias_of, "%s", k->name);
                cr_expect_eq(target->parse, k->parse, "%s", k->name);
                cr_expect_eq(target->offset, k->offset, "%s", k->name);
        }
}

Test(table, guesses_what_was_meant)
{
        static const struct {
                const char *typo, *meant;
        } rows[] = {
                { "FCJAIL_UIDD", "FCJAIL_UID" },
                { "FCJAIL_UD", "FCJAIL_UID" },
                { "FCJAIL_UDI", "FCJAIL_UID" },
                { "FCJAIL_VM", "FCJAIL_VMM" },
                { "FCJAIL_UIDRANGE", "FCJAIL_UID_RANGE" },
                { "FCJAIL_CHROOTDIR", "FCJAIL_CHROOT_DIR" },
                { "FCJAIL_CHROOT_DIRS", "FCJAIL_CHROOT_DIR" },
                { "FCJAIL_NETSN", "FCJAIL_NETNS" },
                { "FCJAIL_TAPS", "FCJAIL_TAP" },
                { "FCJAIL_REDAY", "FCJAIL_READY" },
                { "FCJAIL_uid", NULL },
                { "FCJAIL_", NULL },
                { "FCJAIL_BIND", NULL },
                { "FCJAIL_UPLINKS", "FCJAIL_UPLINK" },
                { "FCJAIL_SECOMP", "FCJAIL_SECCOMP" },
                { "FCJAIL_APPARMOUR", "FCJAIL_APPARMOR" },
                { "FCJAIL_MEMORY", NULL },
                { "FCJAIL_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", NULL },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                const ConfigKey *k = config_key_guess(rows[i].typo);

                cr_expect_str_eq(k ? k->name : "nothing", rows[i].meant ? rows[i].meant : "nothing", "%s",
                                 rows[i].typo);
        }
}

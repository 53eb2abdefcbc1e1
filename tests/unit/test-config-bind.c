/* SPDX-License-Identifier: Apache-2.0 */

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "config-table.h"
#include "config-value.h"
#include "config.h"

static void must(int r)
{
        cr_assert_eq(r, 0);
}

/* A value is refused for this reason, "" for the general sentence of the table, and changes nothing. */
static void refuses(ConfigParse parse, const char *value, const char *want_why)
{
        Config c = CONFIG_UNSET, zero = CONFIG_UNSET;
        _cleanup_free_ char *why = NULL;

        cr_expect_eq(parse(value, &c, &why), -EINVAL, "'%s'", value);
        cr_expect_str_eq(why ? why : "", want_why, "'%s'", value);
        cr_expect_arr_eq((char *) &c, (char *) &zero, sizeof(c), "'%s' left something", value);
}

static void expect_paths(const BindConfig *b, const char *source, const char *destination)
{
        cr_expect_str_eq(b->source, source);
        cr_expect_str_eq(b->destination, destination);
}

Test(bind, is_at_its_source_unless_there_is_a_destination)
{
        _cleanup_config_ Config c = CONFIG_UNSET;

        must(config_parse_bind(" /a/b \t/c:/d ", &c, NULL));
        cr_assert_eq(c.n_binds, 2);
        expect_paths(&c.binds[0], "/a/b", "/a/b");
        expect_paths(&c.binds[1], "/c", "/d");
        cr_expect_not(c.binds[0].read_only);
        cr_expect_eq(c.binds[0].ids, BIND_IDS_OWNER);
        cr_expect_not(c.binds[0].loop);
        cr_expect_not(c.binds[0].shared);
}

Test(bind, may_be_read_only)
{
        _cleanup_config_ Config c = CONFIG_UNSET;

        must(config_parse_bind_ro("/a", &c, NULL));
        cr_assert_eq(c.n_binds, 1);
        cr_expect(c.binds[0].read_only);
}

Test(bind, is_added_to_those_before)
{
        _cleanup_config_ Config c = CONFIG_UNSET;

        must(config_parse_bind("/a", &c, NULL));
        must(config_parse_bind_ro("/b /c", &c, NULL));
        must(config_parse_bind("/d", &c, NULL));
        cr_assert_eq(c.n_binds, 4);
        expect_paths(&c.binds[0], "/a", "/a");
        expect_paths(&c.binds[3], "/d", "/d");
        cr_expect(c.binds[2].read_only);
        cr_expect_not(c.binds[3].read_only);
}

Test(bind, takes_options)
{
        _cleanup_config_ Config c = CONFIG_UNSET;

        must(config_parse_bind("/a:/a:noidmap /b:/b:shared,idmap=1000 /c:/c:loop,shared", &c, NULL));
        cr_assert_eq(c.n_binds, 3);
        cr_expect_eq(c.binds[0].ids, BIND_IDS_NONE);
        cr_expect_eq(c.binds[1].ids, BIND_IDS_UID);
        cr_expect_eq(c.binds[1].uid, 1000);
        cr_expect(c.binds[1].shared);
        cr_expect_eq(c.binds[2].ids, BIND_IDS_OWNER);
        cr_expect(c.binds[2].loop);
        cr_expect(c.binds[2].shared);
}

/* As in BindPaths= of systemd: what is escaped or quoted separates nothing. */
Test(bind, may_have_blanks_and_colons_in_its_paths)
{
        _cleanup_config_ Config c = CONFIG_UNSET;

        must(config_parse_bind("\"/a b\":'/c:d' /e\\ f\\:g:/h \"/i:j\"k,l /m\\\\n", &c, NULL));
        cr_assert_eq(c.n_binds, 4);
        expect_paths(&c.binds[0], "/a b", "/c:d");
        expect_paths(&c.binds[1], "/e f:g", "/h");
        expect_paths(&c.binds[2], "/i:jk,l", "/i:jk,l");
        expect_paths(&c.binds[3], "/m\\n", "/m\\n");
}

Test(bind, is_refused_if_it_cannot_be_read)
{
        refuses(config_parse_bind, "   ", "");
        refuses(config_parse_bind, "/a \"/b", "");
        refuses(config_parse_bind, "/a /b\\", "");
        refuses(config_parse_bind, "/a:/b:loop:/c",
                "has more than source:destination:options for /a; a ':' that belongs to a path is written '\\:'");
}

#define USE_A_PATH "; use an absolute path without '//', '.', '..' or a '/' at its end"

Test(bind, has_valid_paths)
{
        refuses(config_parse_bind, "a", "has an invalid source 'a'" USE_A_PATH);
        refuses(config_parse_bind, "/", "has an invalid source '/'" USE_A_PATH);
        refuses(config_parse_bind, ":/a", "has an invalid source ''" USE_A_PATH);
        refuses(config_parse_bind, "/a/../b", "has an invalid source '/a/../b'" USE_A_PATH);
        refuses(config_parse_bind, "/a/", "has an invalid source '/a/'" USE_A_PATH);
        refuses(config_parse_bind, "/ok /a:b", "has an invalid destination 'b'" USE_A_PATH);
        refuses(config_parse_bind, "/a:", "has an invalid destination ''" USE_A_PATH);
        refuses(config_parse_bind, "/a: /b", "has an invalid destination ''" USE_A_PATH);
        refuses(config_parse_bind, "/a::loop", "has an invalid destination ''" USE_A_PATH);
        refuses(config_parse_bind, "/a:/", "has an invalid destination '/'" USE_A_PATH);
        refuses(config_parse_bind, "/a:/b//c", "has an invalid destination '/b//c'" USE_A_PATH);
}

#define USE_AN_OPTION "; use noidmap, idmap=, loop or shared"

Test(bind, has_only_options_that_there_are)
{
        refuses(config_parse_bind, "/a:/a:", "has an unknown option '' for /a" USE_AN_OPTION);
        refuses(config_parse_bind, "/a:/a:loop,", "has an unknown option '' for /a" USE_AN_OPTION);
        refuses(config_parse_bind, "/a:/a:ro", "has an unknown option 'ro' for /a" USE_AN_OPTION);
        refuses(config_parse_bind, "/a:/a:loops", "has an unknown option 'loops' for /a" USE_AN_OPTION);
        refuses(config_parse_bind, "/a:/a:loop=1", "has an unknown option 'loop=1' for /a" USE_AN_OPTION);
        refuses(config_parse_bind, "/a:/a:idmap", "has an unknown option 'idmap' for /a" USE_AN_OPTION);
}

Test(bind, has_an_option_once)
{
        refuses(config_parse_bind, "/a:/a:loop,shared,loop", "has loop twice for /a");
        refuses(config_parse_bind, "/a:/a:shared,shared", "has shared twice for /a");
        refuses(config_parse_bind, "/a:/a:noidmap,noidmap", "has noidmap twice for /a");
        refuses(config_parse_bind, "/a:/a:idmap=1,idmap=1", "has idmap= twice for /a");
}

Test(bind, has_one_rule_for_owners)
{
        refuses(config_parse_bind, "/a:/a:noidmap,idmap=1",
                "has both noidmap and idmap= for /a; remove one");
        refuses(config_parse_bind, "/a:/a:idmap=1,noidmap",
                "has both noidmap and idmap= for /a; remove one");
        refuses(config_parse_bind, "/a:/a:idmap=1,loop",
                "has loop and idmap= for /a, but the owner of a file does not count for its loop device; remove one");
        refuses(config_parse_bind_ro, "/a:/a:loop,noidmap",
                "has loop and noidmap for /a, but the owner of a file does not count for its loop device; remove one");
}

/* Root's files are the VM's only by their owner, which is looked at. */
Test(bind, is_mapped_to_a_uid_that_a_vm_may_have)
{
        static const char *const bad[] = {
                "", "0", "-1", "01", "root", "65534", "65535", "4294967295", "1 "
        };

        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                char value[64], why[256];

                (void) snprintf(value, sizeof(value), "'/a:/b':/c:'idmap=%s'", bad[i]);
                (void) snprintf(
                        why, sizeof(why),
                        "has an invalid idmap= for /a:/b: '%s' is not a number from 1 to 4294967293 without 65534 and 65535",
                        bad[i]);
                refuses(config_parse_bind, value, why);
        }
}

Test(bind, is_shared_only_if_it_can_be_written)
{
        refuses(config_parse_bind_ro, "/a:/a:shared",
                "has shared for /a, which has no meaning there: any number of VMs may read a file; remove it");
}

Test(bind, is_one_of_a_bounded_number)
{
        _cleanup_config_ Config c = CONFIG_UNSET;
        _cleanup_free_ char *why = NULL;

        for (int i = 0; i < BINDS_MAX - 1; i++)
                must(config_parse_bind("/a", &c, NULL));
        cr_expect_eq(config_parse_bind_ro("/a /b", &c, &why), -EINVAL);
        cr_expect(why && strstr(why, "too many binds; at most 24"));
        must(config_parse_bind_ro("/a", &c, NULL));
        cr_expect_eq(c.n_binds, BINDS_MAX);
}

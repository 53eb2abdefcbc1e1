/* SPDX-License-Identifier: Apache-2.0 */

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <limits.h>
#include <string.h>

#include "parse.h"

Test(vm_id, takes_ids_a_vm_may_have)
{
        static const struct {
                const char *s;
                uint32_t id;
        } good[] = {
                { "1", 1 },
                { "2", 2 },
                { "9", 9 },
                { "10", 10 },
                { "99", 99 },
                { "100", 100 },
                { "999", 999 },
                { "1000", 1000 },
                { "32767", 32767 },
                { "32768", 32768 },
                { "60000", 60000 },
                { "65533", 65533 },
                { "65536", 65536 },
                { "100000", 100000 },
                { "1879048192", 1879048192 },
                { "1879113727", 1879113727 },
                { "2147483647", 2147483647 },
                { "2147483648", 2147483648U },
                { "4294967293", 4294967293U },
        };

        for (size_t i = 0; i < ELEMENTSOF(good); i++) {
                uint32_t id = 0;

                cr_expect_eq(parse_vm_id(good[i].s, &id), 0, "%s", good[i].s);
                cr_expect_eq(id, good[i].id, "%s", good[i].s);
        }
}

Test(vm_id, refuses_numbers_no_vm_may_have)
{
        static const char *const bad[] = {
                "0",
                "65534",
                "65535",
                "4294967294",
                "4294967295",
                "4294967296",
                "4294967297",
                "4295032831",
                "8589934592",
                "8589934593",
                "9999999999",
                "18446744073709551615",
                "18446744073709551616",
                "18446744073709551617",
                "99999999999999999999999999999999999999",
        };

        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                uint32_t id = 7;

                cr_expect_eq(parse_vm_id(bad[i], &id), -ERANGE, "%s", bad[i]);
                cr_expect_eq(id, 7, "%s", bad[i]);
        }
}

Test(vm_id, refuses_what_is_no_plain_decimal)
{
        static const char *const bad[] = {
                "",
                " ",
                " 1",
                "1 ",
                "\t1",
                "1\n",
                "\n",
                "+1",
                "-1",
                "-0",
                "+0",
                "00",
                "01",
                "007",
                "0x1",
                "0X1F",
                "0b1",
                "0o7",
                "1e3",
                "1.0",
                "1,000",
                "1_000",
                "1'000",
                "1k",
                "1u",
                "1L",
                "a",
                "root",
                "nobody",
                "daemon",
                "1-2",
                "1:1",
                "1/1",
                "#1",
                "$1",
                "0day",
                "7abc",
                "inf",
                "nan",
                "NULL",
                "--1",
                "1-",
                "-",
                "+",
                "4294967296x",
                "18446744073709551616x",
                "\xc2\xa0\x31",
                "\xd9\xa1",
                "\xef\xbc\x91",
                "1\xff",
                "\x7f",
        };

        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                uint32_t id = 7;

                cr_expect_eq(parse_vm_id(bad[i], &id), -EINVAL, "'%s'", bad[i]);
                cr_expect_eq(id, 7, "'%s'", bad[i]);
        }
}

Test(number, keeps_to_its_bounds)
{
        uint64_t v64 = 0;
        uint32_t v = 0;

        cr_expect_eq(parse_u32("5", 5, 5, &v), 0);
        cr_expect_eq(v, 5);
        cr_expect_eq(parse_u32("4", 5, 5, &v), -ERANGE);
        cr_expect_eq(parse_u32("6", 5, 5, &v), -ERANGE);
        cr_expect_eq(parse_u32("0", 0, 1, &v), 0);
        cr_expect_eq(v, 0);
        cr_expect_eq(parse_u32("4294967295", 0, UINT32_MAX, &v), 0);
        cr_expect_eq(v, UINT32_MAX);
        cr_expect_eq(parse_u64("18446744073709551615", 0, UINT64_MAX, &v64), 0);
        cr_expect_eq(v64, UINT64_MAX);
        cr_expect_eq(parse_u64("18446744073709551616", 0, UINT64_MAX, &v64), -ERANGE);
        cr_expect_eq(parse_u64("184467440737095516150", 0, UINT64_MAX, &v64), -ERANGE);
}

Test(yes_no, takes_two_words)
{
        static const char *const bad[] = { "",  "y", "n",  "Yes",  "YES", "true",
                                           "1", "0", "on", "yes ", " no", "noo" };
        bool b = false;

        cr_expect_eq(parse_yes_no("yes", &b), 0);
        cr_expect(b);
        cr_expect_eq(parse_yes_no("no", &b), 0);
        cr_expect_not(b);
        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                cr_expect_eq(parse_yes_no(bad[i], &b), -EINVAL, "'%s'", bad[i]);
}

Test(mac, takes_unicast_addresses)
{
        static const uint8_t want[ETH_ALEN] = { 0x06, 0x00, 0xac, 0x10, 0xFF, 0x01 };
        struct ether_addr mac;

        cr_expect_eq(parse_mac("06:00:ac:10:Ff:01", &mac), 0);
        cr_expect_arr_eq(mac.ether_addr_octet, want, ETH_ALEN);
        cr_expect_eq(parse_mac("00:00:00:00:00:01", &mac), 0);
        cr_expect_eq(parse_mac("fe:ff:ff:ff:ff:ff", &mac), 0);
}

Test(mac, refuses_group_and_null_addresses)
{
        struct ether_addr mac;

        cr_expect_eq(parse_mac("00:00:00:00:00:00", &mac), -ERANGE);
        cr_expect_eq(parse_mac("ff:ff:ff:ff:ff:ff", &mac), -ERANGE);
        cr_expect_eq(parse_mac("01:00:5e:00:00:01", &mac), -ERANGE);
}

Test(mac, refuses_other_spellings)
{
        static const char *const bad[] = {
                "",
                "06",
                "06:00:ac:10:00",
                "06:00:ac:10:00:01:02",
                "06-00-ac-10-00-01",
                "0600ac100001",
                "6:0:ac:10:0:1",
                "06:00:ac:10:00:0g",
                "06:00:ac:10:00:1",
                " 06:00:ac:10:00:01",
                "06:00:ac:10:00:01 ",
                "06:00:ac:10:00 01",
                "0x:00:ac:10:00:01",
        };
        struct ether_addr mac;

        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                cr_expect_eq(parse_mac(bad[i], &mac), -EINVAL, "'%s'", bad[i]);
}

Test(address, takes_both_families_and_writes_them_back)
{
        static const struct {
                const char *s;
                int family;
                uint8_t bits;
        } good[] = {
                { "192.0.2.1/30", AF_INET, 30 },         { "10.0.0.1/8", AF_INET, 8 },
                { "255.255.255.255/32", AF_INET, 32 },   { "1.2.3.4/1", AF_INET, 1 },
                { "2001:db8::1/64", AF_INET6, 64 },      { "fe80::1/128", AF_INET6, 128 },
                { "::ffff:192.0.2.1/96", AF_INET6, 96 },
        };
        char buf[ADDRESS_STR_MAX];
        InAddrPrefix a;

        for (size_t i = 0; i < ELEMENTSOF(good); i++) {
                cr_assert_eq(parse_address(good[i].s, &a), 0, "%s", good[i].s);
                cr_expect_eq(a.family, good[i].family, "%s", good[i].s);
                cr_expect_eq(a.prefix_len, good[i].bits, "%s", good[i].s);
                cr_expect_str_eq(address_to_string(&a, buf), good[i].s);
        }
}

Test(address, writes_the_longest_one)
{
        InAddrPrefix a = { .family = AF_INET6, .prefix_len = 128 };
        char buf[ADDRESS_STR_MAX];

        memset(&a.in6, 0xff, sizeof(a.in6));
        cr_expect_str_eq(address_to_string(&a, buf), "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128");
}

Test(address, refuses_other_spellings)
{
        static const char *const bad[] = {
                "",
                "/",
                "/24",
                "192.0.2.1",
                "192.0.2.1/",
                "192.0.2.1/0",
                "192.0.2.1/33",
                "192.0.2.1/030",
                "192.0.2.1/30/1",
                "192.0.2.1/255.255.255.0",
                "192.0.2/24",
                "192.0.2.256/24",
                "192.0.2.01/24",
                "0xc0000201/24",
                "3221225985/24",
                "192.0.2.1 /24",
                " 192.0.2.1/24",
                "192.0.2.1/ 24",
                "192.0.2.1/+24",
                "2001:db8::1/129",
                "2001:db8::1/0",
                "2001:db8::1::2/64",
                "fe80::1%eth0/64",
                "[2001:db8::1]/64",
                "localhost/8",
                "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/8",
        };
        InAddrPrefix a;

        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                cr_expect_lt(parse_address(bad[i], &a), 0, "'%s'", bad[i]);
}

/* 64 and 65 characters. */
#define LONG64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define LONG65 LONG64 "x"

Test(id, takes_instance_names)
{
        static const char *const good[] = { "a",  "A",     "0",        "web1",    "web-1",
                                            "a-", "A-B-C", "defaults", "jailer1", LONG64 };

        for (size_t i = 0; i < ELEMENTSOF(good); i++)
                cr_expect(id_valid(good[i]), "'%s'", good[i]);
}

Test(id, refuses_all_else)
{
        static const char *const bad[] = {
                "",   "-",   "-a",  ".",   "..",  "a.b",      "a_b",     "a/b",    "/",    "a b",
                " a", "a\n", "a@b", "a%i", "a:b", "\xc3\xa4", "default", "jailer", LONG65,
        };

        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                cr_expect_not(id_valid(bad[i]), "'%s'", bad[i]);
}

Test(id, is_found_in_what_systemd_escape_made_of_it)
{
        static const char *const bad[] = {
                "my-vm",  "a\\x2",     "a\\x2g",      "a\\",  "a\\x2f",
                "\\x2da", "my\\x5fvm", "d\\x65fault", LONG65, "\\x61" LONG65,
        };
        char id[ID_LEN_MAX + 1] = "untouched";

        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                cr_expect_eq(id_unescape(bad[i], id), -EINVAL, "'%s'", bad[i]);
        cr_expect_str_eq(id, "untouched");
        cr_assert_eq(id_unescape("my\\x2dvm", id), 0);
        cr_expect_str_eq(id, "my-vm");
        cr_assert_eq(id_unescape("\\x61\\x2D\\x2db", id), 0);
        cr_expect_str_eq(id, "a--b");
}

Test(ifname, follows_the_kernel_less_its_traps)
{
        static const char *const good[] = { "tap0", "t", "eth0.5", "a_b-c.d", "abcdefghijklmno" };
        static const char *const bad[] = {
                "",
                "0tap",
                "-t",
                ".",
                "..",
                "tap%d",
                "a/b",
                "a:b",
                "a b",
                "a\n",
                "abcdefghijklmnop",
                "all",
                "default",
                "\xc3\xa4",
        };

        for (size_t i = 0; i < ELEMENTSOF(good); i++)
                cr_expect(ifname_valid(good[i]), "'%s'", good[i]);
        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                cr_expect_not(ifname_valid(bad[i]), "'%s'", bad[i]);
}

Test(filename, is_one_component)
{
        char longest[NAME_MAX + 2] = {};

        memset(longest, 'x', NAME_MAX);
        cr_expect(filename_valid(longest));
        longest[NAME_MAX] = 'x';
        cr_expect_not(filename_valid(longest));

        cr_expect(filename_valid("a"));
        cr_expect(filename_valid("..."));
        cr_expect(filename_valid(" "));
        cr_expect_not(filename_valid(""));
        cr_expect_not(filename_valid("."));
        cr_expect_not(filename_valid(".."));
        cr_expect_not(filename_valid("a/b"));
        cr_expect_not(filename_valid("a\nb"));
        cr_expect_not(filename_valid("a\x7f"));
}

Test(path, is_absolute_and_normalized)
{
        static const char *const good[] = { "/", "/a", "/a/b", "/.a", "/a/...", "/a b", "/\xc3\xa4" };
        static const char *const bad[] = {
                "",    "a",    "a/b",   "./a",    "//",      "//a",  "/a/",   "/a//b", "/.",
                "/..", "/a/.", "/a/..", "/a/./b", "/a/../b", "/a\n", "/a\tb", " /a",   "~/a",
        };

        for (size_t i = 0; i < ELEMENTSOF(good); i++)
                cr_expect(path_valid(good[i]), "'%s'", good[i]);
        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                cr_expect_not(path_valid(bad[i]), "'%s'", bad[i]);
}

Test(path, is_bounded)
{
        char path[PATH_MAX + 1];

        for (size_t i = 0; i < sizeof(path); i++)
                path[i] = i % 2 == 0 ? '/' : 'a';
        path[PATH_MAX] = '\0';
        cr_expect_not(path_valid(path));
        path[PATH_MAX - 2] = '\0';
        cr_expect(path_valid(path));

        memset(path, 'a', sizeof(path));
        path[0] = '/';
        path[NAME_MAX + 1] = '\0';
        cr_expect(path_valid(path));
        path[NAME_MAX + 1] = 'a';
        path[NAME_MAX + 2] = '\0';
        cr_expect_not(path_valid(path));
}

Test(path, is_at_or_below_a_directory)
{
        static const struct {
                const char *path, *dir;
                bool expected;
        } rows[] = {
                { "a", "a", true },       { "a/b", "a", true },     { "a/b/c", "a", true },
                { "a/b/c", "a/b", true }, { "/a/b", "/a", true },   { "ab", "a", false },
                { "a", "ab", false },     { "a", "a/b", false },    { "b/a", "a", false },
                { "a-/b", "a", false },   { "/ab/c", "/a", false }, { "", "a", false },
        };

        FOREACH_ARRAY (row, rows, ELEMENTSOF(rows))
                cr_expect_eq(path_is_at_or_below(row->path, row->dir), row->expected, "'%s' and '%s'",
                             row->path, row->dir);
}

static void expect_words(const char *s, const char *const *want)
{
        _cleanup_strv_ char **v = NULL;
        size_t n = 0;

        cr_assert_eq(split_words(s, &v), 0, "'%s'", s);
        for (; want[n] && v[n]; n++)
                cr_expect_str_eq(v[n], want[n], "'%s'", s);
        cr_expect(!want[n] && !v[n], "'%s'", s);
        cr_expect_eq(strv_length(v), n);
}

#define WORDS(...) ((const char *const[]){ __VA_ARGS__ __VA_OPT__(, ) NULL })

Test(words, are_split_at_blanks)
{
        expect_words("", WORDS());
        expect_words(" \t ", WORDS());
        expect_words("a", WORDS("a"));
        expect_words("  a\tb  c ", WORDS("a", "b", "c"));
}

Test(words, may_be_quoted_and_escaped)
{
        expect_words("'a b' \"c d\"", WORDS("a b", "c d"));
        expect_words("''", WORDS(""));
        expect_words("a'b c'd", WORDS("ab cd"));
        expect_words("'\"' \"'\"", WORDS("\"", "'"));
        expect_words("a\\ b", WORDS("a b"));
        expect_words("\"a\\\"b\"", WORDS("a\"b"));
        expect_words("'a\\b'", WORDS("a\\b"));
        expect_words("\\\\", WORDS("\\"));
}

Test(words, refuse_open_ends)
{
        static const char *const bad[] = { "'", "\"", "a 'b", "a \"b", "a\\", "\"\\\"", "'a\\'b'" };

        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                char **v = NULL;

                cr_expect_eq(split_words(bad[i], &v), -EINVAL, "'%s'", bad[i]);
                cr_expect_null(v);
        }
}

Test(words, no_vector_has_no_words)
{
        cr_expect_eq(strv_length(NULL), 0);
        strv_free(NULL);
}

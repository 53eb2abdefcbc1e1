/* SPDX-License-Identifier: Apache-2.0 */

/* The strict parsers, against libc's lenient ones and against simple second ones. */

#include <arpa/inet.h>
#include <inttypes.h>
#include <limits.h>
#include <netinet/ether.h>

#include "fuzz.h"
#include "parse.h"

static void check_numbers(const char *s)
{
        char text[32];
        uint64_t u64;
        uint32_t u32;
        int r;

        r = parse_u64(s, 0, UINT64_MAX, &u64);
        if (r >= 0) {
                /* One spelling per value: printed, it is the same text. */
                (void) snprintf(text, sizeof(text), "%" PRIu64, u64);
                CHECK(strcmp(text, s) == 0);
        } else if (s[0] != '\0' && strlen(s) <= 18 && strspn(s, "0123456789") == strlen(s))
                CHECK(s[0] == '0'); /* it is a number: only a leading zero is a reason */

        int r32 = parse_u32(s, 5, 70000, &u32);
        CHECK((r32 >= 0) == (r >= 0 && u64 >= 5 && u64 <= 70000));
        CHECK(r32 < 0 || u32 == u64);

        r32 = parse_vm_id(s, &u32);
        CHECK(r32 < 0 || (u32 == u64 && u32 != 0 && u32 != 65534 && u32 != 65535 && u32 < UINT32_MAX - 1));
        CHECK(r32 >= 0 || r < 0 || u64 == 0 || u64 == 65534 || u64 == 65535 || u64 >= UINT32_MAX - 1);
}

static void check_mac(const char *s)
{
        struct ether_addr mac, other;
        char text[18];

        if (parse_mac(s, &mac) < 0)
                return;
        CHECK(ether_aton_r(s, &other) && memcmp(&mac, &other, sizeof(mac)) == 0);
        const uint8_t *m = mac.ether_addr_octet;
        (void) snprintf(text, sizeof(text), "%02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1], m[2], m[3], m[4],
                        m[5]);
        CHECK(strcasecmp(text, s) == 0);
        CHECK((m[0] & 1) == 0 && strcmp(text, "00:00:00:00:00:00") != 0);
}

static void check_address(const char *s)
{
        InAddrPrefix a, again;
        char text[ADDRESS_STR_MAX];

        if (parse_address(s, &a) < 0)
                return;
        CHECK(a.prefix_len >= 1 && a.prefix_len <= (a.family == AF_INET ? 32 : 128));
        CHECK(parse_address(address_to_string(&a, text), &again) == 0);
        CHECK(again.family == a.family && again.prefix_len == a.prefix_len);
        CHECK(memcmp(&again.in6, &a.in6, a.family == AF_INET ? sizeof(a.in) : sizeof(a.in6)) == 0);
        /* Four numbers have one spelling. */
        CHECK(a.family != AF_INET || strcmp(text, s) == 0);
}

static bool all_of(const char *s, const char *set)
{
        return strspn(s, set) == strlen(s);
}

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS  "0123456789"

static void check_names(const char *s)
{
        size_t n = strlen(s);
        bool control = false;

        for (const char *p = s; *p; p++)
                control = control || (*p > 0 && *p < ' ') || *p == 0x7f;

        CHECK(id_valid(s) == (n >= 1 && n <= 64 && all_of(s, LETTERS DIGITS "-") && s[0] != '-' &&
                              strcmp(s, "default") != 0 && strcmp(s, "jailer") != 0));
        CHECK(ifname_valid(s) ==
              (n >= 1 && n <= 15 && strchr(LETTERS, s[0]) && all_of(s, LETTERS DIGITS "_.-") &&
               strcmp(s, "all") != 0 && strcmp(s, "default") != 0));
        CHECK(filename_valid(s) == (n >= 1 && n <= 255 && !strchr(s, '/') && !control &&
                                    strcmp(s, ".") != 0 && strcmp(s, "..") != 0));
        CHECK(id128_valid(s) == (n == 32 && all_of(s, DIGITS "abcdef")));

        if (path_valid(s)) {
                CHECK(s[0] == '/' && !control && n < PATH_MAX && !strstr(s, "//"));
                CHECK(!strstr(s, "/../") && !strstr(s, "/./"));
                CHECK(n == 1 || (s[n - 1] != '/' && strcmp(strrchr(s, '/'), "/.") != 0 &&
                                 strcmp(strrchr(s, '/'), "/..") != 0));
        } else if (filename_valid(s)) {
                char *path = NULL;

                CHECK(asprintf(&path, "/%s", s) > 0 && path_valid(path));
                free(path);
        }
}

/* A second one, by states: 0 between words, 1 in a word, ' and " in quotes. -1: open, or a last backslash. */
static int reference_words(const char *s, char *out, size_t *ret_n)
{
        int state = 0;
        size_t n = 0;

        for (; *s; s++) {
                if ((state == 0 || state == 1) && (*s == ' ' || *s == '\t')) {
                        if (state == 1)
                                *out++ = '\0';
                        state = 0;
                        continue;
                }
                n += state == 0;
                if (state == 0)
                        state = 1;
                if (state == 1 && (*s == '\'' || *s == '"'))
                        state = *s;
                else if (state > 1 && state == *s)
                        state = 1;
                else if (*s == '\\' && state != '\'') {
                        if (!*++s)
                                return -1;
                        *out++ = *s;
                } else
                        *out++ = *s;
        }
        if (state > 1)
                return -1;
        *out = '\0';
        *ret_n = n;
        return 0;
}

static void check_words(const char *s)
{
        _cleanup_strv_ char **words = NULL;
        char *want = malloc(strlen(s) + 2);
        size_t n;

        CHECK(want);
        int r = split_words(s, &words);
        CHECK((reference_words(s, want, &n) == 0) == (r == 0));
        if (r == 0) {
                const char *p = want;

                CHECK(strv_length(words) == n);
                for (size_t i = 0; i < n; i++, p += strlen(p) + 1)
                        CHECK(strcmp(words[i], p) == 0);
        } else
                CHECK(r == -EINVAL);
        free(want);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_free_ char *s = input_string(data, size);
        bool b;

        check_numbers(s);
        check_mac(s);
        check_address(s);
        check_names(s);
        check_words(s);
        CHECK((parse_yes_no(s, &b) == 0) == (strcmp(s, "yes") == 0 || strcmp(s, "no") == 0));
        return 0;
}

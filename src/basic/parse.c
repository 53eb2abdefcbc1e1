/* SPDX-License-Identifier: Apache-2.0 */

#include <arpa/inet.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "parse.h"

/* ctype.h without the locale. */
static bool is_digit(char c)
{
        return c >= '0' && c <= '9';
}

static bool is_alpha(char c)
{
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_control(char c)
{
        return (unsigned char) c < 0x20 || c == 0x7f;
}

int parse_u64(const char *s, uint64_t min, uint64_t max, uint64_t *ret)
{
        uint64_t v = 0;

        if (!is_digit(s[0]) || (s[0] == '0' && s[1] != '\0'))
                return -EINVAL;

        for (const char *p = s; *p; p++) {
                if (!is_digit(*p))
                        return -EINVAL;
                if (__builtin_mul_overflow(v, 10U, &v) ||
                    __builtin_add_overflow(v, (uint64_t) (*p - '0'), &v)) {
                        /* Only digits may follow for it to be a number at all. */
                        return strspn(p, "0123456789") == strlen(p) ? -ERANGE : -EINVAL;
                }
        }

        if (v < min || v > max)
                return -ERANGE;

        *ret = v;
        return 0;
}

int parse_u32(const char *s, uint32_t min, uint32_t max, uint32_t *ret)
{
        uint64_t v;
        int r;

        r = parse_u64(s, min, max, &v);
        if (r < 0)
                return r;

        *ret = (uint32_t) v;
        return 0;
}

bool vm_id_valid(uint32_t id)
{
        return id != 0 && id != 65534 && id != 65535 && id < UINT32_MAX - 1;
}

int parse_vm_id(const char *s, uint32_t *ret)
{
        uint32_t v;
        int r;

        r = parse_u32(s, 0, UINT32_MAX, &v);
        if (r < 0)
                return r;
        if (!vm_id_valid(v))
                return -ERANGE;

        *ret = v;
        return 0;
}

int parse_yes_no(const char *s, bool *ret)
{
        if (strcmp(s, "yes") == 0)
                *ret = true;
        else if (strcmp(s, "no") == 0)
                *ret = false;
        else
                return -EINVAL;

        return 0;
}

static int hex_digit(char c)
{
        if (is_digit(c))
                return c - '0';
        if (c >= 'a' && c <= 'f')
                return c - 'a' + 10;
        if (c >= 'A' && c <= 'F')
                return c - 'A' + 10;
        return -EINVAL;
}

int parse_mac(const char *s, struct ether_addr *ret)
{
        static const struct ether_addr null_mac;
        struct ether_addr mac;

        if (strlen(s) != 17)
                return -EINVAL;

        for (size_t i = 0; i < ETH_ALEN; i++) {
                const char *p = s + 3 * i;
                int high = hex_digit(p[0]), low = hex_digit(p[1]);

                if (high < 0 || low < 0 || (i + 1 < ETH_ALEN && p[2] != ':'))
                        return -EINVAL;
                mac.ether_addr_octet[i] = (uint8_t) (high * 16 + low);
        }

        if (memcmp(&mac, &null_mac, sizeof(mac)) == 0 || (mac.ether_addr_octet[0] & 1) != 0)
                return -ERANGE;

        *ret = mac;
        return 0;
}

int parse_host_address(const char *s, InAddrPrefix *ret)
{
        InAddrPrefix a = {};

        if (inet_pton(AF_INET, s, &a.in) == 1)
                a.family = AF_INET;
        else if (inet_pton(AF_INET6, s, &a.in6) == 1)
                a.family = AF_INET6;
        else
                return -EINVAL;
        a.prefix_len = a.family == AF_INET ? 32 : 128;

        *ret = a;
        return 0;
}

int parse_address(const char *s, InAddrPrefix *ret)
{
        char buf[INET6_ADDRSTRLEN];
        InAddrPrefix a;
        uint32_t bits;
        int r;

        const char *slash = strchr(s, '/');
        if (!slash || (size_t) (slash - s) >= sizeof(buf))
                return -EINVAL;
        memcpy(buf, s, (size_t) (slash - s));
        buf[slash - s] = '\0';

        r = parse_host_address(buf, &a);
        if (r >= 0)
                r = parse_u32(slash + 1, 1, a.prefix_len, &bits);
        if (r < 0)
                return r;

        a.prefix_len = (uint8_t) bits;
        *ret = a;
        return 0;
}

const char *mac_to_string(const struct ether_addr *mac, char buf[MAC_STR_MAX])
{
        const uint8_t *m = mac->ether_addr_octet;

        (void) snprintf(buf, MAC_STR_MAX, "%02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1], m[2], m[3], m[4],
                        m[5]);
        return buf;
}

const char *host_address_to_string(const InAddrPrefix *a, char buf[ADDRESS_STR_MAX])
{
        /* Cannot fail: the family is one of the two and the buffer is large enough. */
        (void) inet_ntop(a->family, &a->in6, buf, INET6_ADDRSTRLEN);
        return buf;
}

const char *address_to_string(const InAddrPrefix *a, char buf[ADDRESS_STR_MAX])
{
        size_t n = strlen(host_address_to_string(a, buf));

        (void) snprintf(buf + n, ADDRESS_STR_MAX - n, "/%u", a->prefix_len);
        return buf;
}

bool id128_valid(const char *s)
{
        return strlen(s) == 32 && strspn(s, "0123456789abcdef") == 32;
}

bool jailer_id_valid(const char *s)
{
        size_t n = strlen(s);

        for (const char *p = s; *p; p++)
                if (!is_alpha(*p) && !is_digit(*p) && *p != '-')
                        return false;
        return n >= 1 && n <= ID_LEN_MAX;
}

bool id_valid(const char *s)
{
        return jailer_id_valid(s) && s[0] != '-' && strcmp(s, "default") != 0 && strcmp(s, "jailer") != 0;
}

/* FNV-1a. */
uint32_t id_hash(const char *id)
{
        uint32_t h = 2166136261U;

        for (; *id; id++)
                h = (h ^ (uint8_t) *id) * 16777619U;
        return h;
}

int id_unescape(const char *s, char ret[ID_LEN_MAX + 1])
{
        char id[ID_LEN_MAX + 1];
        size_t n = 0;

        if (!strchr(s, '\\'))
                return -EINVAL;
        for (; *s && n < ID_LEN_MAX; n++)
                if (s[0] == '\\' && s[1] == 'x' && hex_digit(s[2]) >= 0 && hex_digit(s[3]) >= 0) {
                        id[n] = (char) (hex_digit(s[2]) * 16 + hex_digit(s[3]));
                        s += 4;
                } else
                        id[n] = *s++;
        id[n] = '\0';
        if (*s || !id_valid(id))
                return -EINVAL;

        memcpy(ret, id, sizeof(id));
        return 0;
}

bool ifname_valid(const char *s)
{
        size_t n = strlen(s);

        if (n < 1 || n >= IFNAMSIZ || !is_alpha(s[0]))
                return false;
        for (const char *p = s; *p; p++)
                if (!is_alpha(*p) && !is_digit(*p) && !strchr("_.-", *p))
                        return false;

        return strcmp(s, "all") != 0 && strcmp(s, "default") != 0;
}

bool filename_valid(const char *s)
{
        size_t n = strlen(s);

        if (n < 1 || n > NAME_MAX || strchr(s, '/') || strcmp(s, ".") == 0 || strcmp(s, "..") == 0)
                return false;
        for (const char *p = s; *p; p++)
                if (is_control(*p))
                        return false;

        return true;
}

bool path_valid(const char *s)
{
        char name[NAME_MAX + 1];

        if (s[0] != '/' || strlen(s) >= PATH_MAX)
                return false;
        if (s[1] == '\0')
                return true;

        for (const char *p = s; *p;) {
                size_t n = strcspn(++p, "/");

                if (n > NAME_MAX)
                        return false;
                memcpy(name, p, n);
                name[n] = '\0';
                if (!filename_valid(name))
                        return false;
                p += n;
        }

        return true;
}

bool path_is_at_or_below(const char *path, const char *dir)
{
        size_t n = strlen(dir);

        return strncmp(path, dir, n) == 0 && (path[n] == '\0' || path[n] == '/');
}

int read_word(const char **s, const char *ends, char *buf)
{
        const char *p = *s;
        char quote = '\0';

        for (; *p && (quote || !strchr(ends, *p)); p++) {
                if (quote && *p == quote)
                        quote = '\0';
                else if (!quote && (*p == '\'' || *p == '"'))
                        quote = *p;
                else if (*p == '\\' && quote != '\'') {
                        if (*++p == '\0')
                                return -EINVAL;
                        *buf++ = *p;
                } else
                        *buf++ = *p;
        }
        if (quote)
                return -EINVAL;

        *buf = '\0';
        *s = p;
        return 0;
}

int split_words(const char *s, char ***ret)
{
        _cleanup_strv_ char **v = calloc(1, sizeof(char *));
        _cleanup_free_ char *word = malloc(strlen(s) + 1);
        size_t n = 0;
        int r;

        if (!v || !word)
                return -ENOMEM;

        for (;;) {
                s += strspn(s, " \t");
                if (*s == '\0')
                        break;
                r = read_word(&s, " \t", word);
                if (r < 0)
                        return r;

                char **grown = reallocarray(v, n + 2, sizeof(char *));
                if (!grown)
                        return -ENOMEM;
                v = grown;
                v[n + 1] = NULL;
                v[n] = strdup(word);
                if (!v[n])
                        return -ENOMEM;
                n++;
        }

        *ret = TAKE_PTR(v);
        return 0;
}

void strv_free(char **v)
{
        for (char **p = v; p && *p; p++)
                free(*p);
        free(v);
}

size_t strv_length(char *const *v)
{
        size_t n = 0;

        while (v && v[n])
                n++;
        return n;
}

int strv_copy(char *const *v, char ***ret)
{
        const size_t n = strv_length(v);
        _cleanup_strv_ char **copy = calloc(n + 1, sizeof(char *));

        if (!copy)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++) {
                copy[i] = strdup(v[i]);
                if (!copy[i])
                        return -ENOMEM;
        }

        *ret = TAKE_PTR(copy);
        return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Strict parsers: the whole string, one spelling per value, no surrounding space, no sign, no leading zero,
 * no names where numbers are meant (CVE-2017-1000082, CVE-2020-13776, CVE-2024-40635 are what lenient ones
 * lead to). All return 0 and fill in ret_*, or -EINVAL / -ERANGE and leave it untouched.
 */

#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdint.h>
#include <sys/types.h>

#include "macro.h"

/* The longest id: Firecracker's own limit (src/utils/src/validators.rs). */
#define ID_LEN_MAX 64

/* Decimal, min <= value <= max. -EINVAL if it is no number, -ERANGE if it is out of the range. */
int parse_u32(const char *s, uint32_t min, uint32_t max, uint32_t *ret) _must_check_;
int parse_u64(const char *s, uint64_t min, uint64_t max, uint64_t *ret) _must_check_;

/* Neither belongs to anybody: chown(2) and setresuid(2) take it for "leave as it is". */
#define UID_INVALID ((uid_t) -1)
#define GID_INVALID ((gid_t) -1)

/* A uid or gid that a VM may have: not 0, not nobody's 65534, not the 16 and 32 bit "unset" values 65535 and
 * 4294967295, nor 4294967294 (nobody in a 32 bit map). -EINVAL or -ERANGE. */
int parse_vm_id(const char *s, uint32_t *ret) _must_check_;
bool vm_id_valid(uint32_t id) _pure_;

/* "yes" or "no", nothing else. */
int parse_yes_no(const char *s, bool *ret) _must_check_;

/* Six hex octets with colons; unicast and not all zero. */
int parse_mac(const char *s, struct ether_addr *ret) _must_check_;

/* Writes "06:00:ac:10:00:01". */
#define MAC_STR_MAX 18
const char *mac_to_string(const struct ether_addr *mac, char buf[MAC_STR_MAX]);

typedef struct InAddrPrefix {
        int family; /* AF_INET or AF_INET6 */
        union {
                struct in_addr in;
                struct in6_addr in6;
        };
        uint8_t prefix_len; /* bits */
} InAddrPrefix;

/* "192.0.2.1/30" or "2001:db8::1/64"; the prefix length is required. */
int parse_address(const char *s, InAddrPrefix *ret) _must_check_;

/* "192.0.2.1" or "2001:db8::1"; the prefix length is 32 or 128. */
int parse_host_address(const char *s, InAddrPrefix *ret) _must_check_;

/* Writes "192.0.2.1/30". */
#define ADDRESS_STR_MAX (INET6_ADDRSTRLEN + 4)
const char *address_to_string(const InAddrPrefix *a, char buf[ADDRESS_STR_MAX]);

/* Writes "192.0.2.1". */
const char *host_address_to_string(const InAddrPrefix *a, char buf[ADDRESS_STR_MAX]);

/* [A-Za-z0-9][A-Za-z0-9-]{0,63}, not "default" or "jailer" (those name files of ours). */
bool id_valid(const char *s) _pure_;

/* [A-Za-z0-9-]{1,64}: what Firecracker's jailer takes, and a record can be of. */
bool jailer_id_valid(const char *s) _pure_;

/* The same for the same id, wherever and whenever. */
uint32_t id_hash(const char *id) _pure_;

/* What systemd-escape(1) has made of an id, "my\x2dvm" of "my-vm". -EINVAL: that is not where s comes from. */
int id_unescape(const char *s, char ret[ID_LEN_MAX + 1]) _must_check_;

/* 32 lower-case hex digits, as systemd writes its 128-bit ids. */
bool id128_valid(const char *s) _pure_;

/* A network interface name the kernel takes as it is: [A-Za-z][A-Za-z0-9_.-]{0,14}, not "all" or "default"
 * (they are directories in /proc/sys/net). No '%', which the kernel would expand. */
bool ifname_valid(const char *s) _pure_;

/* A plain file name: no '/', not "." or "..", no control characters, 1 to 255 bytes. */
bool filename_valid(const char *s) _pure_;

/* Absolute, normalized (no "//", ".", "..", trailing '/'), no control characters, below PATH_MAX. */
bool path_valid(const char *s) _pure_;

/* The path is the directory or leads into it: "a/b" and "a", not "ab" and "a". Both absolute or both relative, normalized, and
 * the directory is neither "/" nor "". */
bool path_is_at_or_below(const char *path, const char *dir) _pure_;

/* Splits like ExecStart= does: blanks separate, '…' and "…" quote, backslash escapes the next character
 * outside '…'. *ret is a NULL terminated vector to be freed with strv_free(). -EINVAL: an open quote or a
 * trailing backslash. */
int split_words(const char *s, char ***ret) _must_check_;

/* Reads one such word at *s, which ends in front of a character of `ends` that is neither quoted nor escaped, into buf, which
 * is as long as the rest of the text, and moves *s behind it. -EINVAL as above. */
int read_word(const char **s, const char *ends, char *buf) _must_check_;

void strv_free(char **v);
size_t strv_length(char *const *v) _pure_;

/* Copies the vector and its strings; NULL is an empty one. 0 or -ENOMEM. */
int strv_copy(char *const *v, char ***ret) _must_check_;

static inline void strv_freep(char ***v)
{
        strv_free(*v);
}
#define _cleanup_strv_ _cleanup_(strv_freep)

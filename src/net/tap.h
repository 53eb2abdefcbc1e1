/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * TAP devices in the network namespace that the process is in. Each that fcjail made carries a mark, its
 * ifalias (`ip link` shows it), from before the moment when it becomes persistent; what carries another
 * mark, or none, is never touched.
 */

#include <net/ethernet.h>
#include <stdint.h>
#include <sys/types.h>

#include "macro.h"
#include "parse.h"

typedef struct TapSpec {
        const char *name;
        uid_t owner;
        gid_t group;                  /* the attaching process must be of this group as well */
        uint32_t mtu;                 /* bytes; 0: the kernel's default */
        const struct ether_addr *mac; /* of the host's side; NULL: a random one */
        const InAddrPrefix *addresses;
        size_t n_addresses;
        const char *alias; /* the mark */
} TapSpec;

/* Makes it, up, persistent, attached to by nobody. 0, -EBUSY or -EEXIST (there is a device of this name), or
 * another -errno; nothing is left on error. */
int tap_create(const TapSpec *spec) _must_check_;

/* Is it there, exactly as specified? 0, -ENODEV, or -EBADE with *ret_what naming the first property that
 * differs (a constant string). */
int tap_verify(const TapSpec *spec, const char **ret_what) _must_check_;

/* The ifalias of a network device, "" if it has none. 0, -ENODEV or another -errno. */
#define TAP_ALIAS_MAX 256
int tap_read_alias(const char *name, char ret[TAP_ALIAS_MAX]) _must_check_;

/* Removes the TAP of this name if it carries the mark. 1: removed, 0: there is none with this mark; what else
 * has the name is somebody else's. */
int tap_remove(const char *name, const char *alias) _must_check_;

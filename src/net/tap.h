/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * TAP devices. Each that fcjail made carries a mark, its ifalias (`ip link` shows it), from before it becomes persistent.
 *
 * A caller makes one in this order; whatever fails, nothing is left once the descriptor is closed:
 *
 *   tap_open()        in the network namespace that the process is in
 *   tap_move()        if that is not the one it is for
 *   tap_configure()
 *   tap_keep()        now it outlives the descriptor, which has to be closed, or the VMM would find the TAP busy
 *   tap_verify()
 */

#include <sys/types.h>

#include "netlink.h"
#include "parse.h"

typedef struct TapSpec {
        const char *name;
        uid_t owner;
        gid_t group;                  /* the attaching process must also be in this group */
        uint32_t mtu;                 /* bytes; 0: the kernel's default */
        const struct ether_addr *mac; /* of the host's side; NULL: the kernel's choice */
        const InAddrPrefix *addresses;
        size_t n_addresses;
        uint32_t txqueuelen; /* packets; 0: the kernel's default */
        int master;          /* index of a bridge in the same namespace; 0: none */
        bool silent;         /* the host's side makes no IPv6 address of its own, and so sends nothing */
        const char *alias;   /* the mark */
} TapSpec;

/* What is wrong, in words, where a function knows more than its errno says; untouched otherwise. */
#define TAP_WHY_MAX 256

/* A new TAP of that owner and group: a descriptor, -EBUSY (there is a device of this name), or another -errno. */
int tap_open(const TapSpec *spec) _must_check_;

/* Gives it mark, MTU and MAC in the namespace of nl, and then moves it, so that it is complete when others see it. It is
 * down then, and without addresses. 0, -EEXIST (there is a device of this name), or another -errno. */
int tap_move(Netlink *nl, const TapSpec *spec, int netns_fd, char why[TAP_WHY_MAX]) _must_check_;

/* Sets everything that rtnetlink can set, again if it is set already, and brings the device up. 0 or -errno. */
int tap_configure(Netlink *nl, const TapSpec *spec, char why[TAP_WHY_MAX]) _must_check_;

int tap_keep(int fd) _must_check_;

/* 0: it exists exactly as specified, and no process is attached. -ENODEV, or -EBADE: the first difference is in why. */
int tap_verify(Netlink *nl, const TapSpec *spec, char why[TAP_WHY_MAX]) _must_check_;

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A filter, as a program of the classic BPF, for all that comes in through a device. Its result is a TC_ACT_… */

#include <linux/filter.h>

#include "netlink.h"

/* Adds the requests to the batch, for a device that has no such filter. 0 or -ENOMEM. */
int guard_add(Netlink *nl, int ifindex, const struct sock_filter *ops, size_t n) _must_check_;

/* The same as the kind and the options of a request for a filter. 0 or -ENOMEM. */
int guard_put(struct nl_msg *m, const struct sock_filter *ops, size_t n) _must_check_;

/* Whether these, of a filter, are what guard_put() has put. */
bool guard_is(const char *kind, struct nlattr *options, const struct sock_filter *ops, size_t n);

/* 0: this is the only filter. -EBADE: it is not; or another -errno. */
int guard_verify(Netlink *nl, int ifindex, const struct sock_filter *ops, size_t n) _must_check_;

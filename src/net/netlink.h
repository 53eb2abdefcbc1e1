/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * rtnetlink in as few system calls as it takes: requests are collected and sent together, then their answers
 * are read until the last one is there. libnl makes and parses the messages; libnl-route is not needed.
 */

#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>

#include "macro.h"

#define BATCH_MAX 16

typedef struct Netlink {
        struct nl_sock *sock;
        struct nl_msg *requests[BATCH_MAX];
        size_t n_requests;
        uint32_t seq;
        size_t failed; /* which request of the last batch, from 0, the kernel refused first (BATCH_MAX: none), … */
        char why[128]; /* … and what the kernel says about it; may be empty */
} Netlink;

/* Opens a socket in the network namespace that the process is in. 0 or -errno. */
int netlink_open(Netlink *ret) _must_check_;

/* The same in the network namespace behind netns_fd, where the socket stays; the process itself comes back at once. */
int netlink_open_in(int netns_fd, Netlink *ret) _must_check_;

void netlink_done(Netlink *nl);
#define _cleanup_netlink_ _cleanup_(netlink_done)

/* A new request in the batch, which has room for BATCH_MAX, with its family header; owned by the batch. NULL: out of
 * memory. */
struct nl_msg *netlink_request(Netlink *nl, int type, int flags, const void *header, size_t size);

/* Sends the batch and waits for an acknowledgement of each; all are done even if one fails. 0, or the first
 * error the kernel answered: nl->failed says to which request, nl->why has its words. The batch is empty again
 * afterwards. */
int netlink_commit(Netlink *nl) _must_check_;

/* Called with each message of an answer. Returns 0 to go on, or -errno to be handed through. */
typedef int (*NetlinkHandler)(const struct nlmsghdr *h, void *userdata);

/* Sends the one request in the batch and hands all answers to it to the handler: one message, or all of a
 * dump (NLM_F_DUMP). 0 or -errno. */
int netlink_query(Netlink *nl, NetlinkHandler handler, void *userdata) _must_check_;

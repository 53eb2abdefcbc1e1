/* SPDX-License-Identifier: Apache-2.0 */

#include <linux/netlink.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "fd-util.h"
#include "namespaces.h"
#include "netlink.h"

#define ANSWER_MAX 32768 /* what the kernel puts into one datagram at most (NLMSG_GOODSIZE, dumps) */

/* Filters of dumps are obeyed or refused, never ignored (Linux 4.20); errors come with words. */
static int set_options(int fd)
{
        const int one = 1;

        if (setsockopt(fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &one, sizeof(one)) < 0)
                return -errno;
        return RET_NERRNO(setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &one, sizeof(one)));
}

int netlink_open(Netlink *ret)
{
        int r;
        Netlink nl = { .sock = nl_socket_alloc() };

        if (!nl.sock)
                return -ENOMEM;
        /* libnl would make up a port from the pid, which is 1 in every jail; 0 lets the kernel choose. */
        nl_socket_set_local_port(nl.sock, 0);
        if (nl_connect(nl.sock, NETLINK_ROUTE) < 0) {
                r = errno > 0 ? -errno : -EIO;
                nl_socket_free(nl.sock);
                return r;
        }

        r = set_options(nl_socket_get_fd(nl.sock));
        if (r < 0) {
                netlink_done(&nl);
                return r;
        }

        *ret = nl;
        return 0;
}

static void drop_requests(Netlink *nl)
{
        for (size_t i = 0; i < nl->n_requests; i++)
                nlmsg_free(nl->requests[i]);
        nl->n_requests = 0;
}

int netlink_open_in(int netns_fd, Netlink *ret)
{
        _cleanup_netlink_ Netlink nl = {};
        int r, k;

        _cleanup_close_ int home = netns_open_current();
        if (home < 0)
                return home;
        r = netns_enter(netns_fd);
        if (r >= 0)
                r = netlink_open(&nl);
        k = netns_enter(home);
        if (r < 0 || k < 0)
                return r < 0 ? r : k;

        *ret = nl;
        nl = (Netlink){};
        return 0;
}

void netlink_done(Netlink *nl)
{
        drop_requests(nl);
        if (nl->sock)
                nl_socket_free(nl->sock);
        nl->sock = NULL;
}

struct nl_msg *netlink_request(Netlink *nl, int type, int flags, const void *header, size_t size)
{
        assert(nl->n_requests < BATCH_MAX);

        struct nl_msg *m = nlmsg_alloc_simple(type, NLM_F_REQUEST | flags);
        if (!m)
                return NULL;
        if (nlmsg_append(m, (void *) header, size, NLMSG_ALIGNTO) < 0) {
                nlmsg_free(m);
                return NULL;
        }

        nlmsg_hdr(m)->nlmsg_seq = ++nl->seq;
        nl->requests[nl->n_requests++] = m;
        return m;
}

static int send_batch(Netlink *nl)
{
        struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
        struct iovec iov[BATCH_MAX];
        size_t size = 0;

        for (size_t i = 0; i < nl->n_requests; i++) {
                struct nlmsghdr *h = nlmsg_hdr(nl->requests[i]);
                iov[i] = (struct iovec){ h, h->nlmsg_len };
                size += h->nlmsg_len;
        }

        const struct msghdr msg = {
                .msg_name = &kernel,
                .msg_namelen = sizeof(kernel),
                .msg_iov = iov,
                .msg_iovlen = nl->n_requests,
        };
        ssize_t n = sendmsg(nl_socket_get_fd(nl->sock), &msg, 0);
        if (n < 0)
                return -errno;
        /* Otherwise the wait for the answer to an unsent request would never end. */
        return (size_t) n == size ? 0 : -EIO;
}

/* One datagram from the kernel, and from nobody else. */
static int receive(Netlink *nl, char *buf, size_t *ret_size)
{
        struct sockaddr_nl from = {};
        struct iovec iov = { buf, ANSWER_MAX };

        for (;;) {
                struct msghdr msg = {
                        .msg_name = &from,
                        .msg_namelen = sizeof(from),
                        .msg_iov = &iov,
                        .msg_iovlen = 1,
                };
                ssize_t n = recvmsg(nl_socket_get_fd(nl->sock), &msg, 0);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                if (msg.msg_flags & MSG_TRUNC)
                        return -EMSGSIZE;
                if (from.nl_pid != 0)
                        continue;
                *ret_size = (size_t) n;
                return 0;
        }
}

typedef struct Answers {
        uint32_t first,
                last; /* the sequence numbers of the requests; the answer to the last one ends the wait */
        bool done;
        int error; /* the first, … */
        size_t failed;
        char why[128]; /* … see Netlink */
        NetlinkHandler handler;
        void *userdata;
} Answers;

static void take_error(Answers *a, const struct nlmsghdr *h, int r)
{
        if (r >= 0 || a->error != 0)
                return;
        a->error = r;
        a->failed = h->nlmsg_seq - a->first;
}

/* The kernel's words, if it has any, come after the request that it sends back. */
static void take_why(Answers *a, const struct nlmsghdr *h)
{
        const struct nlmsgerr *e = nlmsg_data(h);
        struct nlattr *tb[NLMSGERR_ATTR_MSG + 1];
        size_t size = sizeof(*e);

        if (!(h->nlmsg_flags & NLM_F_CAPPED))
                size += e->msg.nlmsg_len - sizeof(e->msg);
        if (!(h->nlmsg_flags & NLM_F_ACK_TLVS) ||
            nlmsg_parse((struct nlmsghdr *) h, (int) size, tb, NLMSGERR_ATTR_MSG, NULL) < 0)
                return;
        if (tb[NLMSGERR_ATTR_MSG])
                (void) nla_strlcpy(a->why, tb[NLMSGERR_ATTR_MSG], sizeof(a->why));
}

static void take_message(Answers *a, const struct nlmsghdr *h)
{
        /* The answer to an earlier one, whose wait an error has ended. */
        if (h->nlmsg_seq < a->first || h->nlmsg_seq > a->last)
                return;

        if (h->nlmsg_type == NLMSG_ERROR) {
                const int error = ((const struct nlmsgerr *) nlmsg_data(h))->error;
                if (error < 0 && a->error == 0)
                        take_why(a, h);
                take_error(a, h, error);
                a->done = a->done || h->nlmsg_seq == a->last;
        } else if (h->nlmsg_type == NLMSG_DONE) {
                take_error(a, h, *(const int *) nlmsg_data(h));
                a->done = true;
        } else if (a->handler) {
                take_error(a, h, a->handler(h, a->userdata));
                a->done = a->done || !(h->nlmsg_flags & NLM_F_MULTI);
        }
}

static int exchange(Netlink *nl, Answers *a)
{
        char buf[ANSWER_MAX] __attribute__((aligned(NLMSG_ALIGNTO)));
        size_t size = 0;
        int r;

        a->last = nl->seq;
        a->first = a->last - (uint32_t) nl->n_requests + 1;
        nl->failed = a->failed = BATCH_MAX;
        nl->why[0] = '\0';
        r = send_batch(nl);
        drop_requests(nl);
        if (r < 0)
                return r;

        while (!a->done) {
                r = receive(nl, buf, &size);
                if (r < 0)
                        return r;
                int left = (int) size;
                for (struct nlmsghdr *h = (struct nlmsghdr *) (void *) buf; nlmsg_ok(h, left);
                     h = nlmsg_next(h, &left))
                        take_message(a, h);
        }

        nl->failed = a->failed;
        memcpy(nl->why, a->why, sizeof(nl->why));
        return a->error;
}

int netlink_commit(Netlink *nl)
{
        Answers a = {};

        if (nl->n_requests == 0)
                return 0;
        for (size_t i = 0; i < nl->n_requests; i++)
                nlmsg_hdr(nl->requests[i])->nlmsg_flags |= NLM_F_ACK;
        return exchange(nl, &a);
}

int netlink_query(Netlink *nl, NetlinkHandler handler, void *userdata)
{
        Answers a = { .handler = handler, .userdata = userdata };

        assert(nl->n_requests == 1);
        return exchange(nl, &a);
}

/* SPDX-License-Identifier: Apache-2.0 */

/* What a guest may send, judged by the kernel that runs the program: behind a socket, where a result of 0 is no message at all,
 * ANTISPOOF_DROP so many bytes of it, and ANTISPOOF_NEXT all of it. */

#include <criterion/criterion.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "antispoof.h"
#include "frames.h"

static InAddrPrefix addresses[2];

static AntispoofProgram program(uint32_t pass, size_t n_addresses)
{
        AntispoofProgram p;
        struct ether_addr mac;

        memcpy(&mac, OURS, sizeof(mac));
        cr_assert_eq(parse_host_address(GUEST_IN4, &addresses[0]), 0);
        cr_assert_eq(parse_host_address(GUEST_IN6, &addresses[1]), 0);
        antispoof_program(pass, &mac, addresses, n_addresses, &p);
        return p;
}

static bool passes(const AntispoofProgram *p, const Frame *f, size_t size)
{
        const struct sock_fprog prog = { (unsigned short) p->n_ops, (struct sock_filter *) p->ops };
        uint8_t got[sizeof(f->bytes)];
        int fds[2];

        cr_assert_eq(socketpair(AF_UNIX, SOCK_DGRAM, 0, fds), 0);
        cr_assert_eq(setsockopt(fds[0], SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof(prog)), 0);
        cr_assert_eq(send(fds[1], f->bytes, size, 0), (ssize_t) size);
        ssize_t n = recv(fds[0], got, sizeof(got), MSG_DONTWAIT);
        close(fds[0]);
        close(fds[1]);
        if (p->pass == ANTISPOOF_NEXT) {
                cr_assert(n == ANTISPOOF_DROP || n == (ssize_t) size, "%zi", n);
                return n > ANTISPOOF_DROP;
        }
        cr_assert(n < 0 || n == ANTISPOOF_DROP, "%zi", n);
        return n < 0;
}

/* A frame that is dropped is dropped as well if its end is missing: no load goes beyond the end. */
static void judge(const Case *c, uint32_t pass)
{
        const AntispoofProgram with = program(pass, 2), without = program(pass, 0);

        cr_expect_eq(passes(&with, &c->frame, c->frame.n), c->with, "%s, with addresses", c->what);
        cr_expect_eq(passes(&without, &c->frame, c->frame.n), c->without, "%s, without addresses", c->what);
        for (size_t size = ANTISPOOF_DROP; size < c->frame.n; size++) {
                cr_expect(c->with || !passes(&with, &c->frame, size), "%s, cut to %zu", c->what, size);
                cr_expect(c->without || !passes(&without, &c->frame, size), "%s, cut to %zu", c->what, size);
        }
}

Test(antispoof, each_kind_of_frame)
{
        Case cases[CASES_MAX];

        FOREACH_ARRAY (c, cases, all_cases(cases)) {
                judge(c, ANTISPOOF_PASS);
                judge(c, ANTISPOOF_NEXT);
        }
}

/* The kernel takes programs of that length, and no jump is too far. */
Test(antispoof, as_many_addresses_as_can_be)
{
        InAddrPrefix many[TAP_ADDRESSES_MAX];
        AntispoofProgram p;
        struct ether_addr mac;
        char text[32];

        memcpy(&mac, OURS, sizeof(mac));
        for (size_t i = 0; i < TAP_ADDRESSES_MAX; i++) {
                (void) snprintf(text, sizeof(text), "2001:db8::%zu", i + 1);
                cr_assert_eq(parse_host_address(text, &many[i]), 0);
        }
        antispoof_program(ANTISPOOF_PASS, &mac, many, TAP_ADDRESSES_MAX, &p);
        const Frame last = icmp6("2001:db8::8", 136, "2001:db8::8"),
                    beyond = icmp6("2001:db8::9", 136, "2001:db8::8");
        cr_expect(passes(&p, &last, last.n));
        cr_expect(!passes(&p, &beyond, beyond.n));
}

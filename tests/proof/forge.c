/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Frames as a guest could forge them (tests/unit/frames.h), marked at their end.
 *
 *   forge send INTERFACE        all of them, from there
 *   forge listen INTERFACE      prints "arrived NUMBER WHAT" for each that comes, until it is killed
 *   forge list with|without     prints "arrived NUMBER WHAT" for each that may come, with known addresses of the guest or without
 */

#include <err.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netpacket/packet.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "frames.h"

#define MARK "forged"

static Case cases[CASES_MAX];

/* On a bridge nothing has the size of such a frame by chance. */
static void mark(Frame *f, unsigned number)
{
        if (f->n < 60)
                f->n = 60;
        put(f, MARK, sizeof(MARK));
        put8(f, number);
}

static int open_packet(const char *interface)
{
        const struct sockaddr_ll address = {
                .sll_family = AF_PACKET,
                .sll_protocol = htons(ETH_P_ALL),
                .sll_ifindex = (int) if_nametoindex(interface),
        };
        int fd = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));

        if (fd < 0 || address.sll_ifindex == 0 ||
            bind(fd, (const struct sockaddr *) &address, sizeof(address)) < 0)
                err(1, "%s", interface);
        return fd;
}

static void send_all(const char *interface, size_t n)
{
        int fd = open_packet(interface);

        for (size_t i = 0; i < n; i++) {
                mark(&cases[i].frame, (unsigned) i);
                if (send(fd, cases[i].frame.bytes, cases[i].frame.n, 0) != (ssize_t) cases[i].frame.n)
                        err(1, "%s", cases[i].what);
                (void) usleep(1000);
        }
}

static void listen_to(const char *interface, size_t n_cases)
{
        int fd = open_packet(interface);
        uint8_t bytes[2048];

        (void) printf("listening\n");
        for (;;) {
                (void) fflush(stdout);
                ssize_t n = recv(fd, bytes, sizeof(bytes), 0);
                if (n < 0)
                        err(1, "recv");
                if ((size_t) n <= sizeof(MARK) ||
                    memcmp(bytes + n - 1 - sizeof(MARK), MARK, sizeof(MARK)) != 0 || bytes[n - 1] >= n_cases)
                        continue;
                (void) printf("arrived %u %s\n", bytes[n - 1], cases[bytes[n - 1]].what);
        }
}

int main(int argc, char **argv)
{
        const size_t n = all_cases(cases);

        if (argc != 3)
                errx(1, "send, listen or list");
        if (strcmp(argv[1], "send") == 0)
                send_all(argv[2], n);
        else if (strcmp(argv[1], "listen") == 0)
                listen_to(argv[2], n);
        else
                for (size_t i = 0; i < n; i++)
                        if (strcmp(argv[2], "with") == 0 ? cases[i].with : cases[i].without)
                                (void) printf("arrived %zu %s\n", i, cases[i].what);
        return 0;
}

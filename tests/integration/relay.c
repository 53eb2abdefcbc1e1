/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A guest with the network stack of Linux, in two halves that exchange whole frames:
 *
 *   relay --id … --tap tap0            in the VMM's place: between the TAP of the jail and /run/wire
 *   relay --attach SOCKET --tap eth0   between that socket and a TAP of its own, in the network namespace that plays the guest
 */

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define FRAME_MAX (65536 + 64)

static int open_tap(const char *name)
{
        struct ifreq ifr = { .ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR };
        int size = 12;

        int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
        if (fd < 0)
                err(1, "/dev/net/tun");
        (void) snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
        if (ioctl(fd, TUNSETIFF, &ifr) < 0)
                err(1, "%s", name);
        if (ioctl(fd, TUNSETVNETHDRSZ, &size) < 0 ||
            ioctl(fd, TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6) < 0)
                err(1, "%s", name);
        return fd;
}

static int open_socket(const char *path, struct sockaddr_un *ret)
{
        const int size = 4 * 1024 * 1024;

        *ret = (struct sockaddr_un){ .sun_family = AF_UNIX };
        (void) snprintf(ret->sun_path, sizeof(ret->sun_path), "%s", path);
        int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
        if (fd < 0)
                err(1, "socket");
        (void) setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
        return fd;
}

static int wait_for_other(void)
{
        struct sockaddr_un address;
        int fd = open_socket("/run/wire", &address);

        if (bind(fd, (struct sockaddr *) &address, sizeof(address)) < 0 || listen(fd, 1) < 0)
                err(1, "/run/wire");
        int other = accept(fd, NULL, NULL);
        if (other < 0)
                err(1, "accept");
        return other;
}

static int attach(const char *path)
{
        struct sockaddr_un address;
        int fd = open_socket(path, &address);

        while (connect(fd, (struct sockaddr *) &address, sizeof(address)) < 0) {
                if (errno != ENOENT && errno != ECONNREFUSED)
                        err(1, "%s", path);
                (void) usleep(10000);
        }
        return fd;
}

/* false: the other side has ended. A frame that the kernel refuses is lost, as on a wire. */
static bool pass_on(int from, int to)
{
        static uint8_t frame[FRAME_MAX];

        ssize_t n = read(from, frame, sizeof(frame));
        if (n < 0 && errno == EAGAIN)
                return true;
        if (n <= 0)
                return false;
        (void) !write(to, frame, (size_t) n);
        return true;
}

static void end(int sig)
{
        (void) sig;
        _exit(0);
}

int main(int argc, char **argv)
{
        const char *tap = NULL, *path = NULL;

        for (int i = 1; i + 1 < argc; i++) {
                if (strcmp(argv[i], "--tap") == 0)
                        tap = argv[i + 1];
                if (strcmp(argv[i], "--attach") == 0)
                        path = argv[i + 1];
        }
        if (!tap)
                errx(1, "--tap is missing");

        /* Process 1 of a PID namespace gets no signal that it does not handle. */
        (void) signal(SIGHUP, end);
        int fds[] = { open_tap(tap), path ? attach(path) : wait_for_other() };
        for (;;) {
                struct pollfd polled[] = { { .fd = fds[0], .events = POLLIN },
                                           { .fd = fds[1], .events = POLLIN } };
                if (poll(polled, 2, -1) < 0)
                        err(1, "poll");
                for (int i = 0; i < 2; i++)
                        if (polled[i].revents != 0 && !pass_on(fds[i], fds[1 - i]))
                                return 0;
        }
}

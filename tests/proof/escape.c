/* SPDX-License-Identifier: Apache-2.0 */

/*
 * escape [--no-filter]: makes each attempt in a child of its own, and says of each whether it succeeded. Executed in
 * place of the VMM; outside of a jail, too, where enough of them must succeed for the others to mean something.
 *
 * The last line: "attempts=N succeeded=N controls=N/N". --no-filter leaves out what only the filter refuses.
 */

#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "escape.h"

#define EXIT_SUCCEEDED 99

/* A refusal, and not an objection to the arguments, which would mean that a permission was not the problem.
 * EBADE is what the filter says to acct(2). */
static bool is_refusal(int error)
{
        static const int refusals[] = { EPERM,        EACCES,          ENOSYS,       EROFS,
                                        ENOENT,       ENXIO,           ENODEV,       EBADE,
                                        EAFNOSUPPORT, EPROTONOSUPPORT, ECONNREFUSED, ESOCKTNOSUPPORT };

        for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
                if (refusals[i] == error)
                        return true;
        return false;
}

static void attempt(const Attempt *a)
{
        errno = 0;
        long r = a->deed ? a->deed(a->number)
                         : syscall(a->number, a->args[0], a->args[1], a->args[2], a->args[3], a->args[4],
                                   a->args[5]);

        _exit(r >= 0 || !is_refusal(errno) ? EXIT_SUCCEEDED : EXIT_SUCCESS);
}

static bool succeeds(const Attempt *a)
{
        int status;

        pid_t pid = fork();
        if (pid == 0)
                attempt(a);
        if (pid < 0 || waitpid(pid, &status, 0) != pid) {
                perror("escape: no child to try it in");
                exit(EXIT_FAILURE);
        }
        /* A signal is the filter's answer to a foreign entry into the kernel. */
        return WIFEXITED(status) ? WEXITSTATUS(status) != EXIT_SUCCESS : WTERMSIG(status) != SIGSYS;
}

/* What must be possible, or else the refusals mean nothing. */
static int count_controls(void)
{
        struct ifreq ifr = { .ifr_name = "tap0", .ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR };
        int n = 0, fd;

        n += (fd = open("/dev/kvm", O_RDWR)) >= 0 && ioctl(fd, 0xAE00 /* KVM_GET_API_VERSION */, 0) == 12;
        n += (fd = open("/dev/net/tun", O_RDWR)) >= 0 && ioctl(fd, TUNSETIFF, &ifr) >= 0;
        n += (fd = open("/run/control", O_RDWR | O_CREAT, 0600)) >= 0 && write(fd, "x", 1) == 1;
        n += socket(AF_UNIX, SOCK_STREAM, 0) >= 0;
        n += memfd_create("control", 0) >= 0;
        n += mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED;
        n += open("/dev/urandom", O_RDONLY) >= 0;
        return n;
}

static void make_all(const Attempt *table, size_t n, bool filter, bool outside, int *attempts,
                     int *succeeded)
{
        for (size_t i = 0; i < n; i++) {
                if ((table[i].by == BY_FILTER && !filter) || (table[i].not_outside && outside))
                        continue;
                bool yes = succeeds(&table[i]);
                printf("%s: %s\n", yes ? "SUCCEEDED" : "refused", table[i].name);
                *attempts += 1;
                *succeeded += yes;
        }
}

int main(int argc, char **argv)
{
        bool filter = true, outside = false;
        int attempts = 0, succeeded = 0;

        for (int i = 1; i < argc; i++) {
                filter = filter && strcmp(argv[i], "--no-filter") != 0;
                outside = outside || strcmp(argv[i], "--outside") == 0;
        }
        make_all(calls, n_calls, filter, outside, &attempts, &succeeded);
        make_all(deeds, n_deeds, filter, outside, &attempts, &succeeded);
        printf("attempts=%i succeeded=%i controls=%i/7\n", attempts, succeeded, count_controls());
        fflush(stdout);
        /* systemd wants to see it started. */
        (void) sleep(1);
        return EXIT_SUCCESS;
}

/* SPDX-License-Identifier: Apache-2.0 */

/*
 * escape [--no-filter|--outside|--listen]: makes each attempt in a child of its own, and says of each whether it
 * succeeded, or with which error it was refused. Executed in place of the VMM; outside of a jail, too: an attempt that
 * is refused even to root there proves nothing in a jail, unless the kernel just does not have it.
 *
 * The last line: "attempts=N succeeded=N controls=N/N bound=N/N absent=N". --no-filter leaves out what only the filter refuses;
 * --listen is who the attempts would like to talk to.
 */

#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "escape.h"

/* Not the number of any error that is a refusal. */
#define EXIT_SUCCEEDED 255

typedef enum Result {
        REFUSED,
        SUCCEEDED,
        ABSENT,
} Result;

static bool filter = true, outside;

static bool is_in(int error, const int *list, size_t n)
{
        for (size_t i = 0; i < n; i++)
                if (list[i] == error)
                        return true;
        return false;
}

/* A refusal, and not an objection to the arguments, which would mean that a permission was not the problem. What the
 * filter refuses it refuses itself: that a kernel does not have it would say nothing about the filter. */
static bool is_refusal(const Attempt *a, int error)
{
        /* EBADE is what the filter says to acct(2). */
        static const int refusals[] = { EPERM,        EACCES,          ENOSYS,       EROFS,
                                        ENOENT,       ENXIO,           ENODEV,       EBADE,
                                        EAFNOSUPPORT, EPROTONOSUPPORT, ECONNREFUSED, ESOCKTNOSUPPORT };

        if (filter && !outside && a->by != BY_KERNEL)
                return error == (a->by == BY_FILTER ? EPERM : ENOSYS);
        return is_in(error, refusals, sizeof(refusals) / sizeof(refusals[0]));
}

/* What root is told of what this kernel does not have. */
static bool is_absence(int error)
{
        static const int absences[] = {
                ENOSYS, ENODEV, ENXIO, EAFNOSUPPORT, EPROTONOSUPPORT, ESOCKTNOSUPPORT,
        };

        return is_in(error, absences, sizeof(absences) / sizeof(absences[0]));
}

/* Outside, each has what a jail would have, and mounts that it may ruin. */
static void prepare_outside(void)
{
        static const char *const files[] = { "/firecracker",  "/fcjail.json", "/run/own",
                                             "/bound/kernel", "/bound/image", "/run/bound" };

        (void) mkdir("/bound", 0755);
        if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
            mount("bound", "/bound", "tmpfs", 0, NULL) < 0 || mkdir("/bound/dir", 0755) < 0)
                _exit(EXIT_FAILURE);
        for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
                (void) close(open(files[i], O_WRONLY | O_CREAT, 0600));
        (void) mknod("/dev/vda", S_IFBLK | 0600, makedev(7, 0));
        (void) mknod("/dev/mem", S_IFCHR | 0600, makedev(1, 1));
        (void) mknod("/dev/kmsg", S_IFCHR | 0600, makedev(1, 11));
}

static void attempt(const Attempt *a)
{
        if (outside)
                prepare_outside();
        errno = 0;
        long r = a->deed ? a->deed(a->number)
                         : syscall(a->number, a->args[0], a->args[1], a->args[2], a->args[3], a->args[4],
                                   a->args[5]);

        _exit(r >= 0 || !is_refusal(a, errno) ? EXIT_SUCCEEDED : errno);
}

static Result make(const Attempt *a, const char **ret_why)
{
        int status;

        *ret_why = "";
        pid_t pid = fork();
        if (pid == 0)
                attempt(a);
        if (pid < 0 || waitpid(pid, &status, 0) != pid)
                return SUCCEEDED;
        /* A signal is the filter's answer to a foreign entry into the kernel. */
        if (WIFSIGNALED(status)) {
                *ret_why = "SIGSYS";
                return WTERMSIG(status) == SIGSYS ? REFUSED : SUCCEEDED;
        }

        int error = WEXITSTATUS(status);
        if (error == EXIT_SUCCEEDED || error == 0)
                return SUCCEEDED;
        *ret_why = strerror(error);
        return outside && is_absence(error) ? ABSENT : REFUSED;
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

/* The same for what is bound. What is made in the directory is there for whoever names it as a source later. */
static int count_bound_controls(void)
{
        int n = 0, fd;

        n += (fd = open("/bound/image", O_RDWR)) >= 0 && write(fd, "written", 7) == 7;
        n += (fd = open("/bound/kernel", O_RDONLY)) >= 0 && read(fd, &(char){ 0 }, 1) == 1;
        n += (fd = open("/bound/dir/file", O_RDWR | O_CREAT, 0600)) >= 0 && write(fd, "x", 1) == 1;
        n += mknod("/bound/dir/whiteout", S_IFCHR, 0) >=
             0; /* the one device for which nobody needs a capability */
        return n;
}

static void make_all(const Attempt *table, size_t n, int *counts)
{
        static const char *const words[] = { "refused", "SUCCEEDED", "absent" };
        const char *why;

        for (size_t i = 0; i < n; i++) {
                if ((table[i].by != BY_KERNEL && !filter) || (table[i].not_outside && outside))
                        continue;
                Result r = make(&table[i], &why);
                printf("%s: %s %s\n", words[r], table[i].name, why);
                counts[r]++;
        }
}

static int listen_abstract(void)
{
        struct sockaddr_un sa = ABSTRACT_ADDRESS;

        int fd = socket(AF_UNIX, SOCK_STREAM, 0);
        if (fd < 0 || bind(fd, (struct sockaddr *) &sa, ABSTRACT_LENGTH) < 0 || listen(fd, 8) < 0)
                return EXIT_FAILURE;
        (void) pause();
        return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
        int counts[3] = {};

        for (int i = 1; i < argc; i++) {
                if (strcmp(argv[i], "--listen") == 0)
                        return listen_abstract();
                filter = filter && strcmp(argv[i], "--no-filter") != 0;
                outside = outside || strcmp(argv[i], "--outside") == 0;
        }
        make_all(calls, n_calls, counts);
        make_all(deeds, n_deeds, counts);
        make_all(on_binds, n_on_binds, counts);
        printf("attempts=%i succeeded=%i controls=%i/7 bound=%i/4 absent=%i\n",
               counts[REFUSED] + counts[SUCCEEDED] + counts[ABSENT], counts[SUCCEEDED], count_controls(),
               outside ? 0 : count_bound_controls(), counts[ABSENT]);
        fflush(stdout);
        /* systemd wants to see it started. */
        (void) sleep(1);
        return EXIT_SUCCESS;
}

/* SPDX-License-Identifier: Apache-2.0 */

/* Attempts that take more than one call. */

#include "missing.h" /* before <linux/fs.h> */

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/fs.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "escape.h"

/* clone(2) with a namespace flag; the child ends at once. */
static long clone_flag(long flag)
{
        long pid = syscall(SYS_clone, flag | SIGCHLD, NULL, NULL, NULL, 0L);

        if (pid == 0)
                _exit(0);
        return pid;
}

static long clone3_flag(long flag)
{
        struct clone_args args = { .flags = (unsigned long) flag, .exit_signal = SIGCHLD };
        long pid = syscall(SYS_clone3, &args, sizeof(args));

        if (pid == 0)
                _exit(0);
        return pid;
}

/* Into the namespaces of PID 1, which are our own: even that takes capabilities. */
static long setns_pidfd(long flag)
{
        int fd = (int) syscall(SYS_pidfd_open, 1, 0);

        return fd < 0 ? -1 : setns(fd, (int) flag);
}

static long getfd_of_init(long number)
{
        int fd = (int) syscall(SYS_pidfd_open, 1, 0);

        (void) number;
        return fd < 0 ? -1 : syscall(SYS_pidfd_getfd, fd, 1, 0);
}

/* A pidfd gives descriptors of its process's namespaces, without any /proc. */
static int own_namespace(unsigned request)
{
        int pid_fd = (int) syscall(SYS_pidfd_open, getpid(), 0);
        int fd = pid_fd < 0 ? -1 : ioctl(pid_fd, request, 0);

        if (fd < 0)
                errno = ENOSYS;
        return fd;
}

static long setns_fd(long request)
{
        int fd = own_namespace((unsigned) request);

        return fd < 0 ? -1 : setns(fd, 0);
}

/* The next mount namespace of the machine, whoever's it is. */
static long next_mount_namespace(long request)
{
        struct {
                unsigned size, n_mounts;
                unsigned long id;
        } info = { .size = sizeof(info) };
        int fd = own_namespace(_IO(0xff, 3)); /* PIDFD_GET_MNT_NAMESPACE */

        return fd < 0 ? -1 : ioctl(fd, (unsigned long) request, &info);
}

/* Inheritable first, or not even root could. */
static long raise_ambient(long cap)
{
        struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
        struct __user_cap_data_struct caps[2];

        if (syscall(SYS_capget, &header, caps) < 0)
                return -1;
        caps[0].inheritable |= 1U << cap;
        if (syscall(SYS_capset, &header, caps) < 0)
                return -1;
        return prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0);
}

static long take_fsgid(long number)
{
        (void) setfsgid((gid_t) number);
        if ((long) setfsgid((gid_t) -1) == number)
                return 0;
        errno = EPERM;
        return -1;
}

static long take_fsuid(long number)
{
        (void) setfsuid((uid_t) number);
        if ((long) setfsuid((uid_t) -1) == number)
                return 0;
        errno = EPERM;
        return -1;
}

/* The classic: a second chroot, and out of it by "..". */
static long chroot_dotdot(long number)
{
        (void) number;
        if (mkdir("/run/trap", 0700) < 0 && errno != EEXIST)
                return -1;
        if (chroot("/run/trap") < 0)
                return -1;
        for (int i = 0; i < 32; i++)
                if (chdir("..") < 0)
                        return -1;
        return open("etc/passwd", O_RDONLY);
}

static long climb(long number)
{
        (void) number;
        for (int i = 0; i < 32; i++)
                if (chdir("..") < 0)
                        return -1;
        return open("etc/passwd", O_RDONLY);
}

/* A file of our own, with x bits, and perhaps with the one that makes it root's. */
static long execute_in_run(long mode)
{
        static const char script[] = "\177ELF";
        char *argv[] = { "x", NULL };

        int fd = open("/run/program", O_WRONLY | O_CREAT | O_TRUNC, 0700);
        if (fd < 0 || write(fd, script, sizeof(script)) < 0 || fchmod(fd, (mode_t) mode) < 0 ||
            close(fd) < 0)
                return -1;
        return execv("/run/program", argv); /* ENOEXEC is: it would have been executed */
}

/* What would be somebody else's to execute on the host, where run/ is a directory like any other. */
static long give_bits(long mode)
{
        int fd = open("/run/bits", O_WRONLY | O_CREAT, 0600);

        return fd < 0 ? -1 : fchmod(fd, (mode_t) mode);
}

static long born_with_bits(long mode)
{
        return open("/run/born", O_WRONLY | O_CREAT, (mode_t) mode);
}

static long map_executable(long number)
{
        (void) number;
        int fd = open("/run/text", O_RDWR | O_CREAT, 0700);
        if (fd < 0 || ftruncate(fd, 4096) < 0)
                return -1;
        return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0) == MAP_FAILED ? -1 : 0;
}

static long node_in_run(long number)
{
        if (mknod("/run/node", S_IFCHR | 0600, (dev_t) number) < 0)
                return -1;
        return open("/run/node", O_RDWR);
}

static int own_file(void)
{
        return open("/run/own", O_RDWR | O_CREAT, 0600);
}

static long give_away(long uid)
{
        int fd = own_file();

        return fd < 0 ? -1 : fchown(fd, (uid_t) uid, (gid_t) -1);
}

/* Attributes of files that mean something to the kernel: 0, trusted ones, or 1, capabilities. */
static long set_attribute(long number)
{
        static const unsigned value[] = { 0x02000001 /* VFS_CAP_REVISION_2, effective */, ~0U, 0, ~0U, 0 };
        int fd = own_file();

        return fd < 0 ? -1
                      : fsetxattr(fd, number == 0 ? "trusted.x" : "security.capability", value,
                                  sizeof(value), 0);
}

static long make_immutable(long flags)
{
        int fd = open("/run/immutable", O_RDWR | O_CREAT, 0600);

        return fd < 0 ? -1 : ioctl(fd, FS_IOC_SETFLAGS, &flags);
}

static long freeze(long request)
{
        int fd = open("/run", O_RDONLY | O_DIRECTORY);

        return fd < 0 ? -1 : ioctl(fd, (unsigned long) request, 0);
}

static long link_out(long number)
{
        (void) number;
        int fd = open("/run/linked", O_WRONLY | O_CREAT, 0600);
        if (fd < 0)
                return -1;
        return link("/run/linked", "/linked");
}

static long other_tap(long flags)
{
        struct ifreq ifr = { .ifr_name = "other0", .ifr_flags = (short) flags };

        int fd = open("/dev/net/tun", O_RDWR);
        return fd < 0 ? -1 : ioctl(fd, TUNSETIFF, &ifr);
}

static int attach_own_tap(void)
{
        struct ifreq ifr = { .ifr_name = "tap0", .ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR };
        int fd = open("/dev/net/tun", O_RDWR);

        return fd < 0 || ioctl(fd, TUNSETIFF, &ifr) < 0 ? -1 : fd;
}

/* The values are those it has. */
static long own_tap(long request)
{
        int fd = attach_own_tap();
        long value = request == TUNSETPERSIST ? 1
                     : request == TUNSETGROUP ? (long) getgid()
                                              : (long) getuid();

        return fd < 0 ? -1 : ioctl(fd, (unsigned long) request, value);
}

/* The address is the one it has. */
static long own_tap_address(long request)
{
        struct ifreq ifr = {};
        int fd = attach_own_tap();

        return fd < 0 || ioctl(fd, SIOCGIFHWADDR, &ifr) < 0 ? -1 : ioctl(fd, (unsigned long) request, &ifr);
}

static long socket_option(long name)
{
        int fd = socket(AF_UNIX, SOCK_STREAM, 0), value = 1;

        return fd < 0 ? -1 : setsockopt(fd, SOL_SOCKET, (int) name, &value, sizeof(value));
}

static long forge_credentials(long pid)
{
        struct ucred forged = { .pid = (pid_t) pid };
        union {
                struct cmsghdr header;
                char space[CMSG_SPACE(sizeof(struct ucred))];
        } control = { .header = { CMSG_LEN(sizeof(forged)), SOL_SOCKET, SCM_CREDENTIALS } };
        struct iovec iov = { (char[]){ "x" }, 1 };
        struct msghdr m = {
                .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)
        };
        int pair[2];

        memcpy(CMSG_DATA(&control.header), &forged, sizeof(forged));
        return socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) < 0 ? -1 : sendmsg(pair[0], &m, 0);
}

/* Every socket takes the ioctls of network devices. */
static long configure_device(long request)
{
        struct ifreq ifr = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_PROMISC };

        int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
        return fd < 0 ? -1 : ioctl(fd, (unsigned long) request, &ifr);
}

/* The host's, where somebody listens. */
static long abstract_socket(long number)
{
        struct sockaddr_un sa = ABSTRACT_ADDRESS;

        (void) number;
        int fd = socket(AF_UNIX, SOCK_STREAM, 0);
        return fd < 0 ? -1 : connect(fd, (struct sockaddr *) &sa, ABSTRACT_LENGTH);
}

/* Somebody in the PID namespace who is not one of us. */
static long signal_others(long number)
{
        (void) number;
        for (pid_t pid = 2; pid < 40000; pid++)
                if (pid != getpid() && kill(pid, 0) >= 0)
                        return pid;
        errno = EPERM; /* ESRCH would be an answer about one of them */
        return -1;
}

/* The 32-bit entry, where other filters, or none, apply. A process of aarch64 has none. */
#if defined(__x86_64__)
static long int80(long number)
{
        long r;

        __asm__ volatile("int $0x80" : "=a"(r) : "a"(number) : "memory", "r8", "r9", "r10", "r11");
        return r;
}
#endif

/* clang-format off */
#define CLONE(flag)  { "clone " #flag, BY_KERNEL, false, clone_flag, flag, { 0 } }
#define CLONE3(flag) { "clone3 " #flag, BY_KERNEL, false, clone3_flag, flag, { 0 } }
#define SETNS(flag)  { "setns " #flag, BY_KERNEL, false, setns_pidfd, flag, { 0 } }

const Attempt deeds[] = {
        CLONE(CLONE_NEWNS), CLONE(CLONE_NEWUTS), CLONE(CLONE_NEWIPC), CLONE(CLONE_NEWUSER), CLONE(CLONE_NEWPID),
        CLONE(CLONE_NEWNET), CLONE(CLONE_NEWCGROUP), CLONE3(CLONE_NEWUSER), CLONE3(CLONE_NEWNET),
        CLONE3(CLONE_NEWNS), CLONE3(CLONE_NEWUTS), CLONE3(CLONE_NEWIPC), CLONE3(CLONE_NEWPID), CLONE3(CLONE_NEWCGROUP),
        CLONE3(CLONE_NEWTIME),
        { "clone3",               BY_FILTER_ENOSYS, false, clone3_flag, 0, { 0 } },
        SETNS(CLONE_NEWNET), SETNS(CLONE_NEWNS), SETNS(CLONE_NEWPID), SETNS(CLONE_NEWUTS), SETNS(CLONE_NEWIPC),
        SETNS(CLONE_NEWCGROUP),
        { "setns by descriptor",  BY_KERNEL, false, setns_fd, _IO(0xff, 4) /* PIDFD_GET_NET_NAMESPACE */, { 0 } },
        { "another mount namespace", BY_KERNEL, false, next_mount_namespace, _IOC(_IOC_READ, 0xb7, 11, 16) /* NS_MNT_GET_NEXT */, { 0 } },
        { "ambient SYS_ADMIN",    BY_KERNEL, false, raise_ambient, CAP_SYS_ADMIN, { 0 } },
        { "pidfd_getfd",          BY_KERNEL, false, getfd_of_init, 0, { 0 } },
        { "setfsuid(0)",          BY_KERNEL, false, take_fsuid, 0, { 0 } },
        { "setfsgid(0)",          BY_KERNEL, false, take_fsgid, 0, { 0 } },
        { "give a file away",     BY_KERNEL, false, give_away, 0, { 0 } },
        { "trusted attribute",    BY_KERNEL, false, set_attribute, 0, { 0 } },
        { "file capabilities",    BY_KERNEL, false, set_attribute, 1, { 0 } },
        { "immutable file",       BY_KERNEL, false, make_immutable, FS_IMMUTABLE_FL, { 0 } },
        { "freeze /run",          BY_KERNEL, false, freeze, (long) FIFREEZE, { 0 } },
        { "chroot and ..",        BY_KERNEL, false, chroot_dotdot, 0, { 0 } },
        { "..",                   BY_KERNEL, false, climb, 0, { 0 } },
        { "execute in /run",      BY_KERNEL, false, execute_in_run, 0755, { 0 } },
        { "execute setuid file",  BY_KERNEL, false, execute_in_run, 04755, { 0 } },
        { "make a setuid file",   BY_FILTER, false, give_bits, 04700, { 0 } },
        { "make a setgid file",   BY_FILTER, false, give_bits, 02750, { 0 } },
        { "a file born setuid",   BY_FILTER, false, born_with_bits, 04700, { 0 } },
        { "map code in /run",     BY_KERNEL, false, map_executable, 0, { 0 } },
        { "own node of kmsg",     BY_KERNEL, false, node_in_run, 0x10b, { 0 } },
        { "link out of /run",     BY_KERNEL, false, link_out, 0, { 0 } },
        { "another TAP",          BY_KERNEL, false, other_tap, IFF_TAP | IFF_NO_PI, { 0 } },
        { "a TUN",                BY_KERNEL, false, other_tap, IFF_TUN | IFF_NO_PI, { 0 } },
        { "netns of the TAP",     BY_KERNEL, false, own_tap, _IO('T', 227) /* TUNGETDEVNETNS */, { 0 } },
        { "owner of the TAP",     BY_FILTER, false, own_tap, TUNSETOWNER, { 0 } },
        { "group of the TAP",     BY_FILTER, false, own_tap, TUNSETGROUP, { 0 } },
        { "persistence of the TAP", BY_FILTER, false, own_tap, TUNSETPERSIST, { 0 } },
        { "address of the TAP",   BY_FILTER, false, own_tap_address, SIOCSIFHWADDR, { 0 } },
        { "netns of a socket",    BY_KERNEL, false, configure_device, 0x894c /* SIOCGSKNS */, { 0 } },
        { "mark packets",         BY_KERNEL, false, socket_option, SO_MARK, { 0 } },
        { "large buffers",        BY_KERNEL, false, socket_option, SO_RCVBUFFORCE, { 0 } },
        { "credentials of others", BY_KERNEL, false, forge_credentials, 1, { 0 } },
        { "add to a multicast list", BY_KERNEL, false, configure_device, SIOCADDMULTI, { 0 } },
        { "set flags of a device", BY_KERNEL, false, configure_device, SIOCSIFFLAGS, { 0 } },
        { "set MTU of a device",  BY_KERNEL, false, configure_device, SIOCSIFMTU, { 0 } },
        { "set address",          BY_KERNEL, false, configure_device, SIOCSIFHWADDR, { 0 } },
        { "rename a device",      BY_KERNEL, false, configure_device, SIOCSIFNAME, { 0 } },
        { "abstract socket",      BY_KERNEL, false, abstract_socket, 0, { 0 } },
        { "signal to others",     BY_KERNEL, false, signal_others, 0, { 0 } },
#if defined(__x86_64__)
        { "32-bit entry",         BY_FILTER, false, int80, 20 /* getpid */, { 0 } },
#endif
};
const size_t n_deeds = sizeof(deeds) / sizeof(deeds[0]);

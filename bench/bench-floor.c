/* SPDX-License-Identifier: Apache-2.0 */

/*
 * bench-floor ID VMM host|netns private|recycled
 *
 * What the kernel takes for a start: the calls that `fcjail run` makes for a jail, in a static program, one after the other.
 * It has no settings, no record, no lock, no filter of system calls; it checks nothing, reads nothing back and undoes nothing
 * after an error. The distance from it is what all of these cost.
 */

#include <dirent.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/if_tun.h>
#include <linux/mount.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#define BASE  "/srv/floor"
#define TEXTS BASE "/texts"
#define VM    30000

static __attribute__((noreturn)) void die(const char *what)
{
        perror(what);
        exit(EXIT_FAILURE);
}

static int must(long r, const char *what)
{
        if (r < 0)
                die(what);
        return (int) r;
}

static int call_mount(const char *source, const char *target, unsigned long flags)
{
        return must(syscall(SYS_mount, source, target, NULL, flags, NULL), "mount");
}

/* A text that an earlier start has left. */
static bool take_text(int root_fd)
{
        DIR *dir = opendir(TEXTS);

        for (struct dirent *de; dir && (de = readdir(dir));)
                if (de->d_name[0] != '.' && renameat(dirfd(dir), de->d_name, root_fd, "vmm") == 0) {
                        (void) closedir(dir);
                        return true;
                }
        if (dir)
                (void) closedir(dir);
        return false;
}

static void copy_text(const char *vmm, int root_fd)
{
        struct stat st;
        int pipes[2],
                in = must(open(vmm, O_RDONLY | O_CLOEXEC), vmm),
                out = must(openat(root_fd, "vmm", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0700), "vmm");

        if (fstat(in, &st) < 0 || fallocate(out, 0, 0, st.st_size) < 0 || pipe2(pipes, O_CLOEXEC) < 0)
                die("copy");
        (void) fcntl(pipes[1], F_SETPIPE_SZ, 1 << 20);
        for (ssize_t left = st.st_size; left > 0;) {
                ssize_t n = splice(in, NULL, pipes[1], NULL, (size_t) left, 0);
                if (n <= 0)
                        die("splice");
                left -= n;
                for (ssize_t m; n > 0; n -= m)
                        if ((m = splice(pipes[0], NULL, out, NULL, (size_t) n, 0)) <= 0)
                                die("splice");
        }
        if (fchmod(out, 0511) < 0)
                die("fchmod");
        (void) close(out);
        (void) close(in);
}

static void make_tap(void)
{
        struct ifreq ifr = { .ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR };
        int fd = must(open("/dev/net/tun", O_RDWR | O_CLOEXEC), "tun"),
            sk = must(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket");

        memcpy(ifr.ifr_name, "tap0", 5);
        if (ioctl(fd, TUNSETIFF, &ifr) < 0 || ioctl(fd, TUNSETOWNER, VM) < 0 ||
            ioctl(fd, TUNSETGROUP, VM) < 0)
                die("tap");
        ifr.ifr_flags = IFF_UP;
        if (ioctl(sk, SIOCSIFFLAGS, &ifr) < 0 || ioctl(fd, TUNSETPERSIST, 1) < 0)
                die("tap");
        (void) close(sk);
        (void) close(fd);
}

static int open_tree(int fd, const char *name)
{
        return must(syscall(SYS_open_tree, fd, name, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH),
                    "open_tree");
}

static void attach(int tree_fd, int at, const char *name)
{
        must(syscall(SYS_move_mount, tree_fd, "", at, name, MOVE_MOUNT_F_EMPTY_PATH), "move_mount");
}

static int make_tmpfs(void)
{
        int fs = must(syscall(SYS_fsopen, "tmpfs", FSOPEN_CLOEXEC), "fsopen");

        if (syscall(SYS_fsconfig, fs, FSCONFIG_SET_STRING, "mode", "0755", 0) < 0 ||
            syscall(SYS_fsconfig, fs, FSCONFIG_SET_STRING, "size", "16k", 0) < 0 ||
            syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
                die("fsconfig");
        int fd = must(syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC, 0), "fsmount");
        (void) close(fs);
        return fd;
}

static int make_dev(void)
{
        static const struct {
                const char *name;
                mode_t mode;
                unsigned major, minor;
        } nodes[] = { { "kvm", 0660, 10, 232 },
                      { "net/tun", 0660, 10, 200 },
                      { "null", 0666, 1, 3 },
                      { "random", 0444, 1, 8 },
                      { "urandom", 0444, 1, 9 } };
        int fd = make_tmpfs();

        must(mkdirat(fd, "net", 0755), "net");
        for (size_t i = 0; i < sizeof(nodes) / sizeof(nodes[0]); i++)
                must(mknodat(fd, nodes[i].name, S_IFCHR | nodes[i].mode,
                             makedev(nodes[i].major, nodes[i].minor)),
                     nodes[i].name);
        return fd;
}

/* The same mounts as a jail has, in a mount namespace with nothing else. */
static void make_root(int root_fd)
{
        int run_fd = must(openat(root_fd, "run", O_PATH | O_DIRECTORY | O_CLOEXEC), "run");
        int trees[] = { open_tree(root_fd, ""), open_tree(run_fd, ""), open_tree(root_fd, "vmm") };

        must(unshare(CLONE_NEWNS), "unshare");
        call_mount(NULL, "/", MS_REC | MS_PRIVATE);
        int cage = make_tmpfs();
        must(mkdirat(cage, "jail", 0755), "jail");
        attach(cage, AT_FDCWD, "/tmp");
        attach(trees[0], cage, "jail");
        /* Otherwise what comes upon it would be on the host as well. */
        must(fchdir(cage), "chdir");
        call_mount(NULL, "jail", MS_REC | MS_PRIVATE);
        int jail = must(openat(cage, "jail", O_PATH | O_DIRECTORY | O_CLOEXEC), "jail");
        attach(trees[1], jail, "run");
        attach(trees[2], jail, "vmm");
        attach(make_dev(), jail, "dev");
        must(fchdir(jail), "chdir");
        call_mount(NULL, ".", MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC);
        call_mount(NULL, "run", MS_REMOUNT | MS_BIND | MS_NOSUID | MS_NODEV | MS_NOEXEC);
        call_mount(NULL, "vmm", MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV);
        call_mount(NULL, "dev", MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NOEXEC);
        must(fchdir(cage), "chdir");
        must(syscall(SYS_pivot_root, ".", "."), "pivot_root");
        must(syscall(SYS_umount2, ".", 2 /* MNT_DETACH */), "umount");
        must(fchdir(jail), "chdir");
        if (chroot(".") < 0 || chdir("/") < 0)
                die("chroot");
}

static void drop(void)
{
        struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
        struct __user_cap_data_struct none[2] = { 0 };

        for (unsigned long cap = 0; prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) == 0; cap++)
                ;
        if (setgroups(0, NULL) < 0 || setresgid(VM, VM, VM) < 0 || setresuid(VM, VM, VM) < 0 ||
            syscall(SYS_capset, &header, none) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
                die("drop");
        (void) setsid();
        (void) syscall(SYS_close_range, 3U, ~0U, 0);
}

static __attribute__((noreturn)) void inside(const char *id, int root_fd, bool netns)
{
        must(unshare(CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | (netns ? CLONE_NEWNET : 0)), "unshare");
        if (netns)
                make_tap();
        if (mkdirat(root_fd, "dev", 0755) < 0 || mkdirat(root_fd, "run", 0770) < 0 ||
            fchownat(root_fd, "run", VM, VM, AT_SYMLINK_NOFOLLOW) < 0)
                die("root");
        make_root(root_fd);
        drop();
        (void) execve("/vmm", (char *[]){ "vmm", "--id", (char *) id, NULL }, (char *[]){ NULL });
        die("exec");
}

/* Not measured: the VMM has ended. */
static void clean_up(int root_fd, const char *id, bool recycle)
{
        char text[256], dir[256], root[300];

        (void) snprintf(text, sizeof(text), TEXTS "/%s", id);
        (void) snprintf(dir, sizeof(dir), BASE "/%s", id);
        (void) snprintf(root, sizeof(root), "%s/root", dir);
        if (recycle)
                must(renameat(root_fd, "vmm", AT_FDCWD, text), "texts");
        else
                must(unlinkat(root_fd, "vmm", 0), "vmm");
        if (unlinkat(root_fd, "run", AT_REMOVEDIR) < 0 || unlinkat(root_fd, "dev", AT_REMOVEDIR) < 0 ||
            rmdir(root) < 0 || rmdir(dir) < 0)
                die("clean up");
}

int main(int argc, char **argv)
{
        char path[256];
        int status;

        if (argc != 5)
                return EXIT_FAILURE;
        bool netns = strcmp(argv[3], "netns") == 0, recycle = strcmp(argv[4], "recycled") == 0;

        umask(0);
        (void) mkdir(BASE, 0755);
        (void) mkdir(TEXTS, 0700);
        (void) snprintf(path, sizeof(path), BASE "/%s", argv[1]);
        must(mkdir(path, 0755), path);
        (void) snprintf(path, sizeof(path), BASE "/%s/root", argv[1]);
        must(mkdir(path, 0755), path);
        int root_fd = must(open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), path);
        if (!recycle || !take_text(root_fd))
                copy_text(argv[2], root_fd);

        long pid = syscall(SYS_clone, (unsigned long) CLONE_NEWPID | SIGCHLD, NULL, NULL, NULL, 0UL);
        if (must(pid, "clone") == 0)
                inside(argv[1], root_fd, netns);
        while (waitpid((pid_t) pid, &status, 0) < 0)
                ;
        clean_up(root_fd, argv[1], recycle);
        return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILURE;
}

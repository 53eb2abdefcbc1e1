/* SPDX-License-Identifier: Apache-2.0 */

/* inherit CASE COMMAND…: executes COMMAND with something that a careless or hostile parent could hand down. "inherit
 * list" prints the cases. */

#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void limit(enum __rlimit_resource resource, rlim_t value)
{
        (void) setrlimit(resource, &(struct rlimit){ value, value });
}

static void many_fds(void)
{
        static const char *const paths[] = { "/",         "/proc/1/ns/net", "/proc/self/ns/mnt",
                                             "/dev/null", "/etc/passwd",    "/proc/1/root" };

        limit(RLIMIT_NOFILE, 4096);
        for (size_t i = 0; i < 1000; i++)
                if (open(paths[i % (sizeof(paths) / sizeof(paths[0]))], O_RDONLY) < 0)
                        _exit(125);
}

static void groups(void)
{
        gid_t list[64];

        for (gid_t i = 0; i < 64; i++)
                list[i] = i;
        (void) setgroups(64, list);
}

static void ambient(void)
{
        struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
        struct __user_cap_data_struct caps[_LINUX_CAPABILITY_U32S_3];

        (void) syscall(SYS_capget, &header, caps);
        caps[0].inheritable = caps[0].permitted;
        caps[1].inheritable = caps[1].permitted;
        (void) syscall(SYS_capset, &header, caps);
        for (int cap = 0; cap < 64; cap++)
                (void) prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0);
}

static void signals(void)
{
        sigset_t all;

        for (int sig = 1; sig < NSIG; sig++)
                (void) signal(sig, SIG_IGN);
        (void) sigfillset(&all);
        (void) sigprocmask(SIG_BLOCK, &all, NULL);
}

static void deleted_cwd(void)
{
        char path[] = "/tmp/gone.XXXXXX";

        if (!mkdtemp(path) || chdir(path) < 0 || rmdir(path) < 0)
                _exit(125);
}

static void environment(void)
{
        static char value[1024], name[32];

        memset(value, 'x', sizeof(value) - 1);
        for (int i = 0; i < 128; i++) {
                (void) snprintf(name, sizeof(name), "SECRET%i", i);
                (void) setenv(name, value, 1);
        }
        (void) setenv("LD_LIBRARY_PATH", "/nonexistent", 1);
        (void) setenv("GCONV_PATH", "/tmp", 1);
        (void) setenv("TZ", "/etc/shadow", 1);
}

static void nofile_3(void)
{
        limit(RLIMIT_NOFILE, 3);
}
static void nofile_16(void)
{
        limit(RLIMIT_NOFILE, 16);
}
static void fsize_0(void)
{
        limit(RLIMIT_FSIZE, 0);
}
static void core(void)
{
        limit(RLIMIT_CORE, RLIM_INFINITY);
}
static void memlock_0(void)
{
        limit(RLIMIT_MEMLOCK, 0);
}
static void stack(void)
{
        limit(RLIMIT_STACK, 256 * 1024);
}
static void umask_0777(void)
{
        (void) umask(0777);
}
static void umask_0(void)
{
        (void) umask(0);
}
static void no_new_privs(void)
{
        (void) prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}
static void undumpable(void)
{
        (void) prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}
static void death_signal(void)
{
        (void) prctl(PR_SET_PDEATHSIG, SIGUSR1, 0, 0, 0);
}
static void subreaper(void)
{
        (void) prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
}
static void idle(void)
{
        (void) sched_setscheduler(0, SCHED_IDLE, &(struct sched_param){ 0 });
}
static void nice_19(void)
{
        (void) setpriority(PRIO_PROCESS, 0, 19);
}
static void session(void)
{
        (void) setsid();
}
static void keyring(void)
{
        (void) syscall(SYS_keyctl, 1 /* JOIN_SESSION_KEYRING */, "inherited");
}
static void directory_as_stdin(void)
{
        (void) dup2(open("/", O_RDONLY), 0);
}
static void securebits(void)
{
        (void) prctl(PR_SET_SECUREBITS, 0x10 /* SECBIT_KEEP_CAPS */, 0, 0, 0);
}
static void odd_personality(void)
{
        (void) personality(ADDR_NO_RANDOMIZE | READ_IMPLIES_EXEC | UNAME26);
}
static void no_processes(void)
{
        limit(RLIMIT_NPROC, 0);
}
static void real_time(void)
{
        (void) sched_setscheduler(0, SCHED_RR, &(struct sched_param){ 1 });
}
static void timer_slack(void)
{
        (void) prctl(PR_SET_TIMERSLACK, 1000000000, 0, 0, 0);
}
static void no_writable_code(void)
{
        (void) prctl(65 /* PR_SET_MDWE */, 1, 0, 0, 0);
}
static void no_signal_queue(void)
{
        limit(RLIMIT_SIGPENDING, 0);
}

static void namespaces(int flags)
{
        if (unshare(flags) < 0)
                _exit(125);
}
static void network_namespace(void)
{
        namespaces(CLONE_NEWNET);
}
static void mount_namespace(void)
{
        namespaces(CLONE_NEWNS);
}
static void pid_namespace(void)
{
        namespaces(CLONE_NEWPID);
}

/* In which root is still root, and all capabilities are good for nothing. */
static void user_namespace(void)
{
        static const char *const writes[][2] = {
                { "/proc/self/setgroups", "deny" },
                { "/proc/self/uid_map", "0 0 1" },
                { "/proc/self/gid_map", "0 0 1" },
        };

        namespaces(CLONE_NEWUSER);
        for (size_t i = 0; i < sizeof(writes) / sizeof(writes[0]); i++) {
                int fd = open(writes[i][0], O_WRONLY);
                if (fd < 0 || write(fd, writes[i][1], strlen(writes[i][1])) < 0 || close(fd) < 0)
                        _exit(125);
        }
}

static void alarmed(void)
{
        (void) alarm(600);
}

/* As a login would: the leader of a session with a terminal, which is standard input and output. Somebody has to hold
 * its other end. */
static void terminal(void)
{
        int status = 0, fd = posix_openpt(O_RDWR | O_NOCTTY);

        if (fd < 0 || grantpt(fd) < 0 || unlockpt(fd) < 0)
                _exit(125);
        pid_t pid = fork();
        if (pid > 0) {
                (void) waitpid(pid, &status, 0);
                _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
        }
        if (pid < 0 || setsid() < 0)
                _exit(125);
        int tty = open(ptsname(fd), O_RDWR);
        if (tty < 0 || ioctl(tty, TIOCSCTTY, 0) < 0 || dup2(tty, 0) < 0 || dup2(tty, 1) < 0)
                _exit(125);
}

static void plain(void)
{
}

/* What does not keep all from starting, at once. */
static void everything(void)
{
        many_fds();
        groups();
        ambient();
        signals();
        deleted_cwd();
        environment();
        core();
        memlock_0();
        umask_0777();
        undumpable();
        death_signal();
        odd_personality();
        timer_slack();
        keyring();
        securebits();
        no_new_privs();
}

static const struct {
        const char *name;
        void (*set_up)(void);
} cases[] = {
        { "plain", plain },
        { "many-fds", many_fds },
        { "groups", groups },
        { "ambient", ambient },
        { "signals", signals },
        { "deleted-cwd", deleted_cwd },
        { "environment", environment },
        { "nofile-3", nofile_3 },
        { "nofile-16", nofile_16 },
        { "fsize-0", fsize_0 },
        { "core", core },
        { "memlock-0", memlock_0 },
        { "stack", stack },
        { "umask-0777", umask_0777 },
        { "umask-0", umask_0 },
        { "no-new-privs", no_new_privs },
        { "undumpable", undumpable },
        { "death-signal", death_signal },
        { "subreaper", subreaper },
        { "idle", idle },
        { "nice-19", nice_19 },
        { "session", session },
        { "keyring", keyring },
        { "directory-as-stdin", directory_as_stdin },
        { "securebits", securebits },
        { "alarm", alarmed },
        { "personality", odd_personality },
        { "nproc-0", no_processes },
        { "real-time", real_time },
        { "timer-slack", timer_slack },
        { "mdwe", no_writable_code },
        { "terminal", terminal },
        { "sigpending-0", no_signal_queue },
        { "network-namespace", network_namespace },
        { "mount-namespace", mount_namespace },
        { "pid-namespace", pid_namespace },
        { "user-namespace", user_namespace },
        { "everything", everything },
};

int main(int argc, char **argv)
{
        if (argc == 2 && strcmp(argv[1], "list") == 0) {
                for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
                        puts(cases[i].name);
                for (int i = 1; i < 8; i++)
                        printf("closed-%i\n", i);
                puts("no-arguments");
                return 0;
        }
        if (argc < 3)
                return 125;

        /* closed-N: those of 0, 1 and 2 whose bit is set. */
        if (strncmp(argv[1], "closed-", 7) == 0) {
                for (int fd = 0, bits = atoi(argv[1] + 7); fd < 3; fd++)
                        if (bits & (1 << fd))
                                (void) close(fd);
        }
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
                if (strcmp(argv[1], cases[i].name) == 0)
                        cases[i].set_up();
        if (strcmp(argv[1], "no-arguments") == 0) {
                char *none[] = { NULL };
                (void) execv("/usr/bin/fcjail", none);
        }
        (void) execvp(argv[2], argv + 2);
        return 125;
}

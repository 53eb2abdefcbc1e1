/* SPDX-License-Identifier: Apache-2.0 */

/* What a process in the jail sees, by system calls alone, as there is no /proc. */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <net/if.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "vmm.h"

static void put_string(const char *s)
{
        putchar('"');
        for (; *s; s++) {
                if ((unsigned char) *s < 0x20)
                        printf("\\u%04x", (unsigned char) *s);
                else if (*s == '"' || *s == '\\')
                        printf("\\%c", *s);
                else
                        putchar(*s);
        }
        putchar('"');
}

static void put_strings(const char *name, char **v)
{
        printf(",\"%s\":[", name);
        for (size_t i = 0; v[i]; i++) {
                if (i > 0)
                        putchar(',');
                put_string(v[i]);
        }
        putchar(']');
}

static void put_ids(void)
{
        gid_t groups[256], r, e, s;
        uid_t ru, eu, su;
        int n;

        (void) getresuid(&ru, &eu, &su);
        (void) getresgid(&r, &e, &s);
        printf("\"uid\":[%u,%u,%u],\"gid\":[%u,%u,%u],\"groups\":[", ru, eu, su, r, e, s);
        n = getgroups(sizeof(groups) / sizeof(groups[0]), groups);
        for (int i = 0; i < n; i++)
                printf("%s%u", i > 0 ? "," : "", groups[i]);
        printf("],\"pid\":%i,\"ppid\":%i,\"sid\":%i,\"umask\":%u", getpid(), getppid(), getsid(0),
               (unsigned) umask(0));
}

static void put_privileges(void)
{
        struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
        struct __user_cap_data_struct data[2] = {};
        uint64_t bounding = 0, ambient = 0;

        (void) syscall(SYS_capget, &header, data);
        for (unsigned cap = 0; cap < 64; cap++) {
                if (prctl(PR_CAPBSET_READ, cap, 0, 0, 0) == 1)
                        bounding |= UINT64_C(1) << cap;
                if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, cap, 0, 0) == 1)
                        ambient |= UINT64_C(1) << cap;
        }
        printf(",\"caps\":{\"permitted\":\"%08x%08x\",\"effective\":\"%08x%08x\",\"inheritable\":\"%08x%08x\",\"bounding\":\"%016llx\",\"ambient\":\"%016llx\"}",
               data[1].permitted, data[0].permitted, data[1].effective, data[0].effective,
               data[1].inheritable, data[0].inheritable, (unsigned long long) bounding,
               (unsigned long long) ambient);
        printf(",\"no_new_privs\":%i,\"seccomp\":%i,\"securebits\":%i,\"dumpable\":%i",
               prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), prctl(PR_GET_SECCOMP, 0, 0, 0, 0),
               prctl(PR_GET_SECUREBITS, 0, 0, 0, 0), prctl(PR_GET_DUMPABLE, 0, 0, 0, 0));
}

static void put_signals(void)
{
        sigset_t blocked;
        const char *comma = "";

        printf(",\"signals_ignored\":[");
        for (int sig = 1; sig < NSIG; sig++) {
                struct sigaction sa;
                if (sigaction(sig, NULL, &sa) >= 0 && sa.sa_handler == SIG_IGN) {
                        printf("%s%i", comma, sig);
                        comma = ",";
                }
        }
        printf("],\"signals_blocked\":[");
        comma = "";
        (void) sigprocmask(SIG_SETMASK, NULL, &blocked);
        for (int sig = 1; sig < NSIG; sig++)
                if (sigismember(&blocked, sig) == 1) {
                        printf("%s%i", comma, sig);
                        comma = ",";
                }
        putchar(']');
}

static void put_limits(void)
{
        struct rlimit nofile, core;

        (void) getrlimit(RLIMIT_NOFILE, &nofile);
        (void) getrlimit(RLIMIT_CORE, &core);
        printf(",\"nofile\":%llu,\"core\":%llu", (unsigned long long) nofile.rlim_cur,
               (unsigned long long) core.rlim_cur);
}

static void put_fds(void)
{
        const char *comma = "";

        printf(",\"fds\":[");
        for (int fd = 0; fd < 1024; fd++) {
                struct stat st;
                if (fstat(fd, &st) < 0)
                        continue;
                printf("%s{\"fd\":%i,\"type\":\"%o\"}", comma, fd, st.st_mode & S_IFMT);
                comma = ",";
        }
        putchar(']');
}

static int no_dot(const struct dirent *de)
{
        return strcmp(de->d_name, ".") != 0 && strcmp(de->d_name, "..") != 0;
}

/* The directory and what is below it; deep enough for a jail. */
static void put_tree(const char *path, int depth, const char **comma)
{
        struct statvfs sv;
        struct stat st;

        if (lstat(path, &st) < 0 || statvfs(path, &sv) < 0)
                return;
        printf("%s{\"path\":", *comma);
        *comma = ",";
        put_string(path);
        printf(",\"mode\":\"%o\",\"uid\":%u,\"gid\":%u,\"rdev\":\"%u:%u\",\"ro\":%s,\"nodev\":%s,\"noexec\":%s,\"nosuid\":%s,\"writable\":%s}",
               st.st_mode, st.st_uid, st.st_gid, major(st.st_rdev), minor(st.st_rdev),
               sv.f_flag & ST_RDONLY ? "true" : "false", sv.f_flag & ST_NODEV ? "true" : "false",
               sv.f_flag & ST_NOEXEC ? "true" : "false", sv.f_flag & ST_NOSUID ? "true" : "false",
               access(path, W_OK) == 0 ? "true" : "false");

        /* Sorted: a directory's own order depends on what was in it before. */
        struct dirent **entries;
        int n = S_ISDIR(st.st_mode) && depth > 0 ? scandir(path, &entries, no_dot, alphasort) : 0;
        for (int i = 0; i < n; i++) {
                char below[512];
                int k = snprintf(below, sizeof(below), "%s/%s", strcmp(path, "/") == 0 ? "" : path,
                                 entries[i]->d_name);
                if (k > 0 && (size_t) k < sizeof(below))
                        put_tree(below, depth - 1, comma);
                free(entries[i]);
        }
        if (n > 0)
                free(entries);
}

/* The indexes in a namespace only ever grow. */
#define INTERFACE_INDEX_MAX 20000

static void put_network(void)
{
        int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        const char *comma = "";

        printf(",\"interfaces\":[");
        for (int i = 1; fd >= 0 && i < INTERFACE_INDEX_MAX; i++) {
                struct ifreq ifr = { .ifr_ifindex = i };
                if (ioctl(fd, SIOCGIFNAME, &ifr) < 0)
                        continue;
                printf("%s", comma);
                put_string(ifr.ifr_name);
                comma = ",";
        }
        putchar(']');
        if (fd >= 0)
                (void) close(fd);
}

void probe(int argc, char **argv, char **envp)
{
        const char *comma = "";
        struct utsname u;
        char cwd[256];

        printf("{");
        put_ids();
        put_privileges();
        put_signals();
        put_limits();
        put_fds();
        put_network();
        put_strings("argv", argv);
        put_strings("environment", envp);
        printf(",\"cwd\":");
        put_string(getcwd(cwd, sizeof(cwd)) ? cwd : "?");
        printf(",\"hostname\":");
        put_string(uname(&u) >= 0 ? u.nodename : "?");
        printf(",\"tree\":[");
        put_tree("/", 4, &comma);
        /* What is too deep for that. */
        bool look = false;
        for (int i = 1; i < argc; i++) {
                if (look)
                        put_tree(argv[i], 0, &comma);
                look = look || strcmp(argv[i], "--look") == 0;
        }
        printf("]}\n");
        fflush(stdout);
}

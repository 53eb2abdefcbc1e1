/* SPDX-License-Identifier: Apache-2.0 */

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "at.h"
#include "fd-util.h"
#include "missing.h"
#include "parse.h"
#include "proc.h"

int proc_parse_stat(char *text, ProcRef *ret, char *ret_state)
{
        uint64_t start;
        uint32_t pid;
        int r;

        /* The command name between pid and state may hold anything, so the last ')' counts. */
        char *p = strrchr(text, ')');
        if (!p || p[1] != ' ')
                return -EBADMSG;
        p += 2; /* field 3 */
        const char state = *p;
        for (unsigned field = 3; field < 22; field++) {
                p = strchr(p, ' ');
                if (!p)
                        return -EBADMSG;
                p++;
        }
        p[strcspn(p, " ")] = '\0';
        text[strcspn(text, " ")] = '\0';
        r = parse_u64(p, 0, UINT64_MAX, &start);
        if (r >= 0)
                r = parse_u32(text, 1, INT32_MAX, &pid);
        if (r < 0)
                return -EBADMSG;

        ret->pid = (pid_t) pid;
        ret->start = start;
        if (ret_state)
                *ret_state = state;
        return 0;
}

static int read_stat(const char *path, ProcRef *ret)
{
        _cleanup_free_ char *text = NULL;
        int r;

        r = at_read_file(AT_FDCWD, path, 4096, &text, NULL);
        return r < 0 ? r : proc_parse_stat(text, ret, NULL);
}

int proc_ref_self(ProcRef *ret)
{
        return read_stat("/proc/self/stat", ret);
}

int pid_namespace(uint64_t *ret)
{
        struct stat st;

        if (stat("/proc/self/ns/pid", &st) < 0)
                return -errno;
        *ret = st.st_ino;
        return 0;
}

/* In another PID namespace, the pid belongs to another process or to no process. */
static int check_namespace(const ProcRef *ref)
{
        uint64_t own = 0;
        int r;

        if (ref->ns == 0)
                return 0;
        r = pid_namespace(&own);
        return r < 0 ? r : own == ref->ns ? 0 : -EREMOTE;
}

bool proc_has_ended(int pid_fd)
{
        struct pollfd p = { .fd = pid_fd, .events = POLLIN };

        return poll(&p, 1, 0) > 0;
}

int proc_end(int pid_fd, siginfo_t *ret)
{
        struct pidfd_info info = { .mask = PIDFD_INFO_EXIT };

        if (ioctl(pid_fd, PIDFD_GET_INFO, &info) < 0)
                return -errno;
        if (!(info.mask & PIDFD_INFO_EXIT))
                return 0;
        *ret = (siginfo_t){
                .si_code = WIFEXITED(info.exit_code)   ? CLD_EXITED
                           : WCOREDUMP(info.exit_code) ? CLD_DUMPED
                                                       : CLD_KILLED,
                .si_status =
                        WIFEXITED(info.exit_code) ? WEXITSTATUS(info.exit_code) : WTERMSIG(info.exit_code),
        };
        return 1;
}

int proc_hold(const ProcRef *ref, bool *ret_identified)
{
        char path[64];
        ProcRef found;
        int r;

        if (ref->pid <= 0)
                return -ESRCH;
        r = check_namespace(ref);
        if (r < 0)
                return r;
        _cleanup_close_ int fd = (int) syscall(SYS_pidfd_open, ref->pid, 0);
        if (fd < 0)
                /* EINVAL, and ENOENT of newer kernels: the pid is now that of another program's thread. */
                return errno == EINVAL || errno == ENOENT ? -ESRCH : -errno;

        /* Read after the open: now it is about the held process. /proc may hide it (hidepid=). */
        (void) snprintf(path, sizeof(path), "/proc/%i/stat", ref->pid);
        r = read_stat(path, &found);
        if (r >= 0 && found.start != ref->start)
                return -ESRCH;
        if (ret_identified)
                *ret_identified = r >= 0;
        return proc_has_ended(fd) ? -ESRCH : TAKE_FD(fd);
}

int proc_alive(const ProcRef *ref)
{
        _cleanup_close_ int fd = proc_hold(ref, NULL);

        if (fd < 0)
                return fd == -ESRCH ? 0 : fd;
        return 1;
}

static int read_id128(const char *path, char ret[33])
{
        _cleanup_free_ char *text = NULL;
        size_t n = 0;
        int r;

        r = at_read_file(AT_FDCWD, path, 64, &text, NULL);
        if (r < 0)
                return r;
        for (const char *p = text; *p && *p != '\n'; p++)
                if (*p != '-' && n < 32)
                        ret[n++] = *p;
        ret[n] = '\0';
        return id128_valid(ret) ? 0 : -EBADMSG;
}

int boot_id(char ret[33])
{
        return read_id128("/proc/sys/kernel/random/boot_id", ret);
}

int machine_id(char ret[33])
{
        return read_id128("/etc/machine-id", ret);
}

int proc_number(const char *path, uint64_t *ret)
{
        _cleanup_free_ char *text = NULL;
        int r;

        r = at_read_file(AT_FDCWD, path, 32, &text, NULL);
        if (r < 0)
                return r;
        text[strcspn(text, "\n")] = '\0';
        return parse_u64(text, 0, UINT64_MAX, ret);
}

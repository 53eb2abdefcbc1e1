/* SPDX-License-Identifier: Apache-2.0 */

/*
 * With a thousand VMs each system call counts: what is asked here is asked of each of them. A process is not held meanwhile. If
 * another one got its pid, it is in another cgroup, and for once the list would show its network namespace.
 */

#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "at.h"
#include "chase.h"
#include "fd-util.h"
#include "time-util.h"
#include "vm-proc.h"

#define CGROUP_ROOT "/sys/fs/cgroup"

/* A read(2) gives all of a file of the kernel's if that is less than half a page. */
#define ONE_READ 2048

static int open_cgroups(void)
{
        struct statfs fs;

        _cleanup_close_ int fd = chase_open(CGROUP_ROOT, O_PATH | O_DIRECTORY, CHASE_DEFAULT, NULL);
        if (fd < 0)
                return fd;
        if (fstatfs(fd, &fs) < 0)
                return -errno;
        return fs.f_type == CGROUP2_SUPER_MAGIC ? TAKE_FD(fd) : -ENODEV;
}

/* To the hundredth of a second that the start of a process is known to. */
static uint64_t find_boot(void)
{
        const uint64_t usec = realtime_usec() - boottime_usec();

        return (usec + 5000) / 10000 * 10000;
}

int vm_eyes_open(VmEyes *ret)
{
        uint64_t ns = 0;

        _cleanup_close_ int fd = chase_open("/proc", O_PATH | O_DIRECTORY, CHASE_DEFAULT, NULL);
        if (fd < 0)
                return fd;
        if (pid_namespace(&ns) < 0)
                ns = 0;
        ret->proc_fd = TAKE_FD(fd);
        ret->cgroups_fd = open_cgroups();
        ret->pid_ns = ns;
        ret->boot_usec = find_boot();
        return 0;
}

void vm_eyes_done(VmEyes *eyes)
{
        eyes->proc_fd = safe_close(eyes->proc_fd);
        eyes->cgroups_fd = safe_close(eyes->cgroups_fd);
}

/* A file of the kernel's into eyes->text, NUL terminated. 0, -EFBIG, or another -errno. */
static int read_text(VmEyes *eyes, int dir_fd, const char *path)
{
        size_t more = 0;
        int r = 0;

        _cleanup_close_ int fd = openat(dir_fd, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        ssize_t n = read(fd, eyes->text, VM_TEXT_MAX);
        if (n < 0)
                return -errno;
        if (n >= ONE_READ)
                r = fd_read(fd, eyes->text + n, VM_TEXT_MAX - (size_t) n, &more);
        if (r < 0 || (size_t) n + more == VM_TEXT_MAX)
                return r < 0 ? r : -EFBIG;
        eyes->text[(size_t) n + more] = '\0';
        return 0;
}

static int read_of(VmEyes *eyes, pid_t pid, const char *file)
{
        char path[64];

        (void) snprintf(path, sizeof(path), "%i/%s", pid, file);
        return read_text(eyes, eyes->proc_fd, path);
}

/* The number behind the name, which begins a line. */
static int read_number(const char *text, const char *name, uint64_t *ret)
{
        const char *p = strstr(text, name);
        char digits[24];

        if (!p || (p != text && p[-1] != '\n'))
                return -EBADMSG;
        p += strlen(name);
        (void) snprintf(digits, sizeof(digits), "%.*s", (int) strspn(p, "0123456789"), p);
        return parse_u64(digits, 0, UINT64_MAX, ret);
}

/* A zombie may be the first thread of a process that runs, and /proc may hide others. */
int vm_proc_alive(VmEyes *eyes, const ProcRef *ref)
{
        char state;
        ProcRef found;

        if (ref->pid > 0 && (ref->ns == 0 || ref->ns == eyes->pid_ns) &&
            read_of(eyes, ref->pid, "stat") >= 0 && proc_parse_stat(eyes->text, &found, &state) >= 0 &&
            found.start == ref->start && state != 'Z' && state != 'X')
                return 1;
        return proc_alive(ref);
}

/* Not that of /proc/PID, which belongs to root. */
bool vm_proc_has_uid(VmEyes *eyes, pid_t pid, uid_t uid)
{
        uint64_t found;

        return read_of(eyes, pid, "status") >= 0 && read_number(eyes->text, "Uid:\t", &found) >= 0 &&
               found == uid;
}

int vm_proc_netns(VmEyes *eyes, pid_t pid, char *buf, size_t size)
{
        char path[64];

        (void) snprintf(path, sizeof(path), "%i/ns/net", pid);
        return at_read_link(eyes->proc_fd, path, buf, size);
}

static bool is_own_cgroup(const State *s, const char *path)
{
        char unit[ID_LEN_MAX + sizeof("/fcjail@.service")];
        size_t n = strlen(path);

        (void) snprintf(unit, sizeof(unit), "/fcjail@%s.service", s->id);
        if (strstr(path, "/../"))
                return false;
        if (s->supervised)
                return n >= strlen(unit) && strcmp(path + n - strlen(unit), unit) == 0;
        FOREACH_ARRAY (made, s->cgroups.names, s->cgroups.n)
                if (strncmp(*made, CGROUP_ROOT "/", strlen(CGROUP_ROOT "/")) == 0 &&
                    strcmp(*made + strlen(CGROUP_ROOT), path) == 0)
                        return true;
        return false;
}

/* The last line, "0::/path"; NULL: there is none. */
static const char *path_of(char *text)
{
        char *line = strncmp(text, "0::/", 4) == 0 ? text : strstr(text, "\n0::/"),
             *path = line ? strchr(line, '/') : NULL;

        if (path)
                path[strcspn(path, "\n")] = '\0';
        return path;
}

void vm_cgroup_usage(VmEyes *eyes, const char *path, VmUsage *ret)
{
        char file[PATH_MAX];

        *ret = (VmUsage){};
        int n = snprintf(file, sizeof(file), "%s/memory.current", path);
        if (n < 0 || n >= (int) sizeof(file))
                return;
        if (read_text(eyes, eyes->cgroups_fd, file) >= 0)
                ret->has_memory = read_number(eyes->text, "", &ret->memory_bytes) >= 0;
        memcpy(strrchr(file, '/'), "/cpu.stat", sizeof("/cpu.stat")); /* which is shorter */
        if (read_text(eyes, eyes->cgroups_fd, file) >= 0)
                ret->has_cpu = read_number(eyes->text, "usage_usec ", &ret->cpu_usec) >= 0;
}

void vm_proc_usage(VmEyes *eyes, const State *s, VmUsage *ret)
{
        *ret = (VmUsage){};
        if (eyes->cgroups_fd < 0 || read_of(eyes, s->vmm.pid, "cgroup") < 0)
                return;
        const char *path = path_of(eyes->text);
        if (path && is_own_cgroup(s, path))
                vm_cgroup_usage(eyes, path + 1, ret);
}

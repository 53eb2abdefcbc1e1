/* SPDX-License-Identifier: Apache-2.0 */

#include <endian.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "fd-util.h"
#include "parse.h"
#include "systemd.h"

/* How long a send may wait for a receiver that takes nothing. An entry then goes to standard error. A state may wait for the
 * unit's TimeoutStartSec=, less the time that step `ready` may take: systemd reads none as long as it has jobs to run, which was
 * 25 s when 1,000 VMs started at boot. */
#define JOURNAL_TIMEOUT_SEC 1
#define NOTIFY_TIMEOUT_SEC  75

static bool is_unit_process(void)
{
        const char *exec_pid = getenv("SYSTEMD_EXEC_PID");
        uint32_t pid;

        /* systemd 247 does not set it, but its service processes are its children. */
        if (!exec_pid)
                return getppid() == 1;
        return parse_u32(exec_pid, 1, INT32_MAX, &pid) >= 0 && (pid_t) pid == getpid();
}

bool systemd_runs_us(void)
{
        return getenv("INVOCATION_ID") && is_unit_process();
}

bool systemd_listens_to_another(void)
{
        return getenv("NOTIFY_SOCKET") && (getenv("SYSTEMD_EXEC_PID") || getenv("INVOCATION_ID")) &&
               !is_unit_process();
}

bool systemd_is_init(void)
{
        return access("/run/systemd/system/", F_OK) == 0;
}

static int connect_datagram(const char *address, time_t timeout_sec)
{
        struct sockaddr_un sa = { .sun_family = AF_UNIX };
        const struct timeval timeout = { .tv_sec = timeout_sec };
        size_t n = strlen(address);

        if (address[0] != '/' && address[0] != '@')
                return -EAFNOSUPPORT;
        if (n >= sizeof(sa.sun_path))
                return -ENAMETOOLONG;
        memcpy(sa.sun_path, address, n);
        if (address[0] == '@')
                sa.sun_path[0] = '\0';

        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout)) < 0 ||
            connect(fd, (struct sockaddr *) &sa, (socklen_t) (offsetof(struct sockaddr_un, sun_path) + n)) <
                    0)
                return -errno;
        return TAKE_FD(fd);
}

int systemd_connect_journal(void)
{
        return connect_datagram("/run/systemd/journal/socket", JOURNAL_TIMEOUT_SEC);
}

int systemd_connect_notify(const char *address)
{
        return connect_datagram(address, NOTIFY_TIMEOUT_SEC);
}

static int send_message(int fd, const struct msghdr *m, int flags)
{
        if (sendmsg(fd, m, flags | MSG_NOSIGNAL) >= 0)
                return 0;
        return errno == EAGAIN ? -ETIMEDOUT : -errno;
}

static int send_text(int fd, const char *text, size_t size, int flags)
{
        struct iovec iov = { (char *) text, size };

        return send_message(fd, &(struct msghdr){ .msg_iov = &iov, .msg_iovlen = 1 }, flags);
}

int systemd_notify(int fd, const char *state)
{
        return send_text(fd, state, strlen(state), /* flags= */ 0);
}

void systemd_notify_status(int fd, const char *format, ...)
{
        char text[2048] = "STATUS=";
        size_t n = strlen(text);
        va_list ap;

        if (fd < 0)
                return;
        va_start(ap, format);
        (void) vsnprintf(text + n, sizeof(text) - n, format, ap);
        va_end(ap);
        (void) send_text(fd, text, strlen(text), MSG_DONTWAIT);
}

void systemd_put_field(FILE *entry, const char *name, const char *value)
{
        uint64_t size = strlen(value), size_le = htole64(size);

        if (!strchr(value, '\n')) {
                (void) fprintf(entry, "%s=%s\n", name, value);
                return;
        }
        (void) fprintf(entry, "%s\n", name);
        (void) fwrite(&size_le, sizeof(size_le), 1, entry);
        (void) fwrite(value, 1, size, entry);
        (void) fputc('\n', entry);
}

/* In a sealed file. Under RLIMIT_FSIZE this file cannot grow either, which is an error and not the end. */
static int make_sealed(const char *text, size_t size)
{
        (void) signal(SIGXFSZ, SIG_IGN);
        _cleanup_close_ int fd = memfd_create("fcjail", MFD_CLOEXEC | MFD_ALLOW_SEALING);
        if (fd < 0)
                return -errno;
        ssize_t n = write(fd, text, size);
        if (n < 0)
                return -errno;
        if ((size_t) n != size)
                return -EIO;
        if (fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) < 0)
                return -errno;
        return TAKE_FD(fd);
}

int systemd_send_entry(int fd, const char *entry, size_t size, bool may_wait)
{
        union {
                struct cmsghdr header;
                char space[CMSG_SPACE(sizeof(int))];
        } control = { .header = { CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS } };
        const int flags = may_wait ? 0 : MSG_DONTWAIT;
        int r;

        r = send_text(fd, entry, size, flags);
        if (r != -EMSGSIZE && r != -ENOBUFS)
                return r;

        _cleanup_close_ int file_fd = make_sealed(entry, size);
        if (file_fd < 0)
                return file_fd;
        memcpy(CMSG_DATA(&control.header), &file_fd, sizeof(file_fd));
        return send_message(
                fd, &(struct msghdr){ .msg_control = &control, .msg_controllen = sizeof(control) }, flags);
}

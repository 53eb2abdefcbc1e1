/* SPDX-License-Identifier: Apache-2.0 */

/* What is sent to systemd, received by a socket in its place. */

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "fd-util.h"
#include "systemd.h"

static int listen_at(const char *name)
{
        struct sockaddr_un sa = { .sun_family = AF_UNIX };

        memcpy(sa.sun_path + 1, name, strlen(name));
        int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        cr_assert(fd >= 0);
        cr_assert_eq(bind(fd, (struct sockaddr *) &sa,
                          (socklen_t) (offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name))),
                     0);
        return fd;
}

/* A name that is free, as the network namespace may be the host's. */
static const char *free_name(char buf[64])
{
        (void) snprintf(buf, 64, "@fcjail-test-%i", getpid());
        return buf;
}

Test(field, without_a_line_feed_is_a_line)
{
        _cleanup_free_ char *text = NULL;
        size_t size;

        FILE *f = open_memstream(&text, &size);
        systemd_put_field(f, "MESSAGE", "a=b \x01 \xff");
        systemd_put_field(f, "EMPTY", "");
        cr_assert_eq(fclose(f), 0);
        cr_assert_str_eq(text, "MESSAGE=a=b \x01 \xff\nEMPTY=\n");
}

Test(field, with_a_line_feed_has_its_length_in_front)
{
        static const char want[] = "MESSAGE\n\x08\0\0\0\0\0\0\0one\ntwo\n\n";
        _cleanup_free_ char *text = NULL;
        size_t size;

        FILE *f = open_memstream(&text, &size);
        systemd_put_field(f, "MESSAGE", "one\ntwo\n");
        cr_assert_eq(fclose(f), 0);
        cr_assert_eq(size, sizeof(want) - 1);
        cr_assert_arr_eq(text, want, size);
}

Test(notify, goes_to_an_abstract_name_in_one_datagram)
{
        char name[64], got[64];

        _cleanup_close_ int receiver = listen_at(free_name(name) + 1);
        _cleanup_close_ int fd = systemd_connect_notify(name);
        cr_assert(fd >= 0);
        cr_assert(fcntl(fd, F_GETFD) & FD_CLOEXEC);
        cr_assert_eq(systemd_notify(fd, "MAINPID=1\nREADY=1"), 0);
        systemd_notify_status(fd, "Starting: %s", "tap");
        cr_assert_eq(recv(receiver, got, sizeof(got), 0), 17);
        cr_assert_arr_eq(got, "MAINPID=1\nREADY=1", 17);
        cr_assert_eq(recv(receiver, got, sizeof(got), 0), 20);
        cr_assert_arr_eq(got, "STATUS=Starting: tap", 20);
}

Test(notify, a_status_without_a_socket_is_none)
{
        systemd_notify_status(-EBADF, "%s", "lost");
}

Test(notify, takes_a_path_or_an_abstract_name_only)
{
        char longest[sizeof(((struct sockaddr_un *) 0)->sun_path) + 1];

        memset(longest, 'x', sizeof(longest));
        longest[0] = '@';
        longest[sizeof(longest) - 1] = '\0';
        cr_assert_eq(systemd_connect_notify(""), -EAFNOSUPPORT);
        cr_assert_eq(systemd_connect_notify("run/systemd/notify"), -EAFNOSUPPORT);
        cr_assert_eq(systemd_connect_notify("vsock:2:1234"), -EAFNOSUPPORT);
        cr_assert_eq(systemd_connect_notify(longest), -ENAMETOOLONG);
        longest[sizeof(longest) - 2] = '\0';
        cr_assert_eq(systemd_connect_notify(longest), -ECONNREFUSED);
        cr_assert_eq(systemd_connect_notify("/nonexistent/notify"), -ENOENT);
        cr_assert_eq(systemd_connect_notify("/dev/null"), -ECONNREFUSED);
}

Test(notify, that_the_receiver_has_gone_is_an_error)
{
        char name[64];

        int receiver = listen_at(free_name(name) + 1);
        _cleanup_close_ int fd = systemd_connect_notify(name);
        cr_assert(fd >= 0);
        receiver = safe_close(receiver);
        cr_assert_eq(systemd_notify(fd, "READY=1"), -ECONNREFUSED);
}

Test(notify, a_full_queue_is_waited_for_but_not_for_ever)
{
        char name[64];

        _cleanup_close_ int receiver = listen_at(free_name(name) + 1);
        _cleanup_close_ int fd = systemd_connect_notify(name);
        cr_assert(receiver >= 0 && fd >= 0);
        while (send(fd, "x", 1, MSG_DONTWAIT) >= 0)
                ;
        cr_assert_eq(errno, EAGAIN);
        systemd_notify_status(fd, "%s", "lost");

        /* Not as long as a test may take. */
        struct timeval timeout;
        socklen_t size = sizeof(timeout);
        cr_assert_eq(getsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, &size), 0);
        cr_expect_geq(timeout.tv_sec, 60);
        timeout.tv_sec = 1;
        cr_assert_eq(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, size), 0);
        cr_assert_eq(systemd_notify(fd, "READY=1"), -ETIMEDOUT);
}

Test(entry, of_any_size_arrives)
{
        static const size_t size = 1024 * 1024 + 1;
        _cleanup_free_ char *entry = malloc(size), *got = malloc(size);
        char control[CMSG_SPACE(sizeof(int))], name[64], byte;
        struct iovec iov = { &byte, 1 };
        struct msghdr m = {
                .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)
        };
        size_t n = 0;
        int file_fd;

        cr_assert(entry && got);
        memset(entry, 'x', size);
        _cleanup_close_ int receiver = listen_at(free_name(name) + 1);
        _cleanup_close_ int fd = systemd_connect_notify(name);
        cr_assert_eq(systemd_send_entry(fd, "MESSAGE=small\n", 14, /* may_wait= */ true), 0);
        cr_assert_eq(recv(receiver, got, size, 0), 14);
        cr_assert_eq(systemd_send_entry(fd, entry, size, /* may_wait= */ false), 0);

        /* As a file that nobody can change: that is what the journal wants before it reads one of others than root. */
        cr_assert_eq(recvmsg(receiver, &m, MSG_CMSG_CLOEXEC), 0);
        cr_assert_not_null(CMSG_FIRSTHDR(&m));
        cr_assert_eq(CMSG_FIRSTHDR(&m)->cmsg_type, SCM_RIGHTS);
        memcpy(&file_fd, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof(file_fd));
        _cleanup_close_ int file = file_fd;
        cr_assert_eq(fcntl(file, F_GET_SEALS), F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE);
        cr_assert_eq(lseek(file, 0, SEEK_SET), 0);
        cr_assert_eq(fd_read(file, got, size, &n), 0);
        cr_assert_eq(n, size);
        cr_assert_arr_eq(got, entry, size);
}

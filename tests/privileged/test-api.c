/* SPDX-License-Identifier: Apache-2.0 */

#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>

#include "api.h"
#include "child.h"
#include "time-util.h"

static int run_fd;

/* How long an answer may take; so short only where none is to come. */
#define SHORT_USEC 300000U
static uint64_t patience_usec = 10000000U;

/* A server that takes one connection, reads a request, and sends that; then it waits, or hangs up. */
static pid_t serve(const char *text, size_t size, bool hang_up)
{
        struct sockaddr_un sa = { .sun_family = AF_UNIX, .sun_path = "/run/s" };

        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        CHECK(fd >= 0 && bind(fd, (struct sockaddr *) &sa, sizeof(sa)) >= 0 && listen(fd, 5) >= 0);
        run_fd = open("/run", O_PATH | O_DIRECTORY | O_CLOEXEC);

        pid_t pid = fork();
        if (pid != 0) {
                (void) close(fd);
                return pid;
        }
        char buf[4096];
        int c = accept(fd, NULL, NULL);
        CHECK(read(c, buf, sizeof(buf)) > 0);
        while (size > 0) {
                ssize_t n = write(c, text, size);
                if (n <= 0)
                        break;
                text += n;
                size -= (size_t) n;
        }
        if (!hang_up)
                for (;;)
                        (void) pause();
        _exit(0);
}

/* The result of GET / against such a server. */
static int ask(const char *text, size_t size, bool hang_up, ApiReply *reply)
{
        pid_t pid = serve(text, size, hang_up);
        int fd = api_connect(run_fd, "s", 0, 0), r;

        CHECK(fd >= 0);
        r = api_request(fd, "GET", "/", NULL, now_usec() + patience_usec, -1, reply);
        CHECK(kill(pid, SIGKILL) >= 0 && waitpid(pid, NULL, 0) == pid);
        (void) close(fd);
        CHECK(unlink("/run/s") >= 0);
        return r;
}

#define ASK(text, hang_up, reply) ask(text, sizeof(text) - 1, hang_up, reply)

CHILD_TEST(api, reads_a_reply)
{
        ApiReply reply = {};

        CHECK_IS(ASK("HTTP/1.1 200 OK\r\nContent-Length: 19\r\n\r\n{\"state\":\"Running\"}", false, &reply),
                 0);
        CHECK_IS(reply.status, 200);
        CHECK_IS(api_says_running(&reply), 1);
        api_reply_done(&reply);
        CHECK_IS(ASK("HTTP/1.1 204 \r\nServer: x\r\n\r\n", false, &reply), 0);
        CHECK_IS(reply.status, 204);
        CHECK_IS(reply.size, 0);
        api_reply_done(&reply);
}

CHILD_TEST(api, tells_what_is_no_reply)
{
        ApiReply reply = {};

        CHECK_IS(ASK("hello\r\n\r\n", false, &reply), -EBADMSG);
        CHECK_IS(ASK("HTTP/1.1 2x0 OK\r\n\r\n", false, &reply), -EBADMSG);
        CHECK_IS(ASK("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", false, &reply), -EBADMSG);
        CHECK_IS(ASK("HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\n", false, &reply),
                 -EFBIG);
        CHECK_IS(ASK("HTTP/1.1 200 OK\r\nContent-Length: 1048577\r\n\r\n", false, &reply), -EFBIG);
}

CHILD_TEST(api, does_not_wait_for_ever)
{
        ApiReply reply = {};

        CHECK_IS(ASK("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", true, &reply), -ECONNRESET);
        patience_usec = SHORT_USEC;
        CHECK_IS(ASK("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", false, &reply), -ETIMEDOUT);
        CHECK_IS(ASK("", false, &reply), -ETIMEDOUT);
}

CHILD_TEST(api, does_not_read_for_ever)
{
        size_t size = 3 * API_REPLY_MAX;
        char *text = malloc(size);
        ApiReply reply = {};

        memset(text, 'x', size);
        CHECK_IS(ask(text, size, false, &reply), -EFBIG);
        free(text);
}

CHILD_TEST(api, a_hostile_body_is_no_state)
{
        ApiReply reply = {};

        CHECK_IS(ASK("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]", false, &reply), 0);
        CHECK_IS(api_says_running(&reply), -EBADMSG);
        api_reply_done(&reply);
        CHECK_IS(ASK("HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n{\"state\":1}", false, &reply), 0);
        CHECK_IS(api_says_running(&reply), -EBADMSG);
        CHECK(api_fault(&reply) == NULL);
        api_reply_done(&reply);
}

CHILD_TEST(api, connects_to_a_socket_and_nothing_else)
{
        run_fd = open("/run", O_PATH | O_DIRECTORY | O_CLOEXEC);
        CHECK_IS(api_connect(run_fd, "none", 0, 0), -ENOENT);
        CHECK(symlink("/run/s", "/run/link") >= 0 && mkfifo("/run/fifo", 0600) >= 0);
        CHECK_IS(api_connect(run_fd, "link", 0, 0), -ENOTSOCK);
        CHECK_IS(api_connect(run_fd, "fifo", 0, 0), -ENOTSOCK);
}

CHILD_TEST(api, notices_the_end_of_the_vmm)
{
        ApiReply reply = {};
        pid_t vmm = fork();

        if (vmm == 0) {
                (void) usleep(50000);
                _exit(0);
        }
        int pid_fd = (int) syscall(SYS_pidfd_open, vmm, 0);
        pid_t pid = serve("", 0, false);
        int fd = api_connect(run_fd, "s", 0, 0);
        CHECK_IS(api_request(fd, "GET", "/", NULL, now_usec() + 5000000, pid_fd, &reply), -ESRCH);
        CHECK(kill(pid, SIGKILL) >= 0);
}

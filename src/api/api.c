/* SPDX-License-Identifier: Apache-2.0 */

#include <fcntl.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "api.h"
#include "fd-util.h"
#include "fs-ids.h"
#include "parse.h"
#include "time-util.h"

#define JSON_DEPTH_MAX 32

void api_reply_done(ApiReply *reply)
{
        free(reply->body);
        *reply = (ApiReply){};
}

static int connect_to(int socket_fd)
{
        struct sockaddr_un sa = { .sun_family = AF_UNIX };

        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0)
                return -errno;

        /* Always short, whatever the path of the jail. */
        (void) fd_path(sa.sun_path, socket_fd);
        if (connect(fd, (struct sockaddr *) &sa, sizeof(sa)) < 0)
                return -errno;

        return TAKE_FD(fd);
}

int api_connect(int run_fd, const char *name, uid_t uid, gid_t gid)
{
        struct stat st;
        int r, k;

        _cleanup_close_ int fd = openat(run_fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0 || fstat(fd, &st) < 0)
                return -errno;
        if (!S_ISSOCK(st.st_mode))
                return -ENOTSOCK;

        if (geteuid() != 0)
                return connect_to(fd);

        FsIds mine = fs_ids_get();
        r = fs_ids_set((FsIds){ uid, gid });
        if (r >= 0)
                r = connect_to(fd);
        k = fs_ids_set(mine);
        if (r >= 0 && k < 0)
                (void) close(r);
        return k < 0 ? k : r;
}

/* Waits for the socket. 0, or why the wait is over. */
static int wait_for_socket(int fd, short events, uint64_t deadline_usec, int pid_fd)
{
        struct pollfd p[] = { { .fd = fd, .events = events }, { .fd = pid_fd, .events = POLLIN } };

        for (;;) {
                uint64_t now = now_usec();
                if (now >= deadline_usec)
                        return -ETIMEDOUT;
                struct timespec ts = {
                        .tv_sec = (time_t) ((deadline_usec - now) / 1000000U),
                        .tv_nsec = (long) ((deadline_usec - now) % 1000000U * 1000U),
                };

                int n = ppoll(p, ELEMENTSOF(p), &ts, NULL);
                if (n < 0 && errno != EINTR)
                        return -errno;
                if (n <= 0)
                        continue;
                if (p[0].revents)
                        return 0; /* first: a last word may be waiting */
                if (p[1].revents)
                        return -ESRCH;
        }
}

static int send_all(int fd, const char *data, size_t size, uint64_t deadline_usec, int pid_fd)
{
        int r;

        while (size > 0) {
                ssize_t n = send(fd, data, size, MSG_NOSIGNAL);
                if (n < 0 && errno == EAGAIN) {
                        r = wait_for_socket(fd, POLLOUT, deadline_usec, pid_fd);
                        if (r < 0)
                                return r;
                        continue;
                }
                if (n < 0)
                        return errno == EPIPE ? -ECONNRESET : -errno;
                data += n;
                size -= (size_t) n;
        }

        return 0;
}

/* The value of a header, or NULL. head is NUL terminated and ends each line with CR LF. */
static const char *header_value(const char *head, const char *name)
{
        size_t n = strlen(name);

        for (const char *p = strstr(head, "\r\n"); p; p = strstr(p, "\r\n")) {
                p += 2;
                if (strncasecmp(p, name, n) == 0 && p[n] == ':')
                        return p + n + 1 + strspn(p + n + 1, " \t");
        }

        return NULL;
}

/* Reads the head: the status, and how long the body is (0: none). */
static int parse_head(const char *head, unsigned *ret_status, size_t *ret_length)
{
        char text[24];
        uint32_t status;
        uint64_t length = 0;
        int r;

        if (strncmp(head, "HTTP/1.", 7) != 0 || strlen(head) < 12 || head[8] != ' ')
                return -EBADMSG;
        memcpy(text, head + 9, 3);
        text[3] = '\0';
        r = parse_u32(text, 100, 599, &status);
        if (r < 0)
                return -EBADMSG;

        const char *value = header_value(head, "Content-Length");
        if (value) {
                size_t n = strspn(value, "0123456789");
                if (n == 0 || n >= sizeof(text))
                        return -EBADMSG;
                memcpy(text, value, n);
                text[n] = '\0';
                r = parse_u64(text, 0, API_REPLY_MAX, &length);
                if (r < 0)
                        return r == -ERANGE ? -EFBIG : -EBADMSG;
        }

        *ret_status = status;
        *ret_length = length;
        return 0;
}

/* 1: buf holds a whole reply, *ret is filled in. 0: more is needed. */
static int parse_reply(char *buf, size_t size, ApiReply *ret)
{
        unsigned status;
        size_t length;
        int r;

        buf[size] = '\0';
        char *end = strstr(buf, "\r\n\r\n");
        if (!end)
                return 0;

        size_t head = (size_t) (end - buf) + 4;
        end[2] = '\0'; /* for header_value(); the blank line is not needed again */
        r = parse_head(buf, &status, &length);
        end[2] = '\r';
        if (r < 0)
                return r;
        if (size - head < length)
                return 0;

        char *body = malloc(length + 1);
        if (!body)
                return -ENOMEM;
        memcpy(body, buf + head, length);
        body[length] = '\0';
        *ret = (ApiReply){ .status = status, .body = body, .size = length };
        return 1;
}

static int receive_reply(int fd, uint64_t deadline_usec, int pid_fd, ApiReply *ret)
{
        _cleanup_free_ char *buf = malloc(API_REPLY_MAX + 1);
        size_t size = 0;
        int r;

        if (!buf)
                return -ENOMEM;

        for (;;) {
                r = wait_for_socket(fd, POLLIN, deadline_usec, pid_fd);
                if (r < 0)
                        return r;
                ssize_t n = recv(fd, buf + size, API_REPLY_MAX - size, 0);
                if (n < 0 && (errno == EAGAIN || errno == EINTR))
                        continue;
                if (n < 0)
                        return -errno;
                if (n == 0)
                        return size == API_REPLY_MAX ? -EFBIG : -ECONNRESET;
                size += (size_t) n;

                r = parse_reply(buf, size, ret);
                if (r != 0)
                        return r < 0 ? r : 0;
        }
}

int api_request(int fd, const char *method, const char *path, const char *body, uint64_t deadline_usec,
                int pid_fd, ApiReply *ret)
{
        _cleanup_free_ char *text = NULL;
        int n, r;

        n = asprintf(&text,
                     "%s %s HTTP/1.1\r\n"
                     "Host: localhost\r\n"
                     "Accept: application/json\r\n"
                     "Content-Type: application/json\r\n"
                     "Content-Length: %zu\r\n"
                     "\r\n"
                     "%s",
                     method, path, body ? strlen(body) : 0, body ? body : "");
        if (n < 0) {
                text = NULL;
                return -ENOMEM;
        }

        r = send_all(fd, text, (size_t) n, deadline_usec, pid_fd);
        if (r < 0)
                return r;

        return receive_reply(fd, deadline_usec, pid_fd, ret);
}

static struct json_object *parse_json(const ApiReply *reply)
{
        struct json_tokener *tok = json_tokener_new_ex(JSON_DEPTH_MAX);
        struct json_object *o;

        if (!tok)
                return NULL;
        /* With the NUL, so that a number at the very end is whole. */
        o = json_tokener_parse_ex(tok, reply->body, (int) reply->size + 1);
        json_tokener_free(tok);
        return o;
}

/* A copy of a string member of the body's object, or NULL. */
static char *string_member(const ApiReply *reply, const char *name)
{
        struct json_object *o = parse_json(reply), *member;
        char *s = NULL;

        if (json_object_is_type(o, json_type_object) && json_object_object_get_ex(o, name, &member) &&
            json_object_is_type(member, json_type_string))
                s = strdup(json_object_get_string(member));

        json_object_put(o);
        return s;
}

static int says_state(const ApiReply *reply, const char *what)
{
        _cleanup_free_ char *state = reply->status == 200 ? string_member(reply, "state") : NULL;

        if (!state)
                return -EBADMSG;
        return strcmp(state, what) == 0;
}

int api_says_running(const ApiReply *reply)
{
        return says_state(reply, "Running");
}

int api_says_paused(const ApiReply *reply)
{
        return says_state(reply, "Paused");
}

char *api_fault(const ApiReply *reply)
{
        return string_member(reply, "fault_message");
}

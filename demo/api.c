/* SPDX-License-Identifier: Apache-2.0 */

/* The part of Firecracker's API that a jailer meets, and the loop that serves it together with the network.
 */

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "vmm.h"

#define CONNECTIONS_MAX 10 /* as Firecracker */
#define REQUEST_MAX     16384

static struct {
        int fd; /* 0: free */
        size_t n;
        char buf[REQUEST_MAX];
} connections[CONNECTIONS_MAX];

int api_listen(const char *path)
{
        struct sockaddr_un sa = { .sun_family = AF_UNIX };

        if (strlen(path) >= sizeof(sa.sun_path))
                return -ENAMETOOLONG;
        memcpy(sa.sun_path, path, strlen(path));

        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0 || bind(fd, (struct sockaddr *) &sa, sizeof(sa)) < 0 || listen(fd, CONNECTIONS_MAX) < 0)
                return -errno;
        return fd;
}

static int start_guest(void)
{
        const char *what;

        if (guest_running())
                return fail(-EINVAL, "The microVM is already running.");
        int r = guest_start(&what);
        return r < 0 ? fail(r, "Cannot start the guest: %s: %s", what, strerror(-r)) : 0;
}

int api_configure(const char *json)
{
        int r = json_valid(json) ? config_load(json) : fail(-EINVAL, "Invalid JSON");

        if (r < 0)
                return fail(r, "Configuration for VMM from one single json failed: %s", failure());
        r = start_guest();
        return r < 0 ? fail(r, "Could not Start MicroVM from one single json: %s", failure()) : 0;
}

static int do_action(const char *body)
{
        char type[32] = "";

        (void) json_string(json_member(body, "action_type"), type, sizeof(type));
        if (strcmp(type, "InstanceStart") == 0)
                return start_guest();
        if (strcmp(type, "SendCtrlAltDel") != 0)
                return fail(-EINVAL, "Invalid action type.");
        if (guest_ctrl_alt_del())
                return 0;
        return fail(-EINVAL, "The requested operation is not supported before starting the microVM.");
}

static int change_state(const char *body)
{
        char state[32] = "";
        int r = -EINVAL;

        (void) json_string(json_member(body, "state"), state, sizeof(state));
        if (strcmp(state, "Paused") == 0)
                r = guest_pause();
        else if (strcmp(state, "Resumed") == 0)
                r = guest_resume();
        return r < 0 ? fail(r, "The microVM cannot become '%s'.", state) : 0;
}

static void reply(int fd, int status, const char *body)
{
        static const char *const texts[] = { [200 % 100] = "OK", [204 % 100] = "No Content" };
        char text[4096];

        int n = snprintf(text, sizeof(text),
                         "HTTP/1.1 %i %s\r\nServer: Firecracker API\r\nConnection: keep-alive\r\n"
                         "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
                         status, status < 300 ? texts[status % 100] : "Bad Request", strlen(body), body);
        if (status == 204)
                n = snprintf(
                        text, sizeof(text),
                        "HTTP/1.1 204 No Content\r\nServer: Firecracker API\r\nConnection: keep-alive\r\n\r\n");
        /* Short enough for any socket buffer; a client that does not read loses it. */
        if (send(fd, text, (size_t) n, MSG_NOSIGNAL) < 0)
                log_line("a reply was lost: %s", strerror(errno));
}

static int change(const char *method, const char *path, const char *body)
{
        static const struct {
                const char *method, *path;
                int (*deed)(const char *body);
        } deeds[] = {
                { "PUT", "/actions", do_action },
                { "PATCH", "/vm", change_state },
                { "PUT", "/snapshot/create", snapshot_create },
                { "PUT", "/snapshot/load", snapshot_load },
        };

        if (!json_valid(body))
                return fail(-EINVAL, "An error occurred when deserializing the json body.");
        for (size_t i = 0; i < sizeof(deeds) / sizeof(deeds[0]); i++)
                if (strcmp(method, deeds[i].method) == 0 && strcmp(path, deeds[i].path) == 0)
                        return deeds[i].deed(body);
        if (strcmp(method, "PUT") != 0)
                return fail(-EINVAL, "Invalid request method and/or path: %s %s.", method, path);
        return config_put(path, body);
}

static void serve(int fd, const char *method, const char *path, const char *body)
{
        char text[2048];
        int r;

        if (strcmp(method, "GET") == 0 && strcmp(path, "/") == 0) {
                (void) snprintf(text, sizeof(text),
                                "{\"id\":\"%s\",\"state\":\"%s\",\"vmm_version\":\"" VERSION
                                "\",\"app_name\":\"demo-vmm\"}",
                                vm_id,
                                guest_paused()    ? "Paused"
                                : guest_running() ? "Running"
                                                  : "Not started");
                reply(fd, 200, text);
                return;
        }
        if (strcmp(method, "GET") == 0 && strcmp(path, "/version") == 0) {
                reply(fd, 200, "{\"firecracker_version\":\"" VERSION "\"}");
                return;
        }

        if (strcmp(method, "GET") == 0 && strcmp(path, "/machine-config") == 0) {
                reply(fd, 200,
                      "{\"vcpu_count\":1,\"mem_size_mib\":1,\"smt\":false,\"track_dirty_pages\":false}");
                return;
        }

        r = change(method, path, body);

        if (r < 0) {
                (void) snprintf(text, sizeof(text), "{\"fault_message\":\"%s\"}", failure());
                reply(fd, 400, text);
        } else {
                reply(fd, 204, "");
        }
}

/* Serves one whole request at the start of the buffer. Its length; 0: it is incomplete; -1: it is invalid.
 */
static ssize_t serve_first(int fd, char *buf, size_t n)
{
        char method[16], path[256], body[REQUEST_MAX];
        unsigned long length = 0;

        buf[n] = '\0';
        char *end = strstr(buf, "\r\n\r\n");
        if (!end)
                return n >= REQUEST_MAX - 1 ? -1 : 0;
        size_t head = (size_t) (end - buf) + 4;
        for (char *line = strstr(buf, "\r\n"); line && line < end; line = strstr(line + 2, "\r\n"))
                if (strncasecmp(line + 2, "Content-Length:", 15) == 0)
                        length = strtoul(line + 17, NULL, 10);
        if (length >= REQUEST_MAX - head || sscanf(buf, "%15s %255s HTTP/1.", method, path) != 2)
                return -1;
        if (n < head + length)
                return 0;

        memcpy(body, buf + head, length);
        body[length] = '\0';
        serve(fd, method, path, body);
        return (ssize_t) (head + length);
}

/* false: the connection has ended. */
static bool read_requests(int fd, char *buf, size_t *n)
{
        ssize_t k = recv(fd, buf + *n, REQUEST_MAX - 1 - *n, MSG_DONTWAIT);

        if (k <= 0)
                return k < 0 && errno == EAGAIN;
        *n += (size_t) k;
        while (*n > 0) {
                ssize_t used = serve_first(fd, buf, *n);
                if (used < 0)
                        return false;
                if (used == 0)
                        break;
                *n -= (size_t) used;
                memmove(buf, buf + used, *n);
        }
        return true;
}

static void accept_one(int listen_fd)
{
        int fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

        if (fd < 0)
                return;
        for (size_t i = 0; i < CONNECTIONS_MAX; i++)
                if (connections[i].fd == 0) {
                        connections[i].fd = fd;
                        connections[i].n = 0;
                        return;
                }
        (void) close(fd);
}

void api_serve(int listen_fd)
{
        for (;;) {
                struct pollfd p[1 + CONNECTIONS_MAX + INTERFACES_MAX];
                int taps[INTERFACES_MAX];
                size_t n_taps = net_fds(taps);
                struct pollfd *tap = p + 1 + CONNECTIONS_MAX;

                p[0] = (struct pollfd){ .fd = listen_fd, .events = POLLIN }; /* -1 is passed over */
                for (size_t i = 0; i < CONNECTIONS_MAX; i++)
                        p[1 + i] = (struct pollfd){ .fd = connections[i].fd > 0 ? connections[i].fd : -1,
                                                    .events = POLLIN };
                for (size_t i = 0; i < n_taps; i++)
                        tap[i] = (struct pollfd){ .fd = taps[i], .events = POLLIN };

                if (poll(p, 1 + CONNECTIONS_MAX + n_taps, -1) < 0)
                        continue;
                for (size_t i = 0; i < n_taps; i++)
                        if (tap[i].revents)
                                net_answer(tap[i].fd);
                for (size_t i = 0; i < CONNECTIONS_MAX; i++)
                        if (p[1 + i].revents &&
                            !read_requests(p[1 + i].fd, connections[i].buf, &connections[i].n)) {
                                (void) close(connections[i].fd);
                                connections[i].fd = 0;
                        }
                if (p[0].revents)
                        accept_one(listen_fd);
        }
}

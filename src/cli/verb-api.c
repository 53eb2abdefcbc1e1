/* SPDX-License-Identifier: Apache-2.0 */

/*
 * fcjail api ID METHOD PATH [JSON]: a request to the VMM's API, safe against a VMM that was taken over, and
 * at any length of the jail's path. For root, and for members of the group that the socket is open to.
 */

#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "api.h"
#include "common.h"
#include "fd-util.h"
#include "log.h"
#include "text.h"
#include "time-util.h"
#include "verbs.h"

#define REQUEST_USEC (60U * 1000000U) /* a snapshot is written while we wait */

static int load_state(const char *id, State *ret)
{
        _cleanup_state_root_ StateRoot root = { .fd = -EBADF, .vm_fd = -EBADF };
        int r;

        r = state_root_open(&root, NULL);
        if (r >= 0)
                r = state_load(&root, id, ret);
        if (r >= 0 && !ret->api)
                r = -EOPNOTSUPP;
        return r;
}

static int request(const State *s, char **args, ApiReply *ret)
{
        _cleanup_close_ int run_fd = open_run_dir(s);
        if (run_fd < 0)
                return run_fd;
        _cleanup_close_ int fd = api_connect(run_fd, api_name(s->api), s->uid, s->gid);
        if (fd < 0)
                return fd;

        return api_request(fd, args[0], args[1], args[2], now_usec() + REQUEST_USEC, /* pid_fd= */ -EBADF,
                           ret);
}

static int status_of(const ApiReply *reply)
{
        switch (reply->status / 100) {
        case 2:
                return EX_OK;
        case 4:
                return EX_DATAERR;
        default:
                return EX_PROTOCOL;
        }
}

/* A terminal gets only text, new lines and tabs: otherwise a hostile VMM could move the cursor and forge lines. */
static int print_escaped(const char *body, size_t size)
{
        for (const char *end = body + size; body < end; body++) {
                size_t n = strcspn(body, "\n\t");
                _cleanup_free_ char *raw = strndup(body, n), *text = raw ? text_escape(raw) : NULL;

                if (!text || fputs(text, stdout) < 0)
                        return -EIO;
                body += n;
                if (body < end && (*body == '\0' ? fputs("\\x00", stdout) : putchar(*body)) < 0)
                        return -EIO;
        }
        return 0;
}

static int print_body(const ApiReply *reply)
{
        if (reply->size == 0)
                return 0;
        if (isatty(STDOUT_FILENO)) {
                if (print_escaped(reply->body, reply->size) < 0)
                        return -EIO;
        } else if (fwrite(reply->body, 1, reply->size, stdout) != reply->size)
                return -EIO;
        return putchar('\n') < 0 || fflush(stdout) != 0 ? -EIO : 0;
}

int verb_api(const CommandLine *c)
{
        _cleanup_api_reply_ ApiReply reply = {};
        _cleanup_state_ State s = STATE_NULL;
        char **args = c->args;
        const char *id = args[0];
        int r;

        log_open(NULL);
        if (check_id(id) != EX_OK)
                return EX_USAGE;
        if (args[2][0] != '/' || strpbrk(args[2], " \r\n") || strpbrk(args[1], " \r\n")) {
                log_error("invalid request '%s %s'; give a method and a path, such as GET /", args[1],
                          args[2]);
                return EX_USAGE;
        }

        r = load_state(id, &s);
        if (r == -EBADMSG)
                return log_bad_record(id, r);
        if (r == -ENOENT || r == -ENODATA) {
                log_error("VM '%s' is not running", id);
                return EX_UNAVAILABLE;
        }
        if (r == -EOPNOTSUPP) {
                log_error("VM '%s' has no API (FCJAIL_API=no)", id);
                return EX_UNAVAILABLE;
        }
        if (r >= 0)
                r = request(&s, args + 1, &reply);
        if (r < 0) {
                log_error("Failed to use the API of '%s': %s", id, strerror(-r));
                return r == -EACCES || r == -EPERM ? EX_NOPERM : EX_UNAVAILABLE;
        }

        if (print_body(&reply) < 0)
                return EX_IOERR;
        if (reply.status / 100 != 2)
                log_error("The VMM answered with HTTP status %u", reply.status);
        return status_of(&reply);
}

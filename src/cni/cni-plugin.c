/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Should:  end what a plugin has left running in its session: it is a program that does something and ends.
 * Mustn't: wait for ever, or keep whatever a plugin writes; hand it a descriptor or an environment that is not meant for it.
 */

#include <fcntl.h>
#include <json-c/json.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "chase.h"
#include "cni-plugin.h"
#include "fd-util.h"
#include "parse.h"
#include "text.h"
#include "time-util.h"

#define WRONG(r, ret_why, ...) (ASPRINTF(ret_why, __VA_ARGS__) < 0 ? -ENOMEM : (r))

int cni_plugin_find(const char *type, char **ret_path, char **ret_why)
{
        _cleanup_free_ char *dirs = strdup(CNI_PATH);
        char *rest = dirs, *dir;
        int r = -ENOENT;

        if (!dirs)
                return -ENOMEM;
        while (r == -ENOENT && (dir = strsep(&rest, ":"))) {
                _cleanup_free_ char *path = NULL;

                if (ASPRINTF(&path, "%s/%s", dir, type) < 0)
                        return -ENOMEM;
                _cleanup_close_ int fd = chase_open(path, O_PATH, CHASE_DEFAULT, NULL);
                r = fd < 0 ? fd : 0;
                if (r >= 0)
                        *ret_path = TAKE_PTR(path);
                else if (r != -ENOENT)
                        return WRONG(r, ret_why, "cannot be run: %s %s", path, chase_strerror(r));
        }
        return r == -ENOENT ? WRONG(r, ret_why, "is in none of " CNI_PATH) : r;
}

static int make_input(const char *text)
{
        const size_t size = strlen(text);

        _cleanup_close_ int fd = memfd_create("cni", MFD_CLOEXEC);
        if (fd < 0)
                return -errno;
        ssize_t n = write(fd, text, size);
        if (n < 0)
                return -errno;
        if ((size_t) n != size || lseek(fd, 0, SEEK_SET) < 0)
                return -EIO;
        return TAKE_FD(fd);
}

static int make_environment(const CniCall *call, char ***ret)
{
        const struct {
                const char *name, *value;
        } rows[] = {
                { "CNI_COMMAND", call->command },
                { "CNI_CONTAINERID", call->container },
                { "CNI_NETNS", call->netns },
                { "CNI_IFNAME", call->ifname },
                { "CNI_PATH", CNI_PATH },
                { "CNI_ARGS", "" },
                { "PATH", "/usr/sbin:/usr/bin:/sbin:/bin" },
        };
        _cleanup_strv_ char **env = calloc(ELEMENTSOF(rows) + 1, sizeof(char *));

        if (!env)
                return -ENOMEM;
        for (size_t i = 0; i < ELEMENTSOF(rows); i++)
                if (ASPRINTF(&env[i], "%s=%s", rows[i].name, rows[i].value) < 0)
                        return -ENOMEM;
        *ret = TAKE_PTR(env);
        return 0;
}

/* In the child, which does not outlive its parent. Nothing of what a caller has set for itself reaches the plugin. */
static _Noreturn void execute(const char *path, char **env, int input, int output)
{
        char *argv[] = { (char *) path, NULL };
        sigset_t none;

        (void) sigemptyset(&none);
        (void) sigprocmask(SIG_SETMASK, &none, NULL);
        for (int sig = 1; sig < NSIG; sig++)
                (void) signal(sig, SIG_DFL);
        (void) umask(0022);
        if (prctl(PR_SET_PDEATHSIG, SIGKILL) >= 0 && setsid() >= 0 && chdir("/") >= 0 &&
            dup2(input, STDIN_FILENO) >= 0 && dup2(output, STDOUT_FILENO) >= 0 &&
            fd_close_from(STDERR_FILENO + 1) >= 0)
                (void) execve(path, argv, env);
        _exit(127);
}

typedef struct Output {
        char *text; /* room for CNI_OUTPUT_MAX + 2 bytes */
        size_t size;
} Output;

/* All that is there. 0 or -errno. */
static int drain(int fd, Output *o)
{
        for (;;) {
                ssize_t n = read(fd, o->text + o->size, CNI_OUTPUT_MAX + 1 - o->size);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return errno == EAGAIN ? 0 : -errno;
                if (n == 0)
                        return 0;
                o->size += (size_t) n;
                if (o->size > CNI_OUTPUT_MAX)
                        return -EFBIG;
        }
}

/* Until the plugin itself ends, since a child that it leaves running may keep the pipe open. 0, -ETIME, -EFBIG or another -errno. */
static int follow(pid_t pid, int fd, Output *o)
{
        const uint64_t deadline = now_usec() + CNI_SECONDS_MAX * 1000000ULL;
        bool open = true;
        int r;

        _cleanup_close_ int pid_fd = (int) syscall(SYS_pidfd_open, pid, 0);
        if (pid_fd < 0)
                return -errno;
        for (;;) {
                const uint64_t now = now_usec();
                struct pollfd p[] = { { .fd = pid_fd, .events = POLLIN },
                                      { .fd = open ? fd : -1, .events = POLLIN } };

                if (now >= deadline)
                        return -ETIME;
                if (poll(p, ELEMENTSOF(p), (int) ((deadline - now) / 1000 + 1)) < 0 && errno != EINTR)
                        return -errno;
                const bool ended = p[0].revents != 0;
                if (p[1].revents != 0 || ended) {
                        r = drain(fd, o);
                        if (r < 0)
                                return r;
                        open = !(p[1].revents & POLLHUP);
                }
                if (ended)
                        break;
        }
        o->text[o->size] = '\0';
        return memchr(o->text, '\0', o->size) ? -EBADMSG : 0;
}

/* The pid is not given to another process before it is waited for. What is left of its session ends with it. */
static int reap(pid_t pid, int *ret_status)
{
        (void) kill(-pid, SIGKILL);
        while (waitpid(pid, ret_status, 0) < 0)
                if (errno != EINTR)
                        return -errno;
        return 0;
}

/* {"code": 1, "msg": "…", "details": "…"} */
static int read_fault(const char *output, int status, char **ret_why)
{
        struct json_object *o = json_tokener_parse(output), *msg = NULL, *details = NULL, *code = NULL;
        _cleanup_free_ char *text = NULL, *more = NULL;
        int r;

        if (json_object_is_type(o, json_type_object)) {
                (void) json_object_object_get_ex(o, "msg", &msg);
                (void) json_object_object_get_ex(o, "details", &details);
                (void) json_object_object_get_ex(o, "code", &code);
        }
        text = text_escape(msg ? json_object_get_string(msg) : "");
        more = text_escape(details ? json_object_get_string(details) : "");
        if (!text || !more)
                r = -ENOMEM;
        else if (WIFSIGNALED(status))
                r = WRONG(-EBADE, ret_why, "was killed by signal %i", WTERMSIG(status));
        else if (WEXITSTATUS(status) == 127 && !*output)
                r = WRONG(-EBADE, ret_why, "could not be executed");
        else if (!*text)
                r = WRONG(-EBADE, ret_why, "ended with status %i and without a reason", WEXITSTATUS(status));
        else
                r = WRONG(-EBADE, ret_why, "failed: %.400s%s%.400s (code %i)", text, *more ? "; " : "", more,
                          code ? json_object_get_int(code) : 0);
        json_object_put(o);
        return r;
}

static int wait_for(pid_t pid, int fd, char **ret_output, char **ret_why)
{
        _cleanup_free_ char *text = calloc(1, CNI_OUTPUT_MAX + 2);
        Output o = { text, 0 };
        int r, k, status = 0;

        r = text ? follow(pid, fd, &o) : -ENOMEM;
        k = reap(pid, &status);
        if (r == -ETIME)
                return WRONG(r, ret_why, "did not end within %i s", CNI_SECONDS_MAX);
        if (r == -EFBIG)
                return WRONG(r, ret_why, "has written more than %i bytes", CNI_OUTPUT_MAX);
        if (r < 0 || k < 0)
                return WRONG(r < 0 ? r : k, ret_why, "cannot be read from: %s", strerror(r < 0 ? -r : -k));
        if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
                return read_fault(text, status, ret_why);
        *ret_output = TAKE_PTR(text);
        return 0;
}

int cni_plugin_call(const CniCall *call, char **ret_output, char **ret_why)
{
        _cleanup_free_ char *path = NULL;
        _cleanup_strv_ char **env = NULL;
        int r, fds[2];

        r = cni_plugin_find(call->type, &path, ret_why);
        if (r >= 0)
                r = make_environment(call, &env);
        if (r < 0 || !path)
                return r;
        _cleanup_close_ int input = make_input(call->input);
        if (input < 0 || pipe2(fds, O_CLOEXEC) < 0)
                return WRONG(input < 0 ? input : -errno, ret_why, "cannot be run: %m");
        _cleanup_close_ int from = fds[0], to = fds[1];
        if (fcntl(from, F_SETFL, O_NONBLOCK) < 0)
                return WRONG(-errno, ret_why, "cannot be run: %m");

        /* Who ignores it has no children to wait for. */
        (void) signal(SIGCHLD, SIG_DFL);
        pid_t pid = fork();
        if (pid < 0)
                return WRONG(-errno, ret_why, "cannot be run: %m");
        if (pid == 0)
                execute(path, env, input, to);
        to = safe_close(to);
        return wait_for(pid, from, ret_output, ret_why);
}

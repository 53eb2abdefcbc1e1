/* SPDX-License-Identifier: Apache-2.0 */

/* `fcjail-systemd unit NAME` writes strings, PROPERTY=value, each with its NUL: Environment= once for each variable,
 * booleans as 0 or 1. Both programs are of one build, so there are no versions. */

#include <fcntl.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fd-util.h"
#include "parse.h"
#include "systemd.h"

/* More than any unit can have. */
#define TEXT_MAX (1024U * 1024U)

/* Without capabilities, also those that an exec by root would give back (who is not root has none), and with an empty
 * environment. */
static _noreturn_ void become_peer(const char *name, int out_fd)
{
        const char *args[] = { "fcjail-systemd", "unit", name, NULL }, *environment[] = { NULL };

        if (dup2(out_fd, STDOUT_FILENO) >= 0 && (geteuid() != 0 || cap_set_mode(CAP_MODE_NOPRIV) >= 0))
                (void) execve(PEER_PATH, (char **) args, (char **) environment);
        _exit(EXIT_FAILURE);
}

/* What fcjail-systemd writes, all of it or an error. */
static int ask_peer(const char *name, char *buf, size_t size, size_t *ret)
{
        int pair[2], status, r;

        if (access(PEER_PATH, X_OK) < 0 || pipe2(pair, O_CLOEXEC) < 0)
                return -errno;
        _cleanup_close_ int in_fd = pair[0], out_fd = pair[1];
        pid_t pid = fork();
        if (pid < 0)
                return -errno;
        if (pid == 0)
                become_peer(name, out_fd);
        out_fd = safe_close(out_fd);
        r = fd_read(in_fd, buf, size, ret);
        in_fd = safe_close(in_fd);
        while (waitpid(pid, &status, 0) < 0)
                if (errno != EINTR)
                        return -errno;

        if (r < 0)
                return r;
        if (*ret == size)
                return -E2BIG;
        return WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS ? 0 : -EREMOTEIO;
}

/* The value, if s is KEY=value. */
static char *value_of(char *s, const char *key)
{
        size_t n = strlen(key);

        return strncmp(s, key, n) == 0 && s[n] == '=' ? s + n + 1 : NULL;
}

static int take_property(SystemdUnit *u, char *s, size_t *n_environment)
{
        const struct {
                const char *key;
                const char **string;
                bool *boolean;
                uint64_t *number;
        } properties[] = {
                { "User", .string = &u->user },
                { "Group", .string = &u->group },
                { "NetworkNamespacePath", .string = &u->netns_path },
                { "DynamicUser", .boolean = &u->dynamic_user },
                { "PrivateNetwork", .boolean = &u->private_network },
                { "PrivateUsers", .boolean = &u->private_users },
                { "PrivateDevices", .boolean = &u->private_devices },
                { "ProcSubset", .string = &u->proc_subset },
                { "RootDirectory", .string = &u->root_directory },
                { "TimeoutStopUSec", .number = &u->timeout_stop_usec },
                { "MemoryHigh", .number = &u->memory_high },
                { "MemoryMax", .number = &u->memory_max },
                { "TasksMax", .number = &u->tasks_max },
        };
        char *value;

        if ((value = value_of(s, "Environment"))) {
                u->environment[(*n_environment)++] = value;
                return 0;
        }
        FOREACH_ARRAY (p, properties, ELEMENTSOF(properties)) {
                if (!(value = value_of(s, p->key)))
                        continue;
                if (p->number)
                        return parse_u64(value, 0, UINT64_MAX, p->number);
                if (p->string)
                        *p->string = value;
                else
                        *p->boolean = strcmp(value, "1") == 0;
        }
        return 0;
}

int systemd_unit_query(const char *name, SystemdUnit *ret)
{
        _cleanup_systemd_unit_ SystemdUnit u = {
                .user = "", .group = "", .netns_path = "", .proc_subset = "", .root_directory = ""
        };
        size_t size = 0, n = 0, n_environment = 0;
        int r;

        u.text = malloc(TEXT_MAX);
        if (!u.text)
                return -ENOMEM;
        r = ask_peer(name, u.text, TEXT_MAX, &size);
        if (r < 0)
                return r;

        for (size_t i = 0; i < size; i++)
                n += u.text[i] == '\0';
        u.environment = calloc(n + 1, sizeof(char *));
        if (!u.environment)
                return -ENOMEM;
        char *s = u.text;
        for (size_t i = 0; i < n && r >= 0; i++) {
                char *next = s + strlen(s) + 1;
                r = take_property(&u, s, &n_environment);
                s = next;
        }
        if (r < 0)
                return r;

        *ret = u;
        u = (SystemdUnit){};
        return 0;
}

bool systemd_unit_has_netns(const SystemdUnit *u)
{
        return u->private_network || u->netns_path[0];
}

void systemd_unit_done(SystemdUnit *u)
{
        free(u->environment);
        free(u->text);
        *u = (SystemdUnit){};
}

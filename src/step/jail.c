/* SPDX-License-Identifier: Apache-2.0 */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fd-util.h"
#include "jail.h"

Jail jail_new(const Plan *plan, uint64_t start_usec)
{
        return (Jail){
                .plan = plan,
                .start_usec = start_usec,
                .notify_fd = -EBADF,
                .host = HOST_OBJECTS_NULL,
                .state_root = { .fd = -EBADF, .vm_fd = -EBADF },
                .state_fd = -EBADF,
                .state = STATE_NULL,
                .uid = UID_INVALID,
                .gid = GID_INVALID,
                .root_fd = -EBADF,
                .run_fd = -EBADF,
                .pid_fd = -EBADF,
                .channel_fd = -EBADF,
                .sys_fd = -EBADF,
                .stage_fd = -EBADF,
                .jail_fd = -EBADF,
                .failure = { .step = -1 },
        };
}

void jail_done(Jail *jail)
{
        int *fds[] = {
                &jail->state_fd, &jail->root_fd, &jail->run_fd,    &jail->pid_fd, &jail->channel_fd,
                &jail->stage_fd, &jail->jail_fd, &jail->notify_fd, &jail->sys_fd,
        };

        FOREACH_ARRAY (fd, fds, ELEMENTSOF(fds))
                **fd = safe_close(**fd);
        FOREACH_ARRAY (m, jail->mounts, jail->n_mounts) {
                m->tree_fd = safe_close(m->tree_fd);
                free(m->path);
        }
        free(jail->mounts);
        netlink_done(&jail->uplink_nl);
        host_objects_done(&jail->host);
        findings_done(&jail->findings);
        state_root_done(&jail->state_root);
        state_done(&jail->state);
}

int jail_add_mount(Jail *jail, const char *path, unsigned long flags, int tree_fd, uid_t uid)
{
        _cleanup_close_ int fd = tree_fd;
        struct stat st;

        if (jail->n_mounts == JAIL_MOUNTS_MAX)
                return -E2BIG;
        if (fstat(fd, &st) < 0)
                return -errno;
        if (!jail->mounts)
                jail->mounts = calloc(JAIL_MOUNTS_MAX, sizeof(JailMount));
        if (!jail->mounts)
                return -ENOMEM;
        char *copy = strdup(path);
        if (!copy)
                return -ENOMEM;

        jail->mounts[jail->n_mounts++] = (JailMount){ copy, flags, uid, TAKE_FD(fd), st };
        return 0;
}

size_t jail_list_nodes(const Jail *jail, NodePlan ret[JAIL_NODES_MAX])
{
        const Plan *p = jail->plan;
        size_t n = 0;

        FOREACH_ARRAY (node, p->nodes, p->n_nodes)
                ret[n++] = *node;
        for (size_t i = 0; i < p->n_binds; i++) {
                const BindPlan *bind = &p->binds[i];
                const HostBind *b = &jail->host.binds[i];
                const bool is_device = b->fd >= 0 && S_ISBLK(b->st.st_mode);

                /* Step `paths` has checked that block devices are in dev/. */
                if (is_device || (jail->loops[i] != 0 && bind_is_in_dev(bind)))
                        ret[n++] = (NodePlan){ bind->path + strlen(JAIL_DEV "/"), bind_node_mode(bind),
                                               is_device ? b->st.st_rdev : jail->loops[i] };
        }
        return n;
}

const char *failure_text(const Failure *f)
{
        if (f->reason[0])
                return f->reason;
        return f->error == -EBADE ? "the kernel did not do what it reported" : strerror(-f->error);
}

int step_fail(Jail *jail, int r, const char *format, ...)
{
        va_list ap;

        jail->failure.error = r;
        va_start(ap, format);
        (void) vsnprintf(jail->failure.object, sizeof(jail->failure.object), format, ap);
        va_end(ap);
        return r;
}

int step_fail_because(Jail *jail, int r, int exit_status, const char *object, const char *format, ...)
{
        va_list ap;

        jail->failure.error = r;
        jail->failure.exit_status = exit_status;
        (void) snprintf(jail->failure.object, sizeof(jail->failure.object), "%s", object);
        va_start(ap, format);
        (void) vsnprintf(jail->failure.reason, sizeof(jail->failure.reason), format, ap);
        va_end(ap);
        return r;
}

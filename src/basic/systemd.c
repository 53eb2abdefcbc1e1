/* SPDX-License-Identifier: Apache-2.0 */

#include <dlfcn.h>
#include <stdio.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#include "parse.h"
#include "systemd.h"

#define MANAGER "org.freedesktop.systemd1"
#define SERVICE MANAGER ".Service"

static struct {
        bool tried;
        void *handle;
        typeof(&sd_journal_sendv) journal_sendv;
        typeof(&sd_notify) notify;
} lib;

bool systemd_runs_us(void)
{
        const char *exec_pid = getenv("SYSTEMD_EXEC_PID");
        uint32_t pid;

        if (!getenv("INVOCATION_ID"))
                return false;
        /* systemd 247 does not say it, but its service processes are its children. */
        if (!exec_pid)
                return getppid() == 1;
        return parse_u32(exec_pid, 1, INT32_MAX, &pid) >= 0 && (pid_t) pid == getpid();
}

void systemd_load(void)
{
        if (lib.tried)
                return;

        lib.tried = true;
        void *handle = lib.handle = dlopen("libsystemd.so.0", RTLD_NOW | RTLD_LOCAL);
        if (!handle)
                return;
        lib.journal_sendv = (typeof(lib.journal_sendv)) dlsym(handle, "sd_journal_sendv");
        lib.notify = (typeof(lib.notify)) dlsym(handle, "sd_notify");
}

int systemd_journal_sendv(const struct iovec *iov, int n)
{
        systemd_load();
        return lib.journal_sendv ? lib.journal_sendv(iov, n) : -ELIBACC;
}

int systemd_notify(const char *state)
{
        systemd_load();
        return lib.notify ? lib.notify(/* unset_environment= */ 0, state) : -ELIBACC;
}

/* The part of sd-bus that is needed. */
typedef struct Bus {
        typeof(&sd_bus_new) new;
        typeof(&sd_bus_set_address) set_address;
        typeof(&sd_bus_start) start;
        typeof(&sd_bus_open_system) open_system;
        typeof(&sd_bus_path_encode) path_encode;
        typeof(&sd_bus_get_property_strv) get_strv;
        typeof(&sd_bus_get_property_string) get_string;
        typeof(&sd_bus_get_property_trivial) get_trivial;
        typeof(&sd_bus_flush_close_unref) unref;
} Bus;

static int bus_load(Bus *ret)
{
        const struct {
                const char *name;
                void **function;
        } functions[] = {
                { "sd_bus_new", (void **) &ret->new },
                { "sd_bus_set_address", (void **) &ret->set_address },
                { "sd_bus_start", (void **) &ret->start },
                { "sd_bus_open_system", (void **) &ret->open_system },
                { "sd_bus_path_encode", (void **) &ret->path_encode },
                { "sd_bus_get_property_strv", (void **) &ret->get_strv },
                { "sd_bus_get_property_string", (void **) &ret->get_string },
                { "sd_bus_get_property_trivial", (void **) &ret->get_trivial },
                { "sd_bus_flush_close_unref", (void **) &ret->unref },
        };

        systemd_load();
        if (!lib.handle)
                return -ELIBACC;
        FOREACH_ARRAY (f, functions, ELEMENTSOF(functions)) {
                *f->function = dlsym(lib.handle, f->name);
                if (!*f->function)
                        return -ELIBACC;
        }
        return 0;
}

/* root talks to the manager itself, as systemctl does: that works without a message bus. */
static int bus_connect(const Bus *b, sd_bus **ret)
{
        int r;

        if (geteuid() != 0)
                return b->open_system(ret);
        r = b->new (ret);
        if (r >= 0)
                r = b->set_address(*ret, "unix:path=/run/systemd/private");
        if (r >= 0)
                r = b->start(*ret);
        return r;
}

static int read_unit(const Bus *b, sd_bus *bus, const char *path, SystemdUnit *ret)
{
        const char *to = geteuid() == 0 ? NULL : MANAGER;
        const struct {
                const char *name;
                char **value;
        } strings[] = {
                { "User", &ret->user },
                { "Group", &ret->group },
                { "NetworkNamespacePath", &ret->netns_path },
        };
        const struct {
                const char *name;
                char type;
                void *value;
        } trivial[] = {
                { "DynamicUser", 'b', &ret->dynamic_user },
                { "PrivateNetwork", 'b', &ret->private_network },
                { "TimeoutStopUSec", 't', &ret->timeout_stop_usec },
        };
        int r;

        r = b->get_strv(bus, to, path, SERVICE, "Environment", NULL, &ret->environment);
        FOREACH_ARRAY (s, strings, ELEMENTSOF(strings))
                if (r >= 0)
                        r = b->get_string(bus, to, path, SERVICE, s->name, NULL, s->value);
        FOREACH_ARRAY (t, trivial, ELEMENTSOF(trivial))
                if (r >= 0)
                        r = b->get_trivial(bus, to, path, SERVICE, t->name, NULL, t->type, t->value);
        return r < 0 ? r : 0;
}

int systemd_unit_query(const char *unit, SystemdUnit *ret)
{
        _cleanup_systemd_unit_ SystemdUnit u = {};
        _cleanup_free_ char *path = NULL;
        sd_bus *bus = NULL;
        Bus b = {};
        int r;

        r = bus_load(&b);
        if (r < 0)
                return r;
        r = b.path_encode("/org/freedesktop/systemd1/unit", unit, &path);
        if (r >= 0)
                r = bus_connect(&b, &bus);
        if (r >= 0)
                r = read_unit(&b, bus, path, &u);
        if (bus)
                (void) b.unref(bus);
        if (r < 0)
                return r;

        *ret = u;
        u = (SystemdUnit){};
        return 0;
}

void systemd_unit_done(SystemdUnit *u)
{
        for (char **e = u->environment; e && *e; e++)
                free(*e);
        free(u->environment);
        free(u->user);
        free(u->group);
        free(u->netns_path);
        *u = (SystemdUnit){};
}

/* SPDX-License-Identifier: Apache-2.0 */

/*
 * fcjail-systemd: queries systemd for fcjail, with libsystemd, in a process without privileges. src/basic/systemd-query.c
 * executes it; who asks describes the output, as src/basic/systemd-unit.c does for a unit.
 */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#include "parse.h"
#include "queries.h"

#define MANAGER "org.freedesktop.systemd1"
#define SERVICE MANAGER ".Service"

/* root talks to the manager itself, as systemctl does: that works without a message bus. */
static int connect_manager(sd_bus **ret)
{
        int r;

        if (geteuid() != 0)
                return sd_bus_open_system(ret);
        r = sd_bus_new(ret);
        if (r >= 0)
                r = sd_bus_set_address(*ret, "unix:path=/run/systemd/private");
        if (r >= 0)
                r = sd_bus_start(*ret);
        return r;
}

static void put(const char *property, const char *value)
{
        (void) printf("%s=%s%c", property, value, '\0');
}

static int put_environment(sd_bus *bus, const char *to, const char *path)
{
        _cleanup_strv_ char **environment = NULL; /* NULL as well if it is empty */
        int r;

        r = sd_bus_get_property_strv(bus, to, path, SERVICE, "Environment", NULL, &environment);
        if (r < 0)
                return r;
        for (char **e = environment; e && *e; e++)
                put("Environment", *e);
        return 0;
}

static int put_string(sd_bus *bus, const char *to, const char *path, const char *property)
{
        _cleanup_free_ char *value = NULL;
        int r;

        r = sd_bus_get_property_string(bus, to, path, SERVICE, property, NULL, &value);
        if (r >= 0)
                put(property, value);
        return r;
}

static int put_boolean(sd_bus *bus, const char *to, const char *path, const char *property)
{
        int value, r;

        r = sd_bus_get_property_trivial(bus, to, path, SERVICE, property, NULL, 'b', &value);
        if (r >= 0)
                put(property, value ? "1" : "0");
        return r;
}

static int put_number(sd_bus *bus, const char *to, const char *path, const char *property)
{
        char text[24];
        uint64_t value;
        int r;

        r = sd_bus_get_property_trivial(bus, to, path, SERVICE, property, NULL, 't', &value);
        if (r >= 0) {
                (void) snprintf(text, sizeof(text), "%" PRIu64, value);
                put(property, text);
        }
        return r;
}

/* Of the manager. */
static int put_version(sd_bus *bus, const char *to)
{
        _cleanup_free_ char *value = NULL;
        int r;

        r = sd_bus_get_property_string(bus, to, "/org/freedesktop/systemd1", MANAGER ".Manager", "Version",
                                       NULL, &value);
        if (r >= 0)
                put("Version", value);
        return r;
}

static int put_unit(sd_bus *bus, const char *path)
{
        const char *to = geteuid() == 0 ? NULL : MANAGER;
        const struct {
                const char *name;
                int (*put)(sd_bus *bus, const char *to, const char *path, const char *property);
        } properties[] = {
                { "User", put_string },
                { "Group", put_string },
                { "NetworkNamespacePath", put_string },
                { "DynamicUser", put_boolean },
                { "PrivateNetwork", put_boolean },
                { "PrivateUsers", put_boolean },
                { "PrivateDevices", put_boolean },
                { "ProcSubset", put_string },
                { "RootDirectory", put_string },
                { "TimeoutStopUSec", put_number },
                { "MemoryHigh", put_number },
                { "MemoryMax", put_number },
                { "TasksMax", put_number },
        };
        int r;

        r = put_environment(bus, to, path);
        if (r >= 0)
                r = put_version(bus, to);
        FOREACH_ARRAY (p, properties, ELEMENTSOF(properties))
                if (r >= 0)
                        r = p->put(bus, to, path, p->name);
        return r;
}

static int verb_unit(const char *name)
{
        _cleanup_free_ char *path = NULL;
        sd_bus *bus = NULL;
        int r;

        r = sd_bus_path_encode("/org/freedesktop/systemd1/unit", name, &path);
        if (r >= 0)
                r = connect_manager(&bus);
        if (r >= 0)
                r = put_unit(bus, path);
        (void) sd_bus_flush_close_unref(bus);
        if (r >= 0 && fflush(stdout) != 0)
                r = -errno;
        if (r < 0)
                (void) fprintf(stderr, "fcjail-systemd: Failed to query %s: %s\n", name, strerror(-r));
        return r < 0 ? EX_UNAVAILABLE : EX_OK;
}

/* (ssssssouso): name, description, load state, active state, sub state, followed, path, job, type, path of the job. */
static int put_states(sd_bus_message *reply)
{
        const char *name, *active;
        int r;

        r = sd_bus_message_enter_container(reply, 'a', "(ssssssouso)");
        while (r >= 0) {
                r = sd_bus_message_read(reply, "(ssssssouso)", &name, NULL, NULL, &active, NULL, NULL, NULL,
                                        NULL, NULL, NULL);
                if (r == 0)
                        return 0;
                if (r > 0)
                        (void) printf("%s%c%s%c", name, '\0', active, '\0');
        }
        return r;
}

static int verb_units(const char *pattern)
{
        sd_bus_message *reply = NULL;
        sd_bus *bus = NULL;
        int r;

        r = connect_manager(&bus);
        if (r >= 0)
                r = sd_bus_call_method(bus, geteuid() == 0 ? NULL : MANAGER, "/org/freedesktop/systemd1",
                                       MANAGER ".Manager", "ListUnitsByPatterns", NULL, &reply, "asas", 0, 1,
                                       pattern);
        if (r >= 0)
                r = put_states(reply);
        (void) sd_bus_message_unref(reply);
        (void) sd_bus_flush_close_unref(bus);
        if (r >= 0 && fflush(stdout) != 0)
                r = -errno;
        if (r < 0)
                (void) fprintf(stderr, "fcjail-systemd: Failed to list %s: %s\n", pattern, strerror(-r));
        return r < 0 ? EX_UNAVAILABLE : EX_OK;
}

int main(int argc, char **argv)
{
        if (argc == 3 && strcmp(argv[1], "unit") == 0)
                return verb_unit(argv[2]);
        if (argc == 4 && strcmp(argv[1], "starts") == 0)
                return query_starts(argv[2], argv[3]);
        if (argc == 5 && strcmp(argv[1], "follow") == 0)
                return query_follow(argv[2], argv[3], argv[4]);
        if (argc == 5 && strcmp(argv[1], "console") == 0)
                return query_console(argv[2], argv[3], argv[4]);
        if (argc == 3 && strcmp(argv[1], "units") == 0)
                return verb_units(argv[2]);

        (void) fprintf(stderr, "fcjail-systemd is executed by fcjail, see fcjail(1)\n");
        return EX_USAGE;
}

/* SPDX-License-Identifier: Apache-2.0 */

/*
 * fcjail-systemd: what fcjail has libsystemd do for it, in a process without privileges. src/basic/systemd-peer.h says
 * how the two speak with each other.
 */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#include "fd-util.h"
#include "parse.h"
#include "systemd-peer.h"

#define MANAGER "org.freedesktop.systemd1"
#define SERVICE MANAGER ".Service"

#define FIELDS_MAX 64

/* Of a unit, standard error is in the journal as well, without the fields. */
static void send_entry(const struct iovec *fields, int n)
{
        static const char message[] = "MESSAGE=";

        if (sd_journal_sendv(fields, n) >= 0)
                return;
        FOREACH_ARRAY (f, fields, n)
                if (strncmp(f->iov_base, message, strlen(message)) == 0)
                        (void) fprintf(stderr, "fcjail: %s\n", (char *) f->iov_base + strlen(message));
}

static int notify(const char *state)
{
        int r = sd_notify(/* unset_environment= */ 0, state);

        if (r > 0)
                return 0;
        (void) fprintf(stderr, "fcjail: Failed to notify systemd: %s\n",
                       r < 0 ? strerror(-r) : "it does not listen");
        return r < 0 ? r : -ENOENT;
}

/* One record, from its word to the empty string; returns what comes after it. */
static char *send_record(char *s, const char *end, int *ret)
{
        struct iovec fields[FIELDS_MAX];
        const char *word = s;
        int n = 0;

        for (s += strlen(s) + 1; s < end && s[0] && n < FIELDS_MAX; s += strlen(s) + 1)
                fields[n++] = (struct iovec){ s, strlen(s) };
        *ret = -EBADMSG;
        if (s >= end || s[0] || n == 0)
                return NULL;

        if (strcmp(word, PEER_JOURNAL) == 0) {
                send_entry(fields, n);
                *ret = 0;
        } else if (strcmp(word, PEER_NOTIFY) == 0 && n == 1)
                *ret = notify(fields[0].iov_base);
        return s + 1;
}

static int verb_send(const char *argument)
{
        _cleanup_free_ char *text = malloc(PEER_TEXT_MAX + 1);
        uint32_t status;
        size_t size;
        int r;

        if (!text || parse_u32(argument, 0, UINT8_MAX, &status) < 0)
                return EX_USAGE;
        r = fd_read(STDIN_FILENO, text, PEER_TEXT_MAX + 1, &size);
        if (r < 0 || size > PEER_TEXT_MAX)
                return EX_OSERR;
        text[size] = '\0'; /* so that the last string ends, whatever it is */

        for (char *s = text; s && s < text + size && r >= 0;)
                s = send_record(s, text + size, &r);
        return r < 0 && status == EX_OK ? EX_OSERR : (int) status;
}

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

static int put_usec(sd_bus *bus, const char *to, const char *path, const char *property)
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
                { "TimeoutStopUSec", put_usec },
        };
        int r;

        r = put_environment(bus, to, path);
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
        return r < 0 || fflush(stdout) != 0 ? EX_UNAVAILABLE : EX_OK;
}

int main(int argc, char **argv)
{
        if (argc == 3 && strcmp(argv[1], "send") == 0)
                return verb_send(argv[2]);
        if (argc == 3 && strcmp(argv[1], "unit") == 0)
                return verb_unit(argv[2]);

        (void) fprintf(stderr, "fcjail-systemd is executed by fcjail, see fcjail(1)\n");
        return EX_USAGE;
}

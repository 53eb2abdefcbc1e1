/* SPDX-License-Identifier: Apache-2.0 */

/* The sections of a configuration, from a file or one by one through the API. */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "vmm.h"

/* Firecracker's words, each in one piece. */
// clang-format off
#define OS_ERROR       "%s (os error %i)"
#define LOG_FAILED     "Failed to open target file: " OS_ERROR
#define METRICS_FAILED "Cannot initialize the metrics system due to bad user input: " OS_ERROR
#define KERNEL_FAILED  "The kernel file cannot be opened: " OS_ERROR
#define INITRD_FAILED  "The initrd file cannot be opened due to invalid path or invalid permissions. " OS_ERROR
#define DRIVE_FAILED   "Unable to create the virtio block device: Virtio backend error: Error manipulating the backing file: " OS_ERROR " %s"
#define VSOCK_FAILED   "Cannot create backend for vsock device: Error binding to the host-side Unix socket: " OS_ERROR
// clang-format on

#define OS_ERROR_OF(r) strerror(-(r)), -(r)

typedef char Text[PATH_MAX];

/* 1, or 0 if it is not there. */
static int get(const char *json, const char *name, Text text)
{
        const char *value = json_member(json, name);

        if (value && !json_string(value, text, sizeof(Text)))
                return fail(-EINVAL, "invalid value for field `%s`", name);
        return value ? 1 : 0;
}

static int need(const char *json, const char *name, Text text)
{
        int r = get(json, name, text);

        return r == 0 ? fail(-EINVAL, "missing field `%s`", name) : r;
}

/* For as long as the VMM runs. */
static int open_file(const char *path, int flags)
{
        return open(path, flags | O_CLOEXEC, 0666) < 0 ? -errno : 0;
}

static int add_logger(const char *json)
{
        Text path;
        int r = get(json, "log_path", path);

        if (r <= 0)
                return r;
        r = log_open(path);
        return r < 0 ? fail(r, LOG_FAILED, OS_ERROR_OF(r)) : 0;
}

static int add_metrics(const char *json)
{
        Text path;
        int r = need(json, "metrics_path", path);

        if (r < 0)
                return r;
        r = open_file(path, O_RDWR | O_CREAT | O_NONBLOCK);
        return r < 0 ? fail(r, METRICS_FAILED, OS_ERROR_OF(r)) : 0;
}

/* The guest is always the same one; the files that are named only have to open. */
static int add_boot_source(const char *json)
{
        Text kernel, initrd;
        int r = need(json, "kernel_image_path", kernel);

        if (r < 0)
                return r;
        r = open_file(kernel, O_RDONLY);
        if (r < 0)
                return fail(r, KERNEL_FAILED, OS_ERROR_OF(r));

        r = get(json, "initrd_path", initrd);
        if (r <= 0)
                return r;
        r = open_file(initrd, O_RDONLY);
        return r < 0 ? fail(r, INITRD_FAILED, OS_ERROR_OF(r)) : 0;
}

static int add_drive(const char *json)
{
        Text id, path;
        int r = need(json, "drive_id", id);

        if (r >= 0)
                r = need(json, "path_on_host", path);
        if (r >= 0 && !json_member(json, "is_root_device"))
                r = fail(-EINVAL, "missing field `is_root_device`");
        if (r < 0)
                return r;
        r = disk_add(path, json_true(json_member(json, "is_read_only")));
        return r < 0 ? fail(r, DRIVE_FAILED, OS_ERROR_OF(r), path) : 0;
}

static int add_interface(const char *json)
{
        Text tap, mac;
        int r = need(json, "host_dev_name", tap);

        if (r >= 0)
                r = get(json, "guest_mac", mac);
        if (r < 0)
                return r;
        r = net_add(tap, r > 0 ? mac : NULL);
        return r < 0 ? fail(r, "Open tap device failed: %s: %s", tap, strerror(-r)) : 0;
}

/* Nobody answers at the socket. */
static int add_vsock(const char *json)
{
        Text path;
        int r = need(json, "uds_path", path);

        if (r < 0)
                return r;
        r = api_listen(path);
        return r < 0 ? fail(r, VSOCK_FAILED, OS_ERROR_OF(r)) : 0;
}

/* The guest always has the same machine. */
static int set_machine(const char *json)
{
        (void) json;
        return 0;
}

/* In the order in which Firecracker takes them. */
static const struct section {
        const char *name;
        bool is_list;
        bool is_device;                /* which a snapshot has */
        const char *error, *api_error; /* what a failure is called in a file, and by the API */
        int (*add)(const char *json);
} sections[] = {
        { "logger", false, false, "Logger error", "Logger error", add_logger },
        { "metrics", false, false, "Metrics error", "Metrics error", add_metrics },
        { "machine-config", false, false, "Machine config error", "Machine config error", set_machine },
        { "boot-source", false, false, "Boot source error", "Boot source error", add_boot_source },
        { "drives", true, true, "Block device error", "Drive config error", add_drive },
        { "network-interfaces", true, true, "Network device error", "Network config error", add_interface },
        { "vsock", false, true, "Vsock device error", "Vsock config error", add_vsock },
};

#define N_SECTIONS (sizeof(sections) / sizeof(sections[0]))

static int add(const struct section *s, const char *json)
{
        char path[64];
        int r = s->add(json);

        if (r < 0 || !s->is_device)
                return r;
        (void) snprintf(path, sizeof(path), "/%s%s", s->name, s->is_list ? "/any" : "");
        r = snapshot_add_device(path, json, (size_t) (json_end(json) - json));
        return r < 0 ? fail(r, "too many devices") : 0;
}

int config_load(const char *json)
{
        for (const struct section *s = sections; s < sections + N_SECTIONS; s++) {
                const char *value = json_member(json, s->name),
                           *one = s->is_list ? json_element(value, 0) : value;

                for (size_t i = 1; one; one = s->is_list ? json_element(value, i++) : NULL) {
                        int r = add(s, one);
                        if (r < 0)
                                return fail(r, "%s: %s", s->error, failure());
                }
        }
        return 0;
}

/* /name, or of a list /name/id. */
static bool is_path_of(const struct section *s, const char *path)
{
        size_t n = strlen(s->name);

        return path[0] == '/' && strncmp(path + 1, s->name, n) == 0 &&
               (s->is_list ? path[1 + n] == '/' && path[2 + n] : !path[1 + n]);
}

int config_put(const char *path, const char *json)
{
        const struct section *s = sections;

        while (s < sections + N_SECTIONS && !is_path_of(s, path))
                s++;
        if (s == sections + N_SECTIONS)
                return fail(-ENOENT, "Invalid request method and/or path: PUT %s.", path);
        if (guest_running())
                return fail(-EINVAL, "The requested operation is not supported after starting the microVM.");

        int r = add(s, json);
        return r < 0 ? fail(r, "%s: %s", s->api_error, failure()) : 0;
}

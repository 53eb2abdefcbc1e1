/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Snapshots by Firecracker's API. The memory is a file like Firecracker's. The state is the demo's own: the CPU, the disk
 * controller, and each section of the configuration that named a device, which a load does once more. So a load opens
 * drives, TAPs and sockets at the paths that they had.
 */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "guest.h"
#include "vmm.h"

#define DEVICES_MAX 16384

typedef struct State {
        char magic[16];
        MachineState machine;
        DiskState disk;
        char devices[DEVICES_MAX]; /* lines: path of the API, blank, JSON in one line */
} State;

static const char magic[16] = "demo-vmm state\n";

static State state;
static size_t devices_length;

/* A line break can only be a blank: in a string it would be an escape, which no section has. */
int snapshot_add_device(const char *path, const char *json, size_t length)
{
        char *p = state.devices + devices_length;
        size_t left = sizeof(state.devices) - devices_length;
        int n = snprintf(p, left, "%s %.*s\n", path, (int) length, json);

        if (n < 0 || (size_t) n >= left)
                return -ENOSPC;
        for (char *c = p; c < p + n - 1; c++)
                if (*c == '\n' || *c == '\r')
                        *c = ' ';
        devices_length += (size_t) n;
        return 0;
}

static int write_file(const char *path, const void *data, size_t size)
{
        int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
        if (fd < 0)
                return -errno;
        ssize_t n = write(fd, data, size);
        int r = n == (ssize_t) size && fsync(fd) >= 0 ? 0 : n < 0 || (size_t) n == size ? -errno : -ENOSPC;
        (void) close(fd);
        return r;
}

static int path_of(const char *json, const char *name, char path[PATH_MAX])
{
        return json_string(json_member(json, name), path, PATH_MAX)
                       ? 0
                       : fail(-EINVAL, "missing field `%s`", name);
}

int snapshot_create(const char *json)
{
        char state_path[PATH_MAX], memory_path[PATH_MAX];
        const void *memory;
        int r;

        r = path_of(json, "snapshot_path", state_path);
        if (r >= 0)
                r = path_of(json, "mem_file_path", memory_path);
        if (r < 0)
                return r;
        if (!guest_paused())
                return fail(-EINVAL, "Create snapshot error: save/restore unavailable while running");

        memcpy(state.magic, magic, sizeof(magic));
        state.disk = disk_state;
        memory = guest_save(&state.machine);
        r = memory ? write_file(state_path, &state, sizeof(state)) : -EIO;
        if (r >= 0)
                r = write_file(memory_path, memory, MEMORY_SIZE);
        return r < 0 ? fail(r, "Create snapshot error: Cannot write the snapshot: %s (os error %i)",
                            strerror(-r), -r)
                     : 0;
}

static int read_state(const char *path)
{
        static State s;

        int fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        ssize_t n = read(fd, &s, sizeof(s));
        int r = n < 0 ? -errno : 0;
        (void) close(fd);
        if (r < 0)
                return r;
        if (n != sizeof(s) || memcmp(s.magic, magic, sizeof(magic)) != 0 ||
            !memchr(s.devices, '\0', sizeof(s.devices)))
                return -EBADMSG;
        state = s;
        return 0;
}

static int add_devices(void)
{
        static char lines[DEVICES_MAX];
        char *rest = lines;

        memcpy(lines, state.devices, sizeof(lines));
        devices_length = 0; /* each is added again */
        for (char *line; (line = strsep(&rest, "\n")) && *line;) {
                char *json = strchr(line, ' ');
                if (!json)
                        return fail(-EBADMSG, "a device without settings");
                *json++ = '\0';
                int r = config_put(line, json);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* mem_backend, or its older form. */
static int memory_path_of(const char *json, char path[PATH_MAX])
{
        const char *backend = json_member(json, "mem_backend");

        return backend ? path_of(backend, "backend_path", path) : path_of(json, "mem_file_path", path);
}

static int load(const char *state_path, const char *memory_path, bool resume)
{
        int r = read_state(state_path);

        if (r < 0)
                return fail(r, "Failed to open the snapshot state file: %s (os error %i)", strerror(-r), -r);
        r = add_devices();
        if (r < 0)
                return r;
        disk_state = state.disk;
        r = guest_restore(&state.machine, memory_path);
        if (r < 0)
                return fail(r, "Failed to restore the guest: %s (os error %i)", strerror(-r), -r);
        return resume ? guest_resume() : 0;
}

int snapshot_load(const char *json)
{
        char state_path[PATH_MAX], memory_path[PATH_MAX];
        int r;

        r = path_of(json, "snapshot_path", state_path);
        if (r >= 0)
                r = memory_path_of(json, memory_path);
        if (r < 0)
                return r;
        if (guest_running() || devices_length > 0)
                return fail(
                        -EINVAL,
                        "Loading a microVM snapshot not allowed after configuring boot-specific resources.");

        r = load(state_path, memory_path, json_true(json_member(json, "resume_vm")));
        return r < 0 ? fail(r, "Load snapshot error: %s", failure()) : 0;
}

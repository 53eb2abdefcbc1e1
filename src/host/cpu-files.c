/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Firecracker's own jailer also copies these on aarch64. Copies, and not a bind mount of the host's /sys: the VMM needs
 * nothing else of it.
 */

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "at.h"
#include "cpu-files.h"
#include "fd-util.h"
#include "tolerated.h"

/* As many as the kernel's cacheinfo has. */
#define CACHES_MAX 8

/* A file of sysfs is one page at most; these are a line. */
#define LINE_SIZE_MAX 4096

static const char *const cache_files[] = {
        "size", "level", "type", "shared_cpu_map", "coherency_line_size", "number_of_sets",
};
static const char *const id_files[] = { "midr_el1" };

/* Of the host or of the jail; the jail's is made. */
static int open_below(int dir_fd, const char *const *names, bool make)
{
        _cleanup_close_ int fd = RET_NERRNO(fcntl(dir_fd, F_DUPFD_CLOEXEC, 3));

        for (; fd >= 0 && *names; names++) {
                int below = make ? at_make_dir(fd, *names, 0755) : at_hold_dir(fd, *names);
                (void) safe_close(fd);
                fd = below;
        }

        return TAKE_FD(fd);
}

static int copy_line(int host_fd, int jail_fd, const char *name)
{
        _cleanup_free_ char *line = NULL;
        size_t size;
        int r;

        r = at_read_file(host_fd, name, LINE_SIZE_MAX, &line, &size);
        if (r < 0)
                return tolerate(TOLERATED_CPU_FILE, r);
        return at_write_file(jail_fd, name, 0444, line, size);
}

/* 1, or 0 if the host does not have the directory. */
static int copy_dir(int host_fd, int jail_fd, const char *const *dir, const char *const *files,
                    size_t n_files)
{
        int r = 0;

        _cleanup_close_ int from_fd = open_below(host_fd, dir, /* make= */ false);
        if (from_fd < 0)
                return tolerate(TOLERATED_CPU_FILE, from_fd);
        _cleanup_close_ int to_fd = open_below(jail_fd, dir, /* make= */ true);
        if (to_fd < 0)
                return to_fd;

        for (size_t i = 0; i < n_files && r >= 0; i++)
                r = copy_line(from_fd, to_fd, files[i]);
        return r < 0 ? r : 1;
}

int cpu_files_copy(int host_fd, int sys_fd, const char **ret_object)
{
        static const char *const cpu[] = { "devices", "system", "cpu", "cpu0", NULL };
        static const char *const id[] = { "regs", "identification", NULL };
        char index[16];
        int r = 1;

        *ret_object = "/sys/" CPU_FILES_DIR;
        _cleanup_close_ int cpu_fd =
                openat(host_fd, CPU_FILES_DIR, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (cpu_fd < 0)
                return tolerate(TOLERATED_CPU_FILE, -errno);
        _cleanup_close_ int jail_fd = open_below(sys_fd, cpu, /* make= */ true);
        if (jail_fd < 0)
                return jail_fd;

        *ret_object = "/sys/" CPU_FILES_DIR "/cache";
        for (unsigned i = 0; i < CACHES_MAX && r > 0; i++) {
                const char *const cache[] = { "cache", index, NULL };

                (void) snprintf(index, sizeof(index), "index%u", i);
                r = copy_dir(cpu_fd, jail_fd, cache, cache_files, ELEMENTSOF(cache_files));
        }
        if (r < 0)
                return r;

        *ret_object = "/sys/" CPU_FILES_DIR "/regs/identification";
        r = copy_dir(cpu_fd, jail_fd, id, id_files, ELEMENTSOF(id_files));
        return r < 0 ? r : 0;
}

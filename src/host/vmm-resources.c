/* SPDX-License-Identifier: Apache-2.0 */

/*
 * One function per resource. Each says what is short as a finding.
 *
 * Should:  name the setting, the directive or the sysctl that gives it; the VMM names none of them, if it says anything.
 * Mustn't: call it an error if the VM only may run short of it.
 */

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "at.h"
#include "parse.h"
#include "proc.h"
#include "vmm-resources.h"

#define MIB (1024ULL * 1024)

/* Of the VMM itself and of what the kernel accounts to it, such as page tables; examples/limits.conf says the same. */
#define OVERHEAD_MIB 50

/* Entries of the rings that Firecracker makes, one ring for each drive. */
#define RING_SIZE 128

typedef struct Needs {
        const Plan *plan;
        const SystemdUnit *unit;
        const VmmFiles *files;
        Findings *findings;
} Needs;

/* Of "0-3" or "8": how many numbers that is. */
static unsigned count_range(char *range)
{
        char *to = strchr(range, '-');
        uint32_t first, last;

        if (to)
                *to++ = '\0';
        if (parse_u32(range, 0, INT16_MAX, &first) < 0 ||
            parse_u32(to ? to : range, first, INT16_MAX, &last) < 0)
                return 0;
        return last - first + 1;
}

/* Of a list such as "0-3,8"; 1 if it cannot be read: there is one at least. */
static unsigned count_list(const char *path)
{
        _cleanup_free_ char *text = NULL;
        unsigned n = 0;

        if (at_read_file(AT_FDCWD, path, 4096, &text, NULL) < 0)
                return 1;
        text[strcspn(text, "\n")] = '\0';
        for (char *rest = text, *range; (range = strsep(&rest, ","));)
                n += count_range(range);
        return n > 0 ? n : 1;
}

static unsigned count_async(const VmmFiles *files)
{
        unsigned n = 0;

        FOREACH_ARRAY (i, files->items, files->n_items)
                n += i->async;
        return n;
}

/* Firecracker does not fall back to Sync. */
static int check_filter(const Needs *n)
{
        int r = 0;

        if (!plan_filter_forbids_io_uring(n->plan))
                return 0;
        FOREACH_ARRAY (i, n->files->items, n->files->n_items)
                if (i->async && r != -ENOMEM)
                        r = findings_add(
                                n->findings, SEVERITY_ERROR, -EPERM, EX_UNAVAILABLE, n->plan->config,
                                "set FCJAIL_SECCOMP=io_uring",
                                "wants io_engine Async for its %s '%s', which fcjail's default filter forbids",
                                i->role, i->label ? i->label : i->pointer);
        return r;
}

static int forbids_io_uring(const Needs *n, const char *remedy, const char *why)
{
        return findings_add(n->findings, SEVERITY_ERROR, -EPERM, EX_UNAVAILABLE, "kernel.io_uring_disabled",
                            remedy, "is %s, so the VMM cannot open a drive with io_engine Async", why);
}

/* Before Linux 6.6 there is no such sysctl. The VMM has no other group than its gid, and no capability. */
static int check_io_uring(const Needs *n)
{
        const gid_t gid = n->plan->gid != GID_INVALID ? n->plan->gid : n->plan->uid;
        uint64_t disabled, group;

        if (count_async(n->files) == 0 || proc_number("/proc/sys/kernel/io_uring_disabled", &disabled) < 0)
                return 0;
        if (disabled == 2)
                return forbids_io_uring(
                        n, "run `sysctl -w kernel.io_uring_disabled=0`, or set io_engine Sync", "2");
        if (disabled != 1 || (proc_number("/proc/sys/kernel/io_uring_group", &group) >= 0 && group == gid))
                return 0;
        return forbids_io_uring(
                n, "set kernel.io_uring_group to FCJAIL_GID= of the VMs that need it, or set io_engine Sync",
                "1, and kernel.io_uring_group is not the VM's gid");
}

/* The kernel has a limit for the workers of each ring on each NUMA node, and does with less if it gets no more. */
static int check_workers(const Needs *n)
{
        const unsigned long long max = n->unit->tasks_max, drives = count_async(n->files);

        if (max == 0 || drives == 0)
                return 0;
        const unsigned nodes = count_list("/sys/devices/system/node/online");
        const unsigned cpus = count_list("/sys/devices/system/cpu/online");
        const unsigned of_a_node = 4 * cpus < RING_SIZE ? 4 * cpus : RING_SIZE;
        const unsigned long long all = drives * (1 + nodes * of_a_node);
        if (all < max)
                return 0;
        return findings_add(
                n->findings, SEVERITY_NOTE, 0, EX_OK, "TasksMax=", "raise it if these drives are slow",
                "is %llu, but the VM's drives with io_engine Async can use %llu kernel threads", max, all);
}

#define HUGE_PAGES "/sys/kernel/mm/hugepages/hugepages-2048kB"

/* Pages that this VM could get: free ones that nobody has reserved, and those that the pool may grow by. */
static int count_huge_pages(uint64_t *ret_available, uint64_t *ret_pool)
{
        static const char *const paths[] = {
                HUGE_PAGES "/free_hugepages",
                HUGE_PAGES "/resv_hugepages",
                HUGE_PAGES "/nr_overcommit_hugepages",
                HUGE_PAGES "/surplus_hugepages",
                HUGE_PAGES "/nr_hugepages",
        };
        enum { FREE, RESERVED, OVERCOMMIT, SURPLUS, POOL };
        uint64_t pages[ELEMENTSOF(paths)];
        int r = 0;

        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(paths); i++)
                r = proc_number(paths[i], &pages[i]);
        if (r < 0)
                return r;
        *ret_available = pages[FREE] > pages[RESERVED] ? pages[FREE] - pages[RESERVED] : 0;
        if (pages[OVERCOMMIT] > pages[SURPLUS])
                *ret_available += pages[OVERCOMMIT] - pages[SURPLUS];
        *ret_pool = pages[POOL];
        return 0;
}

/* The VMM reserves none. Without any it ends with "Unable to read kernel image". */
static int check_huge_pages(const Needs *n)
{
        const unsigned needed = n->files->machine.mem_mib / 2;
        uint64_t available, pool;
        char remedy[128];

        if (!n->files->machine.huge_pages)
                return 0;
        if (count_huge_pages(&available, &pool) < 0)
                return findings_add(n->findings, SEVERITY_ERROR, -ENOENT, EX_UNAVAILABLE, HUGE_PAGES,
                                    "remove huge_pages from FCJAIL_CONFIG=",
                                    "does not exist, so the VMM gets no huge pages of 2 MiB");
        if (available >= needed)
                return 0;
        (void) snprintf(remedy, sizeof(remedy), "run `echo %llu >" HUGE_PAGES "/nr_hugepages`",
                        (unsigned long long) (pool + needed - available));
        if (available == 0)
                return findings_add(n->findings, SEVERITY_ERROR, -ENOSPC, EX_UNAVAILABLE,
                                    HUGE_PAGES "/nr_hugepages", remedy,
                                    "leaves none of the %u pages that the VM needs", needed);
        return findings_add(
                n->findings, SEVERITY_WARNING, -ENOSPC, EX_OK, HUGE_PAGES "/nr_hugepages", remedy,
                "leaves %u of the %u pages that the VM needs, so the kernel kills it with SIGBUS when its guest uses more",
                (unsigned) available, needed);
}

/* Huge pages of the pool do not count. */
static int check_memory(const Needs *n)
{
        const VmmMachine *m = &n->files->machine;
        const unsigned long long guest_mib = m->huge_pages ? 0 : m->mem_mib + m->hotplug_mib;
        const unsigned long long needed_mib = guest_mib + OVERHEAD_MIB;
        const struct {
                const char *name;
                unsigned long long limit; /* 0: unknown */
                const char *effect;
        } rows[] = {
                { "MemoryMax=", n->unit->memory_max, "kills the VM" },
                { "MemoryHigh=", n->unit->memory_high, "slows the VM down" },
        };
        char remedy[64];
        int r = 0;

        (void) snprintf(remedy, sizeof(remedy), "set it to %lluM or more", needed_mib);
        FOREACH_ARRAY (row, rows, ELEMENTSOF(rows))
                if (r != -ENOMEM && row->limit != 0 && row->limit < needed_mib * MIB)
                        r = findings_add(
                                n->findings, SEVERITY_WARNING, 0, EX_OK, row->name, remedy,
                                "is %llu MiB, so the kernel %s when its guest and the VMM use their %llu MiB",
                                row->limit / MIB, row->effect, needed_mib);
        return r;
}

/* With FCJAIL_READY=exec nobody waits for the guest. */
static int check_gdb(const Needs *n)
{
        if (n->plan->ready != READY_API)
                return 0;
        FOREACH_ARRAY (i, n->files->items, n->files->n_items)
                if (strcmp(i->pointer, "/machine-config/gdb_socket_path") == 0)
                        return findings_add(
                                n->findings, SEVERITY_WARNING, 0, EX_OK, n->plan->config,
                                "set FCJAIL_READY=exec",
                                "has gdb_socket_path, so the VMM waits for gdb before it boots the guest, and the start fails after %u s",
                                (unsigned) (n->plan->ready_timeout_usec / 1000000));
        return 0;
}

/* The next component of a path in *path: its length, or 0. "." is none. */
static size_t next_name(const char **path)
{
        size_t n;

        for (;;) {
                *path += strspn(*path, "/");
                n = strcspn(*path, "/");
                if (n != 1 || **path != '.')
                        return n;
                *path += n;
        }
}

static bool same_path(const char *a, const char *b)
{
        for (;;) {
                size_t n = next_name(&a);

                if (next_name(&b) != n || strncmp(a, b, n) != 0)
                        return false;
                if (n == 0)
                        return true;
                a += n;
                b += n;
        }
}

static bool in_dev(const char *path)
{
        size_t n = next_name(&path);

        return n == strlen(JAIL_DEV) && strncmp(path, JAIL_DEV, n) == 0;
}

/* Firecracker neither truncates nor appends: each of its writers has a position of its own. */
static int check_same_file(const Needs *n)
{
        const VmmFile *first = NULL;

        FOREACH_ARRAY (i, n->files->items, n->files->n_items) {
                if (i->access != VMM_CREATES || in_dev(i->path))
                        continue;
                if (first && same_path(first->path, i->path))
                        return findings_add(
                                n->findings, SEVERITY_WARNING, 0, EX_OK, n->plan->config,
                                "give each its own file",
                                "names one file for its %s and its %s, which overwrite each other unless it is a FIFO",
                                first->role, i->role);
                first = i;
        }
        return 0;
}

int vmm_resources_check(const Plan *plan, const SystemdUnit *unit, const VmmFiles *files, Findings *f)
{
        static int (*const checks[])(const Needs *) = {
                check_filter, check_io_uring, check_workers,   check_huge_pages,
                check_memory, check_gdb,      check_same_file,
        };
        const Needs needs = { plan, unit, files, f };

        FOREACH_ARRAY (check, checks, ELEMENTSOF(checks))
                if ((*check)(&needs) == -ENOMEM)
                        return -ENOMEM;
        return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */

/* The kernel and its control groups: what a start needs, and what it does without. */

#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/timex.h>
#include <unistd.h>

#include "doctor-read.h"
#include "missing.h"

#define OSRELEASE "/proc/sys/kernel/osrelease"

static int check_version(const DoctorHost *h, Findings *f)
{
        char text[DOCTOR_TEXT_MAX];
        int r;

        r = doctor_get(h, f, OSRELEASE, "is not shown here", text);
        if (r <= 0)
                return r;
        if (!doctor_kernel_is(h, 0, 0))
                return doctor_unknown(f, OSRELEASE, text);
        if (!doctor_kernel_is(h, 5, 10))
                return DOCTOR_ERROR(f, -ENOSYS, EX_OSERR, OSRELEASE, "boot Linux 5.10 or newer",
                                    "is %.64s, but a start needs calls of newer kernels", text);
        return DOCTOR_OK(f, OSRELEASE, "is %.64s; Firecracker is tested on 5.10, 6.1 and 6.18", text);
}

/* With a descriptor that is not open: the error tells whether the kernel has the call. */
static int check_idmap(const DoctorHost *h, Findings *f)
{
        struct mount_attr attr = {};

        (void) h;
        if (syscall(SYS_mount_setattr, -1, "", AT_EMPTY_PATH, &attr, sizeof(attr)) < 0 && errno == ENOSYS)
                return DOCTOR_NOTE(
                        f, "mount_setattr(2)",
                        "boot Linux 5.12 or newer; until then `chown` such files to the VM's uid, or set the option loop in FCJAIL_BIND=",
                        "is missing, so files cannot be bound into a jail with another owner");
        return DOCTOR_OK(f, "mount_setattr(2)",
                         "exists, so files can be bound into a jail with another owner");
}

static int check_keyrings(const DoctorHost *h, Findings *f)
{
        if (doctor_exists(h, "/proc/keys"))
                return DOCTOR_OK(f, "keyrings", "exist, and each VM gets a session keyring of its own");
        return DOCTOR_OK(f, "keyrings", "are not a part of this kernel, so VMs share none");
}

static int check_seccomp(const DoctorHost *h, Findings *f)
{
        static const char path[] = "/proc/sys/kernel/seccomp/actions_avail";
        char text[DOCTOR_TEXT_MAX];
        int r;

        r = doctor_read(h, path, text);
        if (r == -ENOENT)
                return DOCTOR_ERROR(f, r, EX_OSERR, path, "boot a kernel with CONFIG_SECCOMP_FILTER",
                                    "is missing, so the kernel has no system call filters");
        if (r < 0)
                return doctor_unreadable(f, path, r);
        if (!doctor_has_word(text, "kill_process") || !doctor_has_word(text, "errno"))
                return doctor_unknown(f, path, text);
        return DOCTOR_OK(f, path, "has the actions of fcjail's filter");
}

static int check_loop(const DoctorHost *h, Findings *f)
{
        if (doctor_exists(h, "/dev/loop-control"))
                return DOCTOR_OK(f, "/dev/loop-control", "exists");
        return DOCTOR_NOTE(f, "/dev/loop-control", "load it with `modprobe loop`",
                           "is missing, so the option loop of FCJAIL_BIND= does not work");
}

static int check_userfaultfd(const DoctorHost *h, Findings *f)
{
        if (doctor_exists(h, "/dev/userfaultfd"))
                return DOCTOR_OK(f, "/dev/userfaultfd", "exists");
        return DOCTOR_NOTE(f, "/dev/userfaultfd",
                           "boot Linux 6.1 or newer with CONFIG_USERFAULTFD if you need that",
                           "is missing, so VMs cannot restore snapshots by userfaultfd");
}

static int check_io_uring(const DoctorHost *h, Findings *f)
{
        static const char path[] = "/proc/sys/kernel/io_uring_disabled";
        uint64_t value;
        int r;

        r = doctor_get_number(h, f, path, "is not a sysctl of this kernel", &value);
        if (r <= 0)
                return r;
        if (value == 0)
                return DOCTOR_OK(f, path, "is 0: VMs with FCJAIL_SECCOMP=io_uring can use it");
        return DOCTOR_OK(f, path, "is %llu: drives need io_engine Sync", (unsigned long long) value);
}

/* Slow clocks are read by a system call, as often as the guest asks for the time. */
static int check_clock(const DoctorHost *h, Findings *f)
{
        static const char path[] = "/sys/devices/system/clocksource/clocksource0/current_clocksource";
        static const char *const fast[] = { "tsc", "arch_sys_counter", "kvm-clock",
                                            "hyperv_clocksource_tsc_page" };
        char text[DOCTOR_TEXT_MAX];
        int r;

        r = doctor_get(h, f, path, "is not shown here", text);
        if (r <= 0)
                return r;
        FOREACH_ARRAY (name, fast, ELEMENTSOF(fast))
                if (strcmp(text, *name) == 0)
                        return DOCTOR_OK(f, path, "is %s", text);
        return DOCTOR_WARNING(f, path, "see `dmesg | grep -i clocksource` for the reason",
                              "is '%.64s', which is slow, and guests may not get a stable time", text);
}

static int check_time(const DoctorHost *h, Findings *f)
{
        struct timex t = {};

        (void) h;
        if (adjtimex(&t) < 0)
                return doctor_unreadable(f, "the clock", -errno);
        if (t.status & STA_UNSYNC)
                return DOCTOR_NOTE(f, "the clock", "run `timedatectl set-ntp true`",
                                   "is not synchronized, so neither are those of guests");
        return DOCTOR_OK(f, "the clock", "is synchronized");
}

#define CONTROLLERS "/sys/fs/cgroup/cgroup.controllers"

static int check_cgroup(const DoctorHost *h, Findings *f)
{
        if (doctor_exists(h, CONTROLLERS))
                return DOCTOR_OK(f, "/sys/fs/cgroup", "is cgroup v2");
        return DOCTOR_WARNING(
                f, "/sys/fs/cgroup", "boot with systemd.unified_cgroup_hierarchy=1",
                "is not cgroup v2, so limits of the unit may have no effect, and fcjail is not tested with it");
}

static int check_controllers(const DoctorHost *h, Findings *f)
{
        static const struct {
                const char *name, *effect;
        } needed[] = {
                { "memory", "MemoryMax=" },
                { "cpu", "CPUQuota=" },
                { "pids", "TasksMax=" },
                { "io", "IOReadBandwidthMax=" },
        };
        char text[DOCTOR_TEXT_MAX];
        int r;

        r = doctor_get(h, f, CONTROLLERS, "does not exist, as this is not cgroup v2", text);
        if (r <= 0)
                return r;
        const size_t before = f->n_items;
        FOREACH_ARRAY (c, needed, ELEMENTSOF(needed))
                if (r != -ENOMEM && !doctor_has_word(text, c->name))
                        r = DOCTOR_WARNING(f, CONTROLLERS,
                                           "boot without cgroup_disable=, or with cgroup_enable=",
                                           "lacks %s, so %s has no effect", c->name, c->effect);
        if (f->n_items > before)
                return r;
        return DOCTOR_OK(f, CONTROLLERS, "has %s", text);
}

static const DoctorCheck checks[] = {
        { "kernel", "release", check_version },
        { "kernel", "namespace", .start = host_check_user_namespace, .object = "/proc/self/ns/user",
          .fine = "is the initial user namespace" },
        { "kernel", "proc", .start = host_check_proc, .object = "/proc/sys", .fine = "exists" },
        { "kernel", "root", .start = host_check_root, .object = "/",
          .fine = "is neither the initramfs nor the directory of a chroot" },
        { "kernel", "dumpable", .start = host_check_suid_dumpable, .object = "fs.suid_dumpable",
          .fine = "is not 1" },
        { "kernel", "seccomp", check_seccomp },
        { "kernel", "idmap", check_idmap },
        { "kernel", "keyrings", check_keyrings },
        { "kernel", "loop", check_loop },
        { "kernel", "userfaultfd", check_userfaultfd },
        { "kernel", "io-uring", check_io_uring },
        { "kernel", "clocksource", check_clock },
        { "kernel", "time", check_time },
        { "cgroup", "hierarchy", check_cgroup },
        { "cgroup", "controllers", check_controllers },
};

const DoctorGroup doctor_kernel = { checks, ELEMENTSOF(checks) };

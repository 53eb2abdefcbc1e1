/* SPDX-License-Identifier: Apache-2.0 */

/* /dev/kvm. A module that is not loaded yet is not loaded by a look, so the device is opened only if there is one behind it. */

#include <fcntl.h>
#include <linux/kvm.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "doctor-read.h"
#include "fd-util.h"
#include "host.h"

#define KVM "/dev/kvm"

#define LOAD_KVM "load it with `modprobe kvm_intel` or `modprobe kvm_amd`"

static int check_module(const DoctorHost *h, Findings *f)
{
        if (doctor_exists(h, "/sys/class/misc/kvm") || doctor_exists(h, "/sys/module/kvm"))
                return DOCTOR_OK(f, "module kvm", "is loaded, or a part of the kernel");
        return DOCTOR_WARNING(f, "module kvm",
                              HOST_IS_PC ? LOAD_KVM "; if that fails, enable virtualization in the firmware"
                                         : "boot a kernel with KVM, in EL2",
                              "is not loaded");
}

/* What opening it says; -EAGAIN: there is no driver to ask. */
static int ask_version(const DoctorHost *h, int *ret)
{
        if (!doctor_exists(h, "/sys/class/misc/kvm"))
                return -EAGAIN;
        _cleanup_close_ int fd = openat(h->root_fd, &KVM[1], O_RDWR | O_NONBLOCK | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        int version = ioctl(fd, KVM_GET_API_VERSION, 0);
        if (version < 0)
                return -errno;
        *ret = version;
        return 0;
}

static int check_open(const DoctorHost *h, Findings *f)
{
        int r, version = 0;

        r = ask_version(h, &version);
        if (r == -EAGAIN)
                return DOCTOR_NOTE(f, KVM, LOAD_KVM, "is not opened, because no driver is behind it");
        if (r == -EACCES || r == -EPERM)
                return doctor_unreadable(f, KVM, r);
        if (r == -EBUSY)
                return DOCTOR_WARNING(f, KVM, "stop the other hypervisor", "is used by another hypervisor");
        if (r < 0)
                return DOCTOR_WARNING(f, KVM, LOAD_KVM, "does not answer: %s", strerror(-r));
        if (version != KVM_API_VERSION)
                return DOCTOR_WARNING(f, KVM, NULL, "has version %i of its API, not %i", version,
                                      KVM_API_VERSION);
        return DOCTOR_OK(f, KVM, "can be opened");
}

static int check_permissions(const DoctorHost *h, Findings *f)
{
        struct stat st;

        if (fstatat(h->root_fd, &KVM[1], &st, AT_SYMLINK_NOFOLLOW) < 0)
                return DOCTOR_NOTE(f, KVM, NULL, "has no permissions to look at: %s", strerror(errno));
        if (st.st_uid != 0)
                return DOCTOR_WARNING(f, KVM, "run `chown root /dev/kvm`", "belongs to uid %u", st.st_uid);
        if (st.st_mode & S_IWOTH)
                return DOCTOR_NOTE(
                        f, KVM,
                        "write KERNEL==\"kvm\", GROUP=\"kvm\", MODE=\"0660\" into /etc/udev/rules.d/99-kvm.rules; VMs of fcjail have a node of their own",
                        "has mode %04o, so every local user can use KVM", st.st_mode & 07777);
        return DOCTOR_OK(f, KVM, "has owner root, mode %04o", st.st_mode & 07777);
}

/* A guest that is a hypervisor reaches far more of KVM than others do. */
static int check_nested(const DoctorHost *h, Findings *f)
{
        static const struct {
                const char *path, *remedy;
        } modules[] = {
                { "/sys/module/kvm_intel/parameters/nested",
                  "write `options kvm_intel nested=0` into /etc/modprobe.d/kvm-nested.conf" },
                { "/sys/module/kvm_amd/parameters/nested",
                  "write `options kvm_amd nested=0` into /etc/modprobe.d/kvm-nested.conf" },
        };
        char text[DOCTOR_TEXT_MAX];

        FOREACH_ARRAY (m, modules, ELEMENTSOF(modules)) {
                if (doctor_read(h, m->path, text) < 0)
                        continue;
                if (strcmp(text, "N") == 0 || strcmp(text, "0") == 0)
                        return DOCTOR_OK(f, m->path, "is off, so guests cannot use KVM themselves");
                if (strcmp(text, "Y") == 0 || strcmp(text, "1") == 0)
                        return DOCTOR_NOTE(
                                f, m->path, m->remedy,
                                "is on, so a guest may use KVM itself if its CPU template allows");
                return doctor_unknown(f, m->path, text);
        }
        return DOCTOR_OK(f, "nested virtualization", "is not a parameter of this kernel's KVM");
}

/* Nested: slow, and what mitigates the CPU's errors is the outer hypervisor's affair. */
static int check_hypervisor(const DoctorHost *h, Findings *f)
{
        char text[DOCTOR_TEXT_MAX];
        int r;

        r = doctor_get(h, f, "/proc/cpuinfo", "does not exist", text);
        if (r <= 0)
                return r;
        if (doctor_has_word(text, "hypervisor"))
                return DOCTOR_NOTE(
                        f, "this host", "use hardware without a hypervisor in production",
                        "is a VM itself, so its VMs are slower, and depend on the outer hypervisor");
        return DOCTOR_OK(f, "this host", "does not look like a VM");
}

static const DoctorCheck checks[] = {
        { "kvm", "device", .start = host_check_kvm, .object = KVM, .fine = "exists" },
        { "kvm", "module", check_module },
        { "kvm", "open", check_open },
        { "kvm", "permissions", check_permissions },
        { "kvm", "nested", check_nested },
        { "kvm", "hypervisor", check_hypervisor },
};

const DoctorGroup doctor_kvm = { checks, ELEMENTSOF(checks) };

/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Step `paths`: from here on no path of the configuration is used again, only what was opened and found to
 * be in order here.
 *
 * Should:  leave everything as it is; hold each object by a descriptor.
 * Mustn't: make anything: nothing is recorded yet.
 */

#include <elf.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sysexits.h>
#include <unistd.h>

#include "chase.h"
#include "fd-util.h"
#include "filter-read.h"
#include "host.h"
#include "step.h"

#define CONFIG_SIZE_MAX (1024 * 1024)

/* Of a program; linkers make some ten. */
#define PHDRS_MAX 64

/* chase_open(), with its errors told as this step's. */
static int open_path(Jail *jail, const char *path, int flags, const char *remedy, int *ret_fd)
{
        _cleanup_free_ char *culprit = NULL;

        int fd = chase_open(path, flags, CHASE_DEFAULT, &culprit);
        if (fd >= 0) {
                *ret_fd = fd;
                return 0;
        }

        const char *what = culprit && strcmp(culprit, path) != 0 ? culprit : "it";
        if (fd == -ENOENT)
                return step_fail_because(jail, fd, EX_NOINPUT, path, "%s does not exist; %s", what, remedy);
        if (fd == -EPERM || fd == -ENOLINK || fd == -ELOOP)
                return step_fail_because(jail, fd, EX_NOPERM, path, "%s %s", what, chase_strerror(fd));
        return step_fail_because(jail, fd, EX_NOINPUT, path, "%s: %s", what, chase_strerror(fd));
}

/* 1: an ELF program that needs no interpreter. The jail has no dynamic linker to offer. */
static int is_static_elf(int fd)
{
        Elf64_Phdr headers[PHDRS_MAX];
        Elf64_Ehdr e;

        ssize_t n = pread(fd, &e, sizeof(e), 0);
        if (n < 0)
                return -errno;
        if ((size_t) n != sizeof(e) || memcmp(e.e_ident, ELFMAG, SELFMAG) != 0 ||
            e.e_ident[EI_CLASS] != ELFCLASS64 || e.e_phentsize != sizeof(headers[0]) ||
            e.e_phnum > PHDRS_MAX)
                return -ENOEXEC;

        const size_t size = e.e_phnum * sizeof(headers[0]);
        n = pread(fd, headers, size, (off_t) e.e_phoff);
        if (n < 0)
                return -errno;
        if ((size_t) n != size)
                return -ENOEXEC;
        FOREACH_ARRAY (h, headers, e.e_phnum)
                if (h->p_type == PT_INTERP)
                        return 0;
        return 1;
}

static int open_vmm(Jail *jail)
{
        const char *path = jail->plan->vmm;
        int r;

        r = open_path(jail, path, O_RDONLY,
                      "install Firecracker there, or name it with FCJAIL_VMM=", &jail->vmm_fd);
        if (r < 0)
                return r;

        r = is_static_elf(jail->vmm_fd);
        if (r == -ENOEXEC)
                return step_fail_because(jail, r, EX_NOINPUT, path, "is not a 64-bit ELF program");
        if (r < 0)
                return step_fail(jail, r, "%s", path);
        if (r == 0)
                return step_fail_because(
                        jail, -ENOEXEC, EX_NOINPUT, path,
                        "is dynamically linked, and the jail has no libraries; use the static "
                        "(musl) build that Firecracker's releases carry");
        return 0;
}

static int open_config(Jail *jail)
{
        const char *path = jail->plan->config;
        struct stat st;
        int r;

        if (!path)
                return 0;
        r = open_path(jail, path, O_RDONLY, "write it, or unset FCJAIL_CONFIG=", &jail->config_fd);
        if (r < 0)
                return r;
        if (fstat(jail->config_fd, &st) < 0)
                return step_fail(jail, -errno, "%s", path);
        if (!S_ISREG(st.st_mode))
                return step_fail_because(jail, -EINVAL, EX_NOINPUT, path, "is not a regular file");
        if (st.st_size > CONFIG_SIZE_MAX)
                return step_fail_because(jail, -EFBIG, EX_NOINPUT, path, "is larger than %i bytes",
                                         CONFIG_SIZE_MAX);
        return 0;
}

/* Links are followed whoever made them, as users rely on it; what they lead to must be a network namespace.
 */
static int open_netns(Jail *jail)
{
        const char *path = jail->plan->netns_path;

        if (jail->plan->netns != NETNS_PATH)
                return 0;

        jail->netns_fd = netns_open(path);
        switch (jail->netns_fd) {
        case -ENOENT:
                return step_fail_because(jail, -ENOENT, EX_NOINPUT, path,
                                         "does not exist; `ip netns add` makes a named namespace, `ip netns "
                                         "list` shows those there are");
        case -ENOTTY:
                return step_fail_because(jail, -EINVAL, EX_NOINPUT, path, "is not a namespace");
        case -ENXIO:
                return step_fail_because(jail, -EINVAL, EX_NOINPUT, path,
                                         "is a namespace, but not of the network");
        default:
                return jail->netns_fd < 0 ? step_fail(jail, jail->netns_fd, "%s", path) : 0;
        }
}

static int open_filter(Jail *jail)
{
        const char *path = jail->plan->seccomp_path;
        _cleanup_free_ char *why = NULL;
        int r;

        if (!path)
                return 0;
        _cleanup_close_ int fd = -EBADF;
        r = open_path(jail, path, O_RDONLY, "compile one, or say FCJAIL_SECCOMP=default", &fd);
        if (r < 0)
                return r;

        r = filter_read(fd, &jail->filter, &jail->n_filter, &why);
        if (r == -EBADMSG)
                return step_fail_because(jail, r, EX_NOINPUT, path, "%s", why);
        return r < 0 ? step_fail(jail, r, "%s", path) : 0;
}

/* A label that nobody enforces must not look like one. */
static int check_label(Jail *jail)
{
        struct statfs sfs;
        char enabled = 'N';

        if (jail->plan->apparmor) {
                _cleanup_close_ int fd =
                        open("/sys/module/apparmor/parameters/enabled", O_RDONLY | O_CLOEXEC);
                if (fd < 0 || read(fd, &enabled, 1) != 1 || enabled != 'Y')
                        return step_fail_because(jail, -EOPNOTSUPP, EX_UNAVAILABLE, jail->plan->apparmor,
                                                 "AppArmor is not active on this host; boot with "
                                                 "apparmor=1 security=apparmor, or unset FCJAIL_APPARMOR=");
        }
        if (jail->plan->selinux &&
            (statfs("/sys/fs/selinux", &sfs) < 0 || (unsigned) sfs.f_type != SELINUX_MAGIC))
                return step_fail_because(jail, -EOPNOTSUPP, EX_UNAVAILABLE, jail->plan->selinux,
                                         "SELinux is not active on this host; enable it in "
                                         "/etc/selinux/config, or unset FCJAIL_SELINUX=");
        return 0;
}

#if defined(__x86_64__)
#define KVM_REMEDY "`modprobe kvm_intel` or kvm_amd may bring it"
#else
#define KVM_REMEDY "its kernel has to be one with KVM that has been booted in EL2"
#endif

static int need_device(Jail *jail, const char *path, const char *remedy)
{
        struct stat st;

        if (stat(path, &st) >= 0 && S_ISCHR(st.st_mode))
                return 0;
        return step_fail_because(jail, -ENODEV, EX_UNAVAILABLE, path,
                                 "the host does not have this device; %s", remedy);
}

int step_paths(Jail *jail)
{
        int r;

        r = open_path(jail, jail->plan->chroot_dir, O_PATH | O_DIRECTORY,
                      "`systemd-tmpfiles --create` makes the default one; make others with mkdir -m 0755",
                      &jail->base_fd);
        if (r >= 0)
                r = open_vmm(jail);
        if (r >= 0)
                r = open_config(jail);
        if (r >= 0)
                r = open_netns(jail);
        if (r >= 0)
                r = open_filter(jail);
        if (r >= 0)
                r = check_label(jail);
        if (r >= 0)
                r = need_device(jail, "/dev/kvm", KVM_REMEDY);
        if (r >= 0 && jail->plan->n_taps > 0)
                r = need_device(jail, "/dev/net/tun", "`modprobe tun` may bring it");
        return r;
}

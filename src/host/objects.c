/* SPDX-License-Identifier: Apache-2.0 */

/*
 * One function per object. Each says what is wrong with it as a finding, whose error it returns.
 *
 * Should:  leave everything as it is; hold each object by a descriptor.
 * Mustn't: make anything: a start has recorded nothing yet, and `check` is only a look.
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

#include "at.h"
#include "cage-look.h"
#include "chase.h"
#include "cni-look.h"
#include "fd-util.h"
#include "filter-read.h"
#include "guest-look.h"
#include "host.h"
#include "namespaces.h"
#include "objects.h"
#include "vmm-files.h"

/* PROC_USER_INIT_INO of the kernel, which has been the same since it is one, Linux 3.8. */
#define USER_NAMESPACE_INITIAL 0xEFFFFFFD

/* Of a program; linkers make some ten. */
#define PHDRS_MAX 64

void host_objects_done(HostObjects *o)
{
        int *fds[] = { &o->base_fd, &o->vmm_fd, &o->netns_fd, &o->cage_fd };

        FOREACH_ARRAY (fd, fds, ELEMENTSOF(fds))
                **fd = safe_close(**fd);
        free(TAKE_PTR(o->filter));
        free(TAKE_PTR(o->config));
        vmm_files_done(&o->vmm_files);
        host_binds_free(TAKE_PTR(o->binds), o->n_binds);
        host_cgroups_free(TAKE_PTR(o->cgroups), o->n_cgroups);
}

/* An error. */
#define WRONG(f, error, exit_status, object, remedy, ...)                                                   \
        findings_add(f, SEVERITY_ERROR, error, exit_status, object, remedy, __VA_ARGS__)

/* Reports the error of a call on an object; what is "", or a path on the way to it with a blank. Only root can see everything,
 * so for others a refusal is a note. */
static int failed(Findings *f, int error, const char *object, const char *what)
{
        if (geteuid() != 0 && (error == -EACCES || error == -EPERM))
                return findings_add(f, SEVERITY_NOTE, error, EX_NOPERM, object, NULL,
                                    "%scannot be checked by uid %u; check it as root", what, geteuid());
        return WRONG(f, error, EX_NOINPUT, object, NULL, "%scannot be opened: %s", what,
                     chase_strerror(error));
}

static int not_a_file(Findings *f, const char *path, const struct stat *st)
{
        return WRONG(f, -EBADFD, EX_NOINPUT, path, NULL, "is %s, not a regular file",
                     file_kind(st->st_mode));
}

/* chase_open(), with its errors as findings. */
static int open_path(Findings *f, const char *path, int flags, const char *remedy)
{
        _cleanup_free_ char *culprit = NULL;
        char what[PATH_MAX + 1] = "";
        struct stat st;

        int fd = chase_open(path, flags, CHASE_DEFAULT, &culprit);
        if (fd >= 0)
                return fd;

        if (culprit && strcmp(culprit, path) != 0)
                (void) snprintf(what, sizeof(what), "%s ", culprit);
        if (fd == -ENOENT)
                return WRONG(f, fd, EX_NOINPUT, path, remedy, "%sdoes not exist", what);
        if (fd == -EBADFD && stat(path, &st) >= 0)
                return not_a_file(f, path, &st);
        if (chase_is_unsafe(fd))
                return WRONG(f, fd, EX_NOPERM, path, NULL, "%s%s", what, chase_strerror(fd));
        return failed(f, fd, path, what);
}

static int open_file(Findings *f, const char *path, const char *remedy, struct stat *ret_st)
{
        _cleanup_close_ int fd = open_path(f, path, O_RDONLY, remedy);

        if (fd < 0)
                return fd;
        if (fstat(fd, ret_st) < 0)
                return failed(f, -errno, path, "");
        if (!S_ISREG(ret_st->st_mode))
                return not_a_file(f, path, ret_st);
        return TAKE_FD(fd);
}

/* TAP devices and device nodes are for the initial one alone, whatever a process may do in another. */
int host_check_user_namespace(const Plan *p, HostObjects *o, Findings *f)
{
        struct stat st;

        (void) p;
        (void) o;
        if (stat("/proc/self/ns/user", &st) < 0)
                return failed(f, -errno, "/proc/self/ns/user", "");
        if (st.st_ino == USER_NAMESPACE_INITIAL)
                return 0;
        return WRONG(f, -EPERM, EX_NOPERM, "/proc/self/ns/user", "remove PrivateUsers= from the unit",
                     "is not the initial user namespace");
}

int host_check_proc(const Plan *p, HostObjects *o, Findings *f)
{
        (void) p;
        (void) o;
        if (access("/proc/sys", F_OK) >= 0)
                return 0;
        return WRONG(f, -errno, EX_CONFIG, "/proc/sys", "remove ProcSubset=pid from the unit",
                     "cannot be opened: %s", strerror(errno));
}

int host_check_root(const Plan *p, HostObjects *o, Findings *f)
{
        RootKind kind;
        int r;

        (void) p;
        (void) o;
        r = root_kind(&kind);
        if (r < 0)
                return failed(f, r, "/", "");
        if (kind == ROOT_INITRAMFS)
                return WRONG(f, -EINVAL, EX_CONFIG, "/", "let the init switch_root to another file system",
                             "is the initramfs, which pivot_root cannot leave");
        if (kind == ROOT_CHROOT)
                return WRONG(f, -EINVAL, EX_CONFIG, "/", "start fcjail outside the chroot",
                             "is the directory of a chroot, which pivot_root cannot leave");
        return 0;
}

/* A path may be read-only for this process alone. Reported here, because a later failure would not name the directive. */
int host_check_writable(const Plan *p, HostObjects *o, Findings *f)
{
        const char *paths[] = { "/run/fcjail", p->chroot_dir };
        int r = 0;

        (void) o;
        FOREACH_ARRAY (path, paths, ELEMENTSOF(paths))
                if (access(*path, W_OK) < 0 && errno == EROFS && r != -ENOMEM)
                        r = WRONG(
                                f, -EROFS, EX_CONFIG, *path,
                                "remount it read-write or, if the unit has ProtectSystem= or ReadOnlyPaths=, also set ReadWritePaths= to /run/fcjail and the chroot base",
                                "is read-only");
        return r;
}

int host_open_base(const Plan *p, HostObjects *o, Findings *f)
{
        return o->base_fd = open_path(
                       f, p->chroot_dir, O_PATH | O_DIRECTORY,
                       "create the default one with `systemd-tmpfiles --create`, another with `mkdir -m 0755`");
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

int host_open_vmm(const Plan *p, HostObjects *o, Findings *f)
{
        struct stat st;
        int r;

        r = o->vmm_fd = open_file(f, p->vmm, "install Firecracker there, or set FCJAIL_VMM=", &st);
        if (r < 0)
                return r;

        r = is_static_elf(o->vmm_fd);
        if (r == -ENOEXEC)
                return WRONG(f, r, EX_NOINPUT, p->vmm, NULL, "is not a 64-bit ELF program");
        if (r < 0)
                return failed(f, r, p->vmm, "");
        if (r == 0)
                return WRONG(f, -ENOEXEC, EX_NOINPUT, p->vmm,
                             "use the static (musl) build of Firecracker's releases",
                             "is dynamically linked, but the jail has no libraries");
        if (p->args_as_given && !(st.st_mode & S_IXUSR)) /* the jailer's copy could not be executed */
                return WRONG(f, -EACCES, EX_NOPERM, p->vmm, "chmod 755", "is not executable");
        return 0;
}

/* A path or a name leads to the host's only by mistake: FCJAIL_NETNS=host says it. */
static int is_hosts_netns(int netns_fd)
{
        struct stat st, self;

        if (fstat(netns_fd, &st) < 0 || stat("/proc/self/ns/net", &self) < 0)
                return -errno;
        return st.st_ino == self.st_ino && own_netns() != TRISTATE_YES;
}

/* Follows links of anybody, because users rely on it; the target must be a network namespace. */
static int open_netns(const Plan *p, HostObjects *o, Findings *f)
{
        const char *path = p->netns_path;
        int r;

        if (p->netns != NETNS_PATH)
                return 0;

        r = o->netns_fd = netns_open(path);
        if (p->cni.network[0] && (r == -ENOENT || r == -ENOTTY))
                return o->by_check
                               ? 0
                               : WRONG(f, r, EX_NOINPUT, path,
                                       "run `systemctl daemon-reload`, so that the VM's unit starts fcjail-cni@.service first, or `fcjail cni add ID`",
                                       "does not exist, but FCJAIL_CNI= is set");
        if (r == -ENOENT)
                return WRONG(f, r, EX_NOINPUT, path,
                             "create it with `ip netns add`; `ip netns list` lists the named ones",
                             "does not exist");
        if (r == -ENOTTY)
                return WRONG(f, -EINVAL, EX_NOINPUT, path, NULL, "is not a namespace");
        if (r == -ENXIO)
                return WRONG(f, -EINVAL, EX_NOINPUT, path, NULL, "is not a network namespace");
        if (r >= 0)
                r = is_hosts_netns(o->netns_fd);
        if (r > 0)
                return WRONG(f, -EINVAL, EX_NOINPUT, path, "set FCJAIL_NETNS=host if that is intended",
                             "is the host's network namespace");
        return r < 0 ? failed(f, r, path, "") : 0;
}

static int open_filter(const Plan *p, HostObjects *o, Findings *f)
{
        const char *path = p->seccomp_path;
        _cleanup_free_ char *why = NULL;
        struct stat st;
        int r;

        if (!path)
                return 0;
        _cleanup_close_ int fd = open_file(f, path, "compile one, or set FCJAIL_SECCOMP=default", &st);
        if (fd < 0)
                return fd;

        r = filter_read(fd, &o->filter, &o->n_filter, &why);
        if (r == -EBADMSG)
                return WRONG(f, r, EX_NOINPUT, path, NULL, "%s", why);
        return r < 0 ? failed(f, r, path, "") : 0;
}

static int open_binds(const Plan *p, HostObjects *o, Findings *f)
{
        o->n_binds = p->n_binds;
        return host_binds_open(p, o->base_fd, f, &o->binds);
}

static int open_cgroups(const Plan *p, HostObjects *o, Findings *f)
{
        return host_cgroups_open(p, f, &o->cgroups, &o->n_cgroups);
}

/* A label that nobody enforces must not look like one. */
static int check_apparmor(const Plan *p, HostObjects *o, Findings *f)
{
        char enabled = 'N';

        (void) o;
        if (!p->apparmor)
                return 0;
        _cleanup_close_ int fd = open("/sys/module/apparmor/parameters/enabled", O_RDONLY | O_CLOEXEC);
        if (fd >= 0 && read(fd, &enabled, 1) == 1 && enabled == 'Y')
                return 0;
        return WRONG(f, -EOPNOTSUPP, EX_UNAVAILABLE, p->apparmor,
                     "boot with apparmor=1 security=apparmor, or unset FCJAIL_APPARMOR=",
                     "AppArmor is not active on this host");
}

static int check_selinux(const Plan *p, HostObjects *o, Findings *f)
{
        struct statfs sfs;

        (void) o;
        if (!p->selinux || (statfs("/sys/fs/selinux", &sfs) >= 0 && (unsigned) sfs.f_type == SELINUX_MAGIC))
                return 0;
        return WRONG(f, -EOPNOTSUPP, EX_UNAVAILABLE, p->selinux,
                     "enable it in /etc/selinux/config, or unset FCJAIL_SELINUX=",
                     "SELinux is not active on this host");
}

static int need_device(Findings *f, const char *path, const char *remedy)
{
        struct stat st;

        if (stat(path, &st) >= 0 && S_ISCHR(st.st_mode))
                return 0;
        return WRONG(f, -ENODEV, EX_UNAVAILABLE, path, remedy, "is missing on this host");
}

int host_check_kvm(const Plan *p, HostObjects *o, Findings *f)
{
        (void) p;
        (void) o;
        return need_device(f, "/dev/kvm",
                           HOST_IS_PC ? "load it with `modprobe kvm_intel` or `modprobe kvm_amd`"
                                      : "boot a kernel with KVM, in EL2");
}

int host_check_tun_device(Findings *f)
{
        return need_device(f, "/dev/net/tun", "load it with `modprobe tun`");
}

static int check_tun(const Plan *p, HostObjects *o, Findings *f)
{
        (void) o;
        return p->n_taps > 0 ? host_check_tun_device(f) : 0;
}

/* The first address of the plan that the kernel would have to know. Those of a guest on a bridge are none of its affair. */
static const InAddrPrefix *find_ipv6_address(const Plan *p)
{
        FOREACH_ARRAY (t, p->taps, p->n_taps)
                FOREACH_ARRAY (a, t->addresses, t->n_addresses)
                        if (a->family == AF_INET6)
                                return a;
        FOREACH_ARRAY (a, p->uplink.addresses, p->uplink.kind == UPLINK_ROUTE ? p->uplink.n_addresses : 0)
                if (a->family == AF_INET6)
                        return a;
        return NULL;
}

/* Not by a socket: the unit may forbid those of IPv6. Without the one of IPv4 this is no whole /proc. */
static bool runs_without_ipv6(void)
{
        return faccessat(AT_FDCWD, "/proc/sys/net/ipv4", F_OK, /* flags= */ 0) >= 0 &&
               faccessat(AT_FDCWD, "/proc/sys/net/ipv6", F_OK, /* flags= */ 0) < 0 && errno == ENOENT;
}

static int check_ipv6(const Plan *p, HostObjects *o, Findings *f)
{
        const InAddrPrefix *a = find_ipv6_address(p);
        char text[ADDRESS_STR_MAX];

        (void) o;
        if (!a || !runs_without_ipv6())
                return 0;
        return WRONG(f, -EAFNOSUPPORT, EX_CONFIG, address_to_string(a, text),
                     "remove it, or boot without `ipv6.disable=1`",
                     "is an IPv6 address, but the kernel runs without IPv6");
}

static int check_loop(const Plan *p, HostObjects *o, Findings *f)
{
        (void) o;
        return plan_mount(p, MOUNT_LOOPS)
                       ? need_device(f, "/dev/loop-control", "load it with `modprobe loop`")
                       : 0;
}

/* With 1, an exec also makes a program dumpable that its user cannot read, such as the VMM. */
int host_check_suid_dumpable(const Plan *p, HostObjects *o, Findings *f)
{
        _cleanup_free_ char *text = NULL;

        (void) p;
        (void) o;
        if (at_read_file(AT_FDCWD, "/proc/sys/fs/suid_dumpable", 16, &text, NULL) < 0 || text[0] != '1')
                return 0; /* where it cannot be read the audit tells */
        return WRONG(f, -EPERM, EX_CONFIG, "fs.suid_dumpable",
                     "run `sysctl -w fs.suid_dumpable=2`, and write it into /etc/sysctl.d",
                     "is 1, which lets the VMM's uid dump and trace the VMM");
}

/* What is parsed is what the VM gets, even if the file changes meanwhile. */
static int read_config(const char *path, int fd, size_t size, HostObjects *o, Findings *f)
{
        _cleanup_free_ char *text = malloc(size + 1), *why = NULL;
        size_t n;
        int r;

        if (!text)
                return -ENOMEM;
        r = fd_read(fd, text, size + 1, &n);
        if (r >= 0 && n != size)
                return WRONG(f, -EAGAIN, EX_NOINPUT, path, "replace it by rename",
                             "changes while it is read");
        text[size] = '\0';
        if (r >= 0)
                r = vmm_files_read(text, n, &o->vmm_files, &why);
        if (r == -EBADMSG)
                return WRONG(f, r, EX_NOINPUT, path, NULL, "%s", why);
        if (r < 0)
                return r == -ENOMEM ? r : failed(f, r, path, "");

        o->config = TAKE_PTR(text);
        o->config_size = n;
        return 0;
}

int host_read_config(const char *path, HostObjects *o, Findings *f)
{
        struct stat st;
        int r;

        if (!path)
                return 0;
        _cleanup_close_ int fd = open_file(f, path, "create it, or unset FCJAIL_CONFIG=", &st);
        if (fd < 0)
                return fd == -ENOMEM ? fd : 0;
        if (st.st_size > VMM_CONFIG_SIZE_MAX)
                r = WRONG(f, -EFBIG, EX_NOINPUT, path, NULL, "is larger than %i bytes", VMM_CONFIG_SIZE_MAX);
        else
                r = read_config(path, fd, (size_t) st.st_size, o, f);
        return r == -ENOMEM ? r : 0;
}

int host_open(const Plan *plan, HostObjects *o, Findings *f)
{
        static int (*const checks[])(const Plan *, HostObjects *, Findings *) = {
                host_check_user_namespace,
                host_check_proc,
                host_check_root,
                host_check_writable,
                host_open_base,
                host_open_vmm,
                open_binds,
                open_netns,
                cage_look,
                cni_facts_open,
                guest_network_add,
                open_filter,
                open_cgroups,
                check_apparmor,
                check_selinux,
                host_check_kvm,
                check_tun,
                check_ipv6,
                check_loop,
                host_check_suid_dumpable,
        };

        FOREACH_ARRAY (check, checks, ELEMENTSOF(checks))
                if ((*check)(plan, o, f) == -ENOMEM)
                        return -ENOMEM;
        return 0;
}

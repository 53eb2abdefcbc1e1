/* SPDX-License-Identifier: Apache-2.0 */

/* Attempts that are one system call. Arguments that do no harm where the call is allowed. */

#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/keyctl.h>
#include <linux/loop.h>
#include <linux/openat2.h>
#include <linux/perf_event.h>
#include <linux/reboot.h>
#include <linux/securebits.h>
#include <mqueue.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/timex.h>
#include <sys/uio.h>

#include "escape.h"
#include "missing.h"

#define P(x) ((long) (x))

static struct __user_cap_header_struct cap_header = { .version = _LINUX_CAPABILITY_VERSION_3 };
static struct open_how read_root = { .flags = O_RDONLY | O_DIRECTORY };
static struct __user_cap_data_struct sys_admin[2] = { { 1U << CAP_SYS_ADMIN, 1U << CAP_SYS_ADMIN, 0 } };
static unsigned root_group[1] = { 0 };
static struct sched_param fifo = { .sched_priority = 1 };
/* struct sched_attr, which not all headers have: its size, the policy, nothing, and a tenth of the time. */
static struct {
        unsigned size, policy;
        unsigned long flags, priority, runtime, deadline, period;
} deadline = { 48, 6, 0, 0, 10000000, 100000000, 100000000 };
static struct rlimit more = { 1U << 20, 1U << 20 };
static char word[64] = "abc";
static unsigned handle[4] = { 8, 1 }; /* size and type of a file handle */
static struct iovec iov = { word, 8 };
static union bpf_attr bpf_attr;
static struct perf_event_attr perf = { .type = PERF_TYPE_SOFTWARE, .size = sizeof(perf) };
static struct timespec now = { .tv_sec = 2000000000 };
static struct timeval then = { .tv_sec = 2000000000 };
static struct timex offset = { .modes = ADJ_OFFSET };
static char params[120]; /* of io_uring_setup */

/* clang-format off */
#define UNSHARE(flag) { "unshare " #flag, BY_KERNEL, false, NULL, SYS_unshare, { flag } }
#define FAMILY(name, family, type, protocol, by) { "socket " name, by, false, NULL, SYS_socket, { family, type, protocol } }

const Attempt calls[] = {
        /* Who am I */
        { "setuid(0)",            BY_KERNEL, false, NULL, SYS_setuid,     { 0 } },
        { "setgid(0)",            BY_KERNEL, false, NULL, SYS_setgid,     { 0 } },
        { "setreuid(0)",          BY_KERNEL, false, NULL, SYS_setreuid,   { 0, 0 } },
        { "setregid(0)",          BY_KERNEL, false, NULL, SYS_setregid,   { 0, 0 } },
        { "setresuid(0)",         BY_KERNEL, false, NULL, SYS_setresuid,  { 0, 0, 0 } },
        { "setresgid(0)",         BY_KERNEL, false, NULL, SYS_setresgid,  { 0, 0, 0 } },
        { "setgroups(root)",      BY_KERNEL, false, NULL, SYS_setgroups,  { 1, P(root_group) } },
        { "capset(SYS_ADMIN)",    BY_KERNEL, false, NULL, SYS_capset,     { P(&cap_header), P(sys_admin) } },
        { "securebits off",       BY_KERNEL, false, NULL, SYS_prctl,      { PR_SET_SECUREBITS, 0 } },
        { "keepcaps",             BY_KERNEL, false, NULL, SYS_prctl,      { PR_SET_KEEPCAPS, 1 } },
        { "drop of a capability", BY_KERNEL, false, NULL, SYS_prctl,      { PR_CAPBSET_DROP, CAP_SYS_ADMIN } },
        { "personality",          BY_FILTER, false, NULL, SYS_personality, { ADDR_NO_RANDOMIZE } },

        /* Priority and limits */
        { "nice -20",             BY_KERNEL, false, NULL, SYS_setpriority, { PRIO_PROCESS, 0, -20 } },
        { "SCHED_DEADLINE",       BY_KERNEL, false, NULL, SYS_sched_setattr, { 0, P(&deadline), 0 } },
        { "I/O before others",    BY_KERNEL, false, NULL, SYS_ioprio_set, { 1, 0, 1 << 13 /* real time */ } },
        { "SCHED_FIFO",           BY_KERNEL, false, NULL, SYS_sched_setscheduler, { 0, SCHED_FIFO, P(&fifo) } },
        { "a higher limit",       BY_KERNEL, false, NULL, SYS_prlimit64,  { 0, RLIMIT_NOFILE, P(&more), 0 } },

        /* Namespaces */
        UNSHARE(CLONE_NEWNS), UNSHARE(CLONE_NEWUTS), UNSHARE(CLONE_NEWIPC), UNSHARE(CLONE_NEWUSER), UNSHARE(CLONE_NEWPID),
        UNSHARE(CLONE_NEWNET), UNSHARE(CLONE_NEWCGROUP), UNSHARE(CLONE_NEWTIME),
        { "unshare user and all", BY_KERNEL, false, NULL, SYS_unshare,    { CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWPID } },

        /* Mounts */
        { "mount tmpfs",          BY_KERNEL, false, NULL, SYS_mount,      { P("x"), P("/run"), P("tmpfs"), 0, 0 } },
        { "mount proc",           BY_KERNEL, false, NULL, SYS_mount,      { P("x"), P("/run"), P("proc"), 0, 0 } },
        { "bind",                 BY_KERNEL, false, NULL, SYS_mount,      { P("/"), P("/run"), 0, MS_BIND, 0 } },
        { "remount / rw",         BY_KERNEL, false, NULL, SYS_mount,      { 0, P("/"), 0, MS_REMOUNT | MS_BIND, 0 } },
        { "remount /run exec",    BY_KERNEL, false, NULL, SYS_mount,      { 0, P("/run"), 0, MS_REMOUNT | MS_BIND, 0 } },
        { "make / shared",        BY_KERNEL, false, NULL, SYS_mount,      { 0, P("/"), 0, MS_SHARED, 0 } },
        { "umount /run",          BY_KERNEL, false, NULL, SYS_umount2,    { P("/run"), MNT_DETACH } },
        { "umount /dev",          BY_KERNEL, false, NULL, SYS_umount2,    { P("/dev"), MNT_DETACH } },
        { "pivot_root",           BY_KERNEL, false, NULL, SYS_pivot_root, { P("/run"), P("/run") } },
        { "chroot",               BY_KERNEL, false, NULL, SYS_chroot,     { P("/run") } },
        { "open_tree clone",      BY_KERNEL, false, NULL, SYS_open_tree,  { AT_FDCWD, P("/"), 1 /* OPEN_TREE_CLONE */ } },
        { "open_tree",            BY_FILTER, false, NULL, SYS_open_tree,  { AT_FDCWD, P("/"), 0 } },
        { "move_mount",           BY_KERNEL, false, NULL, SYS_move_mount, { AT_FDCWD, P("/run"), AT_FDCWD, P("/dev"), 0 } },
        { "fsopen",               BY_KERNEL, false, NULL, SYS_fsopen,     { P("tmpfs"), 0 } },
        { "fspick",               BY_KERNEL, false, NULL, SYS_fspick,     { AT_FDCWD, P("/run"), 0 } },
        { "fsmount",              BY_KERNEL, false, NULL, SYS_fsmount,    { 0, 0, 0 } },
        { "fsconfig",             BY_FILTER, false, NULL, SYS_fsconfig,   { 0, 1, P("a"), P("b"), 0 } },
        { "mount_setattr",        BY_FILTER, false, NULL, SYS_mount_setattr, { AT_FDCWD, P("/"), 0, P(word), 32 } },
        { "statmount",            BY_FILTER, false, NULL, SYS_statmount,  { P(word), P(word), 8, 0 } },
        { "listmount",            BY_FILTER, false, NULL, SYS_listmount,  { P(word), P(word), 1, 0 } },
        { "open_tree_attr",       BY_FILTER, false, NULL, SYS_open_tree_attr, { AT_FDCWD, P("/"), 0, P(word), 32 } },
        { "listns",               BY_FILTER, false, NULL, SYS_listns,     { P(word), P(word), 1, 0 } },
        { "swapon",               BY_KERNEL, false, NULL, SYS_swapon,     { P("/run"), 0 } },
        { "swapoff",              BY_KERNEL, false, NULL, SYS_swapoff,    { P("/run") } },

        /* Files */
        { "create /x",            BY_KERNEL, false, NULL, SYS_openat,     { AT_FDCWD, P("/x"), O_CREAT | O_WRONLY, 0600 } },
        { "create /dev/x",        BY_KERNEL, false, NULL, SYS_openat,     { AT_FDCWD, P("/dev/x"), O_CREAT | O_WRONLY, 0600 } },
        { "mkdir /x",             BY_KERNEL, false, NULL, SYS_mkdirat,    { AT_FDCWD, P("/y"), 0700 } },
        { "read the VMM",         BY_KERNEL, false, NULL, SYS_openat,     { AT_FDCWD, P("/firecracker"), O_RDONLY } },
        { "write the VMM",        BY_KERNEL, false, NULL, SYS_openat,     { AT_FDCWD, P("/firecracker"), O_WRONLY } },
        { "write the settings",   BY_KERNEL, false, NULL, SYS_openat,     { AT_FDCWD, P("/fcjail.json"), O_WRONLY } },
        { "unlink the VMM",       BY_KERNEL, false, NULL, SYS_unlinkat,   { AT_FDCWD, P("/firecracker"), 0 } },
        { "rename the VMM",       BY_KERNEL, false, NULL, SYS_renameat2,  { AT_FDCWD, P("/firecracker"), AT_FDCWD, P("/z"), 0 } },
        { "openat2",              BY_FILTER_ENOSYS, false, NULL, SYS_openat2, { AT_FDCWD, P("/"), P(&read_root), sizeof(read_root) } },
        { "fchmodat2",            BY_FILTER_ENOSYS, false, NULL, SYS_fchmodat2, { AT_FDCWD, P("/run/own"), 0600, 0 } },
        { "chmod the VMM",        BY_KERNEL, false, NULL, SYS_fchmodat,   { AT_FDCWD, P("/firecracker"), 0777 } },
        { "truncate the settings", BY_KERNEL, false, NULL, SYS_truncate,  { P("/fcjail.json"), 0 } },
        { "date the VMM",         BY_KERNEL, false, NULL, SYS_utimensat,  { AT_FDCWD, P("/firecracker"), 0, 0 } },
        { "chmod /dev/kvm",       BY_KERNEL, true,  NULL, SYS_fchmodat,   { AT_FDCWD, P("/dev/kvm"), 0666 } },
        { "chown /run",           BY_KERNEL, false, NULL, SYS_fchownat,   { AT_FDCWD, P("/run"), 0, 0, 0 } },
        { "mknod of a disk",      BY_KERNEL, false, NULL, SYS_mknodat,    { AT_FDCWD, P("/run/disk"), S_IFBLK | 0600, 0x800 } },
        { "mknod of /dev/mem",    BY_KERNEL, false, NULL, SYS_mknodat,    { AT_FDCWD, P("/run/mem"), S_IFCHR | 0600, 0x101 } },
        { "/proc/self/mem",       BY_KERNEL, false, NULL, SYS_openat,     { AT_FDCWD, P("/proc/self/mem"), O_RDONLY } },
        { "/proc/1/root",         BY_KERNEL, false, NULL, SYS_openat,     { AT_FDCWD, P("/proc/1/root"), O_RDONLY } },
        { "core_pattern",         BY_KERNEL, false, NULL, SYS_openat,     { AT_FDCWD, P("/proc/sys/kernel/core_pattern"), O_WRONLY } },
        { "/sys",                 BY_KERNEL, false, NULL, SYS_openat,     { AT_FDCWD, P("/sys/kernel"), O_RDONLY } },
        { "/sys/fs/cgroup",       BY_KERNEL, false, NULL, SYS_openat,     { AT_FDCWD, P("/sys/fs/cgroup/cgroup.procs"), O_WRONLY } },
        { "/etc/passwd",          BY_KERNEL, false, NULL, SYS_openat,     { AT_FDCWD, P("/etc/passwd"), O_RDONLY } },
        { "/../../etc/passwd",    BY_KERNEL, false, NULL, SYS_openat,     { AT_FDCWD, P("/../../../etc/passwd"), O_RDONLY } },
        { "systemd's socket",     BY_KERNEL, false, NULL, SYS_openat,     { AT_FDCWD, P("/run/systemd/notify"), O_PATH } },
        { "other VMs' records",   BY_KERNEL, false, NULL, SYS_openat,     { AT_FDCWD, P("/run/fcjail"), O_PATH } },
        { "/dev/mem",             BY_KERNEL, false, NULL, SYS_openat,     { AT_FDCWD, P("/dev/mem"), O_RDONLY } },
        { "/dev/kmsg",            BY_KERNEL, false, NULL, SYS_openat,     { AT_FDCWD, P("/dev/kmsg"), O_WRONLY } },
        { "/dev/vda",             BY_KERNEL, false, NULL, SYS_openat,     { AT_FDCWD, P("/dev/vda"), O_RDONLY } },
        { "/dev/tty",             BY_KERNEL, false, NULL, SYS_openat,     { AT_FDCWD, P("/dev/tty"), O_RDWR } },
        { "symlinkat",            BY_FILTER, false, NULL, SYS_symlinkat,  { P("/run/own"), AT_FDCWD, P("/run/link") } },
        { "file handle",          BY_FILTER, false, NULL, SYS_name_to_handle_at, { AT_FDCWD, P("/"), P(word), P(word), 0 } },
        { "open by handle",       BY_KERNEL, false, NULL, SYS_open_by_handle_at, { AT_FDCWD, P(handle), 0 } },
        { "quotactl",             BY_FILTER, false, NULL, SYS_quotactl,   { 0x80000200, P("/dev/vda"), 0, P("/") } },
        { "quotactl_fd",          BY_FILTER, false, NULL, SYS_quotactl_fd, { 0, 0, 0, 0 } },
        { "fanotify_init",        BY_KERNEL, false, NULL, SYS_fanotify_init, { 4 /* FAN_CLASS_CONTENT */, 0 } },
        { "fanotify_mark",        BY_FILTER, false, NULL, SYS_fanotify_mark, { 0, 1, 2, AT_FDCWD, P("/") } },

        /* Processes */
        { "ptrace",               BY_KERNEL, false, NULL, SYS_ptrace,     { PTRACE_SEIZE, 1, 0, 0 } },
        { "ptrace me",            BY_FILTER, false, NULL, SYS_ptrace,     { PTRACE_TRACEME, 0, 0, 0 } },
        { "process_vm_readv",     BY_KERNEL, false, NULL, SYS_process_vm_readv, { 1, P(&iov), 1, P(&iov), 1, 0 } },
        { "process_vm_writev",    BY_KERNEL, false, NULL, SYS_process_vm_writev, { 1, P(&iov), 1, P(&iov), 1, 0 } },
        { "process_madvise",      BY_FILTER, false, NULL, SYS_process_madvise, { 0, P(&iov), 1, MADV_COLD, 0 } },
        { "process_mrelease",     BY_FILTER, false, NULL, SYS_process_mrelease, { 0, 0 } },
        { "kcmp",                 BY_KERNEL, false, NULL, SYS_kcmp,       { 1, 1, 0, 0, 0 } },
        { "move_pages",           BY_FILTER, false, NULL, SYS_move_pages, { 0, 0, 0, 0, 0, 0 } },
        { "migrate_pages",        BY_FILTER, false, NULL, SYS_migrate_pages, { 0, 1, P(word), P(word) } },

        /* Keys, programs in the kernel, modules, other kernels */
        { "add_key",              BY_FILTER, false, NULL, SYS_add_key,    { P("user"), P("x"), P("x"), 1, KEY_SPEC_PROCESS_KEYRING } },
        { "request_key",          BY_FILTER, false, NULL, SYS_request_key, { P("nosuchtype"), P("x"), 0, 0 } },
        { "keyctl",               BY_FILTER, false, NULL, SYS_keyctl,     { KEYCTL_GET_KEYRING_ID, KEY_SPEC_PROCESS_KEYRING, 1 } },
        { "bpf",                  BY_FILTER, false, NULL, SYS_bpf,        { BPF_MAP_CREATE, P(&bpf_attr), sizeof(bpf_attr) } },
        { "perf_event_open",      BY_FILTER, false, NULL, SYS_perf_event_open, { P(&perf), 0, -1, -1, 0 } },
        { "init_module",          BY_KERNEL, true,  NULL, SYS_init_module, { P(word), 3, P("") } },
        { "finit_module",         BY_KERNEL, true,  NULL, SYS_finit_module, { 0, P(""), 0 } },
        { "delete_module",        BY_KERNEL, true,  NULL, SYS_delete_module, { P("nosuchmodule"), O_NONBLOCK } },
        { "kexec_load",           BY_KERNEL, true,  NULL, SYS_kexec_load, { 0, 0, 0, 0 } },
        { "io_uring_setup",       BY_FILTER, false, NULL, SYS_io_uring_setup, { 1, P(params) } },
        { "io_uring_enter",       BY_FILTER, false, NULL, SYS_io_uring_enter, { 0, 0, 0, 0, 0, 0 } },
        { "io_uring_register",    BY_FILTER, false, NULL, SYS_io_uring_register, { 0, 0, 0, 0 } },

        /* System V IPC and POSIX message queues */
        { "shmget",               BY_FILTER, false, NULL, SYS_shmget,     { IPC_PRIVATE, 4096, 0600 } },
        { "shmat",                BY_FILTER, false, NULL, SYS_shmat,      { -1, 0, 0 } },
        { "shmdt",                BY_FILTER, false, NULL, SYS_shmdt,      { 0 } },
        { "shmctl",               BY_FILTER, false, NULL, SYS_shmctl,     { -1, IPC_RMID, 0 } },
        { "semget",               BY_FILTER, false, NULL, SYS_semget,     { IPC_PRIVATE, 1, 0600 } },
        { "semop",                BY_FILTER, false, NULL, SYS_semop,      { -1, P(word), 1 } },
        { "semtimedop",           BY_FILTER, false, NULL, SYS_semtimedop, { -1, P(word), 1, 0 } },
        { "semctl",               BY_FILTER, false, NULL, SYS_semctl,     { -1, 0, IPC_RMID, 0 } },
        { "msgget",               BY_FILTER, false, NULL, SYS_msgget,     { IPC_PRIVATE, 0600 } },
        { "msgsnd",               BY_FILTER, false, NULL, SYS_msgsnd,     { -1, P(word), 1, 0 } },
        { "msgrcv",               BY_FILTER, false, NULL, SYS_msgrcv,     { -1, P(word), 1, 0, 04000 } },
        { "msgctl",               BY_FILTER, false, NULL, SYS_msgctl,     { -1, IPC_RMID, 0 } },
        { "mq_open",              BY_FILTER, false, NULL, SYS_mq_open,    { P("x"), O_CREAT | O_RDWR, 0600, 0 } },
        { "mq_unlink",            BY_FILTER, false, NULL, SYS_mq_unlink,  { P("x") } },
        { "mq_timedsend",         BY_FILTER, false, NULL, SYS_mq_timedsend, { -1, P(word), 1, 0, 0 } },
        { "mq_timedreceive",      BY_FILTER, false, NULL, SYS_mq_timedreceive, { -1, P(word), 1, 0, 0 } },
        { "mq_notify",            BY_FILTER, false, NULL, SYS_mq_notify,  { -1, 0 } },
        { "mq_getsetattr",        BY_FILTER, false, NULL, SYS_mq_getsetattr, { -1, 0, 0 } },

        /* Sockets */
        FAMILY("INET stream", AF_INET, SOCK_STREAM, 0, BY_FILTER), FAMILY("INET datagram", AF_INET, SOCK_DGRAM, 0, BY_FILTER),
        FAMILY("INET raw", AF_INET, SOCK_RAW, 1, BY_KERNEL), FAMILY("INET6", AF_INET6, SOCK_STREAM, 0, BY_FILTER),
        FAMILY("INET6 raw", AF_INET6, SOCK_RAW, 58, BY_KERNEL), FAMILY("PACKET", AF_PACKET, SOCK_RAW, 0, BY_KERNEL),
        FAMILY("NETLINK route", AF_NETLINK, SOCK_RAW, 0, BY_FILTER), FAMILY("NETLINK audit", AF_NETLINK, SOCK_RAW, 9, BY_FILTER),
        FAMILY("NETLINK netfilter", AF_NETLINK, SOCK_RAW, 12, BY_FILTER), FAMILY("VSOCK", AF_VSOCK, SOCK_STREAM, 0, BY_FILTER),
        FAMILY("ALG", AF_ALG, SOCK_SEQPACKET, 0, BY_FILTER), FAMILY("BLUETOOTH", AF_BLUETOOTH, SOCK_RAW, 1, BY_FILTER),
        FAMILY("XDP", 44, SOCK_RAW, 0, BY_KERNEL), FAMILY("CAN", AF_CAN, SOCK_RAW, 1, BY_FILTER), FAMILY("TIPC", AF_TIPC, SOCK_STREAM, 0, BY_FILTER),
        FAMILY("RDS", 21, SOCK_SEQPACKET, 0, BY_FILTER), FAMILY("KEY", AF_KEY, SOCK_RAW, 2, BY_KERNEL), FAMILY("SMC", 43, SOCK_STREAM, 0, BY_FILTER),
        FAMILY("INET, upper bits", AF_INET | (1L << 32), SOCK_STREAM, 0, BY_FILTER),
        { "socketpair INET",      BY_FILTER, false, NULL, SYS_socketpair, { AF_INET, SOCK_STREAM, 0, P(word) } },

        /* The machine */
        { "reboot",               BY_KERNEL, true,  NULL, SYS_reboot,     { LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2, LINUX_REBOOT_CMD_CAD_OFF, 0 } },
        { "syslog",               BY_KERNEL, false, NULL, SYS_syslog,     { 3, P(word), 8 } },
        { "settimeofday",         BY_KERNEL, true,  NULL, SYS_settimeofday, { P(&then), 0 } },
        { "clock_settime",        BY_KERNEL, true,  NULL, SYS_clock_settime, { 0, P(&now) } },
        { "clock_adjtime",        BY_KERNEL, true,  NULL, SYS_clock_adjtime, { 0, P(&offset) } },
        { "adjtimex",             BY_KERNEL, true,  NULL, SYS_adjtimex,   { P(&offset) } },
        { "sethostname",          BY_KERNEL, false, NULL, SYS_sethostname, { P("x"), 1 } },
        { "setdomainname",        BY_KERNEL, false, NULL, SYS_setdomainname, { P("x"), 1 } },
        { "vhangup",              BY_KERNEL, false, NULL, SYS_vhangup,    { 0 } },
        { "acct",                 BY_KERNEL, false, NULL, SYS_acct,       { 0 } },
        { "TIOCSTI",              BY_FILTER, false, NULL, SYS_ioctl,      { 0, TIOCSTI, P(word) } },
        { "TIOCSTI, upper bits",  BY_FILTER, false, NULL, SYS_ioctl,      { 0, TIOCSTI | (1L << 32), P(word) } },
        { "TIOCLINUX",            BY_FILTER, false, NULL, SYS_ioctl,      { 0, TIOCLINUX, P(word) } },
        { "LOOP_CLR_FD",          BY_FILTER, false, NULL, SYS_ioctl,      { 0, LOOP_CLR_FD, 0 } },
        { "LOOP_SET_FD, upper bits", BY_FILTER, false, NULL, SYS_ioctl,   { 0, LOOP_SET_FD | (1L << 32), 0 } },
        { "LOOP_CONFIGURE",       BY_FILTER, false, NULL, SYS_ioctl,      { 0, LOOP_CONFIGURE, P(word) } },
#if defined(__x86_64__)
        { "symlink",              BY_FILTER, false, NULL, SYS_symlink,    { P("/run/own"), P("/run/link") } },
        { "iopl",                 BY_KERNEL, false, NULL, SYS_iopl,       { 3 } },
        { "ioperm",               BY_KERNEL, false, NULL, SYS_ioperm,     { 0x80, 1, 1 } },
        { "modify_ldt",           BY_FILTER, false, NULL, SYS_modify_ldt, { 0, P(word), 8 } },
        { "ustat",                BY_FILTER, false, NULL, SYS_ustat,      { 0, P(word) } },
        { "sysfs",                BY_FILTER, false, NULL, SYS_sysfs,      { 3 } },
        { "kexec_file_load",      BY_KERNEL, true,  NULL, SYS_kexec_file_load, { 0, 0, 0, 0, 0 } },
        { "create_module",        BY_FILTER, false, NULL, SYS_create_module, { P("x"), 4096 } },
        { "lookup_dcookie",       BY_FILTER, false, NULL, SYS_lookup_dcookie, { 0, P(word), 8 } },
        { "uselib",               BY_FILTER, false, NULL, SYS_uselib,     { P("/firecracker") } },
        { "_sysctl",              BY_FILTER, false, NULL, SYS__sysctl,    { P(word) } },
        { "nfsservctl",           BY_FILTER, false, NULL, SYS_nfsservctl, { 0, P(word), P(word) } },
        { "x32 entry",            BY_FILTER, false, NULL, 0x40000000 + SYS_getpid, { 0 } },
#endif
};
const size_t n_calls = sizeof(calls) / sizeof(calls[0]);

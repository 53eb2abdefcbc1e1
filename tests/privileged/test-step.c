/* SPDX-License-Identifier: Apache-2.0 */

/* Steps by themselves, and what became of them as /proc tells it. Whole starts are in tests/integration. */

#include <grp.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sysexits.h>

#include "child.h"
#include "cpu-files.h"
#include "step.h"
#include "tolerated.h"

/* A line of /proc/self/status, with blanks between its values. */
static const char *status_line(const char *field)
{
        static char line[512];
        FILE *f = fopen("/proc/self/status", "re");

        CHECK(f);
        while (fgets(line, sizeof(line), f))
                if (strncmp(line, field, strlen(field)) == 0 && line[strlen(field)] == ':') {
                        fclose(f);
                        line[strcspn(line, "\n")] = '\0';
                        for (char *p = line; *p; p++)
                                if (*p == '\t')
                                        *p = ' ';
                        return line + strlen(field) + 2;
                }
        fclose(f);
        return "";
}

#define CHECK_STATUS(field, want)                                                                           \
        do {                                                                                                \
                const char *_got = status_line(field);                                                      \
                if (strcmp(_got, want) != 0) {                                                              \
                        fprintf(stderr, "%s:%i: %s is '%s', not '%s'\n", __FILE__, __LINE__, field, _got,   \
                                want);                                                                      \
                        _exit(EXIT_FAILURE);                                                                \
                }                                                                                           \
        } while (0)

static const Plan plan = { .id = (char *) "web1", .api_gid = GID_INVALID, .own_session = true };
static Jail jail;

static void make_jail(void)
{
        int pair[2];

        jail = jail_new(&plan, 0);
        jail.uid = 4711;
        jail.gid = 4712;
        CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) >= 0);
        jail.channel_fd = pair[0];
}

Test(step, names_and_messages_are_unique)
{
        for (size_t i = 0; i < n_steps; i++)
                for (size_t k = i + 1; k < n_steps; k++) {
                        cr_assert_str_neq(steps[i].name, steps[k].name);
                        cr_assert_str_neq(steps[i].message_id, steps[k].message_id);
                }
}

/* A row waits for one of the other side that comes before it, or nobody would go on. */
Test(step, rows_wait_for_earlier_ones_of_outside)
{
        for (size_t i = 0; i < n_steps; i++) {
                if (!steps[i].after)
                        continue;
                int awaited = step_index(steps[i].after);
                cr_assert_lt(awaited, (int) i);
                cr_assert_eq(steps[i].side, SIDE_INSIDE);
                cr_assert_eq(steps[awaited].side, SIDE_OUTSIDE);
        }
}

Test(step, nothing_is_tolerated_that_the_table_does_not_have)
{
        cr_assert_eq(tolerate(TOLERATED_KEYRING, -ENOSYS), 0);
        cr_assert_eq(tolerate(TOLERATED_KEYRING, -EPERM), -EPERM);
        cr_assert_eq(tolerate(TOLERATED_ACL, -EOPNOTSUPP), 0);
        cr_assert_eq(tolerate(TOLERATED_ACL, -ENOSYS), -ENOSYS);
        cr_assert_eq(tolerate(TOLERATED_ACL, 3), 3);
        cr_assert_eq(tolerate(TOLERATED_CLONE, -EXDEV), 0);
        cr_assert_eq(tolerate(TOLERATED_CLONE, -ENOSPC), -ENOSPC);
        cr_assert_eq(tolerate(TOLERATED_RESERVE, -EOPNOTSUPP), 0);
        cr_assert_eq(tolerate(TOLERATED_RESERVE, -ENOSPC), -ENOSPC);
        cr_assert_eq(tolerate(TOLERATED_PIPE_SIZE, -EPERM), 0);
        cr_assert_eq(tolerate(TOLERATED_PIPE_SIZE, -ENOMEM), -ENOMEM);
}

CHILD_TEST(step, group_takes_the_group_and_no_other)
{
        const gid_t groups[] = { 1, 2, 3 };

        make_jail();
        CHECK(setgroups(ELEMENTSOF(groups), groups) >= 0);
        CHECK_IS(step_group(&jail), 0);
        CHECK_STATUS("Gid", "4712 4712 4712 4712");
        CHECK_STATUS("Groups", " ");
        CHECK_STATUS("Uid", "0 0 0 0");
        CHECK(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 1); /* 0, or 2 where fs.suid_dumpable says so */
        CHECK_IS(getsid(0), getpid());
        CHECK_IS(close(open("/run/file", O_CREAT | O_WRONLY | O_CLOEXEC, 0600)), 0);
        struct stat st;
        CHECK(stat("/run/file", &st) >= 0 && st.st_gid == 4712);
}

CHILD_TEST(step, group_fails_without_the_capability)
{
        make_jail();
        CHECK(setuid(1) >= 0);
        CHECK_IS(step_group(&jail), -EPERM);
        CHECK(strcmp(jail.failure.object, "supplementary groups") == 0);
        CHECK_IS(jail.failure.error, -EPERM);
}

/* What is mounted as the jail's dev/, with these nodes and nothing else on it. */
static void make_nodes_in_srv(const NodePlan *nodes, size_t n)
{
        static Plan with_nodes;

        with_nodes = plan;
        memcpy(with_nodes.nodes, nodes, n * sizeof(*nodes));
        with_nodes.n_nodes = n;
        with_nodes.mounts[0] = (MountPlan){ JAIL_DEV, MOUNT_DEV, MS_RDONLY | MS_NOSUID | MS_NOEXEC };
        with_nodes.n_mounts = 1;
        make_jail();
        jail.plan = &with_nodes;
        CHECK(mkdir("/srv/" JAIL_DEV, 0755) >= 0);
        jail.jail_fd = open("/srv", O_PATH | O_DIRECTORY | O_CLOEXEC);
        CHECK_IS(step_group(&jail), 0);
}

static void check_node(const char *path, mode_t mode, dev_t rdev)
{
        struct stat st;

        CHECK(lstat(path, &st) >= 0);
        CHECK_IS(st.st_mode, mode);
        CHECK_IS(st.st_rdev, rdev);
        CHECK(st.st_uid == 0 && st.st_gid == 4712);
}

CHILD_TEST(step, nodes_are_made_at_any_depth)
{
        const NodePlan nodes[] = {
                { "null", S_IFCHR | 0666, makedev(1, 3) },
                { "vg/lv", S_IFBLK | 0660, makedev(7, 3) },
                { "disk/by-id/a", S_IFBLK | 0440, makedev(7, 4) },
                { "disk/by-id/b/c", S_IFBLK | 0660, makedev(7, 5) },
        };

        make_nodes_in_srv(nodes, ELEMENTSOF(nodes));
        CHECK_IS(step_nodes(&jail), 0);
        check_node("/srv/dev/null", S_IFCHR | 0666, makedev(1, 3));
        check_node("/srv/dev/vg/lv", S_IFBLK | 0660, makedev(7, 3));
        check_node("/srv/dev/disk/by-id/a", S_IFBLK | 0440, makedev(7, 4));
        check_node("/srv/dev/disk/by-id/b/c", S_IFBLK | 0660, makedev(7, 5));
        check_node("/srv/dev/disk/by-id", S_IFDIR | 0755, 0);
}

/* One directory is in two of the paths, so one inode is left. */
CHILD_TEST(step, nodes_leave_no_room)
{
        const NodePlan nodes[] = {
                { "vg/a", S_IFBLK | 0660, makedev(7, 3) },
                { "vg/b", S_IFBLK | 0660, makedev(7, 4) },
        };

        make_nodes_in_srv(nodes, ELEMENTSOF(nodes));
        CHECK_IS(step_nodes(&jail), 0);
        CHECK(mkdir("/srv/dev/one", 0700) >= 0);
        CHECK(mkdir("/srv/dev/two", 0700) < 0 && errno == ENOSPC);
}

CHILD_TEST(step, a_node_that_cannot_be_made_is_named)
{
        const NodePlan nodes[] = {
                { "vg/lv", S_IFBLK | 0660, makedev(7, 3) },
                { "vg/lv/part", S_IFBLK | 0660, makedev(7, 4) },
        };

        make_nodes_in_srv(nodes, ELEMENTSOF(nodes));
        CHECK_IS(step_nodes(&jail), -ENOTDIR);
        CHECK(strcmp(jail.failure.object, "/dev/vg/lv") == 0);
}

/* Without the capability it is the same errno as with a device policy of the unit that has no "m" for it. */
CHILD_TEST(step, a_device_that_is_not_allowed_names_the_command)
{
        const NodePlan node = { "disk/by-id/a", S_IFBLK | 0660, makedev(7, 3) };

        make_nodes_in_srv(&node, 1);
        struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
        struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
        CHECK(syscall(SYS_capget, &header, data) >= 0);
        data[0].effective &= ~(1U << CAP_MKNOD);
        CHECK(syscall(SYS_capset, &header, data) >= 0);
        CHECK_IS(step_nodes(&jail), -EPERM);
        CHECK(strcmp(jail.failure.object, "/dev/disk/by-id/a") == 0);
        CHECK(strstr(jail.failure.reason, "run `systemctl daemon-reload`"));
        CHECK_IS(jail.failure.exit_status, EX_NOPERM);
}

CHILD_TEST(step, drop_leaves_nothing)
{
        make_jail();
        CHECK(dup2(1, 700) == 700);
        CHECK_IS(step_group(&jail), 0);
        CHECK_IS(step_drop(&jail), 0);
        /* Not dumpable, but /proc/self is still our own to read. */
        CHECK_STATUS("Uid", "4711 4711 4711 4711");
        CHECK_STATUS("Gid", "4712 4712 4712 4712");
        CHECK_STATUS("CapInh", "0000000000000000");
        CHECK_STATUS("CapPrm", "0000000000000000");
        CHECK_STATUS("CapEff", "0000000000000000");
        CHECK_STATUS("CapBnd", "0000000000000000");
        CHECK_STATUS("CapAmb", "0000000000000000");
        CHECK_STATUS("NoNewPrivs", "1");
        CHECK(setuid(0) < 0 && setgid(0) < 0);
        CHECK(fcntl(700, F_GETFD) < 0);
        for (int fd = 4; fd < 256; fd++)
                CHECK(fcntl(fd, F_GETFD) < 0);
}

CHILD_TEST(step, drop_fails_without_the_capability)
{
        make_jail();
        CHECK(prctl(PR_CAPBSET_DROP, 8 /* CAP_SETPCAP */, 0, 0, 0) >= 0);
        CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) >= 0);
        CHECK(setuid(1) >= 0);
        CHECK(step_drop(&jail) < 0);
}

CHILD_TEST(step, seccomp_refuses_what_no_vmm_needs)
{
        make_jail();
        CHECK_IS(step_group(&jail), 0);
        CHECK_IS(step_drop(&jail), 0);
        CHECK_IS(step_seccomp(&jail), 0);
        CHECK_IS(prctl(PR_GET_SECCOMP, 0, 0, 0, 0), 2);
        CHECK(socket(AF_INET, SOCK_STREAM, 0) < 0 && errno == EPERM);
        CHECK(socket(AF_NETLINK, SOCK_RAW, 0) < 0 && errno == EPERM);
        CHECK(socket(AF_UNIX, SOCK_STREAM, 0) >= 0);
        CHECK(syscall(SYS_unshare, CLONE_NEWUSER) < 0 && errno == EPERM);
        CHECK(syscall(SYS_clone, CLONE_NEWUSER | 17, NULL, NULL, NULL, 0) < 0 && errno == EPERM);
        CHECK(syscall(SYS_clone3, NULL, 0) < 0 && errno == ENOSYS);
        CHECK(syscall(SYS_mount, NULL, NULL, NULL, 0, NULL) < 0 && errno == EPERM);
        CHECK(syscall(SYS_ptrace, 0, 0, 0, 0) < 0 && errno == EPERM);
        CHECK(syscall(SYS_io_uring_setup, 1, NULL) < 0 && errno == EPERM);
        CHECK(syscall(SYS_bpf, 0, NULL, 0) < 0 && errno == EPERM);
        /* What Firecracker needs beyond the ordinary. */
        CHECK(syscall(SYS_memfd_create, "x", 0) >= 0);
}

#define CPU "/sys/" CPU_FILES_DIR

/* A host that has two caches, and tells of the second one less. */
static void make_host_cpu(void)
{
        static const char *const dirs[] = {
                "/sys/devices",
                "/sys/devices/system",
                "/sys/devices/system/cpu",
                CPU,
                CPU "/cache",
                CPU "/regs",
                CPU "/cache/index0",
                CPU "/cache/index1",
                CPU "/cache/index3",
                CPU "/regs/identification",
        };
        static const char *const files[] = {
                CPU "/cache/index0/size",
                CPU "/cache/index0/level",
                CPU "/cache/index0/type",
                CPU "/cache/index1/level",
                CPU "/cache/index0/shared_cpu_map",
                CPU "/cache/index0/coherency_line_size",
                CPU "/cache/index3/level",
                CPU "/cache/index0/number_of_sets",
                CPU "/regs/identification/midr_el1",
                CPU "/cache/index0/uevent",
                CPU "/regs/identification/revidr_el1",
        };

        CHECK(mount("test", "/sys", "tmpfs", 0, "mode=0755") >= 0);
        FOREACH_ARRAY (path, dirs, ELEMENTSOF(dirs))
                CHECK(mkdir(*path, 0755) >= 0);
        FOREACH_ARRAY (path, files, ELEMENTSOF(files)) {
                _cleanup_close_ int fd = open(*path, O_WRONLY | O_CREAT | O_CLOEXEC, 0400);
                CHECK(fd >= 0 && write(fd, *path, strlen(*path)) == (ssize_t) strlen(*path));
        }
}

/* The copy holds its own path, as make_host_cpu() has written it. */
static bool is_copied(const char *path)
{
        const char *below = path + strlen("/sys/");
        char text[128] = "";
        struct stat st;

        _cleanup_close_ int dir = open("/run", O_PATH | O_DIRECTORY | O_CLOEXEC);
        _cleanup_close_ int fd = openat(dir, below, O_RDONLY | O_CLOEXEC);
        return fd >= 0 && fstat(fd, &st) >= 0 && st.st_mode == (S_IFREG | 0444) &&
               read(fd, text, sizeof(text) - 1) > 0 && strcmp(text, path) == 0;
}

static int sys(void)
{
        int fd = open("/sys", O_PATH | O_DIRECTORY | O_CLOEXEC);

        CHECK(fd >= 0);
        return fd;
}

CHILD_TEST(cpu_files, are_copied_and_nothing_else)
{
        const char *object;

        make_host_cpu();
        _cleanup_close_ int fd = open("/run", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        CHECK_IS(cpu_files_copy(sys(), fd, &object), 0);
        CHECK(is_copied(CPU "/cache/index0/size") && is_copied(CPU "/cache/index0/level"));
        CHECK(is_copied(CPU "/cache/index0/type") && is_copied(CPU "/cache/index0/shared_cpu_map"));
        CHECK(is_copied(CPU "/cache/index0/coherency_line_size") &&
              is_copied(CPU "/cache/index0/number_of_sets"));
        CHECK(is_copied(CPU "/cache/index1/level"));
        CHECK(is_copied(CPU "/regs/identification/midr_el1"));
        CHECK(access("/run/" CPU_FILES_DIR "/cache/index1/size", F_OK) < 0);
        CHECK(access("/run/" CPU_FILES_DIR "/cache/index0/uevent", F_OK) < 0);
        CHECK(access("/run/" CPU_FILES_DIR "/regs/identification/revidr_el1", F_OK) < 0);
        /* As the VMM does: the first one that is missing is the end. */
        CHECK(access("/run/" CPU_FILES_DIR "/cache/index3", F_OK) < 0);
}

CHILD_TEST(cpu_files, are_none_where_the_host_has_none)
{
        const char *object;

        CHECK(mount("test", "/sys", "tmpfs", 0, "mode=0755") >= 0);
        _cleanup_close_ int fd = open("/run", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        CHECK_IS(cpu_files_copy(sys(), fd, &object), 0);
        CHECK(access("/run/devices", F_OK) < 0);
}

CHILD_TEST(cpu_files, are_named_if_they_cannot_be_copied)
{
        const char *object;

        make_host_cpu();
        _cleanup_close_ int fd = open("/run", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        CHECK(unlink(CPU "/cache/index0/level") >= 0 &&
              symlink("/etc/passwd", CPU "/cache/index0/level") >= 0);
        CHECK_IS(cpu_files_copy(sys(), fd, &object), -ELOOP);
        CHECK(strcmp(object, CPU "/cache") == 0);
}

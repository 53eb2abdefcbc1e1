/* SPDX-License-Identifier: Apache-2.0 */

/* Idmapped mounts. VM is the uid and gid of a virtual machine; the files belong to root, and stay so. */

#include "missing.h" /* before all that includes <linux/mount.h> */

#include <dirent.h>
#include <grp.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "child.h"
#include "idmap.h"
#include "mount-util.h"

#define VM 30001

static unsigned count_fds(void)
{
        _cleanup_closedir_ DIR *d = opendir("/proc/self/fd");
        unsigned n = 0;

        CHECK(d);
        while (readdir(d))
                n++;
        return n;
}

static void check_no_child(void)
{
        siginfo_t si;

        CHECK(waitid(P_ALL, 0, &si, WEXITED | WNOHANG | (int) __WALL) < 0 && errno == ECHILD);
}

static unsigned fds_before;

/* That what follows leaves neither a descriptor nor a process. */
static void begin(void)
{
        fds_before = count_fds();
        check_no_child();
}

static void check_nothing_is_left(void)
{
        CHECK_IS(count_fds(), fds_before);
        check_no_child();
}

static int root_to_vm(void)
{
        return idmap_userns(0, VM, 0, VM, false);
}

static void check_idmap_userns_fails(int want)
{
        begin();
        CHECK_IS(root_to_vm(), want);
        check_nothing_is_left();
}

static int clone_tree(int fd)
{
        return (int) syscall(SYS_open_tree, fd, "",
                             OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW);
}

/* As fcjail@.service gives them. */
static void keep_the_capabilities_of_the_unit(void)
{
        cap_t caps =
                cap_from_text("cap_sys_admin,cap_net_admin,cap_mknod,cap_sys_chroot,cap_setuid,cap_setgid,"
                              "cap_setpcap=ep");

        CHECK(caps && cap_set_proc(caps) >= 0);
        (void) cap_free(caps);
        CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) >= 0);
}

static void make_file(const char *path)
{
        _cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

        CHECK(fd >= 0 && write(fd, "root's", 6) == 6);
}

static void check_root_owns(const char *path, const char *content)
{
        struct stat st;
        char text[16] = "";

        CHECK(stat(path, &st) >= 0);
        CHECK(st.st_uid == 0 && st.st_gid == 0);
        CHECK_IS(st.st_mode, S_IFREG | 0600);
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
        CHECK(read(fd, text, sizeof(text) - 1) >= 0 && strcmp(text, content) == 0);
}

/* In a child: opens the path as an unprivileged user, and reads and writes it if that works. */
static int use_as(uid_t id, const char *path)
{
        int status = 0;

        pid_t pid = fork();
        if (pid == 0) {
                char text[8] = "";

                CHECK(setgroups(0, NULL) >= 0 && setresgid(id, id, id) >= 0 && setresuid(id, id, id) >= 0);
                int fd = open(path, O_RDWR | O_CLOEXEC);
                if (fd < 0)
                        _exit(errno);
                CHECK(read(fd, text, 6) == 6 && strcmp(text, "root's") == 0);
                CHECK(pwrite(fd, "the VM's", 8, 0) == 8);
                _exit(0);
        }
        CHECK(pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status));
        return WEXITSTATUS(status);
}

/* Linux 5.12 has the call, and the tmpfs of Linux 6.3 can. */
static void must_be_idmapped(int r)
{
        if (r == -ENOSYS || r == -EINVAL)
                _exit(CHILD_SKIP);
        CHECK_IS(r, 0);
}

/* An idmapped tree of one file, with no more rights than a start has. */
static int idmap_file(const char *path)
{
        keep_the_capabilities_of_the_unit();
        _cleanup_close_ int fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
        int tree_fd = clone_tree(fd);
        CHECK(tree_fd >= 0);
        _cleanup_close_ int userns_fd = root_to_vm();
        CHECK(userns_fd >= 0);
        must_be_idmapped(tree_idmap(tree_fd, userns_fd));
        return tree_fd;
}

static void check_file_is_the_vms(const char *path)
{
        struct stat st;

        make_file(path);
        CHECK(mkdir("/run/place", 0755) >= 0);
        CHECK(close(open("/run/place/disk", O_CREAT | O_CLOEXEC, 0600)) >= 0);
        CHECK(chmod("/run/place", 0755) >= 0); /* against the umask */

        begin();
        int tree_fd = idmap_file(path);
        CHECK(fstat(tree_fd, &st) >= 0 && st.st_uid == VM && st.st_gid == VM);
        CHECK_IS(mount_attach(tree_fd, AT_FDCWD, "/run/place/disk"), 0);
        (void) close(tree_fd);
        check_nothing_is_left();

        CHECK_IS(use_as(VM + 1, "/run/place/disk"), EACCES);
        CHECK_IS(use_as(VM, "/run/place/disk"), 0);
        check_root_owns(path, "the VM's");
}

CHILD_TEST(idmap, a_file_of_root_on_tmpfs_is_the_vms)
{
        check_file_is_the_vms("/srv/disk");
}

CHILD_TEST(idmap, a_file_of_root_on_ext4_is_the_vms)
{
        char name[FS_NAME_MAX];

        /* The loop device goes with the mount, and the mount with this process. */
        if (system("truncate -s 8M /srv/image && mkfs.ext4 -q /srv/image && mkdir /srv/ext4 && "
                   "mount -o loop /srv/image /srv/ext4") != 0)
                _exit(CHILD_SKIP);
        _cleanup_close_ int fd = open("/srv/ext4", O_PATH | O_DIRECTORY | O_CLOEXEC);
        CHECK(strcmp(fs_name(name, fd), "ext4") == 0);
        check_file_is_the_vms("/srv/ext4/disk");
}

/* /proc is that of the host, where this process has another pid than the 1 that it knows. */
CHILD_TEST(idmap, works_for_pid_1_with_the_proc_of_the_host)
{
        int status = 0;

        CHECK(unshare(CLONE_NEWPID) >= 0);
        pid_t pid = fork();
        if (pid == 0) {
                CHECK_IS(getpid(), 1);
                check_file_is_the_vms("/srv/disk");
                _exit(0);
        }
        CHECK(pid > 0 && waitpid(pid, &status, 0) == pid);
        _exit(WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILURE);
}

/* As after the change of the uid with which a start as User= begins. */
CHILD_TEST(idmap, works_for_a_process_that_is_not_dumpable)
{
        CHECK(mount("proc", "/proc", "proc", 0, "hidepid=2") >= 0);
        CHECK(prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) >= 0);
        check_file_is_the_vms("/srv/disk");
}

/* Nobody may reap the child before its maps are written. */
CHILD_TEST(idmap, works_where_sigchld_is_ignored)
{
        CHECK(signal(SIGCHLD, SIG_IGN) != SIG_ERR);
        begin();
        int fd = root_to_vm();
        CHECK(fd >= 0 && (fcntl(fd, F_GETFD) & FD_CLOEXEC));
        (void) close(fd);
        check_nothing_is_left();
}

/* Files that are made through the mount belong to whom the id is mapped from, and ids that are not mapped to nobody. */
CHILD_TEST(idmap, a_directory_shows_its_owners_files_only)
{
        struct stat st;

        CHECK(mkdir("/srv/dir", 0700) >= 0);
        make_file("/srv/dir/other");
        CHECK(chown("/srv/dir", 1000, 1001) >= 0 && chown("/srv/dir/other", 2000, 2001) >= 0);
        _cleanup_close_ int fd = open("/srv/dir", O_PATH | O_DIRECTORY | O_CLOEXEC);
        _cleanup_close_ int tree_fd = clone_tree(fd);
        _cleanup_close_ int userns_fd = idmap_userns(1000, VM, 1001, VM + 1, false);
        CHECK(userns_fd >= 0);
        must_be_idmapped(tree_idmap(tree_fd, userns_fd));

        CHECK(fstatat(tree_fd, "other", &st, 0) >= 0 && st.st_uid == 65534 && st.st_gid == 65534);
        CHECK(setresgid(VM + 1, VM + 1, 0) >= 0 && setresuid(VM, VM, 0) >= 0);
        CHECK(openat(tree_fd, "other", O_RDONLY | O_CLOEXEC) < 0 && errno == EACCES);
        CHECK(close(openat(tree_fd, "new", O_CREAT | O_EXCL | O_CLOEXEC, 0600)) >= 0);
        CHECK(setresuid(0, 0, 0) >= 0);
        CHECK(stat("/srv/dir/new", &st) >= 0 && st.st_uid == 1000 && st.st_gid == 1001);
}

/* Of a group that is kept nothing can be made, and nothing made setgid. */
CHILD_TEST(idmap, a_group_that_is_kept_is_not_the_vms)
{
        struct stat st;

        CHECK(mkdir("/srv/kept", 0700) >= 0);
        make_file("/srv/kept/own");
        CHECK(chown("/srv/kept", 1000, 0) >= 0 && chown("/srv/kept/own", 1000, 0) >= 0);
        _cleanup_close_ int fd = open("/srv/kept", O_PATH | O_DIRECTORY | O_CLOEXEC);
        _cleanup_close_ int tree_fd = clone_tree(fd);
        _cleanup_close_ int userns_fd = idmap_userns(1000, VM, 0, VM + 1, true);
        _cleanup_close_ int same_fd = idmap_userns(1000, VM, VM + 1, VM + 1, true);
        CHECK(userns_fd >= 0 && same_fd >= 0);
        must_be_idmapped(tree_idmap(tree_fd, userns_fd));

        CHECK(setresgid(VM + 1, VM + 1, 0) >= 0 && setresuid(VM, VM, 0) >= 0);
        CHECK(close(openat(tree_fd, "own", O_WRONLY | O_CLOEXEC)) >= 0);
        CHECK(fchmodat(tree_fd, "own", 02755, 0) >= 0);
        CHECK(close(openat(tree_fd, "new", O_CREAT | O_EXCL | O_CLOEXEC, 0600)) >= 0);
        CHECK(setresuid(0, 0, 0) >= 0);
        CHECK(stat("/srv/kept/own", &st) >= 0 && st.st_uid == 1000 && st.st_gid == 0);
        CHECK_IS(st.st_mode & 07777, 0755);
        CHECK(stat("/srv/kept/new", &st) >= 0 && st.st_uid == 1000 && st.st_gid == VM + 1);
}

CHILD_TEST(idmap, overlayfs_cannot)
{
        char name[FS_NAME_MAX];

        CHECK(mkdir("/srv/lower", 0755) >= 0 && mkdir("/srv/upper", 0755) >= 0 &&
              mkdir("/srv/work", 0755) >= 0 && mkdir("/srv/merged", 0755) >= 0);
        make_file("/srv/lower/disk");
        if (mount("test", "/srv/merged", "overlay", 0,
                  "lowerdir=/srv/lower,upperdir=/srv/upper,workdir=/srv/work") < 0)
                _exit(CHILD_SKIP);
        _cleanup_close_ int fd = open("/srv/merged/disk", O_PATH | O_CLOEXEC);
        CHECK(strcmp(fs_name(name, fd), "overlay") == 0);
        _cleanup_close_ int tree_fd = clone_tree(fd);
        _cleanup_close_ int userns_fd = root_to_vm();
        int r = tree_idmap(tree_fd, userns_fd);
        if (r == -ENOSYS)
                _exit(CHILD_SKIP);
        CHECK_IS(r, -EINVAL);
}

CHILD_TEST(idmap, what_is_idmapped_is_not_idmapped_again)
{
        make_file("/srv/disk");
        _cleanup_close_ int first = idmap_file("/srv/disk");
        _cleanup_close_ int second = clone_tree(first);
        _cleanup_close_ int userns_fd = root_to_vm();
        CHECK_IS(tree_idmap(second, userns_fd), -EPERM);
}

/* Otherwise a descriptor of the wrong kind would be a mount without a map. */
CHILD_TEST(idmap, takes_a_user_namespace_only)
{
        make_file("/srv/disk");
        _cleanup_close_ int fd = open("/srv/disk", O_PATH | O_CLOEXEC);
        _cleanup_close_ int tree_fd = clone_tree(fd);
        _cleanup_close_ int net_fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
        _cleanup_close_ int own_fd = open("/proc/self/ns/user", O_RDONLY | O_CLOEXEC);
        if (tree_idmap(tree_fd, net_fd) == -ENOSYS)
                _exit(CHILD_SKIP);
        CHECK_IS(tree_idmap(tree_fd, net_fd), -EINVAL);
        CHECK_IS(tree_idmap(tree_fd, own_fd), -EPERM);
}

CHILD_TEST(idmap, invalid_ids_are_refused)
{
        begin();
        CHECK_IS(idmap_userns((uid_t) -1, VM, 0, VM, false), -EINVAL);
        CHECK_IS(idmap_userns(0, VM, 0, (gid_t) -1, false), -EINVAL);
        check_nothing_is_left();
}

CHILD_TEST(idmap, needs_capabilities)
{
        cap_t none = cap_init();

        CHECK(none && cap_set_proc(none) >= 0);
        (void) cap_free(none);
        check_idmap_userns_fails(-EPERM);
}

CHILD_TEST(idmap, needs_proc)
{
        CHECK(mount("test", "/proc", "tmpfs", 0, NULL) >= 0);
        CHECK_IS(root_to_vm(), -ENOENT);
        CHECK(umount2("/proc", MNT_DETACH) >= 0);
        check_no_child();
}

CHILD_TEST(idmap, is_refused_in_a_chroot)
{
        CHECK(mkdir("/srv/proc", 0755) >= 0 && mount("/proc", "/srv/proc", NULL, MS_BIND, NULL) >= 0);
        CHECK(chroot("/srv") >= 0 && chdir("/") >= 0);
        check_idmap_userns_fails(-EPERM);
}

/* The limit is one of the user namespace that the writer is in: the host keeps its own. */
CHILD_TEST(idmap, is_refused_where_the_host_forbids_user_namespaces)
{
        CHECK(unshare(CLONE_NEWUSER) >= 0);
        _cleanup_close_ int fd = open("/proc/sys/user/max_user_namespaces", O_WRONLY | O_CLOEXEC);
        CHECK(fd >= 0 && write(fd, "0", 1) == 1);
        check_idmap_userns_fails(-ENOSPC);
}

CHILD_TEST(idmap, leaves_nothing_when_descriptors_are_used_up)
{
        begin();
        for (int left = 0; left < 4; left++) {
                int fds[64], n = 0, r;

                struct rlimit limit = { ELEMENTSOF(fds), ELEMENTSOF(fds) };
                CHECK(setrlimit(RLIMIT_NOFILE, &limit) >= 0);
                while ((fds[n] = dup(0)) >= 0)
                        n++;
                CHECK(errno == EMFILE && n > 4);
                for (int i = 0; i < left; i++)
                        (void) close(fds[--n]);
                r = root_to_vm();
                CHECK_IS(r < 0 ? r : 0, left < 3 ? -EMFILE : 0);
                (void) safe_close(r);
                while (n > 0)
                        (void) close(fds[--n]);
                check_nothing_is_left();
        }
}

CHILD_TEST(fs_name, names_file_systems)
{
        char name[FS_NAME_MAX];

        _cleanup_close_ int run = open("/run", O_PATH | O_DIRECTORY | O_CLOEXEC);
        CHECK(strcmp(fs_name(name, run), "tmpfs") == 0);
        _cleanup_close_ int proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
        CHECK(strcmp(fs_name(name, proc), "0x9fa0") == 0);
        CHECK(strcmp(fs_name(name, -EBADF), "unknown") == 0);
}

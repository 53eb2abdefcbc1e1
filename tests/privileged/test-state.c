/* SPDX-License-Identifier: Apache-2.0 */

#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "claim.h"
#include "record.h"

static void append_text(const char *id, const char *text)
{
        int fd = openat(root.vm_fd, id, O_WRONLY | O_APPEND | O_CLOEXEC);

        CHECK(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t) strlen(text));
        (void) close(fd);
}

CHILD_TEST(state, what_is_written_is_read)
{
        State s = example("web1", "abc"), t = STATE_NULL;
        ProcRef me;

        open_root();
        me = self();
        write_down(&s, &me);
        CHECK_IS(state_load(&root, "web1", &t), 0);
        CHECK(strcmp(t.id, "web1") == 0 && strcmp(t.invocation, "abc") == 0 && strcmp(t.boot, s.boot) == 0);
        CHECK(strcmp(t.chroot_dir, "/srv/jailer") == 0 && strcmp(t.api, "/run/firecracker.socket") == 0);
        CHECK(strcmp(t.vmm_name, "firecracker") == 0);
        CHECK(t.files.n == 2 && strcmp(t.files.names[1], "fcjail.json") == 0);
        CHECK(t.places.n == 1 && strcmp(t.places.names[0], "dev") == 0);
        CHECK(t.trees.n == 1 && strcmp(t.trees.names[0], "run") == 0);
        CHECK(t.supervised && !t.keep && !t.netns && t.stop_seconds == 20);
        CHECK(t.taps.n == 1 && strcmp(t.taps.names[0], "tap0") == 0);
        CHECK(t.images.n == 2 && strcmp(t.images.names[1], "b7:0") == 0);
        CHECK(t.loops.n == 2 && t.loops.numbers[1] == 1001);
        CHECK(t.uid == 4711 && t.gid == 4712 && t.vmm.pid == getpid());
        CHECK(t.version == STATE_VERSION && state_is_understood(&t));
        CHECK_IS(state_vmm_alive(&t), 1);
}

CHILD_TEST(state, the_last_who_asked_for_a_stop_counts)
{
        static char systemd[] = "systemd", nobody[] = "";
        State s = example("web1", "abc"), t = STATE_NULL, u = STATE_NULL;

        open_root();
        write_down(&s, NULL);
        _cleanup_close_ int fd = openat(root.vm_fd, "web1", O_RDWR | O_CLOEXEC);
        CHECK_IS(state_append(fd, &s, STATE_STOP), 0);
        CHECK_IS(state_read(fd, &t), 0);
        CHECK(!t.stop_by);
        s.stop_by = systemd;
        CHECK_IS(state_append(fd, &s, STATE_STOP), 0);
        CHECK_IS(state_read(fd, &t), 0);
        CHECK(strcmp(t.stop_by, "systemd") == 0 && state_is_understood(&t));
        s.stop_by = nobody;
        CHECK_IS(state_append(fd, &s, STATE_STOP), 0);
        CHECK_IS(state_read(fd, &u), 0);
        CHECK(strcmp(u.stop_by, "") == 0);
}

CHILD_TEST(state, a_glance_sees_the_lock_and_takes_none)
{
        State s = example("web1", "abc"), t = STATE_NULL;
        StateGlance glance = {};

        open_root();
        CHECK_IS(state_glance(&root, "web1", &t, &glance), -ENOENT);
        write_down(&s, NULL);
        CHECK_IS(state_glance(&root, "web1", &t, &glance), 0);
        CHECK(!glance.locked && glance.written.tv_sec > 0 && strcmp(t.id, "web1") == 0);
        state_done(&t);

        int fd = state_lock(&root, "web1", /* create= */ false);
        CHECK(fd >= 0);
        CHECK_IS(state_glance(&root, "web1", &t, &glance), 0);
        CHECK(glance.locked);
        state_done(&t);
        (void) close(fd);
        fd = state_lock(&root, "web1", /* create= */ false);
        CHECK(fd >= 0);
        CHECK_IS(ftruncate(fd, 0), 0);
        CHECK_IS(state_glance(&root, "web1", &t, &glance), -ENODATA);
        CHECK(glance.locked);
        (void) close(fd);
}

CHILD_TEST(state, a_glance_waits_for_no_writer_of_a_fifo)
{
        State t = STATE_NULL;
        StateGlance glance = {};

        open_root();
        CHECK_IS(mkfifoat(root.vm_fd, "web1", 0600), 0);
        CHECK_IS(state_glance(&root, "web1", &t, &glance), -EBADMSG);
}

CHILD_TEST(state, the_index_of_a_tap_comes_later)
{
        static const char *const wrong[] = { "tap0", "tap0 0", "tap0 x", "tap0 2147483648", "tap1 7", "" };
        State s = example("web1", "abc");

        open_root();
        write_down(&s, NULL);
        s.taps.indexes[0] = 7;
        int fd = openat(root.vm_fd, "web1", O_RDWR | O_CLOEXEC);
        CHECK(fd >= 0);
        CHECK_IS(state_append(fd, &s, STATE_TAP), 0);
        _cleanup_state_ State t = STATE_NULL;
        CHECK_IS(state_read(fd, &t), 0);
        CHECK(t.taps.n == 1 && t.taps.indexes[0] == 7 && state_is_understood(&t));

        FOREACH_ARRAY (value, wrong, ELEMENTSOF(wrong)) {
                char line[64];

                CHECK_IS(state_write(fd, &s), 0);
                (void) snprintf(line, sizeof(line), "TAP_INDEX=%s\n", *value);
                append_text("web1", line);
                CHECK_IS(state_read(fd, &t), -EBADMSG);
        }
}

CHILD_TEST(state, one_has_the_lock)
{
        open_root();
        CHECK_IS(state_lock(&root, "web1", /* create= */ false), -ENOENT);
        int fd = state_lock(&root, "web1", /* create= */ true);
        CHECK(fd >= 0);
        CHECK_IS(state_lock(&root, "web1", /* create= */ true), -EBUSY);
        (void) close(fd);
        CHECK(state_lock(&root, "web1", /* create= */ false) >= 0);
}

CHILD_TEST(state, a_child_keeps_the_lock)
{
        int pair[2], status;

        open_root();
        CHECK(pipe(pair) >= 0);
        int fd = state_lock(&root, "web1", /* create= */ true);
        pid_t pid = fork();
        if (pid == 0) {
                char c;
                (void) close(pair[1]);
                _exit(read(pair[0], &c, 1) == 0 ? 0 : 1);
        }
        (void) close(pair[0]);
        (void) close(fd);
        CHECK_IS(state_lock(&root, "web1", /* create= */ true), -EBUSY);
        (void) close(pair[1]);
        CHECK(waitpid(pid, &status, 0) == pid);
        CHECK(state_lock(&root, "web1", /* create= */ true) >= 0);
}

static int count(const char *id, void *userdata)
{
        unsigned *n = userdata;

        *n += strcmp(id, "web1") == 0 ? 1 : strcmp(id, "web2") == 0 ? 10 : 100;
        return 0;
}

static int stop_at_once(const char *id, void *userdata)
{
        (void) id;
        (void) userdata;
        return 7;
}

CHILD_TEST(state, goes_over_all_records)
{
        State a = example("web1", "abc"), b = example("web2", "def");
        unsigned n = 0;

        open_root();
        CHECK_IS(state_each(&root, stop_at_once, NULL), 0);
        write_down(&a, NULL);
        write_down(&b, NULL);
        CHECK(mkdirat(root.vm_fd, "no.id", 0755) >= 0);
        for (int i = 0; i < 2; i++) {
                CHECK_IS(state_each(&root, count, &n), 0);
                CHECK_IS(n, 11 * (i + 1));
        }
        CHECK_IS(state_each(&root, stop_at_once, NULL), 7);
}

CHILD_TEST(state, a_torn_line_tells_of_nothing)
{
        State s = example("web1", "abc"), t = STATE_NULL;

        open_root();
        write_down(&s, NULL);
        append_text("web1", "VMM=1 2");
        CHECK_IS(state_load(&root, "web1", &t), 0);
        CHECK_IS(t.vmm.pid, 0);
        CHECK_IS(state_vmm_alive(&t), 0);
}

CHILD_TEST(state, what_is_not_complete_tells_of_nothing)
{
        State t = STATE_NULL;

        open_root();
        CHECK(state_lock(&root, "web1", /* create= */ true) >= 0);
        CHECK_IS(state_load(&root, "web1", &t), -ENODATA);
        append_text(
                "web1",
                "ID=web1\nBOOT_ID=1\nINVOCATION_ID=2\nCHROOT_DIR=/srv\nVMM_NAME=firecracker\nTAP=tap0\n");
        CHECK_IS(state_load(&root, "web1", &t), -ENODATA);
}

CHILD_TEST(state, a_uid_that_was_not_chosen_is_invalid)
{
        State s = example("web1", "abc"), t = STATE_NULL;

        open_root();
        _cleanup_close_ int fd = state_lock(&root, "web1", /* create= */ true);
        CHECK_IS(state_write(fd, &s), 0);
        CHECK_IS(state_append(fd, &s, STATE_UID), 0);
        CHECK_IS(state_load(&root, "web1", &t), 0);
        CHECK(t.uid == UID_INVALID && t.gid == GID_INVALID);
}

CHILD_TEST(state, what_is_not_ours_is_refused)
{
        static const char *const wrong[] = {
                "what=ever\n",      "\n",          "=x\n",     "ID=../x\n",    "CHROOT_DIR=srv\n",
                "UID=4294967295\n", "VMM=0 1\n",   "VMM=1\n",  "TAP=a/b\n",    "KEEP=\n",
                "FILE=..\n",        "TREE=a/b\n",  "PLACE=\n", "VMM_NAME=/\n", "IMAGE=..\n",
                "IMAGE=\n",         "LOOP=loop0\n"
        };
        State s = example("web1", "abc"), t = STATE_NULL;

        open_root();
        FOREACH_ARRAY (line, wrong, ELEMENTSOF(wrong)) {
                write_down(&s, NULL);
                append_text("web1", *line);
                CHECK_IS(state_load(&root, "web1", &t), -EBADMSG);
        }
}

CHILD_TEST(state, something_else_than_a_file_is_no_record)
{
        State s = example("web2", "abc"), t = STATE_NULL;
        char *owner = NULL;

        open_root();
        CHECK(mkdirat(root.vm_fd, "web1", 0755) >= 0);
        CHECK_IS(state_load(&root, "web1", &t), -EBADMSG);
        CHECK_IS(state_lock(&root, "web1", /* create= */ true), -EBADMSG);
        CHECK(mkdirat(root.fd, "uid", 0700) >= 0 && symlinkat("web1/abc", root.fd, "uid/4711") >= 0);
        CHECK_IS(claim_take(&root, CLAIM_UID, "4711", false, &s, &owner), -EBADMSG);
        CHECK(owner && strcmp(owner, "web1") == 0);
        owner = NULL;
        CHECK(mkdirat(root.fd, "uid/4712", 0700) >= 0);
        CHECK_IS(claim_take(&root, CLAIM_UID, "4712", false, &s, &owner), -EBADMSG);
        CHECK(!owner);
}

/* A downgrade must not lose a VM. */
CHILD_TEST(state, what_a_newer_version_has_added_is_kept_and_told)
{
        State s = example("web1", "abc"), t = STATE_NULL;
        ProcRef me;

        open_root();
        me = self();
        write_down(&s, &me);
        append_text("web1", "NEWER=/dev/dm-0\nMADE_1=x=y\n");
        CHECK_IS(state_load(&root, "web1", &t), 0);
        CHECK(!state_is_understood(&t) && strcmp(t.unknown, "NEWER=/dev/dm-0\nMADE_1=x=y") == 0);
        CHECK_IS(state_vmm_alive(&t), 1);
        state_done(&t);
        CHECK(!t.unknown && t.uid == UID_INVALID);

        s.version = STATE_VERSION + 1;
        write_down(&s, &me);
        CHECK_IS(state_load(&root, "web1", &t), 0);
        CHECK(!state_is_understood(&t) && !t.unknown);
}

/* Of before there were versions, and VMs that run meanwhile. */
CHILD_TEST(state, a_record_without_a_version_is_understood)
{
        State t = STATE_NULL;

        open_root();
        CHECK(state_lock(&root, "web1", /* create= */ true) >= 0);
        append_text(
                "web1",
                "ID=web1\nBOOT_ID=1\nINVOCATION_ID=2\nCHROOT_DIR=/srv\nVMM_NAME=firecracker\nCOMPLETE\n");
        CHECK_IS(state_load(&root, "web1", &t), 0);
        CHECK(state_is_understood(&t) && t.version == 0);
}

CHILD_TEST(state, a_directory_that_others_can_change_is_refused)
{
        State s = example("web1", "abc");
        char *culprit = NULL, *owner = NULL;

        open_root();
        state_root_done(&root);
        CHECK(fchmodat(AT_FDCWD, "/run/fcjail/vm", 0777, 0) >= 0);
        CHECK_IS(state_root_open(&root, &culprit), -EPERM);
        CHECK(culprit && strcmp(culprit, "/run/fcjail/vm") == 0);
        free(culprit);
        CHECK(fchmodat(AT_FDCWD, "/run/fcjail/vm", 0755, 0) >= 0);
        CHECK(mkdir("/run/fcjail/uid", 0777) >= 0 && chmod("/run/fcjail/uid", 0777) >= 0);
        CHECK_IS(state_root_open(&root, NULL), 0);
        CHECK_IS(claim_take(&root, CLAIM_UID, "4711", false, &s, &owner), -EPERM);
        state_root_done(&root);
        CHECK(renameat(AT_FDCWD, "/run/fcjail/vm", AT_FDCWD, "/run/fcjail/real") >= 0);
        CHECK(symlinkat("real", AT_FDCWD, "/run/fcjail/vm") >= 0);
        CHECK_IS(state_root_open(&root, &culprit), -ENOTDIR);
        CHECK(culprit && strcmp(culprit, "/run/fcjail/vm") == 0);
        free(culprit);
}

/* The boot id is not the same everywhere on a host: a container's may be another. */
CHILD_TEST(state, whose_vmm_lives_is_alive_whatever_its_boot_id)
{
        State s = example("web1", "abc"), other = example("web2", "def"), t = STATE_NULL;
        char *owner = NULL;
        bool identified;
        ProcRef me;

        open_root();
        me = self();
        free(s.boot);
        s.boot = strdup("0123456789abcdef0123456789abcdef");
        write_down(&s, &me);
        CHECK_IS(state_load(&root, "web1", &t), 0);
        CHECK_IS(state_vmm_alive(&t), 1);
        CHECK(state_vmm_hold(&t, &identified) >= 0 && !identified);
        CHECK_IS(claim_take(&root, CLAIM_UID, "4711", false, &s, &owner), 0);
        CHECK_IS(claim_take(&root, CLAIM_UID, "4711", false, &other, &owner), -EBUSY);
        t.vmm.start--;
        CHECK_IS(state_vmm_alive(&t), 0);
        CHECK_IS(state_vmm_hold(&t, &identified), -ESRCH);
}

CHILD_TEST(state, a_vmm_of_this_boot_is_identified)
{
        State s = example("web1", "abc");
        bool identified;

        s.vmm = self();
        CHECK(state_vmm_hold(&s, &identified) >= 0 && identified);
}

CHILD_TEST(state, a_vmm_that_cannot_be_looked_at_is_not_dead)
{
        State s = example("web1", "abc");
        struct rlimit none = { 0, 0 };

        s.vmm = self();
        CHECK(setrlimit(RLIMIT_NOFILE, &none) >= 0);
        CHECK_IS(state_vmm_alive(&s), -EMFILE);
}

CHILD_TEST(state, another_process_with_the_pid_is_not_the_vmm)
{
        ProcRef ref = self();

        CHECK_IS(proc_alive(&ref), 1);
        ref.start--;
        CHECK_IS(proc_alive(&ref), 0);
}

CHILD_TEST(state, a_process_of_another_pid_namespace_is_not_known)
{
        ProcRef ref = self();

        CHECK_IS(pid_namespace(&ref.ns), 0);
        CHECK_IS(proc_alive(&ref), 1);
        ref.ns++;
        CHECK_IS(proc_alive(&ref), -EREMOTE);
        ref.pid = 0;
        CHECK_IS(proc_alive(&ref), 0);
}

static void *wait_for_ever(void *unused)
{
        for (;;)
                (void) pause();
        return unused;
}

/* A process that lives, if without its first thread. */
static pid_t start(bool headless, ProcRef *ret)
{
        pthread_t thread;
        int pair[2];

        CHECK(pipe2(pair, O_CLOEXEC) >= 0);
        pid_t pid = fork();
        if (pid == 0) {
                *ret = self();
                CHECK(!headless || pthread_create(&thread, NULL, wait_for_ever, NULL) == 0);
                CHECK(write(pair[1], ret, sizeof(*ret)) == sizeof(*ret));
                if (headless)
                        (void) syscall(SYS_exit, 0);
                (void) wait_for_ever(NULL);
        }
        CHECK(read(pair[0], ret, sizeof(*ret)) == sizeof(*ret));
        return pid;
}

/* To /proc it is a zombie. */
CHILD_TEST(state, a_process_whose_first_thread_has_ended_is_alive)
{
        char path[64], text[256] = "";
        ProcRef ref;

        pid_t pid = start(/* headless= */ true, &ref);
        (void) snprintf(path, sizeof(path), "/proc/%i/stat", pid);
        while (!strstr(text, ") Z ")) {
                int fd = open(path, O_RDONLY | O_CLOEXEC);
                CHECK(fd >= 0 && read(fd, text, sizeof(text) - 1) > 0);
                (void) close(fd);
        }
        CHECK_IS(proc_alive(&ref), 1);
        CHECK(kill(pid, SIGKILL) >= 0);
        CHECK(waitpid(pid, NULL, 0) == pid);
        CHECK_IS(proc_alive(&ref), 0);
}

CHILD_TEST(state, a_zombie_is_dead)
{
        siginfo_t si;
        ProcRef ref;

        pid_t pid = start(/* headless= */ false, &ref);
        CHECK_IS(proc_alive(&ref), 1);
        CHECK(kill(pid, SIGKILL) >= 0);
        CHECK(waitid(P_PID, (id_t) pid, &si, WEXITED | WNOWAIT) >= 0);
        CHECK_IS(proc_alive(&ref), 0);
        CHECK(waitid(P_PID, (id_t) pid, &si, WEXITED) >= 0);
        CHECK_IS(proc_alive(&ref), 0);
}

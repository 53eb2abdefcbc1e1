/* SPDX-License-Identifier: Apache-2.0 */

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "at.h"
#include "fd-util.h"
#include "vm-facts.h"

#define STATE(...) vm_state(&(VmEvidence){ __VA_ARGS__ })

Test(vm_state, without_a_record_it_is_what_the_unit_is)
{
        cr_expect_eq(STATE(.record = -ENOENT, .unit = "failed"), VM_FAILED);
        cr_expect_eq(STATE(.record = -ENOENT, .unit = "activating"), VM_STARTING);
        cr_expect_eq(STATE(.record = -ENOENT, .unit = "active"), VM_RUNNING);
        cr_expect_eq(STATE(.record = -ENOENT, .unit = "deactivating"), VM_STOPPING);
        cr_expect_eq(STATE(.record = -ENOENT, .unit = "inactive"), _VM_STATE_INVALID);
        cr_expect_eq(STATE(.record = -ENOENT), _VM_STATE_INVALID);
}

Test(vm_state, a_record_that_cannot_be_read_says_nothing)
{
        cr_expect_eq(STATE(.record = -EBADMSG, .locked = true, .unit = "active"), VM_UNREADABLE);
        cr_expect_eq(STATE(.record = -EACCES), VM_UNREADABLE);
}

Test(vm_state, before_the_vmm_is_made)
{
        cr_expect_eq(STATE(.record = -ENODATA, .locked = true), VM_STARTING);
        cr_expect_eq(STATE(.locked = true, .supervised = true, .unit = "activating"), VM_STARTING);
        cr_expect_eq(STATE(.record = -ENODATA), VM_LEFTOVER);
        cr_expect_eq(STATE(.record = 0), VM_LEFTOVER);
}

#define LIVES .was_cloned = true, .alive = 1

Test(vm_state, of_a_unit_systemd_knows_it)
{
        cr_expect_eq(STATE(LIVES, .supervised = true, .locked = true, .unit = "active"), VM_RUNNING);
        cr_expect_eq(STATE(LIVES, .supervised = true, .unit = "activating"), VM_STARTING);
        cr_expect_eq(STATE(LIVES, .supervised = true, .unit = "deactivating"), VM_STOPPING);
}

Test(vm_state, of_a_unit_without_systemd_the_lock_does)
{
        cr_expect_eq(STATE(LIVES, .supervised = true, .locked = true), VM_STARTING);
        cr_expect_eq(STATE(LIVES, .supervised = true), VM_RUNNING);
}

Test(vm_state, by_hand_the_lock_is_kept)
{
        cr_expect_eq(STATE(LIVES, .locked = true), VM_STARTING);
        cr_expect_eq(STATE(LIVES, .locked = true, .is_jailed = true), VM_RUNNING);
        cr_expect_eq(STATE(LIVES), VM_RUNNING);
        cr_expect_eq(STATE(LIVES, .unit = "failed"), VM_RUNNING);
}

#define DIED .was_cloned = true, .alive = 0

Test(vm_state, after_its_end)
{
        cr_expect_eq(STATE(DIED), VM_LEFTOVER);
        cr_expect_eq(STATE(DIED, .locked = true), VM_STOPPING);
        cr_expect_eq(STATE(DIED, .supervised = true, .unit = "deactivating"), VM_STOPPING);
        cr_expect_eq(STATE(DIED, .supervised = true, .unit = "failed"), VM_LEFTOVER);
        cr_expect_eq(STATE(.was_cloned = true, .alive = -EREMOTE), VM_UNKNOWN);
}

Test(vm_state, each_has_a_name)
{
        for (VmState s = 0; s < _VM_STATE_MAX; s++)
                cr_expect_not_null(vm_state_to_string(s));
        cr_expect_str_eq(vm_state_to_string(_VM_STATE_INVALID), "invalid");
}

static char dir[] = "/tmp/test-vm-facts-XXXXXX";
static VmEyes eyes = { .proc_fd = -EBADF, .cgroups_fd = -EBADF };
static VmUsage usage;

static void make_cgroup(void)
{
        cr_assert_not_null(mkdtemp(dir));
        _cleanup_close_ int fd = at_open_dir(AT_FDCWD, dir);
        cr_assert_geq(fd, 0);
        int vm_fd = at_make_dir(fd, "vm", 0700);
        cr_assert_geq(vm_fd, 0);
        (void) safe_close(vm_fd);
        eyes.cgroups_fd = TAKE_FD(fd);
}

static void remove_cgroup(void)
{
        cr_expect_eq(at_empty_dir(eyes.cgroups_fd), 0);
        eyes.cgroups_fd = safe_close(eyes.cgroups_fd);
        (void) rmdir(dir);
}

static void write_file(const char *name, const char *text)
{
        _cleanup_close_ int fd = at_open_dir(eyes.cgroups_fd, "vm");

        cr_assert_geq(fd, 0);
        cr_assert_eq(at_remove(fd, name), 0);
        cr_assert_eq(at_write_file(fd, name, 0600, text, strlen(text)), 0);
}

TestSuite(usage, .init = make_cgroup, .fini = remove_cgroup);

Test(usage, is_read)
{
        write_file("cpu.stat", "usage_usec 123456\nuser_usec 100000\nsystem_usec 23456\n");
        write_file("memory.current", "5242880\n");
        vm_cgroup_usage(&eyes, "vm", &usage);
        cr_expect(usage.has_cpu && usage.has_memory);
        cr_expect_eq(usage.cpu_usec, 123456);
        cr_expect_eq(usage.memory_bytes, 5242880);
}

Test(usage, what_is_not_there_is_unknown)
{
        vm_cgroup_usage(&eyes, "vm", &usage);
        cr_expect(!usage.has_cpu && !usage.has_memory);
        write_file("cpu.stat", "nr_periods 0\nusage_usec 7\n");
        vm_cgroup_usage(&eyes, "vm", &usage);
        cr_expect(usage.has_cpu && !usage.has_memory);
        cr_expect_eq(usage.cpu_usec, 7);
        vm_cgroup_usage(&eyes, "other", &usage);
        cr_expect(!usage.has_cpu && !usage.has_memory);
}

Test(usage, what_is_no_number_is_unknown)
{
        static const char *const texts[] = { "", "\n", "max\n", "-1\n", "99999999999999999999999999\n" };

        FOREACH_ARRAY (t, texts, ELEMENTSOF(texts)) {
                write_file("memory.current", *t);
                write_file("cpu.stat", *t);
                vm_cgroup_usage(&eyes, "vm", &usage);
                cr_expect(!usage.has_cpu && !usage.has_memory, "%s", *t);
        }
        write_file("cpu.stat", "not_usage_usec 7\n");
        vm_cgroup_usage(&eyes, "vm", &usage);
        cr_expect(!usage.has_cpu);
}

Test(usage, a_long_file_is_read_whole_and_a_longer_one_not)
{
        char text[VM_TEXT_MAX + 64];

        memset(text, 'x', 10000);
        (void) strcpy(text + 10000, "\nusage_usec 7\n");
        write_file("cpu.stat", text);
        vm_cgroup_usage(&eyes, "vm", &usage);
        cr_expect(usage.has_cpu);
        memset(text, 'x', VM_TEXT_MAX);
        (void) strcpy(text + VM_TEXT_MAX, "\nusage_usec 7\n");
        write_file("cpu.stat", text);
        vm_cgroup_usage(&eyes, "vm", &usage);
        cr_expect(!usage.has_cpu);
}

Test(eyes, a_process_lives_under_its_start_time)
{
        _cleanup_vm_eyes_ VmEyes e = { .proc_fd = -EBADF, .cgroups_fd = -EBADF };
        ProcRef self = {};

        cr_assert_eq(vm_eyes_open(&e), 0);
        cr_assert_eq(proc_ref_self(&self), 0);
        cr_expect_eq(vm_proc_alive(&e, &self), 1);
        self.ns = e.pid_ns;
        cr_expect_eq(vm_proc_alive(&e, &self), 1);
        self.start++;
        cr_expect_eq(vm_proc_alive(&e, &self), 0);
        self.start--;
        self.ns = 1;
        cr_expect_eq(vm_proc_alive(&e, &self), -EREMOTE);
        cr_expect_eq(vm_proc_alive(&e, &(ProcRef){}), 0);
        cr_expect(vm_proc_has_uid(&e, getpid(), geteuid()));
        cr_expect(!vm_proc_has_uid(&e, getpid(), geteuid() + 1));
}

/* It still has its start time. */
Test(eyes, a_zombie_does_not)
{
        _cleanup_vm_eyes_ VmEyes e = { .proc_fd = -EBADF, .cgroups_fd = -EBADF };
        ProcRef child = {};
        char path[64];
        siginfo_t si;

        cr_assert_eq(vm_eyes_open(&e), 0);
        pid_t pid = fork();
        cr_assert_geq(pid, 0);
        if (pid == 0)
                _exit(0);
        cr_assert_eq(waitid(P_PID, (id_t) pid, &si, WEXITED | WNOWAIT), 0);
        (void) snprintf(path, sizeof(path), "/proc/%i/stat", pid);
        _cleanup_free_ char *text = NULL;
        cr_assert_eq(at_read_file(AT_FDCWD, path, 4096, &text, NULL), 0);
        cr_assert_eq(proc_parse_stat(text, &child, NULL), 0);
        cr_expect_eq(vm_proc_alive(&e, &child), 0);
        cr_assert_eq(waitid(P_PID, (id_t) pid, &si, WEXITED), 0);
}

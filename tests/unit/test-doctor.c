/* SPDX-License-Identifier: Apache-2.0 */

/* The checks of `fcjail doctor`, on a host that the test makes below /run/host. What they ask the kernel itself, and what step
 * `paths` also does, is for tests/integration/doctor.sh. */

#include <stdio.h>

#include "doctor.h"
#include "fixture.h"
#include "host.h"

TestSuite(doctor, .init = fixture_enter);

#define HOST "/run/host"

/* Makes a file of the host. */
static void has(const char *path, const char *text)
{
        char full[512];

        (void) snprintf(full, sizeof(full), HOST "%s", path);
        file(full, text);
}

static const DoctorCheck *find(const char *name)
{
        const DoctorCheck *c;
        size_t i = 0;

        while ((c = doctor_check(i)) && strcmp(c->name, name) != 0)
                i++;
        cr_assert(c, "no check '%s'", name);
        return c;
}

/* Of the VM's configuration; NULL: none. */
static const VmmFiles *files;

static Findings look_at(const DoctorCheck *check, const Plan *plan, const SystemdUnit *unit)
{
        Findings f = {};

        if (access(HOST, F_OK) < 0)
                dir(HOST);
        int fd = open(HOST, O_PATH | O_DIRECTORY | O_CLOEXEC);
        cr_assert(fd >= 0);
        const DoctorHost host = { fd, plan, unit, files };
        cr_assert_eq(doctor_look(check, &host, &f), 0);
        (void) close(fd);
        cr_assert_neq(f.n_items, 0, "%s says nothing", check->name);
        return f;
}

static void expect_found(const Findings *f, const char *name, Severity severity, const char *text)
{
        cr_expect_eq(f->n_items, 1, "%s: %zu rows", name, f->n_items);
        cr_expect_eq(f->items[0].severity, severity, "%s: %s: %s", name,
                     severity_to_string(f->items[0].severity), f->items[0].text);
        cr_expect(strstr(f->items[0].text, text), "%s: '%s' has no '%s'", name, f->items[0].text, text);
        /* What is wrong has a remedy; text has both. */
        if (severity >= SEVERITY_WARNING)
                cr_expect(f->items[0].remedy && strstr(f->items[0].text, f->items[0].remedy), "%s", name);
        if (severity == SEVERITY_OK)
                cr_expect_null(f->items[0].remedy, "%s", name);
}

static void expect_of_plan(const char *name, const Plan *plan, const SystemdUnit *unit, Severity severity,
                           const char *text)
{
        _cleanup_findings_ Findings f = look_at(find(name), plan, unit);

        expect_found(&f, name, severity, text);
}

/* The check says one thing, of that severity, with that in its words. */
static void expect(const char *name, Severity severity, const char *text)
{
        static const Plan plan = {};

        expect_of_plan(name, &plan, NULL, severity, text);
}

#define CPU "/sys/devices/system/cpu"

/* Each file with a value that is good, and one that is not. */
static const struct {
        const char *check, *path, *good, *bad;
        Severity severity;
        const char *remedy;
} values[] = {
        { "smt", CPU "/smt/control", "off\n", "on\n", SEVERITY_WARNING, "echo off >" CPU "/smt/control" },
        { "smt", CPU "/smt/control", "forceoff\n", "on\n", SEVERITY_WARNING, "nosmt" },
        { "smt", CPU "/smt/control", "notsupported\n", "on\n", SEVERITY_WARNING, "nosmt" },
        { "smt", CPU "/smt/control", "notimplemented\n", "on\n", SEVERITY_WARNING, "nosmt" },
        { "ksm", "/sys/kernel/mm/ksm/run", "0\n", "1\n", SEVERITY_WARNING,
          "echo 2 >/sys/kernel/mm/ksm/run" },
        { "ksm", "/sys/kernel/mm/ksm/run", "2\n", "1\n", SEVERITY_WARNING, "ksmtuned" },
        { "swap", "/proc/swaps", "Filename\tType\n", "Filename\tType\n/dev/sda2 partition 1\n",
          SEVERITY_WARNING, "swapoff -a" },
        { "swap", "/proc/swaps", "Filename\tType\n", "Filename\tType\n/swap.img file 1\n", SEVERITY_WARNING,
          "swapoff -a" },
        { "vulnerabilities", CPU "/vulnerabilities/mds", "Not affected\n",
          "Vulnerable: Clear CPU buffers attempted\n", SEVERITY_WARNING, "microcode" },
        { "vulnerabilities", CPU "/vulnerabilities/mds", "Mitigation: Clear CPU buffers; SMT disabled\n",
          "Mitigation: Clear CPU buffers; SMT vulnerable\n", SEVERITY_WARNING, "nosmt" },
        { "vulnerabilities", CPU "/vulnerabilities/itlb_multihit", "KVM: Mitigation: Split huge pages\n",
          "KVM: Vulnerable\n", SEVERITY_WARNING, "microcode" },
        { "vulnerabilities", CPU "/vulnerabilities/l1tf",
          "Mitigation: PTE Inversion; VMX: cache flushes, SMT disabled\n",
          "Mitigation: PTE Inversion; VMX: vulnerable, SMT disabled\n", SEVERITY_WARNING, "microcode" },
        { "vulnerabilities", CPU "/vulnerabilities/mds", "Not affected\n",
          "Mitigation: Clear CPU buffers; SMT vulnerable, SVM: Vulnerable\n", SEVERITY_WARNING,
          "microcode" },
        { "vulnerabilities", CPU "/vulnerabilities/srbds", "Mitigation: Microcode\n",
          "Unknown: Dependent on hypervisor status\n", SEVERITY_NOTE, "docs.kernel.org" },
        { "mitigations", "/proc/cmdline", "quiet\n", "quiet mitigations=off\n", SEVERITY_WARNING,
          "boot without it" },
        { "mitigations", "/proc/cmdline", "mitigations=auto,nosmt no_guest\n",
          "mitigations=auto,no_guest_host quiet\n", SEVERITY_WARNING, "mitigations=auto" },
        { "mitigations", "/proc/cmdline", "xmds=off mds=offline\n", "mds=off\n", SEVERITY_WARNING,
          "boot without" },
        { "loglevel", "/proc/cmdline", "quiet loglevel=1\n", "quiet loglevel=10\n", SEVERITY_NOTE,
          "loglevel=1" },
        { "loglevel", "/proc/cmdline", "loglevel=1 quiet\n", "loglevel=1\n", SEVERITY_NOTE, "quiet" },
        { "kvm-pit", "/sys/module/kvm/parameters/min_timer_period_us", "1000\n", "200\n", SEVERITY_NOTE,
          "/etc/modprobe.d/kvm.conf" },
        { "thp", "/sys/kernel/mm/transparent_hugepage/enabled", "always [madvise] never\n",
          "always madvise [never]\n", SEVERITY_NOTE, "echo madvise" },
        { "nested", "/sys/module/kvm_intel/parameters/nested", "N\n", "Y\n", SEVERITY_NOTE,
          "kvm_intel nested=0" },
        { "nested", "/sys/module/kvm_amd/parameters/nested", "0\n", "1\n", SEVERITY_NOTE,
          "kvm_amd nested=0" },
        { "clocksource", "/sys/devices/system/clocksource/clocksource0/current_clocksource", "tsc\n",
          "hpet\n", SEVERITY_WARNING, "dmesg" },
        { "bridge-nf", "/proc/sys/net/bridge/bridge-nf-call-iptables", "0\n", "1\n", SEVERITY_NOTE,
          "sysctl -w" },
        { "neighbours", "/proc/sys/net/ipv4/neigh/default/gc_thresh3", "4096\n", "1024\n", SEVERITY_NOTE,
          "sysctl -w" },
        { "forwarding", "/proc/sys/net/ipv4/ip_forward", "1\n", "0\n", SEVERITY_NOTE, "sysctl -w" },
        { "pids", "/proc/sys/kernel/pid_max", "4194304\n", "32768\n", SEVERITY_NOTE, "sysctl -w" },
        { "files", "/proc/sys/fs/file-nr", "10\t0\t1000\n", "900\t0\t1000\n", SEVERITY_WARNING,
          "sysctl -w" },
        { "namespaces", "/proc/sys/user/max_net_namespaces", "5000\n", "0\n", SEVERITY_ERROR, "sysctl -w" },
        { "namespaces", "/proc/sys/user/max_net_namespaces", "5000\n", "100\n", SEVERITY_NOTE, "sysctl -w" },
        { "namespaces", "/proc/sys/user/max_user_namespaces", "5000\n", "0\n", SEVERITY_WARNING,
          "sysctl -w" },
        { "controllers", "/sys/fs/cgroup/cgroup.controllers", "cpuset cpu io memory pids\n", "cpu io pids\n",
          SEVERITY_WARNING, "cgroup_enable=" },
};

Test(doctor, each_file_has_a_good_and_a_bad_value)
{
        FOREACH_ARRAY (f, values, ELEMENTSOF(values)) {
                has(f->path, f->good);
                expect(f->check, SEVERITY_OK, "");
                has(f->path, f->bad);
                expect(f->check, f->severity, f->remedy);
                char full[512];
                (void) snprintf(full, sizeof(full), HOST "%s", f->path);
                cr_assert(unlink(full) >= 0);
        }
}

/* A host without the feature has nothing to mend. */
Test(doctor, a_missing_file_does_not_apply)
{
        static const char *const names[] = {
                "smt",        "ksm",       "swap",      "mitigations", "kvm-pit",
                "hugepages",  "thp",       "nested",    "files",       "nx-huge-pages",
                "namespaces", "bridge-nf", "conntrack", "clocksource", "io-uring",
        };

        FOREACH_ARRAY (name, names, ELEMENTSOF(names))
                expect(*name, SEVERITY_OK, "");
        expect("microcode", HOST_IS_PC ? SEVERITY_NOTE : SEVERITY_OK, "");
        expect("vulnerabilities", SEVERITY_NOTE, "does not exist");
}

Test(doctor, a_value_that_nobody_expects_is_named_and_no_alarm)
{
        static const char *const ignored[] = { "swap", "mitigations", "loglevel", "controllers" };

        FOREACH_ARRAY (f, values, ELEMENTSOF(values)) {
                bool skip = false;
                FOREACH_ARRAY (i, ignored, ELEMENTSOF(ignored))
                        skip |= strcmp(*i, f->check) == 0;
                if (skip || strcmp(f->check, "clocksource") == 0)
                        continue;
                has(f->path, "\033[2Jx");
                expect(f->check, SEVERITY_NOTE, "does not know: '\\x1b[2Jx'");
                has(f->path, "");
                expect(f->check, SEVERITY_NOTE, "does not know: ''");
                char full[512];
                (void) snprintf(full, sizeof(full), HOST "%s", f->path);
                cr_assert(unlink(full) >= 0);
        }
}

Test(doctor, what_cannot_be_read_is_a_note)
{
        dir(HOST CPU "/smt/control");
        expect("smt", SEVERITY_NOTE, "cannot be read: Is a directory");

        has("/sys/kernel/mm/ksm/run", "1\n");
        mode(HOST "/sys/kernel/mm/ksm/run", 0600);
        cr_assert(seteuid(65534) >= 0);
        expect("ksm", SEVERITY_NOTE, "uid 65534 cannot read it; run `fcjail doctor` as root");
        cr_assert(seteuid(0) >= 0);
}

/* The rest of what is longer is not read, and nothing overflows. */
Test(doctor, a_long_file_is_cut)
{
        static char text[1 << 20];

        memset(text, 'x', sizeof(text) - 1);
        has(CPU "/smt/control", text);
        expect("smt", SEVERITY_NOTE, "does not know: 'xxx");
        has("/proc/swaps", text);
        expect("swap", SEVERITY_OK, "names no swap");
}

Test(doctor, each_swap_is_a_row_and_zram_is_no_disk)
{
        static const Plan plan = {};

        has("/proc/swaps", "Filename\tType\n/dev/zram0 partition\n/dev/sda2 partition\n");
        _cleanup_findings_ Findings f = look_at(find("swap"), &plan, NULL);
        cr_assert_eq(f.n_items, 2);
        cr_expect_eq(f.items[0].severity, SEVERITY_NOTE);
        cr_expect_str_eq(f.items[0].object, "/dev/zram0");
        cr_expect_eq(f.items[1].severity, SEVERITY_WARNING);
        cr_expect_str_eq(f.items[1].object, "/dev/sda2");
}

Test(doctor, pages_that_are_still_merged_are_a_note)
{
        has("/sys/kernel/mm/ksm/run", "0\n");
        has("/sys/kernel/mm/ksm/pages_shared", "17\n");
        expect("ksm", SEVERITY_NOTE, "is 17");
}

Test(doctor, old_microcode_has_a_row_of_its_own)
{
        if (!HOST_IS_PC)
                cr_skip_test("for x86_64 only");
        has(CPU "/vulnerabilities/old_microcode", "Vulnerable\n");
        expect("microcode", SEVERITY_WARNING, "intel-microcode");
        expect("vulnerabilities", SEVERITY_OK, "names 0");
        has(CPU "/vulnerabilities/old_microcode", "Not affected\n");
        expect("microcode", SEVERITY_OK, "");
        has(CPU "/vulnerabilities/old_microcode", "?\n");
        expect("microcode", SEVERITY_NOTE, "does not know");
}

Test(doctor, huge_pages_are_counted)
{
#define PAGES "/sys/kernel/mm/hugepages/hugepages-2048kB"
        has(PAGES "/nr_hugepages", "0\n");
        expect("hugepages", SEVERITY_OK, "is 0");
        has(PAGES "/nr_hugepages", "64\n");
        has(PAGES "/free_hugepages", "0\n");
        expect("hugepages", SEVERITY_NOTE, "is 0 of 64");
        has(PAGES "/free_hugepages", "7\n");
        expect("hugepages", SEVERITY_OK, "is 7 of 64");
}

/* Of two ways to speed starts up, the one that this CPU may have. */
Test(doctor, the_thread_against_itlb_multihit)
{
        static const char mounts[] = "29 22 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw,nsdelegate";
        char text[256];

        has("/sys/module/kvm/parameters/nx_huge_pages", "Y\n");
        has("/proc/sys/kernel/osrelease", "5.15.0-91-generic\n");
        expect("nx-huge-pages", SEVERITY_OK, "is Y");
        has("/proc/sys/kernel/osrelease", "6.1.0\n");
        expect("nx-huge-pages", SEVERITY_NOTE, "remount,favordynmods");
        has(CPU "/vulnerabilities/itlb_multihit", "Not affected\n");
        expect("nx-huge-pages", SEVERITY_NOTE, "nx_huge_pages=never");
        (void) snprintf(text, sizeof(text), "%s\n", mounts);
        has("/proc/self/mountinfo", text);
        expect("nx-huge-pages", SEVERITY_NOTE, "nx_huge_pages=never");
        (void) snprintf(text, sizeof(text), "%s,favordynmods\n", mounts);
        has("/proc/self/mountinfo", text);
        expect("nx-huge-pages", SEVERITY_OK, "favordynmods");
        (void) unlink(HOST "/proc/self/mountinfo");
        has("/sys/module/kvm/parameters/nx_huge_pages", "never\n");
        expect("nx-huge-pages", SEVERITY_OK, "is never");
}

Test(doctor, the_kernel_has_a_least_version)
{
        has("/proc/sys/kernel/osrelease", "5.10.0-28-amd64\n");
        expect("release", SEVERITY_OK, "is 5.10.0-28-amd64");
        has("/proc/sys/kernel/osrelease", "7.0-rc1\n");
        expect("release", SEVERITY_OK, "");
        has("/proc/sys/kernel/osrelease", "5.4.0\n");
        expect("release", SEVERITY_ERROR, "boot Linux 5.10");
        has("/proc/sys/kernel/osrelease", "five\n");
        expect("release", SEVERITY_NOTE, "does not know");
}

Test(doctor, tables_that_are_nearly_full_are_a_warning)
{
        has("/proc/sys/net/netfilter/nf_conntrack_max", "1000\n");
        has("/proc/sys/net/netfilter/nf_conntrack_count", "10\n");
        expect("conntrack", SEVERITY_OK, "");
        has("/proc/sys/net/netfilter/nf_conntrack_count", "800\n");
        expect("conntrack", SEVERITY_WARNING, "nf_conntrack_max=");

        has("/proc/sys/fs/mount-max", "5\n");
        has("/proc/self/mountinfo", "1\n2\n3\n");
        expect("mounts", SEVERITY_OK, "3 are in use");
        has("/proc/self/mountinfo", "1\n2\n3\n4\n");
        expect("mounts", SEVERITY_WARNING, "fs.mount-max=");
}

Test(doctor, a_bridge_can_run_out_of_ports)
{
        char path[128];

        dir(HOST "/sys/class/net/eth0");
        dir(HOST "/sys/class/net/br0/brif");
        expect("bridges", SEVERITY_OK, "1 found");
        for (int i = 0; i < 900; i++) {
                (void) snprintf(path, sizeof(path), "/sys/class/net/br0/brif/tap%i", i);
                has(path, "");
        }
        expect("bridges", SEVERITY_WARNING, "has 900 ports");
}

Test(doctor, security_modules)
{
        expect("lsm", SEVERITY_NOTE, "securityfs");
        has("/sys/kernel/security/lsm", "lockdown,capability,yama");
        expect("lsm", SEVERITY_NOTE, "AppArmor or SELinux");
        has("/sys/kernel/security/lsm", "lockdown,capability,apparmor");
        expect("lsm", SEVERITY_OK, "FCJAIL_APPARMOR=");
        has("/sys/kernel/security/lsm", "capability,selinux");
        expect("lsm", SEVERITY_OK, "FCJAIL_SELINUX=");
}

Test(doctor, kvm_without_a_driver_is_not_opened)
{
        expect("module", SEVERITY_WARNING, "is not loaded");
        expect("open", SEVERITY_NOTE, "no driver is behind it");
        expect("permissions", SEVERITY_NOTE, "No such file");
        has("/sys/class/misc/kvm/dev", "10:232\n");
        expect("module", SEVERITY_OK, "");
        has("/dev/kvm", "");
        mode(HOST "/dev/kvm", 0660);
        expect("open", SEVERITY_WARNING, "does not answer");
        expect("permissions", SEVERITY_OK, "mode 0660");
        mode(HOST "/dev/kvm", 0666);
        expect("permissions", SEVERITY_NOTE, "99-kvm.rules");
        owner(HOST "/dev/kvm", 1000);
        expect("permissions", SEVERITY_WARNING, "chown root");
}

Test(doctor, a_vm_is_known_by_its_cpu)
{
        has("/proc/cpuinfo", "flags\t\t: fpu vme hypervisor lahf_lm\n");
        expect("hypervisor", SEVERITY_NOTE, "is a VM itself");
        has("/proc/cpuinfo", "flags\t\t: fpu vme lahf_lm hypervisors\n");
        expect("hypervisor", SEVERITY_OK, "");
}

Test(doctor, systemd_has_a_least_version)
{
        static const Plan plan = {};
        SystemdUnit unit = {};

        expect("systemd", SEVERITY_NOTE, "is not the init");
        dir(HOST "/run/systemd/system");
        expect("systemd", SEVERITY_NOTE, "does not answer");
        expect_of_plan("systemd", &plan, &unit, SEVERITY_NOTE, "does not answer");
        unit.version = "v";
        expect_of_plan("systemd", &plan, &unit, SEVERITY_NOTE, "does not answer");
        unit.version = "252.38-1~deb12u1";
        expect_of_plan("systemd", &plan, &unit, SEVERITY_OK, "252.38-1~deb12u1");
        unit.version = "246";
        expect_of_plan("systemd", &plan, &unit, SEVERITY_WARNING, "needs 247");
        unit.version = "99999999999999999999999999";
        expect_of_plan("systemd", &plan, &unit, SEVERITY_NOTE, "does not answer");
}

Test(doctor, settings_of_the_vm_that_weaken_it)
{
        char *args[] = { (char *) "--no-seccomp", NULL };
        Plan plan = {};
        SystemdUnit unit = { .memory_max = UINT64_MAX };

        expect_of_plan("vmm-filter", &plan, NULL, SEVERITY_OK, "");
        plan.vmm_args = args;
        expect_of_plan("vmm-filter", &plan, NULL, SEVERITY_WARNING, "--no-seccomp");
        args[0] = (char *) "--seccomp-filter=/x";
        expect_of_plan("vmm-filter", &plan, NULL, SEVERITY_WARNING, "--seccomp-filter");
        args[0] = (char *) "--seccomp-filters";
        expect_of_plan("vmm-filter", &plan, NULL, SEVERITY_OK, "");

        expect_of_plan("own-uid", &plan, NULL, SEVERITY_OK, "");
        plan.uid_shared = true;
        expect_of_plan("own-uid", &plan, NULL, SEVERITY_WARNING, "share a uid");

        expect_of_plan("resources", &plan, NULL, SEVERITY_NOTE, "are not looked at");
        expect_of_plan("resources", &plan, &unit, SEVERITY_NOTE, "is not set");
        unit.memory_max = 256UL << 20;
        expect_of_plan("resources", &plan, &unit, SEVERITY_OK, "256 MiB");
}

Test(doctor, what_the_vm_does_not_limit)
{
        static const char *const texts[] = {
                "{}",
                "{\"drives\": [{\"drive_id\": \"a\", \"path_on_host\": \"/a\", \"rate_limiter\": {\"ops\": {}}}],"
                "\"network-interfaces\": [{\"iface_id\": \"e\", \"host_dev_name\": \"t\","
                "\"rx_rate_limiter\": {\"bandwidth\": {}}, \"tx_rate_limiter\": {\"ops\": {}}}]}",
                "{\"drives\": [{\"drive_id\": \"a\", \"path_on_host\": \"/a\", \"rate_limiter\": {}}],"
                "\"network-interfaces\": [{\"iface_id\": \"e\", \"host_dev_name\": \"t\","
                "\"rx_rate_limiter\": {\"bandwidth\": {}}, \"tx_rate_limiter\": null}]}",
        };
        Plan plan = { .config = (char *) "/web1.json" };

        expect("rate-limiters", SEVERITY_NOTE, "name a VM");
        expect("storage", SEVERITY_NOTE, "name a VM");
        FOREACH_ARRAY (text, texts, ELEMENTSOF(texts)) {
                _cleanup_vmm_files_ VmmFiles f = {};
                _cleanup_free_ char *why = NULL;
                const Severity s = text == &texts[2] ? SEVERITY_NOTE : SEVERITY_OK;

                cr_assert_eq(vmm_files_read(*text, strlen(*text), &f, &why), 0, "%s", why);
                files = &f;
                expect_of_plan("rate-limiters", &plan, NULL, s, s ? "network interface 'e'" : "limits all");
                expect_of_plan("storage", &plan, NULL, s, s ? "drive 'a'" : "limits all");
                files = NULL;
        }
}

/* Names in the JSON are stable, so no two checks have the same. */
Test(doctor, each_check_has_a_name_of_its_own)
{
        const DoctorCheck *a, *b;

        for (size_t i = 0; (a = doctor_check(i)); i++) {
                cr_expect(a->look || (a->start && (a->fine == NULL) == (a->object == NULL)), "%s", a->name);
                for (size_t j = 0; j < i && (b = doctor_check(j)); j++)
                        cr_expect_str_neq(a->name, b->name, "%s", a->name);
        }
}

/* Every row, on a host that has nothing at all. */
Test(doctor, works_on_an_empty_host)
{
        Plan plan = { .chroot_dir = (char *) "/run/nothing", .vmm = (char *) "/run/nothing" };
        const DoctorCheck *c;

        for (size_t i = 0; (c = doctor_check(i)); i++) {
                _cleanup_findings_ Findings f = look_at(c, &plan, NULL);
                cr_expect_neq(f.n_items, 0);
        }
}

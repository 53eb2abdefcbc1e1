/* SPDX-License-Identifier: Apache-2.0 */

/* The other paragraphs of Firecracker's production host setup: its own settings, KVM's parameters, and what nobody can see from
 * here. Those have a row too, so that nothing of the document is missing. */

#include <stdio.h>
#include <string.h>

#include "at.h"
#include "doctor-read.h"
#include "parse.h"

static bool has_argument(char *const *args, const char *name)
{
        const size_t n = strlen(name);

        for (char *const *a = args; a && *a; a++)
                if (strncmp(*a, name, n) == 0 && ((*a)[n] == '\0' || (*a)[n] == '='))
                        return true;
        return false;
}

static int check_seccomp(const DoctorHost *h, Findings *f)
{
        if (has_argument(h->plan->vmm_args, "--no-seccomp"))
                return DOCTOR_WARNING(f, "FCJAIL_VMM_ARGS=", "remove --no-seccomp",
                                      "switches Firecracker's own system call filter off");
        if (has_argument(h->plan->vmm_args, "--seccomp-filter"))
                return DOCTOR_WARNING(f, "FCJAIL_VMM_ARGS=", "remove --seccomp-filter",
                                      "replaces Firecracker's own system call filter");
        return DOCTOR_OK(f, "FCJAIL_VMM_ARGS=", "leaves Firecracker's own system call filter on");
}

static int check_uid(const DoctorHost *h, Findings *f)
{
        if (h->plan->uid_shared)
                return DOCTOR_WARNING(f, "FCJAIL_SHARED_UID=", "unset it",
                                      "lets VMs share a uid, so one can reach the files of the other");
        return DOCTOR_OK(f, "each VM", "has a uid of its own while it runs");
}

static int check_resources(const DoctorHost *h, Findings *f)
{
        static const char remedy[] =
                "set MemoryMax=, TasksMax=, CPUQuota= by `systemctl edit fcjail@.service`, see the example limits.conf";
        const SystemdUnit *u = h->unit;

        if (!u || u->memory_max == 0)
                return DOCTOR_NOTE(f, "limits of the unit", remedy,
                                   "are not looked at: systemd does not answer");
        if (u->memory_max == UINT64_MAX)
                return DOCTOR_NOTE(f, "MemoryMax=", remedy,
                                   "is not set, so only the host's memory limits a VM");
        return DOCTOR_OK(f, "MemoryMax=", "is %llu MiB", (unsigned long long) u->memory_max / 1024 / 1024);
}

/* On a slow console each message of the kernel delays the call that caused it. */
static int check_loglevel(const DoctorHost *h, Findings *f)
{
        char text[DOCTOR_TEXT_MAX];
        int r;

        r = doctor_get(h, f, "/proc/cmdline", "is not shown here", text);
        if (r <= 0)
                return r;
        if (doctor_has_word(text, "quiet") && doctor_has_word(text, "loglevel=1"))
                return DOCTOR_OK(f, "/proc/cmdline", "has quiet loglevel=1");
        return DOCTOR_NOTE(f, "/proc/cmdline", "boot with quiet loglevel=1",
                           "lacks quiet loglevel=1, so messages of the kernel may slow down starts");
}

static int check_pit(const DoctorHost *h, Findings *f)
{
        static const char path[] = "/sys/module/kvm/parameters/min_timer_period_us";
        uint64_t value;
        int r;

        r = doctor_get_number(h, f, path,
                              "does not exist: KVM has no kvm-pit threads here, or is not loaded", &value);
        if (r <= 0)
                return r;
        /* 200 is the kernel's default. */
        if (value > 200)
                return DOCTOR_OK(f, path, "is %llu", (unsigned long long) value);
        return DOCTOR_NOTE(
                f, path,
                "write `options kvm min_timer_period_us=1000` into /etc/modprobe.d/kvm.conf after a test of your guests",
                "is %llu: a guest's timer keeps the thread kvm-pit busy, which is outside of the VM's limits",
                (unsigned long long) value);
}

/* Of the line "… - cgroup2 cgroup2 rw,nsdelegate,favordynmods". */
static bool has_favordynmods(const DoctorHost *h)
{
        _cleanup_free_ char *text = NULL;

        if (at_read_file(h->root_fd, "proc/self/mountinfo", DOCTOR_MOUNTINFO_MAX, &text, NULL) < 0)
                return false;
        for (char *rest = text, *line; (line = strsep(&rest, "\n"));) {
                const char *options = strstr(line, " - cgroup2 ");
                if (options && strstr(options, "favordynmods"))
                        return true;
        }
        return false;
}

/* KVM makes a thread for the mitigation, and moves it to the VM's control group: slow from Linux 6.0 on. */
static int check_nx_huge_pages(const DoctorHost *h, Findings *f)
{
        static const char path[] = "/sys/module/kvm/parameters/nx_huge_pages";
        static const char itlb[] = "/sys/devices/system/cpu/vulnerabilities/itlb_multihit";
        char text[DOCTOR_TEXT_MAX], affected[DOCTOR_TEXT_MAX];
        int r;

        r = doctor_get(h, f, path, "does not exist: KVM does not split huge pages here, or is not loaded",
                       text);
        if (r <= 0)
                return r;
        if (strcmp(text, "never") == 0 || !doctor_kernel_is(h, 6, 0))
                return DOCTOR_OK(f, path, "is %.32s, and delays no start", text);
        if (has_favordynmods(h))
                return DOCTOR_OK(f, "/sys/fs/cgroup",
                                 "is mounted with favordynmods, which speeds starts up");
        if (doctor_read(h, itlb, affected) >= 0 && strcmp(affected, "Not affected") == 0)
                return DOCTOR_NOTE(f, path,
                                   "write `options kvm nx_huge_pages=never` into /etc/modprobe.d/kvm.conf",
                                   "is %.32s, which delays each start, and this CPU does not need it", text);
        return DOCTOR_NOTE(
                f, "/sys/fs/cgroup", "run `mount -o remount,favordynmods /sys/fs/cgroup`",
                "is mounted without favordynmods, and KVM's thread against iTLB multihit delays each start");
}

/* What fcjail cannot see. */
static int check_serial(const DoctorHost *h, Findings *f)
{
        (void) h;
        return DOCTOR_NOTE(
                f, "the serial console",
                "boot guests with 8250.nr_uarts=0 in boot_args; SystemMaxUse= of journald.conf limits the rest",
                "goes to the journal, and a guest can write to it as much as it likes");
}

static int check_logs(const DoctorHost *h, Findings *f)
{
        (void) h;
        return DOCTOR_NOTE(f, "log_path and metrics_path", "set LimitFSIZE= in the unit, or name a FIFO",
                           "of a configuration are files that a guest can make grow");
}

static int check_signals(const DoctorHost *h, Findings *f)
{
        (void) h;
        return DOCTOR_NOTE(
                f, "a VMM",
                "look after them by `timeout 10 fcjail api ID GET /`, and end one by `systemctl kill -s KILL fcjail@ID`",
                "may hang in a signal handler, and systemd does not see that");
}

static int check_jailer(const DoctorHost *h, Findings *f)
{
        (void) h;
        return DOCTOR_OK(f, "the jailer",
                         "is fcjail, and a start refuses paths that others than root can change");
}

/* A row for each that the configuration of the VM does not limit. */
static int look_at_limiters(const DoctorHost *h, Findings *f, VmmAccess access, const char *section,
                            const char *remedy)
{
        const size_t before = f->n_items, n = strlen(section);
        int r = 0;

        FOREACH_ARRAY (i, h->files->items, h->files->n_items)
                if (r != -ENOMEM && i->access == access && strncmp(i->pointer, section, n) == 0 &&
                    !i->limited)
                        r = DOCTOR_NOTE(f, h->plan->config, remedy, "does not limit its %s '%s'", i->role,
                                        i->label ? i->label : i->pointer);
        if (f->n_items > before)
                return r;
        return DOCTOR_OK(f, h->plan->config, "limits all that it has in %s", section + 1);
}

static int check_network(const DoctorHost *h, Findings *f)
{
        static const char remedy[] = "set rx_rate_limiter and tx_rate_limiter there, or use `tc qdisc`";

        if (h->files)
                return look_at_limiters(h, f, VMM_ATTACHES, "/network-interfaces", remedy);
        return DOCTOR_NOTE(f, "network interfaces", remedy,
                           "of a configuration may have no limits; name a VM to see");
}

static int check_egress(const DoctorHost *h, Findings *f)
{
        (void) h;
        return DOCTOR_NOTE(
                f, "the firewall",
                "such as `nft add rule inet filter forward iifname \"tap*\" ip daddr 169.254.169.254 drop`",
                "decides what guests reach, the metadata of the cloud among it; fcjail cannot see its rules");
}

static int check_storage(const DoctorHost *h, Findings *f)
{
        static const char remedy[] =
                "set rate_limiter there, and IOReadBandwidthMax=, IOWriteBandwidthMax= in the unit";

        if (h->files)
                return look_at_limiters(h, f, VMM_OPENS, "/drives", remedy);
        return DOCTOR_NOTE(
                f, "drives", remedy,
                "of a configuration may have no limits, and share the page cache; name a VM to see");
}

static int check_tenant(const DoctorHost *h, Findings *f)
{
        (void) h;
        return DOCTOR_NOTE(f, "each VM", "do not share one between them", "should serve a single tenant");
}

static const DoctorCheck checks[] = {
        { DOCTOR_DOCUMENT_TOPIC, "vmm-filter", check_seccomp },
        { DOCTOR_DOCUMENT_TOPIC, "serial", check_serial },
        { DOCTOR_DOCUMENT_TOPIC, "logs", check_logs },
        { DOCTOR_DOCUMENT_TOPIC, "loglevel", check_loglevel },
        { DOCTOR_DOCUMENT_TOPIC, "signals", check_signals },
        { DOCTOR_DOCUMENT_TOPIC, "jailer", check_jailer },
        { DOCTOR_DOCUMENT_TOPIC, "own-uid", check_uid },
        { DOCTOR_DOCUMENT_TOPIC, "resources", check_resources },
        { DOCTOR_DOCUMENT_TOPIC, "kvm-pit", check_pit },
        { DOCTOR_DOCUMENT_TOPIC, "rate-limiters", check_network },
        { DOCTOR_DOCUMENT_TOPIC, "egress", check_egress },
        { DOCTOR_DOCUMENT_TOPIC, "storage", check_storage },
        { DOCTOR_DOCUMENT_TOPIC, "tenants", check_tenant },
        { DOCTOR_DOCUMENT_TOPIC, "nx-huge-pages", check_nx_huge_pages },
};

const DoctorGroup doctor_guide = { checks, ELEMENTSOF(checks) };

/* SPDX-License-Identifier: Apache-2.0 */

/* Hardware vulnerabilities and what mitigates them, as Firecracker's production host setup recommends. */

#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "at.h"
#include "doctor-read.h"
#include "fd-util.h"
#include "host.h"

#define CPU             "/sys/devices/system/cpu"
#define VULNERABILITIES CPU "/vulnerabilities"

#define MANUAL "https://docs.kernel.org/admin-guide/hw-vuln"

/* Of its own row. */
#define OLD_MICROCODE "old_microcode"

static int check_smt(const DoctorHost *h, Findings *f)
{
        static const char path[] = CPU "/smt/control";
        static const char *const off[] = { "off", "forceoff", "notsupported", "notimplemented" };
        char text[DOCTOR_TEXT_MAX];
        int r;

        r = doctor_get(h, f, path, "does not exist, as this kernel has no SMT", text);
        if (r <= 0)
                return r;
        FOREACH_ARRAY (value, off, ELEMENTSOF(off))
                if (strcmp(text, *value) == 0)
                        return DOCTOR_OK(f, path, "is %s", text);
        if (strcmp(text, "on") != 0)
                return doctor_unknown(f, path, text);
        return DOCTOR_WARNING(
                f, path, "run `echo off >" CPU "/smt/control`, and boot with nosmt",
                "is on, so two VMs may share a core, and one can learn from caches and buffers what the other does");
}

/* Such a text has several parts, as "Mitigation: PTE Inversion; VMX: vulnerable". */
static bool is_vulnerable(const char *text, bool *ret_with_smt)
{
        static const char word[] = "ulnerable", smt[] = "SMT v";
        const size_t n = strlen(smt);

        *ret_with_smt = false;
        for (const char *p = text; (p = strstr(p, word)); p++) {
                if ((size_t) (p - text) < n || memcmp(p - n, smt, n) != 0)
                        return true;
                *ret_with_smt = true;
        }
        return false;
}

static int look_at_vulnerability(const DoctorHost *h, Findings *f, const char *name)
{
        char path[sizeof(VULNERABILITIES) + 1 + NAME_MAX], text[DOCTOR_TEXT_MAX];
        bool with_smt;
        int r;

        (void) snprintf(path, sizeof(path), VULNERABILITIES "/%s", name);
        r = doctor_read(h, path, text);
        if (r < 0)
                return doctor_unreadable(f, path, r);
        if (is_vulnerable(text, &with_smt))
                return DOCTOR_WARNING(
                        f, path,
                        "update kernel and microcode, and boot without mitigations=off; see " MANUAL,
                        "says '%.200s'", text);
        if (with_smt)
                return DOCTOR_WARNING(f, path, "boot with nosmt", "is mitigated except for SMT: '%.200s'",
                                      text);
        if (strncmp(text, "Not affected", strlen("Not affected")) == 0 || strstr(text, "Mitigation"))
                return 0;
        if (strncmp(text, "Unknown", strlen("Unknown")) == 0)
                return DOCTOR_NOTE(f, path, "see " MANUAL, "says '%.200s'", text);
        return doctor_unknown(f, path, text);
}

static int check_vulnerabilities(const DoctorHost *h, Findings *f)
{
        _cleanup_closedir_ DIR *d = NULL;
        unsigned n = 0;
        int r;

        r = at_list_dir(h->root_fd, &VULNERABILITIES[1], &d);
        if (r == -ENOENT)
                return DOCTOR_NOTE(f, VULNERABILITIES, "run spectre-meltdown-checker",
                                   "does not exist, so the kernel does not tell what it mitigates");
        if (r < 0)
                return r == -ENOMEM ? r : doctor_unreadable(f, VULNERABILITIES, r);
        const size_t before = f->n_items;
        r = 0;
        for (const struct dirent *e; r != -ENOMEM && (e = readdir(d));)
                if (!at_is_dot(e->d_name) && strcmp(e->d_name, OLD_MICROCODE) != 0) {
                        n++;
                        r = look_at_vulnerability(h, f, e->d_name);
                }
        if (f->n_items > before)
                return r;
        return DOCTOR_OK(f, VULNERABILITIES,
                         "names %u, and the host is affected by none without a mitigation", n);
}

/* What switches mitigations off, as a whole or one by one. */
static int check_mitigations(const DoctorHost *h, Findings *f)
{
        static const char path[] = "/proc/cmdline";
        static const char *const words[] = {
                "mitigations=off",
                "nopti",
                "pti=off",
                "nospectre_v1",
                "nospectre_v2",
                "spectre_v2=off",
                "spectre_bhi=off",
                "retbleed=off",
                "spec_store_bypass_disable=off",
                "l1tf=off",
                "mds=off",
                "tsx_async_abort=off",
                "mmio_stale_data=off",
                "srbds=off",
                "reg_file_data_sampling=off",
                "gather_data_sampling=off",
                "spec_rstack_overflow=off",
                "indirect_target_selection=off",
                "vmscape=off",
                "tsa=off",
                "kvm-intel.vmentry_l1d_flush=never",
                "kvm_intel.vmentry_l1d_flush=never",
        };
        char text[DOCTOR_TEXT_MAX];
        int r;

        r = doctor_get(h, f, path, "is not shown here", text);
        if (r <= 0)
                return r;
        FOREACH_ARRAY (word, words, ELEMENTSOF(words))
                if (doctor_has_word(text, *word))
                        return DOCTOR_WARNING(f, path, "boot without it",
                                              "has %s, which leaves guests a way to read memory of others",
                                              *word);
        const char *value = doctor_find_value(text, "mitigations=");
        char *guests = value ? strstr(value, "no_guest") : NULL;
        if (guests && guests < value + strcspn(value, " "))
                return DOCTOR_WARNING(
                        f, path, "boot with mitigations=auto or mitigations=auto,nosmt",
                        "has mitigations=%.*s, which omits mitigations between guests and host",
                        (int) strcspn(value, " "), value);
        return DOCTOR_OK(f, path, "switches no mitigation off");
}

static int check_microcode(const DoctorHost *h, Findings *f)
{
        static const char path[] = VULNERABILITIES "/" OLD_MICROCODE;
        static const char remedy[] =
                "install intel-microcode or amd64-microcode, which the initramfs loads, and the newest firmware";
        char text[DOCTOR_TEXT_MAX];
        int r;

        if (!HOST_IS_PC)
                return DOCTOR_OK(f, "microcode", "is a part of the firmware on this kind of machine");
        r = doctor_read(h, path, text);
        if (r == -ENOENT)
                return DOCTOR_NOTE(
                        f, path, remedy,
                        "is missing: kernels before 6.16 do not tell whether the microcode is old");
        if (r < 0)
                return doctor_unreadable(f, path, r);
        if (strncmp(text, "Vulnerable", strlen("Vulnerable")) == 0)
                return DOCTOR_WARNING(f, path, remedy,
                                      "says that the microcode is older than the kernel knows");
        if (strcmp(text, "Not affected") != 0)
                return doctor_unknown(f, path, text);
        return DOCTOR_OK(f, path, "says that the microcode is as new as the kernel knows");
}

static int check_vendor(const DoctorHost *h, Findings *f)
{
        static const struct {
                const char *id, *remedy;
        } vendors[] = {
                { "GenuineIntel", "read https://software.intel.com/security-software-guidance" },
                { "AuthenticAMD", "read https://www.amd.com/en/resources/product-security.html" },
                { "CPU implementer",
                  "read https://developer.arm.com/support/arm-security-updates/speculative-processor-vulnerability" },
        };
        char text[DOCTOR_TEXT_MAX];
        const char *remedy = "read what its vendor recommends";

        if (doctor_read(h, "/proc/cpuinfo", text) < 0)
                text[0] = '\0';
        FOREACH_ARRAY (v, vendors, ELEMENTSOF(vendors))
                if (strstr(text, v->id))
                        remedy = v->remedy;
        return DOCTOR_NOTE(f, "this CPU", remedy, "may need more than the kernel knows of");
}

/* KVM_CAP_COUNTER_OFFSET. */
static int check_counter(const DoctorHost *h, Findings *f)
{
        if (HOST_IS_PC)
                return DOCTOR_OK(f, "CNTPCT", "is a register of ARM, and this host has none");
        if (doctor_kernel_is(h, 6, 4))
                return DOCTOR_OK(f, "CNTPCT", "is reset for each guest by Linux 6.4 and newer");
        return DOCTOR_WARNING(f, "CNTPCT", "boot Linux 6.4 or newer",
                              "shows guests how long the host is up, as Firecracker cannot reset it");
}

static int check_verification(const DoctorHost *h, Findings *f)
{
        (void) h;
        return DOCTOR_NOTE(f, "spectre-meltdown-checker", "run it as root",
                           "knows more than the kernel says, and fcjail does not run it");
}

static const DoctorCheck checks[] = {
        { DOCTOR_DOCUMENT_TOPIC, "smt", check_smt },
        { DOCTOR_DOCUMENT_TOPIC, "vulnerabilities", check_vulnerabilities },
        { DOCTOR_DOCUMENT_TOPIC, "mitigations", check_mitigations },
        { DOCTOR_DOCUMENT_TOPIC, "microcode", check_microcode },
        { DOCTOR_DOCUMENT_TOPIC, "vendor", check_vendor },
        { DOCTOR_DOCUMENT_TOPIC, "arm-counter", check_counter },
        { DOCTOR_DOCUMENT_TOPIC, "verification", check_verification },
};

const DoctorGroup doctor_cpu = { checks, ELEMENTSOF(checks) };

/* SPDX-License-Identifier: Apache-2.0 */

/* systemd and the Linux security modules. */

#include <string.h>

#include "doctor-read.h"
#include "parse.h"

/* The oldest that the units are written for. */
#define SYSTEMD_VERSION_MIN 247

static int check_systemd(const DoctorHost *h, Findings *f)
{
        char number[16];
        uint32_t version;

        if (!doctor_exists(h, "/run/systemd/system"))
                return DOCTOR_NOTE(f, "systemd", "start VMs by `fcjail run` or `fcjail jailer`",
                                   "is not the init of this system, so fcjail@.service cannot be used");
        const char *text = h->unit && h->unit->version ? h->unit->version : "";
        const size_t n = strspn(text, "0123456789");
        if (n == 0 || n >= sizeof(number))
                return DOCTOR_NOTE(f, "systemd", "see `systemctl --version`",
                                   "has a version that is not looked at: it does not answer");
        memcpy(number, text, n);
        number[n] = '\0';
        if (parse_u32(number, 0, UINT16_MAX, &version) < 0)
                return doctor_unknown(f, "systemd", text);
        if (version < SYSTEMD_VERSION_MIN)
                return DOCTOR_WARNING(f, "systemd", "install a newer one",
                                      "is %u, but fcjail@.service needs %u", version, SYSTEMD_VERSION_MIN);
        return DOCTOR_OK(f, "systemd", "is version %.64s", text);
}

static int check_lsm(const DoctorHost *h, Findings *f)
{
        static const char path[] = "/sys/kernel/security/lsm";
        char text[DOCTOR_TEXT_MAX];
        int r;

        r = doctor_read(h, path, text);
        if (r == -ENOENT)
                return DOCTOR_NOTE(
                        f, path, "run `mount -t securityfs securityfs /sys/kernel/security`",
                        "is not there: the kernel has no security modules, or its file system is not mounted");
        if (r < 0)
                return doctor_unreadable(f, path, r);
        if (strstr(text, "apparmor"))
                return DOCTOR_OK(f, path, "is %s; FCJAIL_APPARMOR= can confine VMs further", text);
        if (strstr(text, "selinux"))
                return DOCTOR_OK(f, path, "is %s; FCJAIL_SELINUX= can confine VMs further", text);
        return DOCTOR_NOTE(f, path, "boot with AppArmor or SELinux for one more layer",
                           "is %s: none that could confine VMs further", text);
}

static const DoctorCheck checks[] = {
        { "system", "systemd", check_systemd },
        { "system", "lsm", check_lsm },
};

const DoctorGroup doctor_system = { checks, ELEMENTSOF(checks) };

/* SPDX-License-Identifier: Apache-2.0 */

/* How many VMs the kernel lets a host have, and which terminals. */

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "at.h"
#include "doctor-read.h"
#include "parse.h"

/* Each VM takes one of each. */
static int check_namespaces(const DoctorHost *h, Findings *f)
{
        static const char *const kinds[] = { "net", "mnt", "pid", "ipc", "uts", "cgroup", "user" };
        const size_t before = f->n_items;
        char path[64], text[DOCTOR_TEXT_MAX], remedy[128];
        uint64_t max, least = UINT64_MAX;
        int r = 0;

        FOREACH_ARRAY (kind, kinds, ELEMENTSOF(kinds)) {
                (void) snprintf(path, sizeof(path), "/proc/sys/user/max_%s_namespaces", *kind);
                if (r == -ENOMEM || doctor_read(h, path, text) < 0)
                        continue;
                if (parse_u64(text, 0, UINT64_MAX, &max) < 0) {
                        r = doctor_unknown(f, path, text);
                        continue;
                }
                least = max < least ? max : least;
                (void) snprintf(remedy, sizeof(remedy), "run `sysctl -w user.max_%s_namespaces=65536`",
                                *kind);
                if (max == 0)
                        /* That of users is for files with another owner only. */
                        r = strcmp(*kind, "user") == 0
                                    ? DOCTOR_WARNING(f, path, remedy,
                                                     "is 0, so files cannot be bound with another owner")
                                    : DOCTOR_ERROR(f, -ENOSPC, EX_OSERR, path, remedy,
                                                   "is 0, so no VM gets its namespaces");
                else if (max < 256)
                        r = DOCTOR_NOTE(f, path, remedy, "allows %" PRIu64 " VMs at most", max);
        }
        if (f->n_items > before)
                return r;
        if (least == UINT64_MAX)
                return DOCTOR_OK(f, "/proc/sys/user", "has no limits for namespaces");
        return DOCTOR_OK(f, "/proc/sys/user", "allows %" PRIu64 " namespaces of each kind", least);
}

/* Of one of the two numbers in a file, or in two files, how much is used. A warning from four fifths on. */
static int look_at_use(Findings *f, const char *object, uint64_t used, uint64_t max, const char *remedy)
{
        if (max > 0 && used >= max - max / 5)
                return DOCTOR_WARNING(f, object, remedy, "is %" PRIu64 ", and %" PRIu64 " are in use", max,
                                      used);
        return DOCTOR_OK(f, object, "is %" PRIu64 ", and %" PRIu64 " are in use", max, used);
}

static int check_mounts(const DoctorHost *h, Findings *f)
{
        static const char path[] = "/proc/sys/fs/mount-max";
        _cleanup_free_ char *text = NULL;
        uint64_t max, used = 0;
        size_t size;
        int r;

        r = doctor_get_number(h, f, path, "is not a sysctl of this kernel", &max);
        if (r <= 0)
                return r;
        r = at_read_file(h->root_fd, "proc/self/mountinfo", DOCTOR_MOUNTINFO_MAX, &text, &size);
        if (r < 0)
                return r == -ENOMEM ? r : doctor_unreadable(f, "/proc/self/mountinfo", r);
        for (size_t i = 0; i < size; i++)
                used += text[i] == '\n';
        return look_at_use(f, path, used, max, "run `sysctl -w fs.mount-max=1000000`");
}

/* "used free max" */
static int check_files(const DoctorHost *h, Findings *f)
{
        static const char path[] = "/proc/sys/fs/file-nr";
        char text[DOCTOR_TEXT_MAX];
        uint64_t used, max;
        int r;

        r = doctor_get(h, f, path, "is not shown here", text);
        if (r <= 0)
                return r;
        char *rest = text, *first = strsep(&rest, "\t "), *second = strsep(&rest, "\t ");
        if (!first || !second || !rest || parse_u64(first, 0, UINT64_MAX, &used) < 0 ||
            parse_u64(rest, 0, UINT64_MAX, &max) < 0)
                return doctor_unknown(f, path, text);
        return look_at_use(f, "fs.file-max", used, max, "run `sysctl -w fs.file-max=1000000`");
}

static int check_pids(const DoctorHost *h, Findings *f)
{
        static const char path[] = "/proc/sys/kernel/pid_max";
        uint64_t max;
        int r;

        r = doctor_get_number(h, f, path, "is not shown here", &max);
        if (r <= 0)
                return r;
        /* A VM of one vCPU has some four threads, and as many of the kernel's. */
        if (max <= 32768)
                return DOCTOR_NOTE(f, path, "run `sysctl -w kernel.pid_max=4194304`",
                                   "is %" PRIu64 ": enough for some thousand VMs", max);
        return DOCTOR_OK(f, path, "is %" PRIu64, max);
}

/* Not for VMs, which have no terminal, but for the shells that look after them. */
static int check_ptmx(const DoctorHost *h, Findings *f)
{
        struct stat st;

        if (fstatat(h->root_fd, "dev/ptmx", &st, 0) < 0)
                return DOCTOR_NOTE(f, "/dev/ptmx",
                                   "run `mount -t devpts devpts /dev/pts`, and `ln -s pts/ptmx /dev/ptmx`",
                                   "cannot be found, so nobody can log in to look after VMs");
        if ((st.st_mode & 0666) != 0666)
                return DOCTOR_NOTE(f, "/dev/ptmx", "run `chmod 0666 /dev/ptmx`",
                                   "has mode %04o, so not everybody can open a terminal",
                                   st.st_mode & 07777);
        return DOCTOR_OK(f, "/dev/ptmx", "can be used by everybody");
}

static const DoctorCheck checks[] = {
        { "limits", "namespaces", check_namespaces },
        { "limits", "mounts", check_mounts },
        { "limits", "files", check_files },
        { "limits", "pids", check_pids },
        { "limits", "ptmx", check_ptmx },
};

const DoctorGroup doctor_limits = { checks, ELEMENTSOF(checks) };

/* SPDX-License-Identifier: Apache-2.0 */

/* The chroot base and /run/fcjail: where the jails are. They are opened as a start does it. */

#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "cage.h"
#include "doctor-read.h"
#include "fd-util.h"
#include "uid-owners.h"

#define MIB (1024ULL * 1024)

static int check_base(const Plan *p, HostObjects *o, Findings *f)
{
        int r;

        r = host_open_base(p, o, f);
        return r < 0 ? r
                     : DOCTOR_OK(f, p->chroot_dir,
                                 "exists, and only root can change what is on the way to it");
}

/* Calls `look` with the base, if that can be opened; why it cannot is said by check_base(). */
static int with_base(const DoctorHost *h, Findings *f, int (*look)(const char *path, int fd, Findings *f))
{
        _cleanup_host_objects_ HostObjects o = HOST_OBJECTS_NULL;
        _cleanup_findings_ Findings ignored = {};
        int r;

        r = host_open_base(h->plan, &o, &ignored);
        if (r == -ENOMEM)
                return r;
        if (r < 0)
                return DOCTOR_NOTE(f, h->plan->chroot_dir, NULL, "is not looked at: it cannot be opened");
        return look(h->plan->chroot_dir, o.base_fd, f);
}

static int look_at_options(const char *path, int fd, Findings *f)
{
        struct statvfs sv;

        if (fstatvfs(fd, &sv) < 0)
                return doctor_unreadable(f, path, -errno);
        if (sv.f_flag & ST_RDONLY)
                return DOCTOR_ERROR(f, -EROFS, EX_CONFIG, path, "remount it read-write",
                                    "is mounted read-only");
        if (sv.f_flag & ST_NOEXEC)
                return DOCTOR_WARNING(
                        f, path, "remount it, move FCJAIL_CHROOT_DIR=, or set FCJAIL_VMM_TEXT=shared",
                        "is mounted noexec, so the kernel would not execute the VMM's private copy");
        return DOCTOR_OK(f, path, "is mounted read-write, and the VMM can be executed there");
}

static int check_options(const DoctorHost *h, Findings *f)
{
        return with_base(h, f, look_at_options);
}

static int look_at_space(const char *path, int fd, Findings *f)
{
        struct statvfs sv;

        if (fstatvfs(fd, &sv) < 0)
                return doctor_unreadable(f, path, -errno);
        const unsigned long long mib = sv.f_bavail * sv.f_frsize / MIB;
        if (mib < 64)
                return DOCTOR_WARNING(f, path, "free space, see `df -h`",
                                      "has %llu MiB of free space, and each VM takes some", mib);
        /* Without a fixed number of inodes, as on btrfs, there are 0 of 0. */
        if (sv.f_files > 0 && sv.f_favail < 1000)
                return DOCTOR_WARNING(f, path, "remove files, see `df -i`", "has %llu free inodes",
                                      (unsigned long long) sv.f_favail);
        return DOCTOR_OK(f, path, "has %llu MiB of free space, and free inodes", mib);
}

static int check_space(const DoctorHost *h, Findings *f)
{
        return with_base(h, f, look_at_space);
}

static int look_at_file_system(const char *path, int fd, Findings *f)
{
        static const struct {
                unsigned long magic;
                const char *name, *effect;
        } types[] = {
                { OVERLAYFS_SUPER_MAGIC, "overlayfs",
                  "whose files cannot be bound into a jail with another owner" },
                { NFS_SUPER_MAGIC, "NFS", "where root may have no rights, and owners cannot be mapped" },
                { TMPFS_MAGIC, "tmpfs", "so what VMs write there takes memory" },
        };
        struct statfs sfs;

        if (fstatfs(fd, &sfs) < 0)
                return doctor_unreadable(f, path, -errno);
        FOREACH_ARRAY (t, types, ELEMENTSOF(types))
                if ((unsigned long) sfs.f_type == t->magic)
                        return DOCTOR_NOTE(f, path, "use ext4, XFS or btrfs in production", "is on %s, %s",
                                           t->name, t->effect);
        return DOCTOR_OK(f, path, "is on a file system (type %#lx) that nothing is known against",
                         (unsigned long) sfs.f_type);
}

static int check_file_system(const DoctorHost *h, Findings *f)
{
        return with_base(h, f, look_at_file_system);
}

static int check_run(const DoctorHost *h, Findings *f)
{
        if (doctor_exists(h, "/run/fcjail"))
                return DOCTOR_OK(f, "/run/fcjail", "exists");
        return DOCTOR_NOTE(f, "/run/fcjail", "run `systemd-tmpfiles --create fcjail.conf`",
                           "does not exist; the first start makes it, without the group fcjail");
}

/* As a start finds it, and as it looks from within. */
static int check_cage(const DoctorHost *h, Findings *f)
{
        int r;

        _cleanup_close_ int run_fd =
                openat(h->root_fd, "run/fcjail", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        r = run_fd < 0 ? -errno : cage_check(run_fd);
        if (r >= 0)
                return DOCTOR_OK(f, CAGE_PATH, "is there, so starts do not copy the host's mounts");
        if (geteuid() != 0)
                return DOCTOR_NOTE(f, CAGE_PATH, "run `fcjail doctor` as root", "is not looked at: %s",
                                   strerror(-r));
        if (cage_is_absent(r))
                return DOCTOR_NOTE(
                        f, CAGE_PATH, "run `systemctl restart fcjail-cage.service`",
                        "%s, so each start copies the host's mounts, which takes longer the more there are",
                        cage_strerror(r));
        if (cage_is_wrong(r))
                return DOCTOR_ERROR(f, r, EX_OSERR, CAGE_PATH, cage_remedy(r), "%s, so starts are refused",
                                    cage_strerror(r));
        return DOCTOR_ERROR(f, r, EX_OSERR, CAGE_PATH, NULL, "cannot be looked at: %s", strerror(-r));
}

static int check_uids(const DoctorHost *h, Findings *f)
{
        char object[32];

        (void) snprintf(object, sizeof(object), "uids %u-%u", h->plan->uid_range.first,
                        h->plan->uid_range.last);
        const size_t before = f->n_items;
        int r = uid_owners_check(h->plan, UID_INVALID, f);
        if (r < 0 || f->n_items > before)
                return r;
        if (h->plan->uid_later)
                return DOCTOR_OK(f, "uid", "is chosen by systemd");
        if (h->plan->uid != UID_INVALID)
                (void) snprintf(object, sizeof(object), "uid %u", h->plan->uid);
        return DOCTOR_OK(f, object, "%s nobody's in /etc/passwd and /etc/subuid",
                         h->plan->uid != UID_INVALID ? "is" : "are");
}

static const DoctorCheck checks[] = {
        { "base", "directory", .start = check_base },
        { "base", "options", check_options },
        { "base", "writable", .start = host_check_writable, .object = "/run/fcjail and the chroot base",
          .fine = "are not read-only for this process" },
        { "base", "space", check_space },
        { "base", "filesystem", check_file_system },
        { "base", "run", check_run },
        { "base", "cage", check_cage },
        { "base", "uids", check_uids },
};

const DoctorGroup doctor_base = { checks, ELEMENTSOF(checks) };

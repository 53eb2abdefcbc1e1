/* SPDX-License-Identifier: Apache-2.0 */

/* Where binds are made, whatever was found out about them before: the second of two layers. */

#include <sys/mount.h>
#include <sys/syscall.h>

#include "binds.h"
#include "child.h"
#include "missing.h"

#define ALICE 1000
#define VM    4711

static Plan plan = { .id = (char *) "web1", .n_binds = 1 };
static HostBind host_bind = { .fd = -EBADF, .dir_fd = -EBADF };
static Jail jail;

/* One bind of /srv/source, a directory of that user's. */
static void make_jail(uid_t owner)
{
        CHECK(mkdir("/srv/source", 0700) >= 0 && chown("/srv/source", owner, owner) >= 0);
        CHECK(mkdir("/srv/root", 0755) >= 0);
        plan.binds[0] = (BindPlan){
                .kind = BIND_ANY,
                .source = (char *) "/srv/source",
                .path = (char *) "place",
                .named_by = (char *) "FCJAIL_BIND=",
                .ids = BIND_IDS_OWNER,
        };
        host_bind.fd = open("/srv/source", O_PATH | O_DIRECTORY | O_CLOEXEC);
        CHECK(fstat(host_bind.fd, &host_bind.st) >= 0);
        jail = jail_new(&plan, 0);
        jail.uid = jail.gid = VM;
        jail.root_fd = open("/srv/root", O_PATH | O_DIRECTORY | O_CLOEXEC);
        jail.host.binds = &host_bind;
}

static int clone_binds(void)
{
        return binds_clone(&jail,
                           &(MountPlan){ .source = MOUNT_BINDS, .flags = MS_NOSUID | MS_NODEV | MS_NOEXEC });
}

/* The kernel or its tmpfs cannot map. */
static void must_be_cloned(int r)
{
        if (r == -EINVAL || r == -ENOSYS)
                _exit(CHILD_SKIP);
        CHECK_IS(r, 0);
        CHECK_IS(jail.n_mounts, 1);
}

CHILD_TEST(binds, a_directory_of_roots_is_not_made_writable)
{
        make_jail(0);
        CHECK_IS(clone_binds(), -EBADE);
        CHECK_IS(jail.n_mounts, 0);
        CHECK(strstr(jail.failure.reason, "writable directory of root's"));
}

CHILD_TEST(binds, nor_one_as_whose_owner_the_vm_would_be_root)
{
        make_jail(ALICE);
        plan.binds[0].ids = BIND_IDS_UID;
        plan.binds[0].uid = 0;
        CHECK_IS(clone_binds(), -EBADE);
        CHECK_IS(jail.n_mounts, 0);
}

CHILD_TEST(binds, nor_one_of_roots_with_its_ids)
{
        make_jail(0);
        plan.binds[0].ids = BIND_IDS_NONE;
        CHECK_IS(clone_binds(), -EBADE);
        CHECK_IS(jail.n_mounts, 0);
}

CHILD_TEST(binds, a_directory_of_roots_is_read_only)
{
        make_jail(0);
        plan.binds[0].read_only = true;
        must_be_cloned(clone_binds());
        CHECK_IS(jail.mounts[0].flags, MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC);
        CHECK_IS(jail.mounts[0].uid, VM);
}

CHILD_TEST(binds, a_directory_of_a_user_is_the_vms)
{
        struct stat st;

        make_jail(ALICE);
        must_be_cloned(clone_binds());
        CHECK_IS(jail.mounts[0].flags, MS_NOSUID | MS_NODEV | MS_NOEXEC);
        CHECK_IS(jail.mounts[0].uid, VM);
        CHECK(fstat(jail.mounts[0].tree_fd, &st) >= 0 && st.st_uid == VM);
        CHECK(lstat("/srv/root/place", &st) >= 0 && S_ISDIR(st.st_mode) && st.st_uid == 0);
}

/* What the audit then finds, as nobody has mapped it. */
CHILD_TEST(binds, whose_is_not_mapped_keeps_its_owner)
{
        make_jail(ALICE);
        plan.binds[0].ids = BIND_IDS_NONE;
        must_be_cloned(clone_binds());
        CHECK_IS(jail.mounts[0].uid, ALICE);
}

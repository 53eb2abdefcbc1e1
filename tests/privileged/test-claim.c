/* SPDX-License-Identifier: Apache-2.0 */

#include <sys/file.h>
#include <sys/sysmacros.h>

#include "claim.h"
#include "kept-uid.h"
#include "record.h"

CHILD_TEST(claim, belongs_to_one_living_vm)
{
        State a = example("web1", "abc"), b = example("web2", "def");
        char *owner = NULL;
        ProcRef me;

        open_root();
        me = self();
        write_down(&a, &me);
        CHECK_IS(claim_take(&root, CLAIM_UID, "4711", false, &a, &owner), 0);
        CHECK_IS(claim_take(&root, CLAIM_UID, "4711", false, &b, &owner), -EBUSY);
        CHECK(owner && strcmp(owner, "web1") == 0);
        CHECK_IS(claim_take(&root, CLAIM_UID, "4712", false, &b, &owner), 0);
        /* Only its own. */
        CHECK_IS(claim_release(&root, CLAIM_UID, "4711", &b), 0);
        CHECK_IS(claim_take(&root, CLAIM_UID, "4711", false, &b, &owner), -EBUSY);
        CHECK_IS(claim_release(&root, CLAIM_UID, "4711", &a), 0);
        CHECK_IS(claim_take(&root, CLAIM_UID, "4711", false, &b, &owner), 0);
}

/* Who has to look and then to write must not be disturbed in between. */
CHILD_TEST(claim, is_claimed_by_one_at_a_time)
{
        State a = example("web1", "abc");
        char *owner = NULL;
        int status;

        open_root();
        CHECK(mkdirat(root.fd, "uid", 0700) >= 0);
        int fd = openat(root.fd, "uid", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        CHECK(fd >= 0 && flock(fd, LOCK_EX) >= 0);
        pid_t pid = fork();
        if (pid == 0) {
                (void) close(fd);
                _exit(claim_take(&root, CLAIM_UID, "4711", false, &a, &owner) == 0 ? 0 : 1);
        }
        (void) usleep(200000);
        CHECK_IS(waitpid(pid, &status, WNOHANG), 0);
        CHECK(flock(fd, LOCK_UN) >= 0);
        CHECK(waitpid(pid, &status, 0) == pid);
        CHECK_IS(status, 0);
}

CHILD_TEST(claim, of_a_dead_vm_counts_for_nothing)
{
        State a = example("web1", "abc"), b = example("web2", "def");
        ProcRef dead;
        char *owner = NULL;

        open_root();
        dead = self();
        dead.start--;
        write_down(&a, &dead);
        CHECK_IS(claim_take(&root, CLAIM_UID, "4711", false, &a, &owner), 0);
        CHECK_IS(claim_take(&root, CLAIM_UID, "4711", false, &b, &owner), 0);
}

CHILD_TEST(claim, of_another_start_of_a_living_id_counts_for_nothing)
{
        State a = example("web1", "abc"), again = example("web1", "xyz"), b = example("web2", "def");
        char *owner = NULL;
        ProcRef me;

        open_root();
        me = self();
        write_down(&again, &me);
        CHECK_IS(claim_take(&root, CLAIM_UID, "4711", false, &a, &owner), 0);
        CHECK_IS(claim_take(&root, CLAIM_UID, "4711", false, &b, &owner), 0);
}

CHILD_TEST(claim, is_shared_only_if_all_say_so)
{
        State a = example("web1", "abc"), b = example("web2", "def"), c = example("web3", "ghi");
        char *owner = NULL;
        ProcRef me;

        open_root();
        me = self();
        write_down(&a, &me);
        write_down(&b, &me);
        CHECK_IS(claim_take(&root, CLAIM_UID, "4711", true, &a, &owner), 0);
        CHECK_IS(claim_take(&root, CLAIM_UID, "4711", true, &b, &owner), 0);
        CHECK_IS(claim_take(&root, CLAIM_UID, "4711", false, &c, &owner), -EBUSY);
        CHECK_IS(claim_release(&root, CLAIM_UID, "4711", &a), 0);
        CHECK_IS(claim_take(&root, CLAIM_UID, "4711", false, &c, &owner), -EBUSY);
        CHECK_IS(claim_release(&root, CLAIM_UID, "4711", &b), 0);
        CHECK_IS(claim_take(&root, CLAIM_UID, "4711", false, &c, &owner), 0);
        write_down(&c, &me);
        CHECK_IS(claim_take(&root, CLAIM_UID, "4711", true, &a, &owner), -EBUSY);
        /* Nothing of the shared record is left. */
        CHECK(faccessat(root.fd, "uid/4711.shared", F_OK, 0) < 0);
}

/* Both kinds are told apart by their directories, so nothing that has one name is claimed twice by mistake. */
CHILD_TEST(claim, of_one_kind_is_not_of_the_other)
{
        State a = example("web1", "abc"), b = example("web2", "def");
        char *owner = NULL;
        ProcRef me;

        open_root();
        me = self();
        write_down(&a, &me);
        CHECK_IS(claim_take(&root, CLAIM_UID, "4711", false, &a, &owner), 0);
        CHECK_IS(claim_take(&root, CLAIM_IMAGE, "4711", false, &b, &owner), 0);
        CHECK(faccessat(root.fd, "image/4711", F_OK, AT_SYMLINK_NOFOLLOW) >= 0);
        CHECK_IS(claim_release(&root, CLAIM_IMAGE, "4711", &b), 0);
        CHECK(faccessat(root.fd, "uid/4711", F_OK, AT_SYMLINK_NOFOLLOW) >= 0);
}

CHILD_TEST(claim, is_seen_by_a_look_that_changes_nothing)
{
        State a = example("web1", "abc"), b = example("web2", "def"), dead = example("web3", "ghi");
        char *owner = NULL;
        ProcRef me;

        open_root();
        me = self();
        write_down(&a, &me);
        CHECK_IS(claim_look(&root, CLAIM_IMAGE, "8:1:7", &b, &owner), 0);
        CHECK(faccessat(root.fd, "image", F_OK, 0) < 0);

        CHECK_IS(claim_take(&root, CLAIM_IMAGE, "8:1:7", false, &a, &owner), 0);
        CHECK_IS(claim_look(&root, CLAIM_IMAGE, "8:1:7", &a, &owner), 0);
        CHECK(!owner);
        CHECK_IS(claim_look(&root, CLAIM_IMAGE, "8:1:7", &b, &owner), 1);
        CHECK(owner && strcmp(owner, "web1") == 0);
        CHECK_IS(claim_release(&root, CLAIM_IMAGE, "8:1:7", &a), 0);
        CHECK_IS(claim_take(&root, CLAIM_IMAGE, "8:1:7", true, &a, &owner), 0);
        CHECK_IS(claim_look(&root, CLAIM_IMAGE, "8:1:7", &b, &owner), 1);
        CHECK_IS(claim_look(&root, CLAIM_IMAGE, "8:1:8", &b, &owner), 0);

        CHECK_IS(claim_take(&root, CLAIM_IMAGE, "8:1:9", false, &dead, &owner), 0);
        CHECK_IS(claim_look(&root, CLAIM_IMAGE, "8:1:9", &b, &owner), 0);
        CHECK(faccessat(root.fd, "image/8:1:9", F_OK, AT_SYMLINK_NOFOLLOW) >= 0);
}

/* Whoever cannot be looked at may be alive. */
CHILD_TEST(claim, of_an_unknown_vm_is_not_free)
{
        State b = example("web2", "def");
        char *owner = NULL;

        open_root();
        CHECK(mkdirat(root.vm_fd, "web1", 0755) >= 0 && mkdirat(root.fd, "image", 0700) >= 0);
        CHECK(symlinkat("web1/abc", root.fd, "image/8:1:7") >= 0);
        CHECK_IS(claim_look(&root, CLAIM_IMAGE, "8:1:7", &b, &owner), -EBADMSG);
        CHECK(owner && strcmp(owner, "web1") == 0);
        owner = NULL;
        CHECK(mkdirat(root.fd, "image/8:1:8", 0700) >= 0);
        CHECK_IS(claim_look(&root, CLAIM_IMAGE, "8:1:8", &b, &owner), -EBADMSG);
        CHECK(!owner);
        CHECK(mkdirat(root.fd, "image/8:1:9.shared", 0700) >= 0);
        CHECK(symlinkat("web1/abc", root.fd, "image/8:1:9.shared/web1") >= 0);
        CHECK_IS(claim_look(&root, CLAIM_IMAGE, "8:1:9", &b, &owner), -EBADMSG);
        CHECK(owner && strcmp(owner, "web1") == 0);
}

/* A start that was refused because of it must still be cleaned up. */
CHILD_TEST(claim, that_is_damaged_is_not_released)
{
        State a = example("web1", "abc");

        open_root();
        CHECK(mkdirat(root.fd, "image", 0700) >= 0 && mkdirat(root.fd, "image/8:1:7", 0700) >= 0);
        CHECK_IS(claim_release(&root, CLAIM_IMAGE, "8:1:7", &a), 0);
        CHECK(symlinkat("web1/abc", root.fd, "image/8:1:8.shared") >= 0);
        CHECK_IS(claim_release(&root, CLAIM_IMAGE, "8:1:8", &a), 0);
        CHECK(faccessat(root.fd, "image/8:1:7", F_OK, AT_SYMLINK_NOFOLLOW) >= 0);
        CHECK(faccessat(root.fd, "image/8:1:8.shared", F_OK, AT_SYMLINK_NOFOLLOW) >= 0);
}

Test(claim, names_are_those_of_the_objects)
{
        struct stat file = { .st_mode = S_IFREG, .st_dev = makedev(253, 16), .st_ino = UINT64_MAX };
        struct stat disk = { .st_mode = S_IFBLK,
                             .st_dev = makedev(0, 5),
                             .st_rdev = makedev(4095, 1048575) };
        char name[CLAIM_NAME_MAX];

        cr_assert_str_eq(claim_uid_name(4711, name), "4711");
        cr_assert_str_eq(claim_image_name(&file, name), "253:16:18446744073709551615");
        cr_assert(claim_image_name_valid(name));
        cr_assert_str_eq(claim_image_name(&disk, name), "b4095:1048575");
        cr_assert(claim_image_name_valid(name));
        cr_assert(!claim_image_name_valid(""));
        cr_assert(!claim_image_name_valid("8:1:7.shared"));
        cr_assert(!claim_image_name_valid("../uid/4711"));
        cr_assert(!claim_image_name_valid("000000000000000000000000000000000000000000000000"));
}

CHILD_TEST(kept_uid, is_found_by_both)
{
        uid_t uid = 0;

        open_root();
        CHECK_IS(kept_uid_find(&root, "web1", &uid), -ENOENT);
        CHECK_IS(kept_uid_is_anothers(&root, 4711, "web1"), 0);
        CHECK_IS(kept_uid_forget(&root, "web1"), 0);
        CHECK_IS(kept_uid_remember(&root, "web1", 4711), 0);
        CHECK_IS(kept_uid_find(&root, "web1", &uid), 0);
        CHECK_IS(uid, 4711);
        CHECK_IS(kept_uid_is_anothers(&root, 4711, "web1"), 0);
        CHECK_IS(kept_uid_is_anothers(&root, 4711, "web2"), 1);
        CHECK_IS(kept_uid_is_anothers(&root, 4712, "web2"), 0);

        /* Another uid replaces it. */
        CHECK_IS(kept_uid_remember(&root, "web1", 4712), 0);
        CHECK_IS(kept_uid_is_anothers(&root, 4711, "web2"), 0);
        CHECK_IS(kept_uid_is_anothers(&root, 4712, "web2"), 1);
        CHECK_IS(kept_uid_forget(&root, "web1"), 0);
        CHECK_IS(kept_uid_find(&root, "web1", &uid), -ENOENT);
        CHECK_IS(unlinkat(root.fd, "kept", AT_REMOVEDIR), 0); /* it is empty */
}

/* Shared: the last one has it, and forgets only its own. */
CHILD_TEST(kept_uid, of_two_is_that_of_the_last)
{
        open_root();
        CHECK_IS(kept_uid_remember(&root, "web1", 4711), 0);
        CHECK_IS(kept_uid_remember(&root, "4711", 4711), 0);
        CHECK_IS(kept_uid_is_anothers(&root, 4711, "web1"), 1);
        CHECK_IS(kept_uid_forget(&root, "web1"), 0);
        CHECK_IS(kept_uid_is_anothers(&root, 4711, "4711"), 0);
        CHECK_IS(kept_uid_is_anothers(&root, 4711, "web1"), 1);
}

CHILD_TEST(kept_uid, that_is_damaged_is_none)
{
        uid_t uid;

        open_root();
        CHECK(mkdirat(root.fd, "kept", 0700) >= 0);
        CHECK(symlinkat("root", root.fd, "kept/web1.id") >= 0);
        CHECK_IS(kept_uid_find(&root, "web1", &uid), -ENOENT);
        CHECK(mkdirat(root.fd, "kept/web2.id", 0700) >= 0 && mkdirat(root.fd, "kept/4711.uid", 0700) >= 0);
        CHECK_IS(kept_uid_find(&root, "web2", &uid), -ENOENT);
        CHECK_IS(kept_uid_is_anothers(&root, 4711, "web1"), 0);
        CHECK_IS(kept_uid_remember(&root, "web2", 4711), 0);
        CHECK_IS(kept_uid_find(&root, "web2", &uid), 0);
        CHECK_IS(uid, 4711);
}

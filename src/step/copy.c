/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Step `copy`: the VMM's text, what takes longest in a start, while INSIDE makes the rest. INSIDE may execute it
 * when this step is done.
 *
 * The file's blocks are reserved at once, and the text moves through a pipe of the largest size that anybody may have.
 * sendfile(2), which has one of 64 KiB and reserves block by block, takes 1.7 times as long on ext4.
 *
 * On btrfs the file becomes a clone, which shares its blocks with the VMM. btrfs copies Firecracker's 4 MB in 11 to 38 ms,
 * and clones them in 0.1; with 1 to 10 ms to read them, because each file has pages of its own in memory. xfs can also
 * clone, but copies in 1 ms what is in memory already. See docs/decisions.md, D75.
 *
 * Should:  open the file for writing only now. A descriptor that INSIDE had inherited would make its execve(2) fail
 *          with ETXTBSY.
 * Should:  write into the file that step `tree` has made, and into no other: where root/ is the VM's, others of its uid can
 *          put one under the name.
 * Should:  end as soon as INSIDE has failed. The text would be for nobody.
 * Should:  count. A text that ends early would be executed, and would be another one.
 */

#include <fcntl.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sysexits.h>
#include <unistd.h>

#include "channel.h"
#include "copy.h"
#include "fd-util.h"
#include "step.h"
#include "texts.h"
#include "tolerated.h"
#include "tree.h"

/* The default of fs.pipe-max-size. */
#define PIPE_SIZE (1024 * 1024)

/* The number of bytes moved, or -errno. */
static ssize_t move(int from_fd, off_t *from_offset, int to_fd, size_t size)
{
        ssize_t n;

        do
                n = splice(from_fd, from_offset, to_fd, NULL, size, /* flags= */ 0);
        while (n < 0 && errno == EINTR);

        /* 0: the text has become shorter since its size was asked for. */
        return n < 0 ? -errno : n == 0 ? -EIO : n;
}

/* from_fd: the program. jail: NULL, nobody waits for the copy. */
static int move_all(const Jail *jail, int from_fd, int in_fd, int out_fd, int fd, off_t size)
{
        for (off_t offset = 0; offset < size;) {
                if (jail && channel_has_news(jail, 0))
                        return -ECANCELED;
                ssize_t n = move(from_fd, &offset, in_fd, (size_t) (size - offset));
                if (n < 0)
                        return (int) n;
                /* Before there is more, or the pipe would be full. */
                for (ssize_t left = n; left > 0; left -= n) {
                        n = move(out_fd, NULL, fd, (size_t) left);
                        if (n < 0)
                                return (int) n;
                }
        }

        return 0;
}

static int copy_text(const Jail *jail, int from_fd, int fd, off_t size)
{
        int pair[2], r;

        r = tolerate(TOLERATED_RESERVE, RET_NERRNO(fallocate(fd, /* mode= */ 0, 0, size)));
        if (r < 0)
                return r;
        if (pipe2(pair, O_CLOEXEC) < 0)
                return -errno;
        _cleanup_close_ int out_fd = pair[0], in_fd = pair[1];
        r = tolerate(TOLERATED_PIPE_SIZE, RET_NERRNO(fcntl(in_fd, F_SETPIPE_SZ, PIPE_SIZE)));
        return r < 0 ? r : move_all(jail, from_fd, in_fd, out_fd, fd, size);
}

/* 1, or 0: it has to be copied. */
static int clone_text(int from_fd, int fd, off_t size)
{
        struct statfs sfs;
        struct stat st;

        if (fstatfs(fd, &sfs) < 0)
                return -errno;
        if (sfs.f_type != BTRFS_SUPER_MAGIC)
                return 0;
        if (ioctl(fd, FICLONE, from_fd) < 0)
                return tolerate(TOLERATED_CLONE, -errno);
        if (fstat(fd, &st) < 0)
                return -errno;
        if (st.st_size != size)
                return -EIO;
        /* From now on it is read, while INSIDE prepares itself. */
        return posix_fadvise(fd, 0, size, POSIX_FADV_WILLNEED) == 0 ? 1 : -EIO;
}

/* A copy of what others write at the same time is of no program, and would be the next VM's as well. */
static int check_unchanged(int from_fd, const char *text)
{
        struct stat st;

        if (!text)
                return 0;
        if (fstat(from_fd, &st) < 0)
                return -errno;
        return text_is_of(text, &st) ? 0 : -ESTALE;
}

int copy_program(const Jail *jail, int from_fd, const char *text, int fd, mode_t mode)
{
        struct stat st;
        int r;

        if (fstat(from_fd, &st) < 0)
                return -errno;
        r = clone_text(from_fd, fd, st.st_size);
        if (r == 0)
                r = copy_text(jail, from_fd, fd, st.st_size);
        if (r >= 0)
                r = check_unchanged(from_fd, text);
        /* Its mode comes last: it cannot be executed before it is whole. */
        return r < 0 ? r : RET_NERRNO(fchmod(fd, mode & 07777));
}

static int fill_vmm(Jail *jail, const FilePlan *vmm)
{
        struct stat st;

        _cleanup_close_ int fd = openat(jail->root_fd, vmm->path, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0 || fstat(fd, &st) < 0)
                return -errno;
        if (!tree_is_vmm(jail, &st))
                return -EBADE;
        return copy_program(jail, jail->host.vmm_fd, jail->state.text, fd, vmm->mode);
}

/* INSIDE says nothing yet but that it has failed. */
static int hear_failure(Jail *jail)
{
        Tell m;
        int r = channel_hear(jail, &m);

        return channel_failure(jail, r, &m);
}

int step_copy(Jail *jail)
{
        const FilePlan *vmm = plan_file(jail->plan, FILE_VMM);
        int r;

        if (jail->plan->vmm_text == VMM_TEXT_SHARED || jail->vmm_is_whole)
                return 0;

        r = fill_vmm(jail, vmm);
        if (r == -ECANCELED)
                return hear_failure(jail);
        if (r == -ESTALE)
                return step_fail_because(jail, r, EX_TEMPFAIL, jail->plan->vmm, COPY_CHANGED);
        return r < 0 ? tree_fail(jail, r, vmm->path) : 0;
}

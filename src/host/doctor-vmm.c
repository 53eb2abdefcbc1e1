/* SPDX-License-Identifier: Apache-2.0 */

/* The VMM's binary, which is not executed: a look must not run code of others as root. */

#include <elf.h>
#include <string.h>
#include <unistd.h>

#include "doctor-read.h"

/* Of a program; a linker makes some ten, and notes of some hundred bytes. */
#define PHDRS_MAX 64
#define NOTES_MAX 4096

static int check_binary(const Plan *p, HostObjects *o, Findings *f)
{
        int r;

        r = host_open_vmm(p, o, f);
        return r < 0 ? r
                     : DOCTOR_OK(f, p->vmm, "is static, and only root can change what is on the way to it");
}

/* The note of the GNU C library's startup code, which other libraries lack. */
static bool has_gnu_note(const char *notes, size_t size)
{
        size_t at = 0;

        while (at + sizeof(Elf64_Nhdr) <= size) {
                Elf64_Nhdr n;

                memcpy(&n, notes + at, sizeof(n));
                at += sizeof(n);
                if (n.n_namesz > NOTES_MAX || n.n_descsz > NOTES_MAX)
                        return false;
                const size_t name_size = (n.n_namesz + 3U) & ~3U;
                if (n.n_type == NT_GNU_ABI_TAG && n.n_namesz == sizeof("GNU") &&
                    at + sizeof("GNU") <= size && memcmp(notes + at, "GNU", sizeof("GNU")) == 0)
                        return true;
                at += name_size + ((n.n_descsz + 3U) & ~3U);
        }
        return false;
}

/* The file is a 64-bit ELF program. 1, 0, or -errno. */
static int is_gnu(int fd)
{
        Elf64_Phdr headers[PHDRS_MAX];
        char notes[NOTES_MAX];
        Elf64_Ehdr e;

        ssize_t n = pread(fd, &e, sizeof(e), 0);
        if (n != (ssize_t) sizeof(e) || e.e_phnum > PHDRS_MAX)
                return n < 0 ? -errno : -ENOEXEC;
        const size_t size = e.e_phnum * sizeof(headers[0]);
        n = pread(fd, headers, size, (off_t) e.e_phoff);
        if (n != (ssize_t) size)
                return n < 0 ? -errno : -ENOEXEC;
        FOREACH_ARRAY (p, headers, e.e_phnum) {
                if (p->p_type != PT_NOTE)
                        continue;
                n = pread(fd, notes, p->p_filesz < NOTES_MAX ? p->p_filesz : NOTES_MAX, (off_t) p->p_offset);
                if (n > 0 && has_gnu_note(notes, (size_t) n))
                        return 1;
        }
        return 0;
}

/* Firecracker's own filter is empty in such a build, and it never sets no_new_privs. */
static int check_build(const DoctorHost *h, Findings *f)
{
        _cleanup_host_objects_ HostObjects o = HOST_OBJECTS_NULL;
        _cleanup_findings_ Findings ignored = {};
        int r;

        r = host_open_vmm(h->plan, &o, &ignored);
        if (r == -ENOMEM)
                return r;
        if (r >= 0)
                r = is_gnu(o.vmm_fd);
        if (r < 0)
                return DOCTOR_NOTE(f, h->plan->vmm, NULL,
                                   "is not looked at: it cannot be opened as a program");
        if (r > 0)
                return DOCTOR_WARNING(
                        f, h->plan->vmm, "use the static (musl) build of Firecracker's releases",
                        "is built for the GNU C library; Firecracker's own system call filter is empty in such a build, so only fcjail's is left");
        return DOCTOR_OK(f, h->plan->vmm,
                         "is not built for the GNU C library, so Firecracker's own filter can be in it");
}

static int check_version(const DoctorHost *h, Findings *f)
{
        return DOCTOR_NOTE(f, h->plan->vmm, "run `firecracker --version`, and compare with its releases",
                           "has a version that fcjail does not ask for, because a look executes no VMM");
}

static const DoctorCheck checks[] = {
        { "vmm", "binary", .start = check_binary },
        { "vmm", "build", check_build },
        { "vmm", "version", check_version },
};

const DoctorGroup doctor_vmm = { checks, ELEMENTSOF(checks) };

/* SPDX-License-Identifier: Apache-2.0 */

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "doctor-read.h"
#include "fd-util.h"
#include "parse.h"

int doctor_read(const DoctorHost *h, const char *path, char text[DOCTOR_TEXT_MAX])
{
        size_t n;
        int r;

        /* O_NONBLOCK: whatever is in the place of the file must not hold us up. */
        _cleanup_close_ int fd = openat(h->root_fd, path + 1, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        r = fd_read(fd, text, DOCTOR_TEXT_MAX - 1, &n);
        if (r < 0)
                return r;
        while (n > 0 && text[n - 1] == '\n')
                n--;
        text[n] = '\0';
        return 0;
}

int doctor_unreadable(Findings *f, const char *path, int error)
{
        if ((error == -EACCES || error == -EPERM) && geteuid() != 0)
                return DOCTOR_NOTE(f, path, "run `fcjail doctor` as root",
                                   "is not looked at: uid %u cannot read it", geteuid());
        return DOCTOR_NOTE(f, path, NULL, "is not looked at: it cannot be read: %s", strerror(-error));
}

int doctor_unknown(Findings *f, const char *path, const char *text)
{
        return DOCTOR_NOTE(f, path, NULL, "has a value that fcjail does not know: '%.64s'", text);
}

int doctor_get(const DoctorHost *h, Findings *f, const char *path, const char *absent,
               char text[DOCTOR_TEXT_MAX])
{
        int r;

        r = doctor_read(h, path, text);
        if (r >= 0)
                return 1;
        if (r == -ENOENT || r == -ENOTDIR)
                return DOCTOR_OK(f, path, "%s", absent);
        return doctor_unreadable(f, path, r);
}

int doctor_get_number(const DoctorHost *h, Findings *f, const char *path, const char *absent, uint64_t *ret)
{
        char text[DOCTOR_TEXT_MAX];
        int r;

        r = doctor_get(h, f, path, absent, text);
        if (r > 0 && parse_u64(text, 0, UINT64_MAX, ret) < 0)
                return doctor_unknown(f, path, text);
        return r;
}

bool doctor_exists(const DoctorHost *h, const char *path)
{
        return faccessat(h->root_fd, path + 1, F_OK, 0) >= 0;
}

/* What follows the prefix where that begins a word of the text, behind `from`; or NULL. */
static const char *find(const char *text, const char *from, const char *prefix)
{
        for (const char *p = from; (p = strstr(p, prefix)); p++)
                if (p == text || strchr(" \t\n", p[-1]))
                        return p + strlen(prefix);
        return NULL;
}

const char *doctor_find_value(const char *text, const char *prefix)
{
        return find(text, text, prefix);
}

bool doctor_has_word(const char *text, const char *word)
{
        const char *rest = text;

        while ((rest = find(text, rest, word)))
                if (strchr(" \t\n", *rest)) /* or the end */
                        return true;
        return false;
}

bool doctor_kernel_is(const DoctorHost *h, uint32_t major, uint32_t minor)
{
        char text[DOCTOR_TEXT_MAX];
        uint32_t is_major, is_minor;

        if (doctor_read(h, "/proc/sys/kernel/osrelease", text) < 0)
                return false;
        char *dot = strchr(text, '.');
        if (!dot)
                return false;
        *dot = '\0';
        dot[1 + strspn(dot + 1, "0123456789")] = '\0';
        if (parse_u32(text, 0, UINT16_MAX, &is_major) < 0 ||
            parse_u32(dot + 1, 0, UINT16_MAX, &is_minor) < 0)
                return false;
        return is_major > major || (is_major == major && is_minor >= minor);
}

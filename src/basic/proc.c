/* SPDX-License-Identifier: Apache-2.0 */

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "at.h"
#include "parse.h"
#include "proc.h"

/* State and start time. The command name in front of them may hold anything, so the last ')' counts. */
static int read_stat(pid_t pid, char *ret_state, uint64_t *ret_start)
{
        _cleanup_free_ char *text = NULL;
        char path[64];
        int r;

        (void) snprintf(path, sizeof(path), "/proc/%i/stat", pid);
        r = at_read_file(AT_FDCWD, path, 4096, &text, NULL);
        if (r < 0)
                return r;

        char *p = strrchr(text, ')');
        if (!p || p[1] != ' ' || p[2] == '\0')
                return -EBADMSG;
        p += 2; /* field 3 */
        *ret_state = *p;
        for (unsigned field = 3; field < 22; field++) {
                p = strchr(p, ' ');
                if (!p)
                        return -EBADMSG;
                p++;
        }
        p[strcspn(p, " ")] = '\0';
        return parse_u64(p, 0, UINT64_MAX, ret_start);
}

int proc_ref(pid_t pid, ProcRef *ret)
{
        uint64_t start;
        char state;
        int r;

        r = read_stat(pid, &state, &start);
        if (r < 0)
                return r == -ENOENT ? -ESRCH : r;

        *ret = (ProcRef){ .pid = pid, .start = start };
        return 0;
}

int proc_alive(const ProcRef *ref)
{
        uint64_t start;
        char state;
        int r;

        if (ref->pid <= 0)
                return 0;
        /* Says ESRCH only if there is none; /proc may hide a process that is there (hidepid=). */
        if (kill(ref->pid, 0) < 0 && errno == ESRCH)
                return 0;

        r = read_stat(ref->pid, &state, &start);
        if (r == -ESRCH) /* it went away while we were reading */
                return 0;
        if (r < 0)
                return 1;

        return start == ref->start && state != 'Z' && state != 'X';
}

int boot_id(char ret[33])
{
        _cleanup_free_ char *text = NULL;
        size_t n = 0;
        int r;

        r = at_read_file(AT_FDCWD, "/proc/sys/kernel/random/boot_id", 64, &text, NULL);
        if (r < 0)
                return r;
        for (const char *p = text; *p && *p != '\n'; p++)
                if (*p != '-' && n < 32)
                        ret[n++] = *p;
        ret[n] = '\0';
        return id128_valid(ret) ? 0 : -EBADMSG;
}

/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What systemd counts as the result comes first where only systemd knows it: out of memory, watchdog, time limits. Then the
 * status or the signal of the VMM, from two tables. Status 0 is all that Firecracker says of a guest that shut down or
 * rebooted, and of some that triple-faulted; there the guest's kernel is asked, by what it wrote on the console. A guest can
 * lie about itself.
 */

#include <stdint.h>
#include <string.h>
#include <syslog.h>

#include "parse.h"
#include "vmm-end.h"

/* Firecracker's src/vmm/src/lib.rs, FcExitCode. It handles these signals itself, and ends with a status. */
static const struct {
        uint32_t status;
        VmmEnd end;
} statuses[] = {
        { 1, { "error", LOG_ERR, "Firecracker failed" } },
        { 2, { "error", LOG_ERR, "Firecracker failed where it thinks that it cannot" } },
        { 148, { "bad-syscall", LOG_ERR, "Firecracker made a system call that its filter forbids" } },
        { 149,
          { "crashed", LOG_ERR,
            "Firecracker got SIGBUS, as when the host has no huge page left or a file became shorter" } },
        { 150, { "crashed", LOG_ERR, "Firecracker got SIGSEGV" } },
        { 151, { "limit", LOG_ERR, "Firecracker got SIGXFSZ: a file would exceed LimitFSIZE=" } },
        { 152, { "bad-config", LOG_ERR, "Firecracker refused its configuration" } },
        { 153, { "bad-config", LOG_ERR, "Firecracker refused its command line" } },
        { 154, { "limit", LOG_ERR, "Firecracker got SIGXCPU: it used the CPU time of LimitCPU=" } },
        { 155, { "crashed", LOG_ERR, "Firecracker got SIGPIPE" } },
        { 157, { "crashed", LOG_ERR, "Firecracker got SIGILL" } },
};

/* Of those that it does not handle, and of any before it has its handlers. */
static const struct {
        const char *name;
        VmmEnd end;
} signals[] = {
        { "ABRT", { "crashed", LOG_ERR, "Firecracker aborted, as it does when it panics" } },
        { "BUS", { "crashed", LOG_ERR, "Firecracker crashed" } },
        { "FPE", { "crashed", LOG_ERR, "Firecracker crashed" } },
        { "ILL", { "crashed", LOG_ERR, "Firecracker crashed" } },
        { "SEGV", { "crashed", LOG_ERR, "Firecracker crashed" } },
        { "TRAP", { "crashed", LOG_ERR, "Firecracker crashed" } },
        { "SYS", { "bad-syscall", LOG_ERR, "Firecracker made a system call that a filter forbids" } },
        { "XCPU", { "limit", LOG_ERR, "Firecracker used the CPU time of LimitCPU=" } },
        { "XFSZ", { "limit", LOG_ERR, "a file of Firecracker's would exceed LimitFSIZE=" } },
};

/* What Linux writes when it ends, and Firecracker ends because of it. */
static const struct {
        const char *text;
        VmmEnd end;
} consoles[] = {
        { "Kernel panic - not syncing", { "panic", LOG_ERR, "the guest's kernel has panicked" } },
        { "reboot: Restarting system", { "reboot", LOG_INFO, "the guest has rebooted" } },
        { "reboot: Power down", { "shutdown", LOG_INFO, "the guest has shut down" } },
        { "reboot: System halted", { "shutdown", LOG_INFO, "the guest has shut down" } },
};

bool vmm_end_is_log(const char *line)
{
        static const char form[] = "0000-00-00T00:00:00.";
        static const char *const errors[] = { "Error: RunWithApi(", "Error: RunWithoutApiError(" };

        FOREACH_ARRAY (e, errors, ELEMENTSOF(errors))
                if (strncmp(line, *e, strlen(*e)) == 0)
                        return true;
        for (size_t i = 0; form[i]; i++)
                if (form[i] == '0' ? line[i] < '0' || line[i] > '9' : line[i] != form[i])
                        return false;
        line += strlen(form);
        line += strspn(line, "0123456789");
        return strncmp(line, " [", 2) == 0;
}

static size_t drop_nuls(char *text, size_t size)
{
        size_t kept = 0;

        for (size_t i = 0; i < size; i++)
                if (text[i])
                        text[kept++] = text[i];
        text[kept] = '\0';
        return kept;
}

size_t vmm_end_lines(char *text, size_t size, const char *ret[VMM_END_LINES_MAX])
{
        size_t n = 0, end = drop_nuls(text, size);

        while (end > 0 && n < VMM_END_LINES_MAX) {
                size_t begin = end;

                while (begin > 0 && text[begin - 1] != '\n')
                        begin--;
                text[end] = '\0';
                if (begin < end)
                        ret[n++] = text + begin;
                end = begin > 0 ? begin - 1 : 0;
        }
        return n;
}

/* NULL: the console does not tell. */
static const VmmEnd *ask_console(const VmmEndFacts *f)
{
        for (size_t i = 0; i < f->n_lines; i++) {
                if (vmm_end_is_log(f->lines[i]))
                        continue;
                FOREACH_ARRAY (c, consoles, ELEMENTSOF(consoles))
                        if (strstr(f->lines[i], c->text))
                                return &c->end;
        }
        return NULL;
}

static VmmEnd end_of_guest(const VmmEndFacts *f)
{
        const VmmEnd *told = ask_console(f);

        if (told && told->priority == LOG_ERR)
                return *told;
        if (f->asked)
                return (VmmEnd){ "stopped", LOG_INFO, "the guest has shut down, as it was asked to" };
        return told ? *told
                    : (VmmEnd){ "shutdown", LOG_INFO,
                                "the guest has shut down, rebooted or triple-faulted" };
}

/* Firecracker's status is 1, as of other failures, and one line of its log says why. */
static bool is_triple_fault(const VmmEndFacts *f)
{
        static const char why[] = "Unexpected exit reason on vcpu run: Shutdown";

        for (size_t i = 0; i < f->n_log; i++)
                if (vmm_end_is_log(f->log[i]) && strstr(f->log[i], why))
                        return true;
        for (size_t i = 0; i < f->n_lines; i++)
                if (vmm_end_is_log(f->lines[i]) && strstr(f->lines[i], why))
                        return true;
        return false;
}

static const VmmEnd hangup = { "killed", LOG_WARNING,
                               "SIGHUP ended Firecracker, without a shutdown of the guest" };

static VmmEnd end_by_hangup(const VmmEndFacts *f)
{
        return f->asked ? (VmmEnd){ "stopped", LOG_INFO, hangup.sentence } : hangup;
}

/* NULL: it is none of a failure. */
static const VmmEnd *find_status(uint32_t status)
{
        FOREACH_ARRAY (row, statuses, ELEMENTSOF(statuses))
                if (row->status == status)
                        return &row->end;
        return NULL;
}

const char *vmm_end_sentence(uint32_t status)
{
        const VmmEnd *e = status == VMM_END_HANGUP ? &hangup : find_status(status);

        return e ? e->sentence : NULL;
}

static VmmEnd end_by_status(const VmmEndFacts *f)
{
        uint32_t status;

        if (parse_u32(f->status, 0, UINT8_MAX, &status) < 0)
                return (VmmEnd){ "error", LOG_ERR, "its status is unknown" };
        if (status == 0)
                return end_of_guest(f);
        if (status == VMM_END_HANGUP)
                return end_by_hangup(f);
        if (status == 1 && is_triple_fault(f))
                return (VmmEnd){ "triple-fault", LOG_ERR, "the guest's CPU has triple-faulted" };
        const VmmEnd *e = find_status(status);
        return e ? *e
                 : (VmmEnd){ "error", LOG_ERR,
                             "the VMM failed with a status that Firecracker does not have" };
}

static VmmEnd end_by_signal(const VmmEndFacts *f)
{
        FOREACH_ARRAY (row, signals, ELEMENTSOF(signals))
                if (strcmp(row->name, f->status) == 0)
                        return row->end;
        if (strcmp(f->status, "HUP") == 0)
                return end_by_hangup(f);
        return (VmmEnd){ "killed", LOG_ERR, "somebody or the kernel killed Firecracker" };
}

static bool is(const char *a, const char *b)
{
        return a && strcmp(a, b) == 0;
}

VmmEnd vmm_end(const VmmEndFacts *f)
{
        bool exited = strcmp(f->code, "exited") == 0;

        if (is(f->result, "oom-kill"))
                return (VmmEnd){
                        "oom", LOG_ERR,
                        "the kernel killed it, because MemoryMax= or the memory of the host was used up"
                };
        if (is(f->result, "watchdog"))
                return (VmmEnd){ "watchdog", LOG_ERR,
                                 "systemd ended it, because of WatchdogSec= of the unit" };
        if (is(f->result, "timeout") && !exited)
                return (VmmEnd){ "timeout", LOG_ERR,
                                 "it did not end within TimeoutStopSec=, and systemd killed it" };
        if (is(f->result, "timeout"))
                return (VmmEnd){
                        "timeout", LOG_WARNING,
                        "systemd ended it, because TimeoutStopSec= or RuntimeMaxSec= of the unit was over"
                };
        return exited ? end_by_status(f) : end_by_signal(f);
}

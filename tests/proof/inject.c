/* SPDX-License-Identifier: Apache-2.0 */

/*
 * inject OUTPUT -- COMMAND…
 *
 * Runs COMMAND once for each job on standard input, and says on standard output what came of it. COMMAND is
 * traced, and so are its children until they execute something else, which is then let go.
 *
 *   record                     every system call: "PROCESS NAME OCCURRENCE" and the first two arguments
 *   P NAME N ERRNO             the N-th call NAME of process P fails with that errno (a number)
 *   P NAME N lie               … says 0 without doing anything
 *   P NAME N kill | killall    … is where the process, or all of them, get a SIGKILL
 *   * NAME * ERRNO             all calls NAME of all processes
 *
 * Process 0 is COMMAND, its children count from 1. Of each job it prints the job itself and then
 * "STATUS EXECUTED": the exit status of process 0 (128 + signal), and whether one of them got to execute something:
 * "before" the call, "after" it, or "no". "missed" before that: no such call was made. "hung" for STATUS: it took too
 * long. OUTPUT is where standard output and error of COMMAND go, new for each job.
 */

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "syscall-names.h"

#if !defined(__x86_64__)
#error "knows the registers of x86_64 only"
#endif

#define PROCESSES_MAX 16
#define HANG_SECONDS  30

typedef enum Act {
        ACT_RECORD,
        ACT_RETURN,
        ACT_KILL,
        ACT_KILL_ALL,
} Act;

typedef struct Job {
        int process; /* -1: all */
        int nr;
        unsigned occurrence; /* 0: all */
        Act act;
        long value; /* of ACT_RETURN */
} Job;

typedef struct Process {
        pid_t pid;
        bool replaced;
        unsigned counts[SYSCALLS_MAX];
} Process;

static Process processes[PROCESSES_MAX];
static int n_processes;
static Job job;
static bool started; /* COMMAND is executed: what came before was ours */
static bool hit, late, executed, hung;

static void die(const char *what)
{
        perror(what);
        exit(EXIT_FAILURE);
}

static const char *name_of(long nr)
{
        return nr >= 0 && nr < SYSCALLS_MAX && syscall_names[nr] ? syscall_names[nr] : "?";
}

static int nr_of(const char *name)
{
        for (int i = 0; i < SYSCALLS_MAX; i++)
                if (syscall_names[i] && strcmp(syscall_names[i], name) == 0)
                        return i;
        return -1;
}

static Process *find(pid_t pid)
{
        for (int i = 0; i < n_processes; i++)
                if (processes[i].pid == pid)
                        return &processes[i];
        if (n_processes == PROCESSES_MAX)
                die("too many processes");
        processes[n_processes] = (Process){ .pid = pid };
        return &processes[n_processes++];
}

static void kill_all(void)
{
        for (int i = 0; i < n_processes; i++)
                if (processes[i].pid > 0)
                        (void) kill(processes[i].pid, SIGKILL);
}

/* Replaced by a harmless call: a filter could object to an invalid one. */
static void enter(Process *p)
{
        struct user_regs_struct regs;

        if (ptrace(PTRACE_GETREGS, p->pid, NULL, &regs) < 0)
                return; /* killed in the meantime */
        long nr = (long) regs.orig_rax;
        if (!started || nr < 0 || nr >= SYSCALLS_MAX)
                return;
        unsigned occurrence = ++p->counts[nr];

        if (job.act == ACT_RECORD) {
                printf("%i %s %u %llu %llu\n", (int) (p - processes), name_of(nr), occurrence, regs.rdi,
                       regs.rsi);
                return;
        }
        if (nr != job.nr || (job.process >= 0 && p != &processes[job.process]) ||
            (job.occurrence > 0 && occurrence != job.occurrence))
                return;

        hit = true;
        late = executed;
        if (job.act == ACT_KILL)
                (void) kill(p->pid, SIGKILL);
        else if (job.act == ACT_KILL_ALL)
                kill_all();
        else if (nr == SYS_close) /* it closes, whatever it says */
                p->replaced = true;
        else if (ptrace(PTRACE_POKEUSER, p->pid, offsetof(struct user, regs.orig_rax), SYS_getpid) >= 0)
                p->replaced = true;
}

static void leave(Process *p)
{
        if (p->replaced)
                (void) ptrace(PTRACE_POKEUSER, p->pid, offsetof(struct user, regs.rax), job.value);
        p->replaced = false;
}

/* What a careless parent could hand down, so that it makes a difference whether it is got rid of. */
static void be_careless(void)
{
        struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
        struct __user_cap_data_struct caps[_LINUX_CAPABILITY_U32S_3];
        const gid_t groups[] = { 4, 5, 6 };
        sigset_t all;

        for (int sig = 1; sig < NSIG; sig++)
                (void) signal(sig, SIG_IGN);
        (void) sigfillset(&all);
        (void) sigprocmask(SIG_BLOCK, &all, NULL);
        (void) umask(0);
        (void) syscall(SYS_capget, &header, caps);
        caps[0].inheritable = caps[0].permitted;
        caps[1].inheritable = caps[1].permitted;
        (void) syscall(SYS_capset, &header, caps);
        for (int cap = 0; cap < 64; cap++)
                (void) prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0);
        if (setgroups(sizeof(groups) / sizeof(groups[0]), groups) < 0 || dup2(1, 77) < 0 ||
            open("/", O_RDONLY) < 0)
                _exit(126);
}

static void start(const char *output, char **command)
{
        pid_t pid = fork();

        if (pid < 0)
                die("fork");
        if (pid == 0) {
                int fd = open(output, O_WRONLY | O_CREAT | O_TRUNC, 0600),
                    null = open("/dev/null", O_RDONLY);
                (void) dup2(null, 0);
                (void) dup2(fd, 1);
                (void) dup2(fd, 2);
                (void) ptrace(PTRACE_TRACEME, 0, NULL, NULL);
                (void) raise(SIGSTOP);
                be_careless();
                execvp(command[0], command);
                _exit(127);
        }

        n_processes = 0;
        started = hit = late = executed = hung = false;
        (void) find(pid);
        if (waitpid(pid, NULL, __WALL) != pid ||
            ptrace(PTRACE_SETOPTIONS, pid, NULL,
                   PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
                           PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL) < 0 ||
            ptrace(PTRACE_SYSCALL, pid, NULL, NULL) < 0)
                die("ptrace");
}

static bool is_entry(const Process *p)
{
        struct __ptrace_syscall_info info = { 0 };

        return ptrace(PTRACE_GET_SYSCALL_INFO, p->pid, sizeof(info), &info) > 0 &&
               info.op == PTRACE_SYSCALL_INFO_ENTRY;
}

/* One stop of a process. */
static void handle_stop(Process *p, int status)
{
        int sig = WSTOPSIG(status), event = status >> 16;

        if (sig == (SIGTRAP | 0x80)) {
                (is_entry(p) ? enter : leave)(p);
                sig = 0;
        } else if (event == PTRACE_EVENT_EXEC) {
                if (started) {
                        executed = true;
                        (void) ptrace(PTRACE_DETACH, p->pid, NULL, NULL);
                        if (p != processes) /* whose end is still of interest */
                                p->pid = 0;
                        return;
                }
                started = true;
                sig = 0;
        } else if (event != 0 || sig == SIGTRAP || sig == SIGSTOP)
                sig = 0; /* a new child's first stop, or news of it */

        (void) ptrace(PTRACE_SYSCALL, p->pid, NULL, (void *) (intptr_t) sig);
}

/* The exit status of COMMAND. */
static int trace(void)
{
        int status, result = -1;
        pid_t pid;

        (void) alarm(HANG_SECONDS);
        while ((pid = waitpid(-1, &status, __WALL)) > 0 || errno == EINTR) {
                if (pid < 0)
                        continue;
                Process *p = find(pid);
                if (WIFSTOPPED(status)) {
                        handle_stop(p, status);
                        continue;
                }
                p->pid = 0;
                if (p == processes)
                        result = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        }
        (void) alarm(0);
        return result;
}

static void on_alarm(int sig)
{
        (void) sig;
        hung = true;
        kill_all();
}

static bool parse(char *line)
{
        char process[8], name[32], occurrence[16], act[16];

        job = (Job){ 0 };
        if (strcmp(line, "record\n") == 0) {
                job.act = ACT_RECORD;
                return true;
        }
        if (sscanf(line, "%7s %31s %15s %15s", process, name, occurrence, act) != 4)
                return false;
        job.process = strcmp(process, "*") == 0 ? -1 : atoi(process);
        job.nr = nr_of(name);
        job.occurrence = strcmp(occurrence, "*") == 0 ? 0 : (unsigned) atoi(occurrence);
        job.act = strcmp(act, "kill") == 0      ? ACT_KILL
                  : strcmp(act, "killall") == 0 ? ACT_KILL_ALL
                                                : ACT_RETURN;
        job.value = strcmp(act, "lie") == 0 ? 0 : -atol(act);
        return job.nr >= 0 && job.process < PROCESSES_MAX;
}

static void report(const char *line, int status)
{
        char text[16] = "hung";

        if (!hung)
                (void) snprintf(text, sizeof(text), "%i", status);
        printf("%s %s%s %s\n", line, hit ? "" : "missed ", text,
               late       ? "before"
               : executed ? "after"
                          : "no");
}

int main(int argc, char **argv)
{
        const struct sigaction sa = { .sa_handler = on_alarm };
        char line[128];

        if (argc < 4 || strcmp(argv[2], "--") != 0)
                return EXIT_FAILURE;
        (void) sigaction(SIGALRM, &sa, NULL);
        (void) setvbuf(stdout, NULL, _IOLBF, 0);

        while (fgets(line, sizeof(line), stdin)) {
                if (!parse(line)) {
                        fprintf(stderr, "inject: what is '%s'?\n", line);
                        return EXIT_FAILURE;
                }
                start(argv[1], argv + 3);
                int status = trace();
                line[strcspn(line, "\n")] = '\0';
                if (job.act != ACT_RECORD)
                        report(line, status);
        }
        return EXIT_SUCCESS;
}

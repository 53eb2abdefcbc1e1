/* SPDX-License-Identifier: Apache-2.0 */

/* A VMM that never says anything but the line after --say, and ends only by force: it ignores what a process can
 * ignore, unless --calm is its last argument. --eat: it takes that many MiB of memory, in the end. */

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int main(int argc, char **argv)
{
        for (int i = 1; i + 1 < argc; i++)
                if (strcmp(argv[i], "--say") == 0)
                        (void) dprintf(STDOUT_FILENO, "%s\n", argv[i + 1]);
        bool calm = argc > 1 && strcmp(argv[argc - 1], "--calm") == 0;
        for (int sig = 1; sig < NSIG && !calm; sig++)
                (void) signal(sig, SIG_IGN);
        for (int i = 1; i + 1 < argc; i++)
                if (strcmp(argv[i], "--eat") == 0)
                        (void) mmap(NULL, (size_t) atoi(argv[i + 1]) << 20, PROT_READ | PROT_WRITE,
                                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
        for (;;)
                (void) pause();
}

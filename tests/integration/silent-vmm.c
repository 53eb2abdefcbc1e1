/* SPDX-License-Identifier: Apache-2.0 */

/* A VMM that never says anything but the line after --say, and ends only by force: it ignores what a process can
 * ignore. */

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
        for (int i = 1; i + 1 < argc; i++)
                if (strcmp(argv[i], "--say") == 0)
                        (void) dprintf(STDOUT_FILENO, "%s\n", argv[i + 1]);
        for (int sig = 1; sig < NSIG; sig++)
                (void) signal(sig, SIG_IGN);
        for (;;)
                (void) pause();
}

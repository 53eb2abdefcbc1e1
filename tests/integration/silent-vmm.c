/* SPDX-License-Identifier: Apache-2.0 */

/* A VMM that never says anything, and ends only by force: it ignores what a process can ignore. */

#include <signal.h>
#include <unistd.h>

int main(void)
{
        for (int sig = 1; sig < NSIG; sig++)
                (void) signal(sig, SIG_IGN);
        for (;;)
                (void) pause();
}

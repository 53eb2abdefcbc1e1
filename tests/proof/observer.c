/* SPDX-License-Identifier: Apache-2.0 */

/* The VMM of the gates: says what it sees of its jail, as demo-vmm --probe does, stays for a moment, ends. */

#include <time.h>

#include "vmm.h"

int main(int argc, char **argv, char **envp)
{
        char *name[] = { argv[0], NULL };

        /* The times among the arguments differ each time. */
        (void) argc;
        probe(1, name, envp);
        (void) nanosleep(&(struct timespec){ .tv_nsec = 30 * 1000 * 1000 }, NULL);
        return 0;
}

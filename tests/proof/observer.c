/* SPDX-License-Identifier: Apache-2.0 */

/* The VMM of the gates: says what it sees of its jail, as demo-vmm --probe does, stays for a moment, ends. With
 * --seen it says it in /run/seen, for those whose standard output leads nowhere; behind --look are files in directories
 * that it cannot read. */

#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "vmm.h"

int main(int argc, char **argv, char **envp)
{
        char *only_name[] = { argv[0], NULL }, **look = only_name;
        int n = 1;

        for (int i = 1; i < argc; i++)
                if (strcmp(argv[i], "--look") == 0) {
                        look = argv + i;
                        n = argc - i;
                        break;
                }
        if (strcmp(argv[argc - 1], "--seen") == 0) {
                int fd = open("/run/seen", O_WRONLY | O_CREAT | O_TRUNC, 0600);

                /* Not if it is 1: that would be one that the jail should have had. */
                if (fd != 3 || dup2(fd, STDOUT_FILENO) < 0 || close(fd) < 0)
                        return 1;
        }

        /* The times among the arguments differ each time. */
        probe(n, look, envp);
        (void) nanosleep(&(struct timespec){ .tv_nsec = 30 * 1000 * 1000 }, NULL);
        return 0;
}

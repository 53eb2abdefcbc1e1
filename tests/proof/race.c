/* SPDX-License-Identifier: Apache-2.0 */

/* race DIRECTORY TARGET: makes a tree and a link to TARGET in DIRECTORY, exchanges the two as often as it can, and makes
 * them anew when somebody has removed them. How often is in /tmp/races when it is ended. */

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static volatile sig_atomic_t ended;

static void on_term(int sig)
{
        (void) sig;
        ended = 1;
}

static void make(const char *target)
{
        (void) mkdir("d", 0700);
        (void) mkdir("d/sub", 0700);
        (void) close(open("d/sub/file", O_WRONLY | O_CREAT, 0600));
        if (symlink(target, "l") < 0)
                return; /* it is there */
}

int main(int argc, char **argv)
{
        unsigned long n = 0;

        if (argc != 3)
                return 1;
        (void) signal(SIGTERM, on_term);
        FILE *f = fopen("/tmp/races", "w");
        while (!ended) {
                /* It is another directory after each start. */
                if (chdir(argv[1]) < 0)
                        continue;
                make(argv[2]);
                for (int i = 0; i < 100 && !ended; i++)
                        n += syscall(SYS_renameat2, AT_FDCWD, "d", AT_FDCWD, "l", RENAME_EXCHANGE) == 0;
        }
        if (f)
                fprintf(f, "%lu\n", n);
        return f && fclose(f) == 0 ? 0 : 1;
}

/* SPDX-License-Identifier: Apache-2.0 */

/* leaderless DIRECTORY: has that for its root, and goes on in its second thread when the first has ended. */

#include <pthread.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

static void *go_on(void *unused)
{
        for (;;)
                (void) pause();
        return unused;
}

int main(int argc, char **argv)
{
        pthread_t thread;

        if (argc != 2 || chroot(argv[1]) < 0 || chdir("/") < 0 ||
            pthread_create(&thread, NULL, go_on, NULL) != 0)
                return EXIT_FAILURE;
        (void) syscall(SYS_exit, 0);
        return EXIT_FAILURE;
}

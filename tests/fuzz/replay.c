/* SPDX-License-Identifier: Apache-2.0 */

/* main() without libFuzzer: each file of the directory named through the target once. Prints TAP. */

#include <dirent.h>
#include <sys/stat.h>

#include "fuzz.h"

__attribute__((weak)) int LLVMFuzzerInitialize(int *argc, char ***argv)
{
        (void) argc;
        (void) argv;
        return 0;
}

static void replay(int dir_fd, const char *name)
{
        struct stat st;
        int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC);

        CHECK(fd >= 0 && fstat(fd, &st) >= 0);
        size_t size = (size_t) st.st_size;
        uint8_t *data = malloc(size + 1);
        CHECK(data && read(fd, data, size) == (ssize_t) size);
        (void) close(fd);

        (void) LLVMFuzzerTestOneInput(data, size);
        free(data);
}

int main(int argc, char **argv)
{
        unsigned n = 0;

        CHECK(argc == 2);
        DIR *d = opendir(argv[1]);
        CHECK(d);
        printf("1..1\n");
        fflush(stdout);
        (void) LLVMFuzzerInitialize(&argc, &argv);
        for (struct dirent *e; (e = readdir(d));)
                if (e->d_name[0] != '.') {
                        replay(dirfd(d), e->d_name);
                        n++;
                }
        (void) closedir(d);

        printf("%sok 1 - %u inputs\n", n > 0 ? "" : "not ", n);
        return 0;
}
